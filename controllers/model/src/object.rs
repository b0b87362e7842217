//! The sum of all kinds.

use std::sync::Arc;

use crate::controller_revision::ControllerRevision;
use crate::endpoint_slice::EndpointSlice;
use crate::endpoints::Endpoints;
use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::meta::Meta;
use crate::name::ObjectName;
use crate::node::Node;
use crate::pod::Pod;
use crate::pod_disruption_budget::PodDisruptionBudget;
use crate::replication_controller::ReplicationController;
use crate::resource_quota::ResourceQuota;
use crate::service::Service;
use crate::sidecar_workload::SidecarWorkload;

/// An object of any kind that is watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Object {
    /// A ControllerRevision.
    ControllerRevision(Arc<ControllerRevision>),
    /// An Endpoints.
    Endpoints(Arc<Endpoints>),
    /// An EndpointSlice.
    EndpointSlice(Arc<EndpointSlice>),
    /// A node.
    Node(Arc<Node>),
    /// A pod.
    Pod(Arc<Pod>),
    /// A PodDisruptionBudget.
    PodDisruptionBudget(Arc<PodDisruptionBudget>),
    /// A ReplicationController.
    ReplicationController(Arc<ReplicationController>),
    /// A ResourceQuota.
    ResourceQuota(Arc<ResourceQuota>),
    /// A service.
    Service(Arc<Service>),
    /// A SidecarWorkload.
    SidecarWorkload(Arc<SidecarWorkload>),
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Object::ControllerRevision(_) => Kind::ControllerRevision,
            Object::Endpoints(_) => Kind::Endpoints,
            Object::EndpointSlice(_) => Kind::EndpointSlice,
            Object::Node(_) => Kind::Node,
            Object::Pod(_) => Kind::Pod,
            Object::PodDisruptionBudget(_) => Kind::PodDisruptionBudget,
            Object::ReplicationController(_) => Kind::ReplicationController,
            Object::ResourceQuota(_) => Kind::ResourceQuota,
            Object::Service(_) => Kind::Service,
            Object::SidecarWorkload(_) => Kind::SidecarWorkload,
        }
    }

    /// Whether the other one is the same object in the same state, whatever its version: it was written again, or in a part that is
    /// not watched.
    pub fn is_same_but_for_version(&self, other: &Object) -> bool {
        self.at_version(other.meta().version) == *other
    }

    fn at_version(&self, version: ResourceVersion) -> Object {
        let mut object = self.clone();
        object.meta_mut().version = version;
        object
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            Object::ControllerRevision(revision) => &revision.meta,
            Object::Endpoints(endpoints) => &endpoints.meta,
            Object::EndpointSlice(slice) => &slice.meta,
            Object::Node(node) => &node.meta,
            Object::Pod(pod) => &pod.meta,
            Object::PodDisruptionBudget(budget) => &budget.meta,
            Object::ReplicationController(controller) => &controller.meta,
            Object::ResourceQuota(quota) => &quota.meta,
            Object::Service(service) => &service.meta,
            Object::SidecarWorkload(workload) => &workload.meta,
        }
    }

    /// Its metadata, to be changed; whoever shares the object keeps it as it was.
    pub fn meta_mut(&mut self) -> &mut Meta {
        match self {
            Object::ControllerRevision(revision) => &mut Arc::make_mut(revision).meta,
            Object::Endpoints(endpoints) => &mut Arc::make_mut(endpoints).meta,
            Object::EndpointSlice(slice) => &mut Arc::make_mut(slice).meta,
            Object::Node(node) => &mut Arc::make_mut(node).meta,
            Object::Pod(pod) => &mut Arc::make_mut(pod).meta,
            Object::PodDisruptionBudget(budget) => &mut Arc::make_mut(budget).meta,
            Object::ReplicationController(controller) => &mut Arc::make_mut(controller).meta,
            Object::ResourceQuota(quota) => &mut Arc::make_mut(quota).meta,
            Object::Service(service) => &mut Arc::make_mut(service).meta,
            Object::SidecarWorkload(workload) => &mut Arc::make_mut(workload).meta,
        }
    }
}

/// What a watch says of an object that is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// Its kind.
    pub kind: Kind,
    /// Its name, which may be in use again by now.
    pub name: ObjectName,
    /// Its identity, which will not be.
    pub uid: Uid,
    /// The version of the deletion.
    pub version: ResourceVersion,
}
