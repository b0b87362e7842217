//! ControllerRevisions: what a SidecarWorkload's pods were made from.

use bytes::Bytes;

use crate::meta::Meta;
use crate::time::Timestamp;

/// An apps/v1 ControllerRevision of a SidecarWorkload. Those of others are not watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerRevision {
    /// Metadata.
    pub meta: Meta,
    /// `revision`: the newest one has the highest number.
    pub number: i64,
    /// The annotation [`HEALTHY_ANNOTATION`](crate::sidecar_workload::HEALTHY_ANNOTATION); `None` where it is absent or no time.
    pub healthy_at: Option<Timestamp>,
    /// `data`, which is JSON. Empty where the object has none.
    pub data: Bytes,
}
