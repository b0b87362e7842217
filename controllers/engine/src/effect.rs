//! What the brain wants done.

use mainstay_model::{EventRecord, Read, Write};

use crate::clock::Moment;
use crate::notice::Notice;
use crate::rivals::RivalRequest;
use crate::source::Source;

/// Names a dispatched write until its outcome comes back. Never used again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct WriteId(pub u64);

/// Names a live read until its outcome comes back. Never used again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ReadId(pub u64);

/// Something to do outside. Each request is answered by exactly one input, whatever happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send this write now, unless the moment has passed; answered by `Input::Write`.
    Write {
        /// Names it.
        id: WriteId,
        /// What to send.
        write: Write,
        /// Leadership ends then: not to be sent later (answer: `NotSent`).
        deadline: Moment,
        /// When the change arrived that this write is the first answer to; `None` for further writes of the same plan, and for
        /// what no change has caused. It is measured and decides nothing.
        changed: Option<Moment>,
    },
    /// Read this object consistently; answered by `Input::Read`.
    Read {
        /// Names it.
        id: ReadId,
        /// What to read.
        read: Read,
    },
    /// Store this event; not answered.
    Event(EventRecord),
    /// Drop the watch and list again from the newest version; answered by `SourceEvent::Listed` when that succeeds.
    Relist(Source),
    /// Read the source's newest version consistently; answered by `Input::NewestVersion`.
    ReadNewestVersion {
        /// The source.
        source: Source,
        /// When this is asked, to be told with the answer.
        asked: Moment,
    },
    /// Write this to the log; not answered.
    Notice(Notice),
    /// Look for rivals; answered by `Input::Rivals`.
    Rivals(RivalRequest),
    /// Page through the source's metadata; answered by `Input::Audited` or `Input::AuditFailed`.
    Audit(Source),
}
