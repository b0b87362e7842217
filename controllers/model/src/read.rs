//! Live reads: the few questions that a cache must not answer.

use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::name::ObjectName;

/// A consistent GET of one object, past every cache.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Read {
    /// The kind.
    pub kind: Kind,
    /// The object.
    pub object: ObjectName,
}

/// What a live read found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadOutcome {
    /// The object is there.
    Found(Found),
    /// The object is not there (404).
    NotFound,
    /// No answer, or an error other than 404.
    Failed {
        /// What went wrong, for people.
        message: String,
    },
}

/// The facts that live reads are made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The identity of what bears the name now.
    pub uid: Uid,
    /// Its version.
    pub version: ResourceVersion,
    /// Whether its deletion has been asked for.
    pub deleting: bool,
    /// The UID of its controller, if it has one.
    pub controller: Option<Uid>,
}
