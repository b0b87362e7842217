//! api/core/v1: Service.

use bytes::Bytes;
use prost::Message;

use super::meta::{MapEntry, ObjectMeta};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Service {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<ServiceSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServiceSpec {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ports: Vec<ServicePort>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) selector: Vec<MapEntry>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) cluster_ip: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) service_type: Bytes,
    #[prost(bool, tag = "13")]
    pub(crate) publish_not_ready_addresses: bool,
    #[prost(bytes = "bytes", repeated, tag = "19")]
    pub(crate) ip_families: Vec<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "23")]
    pub(crate) traffic_distribution: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServicePort {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) protocol: Bytes,
    #[prost(int32, tag = "3")]
    pub(crate) port: i32,
    #[prost(message, optional, tag = "4")]
    pub(crate) target_port: Option<IntOrString>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(crate) app_protocol: Option<Bytes>,
}

/// apimachinery/pkg/util/intstr.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct IntOrString {
    #[prost(int64, tag = "1")]
    pub(crate) form: i64,
    #[prost(int32, tag = "2")]
    pub(crate) number: i32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) text: Bytes,
}
