//! What the objects are: slim, typed views of the Kubernetes objects that the controllers decide on, and the writes they decide.
//!
//! Invariants, as absences:
//! - no I/O, no clock, no randomness: times are values that came from elsewhere;
//! - no wire format: how an object looks as protobuf or JSON is known to the wire crate alone;
//! - no field that no controller reads: a view holds what decisions need, and bytes that must survive untouched
//!   (a pod template's spec) stay bytes.
//!
//! Map: [`id`] and [`name`] say which object, [`meta`] and [`labels`] what every object has, [`pod`], [`replication_controller`],
//! [`resource_quota`] (with its [`quantity`]), [`service`], [`node`], [`endpoints`] and [`endpoint_slice`] (which share [`target`]), [`sidecar_workload`] with
//! its [`controller_revision`]s, and [`pod_disruption_budget`] the kinds, [`object`] the
//! sum of them, [`write`](mod@write), [`read`] and [`event`] what leaves the process, [`lease`] and [`evidence`] who else is at work.

pub mod controller_revision;
pub mod endpoint_slice;
pub mod endpoints;
pub mod event;
pub mod evidence;
pub mod id;
pub mod kind;
pub mod labels;
pub mod lease;
pub mod meta;
pub mod name;
pub mod node;
pub mod object;
pub mod pod;
pub mod pod_disruption_budget;
pub mod quantity;
pub mod read;
pub mod replication_controller;
pub mod resource_quota;
pub mod service;
pub mod sidecar_workload;
pub mod target;
pub mod time;
pub mod write;

pub use controller_revision::ControllerRevision;
pub use endpoint_slice::{AddressType, Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
pub use endpoints::{EndpointAddress, EndpointSubset, Endpoints, SubsetPort};
pub use event::{Event, EventForm, EventRecord, EventType, ObjectReference};
pub use evidence::{Canary, ControllerManagerPod, Evidence, Unreadable};
pub use id::{ResourceVersion, Uid};
pub use kind::Kind;
pub use labels::{LabelSelector, LabelSet, Operator, Requirement, Selector};
pub use lease::{LeaseRecord, ObservedLease};
pub use meta::{ControllerReference, Meta, OwnerReference};
pub use name::{Name, ObjectName};
pub use node::Node;
pub use object::{Object, Tombstone};
pub use pod::{
    ContainerPort, ContainerRole, ContainerState, Pod, PodPhase, PodSpec, PodTemplate, WorkloadPod,
    deletion_cost,
};
pub use pod_disruption_budget::PodDisruptionBudget;
pub use read::{Found, Read, ReadOutcome};
pub use replication_controller::{Condition, ReplicationController, ReplicationControllerStatus};
pub use resource_quota::ResourceQuota;
pub use service::{ClusterIp, IpFamily, Service, ServicePort, TargetPort};
pub use sidecar_workload::{
    InPlace, OnFailure, Rollout, RolloutKind, Share, SidecarStatus, SidecarWorkload, SidecarWorkloadStatus,
};
pub use target::{TargetReference, TargetRest};
pub use time::Timestamp;
pub use write::{
    AdoptPod, ContainerImage, CreateControllerRevision, CreateEndpointSlice, CreateEndpoints, CreatePod,
    DeleteObject, DeletePod, EndpointSliceContent, EndpointsContent, PatchControllerRevision, PatchPod,
    PatchPodCondition, Refusal, ReleasePod, StatusPatch, UpdateEndpointSlice, UpdateEndpoints, Write,
    WriteOutcome,
};
