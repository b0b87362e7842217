//! How writes and reads ended, and what follows for the key.

use std::time::Duration;

use mainstay_model::{
    DeleteObject, DeletePod, ObjectName, Read, ReadOutcome, Refusal, ResourceVersion, Write, WriteOutcome,
};

use super::keys::{Held, KeyState, Reading, created, is_made_by, manages, seen, tells, yields};
use super::{Brain, DeskKey};
use crate::clock::Now;
use crate::controller::Failure;
use crate::effect::{Effect, ReadId, WriteId};
use crate::notice::Notice;

/// So many conflicts in a row, over so long a time, say that the cache does not catch up.
const PATIENCE_WITH_CONFLICTS: u32 = 10;
const CONFLICTS_LAST: Duration = Duration::from_secs(2);

/// How often a rest is twice as long as the one before, as long as each ends with something to write: a change in a storm waits for
/// more of its like.
const LONGER_RESTS: u32 = 3;
/// The longest rest of a key after writes that took long.
const LONGEST_REST: Duration = Duration::from_millis(500);

impl Brain {
    pub(super) fn write_ended(&mut self, now: Now, id: WriteId, outcome: WriteOutcome, took: Duration) {
        match &outcome {
            WriteOutcome::Refused(Refusal::TooManyRequests { retry_after, .. }) => {
                self.concurrency.refused(now.moment, *retry_after);
            }
            WriteOutcome::Acknowledged { .. } | WriteOutcome::Refused(_) => {
                self.concurrency.answered(now.moment, took)
            }
            WriteOutcome::Unknown { .. } | WriteOutcome::NotSent { .. } => {
                self.concurrency.failed(now.moment)
            }
        }
        let Some((index, key)) = self.writes.remove(&id) else { return };
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut state) = desk.keys.remove(&key) else { return };
        let Some(write) = state.sent.remove(&id) else { return };
        state.creates_in_flight =
            state.creates_in_flight.saturating_sub(usize::from(created(&write).is_some()));
        let event = desk.controller.report(&self.store, &key, &write, &outcome);

