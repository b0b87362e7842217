//! Calling the controllers, for keys that may be planned.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mainstay_model::{CreatePod, Event, Kind, ObjectName, ObjectReference, Timestamp, Write};

use super::keys::{Batch, Held, Hold, KeyState, Reading, created, tells};
use super::{Brain, DeskKey};
use crate::clock::{Moment, Now};
use crate::controller::{Plan, View};
use crate::effect::Effect;
use crate::notice::Notice;
use crate::queue::Lane;
use crate::store::Store;

impl Brain {
    /// Plans every key that is ready, controller by controller.
    pub(super) fn plan_ready(&mut self, now: Now) {
        for index in 0..self.desks.len() {
            if !self.may_plan(now, index) {
                continue;
            }
            while let Some((key, lane, since)) = self.desks.get_mut(index).and_then(|desk| desk.queue.pop()) {
                if let Some(desk) = self.desks.get(index) {
                    self.meter.queue_waited(desk.controller.queue(), now.moment.since(since));
                }
                self.plan(now, index, &key, (lane == Lane::Change).then_some(since));
            }
        }
    }

    /// Plans a key; `changed` is when the change arrived that calls for it, if one does.
    fn plan(&mut self, now: Now, index: usize, key: &ObjectName, changed: Option<Moment>) {
        let settled = |store: &Store, create: &CreatePod| {
            let pod = store.pods().get(&create.pod);
            pod.is_some_and(|pod| pod.meta.controller().and_then(|owner| owner.uid) == Some(create.owner.uid))
        };
        let Some(desk) = self.desks.get_mut(index) else { return };
        let mut state = desk.keys.remove(key).unwrap_or_default();
        if state.is_busy() || state.is_gated() {
            desk.keys.insert(key.clone(), state);
            return;
        }

        let past: Vec<ObjectName> = (state.memory.unsettled.iter())
            .filter(|create| settled(&self.store, create))
            .map(|create| create.pod.clone())
            .collect();
        past.iter().for_each(|object| state.settle(object));
        state.forget_unsettled(now.moment);
        state.doomed.retain(|(delete, until)| {
            *until > now.moment && self.store.is_staying(Kind::Pod, &delete.pod, delete.uid)
        });
        state.memory.doomed = state.doomed.iter().map(|(delete, _)| delete.uid).collect();

        if state.hold.as_ref().is_some_and(|hold| hold.until <= now.moment) {
            state.hold = None;
        }
        if let Some(Hold { until, what: Held::Plans, .. }) = &state.hold {
            desk.queue.set_timer(key, Some(*until));
            desk.keys.insert(key.clone(), state);
            return;
        }
        if let Some(until) = state.rest.filter(|until| *until > now.moment) {
            state.changed_in_rest = state.changed_in_rest.or(changed);
            desk.queue.set_timer(key, Some(until));
            desk.keys.insert(key.clone(), state);
            return;
        }
        state.rests = state.rest.take().map_or(0, |_over| state.rests.saturating_add(1));
        let changed = state.changed_in_rest.take().or(changed);
        let holds = |verb| state.hold.as_ref().is_some_and(|hold| hold.what.holds(verb));
        state.memory.backing_off = holds("create") || holds("delete");

        // A plan that goes on with the answers to its reads began when those were asked for.
        if state.memory.answers.is_empty() {
            state.changed = changed;
        }
        let view = View { store: &self.store, memory: &state.memory };
        let planned = catch_unwind(AssertUnwindSafe(|| desk.controller.plan(key, &view, now)));
        state.memory.answers.clear();
        match planned {
            Ok(plan) => self.adopt_plan(now, (index, key.clone()), state, plan),
            Err(panic) => {
                let controller = desk.controller.name();
                let message = panic_message(panic.as_ref());
                self.meter.plan_panicked(desk.controller.queue());
                self.effects.push(Effect::Notice(Notice::PlanPanicked {
                    controller,
                    key: key.clone(),
                    message,
                }));
                self.hold(now, index, &mut state, Held::Plans);
                self.keep((index, key.clone()), state, None);
            }
        }
    }

