//! Whether what the store says of a service is still so, which is asked before anything is deleted on its word.
//!
//! Services, Endpoints and slices are watched separately. Where the watch of services is behind, as after a change of leader, a service that was
//! deleted and made anew looks like the old one or like none, and what belongs to the new one like something left behind.

use mainstay_engine::Memory;
use mainstay_model::{Kind, ObjectName, Read, ReadOutcome, Service};

/// What is known of a service past the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    /// Nothing yet: this is to be read first.
    Ask(Read),
    /// The server says the same.
    Kept,
    /// The server says something else. The watch will say so, too, and call for another plan.
    Broken,
    /// The server has not answered, for this reason.
    Unknown(String),
}

/// What the answers to the last plan's reads say of the service of that name, which is so in the store.
pub(crate) fn of_service(key: &ObjectName, stored: Option<&Service>, memory: &Memory) -> Word {
    let read = Read { kind: Kind::Service, object: key.clone() };
    let Some((_, answer)) = memory.answers.iter().find(|(asked, _)| *asked == read) else {
        return Word::Ask(read);
    };
    let is_same = match (answer, stored) {
        (ReadOutcome::Failed { message }, _) => return Word::Unknown(message.clone()),
        (ReadOutcome::NotFound, stored) => stored.is_none(),
        (ReadOutcome::Found(found), Some(stored)) => {
            (found.uid, found.version) == (stored.meta.uid, stored.meta.version)
        }
        (ReadOutcome::Found(_), None) => false,
    };
    if is_same { Word::Kept } else { Word::Broken }
}
