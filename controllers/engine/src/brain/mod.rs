//! The brain: all state and all decisions, in one value without I/O.
//!
//! Inputs go in by [`Brain::handle`]; [`Brain::run`] plans what is ready and hands out what is to be done. In between nothing
//! happens: whoever owns the brain is its only thread.
//!
//! Map: [`sources`] takes in what watches say, [`keys`] is what is known of a key at work, [`gates`] hold a key
//! back until the caches show its own writes, [`planning`] calls the controllers,
//! [`dispatch`] sends, [`outcomes`] hears how it ended, [`leadership`] and [`rivalry`] decide when there may be any of that,
//! [`audits`] looks for what the watches lost, [`report`] tells how things stand, [`figures`] what controllers count of their own, [`shown`] makes equal states known as such.

mod audits;
mod dispatch;
mod figures;
mod gates;
mod keys;
mod leadership;
mod outcomes;
mod planning;
pub mod report;
mod rivalry;
mod shown;
mod sources;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use mainstay_model::{Kind, ObjectName, ResourceVersion, Uid};

use crate::back_off::BackOff;
use crate::clock::{Moment, Now};
use crate::concurrency::Concurrency;
use crate::controller::Controller;
use crate::correlator::{Correlator, CorrelatorSettings, Gathering};
use crate::effect::{Effect, ReadId, WriteId};
use crate::input::Input;
use crate::meter::Meter;
use crate::metric::Sums;
use crate::queue::{Lane, Queue};
use crate::rivals::{RivalSettings, Rivals};
use crate::source::Source;
use crate::store::Store;

use keys::KeyState;
use leadership::Leadership;
use rivalry::Stood;
use sources::SourceState;

/// What can be set.
#[derive(Clone, Debug)]
pub struct BrainSettings {
    /// The ceiling on writes in flight.
    pub concurrent_writes: usize,
    /// How long to wait before a key is tried again.
    pub back_off: BackOff,
    /// For how long a write that was sent may still take effect at the server: its request time-out, and some more. A
    /// create whose outcome is unknown counts as possibly there for that long.
    pub settle_time: Duration,
    /// How long after acquiring a source may take to show that it is fresh before it is listed anew.
    pub freshness_patience: Duration,
    /// How often each source is audited; `None` for never.
    pub audit_interval: Option<Duration>,
    /// Which controllers act only while nobody else does their work; `None` where all act.
    pub rivals: Option<RivalSettings>,
    /// Makes the names of events unique among processes.
    pub seed: u64,
}

impl Default for BrainSettings {
    fn default() -> BrainSettings {
        BrainSettings {
            concurrent_writes: 512,
            back_off: BackOff { base: Duration::from_millis(5), cap: Duration::from_secs(60) },
            settle_time: Duration::from_secs(90),
            freshness_patience: Duration::from_secs(1),
            audit_interval: Some(Duration::from_secs(240)),
            rivals: None,
            seed: 0,
        }
    }
}

/// A controller and its work.
struct Desk {
    controller: Box<dyn Controller + Send>,
    queue: Queue,
    keys: BTreeMap<ObjectName, KeyState>,
    sums: Sums,
    /// How it stood when that was last looked at.
    stood: Stood,
}

/// Which key of which controller: an index into the desks, and the key.
type DeskKey = (usize, ObjectName);

/// All state and all decisions.
pub struct Brain {
    settings: BrainSettings,
    meter: Box<dyn Meter + Send>,
    store: Store,
    desks: Vec<Desk>,
    sources: BTreeMap<Source, SourceState>,
    leadership: Leadership,
    rivals: Option<Rivals>,
    concurrency: Concurrency,
    correlator: Correlator,
    gathering: Gathering,
    /// Keys with writes that could be sent, each once, in turn.
    sendable: VecDeque<DeskKey>,
    writes: BTreeMap<WriteId, DeskKey>,
    reads: BTreeMap<ReadId, DeskKey>,
    last_id: u64,
    /// Keys that wait until a source has reached a version.
    gated_versions: BTreeMap<Source, BTreeSet<(ResourceVersion, DeskKey)>>,
    /// Keys that wait until an object is gone or going.
    gated_deletions: BTreeMap<Uid, BTreeSet<DeskKey>>,
    /// What `handle` wants done; handed out by the next `run`.
    effects: Vec<Effect>,
    changes_since_collection: usize,
    metered_at: Moment,
    ran_at: Moment,
    /// Since when that which is being handled has been in this process. It is measured and decides nothing.
    arrived_at: Moment,
    events_dropped: u64,
    stopping: bool,
}

/// After so many changes the store forgets unused texts.
const CHANGES_PER_COLLECTION: usize = 50_000;
/// How often gauges are brought up to date.
const METER_INTERVAL: Duration = Duration::from_secs(1);

