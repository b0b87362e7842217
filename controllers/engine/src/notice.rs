//! What the brain has to say to whoever keeps the log.

use std::fmt;

use mainstay_model::{ObjectName, ResourceVersion};

use crate::rivals::Standing;
use crate::source::Source;

/// Something that an operator may want to read. The text of a notice never holds an object's content, only names and the server's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A plan panicked; the key is tried again later.
    PlanPanicked {
        /// The controller.
        controller: &'static str,
        /// The key.
        key: ObjectName,
        /// What the panic said.
        message: String,
    },
    /// A plan found a fault that no write can mend.
    Fault {
        /// The controller.
        controller: &'static str,
        /// The key.
        key: ObjectName,
        /// What is wrong.
        message: String,
    },
    /// A write failed; the key is tried again later.
    WriteFailed {
        /// The controller.
        controller: &'static str,
        /// The key.
        key: ObjectName,
        /// What was tried.
        verb: &'static str,
        /// The object that it was for.
        object: ObjectName,
        /// The server's words, or what happened on the way.
        message: String,
    },
    /// A controller that acts only while nobody else does has begun or ended to act, or is passive for another reason.
    Standing {
        /// The controller.
        controller: &'static str,
        /// How it stands.
        standing: Standing,
    },
    /// The audit found changes that the watch never delivered; the source is listed again.
    EventsLost {
        /// The source.
        source: Source,
        /// How many objects.
        objects: usize,
    },
    /// A source's version went back; gates are dropped and everything is planned anew.
    VersionWentBack {
        /// The source.
        source: Source,
        /// The version that was seen before.
        from: ResourceVersion,
        /// The version that it has now.
        to: ResourceVersion,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::PlanPanicked { controller, key, message } => {
                write!(f, "{controller}: planning {key} panicked: {message}")
            }
            Notice::Fault { controller, key, message } => write!(f, "{controller}: {key}: {message}"),
            Notice::WriteFailed { controller, key, verb, object, message } => {
                write!(f, "{controller}: {key}: {verb} of {object} failed: {message}")
            }
            Notice::Standing { controller, standing } => write!(f, "{controller}: {standing}"),
            Notice::EventsLost { source, objects } => write!(
                f,
                "the watch of {} lost changes of {objects} objects; listing them again",
                source.kind.plural()
            ),
            Notice::VersionWentBack { source, from, to } => write!(
                f,
                "the version of {} went back from {from} to {to}, as after a restore of etcd; rebuilding",
                source.kind.plural()
            ),
        }
    }
}
