//! api/core/v1: pods, ReplicationControllers and ResourceQuotas.

use bytes::Bytes;
use prost::Message;

use super::meta::{MapEntry, ObjectMeta, Time};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Pod {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<PodStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodSpec {
    #[prost(message, repeated, tag = "2")]
    pub(crate) containers: Vec<Container>,
    #[prost(bytes = "bytes", tag = "10")]
    pub(crate) node_name: Bytes,
    #[prost(bytes = "bytes", tag = "16")]
    pub(crate) hostname: Bytes,
    #[prost(bytes = "bytes", tag = "17")]
    pub(crate) subdomain: Bytes,
    #[prost(message, repeated, tag = "20")]
    pub(crate) init_containers: Vec<Container>,
    #[prost(message, repeated, tag = "28")]
    pub(crate) readiness_gates: Vec<PodReadinessGate>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodReadinessGate {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) condition_type: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Container {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) image: Bytes,
    #[prost(message, repeated, tag = "6")]
    pub(crate) ports: Vec<ContainerPort>,
    #[prost(bytes = "bytes", tag = "24")]
    pub(crate) restart_policy: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerPort {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(int32, tag = "3")]
    pub(crate) container_port: i32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) protocol: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodStatus {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) phase: Bytes,
    #[prost(message, repeated, tag = "2")]
    pub(crate) conditions: Vec<PodCondition>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) reason: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    pub(crate) pod_ip: Bytes,
    #[prost(message, repeated, tag = "8")]
    pub(crate) container_statuses: Vec<ContainerStatus>,
    #[prost(message, repeated, tag = "10")]
    pub(crate) init_container_statuses: Vec<ContainerStatus>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) pod_ips: Vec<PodIp>,
    #[prost(int64, tag = "17")]
    pub(crate) observed_generation: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodIp {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) ip: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodCondition {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) condition_type: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) status: Bytes,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_transition_time: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerStatus {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) state: Option<ContainerState>,
    #[prost(bool, tag = "4")]
    pub(crate) ready: bool,
    #[prost(int32, tag = "5")]
    pub(crate) restart_count: i32,
    #[prost(bytes = "bytes", tag = "8")]
    pub(crate) container_id: Bytes,
    #[prost(bool, optional, tag = "9")]
    pub(crate) started: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerState {
    #[prost(message, optional, tag = "1")]
    pub(crate) waiting: Option<ContainerStateWaiting>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerStateWaiting {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) reason: Bytes,
}

/// A pod of which the command lines matter.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CommandedPod {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<CommandedPodSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CommandedPodSpec {
    #[prost(message, repeated, tag = "2")]
    pub(crate) containers: Vec<CommandedContainer>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CommandedContainer {
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(crate) command: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(crate) arguments: Vec<Bytes>,
}

/// A pod as it is created: its spec is bytes from elsewhere, so that nothing in it is lost or changed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodWithRawSpec {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) spec: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReplicationController {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<ReplicationControllerSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ReplicationControllerStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReplicationControllerSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) selector: Vec<MapEntry>,
    #[prost(message, optional, tag = "3")]
    pub(crate) template: Option<PodWithRawSpec>,
    #[prost(int32, tag = "4")]
    pub(crate) min_ready_seconds: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReplicationControllerStatus {
    #[prost(int32, tag = "1")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "2")]
    pub(crate) fully_labeled_replicas: i32,
    #[prost(int64, tag = "3")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "4")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) available_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) conditions: Vec<ReplicationControllerCondition>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReplicationControllerCondition {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) condition_type: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) status: Bytes,
    #[prost(message, optional, tag = "3")]
    pub(crate) last_transition_time: Option<Time>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) reason: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) message: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResourceQuota {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ResourceQuotaStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResourceQuotaStatus {
    #[prost(message, repeated, tag = "1")]
    pub(crate) hard: Vec<QuantityEntry>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) used: Vec<QuantityEntry>,
}

/// An entry of a map from text to quantity.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct QuantityEntry {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<Quantity>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Quantity {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) text: Bytes,
}
