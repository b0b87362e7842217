//! apimachinery/pkg/apis/meta/v1: Status, the body of an error.

use bytes::Bytes;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) message: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) reason: Bytes,
    #[prost(message, optional, tag = "5")]
    pub(crate) details: Option<StatusDetails>,
    #[prost(int32, tag = "6")]
    pub(crate) code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatusDetails {
    #[prost(message, repeated, tag = "4")]
    pub(crate) causes: Vec<StatusCause>,
    #[prost(int32, tag = "5")]
    pub(crate) retry_after_seconds: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatusCause {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) reason: Bytes,
}
