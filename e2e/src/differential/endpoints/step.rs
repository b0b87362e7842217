//! What this script is made of: what a user, or a kubelet, does, and what must have come of it.

use serde_json::Value;

use crate::differential::subject;

/// A step of this script.
pub type Step = subject::Step<Action, Until>;
/// A chapter of it.
pub type Chapter = subject::Chapter<Action, Until>;

/// What is done. Objects are those of the chapter's room, but for nodes, which all share.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Makes the room.
    MakeRoom,
    /// Creates objects, or changes those that were created so.
    Apply(Vec<Value>),
    /// Says in the status of pods and nodes what a kubelet would.
    Status(Vec<Value>),
    /// Patches what is picked; what is null goes.
    Patch(Pick, Value),
    /// Deletes what is picked, pods at once.
    Delete(Pick),
    /// Asks pods to end, which they do not do until they are deleted.
    AskToEnd(Pick),
    /// Stops the manager.
    StopController,
    /// Starts the manager again, and waits until it does its work.
    StartController,
}

/// Some objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Their kind, as kubectl has it.
    pub kind: &'static str,
    /// Which of them.
    pub which: Which,
}

/// Which objects of a kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Which {
    /// The one of this name.
    Named(String),
    /// Those whose labels are so: what is made has names that differ from run to run.
    Labelled(String),
}

/// What must have come of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The room has the account that its pods need.
    Accounted,
    /// The service has so many endpoints in slices, whoever manages them.
    Endpoints(&'static str, usize),
    /// One of the slices of the service is shown this, somewhere.
    Says(&'static str, &'static str),
    /// None of them is.
    SaysNot(&'static str, &'static str),
    /// An event with this reason is there.
    Told(&'static str),
    /// So many endpoints of the service have hints.
    Hinted(&'static str, usize),
    /// In-tree leaves the service in another state, so only Mainstay is asked whether it says what its pods are.
    OpenInTree(&'static str),
    /// The node is there that pods were on before it.
    MissingNodeCame,
}

/// The object of this name.
pub fn the(kind: &'static str, name: &str) -> Pick {
    Pick { kind, which: Which::Named(name.to_owned()) }
}

/// The slices of a service.
pub fn slices_of(service: &str) -> Pick {
    let labels = format!("kubernetes.io/service-name={service}");
    Pick { kind: "endpointslices", which: Which::Labelled(labels) }
}

/// The pods with a label `app`.
pub fn pods_of(app: &str) -> Pick {
    Pick { kind: "pods", which: Which::Labelled(format!("app={app}")) }
}
