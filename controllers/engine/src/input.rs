//! What the brain is told.

use std::time::Duration;

use mainstay_model::{Object, ObjectName, ReadOutcome, ResourceVersion, Tombstone, Uid, WriteOutcome};

use crate::clock::Moment;
use crate::effect::{ReadId, WriteId};
use crate::rivals::RivalAnswer;
use crate::source::Source;

/// Everything that can happen to the brain.
#[derive(Clone, Debug)]
pub enum Input {
    /// A watch or a list said something.
    Source(Source, SourceEvent),
    /// A write has ended.
    Write {
        /// Which.
        id: WriteId,
        /// How.
        outcome: WriteOutcome,
        /// From dispatch to answer.
        took: Duration,
    },
    /// A live read has ended.
    Read {
        /// Which.
        id: ReadId,
        /// What was found.
        outcome: ReadOutcome,
    },
    /// The newest version of a source, read consistently after the request for it.
    NewestVersion {
        /// The source.
        source: Source,
        /// When that was asked: the answer says nothing about later questions.
        asked: Moment,
        /// The version; `None` if that failed.
        version: Option<ResourceVersion>,
    },
    /// A whole pass over a source's metadata.
    Audited {
        /// The source.
        source: Source,
        /// Everything that exists at `version`.
        entries: Vec<AuditEntry>,
        /// The version of the list.
        version: ResourceVersion,
    },
    /// A pass over a source's metadata could not be completed.
    AuditFailed(Source),
    /// What the search for rivals found or did.
    Rivals(RivalAnswer),
    /// This process leads until then, unless it hears of a later time before. Never sent after [`Input::LeadershipLost`].
    LeadingUntil(Moment),
    /// This process does not lead any more. For good: the process ends.
    LeadershipLost,
    /// Stop planning; let what was sent be answered.
    Stop,
    /// Nothing but the passing of time.
    Tick,
}

/// What a source reports.
#[derive(Clone, Debug)]
pub enum SourceEvent {
    /// The complete content at one version; what the store has beyond it is gone.
    Listed(Listing),
    /// An object was created or changed.
    Applied(Object),
    /// An object was deleted.
    Deleted(Tombstone),
    /// Everything up to that version has been delivered.
    Progress(ResourceVersion),
    /// The stream is interrupted; what the store has is as old as its progress.
    Interrupted,
}

/// A complete list.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Every object that could be read.
    pub objects: Vec<Object>,
    /// Objects that are there but could not be read: what the store knows of them stays.
    pub unreadable: Vec<ObjectName>,
    /// The version of the list.
    pub version: ResourceVersion,
    /// When the list was asked for. Acknowledgements before that moment are in it.
    pub begun: Moment,
}

/// One object in an audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its identity.
    pub uid: Uid,
    /// Its version.
    pub version: ResourceVersion,
}
