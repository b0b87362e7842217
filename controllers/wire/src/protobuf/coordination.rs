//! api/coordination/v1: Lease.

use bytes::Bytes;
use prost::Message;

use super::meta::{ObjectMeta, Time};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Lease {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<LeaseSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LeaseSpec {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(crate) holder_identity: Option<Bytes>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) lease_duration_seconds: Option<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) acquire_time: Option<Time>,
    #[prost(message, optional, tag = "4")]
    pub(crate) renew_time: Option<Time>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) lease_transitions: Option<i32>,
}
