//! What leaves a process, and what it hears of it.

use mainstay_engine::{Store, WriteId};
use mainstay_model::{Kind, ObjectName, Refusal, ResourceVersion, Uid, Write, WriteOutcome};

use super::{CHANGE_IS_NEWS, Oracles};
use crate::clock::Time;
use crate::happening::ProcessId;

/// After so many failures in a row, no window that halves with each has room for two.
const FAILURES_CLOSE_THE_WINDOW: u32 = 10;
/// So many writes may a key need from the last fault to its rest: all its pods made and deleted anew several times over.
const WRITES_TO_REST: u32 = 150;

/// A write that a process has on its way, or has had acknowledged.
#[derive(Clone, Debug)]
pub(super) struct OwnWrite {
    pub key: ObjectName,
    pub pod: ObjectName,
    pub uid: Option<Uid>,
    pub is_create: bool,
}

impl Oracles {
    /// A process sends a write of which this is its own view.
    pub fn dispatched(
        &mut self,
        time: Time,
        (process, id): (ProcessId, WriteId),
        write: &Write,
        view: &Store,
        calm: bool,
    ) {
        if let Some(own) = self.own_write(time, process, write, view) {
            if calm {
                self.count_calm_write(time, &own.key);
            }
            if own.is_create {
                self.check_window(time, process, &own.key);
            }
            self.sent.insert((process, id), own);
        } else if let (true, Write::PatchReplicationControllerStatus(patch)) = (calm, write) {
            self.count_calm_write(time, &patch.object);
        }
    }

    /// A process learns how a write has ended.
    pub fn answered(&mut self, process: ProcessId, id: WriteId, outcome: &WriteOutcome) {
        let Some(own) = self.sent.remove(&(process, id)) else { return };
        let failures = (process, own.key.clone());
        match outcome {
            WriteOutcome::Acknowledged { .. } => {
                self.failures.remove(&failures);
                self.acknowledged.entry(process).or_default().push(own);
            }
            // They say nothing about the next one.
            WriteOutcome::NotSent { .. }
            | WriteOutcome::Refused(Refusal::AlreadyExists | Refusal::TooManyRequests { .. }) => {}
            _ if own.is_create => *self.failures.entry(failures).or_default() += 1,
            _ => {}
        }
    }

    /// A live read has found something, perhaps what a create without an answer has made: that counts as its answer.
    pub fn found(&mut self, process: ProcessId) {
        self.failures.retain(|(failed, _), _| *failed != process);
    }

    /// The server has carried out a status; `before` and `after` are the versions of the object.
    pub fn published(
        &mut self,
        time: Time,
        (process, object): (ProcessId, &ObjectName),
        before: Option<ResourceVersion>,
        after: Option<ResourceVersion>,
    ) {
        if before == after && !self.restored {
            self.report(time, "idle", format!("{process} writes a status of {object} that says nothing new"));
        }
    }

    fn own_write(&mut self, time: Time, process: ProcessId, write: &Write, view: &Store) -> Option<OwnWrite> {
        match write {
            Write::CreatePod(create) => Some(OwnWrite {
                key: ObjectName::new(create.pod.namespace.clone(), create.owner.name.clone()),
                pod: create.pod.clone(),
                uid: None,
                is_create: true,
            }),
            Write::DeletePod(delete) => {
                let was_owned = self.owned_once.contains(&delete.uid) || self.restored;
                let pod = view.pods().get(&delete.pod).filter(|pod| pod.meta.uid == delete.uid);
                let owner = pod.and_then(|pod| pod.meta.controller());
                let is_ours = owner.is_some_and(|owner| *owner.kind == *Kind::ReplicationController.name());
                let is_fresh = |taken: &Time| time.since(*taken) < CHANGE_IS_NEWS;
                let may_not_know = self.taken.get(&delete.uid).is_some_and(is_fresh);
                // One that has gone since it was planned is hit by nobody.
                if !was_owned || pod.is_some() && !is_ours && !may_not_know {
                    self.report(time, "ownership", format!("{process} deletes {}, not its own", delete.pod));
                }
                Some(OwnWrite {
                    key: ObjectName::new(delete.pod.namespace.clone(), owner?.name.clone()),
                    pod: delete.pod.clone(),
                    uid: Some(delete.uid),
                    is_create: false,
                })
            }
            Write::AdoptPod(_) | Write::ReleasePod(_) | Write::PatchReplicationControllerStatus(_) => None,
        }
    }

    fn check_window(&mut self, time: Time, process: ProcessId, key: &ObjectName) {
        let failures = self.failures.get(&(process, key.clone())).copied().unwrap_or_default();
        let of_process = self.sent.range((process, WriteId(0))..=(process, WriteId(u64::MAX)));
        let is_on_its_way = of_process.map(|(_, own)| own).any(|own| own.is_create && own.key == *key);
        if failures >= FAILURES_CLOSE_THE_WINDOW && is_on_its_way {
            let message = format!("{process} sends two creates of {key} at once after {failures} failures");
            self.report(time, "window", message);
        }
    }

    fn count_calm_write(&mut self, time: Time, key: &ObjectName) {
        let writes = self.calm_writes.entry(key.clone()).or_default();
        *writes += 1;
        if *writes == WRITES_TO_REST {
            self.report(time, "bound", format!("{key} has had {WRITES_TO_REST} writes since the last fault"));
        }
    }
}
