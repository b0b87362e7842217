//! The kinds of objects that are watched.

use std::fmt;

/// A kind of object that a source watches and the store keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// v1 Pod.
    Pod,
    /// v1 ReplicationController.
    ReplicationController,
    /// v1 ResourceQuota.
    ResourceQuota,
}

impl Kind {
    /// Every kind, in a fixed order.
    pub const ALL: [Kind; 3] = [Kind::Pod, Kind::ReplicationController, Kind::ResourceQuota];

    /// The kind's name in an object's `kind` field.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Pod => "Pod",
            Kind::ReplicationController => "ReplicationController",
            Kind::ResourceQuota => "ResourceQuota",
        }
    }

    /// The `apiVersion` that the kind is read and written in.
    pub const fn api_version(self) -> &'static str {
        match self {
            Kind::Pod | Kind::ReplicationController | Kind::ResourceQuota => "v1",
        }
    }

    /// The resource's name in URLs, RBAC rules and metrics.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Pod => "pods",
            Kind::ReplicationController => "replicationcontrollers",
            Kind::ResourceQuota => "resourcequotas",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
