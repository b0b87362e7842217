//! The record behind leader election.

use crate::id::ResourceVersion;
use crate::time::Timestamp;

/// The spec of a coordination.k8s.io/v1 Lease, as far as election goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeaseRecord {
    /// Who leads; empty when nobody does.
    pub holder: String,
    /// For how long the record counts after it was last seen to change, in seconds.
    pub duration_seconds: i32,
    /// When the holder began to lead.
    pub acquired: Option<Timestamp>,
    /// When the holder last said so. For people: it is never compared with our clock.
    pub renewed: Option<Timestamp>,
    /// How often the holder has changed.
    pub transitions: i32,
}

/// A lease as read: the record and the version that an update must name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObservedLease {
    /// The record.
    pub record: LeaseRecord,
    /// Its version.
    pub version: ResourceVersion,
}
