//! Watch streams: frames, and what is in them.

use bytes::{Buf, Bytes, BytesMut};
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion, Tombstone};
use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::convert::metadata::{self, bytes};
use crate::convert::object;
use crate::envelope;
use crate::error::{DecodeError, FrameError};
use crate::json;
use crate::protobuf::meta::WatchEvent;
use crate::status::ServerStatus;

/// No object comes near this: etcd refuses what is longer than a few megabytes.
const FRAME_LIMIT: usize = 64 * 1024 * 1024;
/// Memory beyond this is given back when the stream is idle.
const IDLE_CAPACITY: usize = 1024 * 1024;
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One event of a watch.
#[derive(Clone, PartialEq, Debug)]
pub enum Frame {
    /// An object was created or changed.
    Applied(Object),
    /// An object was deleted, or does not match the watch any more.
    Deleted(Tombstone),
    /// Everything up to that version has been sent.
    Bookmark {
        /// The version.
        version: ResourceVersion,
        /// Whether this ends the initial events of a watch that began with a list.
        initial_events_end: bool,
    },
    /// The server ends the watch; code 410 says that the version asked for is too old.
    Error(ServerStatus),
    /// Something happened to an object that cannot be read.
    Unreadable {
        /// The object, where at least its name could be read.
        object: Option<ObjectName>,
        /// Its version, where that could be read.
        version: Option<ResourceVersion>,
        /// What is wrong.
        error: DecodeError,
    },
}

/// Cuts the body of a watch into frames, whatever the pieces are in which it arrives. In protobuf the length of each goes before
/// it; in JSON each is a line.
#[derive(Debug)]
pub struct FrameDecoder {
    kind: Kind,
    buffer: BytesMut,
    /// How much of the buffer is known to have no end of a line.
    searched: usize,
}

impl FrameDecoder {
    /// A decoder for the watch of a kind.
    pub fn new(kind: Kind) -> FrameDecoder {
        FrameDecoder { kind, buffer: BytesMut::new(), searched: 0 }
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, piece: Bytes) {
        self.buffer.extend_from_slice(&piece);
    }

    /// The next frame; `None` until more of the body has been pushed. After an error there is nothing more to be had:
    /// each further call answers the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that says None is at its end, this may go on"
    )]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let bytes = if self.kind.is_custom() { self.line()? } else { self.message()? };
        let Some(bytes) = bytes else { return Ok(None) };
        let frame = decode(self.kind, bytes);
        if self.buffer.is_empty() && self.buffer.capacity() > IDLE_CAPACITY {
            self.buffer = BytesMut::new();
        }
        Ok(Some(frame))
    }

    fn message(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = within_limit(usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX))?;
        if self.buffer.len() - head.len() < length {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// A line that is not blank. What was searched before is not searched again: a long line may come in many pieces.
    fn line(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            let mut unsearched = self.buffer.iter().skip(self.searched);
            let Some(more) = unsearched.position(|byte| *byte == b'\n') else {
                self.searched = within_limit(self.buffer.len())?;
                return Ok(None);
            };
            let length = within_limit(self.searched + more)?;
            self.searched = 0;
            let line = self.buffer.split_to(length).freeze();
            self.buffer.advance(1);
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    /// Whether part of a frame is waiting for the rest: a stream that ends here was cut off.
    pub fn is_inside_frame(&self) -> bool {
        !self.buffer.is_empty()
    }
}

fn within_limit(length: usize) -> Result<usize, FrameError> {
    if length > FRAME_LIMIT { Err(FrameError::TooLong { length, limit: FRAME_LIMIT }) } else { Ok(length) }
}

/// An event, its object still bytes.
struct Event {
    event_type: Bytes,
    object_kind: Bytes,
    object: Bytes,
}

#[derive(Deserialize)]
struct JsonEvent<'a> {
    #[serde(rename = "type", default)]
    event_type: String,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct JsonTypeMeta {
    #[serde(default)]
    kind: String,
}

fn decode(kind: Kind, bytes: Bytes) -> Frame {
    event(kind, bytes).unwrap_or_else(|error| Frame::Unreadable { object: None, version: None, error })
}

fn open(bytes: Bytes) -> Result<Event, DecodeError> {
    let event = WatchEvent::decode(bytes)
        .map_err(|source| DecodeError::Malformed { field: "watch event", source })?;
    let object = event.object.ok_or(DecodeError::Missing { field: "object" })?;
    let unknown = envelope::open("object", object.raw)?;
    let object_kind = unknown.type_meta.unwrap_or_default().kind;
    Ok(Event { event_type: event.event_type, object_kind, object: unknown.raw })
}

fn open_json(line: Bytes) -> Result<Event, DecodeError> {
    let event: JsonEvent<'_> =
        serde_json::from_slice(&line).map_err(|error| json::malformed("watch event", &error))?;
    let object = bytes(event.object.ok_or(DecodeError::Missing { field: "object" })?.get());
    let type_meta: JsonTypeMeta = json::parse("object", &object)?;
    Ok(Event { event_type: event.event_type.into(), object_kind: type_meta.kind.into(), object })
}

fn event(kind: Kind, bytes: Bytes) -> Result<Frame, DecodeError> {
    let Event { event_type, object_kind, object: raw } =
        if kind.is_custom() { open_json(bytes)? } else { open(bytes)? };
    if object_kind == "Status" {
        let status =
            if kind.is_custom() { ServerStatus::from_json(&raw) } else { ServerStatus::from_protobuf(raw) };
        return status.map(Frame::Error).ok_or_else(|| DecodeError::Invalid {
            field: "object",
            message: "a Status that cannot be read".to_owned(),
        });
    }
    envelope::expect_kind(kind.name(), &object_kind)?;
    let read = match &*event_type {
        b"ADDED" | b"MODIFIED" => object::object(kind, raw.clone()).map(Frame::Applied),
        b"DELETED" => tombstone(kind, raw.clone()).map(Frame::Deleted),
        b"BOOKMARK" => bookmark(kind, raw.clone()),
        other => Err(DecodeError::Invalid {
            field: "type",
            message: format!("{:?} is no type of watch event", String::from_utf8_lossy(other)),
        }),
    };
    Ok(read.unwrap_or_else(|error| {
        let (object, version) = object::identity(kind, raw);
        Frame::Unreadable { object, version, error }
    }))
}

/// Nothing but the metadata is read: whatever else may be wrong with an object, it is gone.
fn tombstone(kind: Kind, raw: Bytes) -> Result<Tombstone, DecodeError> {
    let metadata = object::metadata(kind, raw)?;
    Ok(Tombstone {
        kind,
        name: metadata::object_name(kind, &metadata)?,
        uid: metadata::uid(&metadata)?,
        version: metadata::version(&metadata.resource_version)?,
    })
}

fn bookmark(kind: Kind, raw: Bytes) -> Result<Frame, DecodeError> {
    let metadata = object::metadata(kind, raw)?;
    Ok(Frame::Bookmark {
        version: metadata::version(&metadata.resource_version)?,
        initial_events_end: metadata::value(&metadata.annotations, INITIAL_EVENTS_END)
            .is_some_and(|value| value == "true"),
    })
}
