//! What combines several events waits for those that follow: a storm of events costs a write now and then, and not one each.
//!
//! client-go writes each count as it comes. What is stored in the end is the same: a record carries the whole count and the
//! time of the last event, so only the last of several is needed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use mainstay_model::{EventForm, EventRecord, ObjectName};

use super::is_combined;
use crate::clock::Moment;

/// For how long the first of them waits. Nobody reads events more often.
const PATIENCE: Duration = Duration::from_secs(1);

/// Records that speak of several events, each once.
#[derive(Debug, Default)]
pub struct Gathering {
    records: BTreeMap<ObjectName, EventRecord>,
    /// In the order in which they came, and so in that of the moments.
    due: VecDeque<(Moment, ObjectName)>,
}

impl Gathering {
    /// Keeps a record for a while, in the place of an earlier one of the same name; gives back one that stands for itself and is new.
    pub fn hold(&mut self, mut record: EventRecord, now: Moment) -> Option<EventRecord> {
        if record.form == EventForm::Create && !is_combined(&record) {
            return Some(record);
        }
        let name = record.name.clone();
        match self.records.get_mut(&name) {
            Some(earlier) => {
                if earlier.form == EventForm::Create {
                    record.form = EventForm::Create;
                }
                *earlier = record;
            }
            None => {
                self.due.push_back((now.after(PATIENCE), name.clone()));
                self.records.insert(name, record);
            }
        }
        None
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