    /// Starts what a plan wants.
    fn adopt_plan(&mut self, now: Now, (index, key): DeskKey, mut state: KeyState, plan: Plan) {
        let Plan { reads, writes, requeue_at, events, held_back, figures, fault } = plan;
        let moment = |wall: Timestamp| now.moment.after(wall.since(now.wall).unwrap_or_default());
        let requeue_at = requeue_at.map(moment);
        if !reads.is_empty() {
            // A claim that fails is not to cost a read with every change that comes by.
            let vain = |hold: &Hold| hold.what == Held::Nothing || hold.what.holds("adopt");
            if state.hold.as_ref().is_some_and(vain) {
                return self.keep((index, key), state, requeue_at);
            }
            for read in reads {
                self.read((index, &key), &mut state, read.clone(), Reading::ForPlan(read));
            }
            return self.keep((index, key), state, requeue_at);
        }

        for event in &events {
            if !state.told.iter().any(|told| is_same(told, event)) {
                self.emit(now, event.clone());
            }
        }
        state.told = events;
        state.held_back = held_back.map(|held| (held.count, moment(held.until)));

        let held = |write: &Write| state.hold.as_ref().is_some_and(|hold| hold.what.holds(write.verb()));
        // Something on its way to the server makes of it what is there already (a webhook does): it will do so again.
        state.vain.retain(|vain| writes.contains(vain));
        let is_vain = |write: &Write| state.vain.contains(write);
        let (is_faulty, wanted) = (fault.is_some() || writes.iter().any(held), writes.len());
        let writes: Vec<Write> = writes.into_iter().filter(|write| !held(write) && !is_vain(write)).collect();
        // What was left for later has not shown that it would go well now.
        let is_clean =
            !state.memory.backing_off && held_back.is_none() && fault.is_none() && writes.iter().all(tells);
        if let Some(message) = fault.filter(|_| state.hold.is_none()) {
            if let Some(desk) = self.desks.get(index) {
                let (controller, key) = (desk.controller.name(), key.clone());
                self.effects.push(Effect::Notice(Notice::Fault { controller, key, message }));
            }
            self.hold(now, index, &mut state, Held::Nothing);
        }
        if is_clean && state.memory.failure.take().is_some() {
            // The plan was made with the failure in view. Without it the status may be another one.
            self.keep((index, key.clone()), state, requeue_at);
            return self.enqueue(index, &key, Lane::Change);
        }

        self.tell_figures(index, &key, figures, writes.len() == wanted);
        if writes.is_empty() {
            state.rests = 0;
            self.tell_end(index, Duration::ZERO, !is_faulty);
        } else {
            state.began = Some(now.moment);
            state.batch = Batch { is_faulty, ..Batch::default() };
        }
        for write in writes {
            match created(&write) {
                Some(_) => state.creates.push_back(write),
                None => state.writes.push_back(write),
            }
        }
        self.keep((index, key), state, requeue_at);
    }

    /// Puts a key's state back, if there is anything to remember, with the timer that it needs.
    fn keep(&mut self, (index, key): DeskKey, mut state: KeyState, requeue_at: Option<Moment>) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let hold = state.hold.as_ref().map(|hold| hold.until);
        desk.queue.set_timer(&key, [hold, state.next_expiry(), requeue_at].into_iter().flatten().min());
        if state.is_idle() {
            return;
        }
        if state.has_sendable() && !state.in_line {
            state.in_line = true;
            self.sendable.push_back((index, key.clone()));
        }
        desk.keys.insert(key, state);
    }

    /// Makes a key wait, longer with each failure in a row.
    pub(super) fn hold(&mut self, now: Now, index: usize, state: &mut KeyState, what: Held) {
        // Another kind of write has failed during the pause: if it ended the pause of the first, the two would take turns
        // without end.
        if let (Some(Hold { until, what: Held::Writes(held), .. }), Held::Writes(more)) =
            (&mut state.hold, &what)
            && *until > now.moment
        {
            held.extend(more);
            return;
        }
        state.failures = state.failures.saturating_add(1);
        let until = now.moment.after(self.settings.back_off.delay(state.failures));
        state.hold = Some(Hold { until, what, for_room: false });
        if let Some(desk) = self.desks.get(index) {
            self.meter.retried(desk.controller.queue());
        }
    }
}

/// Whether two events say the same of the same object, at whatever version of it.
fn is_same(one: &Event, other: &Event) -> bool {
    let Event { regarding, event_type, reason, message, component } = one;
    let ObjectReference { kind, object, uid, version: _ } = regarding;
    (event_type, reason, message, component)
        == (&other.event_type, &other.reason, &other.message, &other.component)
        && (kind, object, uid) == (&other.regarding.kind, &other.regarding.object, &other.regarding.uid)
}

/// What a panic said, as far as it said it in words.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
