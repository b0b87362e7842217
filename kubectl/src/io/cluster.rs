//! Requests to the server.

use std::time::Duration;

use futures::{Stream, StreamExt};
use http::Method;
use http::header::CONTENT_TYPE;
use kube::Client;
use kube::core::WatchEvent;
use serde::de::DeserializeOwned;

use super::kubeconfig;
use crate::MANAGER;
use crate::change::Patch;
use crate::command_line::Connection;
use crate::objects::{List, Pod, Revision, Workload};
use crate::problem::{Answer, Asked, Problem, Resource, classify};

/// The server, and where in it.
pub(super) struct Cluster {
    client: Client,
    server: String,
    namespace: String,
    /// How long a request may take.
    timeout: Option<Duration>,
}

impl Cluster {
    /// Reads where it is. Does not connect yet.
    pub(super) async fn open(connection: &Connection) -> Result<Cluster, Problem> {
        let config = kubeconfig::load(connection).await?;
        let server = config.cluster_url.to_string();
        let namespace = connection.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|error| Problem::Connection(chain(&error)))?;
        let timeout = Some(connection.request_timeout).filter(|timeout| !timeout.is_zero());
        Ok(Cluster { client, server, namespace, timeout })
    }

    /// The namespace that is meant.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A SidecarWorkload.
    pub(super) async fn workload(&self, name: &str) -> Result<Workload, Problem> {
        let asked = self.asked("get", Resource::SidecarWorkloads, name);
        self.send(&asked, Method::GET, &self.path(name), None).await
    }

    /// All SidecarWorkloads of the namespace, or of the cluster.
    pub(super) async fn workloads(&self, everywhere: bool) -> Result<Vec<Workload>, Problem> {
        let mut asked = self.asked("list", Resource::SidecarWorkloads, "");
        let mut path = self.path("");
        if everywhere {
            asked.namespace = None;
            path = "/apis/mainstay.dev/v1alpha1/sidecarworkloads".to_owned();
        }
        let list: List<Workload> = self.send(&asked, Method::GET, &path, None).await?;
        Ok(list.items)
    }

    /// The revisions of a SidecarWorkload.
    pub(super) async fn revisions(&self, workload: &Workload) -> Result<Vec<Revision>, Problem> {
        let asked = self.asked("list", Resource::ControllerRevisions, "");
        let path = self.of("/apis/apps/v1", "controllerrevisions", workload);
        let mut list: List<Revision> = self.send(&asked, Method::GET, &path, None).await?;
        list.items.retain(|revision| revision.metadata.is_controlled_by(&workload.metadata.uid));
        Ok(list.items)
    }

    /// The pods of a SidecarWorkload.
    pub(super) async fn pods(&self, workload: &Workload) -> Result<Vec<Pod>, Problem> {
        let asked = self.asked("list", Resource::Pods, "");
        let path = self.of("/api/v1", "pods", workload);
        let mut list: List<Pod> = self.send(&asked, Method::GET, &path, None).await?;
        list.items.retain(|pod| pod.metadata.is_controlled_by(&workload.metadata.uid));
        Ok(list.items)
    }

    /// The names of all namespaces.
    pub(super) async fn namespaces(&self) -> Result<Vec<String>, Problem> {
        let asked = Asked { namespace: None, ..self.asked("list", Resource::Namespaces, "") };
        let list: List<Workload> = self.send(&asked, Method::GET, "/api/v1/namespaces", None).await?;
        Ok(list.items.into_iter().map(|namespace| namespace.metadata.name).collect())
    }

    /// Patches a SidecarWorkload, and gives what it is then.
    pub(super) async fn patch(&self, name: &str, patch: &Patch, dry_run: bool) -> Result<Workload, Problem> {
        let asked = self.asked("patch", Resource::SidecarWorkloads, name);
        let dry_run = if dry_run { "&dryRun=All" } else { "" };
        let path = format!("{}?fieldManager={MANAGER}&fieldValidation=Strict{dry_run}", self.path(name));
        self.send(&asked, Method::PATCH, &path, Some(patch)).await
    }

    /// Something for each change of a SidecarWorkload from a version on, until the server ends it.
    pub(super) async fn watch(
        &self,
        workload: &Workload,
    ) -> Result<impl Stream<Item = Result<(), kube::Error>> + use<>, Problem> {
        let Workload { metadata, .. } = workload;
        let asked = self.asked("watch", Resource::SidecarWorkloads, "");
        let path = format!(
            "{}?watch=1&fieldSelector=metadata.name%3D{}&resourceVersion={}",
            self.path(""),
            metadata.name,
            metadata.resource_version
        );
        let request = http::Request::get(&path).body(Vec::new()).map_err(|error| self.unsent(&error))?;
        let events = self.client.request_events::<Workload>(request).await;
        let events = events.map_err(|error| self.problem(error, &asked))?;
        Ok(Box::pin(events.map(|event: Result<WatchEvent<Workload>, kube::Error>| event.map(|_event| ()))))
    }

    fn asked(&self, verb: &'static str, resource: Resource, name: &str) -> Asked {
        Asked { verb, resource, namespace: Some(self.namespace.clone()), name: name.to_owned() }
    }

    fn path(&self, name: &str) -> String {
        let all = format!("/apis/mainstay.dev/v1alpha1/namespaces/{}/sidecarworkloads", self.namespace);
        if name.is_empty() { all } else { format!("{all}/{name}") }
    }

    /// What belongs to a SidecarWorkload, by its label.
    fn of(&self, group: &str, resource: &str, workload: &Workload) -> String {
        let (namespace, name) = (&self.namespace, &workload.metadata.name);
        format!("{group}/namespaces/{namespace}/{resource}?labelSelector=mainstay.dev%2Fworkload%3D{name}")
    }

    async fn send<T: DeserializeOwned>(
        &self,
        asked: &Asked,
        method: Method,
        path: &str,
        patch: Option<&Patch>,
    ) -> Result<T, Problem> {
        let mut request = http::Request::builder().method(method).uri(path);
        let body = match patch {
            None => Vec::new(),
            Some(patch) => {
                let (form, body) = match patch {
                    Patch::Merge(body) => ("application/merge-patch+json", body),
                    Patch::Json(body) => ("application/json-patch+json", body),
                };
                request = request.header(CONTENT_TYPE, form);
                body.to_string().into_bytes()
            }
        };
        let request = request.body(body).map_err(|error| self.unsent(&error))?;
        let answer = self.client.request::<T>(request);
        let answer = match self.timeout {
            None => answer.await,
            Some(after) => tokio::time::timeout(after, answer)
                .await
                .map_err(|_| Problem::TimedOut { server: self.server.clone(), after })?,
        };
        answer.map_err(|error| self.problem(error, asked))
    }

    fn unsent(&self, error: &http::Error) -> Problem {
        Problem::Connection(format!("{}: {error}", self.server))
    }

    fn problem(&self, error: kube::Error, asked: &Asked) -> Problem {
        match error {
            kube::Error::Api(status) => {
                let details = status.details.map(|details| (details.name, details.causes));
                let (name, causes) = details.unwrap_or_default();
                let answer = Answer {
                    code: status.code,
                    message: status.message,
                    names_object: !name.is_empty(),
                    causes: causes.into_iter().map(|cause| (cause.field, cause.message)).collect(),
                };
                classify(answer, asked)
            }
            kube::Error::SerdeError(error) => Problem::Unreadable(error.to_string()),
            kube::Error::Auth(error) => Problem::Connection(chain(&error)),
            other => Problem::Unreachable { server: self.server.clone(), why: chain(&other) },
        }
    }
}

/// An error and what is behind it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