        match outcome {
            WriteOutcome::Acknowledged { version } => {
                self.tell_write(index, &write);
                self.acknowledged(now, &mut state, &write, version);
            }
            WriteOutcome::Refused(refusal) => self.refused(now, (index, &key), &mut state, write, refusal),
            WriteOutcome::Unknown { message } => {
                match &write {
                    Write::CreatePod(_)
                    | Write::CreateEndpoints(_)
                    | Write::CreateEndpointSlice(_)
                    | Write::CreateControllerRevision(_) => {
                        state.remember_unsettled(&write, now.moment.after(self.settings.settle_time));
                        self.settle_by_read((index, &key), &mut state, write.clone());
                    }
                    Write::DeletePod(delete) => {
                        state.doom(delete, now.moment.after(self.settings.settle_time))
                    }
                    // If they land late they meet another version, and are refused; or they say again what is so.
                    Write::AdoptPod(_)
                    | Write::ReleasePod(_)
                    | Write::PatchReplicationControllerStatus(_)
                    | Write::UpdateEndpoints(_)
                    | Write::UpdateEndpointSlice(_)
                    | Write::DeleteObject(_)
                    | Write::PatchControllerRevision(_)
                    | Write::PatchPod(_)
                    | Write::PatchPodCondition(_)
                    | Write::PatchSidecarWorkloadStatus(_) => {}
                }
                self.failed((index, &key), &mut state, write, message);
            }
            WriteOutcome::NotSent { message } => self.not_tried((index, &key), &mut state, &write, message),
        }
        if let Some(event) = event {
            self.emit(now, event);
        }
        self.go_on(now, (index, key), state);
    }

    pub(super) fn read_ended(&mut self, now: Now, id: ReadId, outcome: ReadOutcome) {
        let Some((index, key)) = self.reads.remove(&id) else { return };
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut state) = desk.keys.remove(&key) else { return };
        match state.reads.remove(&id) {
            Some(Reading::ForPlan(read)) => state.memory.answers.push((read, outcome)),
            Some(Reading::ToSettle(write)) => self.settled(now, (index, &key), &mut state, &write, outcome),
            Some(Reading::ToConfirmCreation(write)) => {
                self.creation_confirmed(now, (index, &key), &mut state, write, outcome);
            }
            Some(Reading::ToConfirmDeletion(gone)) => {
                self.deletion_confirmed(now, (index, &key), &mut state, &gone, &outcome);
            }
            None => {}
        }
        self.go_on(now, (index, key), state);
    }

    /// The server has it: nothing is planned for this key before the cache has it too.
    fn acknowledged(
        &mut self,
        now: Now,
        state: &mut KeyState,
        write: &Write,
        version: Option<ResourceVersion>,
    ) {
        if let Write::DeletePod(DeletePod { uid, .. }) | Write::DeleteObject(DeleteObject { uid, .. }) = write
        {
            state.gate.deletions.insert((write.kind(), write.object().clone(), *uid), now.moment);
            state.undoom(*uid);
        } else if let (Some(version), Some(source)) = (version, self.source_of(write)) {
            state.gate.expect(source, version, now.moment);
            if let Some(uid) = write.uid() {
                let known = (write.kind(), write.object().clone(), uid);
                state.gate.changes.insert(known, (version, now.moment));
            }
        }
        if let Some((_, object)) = created(write) {
            state.gate.creations.insert(object.clone(), write.clone());
            state.settle(object);
            state.window.grow();
        }
        state.batch.managed |= manages(write);
        if version.is_some() && seen(write) == version {
            state.vain.push(write.clone());
        }
        if yields(write) {
            state.conflicts = None;
        }
    }

    fn refused(
        &mut self,
        now: Now,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        write: Write,
        refusal: Refusal,
    ) {
        let creates = created(&write).is_some();
        match refusal {
            Refusal::AlreadyExists if creates => self.settle_by_read((index, key), state, write),
            Refusal::TooManyRequests { .. } if state.batch.is_void => {}
            Refusal::TooManyRequests { .. } if creates => state.creates.push_front(write),
            Refusal::TooManyRequests { .. } => state.writes.push_front(write),
            // The namespace goes and the owner with it: not a failure, and nothing to be told.
            Refusal::NamespaceTerminating { .. } if creates => {
                state.settle(write.object());
                state.creates.clear();
                state.window.halve();
                state.batch.failed.get_or_insert(write.verb());
            }
            // Somebody was faster; the cache will show what they did. If it does not for that long, it has lost it.
            Refusal::Conflict { .. } if yields(&write) => {
                state.batch.failed.get_or_insert(write.verb());
                let (conflicts, since) = state.conflicts.get_or_insert((0, now.moment));
                *conflicts += 1;
                if *conflicts >= PATIENCE_WITH_CONFLICTS
                    && now.moment >= since.after(CONFLICTS_LAST)
                    && let Some(source) = self.source_of(&write)
                {
                    state.conflicts = None;
                    self.events_lost(now, &source, 1);
                }
            }
            // It is gone, and the cache will show that. If it is the owner, more pods for it would only be garbage.
            Refusal::NotFound { message } if !creates => {
                state.batch.failed.get_or_insert(write.verb());
                if tells(&write) {
                    self.drop_unsent(index, state);
                }
                self.tell_failure((index, key), &write, message);
                if let Some(uid) = write.uid() {
                    state.gate.deletions.insert((write.kind(), write.object().clone(), uid), now.moment);
                }
            }
            refusal => {
                state.batch.forbidden |= creates && matches!(refusal, Refusal::Forbidden { .. });
                // Quota is checked before the name: a create that was sent before may have been committed then.
                if creates && state.is_unsettled(write.object()) {
                    state.remember_unsettled(&write, now.moment.after(self.settings.settle_time));
                    self.settle_by_read((index, key), state, write.clone());
                }
                let message = refusal.message().to_owned();
                self.failed((index, key), state, write, message);
            }
        }
    }

    /// A write failed: the rest of its batch would fail alike, so what was not sent is dropped, and the key waits.
    fn failed(
        &mut self,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        write: Write,
        message: String,
    ) {
        if created(&write).is_some() {
            state.window.halve();
        }
        state.batch.failed.get_or_insert(write.verb());
        self.drop_unsent(index, state);
        self.tell_failure((index, key), &write, message.clone());
        if manages(&write) {
            state.memory.failure = Some(Failure { write, message });
        }
    }

    fn drop_unsent(&mut self, index: usize, state: &mut KeyState) {
        let dropped = state.drop_unsent();
        if let Some(desk) = self.desks.get(index).filter(|_| dropped > 0) {
            self.meter.writes_dropped(desk.controller.queue(), dropped);
        }
    }

    /// A write never left: the server is away, or we may not write any more. Nobody's fault, nothing for the status.
    pub(super) fn not_tried(
        &mut self,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        write: &Write,
        message: String,
    ) {
        let first = state.batch.failed.is_none();
        state.batch.failed.get_or_insert(write.verb());
        let Some(desk) = self.desks.get(index) else { return };
        let dropped = state.drop_unsent();
        self.meter.writes_dropped(desk.controller.queue(), dropped + 1);
        if first {
            self.tell_failure((index, key), write, message);
        }
    }

    fn tell_failure(&mut self, (index, key): (usize, &ObjectName), write: &Write, message: String) {
        let Some(desk) = self.desks.get(index) else { return };
        let (controller, verb) = (desk.controller.name(), write.verb());
        let (key, object) = (key.clone(), write.object().clone());
        self.effects.push(Effect::Notice(Notice::WriteFailed { controller, key, verb, object, message }));
    }

    /// Asks the server, past every cache, what bears the name.
    fn settle_by_read(&mut self, key: (usize, &ObjectName), state: &mut KeyState, write: Write) {
        let read = Read { kind: write.kind(), object: write.object().clone() };
        self.read(key, state, read, Reading::ToSettle(write));
    }

    pub(super) fn read(
        &mut self,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        read: Read,
        reading: Reading,
    ) {
        let id = ReadId(self.next_id());
        state.reads.insert(id, reading);
        self.reads.insert(id, (index, key.clone()));
        self.effects.push(Effect::Read { id, read });
    }

    /// What became of a create whose outcome was unknown.
    fn settled(
        &mut self,
        now: Now,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        write: &Write,
        outcome: ReadOutcome,
    ) {
        match outcome {
            ReadOutcome::Found(found) if is_made_by(write, &found) => {
                let version = Some(found.version);
                self.tell_write(index, write);
                self.acknowledged(now, state, write, version);
                self.compare_with_cache(now, state, write, &found);
                let Some(desk) = self.desks.get(index) else { return };
                let outcome = WriteOutcome::Acknowledged { version };
                if let Some(event) = desk.controller.report(&self.store, key, write, &outcome) {
                    self.emit(now, event);
                }
            }
            ReadOutcome::Found(_) => {
                state.settle(write.object());
                state.memory.taken.insert(write.object().name.clone());
            }
            // Not there, or not to be known: if it was sent before it may yet appear, and stays unsettled.
            ReadOutcome::NotFound => {}
            ReadOutcome::Failed { message } => {
                state.remember_unsettled(write, now.moment.after(self.settings.settle_time));
                self.not_tried((index, key), state, write, message);
            }
        }
    }

    /// Puts a key's state back after an answer; ends the batch with the last one.
    fn go_on(&mut self, now: Now, (index, key): DeskKey, state: KeyState) {
        let busy = state.is_busy();
        if let Some(desk) = self.desks.get_mut(index) {
            desk.keys.insert(key.clone(), state);
        }
        if busy {
            self.line_up(index, &key);
        } else {
            self.finish(now, index, &key);
        }
    }

    /// Nothing of the batch is open any more: judge it, and plan again as soon as the caches have caught up.
    pub(super) fn finish(&mut self, now: Now, index: usize, key: &ObjectName) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut state) = desk.keys.remove(key) else { return };
        let batch = std::mem::take(&mut state.batch);
        if let Some(began) = state.began.take() {
            let took = now.moment.since(began);
            self.meter.work_done(desk.controller.queue(), took);
            if batch.managed && desk.controller.rests() {
                let rest = took.saturating_mul(2_u32.pow(state.rests.min(LONGER_RESTS)));
                state.rest = Some(now.moment.after(rest.min(LONGEST_REST)));
            }
            if !batch.is_void {
                self.tell_end(index, took, batch.failed.is_none() && !batch.is_faulty);
            }
        }
        match batch.failed {
            Some(verb) => {
                if batch.forbidden && batch.relieved {
                    state.failures = 0;
                }
                self.hold(now, index, &mut state, Held::Writes([verb].into()));
                if let Some(hold) = &mut state.hold {
                    hold.for_room |= batch.forbidden;
                }
            }
            None if batch.managed => {
                state.failures = 0;
                state.memory.failure = None;
            }
            None => {}
        }
        if let Some(desk) = self.desks.get_mut(index) {
            let timer = state.hold.as_ref().map(|hold| hold.until);
            if timer.is_some() {
                desk.queue.set_timer(key, timer);
            }
            state.gate.since = Some(now.moment);
            desk.keys.insert(key.clone(), state);
        }
        self.reconsider(now, &(index, key.clone()));
    }
}
