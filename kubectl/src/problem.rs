//! What can go wrong between the user and the server, in words that say what to do.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::change::Refusal;

/// A resource of the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// SidecarWorkloads.
    SidecarWorkloads,
    /// ControllerRevisions.
    ControllerRevisions,
    /// Pods.
    Pods,
    /// Namespaces.
    Namespaces,
}

impl Resource {
    /// Its name, as in rules of a role.
    pub fn name(self) -> &'static str {
        match self {
            Resource::SidecarWorkloads => "sidecarworkloads",
            Resource::ControllerRevisions => "controllerrevisions",
            Resource::Pods => "pods",
            Resource::Namespaces => "namespaces",
        }
    }
}

/// What was asked of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The verb, as in rules of a role.
    pub verb: &'static str,
    /// The resource.
    pub resource: Resource,
    /// The namespace; none for all of them.
    pub namespace: Option<String>,
    /// The object; empty for many.
    pub name: String,
}

/// How a server has refused.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// Its words.
    pub message: String,
    /// Whether it speaks of an object by its name.
    pub names_object: bool,
    /// What is wrong with which field.
    pub causes: Vec<(String, String)>,
}

/// Why a command has failed.
#[derive(Debug, Error)]
pub enum Problem {
    /// The definition is not installed.
    #[error(
        "this cluster does not know SidecarWorkloads: Mainstay's chart installs them \
         (helm install mainstay charts/mainstay --namespace mainstay-system --create-namespace), \
         or kubectl apply --filename crds/yaml"
    )]
    NotInstalled,
    /// There is no such object.
    #[error(
        "there is no SidecarWorkload {name:?} in namespace {namespace}: \
         --namespace selects another one, and `kubectl mainstay get --all-namespaces` lists all"
    )]
    NotFound {
        /// Its name.
        name: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// A right is missing.
    #[error(
        "you may not {} {}{}: {said}\nThe ClusterRole {role} has that right where Mainstay's chart is installed; \
         who may grant it writes: kubectl create {} NAME --clusterrole={role} --user=USER{}",
        .asked.verb, .asked.resource.name(), place(.asked.namespace.as_deref()), binding(.asked.namespace.as_deref()),
        flag(.asked.namespace.as_deref())
    )]
    Forbidden {
        /// What was asked for.
        asked: Box<Asked>,
        /// The role that has the right.
        role: &'static str,
        /// What the server says.
        said: String,
    },
    /// The server does not know who asks.
    #[error("the server does not accept the credentials of the kubeconfig: {0}")]
    Unauthorized(String),
    /// The object would be against the rules.
    #[error("the server refuses that: {0}")]
    Invalid(String),
    /// Somebody else has changed the object meanwhile, again and again.
    #[error("{0:?} was changed by somebody else each time that it was to be written: try again")]
    Conflict(String),
    /// The server has another reason.
    #[error("the server answers {code}: {message}")]
    Refused {
        /// The status code.
        code: u16,
        /// Its words.
        message: String,
    },
    /// It cannot be read.
    #[error("the answer of the server cannot be read: {0}")]
    Unreadable(String),
    /// Nobody answers.
    #[error("cannot reach the server {server}: {why}")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        why: String,
    },
    /// The answer takes too long.
    #[error("no answer from the server {server} within {}s; --request-timeout allows for more", .after.as_secs())]
    TimedOut {
        /// Its address.
        server: String,
        /// How long was waited.
        after: Duration,
    },
    /// A rollout was not over in time.
    #[error("the rollout was not over within {}s", .0.as_secs())]
    NotInTime(Duration),
    /// There is no kubeconfig.
    #[error(
        "there is no kubeconfig: --kubeconfig or the variable KUBECONFIG name one, and ~/.kube/config is read otherwise"
    )]
    NoKubeconfig,
    /// The kubeconfig has no context of that name.
    #[error("the kubeconfig has no context {name:?}; it has: {known}")]
    UnknownContext {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The kubeconfig does not say which context to use.
    #[error("the kubeconfig has no current context: --context names one, of: {known}")]
    NoContext {
        /// Those that there are.
        known: String,
    },
    /// The kubeconfig does not help for another reason.
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(String),
    /// Credentials cannot be had, or TLS not set up.
    #[error("cannot set up the connection: {0}")]
    Connection(String),
    /// What is asked for makes no sense for this object.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// There is no revision of that number or name.
    #[error("{name} has no revision {wanted}; `kubectl mainstay history {name}` lists them")]
    UnknownRevision {
        /// The SidecarWorkload.
        name: String,
        /// The number or name.
        wanted: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {why}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// What was to be told cannot be written.
    #[error("cannot write the output: {0}")]
    Output(String),
    /// The program cannot start.
    #[error("cannot start: {0}")]
    Start(String),
}

fn place(namespace: Option<&str>) -> String {
    namespace.map_or(" in all namespaces".to_owned(), |namespace| format!(" in namespace {namespace}"))
}

fn binding(namespace: Option<&str>) -> &'static str {
    if namespace.is_some() { "rolebinding" } else { "clusterrolebinding" }
}

fn flag(namespace: Option<&str>) -> String {
    namespace.map_or_else(String::new, |namespace| format!(" --namespace={namespace}"))
}

/// What an answer that is no success means.
pub fn classify(answer: Answer, asked: &Asked) -> Problem {
    match answer.code {
        401 => Problem::Unauthorized(answer.message),
        403 => Problem::Forbidden {
            role: if matches!(asked.verb, "get" | "list" | "watch") { "view" } else { "edit" },
            asked: Box::new(asked.clone()),
            said: answer.message,
        },
        404 if asked.resource == Resource::SidecarWorkloads && !answer.names_object => Problem::NotInstalled,
        404 if asked.resource == Resource::SidecarWorkloads => Problem::NotFound {
            name: asked.name.clone(),
            namespace: asked.namespace.clone().unwrap_or_default(),
        },
        409 => Problem::Conflict(asked.name.clone()),
        // What a JSON patch tests is not so any more.
        422 if answer.causes.is_empty() => Problem::Conflict(asked.name.clone()),
        422 => Problem::Invalid(
            answer
                .causes
                .iter()
                .map(|(field, message)| format!("{field}: {message}"))
                .collect::<Vec<_>>()
                .join("; "),
        ),
        code => Problem::Refused { code, message: answer.message },
    }
}
