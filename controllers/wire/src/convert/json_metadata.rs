//! The metadata of custom resources, which is JSON, as the message that all other kinds have it in.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::convert::metadata::bytes;
use crate::error::DecodeError;
use crate::json::{self, Field};
use crate::protobuf::meta::{MapEntry, ObjectMeta, OwnerReference, Time};
use crate::time;

/// An object of which only the metadata matters. Whatever else is there is passed over, and may be deeper than could be read.
#[derive(Deserialize)]
struct AnyObject {
    #[serde(default)]
    metadata: Value,
}

/// Reads the metadata of an object.
pub(crate) fn object_meta(object: &[u8]) -> Result<ObjectMeta, DecodeError> {
    let object: AnyObject = json::parse("metadata", object)?;
    from_field(Field::new("metadata", Some(&object.metadata)))
}

/// Reads metadata.
pub(crate) fn from_field(metadata: Field<'_>) -> Result<ObjectMeta, DecodeError> {
    Ok(ObjectMeta {
        name: text(metadata.at("metadata.name")?)?,
        namespace: text(metadata.at("metadata.namespace")?)?,
        uid: text(metadata.at("metadata.uid")?)?,
        resource_version: text(metadata.at("metadata.resourceVersion")?)?,
        generation: metadata.at("metadata.generation")?.int64()?.unwrap_or(0),
        creation_timestamp: time(metadata.at("metadata.creationTimestamp")?)?,
        deletion_timestamp: time(metadata.at("metadata.deletionTimestamp")?)?,
        labels: entries(metadata.at("metadata.labels")?)?,
        annotations: entries(metadata.at("metadata.annotations")?)?,
        owner_references: metadata
            .at("metadata.ownerReferences")?
            .items()?
            .map(owner)
            .collect::<Result<_, DecodeError>>()?,
        ..ObjectMeta::default()
    })
}

fn owner(owner: Field<'_>) -> Result<OwnerReference, DecodeError> {
    Ok(OwnerReference {
        kind: text(owner.at("metadata.ownerReferences.kind")?)?,
        name: text(owner.at("metadata.ownerReferences.name")?)?,
        uid: text(owner.at("metadata.ownerReferences.uid")?)?,
        api_version: text(owner.at("metadata.ownerReferences.apiVersion")?)?,
        controller: owner.at("metadata.ownerReferences.controller")?.boolean()?,
        block_owner_deletion: owner.at("metadata.ownerReferences.blockOwnerDeletion")?.boolean()?,
    })
}

fn text(field: Field<'_>) -> Result<Bytes, DecodeError> {
    Ok(field.text()?.map(bytes).unwrap_or_default())
}

fn time(field: Field<'_>) -> Result<Option<Time>, DecodeError> {
    Ok(field.time()?.map(time::to_time))
}

fn entries(field: Field<'_>) -> Result<Vec<MapEntry>, DecodeError> {
    let entries = field.texts()?.into_iter();
    Ok(entries.map(|(key, value)| MapEntry { key: bytes(key), value: bytes(value) }).collect())
}
