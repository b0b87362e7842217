//! ReplicationControllers.

use std::sync::Arc;

use crate::labels::Selector;
use crate::meta::Meta;
use crate::pod::PodTemplate;
use crate::time::Timestamp;

/// A v1 ReplicationController.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplicationController {
    /// Metadata.
    pub meta: Meta,
    /// How many pods are wanted. 1 where the field is absent, which is the API's default.
    pub replicas: i32,
    /// For how long a pod must have been ready to count as available, in seconds.
    pub min_ready_seconds: i32,
    /// Which pods are its own.
    pub selector: Selector,
    /// What its pods are made from; `None` where the object has none, which is a fault to report, not to guess at.
    pub template: Option<Arc<PodTemplate>>,
    /// The status as last seen.
    pub status: ReplicationControllerStatus,
}

/// The status of a ReplicationController.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplicationControllerStatus {
    /// Active pods that it owns.
    pub replicas: i32,
    /// Those of them whose labels include the template's.
    pub fully_labeled_replicas: i32,
    /// Those of them that are ready.
    pub ready_replicas: i32,
    /// Those of them that have been ready for `min_ready_seconds`.
    pub available_replicas: i32,
    /// The generation of the spec that this status speaks of.
    pub observed_generation: i64,
    /// All conditions, those of others too: a merge patch replaces the whole list.
    pub conditions: Vec<Condition>,
}

/// A condition of a ReplicationController.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The type, such as `ReplicaFailure`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// When the status last changed.
    pub last_transition: Option<Timestamp>,
    /// A word in CamelCase that says why.
    pub reason: String,
    /// A sentence that says why.
    pub message: String,
}
