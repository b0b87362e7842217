//! Makes few stored events out of many that are said, with client-go's limits: equal events are counted, similar ones
//! combined, and an object about which too much is said falls silent for a while.
//!
//! Mirrors `EventCorrelator` of client-go's `tools/record`. Two differences, both on purpose: the messages that stand
//! for themselves stay the same ones while later ones are combined (upstream forgets one at random), and a record of
//! which nothing was sent yet is created by the first event that passes the filter.

mod gathering;
mod recent;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::{
    Event, EventForm, EventRecord, EventType, Name, ObjectName, ObjectReference, Timestamp,
};

use crate::clock::{Moment, Now};
use crate::random::mix;
pub use gathering::Gathering;
use recent::Recent;

/// What stands before the message of a record that combines several.
const COMBINED_PREFIX: &str = "(combined from similar events): ";
/// The longest name that the API accepts for an object.
const NAME_LIMIT: usize = 253;

/// The limits. The default ones are client-go's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CorrelatorSettings {
    /// How many events about one object may be sent at once.
    pub burst: u32,
    /// After how long one more may be sent.
    pub refill: Duration,
    /// The how-manieth different message of similar events is combined with those that follow.
    pub combine_from: usize,
    /// After how long a silence similar events stand for themselves again.
    pub combine_within: Duration,
    /// For how many objects, similar events and equal events each the past is remembered.
    pub capacity: usize,
}

impl Default for CorrelatorSettings {
    fn default() -> CorrelatorSettings {
        CorrelatorSettings {
            burst: 25,
            refill: Duration::from_secs(300),
            combine_from: 10,
            combine_within: Duration::from_secs(600),
            capacity: 4096,
        }
    }
}

/// Whether a record combines similar events.
fn is_combined(record: &EventRecord) -> bool {
    record.event.message.starts_with(COMBINED_PREFIX)
}

/// What was said lately.
#[derive(Debug)]
pub struct Correlator {
    settings: CorrelatorSettings,
    /// Makes the names of this process differ from those of another.
    seed: u64,
    /// How many names have been given.
    named: u64,
    dropped: u64,
    /// Per speaker and object: the moment at which the bucket is full again.
    full_again: Recent<Speech, Moment>,
    similar: Recent<Similar, Messages>,
    equal: Recent<Equal, Counted>,
}

/// Who speaks about what, and how: the key of the spam filter. Warnings leave room for what goes well (client-go: `getSpamKey` in
/// tools/record/events_cache.go).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Speech {
    component: &'static str,
    kind: mainstay_model::Kind,
    object: ObjectName,
    uid: mainstay_model::Uid,
    event_type: EventType,
}

/// What similar events have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Similar {
    speech: Speech,
    reason: &'static str,
}

/// What equal events have in common; the message is `None` for the combination of similar ones.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Equal {
    similar: Similar,
    message: Option<Name>,
}

/// The different messages of similar events that stand for themselves.
#[derive(Debug)]
struct Messages {
    texts: BTreeSet<Name>,
    last: Moment,
}

/// The stored record of equal events.
#[derive(Debug)]
struct Counted {
    name: ObjectName,
    count: i32,
    first: Timestamp,
    sent: bool,
}

impl Correlator {
    /// Knows of no event yet. Processes that may write about the same objects need different seeds, or the names of
    /// their events collide.
    pub fn new(settings: CorrelatorSettings, seed: u64) -> Correlator {
        Correlator {
            settings,
            seed,
            named: 0,
            dropped: 0,
            full_again: Recent::new(settings.capacity),
            similar: Recent::new(settings.capacity),
            equal: Recent::new(settings.capacity),
        }
    }

    /// What is to be stored of this event; `None` if too much has been said about its object.
    pub fn correlate(&mut self, mut event: Event, now: Now) -> Option<EventRecord> {
        let similar = Similar::of(&event);
        let message = self.own_message(&similar, &event.message, now.moment);
        if message.is_none() {
            event.message.insert_str(0, COMBINED_PREFIX);
        }
        let passes = self.passes(&similar.speech, now.moment);
        let (seed, named) = (self.seed, &mut self.named);
        let counted = self.equal.get_or_insert_with(Equal { similar, message }, || {
            *named = named.wrapping_add(1);
            let name = event_name(&event.regarding, mix(seed.wrapping_add(*named)));
            Counted { name, count: 0, first: now.wall, sent: false }
        });
        counted.count = counted.count.saturating_add(1);
        if !passes {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        }
        let form = if counted.sent { EventForm::CountUp } else { EventForm::Create };
        counted.sent = true;
        Some(EventRecord {
            name: counted.name.clone(),
            event,
            count: counted.count,
            first: counted.first,
            last: now.wall,
            form,
        })
    }

    /// How many events were not stored because too much had been said about their objects.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The message under which the event is counted, or `None` if it is one of too many similar ones.
    fn own_message(&mut self, similar: &Similar, message: &str, moment: Moment) -> Option<Name> {
        let messages = self
            .similar
            .get_or_insert_with(similar.clone(), || Messages { texts: BTreeSet::new(), last: moment });
        if moment.since(messages.last) > self.settings.combine_within {
            messages.texts.clear();
        }
        messages.last = moment;
        if let Some(known) = messages.texts.get(message) {
            return Some(known.clone());
        }
        if messages.texts.len().saturating_add(1) >= self.settings.combine_from {
            return None;
        }
        let new = Name::from(message);
        messages.texts.insert(new.clone());
        Some(new)
    }

    /// Takes a token from the object's bucket, if there is one.
    fn passes(&mut self, speech: &Speech, moment: Moment) -> bool {
        let CorrelatorSettings { burst, refill, .. } = self.settings;
        let full_again = self.full_again.get_or_insert_with(speech.clone(), || moment);
        let then = (*full_again).max(moment).after(refill);
        if then.since(moment) > refill.saturating_mul(burst) {
            return false;
        }
        *full_again = then;
        true
    }
}

impl Similar {
    fn of(event: &Event) -> Similar {
        let Event { regarding, event_type, reason, message: _, component } = event;
        let ObjectReference { kind, object, uid, version: _ } = regarding;
        let event_type = *event_type;
        let speech = Speech { component, kind: *kind, object: object.clone(), uid: *uid, event_type };
        Similar { speech, reason }
    }
}

/// The object's name, shortened if it must be, and a number that is used once. Events about objects without a
/// namespace are kept in `default`, as everybody does.
fn event_name(regarding: &ObjectReference, number: u64) -> ObjectName {
    let ObjectName { namespace, name } = &regarding.object;
    let namespace = if namespace.is_empty() { Name::from("default") } else { namespace.clone() };
    let suffix = format!("{number:016x}");
    let room = NAME_LIMIT.saturating_sub(suffix.len()).saturating_sub(1);
    let start = name.get(..name.floor_char_boundary(room)).unwrap_or_default();
    let start = start.trim_end_matches(|last: char| !last.is_ascii_alphanumeric());
    ObjectName::new(namespace, format!("{start}.{suffix}"))
}
