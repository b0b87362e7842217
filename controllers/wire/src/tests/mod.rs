//! Tables over messages that are made here, field by field.

mod evidence;
mod metadata;
mod pods;
mod replication_controllers;
mod resource_quotas;
mod watches;

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
