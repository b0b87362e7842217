//! The kinds of objects that are watched.

use std::fmt;

/// A kind of object that a source watches and the store keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// v1 Endpoints.
    Endpoints,
    /// discovery.k8s.io/v1 EndpointSlice.
    EndpointSlice,
    /// v1 Node.
    Node,
    /// v1 Pod.
    Pod,
    /// v1 ReplicationController.
    ReplicationController,
    /// v1 ResourceQuota.
    ResourceQuota,
    /// v1 Service.
    Service,
}

impl Kind {
    /// Every kind, in a fixed order.
    pub const ALL: [Kind; 7] = [
        Kind::Endpoints,
        Kind::EndpointSlice,
        Kind::Node,
        Kind::Pod,
        Kind::ReplicationController,
        Kind::ResourceQuota,
        Kind::Service,
    ];

    /// The kind's name in an object's `kind` field.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Endpoints => "Endpoints",
            Kind::EndpointSlice => "EndpointSlice",
            Kind::Node => "Node",
            Kind::Pod => "Pod",
            Kind::ReplicationController => "ReplicationController",
            Kind::ResourceQuota => "ResourceQuota",
            Kind::Service => "Service",
        }
    }

    /// The `apiVersion` that the kind is read and written in.
    pub const fn api_version(self) -> &'static str {
        match self {
            Kind::EndpointSlice => "discovery.k8s.io/v1",
            Kind::Endpoints
            | Kind::Node
            | Kind::Pod
            | Kind::ReplicationController
            | Kind::ResourceQuota
            | Kind::Service => "v1",
        }
    }

    /// The resource's name in URLs, RBAC rules and metrics.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Endpoints => "endpoints",
            Kind::EndpointSlice => "endpointslices",
            Kind::Node => "nodes",
            Kind::Pod => "pods",
            Kind::ReplicationController => "replicationcontrollers",
            Kind::ResourceQuota => "resourcequotas",
            Kind::Service => "services",
        }
    }

    /// Whether objects of the kind belong to a namespace.
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Kind::Node)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
