//! Wrong controllers that remember something from call to call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainstay_engine::{BackOff, Change, Now, Plan, Store};
use mainstay_model::{ObjectName, Timestamp, WriteOutcome};

use super::{Mutant, workloads};

/// The back-off that only grows.
const BACK_OFF: BackOff = BackOff { base: Duration::from_secs(1), cap: Duration::from_secs(3600) };

/// The rest that is too long.
const REST: Duration = Duration::from_secs(3 * 3600);

/// What a wrong controller remembers.
#[derive(Debug)]
pub struct WrongController {
    mutant: Mutant,
    changes: u64,
    /// Keys whose last plan has writes.
    at_work: BTreeSet<ObjectName>,
    /// Keys that something has happened to since they were planned last.
    routed: BTreeSet<ObjectName>,
    /// How many writes of a key have failed, and until when it waits for that.
    failures: BTreeMap<ObjectName, (u32, Option<Timestamp>)>,
    /// Until when keys rest.
    rests: BTreeMap<ObjectName, Timestamp>,
    /// When it has planned for the first time.
    began: Option<Timestamp>,
}

impl WrongController {
    /// One that remembers nothing yet.
    pub fn new(mutant: Mutant) -> WrongController {
        WrongController {
            mutant,
            changes: 0,
            at_work: BTreeSet::new(),
            routed: BTreeSet::new(),
            failures: BTreeMap::new(),
            rests: BTreeMap::new(),
            began: None,
        }
    }

    /// In which way it is wrong.
    pub fn mutant(&self) -> Mutant {
        self.mutant
    }

    /// Bends what a controller is told of a change; answers whether it is told.
    pub fn change(&mut self, change: &mut Change) -> bool {
        self.changes += 1;
        if self.mutant == Mutant::OldOwnerMissed && change.new.is_some() {
            change.old = None;
        }
        let is_told = self.mutant != Mutant::KeysForgotten || !self.changes.is_multiple_of(5);
        is_told && self.mutant.change(change)
    }

    /// Bends the objects that a controller sees, if so.
    pub fn store(&mut self, key: &ObjectName, store: &Store, now: Now) -> Option<Store> {
        let began = *self.began.get_or_insert(now.wall);
        if self.mutant == Mutant::ClockRestarts {
            return workloads::with_a_clock_from(began, key, store);
        }
        self.mutant.store(key, store)
    }

    /// Takes out the keys that are not told of a change.
    pub fn route(&mut self, keys: &mut Vec<ObjectName>) {
        if self.forgets() {
            keys.retain(|key| !self.at_work.contains(key));
            self.routed.extend(keys.iter().cloned());
        }
    }

    /// What is planned without asking the real controller, if so.
    pub fn plan_instead(&mut self, key: &ObjectName, now: Now) -> Option<Plan> {
        match self.mutant {
            Mutant::QueueForgets | Mutant::RestForgets => {
                let is_forgotten = !self.routed.remove(key) && self.at_work.remove(key);
                is_forgotten.then(Plan::default)
            }
            Mutant::BackOffNeverResets => {
                let (failures, until) = self.failures.get_mut(key)?;
                let until = *until.get_or_insert(now.wall.after(BACK_OFF.delay(*failures)));
                waits(now, until)
            }
            Mutant::RestsForHours => waits(now, *self.rests.get(key)?),
            _ => None,
        }
    }

    /// A key was planned.
    pub fn planned(&mut self, key: &ObjectName, plan: &Plan, now: Now) {
        if plan.writes.is_empty() {
            return;
        }
        if self.forgets() {
            self.at_work.insert(key.clone());
        }
        self.rests.insert(key.clone(), now.wall.after(REST));
    }

    fn forgets(&self) -> bool {
        matches!(self.mutant, Mutant::QueueForgets | Mutant::RestForgets)
    }

    /// A write of a key has ended.
    pub fn ended(&mut self, key: &ObjectName, outcome: &WriteOutcome) {
        if !matches!(outcome, WriteOutcome::Acknowledged { .. }) {
            let (failures, until) = self.failures.entry(key.clone()).or_default();
            *failures += 1;
            *until = None;
        }
    }
}

/// Nothing, before that time.
fn waits(now: Now, until: Timestamp) -> Option<Plan> {
    (now.wall < until).then(|| Plan { requeue_at: Some(until), ..Plan::default() })
}
