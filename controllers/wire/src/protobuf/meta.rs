//! apimachinery/pkg/apis/meta/v1: what every object and every list has.

use bytes::Bytes;
use prost::Message;

use super::runtime::RawExtension;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ObjectMeta {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) generate_name: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) namespace: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) uid: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    pub(crate) resource_version: Bytes,
    #[prost(int64, tag = "7")]
    pub(crate) generation: i64,
    #[prost(message, optional, tag = "8")]
    pub(crate) creation_timestamp: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub(crate) deletion_timestamp: Option<Time>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) labels: Vec<MapEntry>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) annotations: Vec<MapEntry>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) owner_references: Vec<OwnerReference>,
    #[prost(bytes = "bytes", repeated, tag = "14")]
    pub(crate) finalizers: Vec<Bytes>,
}

/// The metadata that an update hands back as it came, its messages still bytes. It reads the same bytes as [`ObjectMeta`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptMeta {
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) generate_name: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "13")]
    pub(crate) owner_references: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "14")]
    pub(crate) finalizers: Vec<Bytes>,
}

/// An entry of a map from text to text.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MapEntry {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct OwnerReference {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) kind: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) name: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) uid: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) api_version: Bytes,
    #[prost(bool, optional, tag = "6")]
    pub(crate) controller: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(crate) block_owner_deletion: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LabelSelector {
    #[prost(message, repeated, tag = "1")]
    pub(crate) match_labels: Vec<MapEntry>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) match_expressions: Vec<LabelSelectorRequirement>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LabelSelectorRequirement {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) operator: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(crate) values: Vec<Bytes>,
}

/// Time and MicroTime look alike; an empty message is the zero time.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Time {
    #[prost(int64, optional, tag = "1")]
    pub(crate) seconds: Option<i64>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) nanos: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ListMeta {
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) resource_version: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) continue_token: Bytes,
}

/// A list of any kind, its items still bytes: one that cannot be read leaves the others readable.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct List {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ListMeta>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) items: Vec<Bytes>,
}

/// An object of any kind, nothing but its metadata read. PartialObjectMetadata looks the same.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnyObject {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WatchEvent {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) event_type: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) object: Option<RawExtension>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeleteOptions {
    #[prost(message, optional, tag = "2")]
    pub(crate) preconditions: Option<Preconditions>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Preconditions {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) uid: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) resource_version: Bytes,
}
