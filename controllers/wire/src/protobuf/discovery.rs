//! api/discovery/v1: EndpointSlice.

use bytes::Bytes;
use prost::Message;

use super::endpoints::TargetReference;

/// The metadata is still bytes, since it is read twice: as what it means, and as what an update hands back.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointSlice {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) metadata: Bytes,
    #[prost(message, repeated, tag = "2")]
    pub(crate) endpoints: Vec<Endpoint>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) ports: Vec<EndpointPort>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) address_type: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Endpoint {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) addresses: Vec<Bytes>,
    #[prost(message, optional, tag = "2")]
    pub(crate) conditions: Option<EndpointConditions>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(crate) hostname: Option<Bytes>,
    #[prost(message, optional, tag = "4")]
    pub(crate) target_ref: Option<TargetReference>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(crate) node_name: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub(crate) zone: Option<Bytes>,
    #[prost(message, optional, tag = "8")]
    pub(crate) hints: Option<EndpointHints>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointConditions {
    #[prost(bool, optional, tag = "1")]
    pub(crate) ready: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub(crate) serving: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) terminating: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointHints {
    #[prost(message, repeated, tag = "1")]
    pub(crate) for_zones: Vec<Hint>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) for_nodes: Vec<Hint>,
}

/// ForZone and ForNode look alike.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Hint {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EndpointPort {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(crate) name: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(crate) protocol: Option<Bytes>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) port: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) app_protocol: Option<Bytes>,
}
