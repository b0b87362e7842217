//! A brain that can be shown and doubled, for those who try every order of events: two brains that show the same go on in
//! the same way.

use std::fmt;

use super::keys::KeyState;
use super::sources::SourceState;
use super::{Brain, Desk};
use crate::clock::Moment;
use crate::controller::Controller;
use crate::correlator::{Correlator, CorrelatorSettings, Gathering};
use crate::meter::Meter;
use crate::metric::Sums;

impl Brain {
    /// A second brain in the same state, with controllers and a meter of its own. The controllers must be like those of the
    /// first. Its events are counted anew.
    pub fn double(
        &self,
        controllers: Vec<Box<dyn Controller + Send>>,
        meter: Box<dyn Meter + Send>,
    ) -> Brain {
        let desk = |(desk, controller): (&Desk, _)| Desk {
            controller,
            queue: desk.queue.clone(),
            keys: desk.keys.clone(),
            sums: Sums::default(),
            stood: desk.stood,
        };
        Brain {
            settings: self.settings.clone(),
            meter,
            store: self.store.clone(),
            desks: self.desks.iter().zip(controllers).map(desk).collect(),
            sources: self.sources.clone(),
            leadership: self.leadership,
            rivals: self.rivals.clone(),
            concurrency: self.concurrency.clone(),
            correlator: Correlator::new(CorrelatorSettings::default(), self.settings.seed),
            gathering: Gathering::default(),
            sendable: self.sendable.clone(),
            writes: self.writes.clone(),
            reads: self.reads.clone(),
            last_id: self.last_id,
            gated_versions: self.gated_versions.clone(),
            gated_deletions: self.gated_deletions.clone(),
            effects: self.effects.clone(),
            changes_since_collection: self.changes_since_collection,
            metered_at: self.metered_at,
            ran_at: self.ran_at,
            arrived_at: self.arrived_at,
            events_dropped: 0,
            stopping: self.stopping,
        }
    }
}

/// Everything that decides what the brain will do. Left out is what only tells (the meter, figures, the correlator, since when something
/// is measured), what only saves memory (shared texts), and the numbers of requests: they are names, and a request is shown by what
/// is in it.
impl fmt::Debug for Brain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A field more must be thought of here.
        let Brain {
            settings: _,
            meter: _,
            store,
            desks,
            sources: _,
            leadership,
            rivals,
            concurrency,
            correlator: _,
            gathering: _,
            sendable,
            writes: _,
            reads: _,
            last_id: _,
            gated_versions,
            gated_deletions,
            effects,
            changes_since_collection: _,
            metered_at: _,
            ran_at,
            arrived_at: _,
            events_dropped: _,
            stopping,
        } = self;
        f.debug_struct("Brain")
            .field("ran_at", ran_at)
            .field("leadership", leadership)
            .field("rivals", rivals)
            .field("stopping", stopping)
            .field("desks", desks)
            .field("sendable", sendable)
            .field("gated_versions", gated_versions)
            .field("gated_deletions", gated_deletions)
            .field("effects", effects)
            .field("concurrency", concurrency)
            .field("sources", &ShownSources(self))
            .field("store", store)
            .finish()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Desk { controller, queue, keys, sums: _, stood } = self;
        f.debug_struct(controller.name())
            .field("queue", queue)
            .field("keys", keys)
            .field("stood", stood)
            .finish()
    }
}

/// The sources, without when they last said anything: that is measured and decides nothing.
struct ShownSources<'a>(&'a Brain);

impl fmt::Debug for ShownSources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unheard = |state: &SourceState| SourceState { heard: Moment::default(), ..state.clone() };
        f.debug_map().entries(self.0.sources.iter().map(|(source, state)| (source, unheard(state)))).finish()
    }
}

/// Without what was told and what is held back, which decide nothing, when the batch began and what it answers, which are measured
/// only, and the numbers of requests.
impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A field more must be thought of here.
        let KeyState {
            memory,
            unsettled_until,
            doomed,
            creates,
            writes,
            sent,
            creates_in_flight,
            reads,
            in_line,
            window,
            gate,
            failures,
            conflicts,
            hold,
            vain,
            rest,
            rests,
            changed_in_rest: _,
            told: _,
            held_back: _,
            changed: _,
            began: _,
            batch,
        } = self;
        f.debug_struct("KeyState")
            .field("memory", memory)
            .field("unsettled_until", unsettled_until)
            .field("doomed", doomed)
            .field("creates", creates)
            .field("writes", writes)
            .field("sent", &sent.values().collect::<Vec<_>>())
            .field("creates_in_flight", creates_in_flight)
            .field("reads", &reads.values().collect::<Vec<_>>())
            .field("in_line", in_line)
            .field("window", window)
            .field("gate", gate)
            .field("failures", failures)
            .field("conflicts", conflicts)
            .field("hold", hold)
            .field("vain", vain)
            .field("rest", rest)
            .field("rests", rests)
            .field("batch", batch)
            .finish()
    }
}
