//! The kinds of objects that are watched.

use std::fmt;

/// A kind of object that a source watches and the store keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// apps/v1 ControllerRevision.
    ControllerRevision,
    /// v1 Endpoints.
    Endpoints,
    /// discovery.k8s.io/v1 EndpointSlice.
    EndpointSlice,
    /// v1 Node.
    Node,
    /// v1 Pod.
    Pod,
    /// policy/v1 PodDisruptionBudget.
    PodDisruptionBudget,
    /// v1 ReplicationController.
    ReplicationController,
    /// v1 ResourceQuota.
    ResourceQuota,
    /// v1 Service.
    Service,
    /// mainstay.dev/v1alpha1 SidecarWorkload.
    SidecarWorkload,
}

impl Kind {
    /// Every kind, in a fixed order.
    pub const ALL: [Kind; 10] = [
        Kind::ControllerRevision,
        Kind::Endpoints,
        Kind::EndpointSlice,
        Kind::Node,
        Kind::Pod,
        Kind::PodDisruptionBudget,
        Kind::ReplicationController,
        Kind::ResourceQuota,
        Kind::Service,
        Kind::SidecarWorkload,
    ];

    /// The kind's name in an object's `kind` field.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::ControllerRevision => "ControllerRevision",
            Kind::Endpoints => "Endpoints",
            Kind::EndpointSlice => "EndpointSlice",
            Kind::Node => "Node",
            Kind::Pod => "Pod",
            Kind::PodDisruptionBudget => "PodDisruptionBudget",
            Kind::ReplicationController => "ReplicationController",
            Kind::ResourceQuota => "ResourceQuota",
            Kind::Service => "Service",
            Kind::SidecarWorkload => "SidecarWorkload",
        }
    }

    /// The `apiVersion` that the kind is read and written in.
    pub const fn api_version(self) -> &'static str {
        match self {
            Kind::ControllerRevision => "apps/v1",
            Kind::EndpointSlice => "discovery.k8s.io/v1",
            Kind::PodDisruptionBudget => "policy/v1",
            Kind::SidecarWorkload => "mainstay.dev/v1alpha1",
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
            Kind::ControllerRevision => "controllerrevisions",
            Kind::Endpoints => "endpoints",
            Kind::EndpointSlice => "endpointslices",
            Kind::Node => "nodes",
            Kind::Pod => "pods",
            Kind::PodDisruptionBudget => "poddisruptionbudgets",
            Kind::ReplicationController => "replicationcontrollers",
            Kind::ResourceQuota => "resourcequotas",
            Kind::Service => "services",
            Kind::SidecarWorkload => "sidecarworkloads",
        }
    }

    /// Whether the kind is defined by a CustomResourceDefinition: such objects travel as JSON, since the apiserver has no other
    /// encoding for them.
    pub const fn is_custom(self) -> bool {
        matches!(self, Kind::SidecarWorkload)
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
