//! How things stand, for health checks and gauges.

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::ResourceVersion;

use super::leadership::{Freshness, Leadership};
use super::{Brain, METER_INTERVAL};
use crate::clock::{Moment, Now};
use crate::metric::number;
use crate::rivals::Standing;
use crate::source::Source;

/// How things stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrainReport {
    /// When the report was made: an old one says that the brain stands still.
    pub at: Moment,
    /// Whether this process leads.
    pub leading: bool,
    /// Every source.
    pub sources: Vec<SourceReport>,
    /// Every controller.
    pub controllers: Vec<ControllerReport>,
    /// How often a key is noted where it would be set free by what a cache shows.
    pub awaited: usize,
}

/// How a source stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceReport {
    /// Which.
    pub source: Source,
    /// Whether a controller waits for it; else it only helps.
    pub needed: bool,
    /// Whether the store has had a complete list.
    pub synced: bool,
    /// Whether it is known to be as new as our leadership; false in a standby.
    pub fresh: bool,
    /// Everything up to here is in the store.
    pub progress: ResourceVersion,
    /// How many objects there are.
    pub objects: usize,
    /// How long ago the source last said anything.
    pub silent_for: Duration,
}

/// How a controller stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerReport {
    /// Its name.
    pub name: &'static str,
    /// Whether it is to act where this process leads, and why.
    pub standing: Standing,
    /// Whether this process has found out since its start who is to act: an old process may be replaced by it from then on.
    pub settled: bool,
    /// Whether it may plan and write now.
    pub active: bool,
    /// Keys ready to be planned.
    pub depth: usize,
    /// Keys with something on their way, waiting for a cache, or to be tried again.
    pub at_work: usize,
    /// Keys that will be looked at again at a certain time.
    pub timers: usize,
}

impl Brain {
    /// How things stand now.
    pub fn report(&self, now: Now) -> BrainReport {
        let source = |(source, state): (&Source, &super::SourceState)| SourceReport {
            source: source.clone(),
            needed: self.desks.iter().any(|desk| desk.controller.kinds().contains(&source.kind)),
            synced: state.is_synced(),
            fresh: state.freshness == Freshness::Fresh,
            progress: state.progress,
            objects: self.store.len(source.kind),
            silent_for: now.moment.since(state.heard),
        };
        let controller = |(index, desk): (usize, &super::Desk)| ControllerReport {
            name: desk.controller.name(),
            standing: self.standing(now.moment, index),
            settled: self.rivals.is_none() || desk.stood.settled,
            active: self.may_plan(now, index),
            depth: desk.queue.depth(),
            at_work: desk.keys.values().filter(|state| !state.is_at_rest()).count(),
            timers: desk.queue.timers(),
        };
        BrainReport {
            at: now.moment,
            leading: matches!(self.leadership, Leadership::Leading { until, .. } if now.moment < until),
            sources: self.sources.iter().map(source).collect(),
            controllers: self.desks.iter().enumerate().map(controller).collect(),
            awaited: self.gated_versions.values().map(BTreeSet::len).sum::<usize>()
                + self.gated_deletions.values().map(BTreeSet::len).sum::<usize>(),
        }
    }

    /// Brings the gauges up to date, now and then.
    pub(super) fn measure(&mut self, now: Now) {
        if now.moment.since(self.metered_at) < METER_INTERVAL {
            return;
        }
        self.metered_at = now.moment;
        for (index, desk) in self.desks.iter().enumerate() {
            let queue = desk.controller.queue();
            self.meter.standing(desk.controller.name(), &self.standing(now.moment, index));
            self.meter.queue_depth(queue, desk.queue.depth());
            let ages =
                || desk.keys.values().filter_map(|state| state.began).map(|began| now.moment.since(began));
            self.meter.unfinished(queue, ages().sum(), ages().max().unwrap_or_default());
            self.meter.unsettled(queue, desk.keys.values().map(|state| state.memory.unsettled.len()).sum());
            let held_back = || desk.keys.values().filter_map(|state| state.held_back);
            let longest = held_back().map(|(_, until)| until.since(now.moment)).max();
            self.meter.held_back(
                queue,
                held_back().map(|(count, _)| count).sum(),
                longest.unwrap_or_default(),
            );
            for (metric, labels, sum) in desk.sums.iter() {
                self.meter.figure(metric, labels, number(sum));
            }
        }
        self.meter.concurrency(self.concurrency.in_flight(), self.concurrency.limit());
        for (source, state) in &self.sources {
            self.meter.objects(source.kind, self.store.len(source.kind));
            self.meter.staleness(source.kind, now.moment.since(state.heard));
        }
        let dropped = self.correlator.dropped();
        self.meter.events_dropped(dropped.saturating_sub(self.events_dropped));
        self.events_dropped = dropped;
    }
}
