//! ControllerRevisions: what a SidecarWorkload's pods were made from.

use bytes::Bytes;

use crate::meta::Meta;
use crate::time::Timestamp;

/// An apps/v1 ControllerRevision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerRevision {
    /// Metadata.
    pub meta: Meta,
    /// `revision`: the newest one has the highest number.
    pub number: i64,
    /// The annotation [`HEALTHY_ANNOTATION`](crate::sidecar_workload::HEALTHY_ANNOTATION); `None` where it is absent or no time.
    pub healthy_at: Option<Timestamp>,
    /// `data`, which is JSON, of the revisions of a SidecarWorkload (by their controller, or without one by the label
    /// [`WORKLOAD_LABEL`](crate::sidecar_workload::WORKLOAD_LABEL)). Empty of all others, and where the object has none.
    pub data: Bytes,
}