impl Brain {
    /// A brain that knows nothing yet. Each kind that a controller needs must have a source, and each that only helps may have one.
    pub fn new(
        settings: BrainSettings,
        controllers: Vec<Box<dyn Controller + Send>>,
        sources: Vec<Source>,
        meter: Box<dyn Meter + Send>,
    ) -> Brain {
        let desk = |controller| Desk {
            controller,
            queue: Queue::default(),
            keys: BTreeMap::new(),
            sums: Sums::default(),
            stood: Stood::default(),
        };
        let rivals =
            settings.rivals.as_ref().map(|rivals| rivalry::search(rivals, &controllers, settings.seed));
        Brain {
            rivals,
            concurrency: Concurrency::new(settings.concurrent_writes),
            correlator: Correlator::new(CorrelatorSettings::default(), settings.seed),
            gathering: Gathering::default(),
            settings,
            meter,
            store: Store::default(),
            desks: controllers.into_iter().map(desk).collect(),
            sources: sources.into_iter().map(|source| (source, SourceState::default())).collect(),
            leadership: Leadership::Standby,
            sendable: VecDeque::new(),
            writes: BTreeMap::new(),
            reads: BTreeMap::new(),
            last_id: 0,
            gated_versions: BTreeMap::new(),
            gated_deletions: BTreeMap::new(),
            effects: Vec::new(),
            changes_since_collection: 0,
            metered_at: Moment::default(),
            ran_at: Moment::default(),
            arrived_at: Moment::default(),
            events_dropped: 0,
            stopping: false,
        }
    }

    /// Takes in what has happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.handle_arrived(now, now.moment, input);
    }

    /// The same for what has waited in this process since `arrived`: what is measured begins then.
    pub fn handle_arrived(&mut self, now: Now, arrived: Moment, input: Input) {
        self.arrived_at = arrived;
        match input {
            Input::Source(source, event) => self.source_event(now, &source, event),
            Input::Write { id, outcome, took } => self.write_ended(now, id, outcome, took),
            Input::Read { id, outcome } => self.read_ended(now, id, outcome),
            Input::NewestVersion { source, asked, version } => {
                self.newest_version(now, &source, asked, version);
            }
            Input::Audited { source, entries, version } => self.audited(now, &source, &entries, version),
            Input::AuditFailed(source) => self.audit_failed(now, &source),
            Input::Rivals(answer) => self.rivals_answered(now, answer),
            Input::LeadingUntil(until) => self.leading_until(now, until),
            Input::LeadershipLost => self.leadership_lost(),
            Input::Stop => self.stop(),
            Input::Tick => {}
        }
    }

    /// Plans what is ready and appends what is to be done now.
    pub fn run(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.ran_at = now.moment;
        self.arrived_at = now.moment;
        self.pass_time(now);
        self.check_standing(now);
        self.check_freshness(now);
        self.plan_ready(now);
        self.dispatch(now);
        self.search_rivals(now);
        self.start_audits(now);
        self.tell_counts(now);
        self.measure(now);
        effects.append(&mut self.effects);
    }

    /// When `run` must be called at the latest if nothing happens before.
    pub fn wake_at(&self) -> Option<Moment> {
        let timers = self.desks.iter().filter_map(|desk| desk.queue.next_timer());
        let sources = self.sources.values().filter_map(|source| source.wake_at());
        let pause = self.dispatch_wake_at();
        let rivals = self.rivals.as_ref().and_then(|rivals| rivals.wake_at(self.ran_at));
        let counts = self.gathering.wake_at();
        timers
            .chain(sources)
            .chain(pause)
            .chain(rivals)
            .chain(counts)
            .filter(|moment| *moment > self.ran_at)
            .min()
    }

    /// Whether nothing that was sent is still unanswered.
    pub fn is_drained(&self) -> bool {
        self.writes.is_empty() && self.reads.is_empty()
    }

    /// How many writes were sent and not answered.
    pub fn writes_in_flight(&self) -> usize {
        self.concurrency.in_flight()
    }

    /// The objects, as far as they are known.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Puts a key in line, unless it is at work or waits for a cache: then it is planned afterwards anyway. The canary is
    /// never in line: it is there to see who else reconciles it.
    fn enqueue(&mut self, desk_index: usize, key: &ObjectName, lane: Lane) {
        let Some(desk) = self.desks.get_mut(desk_index) else { return };
        let is_canary = |rivals: &Rivals| rivals.canary().0 == key;
        if desk.controller.primary() == Kind::ReplicationController
            && self.rivals.as_ref().is_some_and(is_canary)
        {
            return;
        }
        if desk.keys.get(key).is_some_and(|state| state.is_busy() || state.is_gated()) {
            return;
        }
        if desk.queue.add(key, lane, self.arrived_at) {
            self.meter.queue_added(desk.controller.queue());
        }
    }

    /// Puts a key in line at that moment, unless it is planned before for another reason.
    fn enqueue_later(&mut self, desk_index: usize, key: &ObjectName, moment: Moment) {
        let Some(desk) = self.desks.get_mut(desk_index) else { return };
        if desk.keys.get(key).is_some_and(|state| state.is_busy() || state.is_gated()) {
            return;
        }
        desk.queue.wake_by(key, moment);
    }

    fn pass_time(&mut self, now: Now) {
        for index in 0..self.desks.len() {
            let due = self.desks.get_mut(index).map(|desk| desk.queue.due(now.moment)).unwrap_or_default();
            for key in due {
                let state = self.desks.get(index).and_then(|desk| desk.keys.get(&key));
                match state {
                    Some(state) if state.is_gated() && !state.is_busy() => self.doubt_gate(now, index, &key),
                    _ => self.enqueue(index, &key, Lane::Retry),
                }
            }
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        let counts = self.gathering.rest();
        self.effects.extend(counts.into_iter().map(Effect::Event));
        self.drop_all_unsent();
    }

    fn drop_all_unsent(&mut self) {
        for desk in &mut self.desks {
            let dropped: usize = desk.keys.values_mut().map(KeyState::drop_unsent).sum();
            if dropped > 0 {
                self.meter.writes_dropped(desk.controller.queue(), dropped);
            }
        }
        self.sendable.clear();
    }
}

#[cfg(test)]
mod tests;
