//! Metadata: identity, labels, owners.

use bytes::Bytes;
use mainstay_model::{LabelSet, Meta, Name, ObjectName, OwnerReference, ResourceVersion, Uid};

use crate::error::DecodeError;
use crate::protobuf::meta::{self, MapEntry, ObjectMeta};
use crate::time;

/// A text that must be UTF-8.
pub(crate) fn text<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::NotText { field })
}

/// A text in which what is not UTF-8 is replaced: for words that are shown or compared, never used as a key.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A text that must be UTF-8 and not empty.
fn required<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
    if bytes.is_empty() { Err(DecodeError::Missing { field }) } else { text(field, bytes) }
}

/// Namespace and name of an object of a namespaced kind.
pub(crate) fn object_name(metadata: &ObjectMeta) -> Result<ObjectName, DecodeError> {
    let name = required("metadata.name", &metadata.name)?;
    let namespace = required("metadata.namespace", &metadata.namespace)?;
    Ok(ObjectName::new(namespace, name))
}

/// The UID. Only the canonical form is one: in any other form it could not be written back as it was read.
pub(crate) fn uid(metadata: &ObjectMeta) -> Result<Uid, DecodeError> {
    let field = "metadata.uid";
    Uid::parse(required(field, &metadata.uid)?)
        .map_err(|error| DecodeError::Invalid { field, message: error.to_string() })
}

/// The version of an object or a list.
pub(crate) fn version(bytes: &[u8]) -> Result<ResourceVersion, DecodeError> {
    let field = "metadata.resourceVersion";
    ResourceVersion::parse(required(field, bytes)?)
        .map_err(|error| DecodeError::Invalid { field, message: error.to_string() })
}

/// All of the metadata.
pub(crate) fn meta(metadata: &ObjectMeta) -> Result<Meta, DecodeError> {
    Ok(Meta {
        name: object_name(metadata)?,
        uid: uid(metadata)?,
        version: version(&metadata.resource_version)?,
        generation: metadata.generation,
        labels: map("metadata.labels", &metadata.labels)?,
        owners: metadata.owner_references.iter().map(owner).collect(),
        created: time::from_time(metadata.creation_timestamp.as_ref()),
        deleting: time::from_time(metadata.deletion_timestamp.as_ref()),
    })
}

/// A map of texts.
pub(crate) fn map(field: &'static str, entries: &[MapEntry]) -> Result<LabelSet, DecodeError> {
    let pairs: Result<Vec<(Name, Name)>, DecodeError> = entries
        .iter()
        .map(|entry| Ok((Name::from(text(field, &entry.key)?), Name::from(text(field, &entry.value)?))))
        .collect();
    Ok(LabelSet::new(pairs?))
}

/// The value of a key in a map of texts; of several the last one, as in a map that is filled in order.
pub(crate) fn value<'a>(entries: &'a [MapEntry], key: &str) -> Option<&'a Bytes> {
    entries.iter().rev().find(|entry| entry.key == key.as_bytes()).map(|entry| &entry.value)
}

/// Names, such as finalizers.
pub(crate) fn names(field: &'static str, texts: &[Bytes]) -> Result<Box<[Name]>, DecodeError> {
    texts.iter().map(|name| Ok(Name::from(text(field, name)?))).collect()
}

/// An owner. Whatever a client wrote there is data: it can only fail to be ours.
fn owner(reference: &meta::OwnerReference) -> OwnerReference {
    OwnerReference {
        api_version: lossy(&reference.api_version).into(),
        kind: lossy(&reference.kind).into(),
        name: lossy(&reference.name).into(),
        uid: owner_uid(reference),
        controller: reference.controller.unwrap_or(false),
    }
}

/// The UID in an owner reference.
pub(crate) fn owner_uid(reference: &meta::OwnerReference) -> Option<Uid> {
    std::str::from_utf8(&reference.uid).ok().and_then(|uid| Uid::parse(uid).ok())
}
