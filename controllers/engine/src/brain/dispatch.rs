//! Sending: one write of each key in turn, as many at once as the server bears and each key's window lets go.

use mainstay_model::{Event, ObjectName};

use super::Brain;
use super::keys::created;
use crate::clock::{Moment, Now};
use crate::effect::{Effect, WriteId};

impl Brain {
    pub(super) fn dispatch(&mut self, now: Now) {
        if self.stopping {
            return;
        }
        if self.leadership.deadline(now.moment).is_none() {
            return;
        }
        while self.concurrency.allows(now.moment) {
            let Some((index, key)) = self.sendable.pop_front() else { break };
            let id = WriteId(self.next_id());
            let acts_until = self.acts_until(now.moment, index);
            let Some(desk) = self.desks.get_mut(index) else { continue };
            let Some(state) = desk.keys.get_mut(&key) else { continue };
            state.in_line = false;
            let Some(deadline) = acts_until else {
                self.drop_unsent_of(now, index, &key);
                continue;
            };
            let Some(write) = state.take_sendable() else { continue };
            if desk.controller.is_void(&self.store, &key, &write) {
                self.drop_void(now, index, &key);
                continue;
            }
            state.creates_in_flight += usize::from(created(&write).is_some());
            state.sent.insert(id, write.clone());
            let changed = state.changed.take();
            if state.has_sendable() {
                state.in_line = true;
                self.sendable.push_back((index, key.clone()));
            }
            self.writes.insert(id, (index, key));
            self.concurrency.sent();
            self.effects.push(Effect::Write { id, write, deadline, changed });
        }
    }

    /// A write of this key was taken out and is not sent.
    fn drop_void(&mut self, now: Now, index: usize, key: &ObjectName) {
        let Some(desk) = self.desks.get(index) else { return };
        self.meter.writes_dropped(desk.controller.queue(), 1);
        match desk.keys.get(key).is_some_and(|state| state.is_busy()) {
            true => self.line_up(index, key),
            false => self.finish(now, index, key),
        }
    }

    /// Drops what is planned for a key and not sent; what is sent is not to be sent again.
    pub(super) fn drop_unsent_of(&mut self, now: Now, index: usize, key: &ObjectName) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(state) = desk.keys.get_mut(key).filter(|state| state.is_busy()) else { return };
        state.batch.is_void = true;
        let dropped = state.drop_unsent();
        if dropped > 0 {
            self.meter.writes_dropped(desk.controller.queue(), dropped);
        }
        if !state.is_busy() {
            self.finish(now, index, key);
        }
    }

    /// Lines a key up if it has something that may be sent.
    pub(super) fn line_up(&mut self, index: usize, key: &ObjectName) {
        let Some(state) = self.desks.get_mut(index).and_then(|desk| desk.keys.get_mut(key)) else { return };
        if !state.in_line && state.has_sendable() {
            state.in_line = true;
            self.sendable.push_back((index, key.clone()));
        }
    }

    /// When a pause that the server asked for ends, if anything waits for that.
    pub(super) fn dispatch_wake_at(&self) -> Option<Moment> {
        if self.sendable.is_empty() {
            return None;
        }
        self.concurrency.paused_until(self.ran_at)
    }

    /// Tells the user, unless the correlator finds that enough was said.
    pub(super) fn emit(&mut self, now: Now, event: Event) {
        let record = self.correlator.correlate(event, now);
        let at_once = record.and_then(|record| match self.stopping {
            true => Some(record),
            false => self.gathering.hold(record, now.moment),
        });
        self.effects.extend(at_once.map(Effect::Event));
    }

    /// Hands out what has gathered.
    pub(super) fn tell_counts(&mut self, now: Now) {
        let counts = self.gathering.due(now.moment);
        self.effects.extend(counts.into_iter().map(Effect::Event));
    }
}
