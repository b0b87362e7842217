//! Tables over messages that are made here, field by field.

mod controller_revisions;
mod endpoint_slices;
mod endpoints;
mod evidence;
mod json_watches;
mod metadata;
mod nodes;
mod pod_disruption_budgets;
mod pod_spec;
mod pods;
mod replication_controllers;
mod resource_quotas;
mod services;
mod sidecar_workloads;
mod watches;
mod whole;
mod workload_pods;

use bytes::Bytes;
use mainstay_model::{Kind, Object};
use prost::Message;

use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::meta::{MapEntry, ObjectMeta};

pub(super) const UID: &str = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";

pub(super) fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(super) fn entries(pairs: &[(&str, &str)]) -> Vec<MapEntry> {
    pairs.iter().map(|(key, value)| MapEntry { key: text(key), value: text(value) }).collect()
}

/// The least that an object must have.
pub(super) fn metadata() -> ObjectMeta {
    ObjectMeta {
        name: text("web"),
        namespace: text("shop"),
        uid: text(UID),
        resource_version: text("42"),
        ..ObjectMeta::default()
    }
}

pub(super) fn read(kind: Kind, message: &impl Message) -> Result<Object, DecodeError> {
    object::object(kind, message.encode_to_vec().into())
}

/// Bytes that are damaged are read as something, or not.
pub(super) fn read_damaged(kind: Kind, bytes: &[u8]) {
    for position in 0..bytes.len() {
        for damage in [0, 1, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[position] = damage;
            let _ = object::object(kind, damaged.into());
        }
        let _ = object::object(kind, bytes[..position].to_vec().into());
    }
}

/// A field of bytes, for messages that are put together byte for byte.
pub(super) fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let tag = u32::from(tag) << 3 | 2;
    let mut field = Vec::new();
    prost::encoding::encode_varint(u64::from(tag), &mut field);
    prost::encoding::encode_varint(bytes.len() as u64, &mut field);
    field.extend_from_slice(bytes);
    field
}

/// A field that holds a number.
pub(super) fn number(tag: u8, number: u64) -> Vec<u8> {
    let mut field = Vec::new();
    prost::encoding::encode_varint(u64::from(tag) << 3, &mut field);
    prost::encoding::encode_varint(number, &mut field);
    field
}
