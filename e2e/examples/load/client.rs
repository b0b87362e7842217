//! One client of the apiserver, and many requests of it at a time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use mainstay_model::Kind;
use mainstay_runtime::connection::{Answer, AnswerStream, Channel, ConnectionSettings, Connections, Lane};
use mainstay_wire::{Request, answer, request};
use serde_json::{Value, json};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
const JSON: &str = "application/json";
/// An answer that costs the apiserver little: metadata alone.
const METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// A client in one namespace.
#[derive(Clone)]
pub struct Client {
    /// Where everything is done.
    pub namespace: String,
    requests: Channel,
    watches: Channel,
}

impl Client {
    /// Reads who and where; does not connect yet.
    pub async fn open(kubeconfig: PathBuf, namespace: String) -> Result<Client> {
        let settings = ConnectionSettings { kubeconfig: Some(kubeconfig), ..ConnectionSettings::default() };
        let connections = Connections::open(&settings).await?;
        let (requests, watches) = (connections.channel(Lane::Writes), connections.channel(Lane::Watches));
        Ok(Client { namespace, requests, watches })
    }

    /// Sends a request; an answer that is no success is an error.
    pub async fn send(&self, request: Request) -> Result<Answer> {
        let line = format!("{request:?}");
        let answer = self.requests.send(request, Instant::now() + PATIENCE).await?;
        if !(200..300).contains(&answer.code) {
            bail!("{line}: {} {}", answer.code, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }

    /// Sends JSON to a path below that of the namespace, in the core group.
    pub async fn send_json(
        &self,
        method: &'static str,
        path: &str,
        content_type: &'static str,
        body: &Value,
    ) -> Result<Answer> {
        self.send_json_to("api/v1", method, path, content_type, body).await
    }

    /// The same in any group, such as `apis/apps/v1`.
    pub async fn send_json_to(
        &self,
        group: &str,
        method: &'static str,
        path: &str,
        content_type: &'static str,
        body: &Value,
    ) -> Result<Answer> {
        self.send(Request {
            method,
            path_and_query: format!("/{group}/namespaces/{}/{path}", self.namespace),
            accept: if method == "DELETE" { JSON } else { METADATA },
            content_type: Some(content_type),
            body: body.to_string().into(),
        })
        .await
    }

    /// Deletes all objects of a kind in the namespace, pods without waiting for a kubelet.
    pub async fn delete_all(&self, kind: Kind) -> Result<()> {
        let group = match kind.api_version() {
            "v1" => "api/v1".to_owned(),
            version => format!("apis/{version}"),
        };
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "gracePeriodSeconds": 0,
        });
        let request = Request {
            method: "DELETE",
            path_and_query: format!("/{group}/namespaces/{}/{}", self.namespace, kind.plural()),
            accept: JSON,
            content_type: Some(JSON),
            body: options.to_string().into(),
        };
        self.send(request).await.map(|_| ())
    }

    /// A watch of the namespace that begins with all there is.
    pub async fn watch(&self, kind: Kind) -> Result<AnswerStream> {
        self.stream(request::watch_list(kind, Some(&self.namespace), 3600)).await
    }

    /// A watch of the namespace that begins with what happens next: where there are thousands of objects, telling them all
    /// would cost the apiserver more than what is measured.
    pub async fn watch_from_now(&self, kind: Kind) -> Result<AnswerStream> {
        let newest = self.send(request::newest_version(kind, Some(&self.namespace))).await?;
        let from = answer::newest_version(&newest.body)?;
        self.stream(request::watch(kind, Some(&self.namespace), from, 3600)).await
    }

    async fn stream(&self, request: Request) -> Result<AnswerStream> {
        let stream = self.watches.stream(request, Instant::now() + PATIENCE).await?;
        if stream.code() != 200 {
            bail!("a watch is refused with {}", stream.code());
        }
        Ok(stream)
    }
}

/// Does something `count` times, at most `width` of them at a time; ends with the first error.
pub async fn side_by_side<F>(count: usize, width: usize, work: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    stream::iter(0..count).map(work).buffer_unordered(width).try_collect().await.context("not all was done")
}
