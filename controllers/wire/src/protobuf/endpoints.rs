//! api/core/v1: Endpoints, and the reference to an object that it shares with EndpointSlices.

use bytes::Bytes;
use prost::Message;

/// The metadata is still bytes, since it is read twice: as what it means, and as what an update hands back.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Endpoints {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) metadata: Bytes,
    #[prost(message, repeated, tag = "2")]
    pub(crate) subsets: Vec<EndpointSubset>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointSubset {
    #[prost(message, repeated, tag = "1")]
    pub(crate) addresses: Vec<EndpointAddress>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) not_ready_addresses: Vec<EndpointAddress>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) ports: Vec<EndpointPort>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointAddress {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) ip: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) target_ref: Option<TargetReference>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) hostname: Bytes,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) node_name: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointPort {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(int32, tag = "2")]
    pub(crate) port: i32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) protocol: Bytes,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) app_protocol: Option<Bytes>,
}

/// An ObjectReference.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TargetReference {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) kind: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) namespace: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) name: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) uid: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) api_version: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    pub(crate) resource_version: Bytes,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) field_path: Bytes,
}
