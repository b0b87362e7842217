//! Counts that are raised wait for those that follow: a storm of events costs a write now and then, and not one each.
//!
//! client-go writes each count as it comes. What is stored in the end is the same: a record carries the whole count and the
//! time of the last event, so only the last of several is needed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use mainstay_model::{EventRecord, ObjectName};

use crate::clock::Moment;

/// For how long the first of them waits. Nobody reads events more often.
const PATIENCE: Duration = Duration::from_secs(1);

/// Records whose count is to be raised, each once.
#[derive(Debug, Default)]
pub struct Gathering {
    records: BTreeMap<ObjectName, EventRecord>,
    /// In the order in which they came, and so in that of the moments.
    due: VecDeque<(Moment, ObjectName)>,
}

impl Gathering {
    /// Keeps a record for a while, in the place of an earlier one of the same name.
    pub fn hold(&mut self, record: EventRecord, now: Moment) {
        let name = record.name.clone();
        if self.records.insert(name.clone(), record).is_none() {
            self.due.push_back((now.after(PATIENCE), name));
        }
    }

    /// Those that have waited long enough, in the order in which they came.
    pub fn due(&mut self, now: Moment) -> Vec<EventRecord> {
        let count = self.due.iter().take_while(|(due, _)| *due <= now).count();
        self.take(count)
    }

    /// All of them, since the process ends.
    pub fn rest(&mut self) -> Vec<EventRecord> {
        self.take(self.due.len())
    }

    /// When the next one has waited long enough.
    pub fn wake_at(&self) -> Option<Moment> {
        self.due.front().map(|(due, _)| *due)
    }

    fn take(&mut self, count: usize) -> Vec<EventRecord> {
        let Gathering { records, due } = self;
        due.drain(..count).filter_map(|(_, name)| records.remove(&name)).collect()
    }
}
