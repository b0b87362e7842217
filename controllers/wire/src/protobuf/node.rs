//! api/core/v1: Node.

use bytes::Bytes;
use prost::Message;

use super::core::QuantityEntry;
use super::meta::{ObjectMeta, Time};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Node {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<NodeStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeStatus {
    #[prost(message, repeated, tag = "2")]
    pub(crate) allocatable: Vec<QuantityEntry>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) conditions: Vec<NodeCondition>,
    #[prost(message, optional, tag = "7")]
    pub(crate) node_info: Option<NodeSystemInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeSystemInfo {
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) kubelet_version: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeCondition {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) condition_type: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) status: Bytes,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_transition_time: Option<Time>,
}
