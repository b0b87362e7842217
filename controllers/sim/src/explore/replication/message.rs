//! What is on its way between managers and the server.

use std::fmt;

use mainstay_engine::{Input, Listing, Moment, ReadId, WriteId};
use mainstay_model::{Kind, Read, ReadOutcome, ResourceVersion, Write, WriteOutcome};

/// Something on its way.
#[derive(Clone)]
pub(super) struct Message {
    /// Which manager it comes from or goes to.
    pub manager: usize,
    /// Whether nobody waits for an answer any more, and why.
    pub orphaned: Option<Orphaned>,
    pub content: Content,
}

/// Why nobody waits for an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Orphaned {
    /// The sender has crashed.
    Crashed,
    /// The sender has given up; it sent the request at that moment on its own clock.
    GivenUp(Moment),
}

#[derive(Clone)]
pub(super) enum Content {
    /// To the server.
    Write { id: WriteId, write: Write, sent: Moment },
    /// To the server.
    Read(ReadId, Read),
    /// To the server.
    AskNewest(Kind, Moment),
    /// To the server; asked for at that moment.
    AskList(Kind, Moment),
    /// To the manager.
    Written { id: WriteId, write: Write, outcome: WriteOutcome },
    /// To the manager.
    WasRead { id: ReadId, read: Read, outcome: ReadOutcome },
    /// To the manager.
    Newest(Kind, Moment, ResourceVersion),
    /// To the manager.
    Listed(Kind, Listing),
}

impl Content {
    /// Whether it is a request.
    pub fn is_to_server(&self) -> bool {
        match self {
            Content::Write { .. } | Content::Read(..) | Content::AskNewest(..) | Content::AskList(..) => true,
            Content::Written { .. } | Content::WasRead { .. } | Content::Newest(..) | Content::Listed(..) => {
                false
            }
        }
    }

    /// The number of the request that it is or answers, if it has one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Content::Write { id, .. } | Content::Written { id, .. } => Some(id.0),
            Content::Read(id, _) | Content::WasRead { id, .. } => Some(id.0),
            Content::AskNewest(..) | Content::Newest(..) | Content::AskList(..) | Content::Listed(..) => None,
        }
    }

    /// The write that it is about.
    pub fn write(&self) -> Option<(WriteId, &Write)> {
        match self {
            Content::Write { id, write, .. } | Content::Written { id, write, .. } => Some((*id, write)),
            _ => None,
        }
    }

    /// The list that it is about.
    pub fn list(&self) -> Option<Kind> {
        match self {
            Content::AskList(kind, _) | Content::Listed(kind, _) => Some(*kind),
            _ => None,
        }
    }
}

/// Shown without the numbers of requests, which are only names.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} ", self.manager, self.orphaned)?;
        match &self.content {
            Content::Write { write, sent, .. } => write!(f, "write {write:?} {sent:?}"),
            Content::Read(_, read) => write!(f, "read {read:?}"),
            Content::AskNewest(kind, asked) => write!(f, "newest {kind} at {asked:?}"),
            Content::AskList(kind, begun) => write!(f, "list {kind} {begun:?}"),
            Content::Written { write, outcome, .. } => write!(f, "written {write:?} {outcome:?}"),
            Content::WasRead { read, outcome, .. } => write!(f, "was read {read:?} {outcome:?}"),
            Content::Newest(kind, asked, version) => write!(f, "newest {kind} at {asked:?} {version:?}"),
            Content::Listed(kind, listing) => write!(f, "listed {kind} {listing:?}"),
        }
    }
}

/// In words, for paths.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.orphaned, self.content.is_to_server()) {
            (Some(Orphaned::Crashed), _) => write!(f, "from manager {}, which has crashed: ", self.manager)?,
            (Some(Orphaned::GivenUp(_)), _) => write!(f, "late from manager {}: ", self.manager)?,
            (None, true) => write!(f, "from manager {}: ", self.manager)?,
            (None, false) => write!(f, "to manager {}: ", self.manager)?,
        }
        match &self.content {
            Content::Write { write, .. } => write!(f, "{} {}", write.verb(), write.object()),
            Content::Read(_, read) => write!(f, "read {} {}", read.kind, read.object),
            Content::AskNewest(kind, _) => write!(f, "ask for the newest version of {}", kind.plural()),
            Content::AskList(kind, _) => write!(f, "ask for a list of {}", kind.plural()),
            Content::Written { write, outcome, .. } => {
                let outcome = match outcome {
                    WriteOutcome::Acknowledged { .. } => "done",
                    WriteOutcome::Refused(refusal) => refusal.message(),
                    WriteOutcome::Unknown { message } | WriteOutcome::NotSent { message } => message,
                };
                write!(f, "{} {}: {outcome}", write.verb(), write.object())
            }
            Content::WasRead { read, outcome, .. } => {
                let outcome = match outcome {
                    ReadOutcome::Found(_) => "found",
                    ReadOutcome::NotFound => "not found",
                    ReadOutcome::Failed { message } => message,
                };
                write!(f, "read {} {}: {outcome}", read.kind, read.object)
            }
            Content::Newest(kind, _, version) => {
                write!(f, "the newest version of {}: {version}", kind.plural())
            }
            Content::Listed(kind, listing) => {
                write!(f, "{} {} at {}", listing.objects.len(), kind.plural(), listing.version)
            }
        }
    }
}

/// What the brain hears of it.
pub(super) fn unknown(id: WriteId) -> Input {
    let outcome = WriteOutcome::Unknown { message: "no answer".to_owned() };
    Input::Write { id, outcome, took: std::time::Duration::ZERO }
}
