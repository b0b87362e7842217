//! Kubernetes events: what a controller tells the user.

use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::meta::Meta;
use crate::name::ObjectName;
use crate::time::Timestamp;

/// An event about an object, before it is correlated, counted and sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What it is about.
    pub regarding: ObjectReference,
    /// Normal or Warning.
    pub event_type: EventType,
    /// A word in CamelCase that machines may rely on.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The component that speaks, `source.component`.
    pub component: &'static str,
}

/// The object that an event is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ObjectReference {
    /// The kind.
    pub kind: Kind,
    /// Namespace and name.
    pub object: ObjectName,
    /// The UID.
    pub uid: Uid,
    /// The version that the speaker saw.
    pub version: ResourceVersion,
}

impl ObjectReference {
    /// The reference to this object, as it was seen.
    pub fn of(kind: Kind, meta: &Meta) -> ObjectReference {
        ObjectReference { kind, object: meta.name.clone(), uid: meta.uid, version: meta.version }
    }
}

/// How serious an event is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventType {
    /// All is well.
    Normal,
    /// Somebody should look.
    Warning,
}

impl EventType {
    /// The value of the event's `type` field.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}

/// An event as it is stored: what the correlator made of one or more [`Event`]s.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRecord {
    /// The event object's own name.
    pub name: ObjectName,
    /// What is said; the message carries a prefix where similar events were combined.
    pub event: Event,
    /// How often it was said.
    pub count: i32,
    /// When it was said first.
    pub first: Timestamp,
    /// When it was said last.
    pub last: Timestamp,
    /// Whether the object is to be made, or one that was made before is to be counted up.
    pub form: EventForm,
}

/// How an event record is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventForm {
    /// POST a new object.
    Create,
    /// PATCH count, message and last time of the object with that name; where it is gone (404), create it.
    CountUp,
}
