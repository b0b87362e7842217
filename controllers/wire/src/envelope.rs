//! The frame around every protobuf message of Kubernetes: four bytes of magic, then a runtime.Unknown.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

use crate::error::DecodeError;
use crate::protobuf::runtime::{TypeMeta, Unknown};

/// How every message begins.
pub(crate) const MAGIC: &[u8] = b"k8s\0";

/// Whether bytes begin as a message does.
pub(crate) fn is_protobuf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Takes the envelope off; what is inside shares its memory with `bytes`.
pub(crate) fn open(field: &'static str, mut bytes: Bytes) -> Result<Unknown, DecodeError> {
    if !is_protobuf(&bytes) {
        return Err(DecodeError::NotProtobuf { field });
    }
    let message = bytes.split_off(MAGIC.len());
    let unknown = Unknown::decode(message).map_err(|source| DecodeError::Malformed { field, source })?;
    if !unknown.content_encoding.is_empty() {
        let encoding = String::from_utf8_lossy(&unknown.content_encoding).into_owned();
        return Err(DecodeError::UnknownEncoding { field, encoding });
    }
    Ok(unknown)
}

/// Takes the envelope off a message that must be of that kind.
pub(crate) fn open_kind(field: &'static str, kind: &str, bytes: Bytes) -> Result<Bytes, DecodeError> {
    let unknown = open(field, bytes)?;
    expect_kind(kind, unknown.kind())?;
    Ok(unknown.raw)
}

/// Refuses what is of another kind.
pub(crate) fn expect_kind(kind: &str, found: &[u8]) -> Result<(), DecodeError> {
    if found == kind.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found).into_owned();
    Err(DecodeError::UnexpectedKind { expected: kind.to_owned(), found })
}

/// Puts the envelope around the encoding of a message.
pub(crate) fn seal(api_version: &'static str, kind: &'static str, message: &impl Message) -> Bytes {
    let type_meta = TypeMeta {
        api_version: Bytes::from_static(api_version.as_bytes()),
        kind: Bytes::from_static(kind.as_bytes()),
    };
    let length = message.encoded_len();
    // Two tags of one byte, two lengths of at most ten.
    let mut buffer = BytesMut::with_capacity(MAGIC.len() + type_meta.encoded_len() + length + 22);
    buffer.put_slice(MAGIC);
    put_message(1, &type_meta, &mut buffer);
    put_message(2, message, &mut buffer);
    buffer.freeze()
}

/// Writes one field that holds a message. A `BytesMut` grows as needed, so that encoding into it cannot fail.
fn put_message(tag: u8, message: &impl Message, buffer: &mut BytesMut) {
    const LENGTH_DELIMITED: u8 = 2;
    buffer.put_u8(tag << 3 | LENGTH_DELIMITED);
    buffer.put_slice(&message.encode_length_delimited_to_vec());
}
