//! Metadata: identity, labels, owners.

use bytes::Bytes;
use mainstay_model::{Kind, LabelSet, Meta, Name, ObjectName, OwnerReference, ResourceVersion, Uid};
use prost::Message;

use crate::error::DecodeError;
use crate::protobuf::meta::{self, KeptMeta, MapEntry, ObjectMeta};
use crate::time;

/// A text that must be UTF-8.
pub(crate) fn text<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::NotText { field })
}

/// The bytes of a text.
pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// A text in which what is not UTF-8 is replaced: for words that are shown or compared, never used as a key.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A text that must be UTF-8 and not empty.
fn required<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
    if bytes.is_empty() { Err(DecodeError::Missing { field }) } else { text(field, bytes) }
}

/// Name and, where the kind has that, namespace.
pub(crate) fn object_name(kind: Kind, metadata: &ObjectMeta) -> Result<ObjectName, DecodeError> {
    let name = required("metadata.name", &metadata.name)?;
    let namespace =
        if kind.is_namespaced() { required("metadata.namespace", &metadata.namespace)? } else { "" };
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
pub(crate) fn meta(kind: Kind, metadata: &ObjectMeta) -> Result<Meta, DecodeError> {
    Ok(Meta {
        name: object_name(kind, metadata)?,
        uid: uid(metadata)?,
        version: version(&metadata.resource_version)?,
        generation: metadata.generation,
        labels: map("metadata.labels", &metadata.labels)?,
        owners: metadata.owner_references.iter().map(owner).collect(),
        created: time::from_time(metadata.creation_timestamp.as_ref()),
        deleting: time::from_time(metadata.deletion_timestamp.as_ref()),
    })
}

/// The metadata of an object that is written as a whole: what it means, and what an update must hand back as it came.
/// The latter is copied out of what was received, which it would else keep alive.
pub(crate) fn read_and_kept(raw: &Bytes) -> Result<(ObjectMeta, Bytes), DecodeError> {
    let malformed = |source| DecodeError::Malformed { field: "metadata", source };
    let read = ObjectMeta::decode(raw.clone()).map_err(malformed)?;
    let kept = KeptMeta::decode(raw.clone()).map_err(malformed)?;
    Ok((read, kept.encode_to_vec().into()))
}

/// A text, `None` where it is empty, for fields that cannot say whether they were left out.
pub(crate) fn nonempty(field: &'static str, bytes: &[u8]) -> Result<Option<Name>, DecodeError> {
    let text = text(field, bytes)?;
    Ok(if text.is_empty() { None } else { Some(text.into()) })
}

/// A text that may have been left out; one that is there and empty stays so.
pub(crate) fn optional(field: &'static str, bytes: Option<&Bytes>) -> Result<Option<Name>, DecodeError> {
    bytes.map(|bytes| Ok(Name::from(text(field, bytes)?))).transpose()
}

/// A protocol of the transport layer, and what the API makes of one that was left out.
pub(crate) fn protocol(field: &'static str, bytes: &[u8]) -> Result<Name, DecodeError> {
    Ok(nonempty(field, bytes)?.unwrap_or_else(|| Name::from("TCP")))
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
