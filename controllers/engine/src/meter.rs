//! What the brain counts, for whoever shows it.

use std::time::Duration;

use mainstay_model::Kind;

use crate::rivals::Standing;

/// Receives the brain's measurements. Every method does nothing by default, so a test implements what it looks at.
///
/// `queue` is [`crate::Controller::queue`], the `name` label of upstream's workqueue metrics.
pub trait Meter {
    /// A key was put in the queue (not counted when it was in already): `workqueue_adds_total`.
    fn queue_added(&self, _queue: &'static str) {}
    /// How many keys are ready to be planned: `workqueue_depth`.
    fn queue_depth(&self, _queue: &'static str, _depth: usize) {}
    /// How long a key was ready before it was planned: `workqueue_queue_duration_seconds`.
    fn queue_waited(&self, _queue: &'static str, _waited: Duration) {}
    /// From planning to the last answer of the plan's requests: `workqueue_work_duration_seconds`.
    fn work_done(&self, _queue: &'static str, _took: Duration) {}
    /// Keys at work now: the sum of their ages and the oldest age: `workqueue_unfinished_work_seconds` and
    /// `workqueue_longest_running_processor_seconds`.
    fn unfinished(&self, _queue: &'static str, _sum: Duration, _longest: Duration) {}
    /// A key will be tried again after a failure: `workqueue_retries_total`.
    fn retried(&self, _queue: &'static str) {}
    /// A plan panicked: `mainstay_plan_panics_total`.
    fn plan_panicked(&self, _queue: &'static str) {}
    /// How long a key with work to do waited until a cache had caught up with its own writes: `mainstay_gate_wait_seconds`.
    fn gate_waited(&self, _queue: &'static str, _waited: Duration) {}
    /// How many creates have an unknown outcome now: `mainstay_unsettled_writes`.
    fn unsettled(&self, _queue: &'static str, _count: usize) {}
    /// How many objects are not made yet since those before them failed at once, and for how long at most:
    /// `mainstay_held_back_objects` and `mainstay_held_back_longest_seconds`.
    fn held_back(&self, _queue: &'static str, _count: usize, _longest: Duration) {}
    /// Writes that were planned but dropped unsent: `mainstay_dropped_writes_total`.
    fn writes_dropped(&self, _queue: &'static str, _count: usize) {}
    /// How many writes are in flight and how many may be: `mainstay_writes_in_flight`, `mainstay_writes_limit`.
    fn concurrency(&self, _in_flight: usize, _limit: usize) {}
    /// Objects of a kind in the store: `mainstay_cache_objects`.
    fn objects(&self, _kind: Kind, _count: usize) {}
    /// How long ago a source last said anything: `mainstay_cache_staleness_seconds`.
    fn staleness(&self, _kind: Kind, _age: Duration) {}
    /// A complete list was taken in: `mainstay_lists_total`.
    fn listed(&self, _kind: Kind) {}
    /// The audit found a change that the watch never delivered: `mainstay_lost_watch_events_total`.
    fn lost_events(&self, _kind: Kind, _count: usize) {}
    /// A source's version went back, as after a restore of etcd: `mainstay_version_regressions_total`.
    fn version_went_back(&self, _kind: Kind) {}
    /// Whether a controller acts, and why: `mainstay_controller_standing`.
    fn standing(&self, _controller: &'static str, _standing: &Standing) {}
    /// A metric that a controller has declared: a gauge that has this value now, a counter that grows by it, or a histogram that observes it.
    fn figure(&self, _metric: &'static str, _labels: &[&'static str], _value: f64) {}
    /// Events that the correlator dropped: `mainstay_events_dropped_total`.
    fn events_dropped(&self, _count: u64) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMeter;

impl Meter for NoMeter {}
