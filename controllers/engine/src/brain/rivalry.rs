//! Controllers that act only while nobody else does their work: what the search for rivals finds becomes a permission or the
//! end of one.
//!
//! A controller that is passive is like one in a standby: its caches and its queue are kept, and nothing is planned or sent.
//! When it begins to act, its caches must first be shown to be as new as that: what the other one wrote last must be in them.

use mainstay_model::{Canary, Event, EventType, Kind, Object, ObjectName, ObjectReference};

use super::{Brain, Leadership};
use crate::clock::{Moment, Now};
use crate::controller::Controller;
use crate::effect::Effect;
use crate::notice::Notice;
use crate::queue::Lane;
use crate::rivals::{Passivity, RivalAnswer, RivalSettings, Rivals, Standing};
use crate::store::Change;

/// Who speaks in events about standings.
const COMPONENT: &str = "mainstay";

/// How a controller stood when that was last looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stood {
    /// Whether it might act.
    acting: bool,
    /// Whether it has ever acted or found a rival.
    pub(super) settled: bool,
    /// The reason that was last logged.
    logged: Option<&'static str>,
    /// The reason of which the last event told.
    told: Option<&'static str>,
}

/// The search for rivals of those controllers that are to act only without any.
pub(super) fn search(
    settings: &RivalSettings,
    controllers: &[Box<dyn Controller + Send>],
    seed: u64,
) -> Rivals {
    let names = controllers.iter().map(|controller| (controller.name(), controller.former_name()));
    let names = names.filter(|(name, _)| settings.controllers.contains(name));
    Rivals::new(settings.canary.clone(), names, seed)
}

impl Brain {
    /// Whether a controller is to act where this process leads.
    pub(super) fn standing(&self, moment: Moment, index: usize) -> Standing {
        let name = self.desks.get(index).map(|desk| desk.controller.name());
        let rivals = self.rivals.as_ref();
        name.and_then(|name| rivals?.standing(moment, name)).unwrap_or(Standing::On)
    }

    /// Until when a controller may write, if it may now.
    pub(super) fn acts_until(&self, moment: Moment, index: usize) -> Option<Moment> {
        let leads_until = self.leadership.deadline(moment)?;
        self.standing(moment, index).acts_until(moment).map(|until| until.min(leads_until))
    }

    /// Sends what the search for rivals wants.
    pub(super) fn search_rivals(&mut self, now: Now) {
        if self.stopping {
            return;
        }
        let leads = self.leadership.deadline(now.moment).is_some();
        let busy = !self.sendable.is_empty();
        let Some(rivals) = &mut self.rivals else { return };
        while let Some(request) = rivals.next(now.moment, leads, busy) {
            self.effects.push(Effect::Rivals(request));
        }
    }

    pub(super) fn rivals_answered(&mut self, now: Now, answer: RivalAnswer) {
        if let Some(rivals) = &mut self.rivals {
            rivals.answered(now.moment, answer);
        }
    }

    /// What a change gives away: a canary that was followed, a status that somebody else has written. A standby looks at the canary
    /// only, since whatever else it sees may be its own leader's work.
    pub(super) fn look_for_rivals_in(&mut self, now: Now, change: &Change, index: usize) {
        let leads = matches!(self.leadership, Leadership::Leading { .. });
        let (Some(rivals), Some(desk)) = (&mut self.rivals, self.desks.get(index)) else { return };
        let (old, Some(Object::ReplicationController(new))) = (&change.old, &change.new) else { return };
        if new.meta.name == *rivals.canary().0 {
            return rivals.canary_watched(now.moment, Canary::from(new.as_ref()));
        }
        // What is on its way from us, was acknowledged and not seen, or has an unknown outcome, is ours.
        let may_be_ours = desk.keys.contains_key(&new.meta.name);
        if leads
            && !may_be_ours
            && !desk.stood.acting
            && let Some(Object::ReplicationController(old)) = old
            && old.meta.uid == new.meta.uid
            && old.status != new.status
        {
            rivals.status_written(desk.controller.name());
        }
    }

    /// Notices who may begin to act and who must end.
    pub(super) fn check_standing(&mut self, now: Now) {
        if self.rivals.is_none() {
            return;
        }
        for index in 0..self.desks.len() {
            let standing = self.standing(now.moment, index);
            let acting = standing.acts_until(now.moment).is_some();
            let Some(desk) = self.desks.get_mut(index) else { continue };
            let was_acting = std::mem::replace(&mut desk.stood.acting, acting);
            desk.stood.settled |= acting || matches!(standing, Standing::Passive(Passivity::Rival(_)));
            match (was_acting, acting) {
                (false, true) => self.begin(now, index),
                (true, false) => self.end(now, index),
                _ => {}
            }
            self.tell_standing(now, index, standing);
        }
    }

    /// What the other one has left is planned once the caches are known to show it.
    fn begin(&mut self, now: Now, index: usize) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        // What was read for a plan that was never made may be long out of date.
        desk.keys.values_mut().for_each(|state| state.memory.answers.clear());
        let (kinds, primary) = (desk.controller.kinds(), desk.controller.primary());
        if matches!(self.leadership, Leadership::Leading { .. }) {
            self.ask_freshness(now, |source| kinds.contains(&source.kind));
        }
        let names: Vec<ObjectName> =
            self.store.all(primary).iter().map(|object| object.meta().name.clone()).collect();
        for name in names {
            self.enqueue(index, &name, Lane::Change);
        }
    }

    /// Drops what a controller has planned and not sent, and what it has told of objects that are now another one's.
    fn end(&mut self, now: Now, index: usize) {
        if let Some(desk) = self.desks.get_mut(index) {
            desk.sums.forget();
        }
        let keys = self.desks.get(index).map(|desk| desk.keys.keys().cloned().collect());
        let keys: Vec<ObjectName> = keys.unwrap_or_default();
        keys.iter().for_each(|key| self.drop_unsent_of(now, index, key));
    }

    /// Tells of a new reason: the log in every process, an event at the canary where this one leads.
    fn tell_standing(&mut self, now: Now, index: usize, standing: Standing) {
        let leads = self.leadership.deadline(now.moment).is_some();
        let (Some(rivals), Some(desk)) = (&self.rivals, self.desks.get_mut(index)) else { return };
        let (controller, reason) = (desk.controller.name(), standing.reason());
        if standing == Standing::On {
            return;
        }
        if desk.stood.logged.replace(reason) != Some(reason) {
            let standing = standing.clone();
            self.effects.push(Effect::Notice(Notice::Standing { controller, standing }));
        }
        let (object, Some(canary)) = rivals.canary() else { return };
        if leads && desk.stood.told.replace(reason) != Some(reason) {
            let acting = desk.stood.acting;
            let event = Event {
                regarding: ObjectReference {
                    kind: Kind::ReplicationController,
                    object: object.clone(),
                    uid: canary.uid,
                    version: canary.version,
                },
                event_type: EventType::Normal,
                reason: if acting { "ControllerActive" } else { "ControllerPassive" },
                message: format!("{controller}: {standing}"),
                component: COMPONENT,
            };
            self.emit(now, event);
        }
    }
}
