//! What shows whether a kube-controller-manager does the same work: its pods, its lease, and what it does to a canary.

use crate::id::{ResourceVersion, Uid};
use crate::lease::ObservedLease;
use crate::name::ObjectName;
use crate::replication_controller::ReplicationController;

/// A pod that is labelled as a kube-controller-manager.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerManagerPod {
    /// The pod.
    pub name: ObjectName,
    /// The command lines of its containers: of each the command and its arguments, one after the other.
    pub command_lines: Vec<Vec<String>>,
}

/// A ReplicationController without replicas that is only there to be reconciled: whoever runs ReplicationControllers brings
/// its `observedGeneration` up to its generation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Canary {
    /// Its identity.
    pub uid: Uid,
    /// Its version.
    pub version: ResourceVersion,
    /// The generation of its spec.
    pub generation: i64,
    /// The generation that somebody has reconciled.
    pub observed_generation: i64,
    /// The field of the spec that is changed to raise the generation.
    pub min_ready_seconds: i32,
}

impl Canary {
    /// Whether somebody has reconciled it as it is now.
    pub fn is_followed(&self) -> bool {
        self.observed_generation == self.generation
    }
}

impl From<&ReplicationController> for Canary {
    fn from(controller: &ReplicationController) -> Canary {
        Canary {
            uid: controller.meta.uid,
            version: controller.meta.version,
            generation: controller.meta.generation,
            observed_generation: controller.status.observed_generation,
            min_ready_seconds: controller.min_ready_seconds,
        }
    }
}

/// What one look at the cluster found, each read consistently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The pods of kube-system that are labelled as a kube-controller-manager.
    pub pods: Result<Vec<ControllerManagerPod>, Unreadable>,
    /// The lease that a kube-controller-manager leads by; `None` where there is none.
    pub lease: Result<Option<ObservedLease>, Unreadable>,
    /// The canary; `None` where there is none.
    pub canary: Result<Option<Canary>, Unreadable>,
}

/// Evidence that could not be read: no answer, no right to it, or an answer that makes no sense. The text is for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable(pub String);
