//! What the brain counts.

use std::time::Duration;

use mainstay_engine::metric::number;
use mainstay_engine::{Meter, Standing};
use mainstay_model::Kind;
use prometheus::{Gauge, GaugeVec, HistogramVec, IntCounter, IntCounterVec, exponential_buckets};

use super::{Metrics, Register};

/// The metrics behind the [`Meter`].
#[derive(Clone, Debug)]
pub(super) struct BrainMetrics {
    adds: IntCounterVec,
    depth: GaugeVec,
    queue_seconds: HistogramVec,
    work_seconds: HistogramVec,
    unfinished_seconds: GaugeVec,
    longest_seconds: GaugeVec,
    retries: IntCounterVec,
    plan_panics: IntCounterVec,
    gate_seconds: HistogramVec,
    unsettled: GaugeVec,
    held_back: GaugeVec,
    held_back_longest: GaugeVec,
    dropped_writes: IntCounterVec,
    in_flight: Gauge,
    limit: Gauge,
    objects: GaugeVec,
    staleness: GaugeVec,
    lists: IntCounterVec,
    lost_events: IntCounterVec,
    regressions: IntCounterVec,
    standing: GaugeVec,
    events_dropped: IntCounter,
}

impl BrainMetrics {
    pub(super) fn register(register: &Register<'_>) -> Result<BrainMetrics, prometheus::Error> {
        let by_queue = &["name"];
        let by_resource = &["resource"];
        let events_dropped = IntCounter::new(
            "mainstay_events_dropped_total",
            "Events that were not sent because too much had been said about their object.",
        )?;
        Ok(BrainMetrics {
            adds: register.counters(
                "workqueue_adds_total",
                "Total number of adds handled by workqueue",
                by_queue,
            )?,
            depth: register.gauges("workqueue_depth", "Current depth of workqueue", by_queue)?,
            queue_seconds: register.histograms(
                "workqueue_queue_duration_seconds",
                "How long in seconds an item stays in workqueue before being requested",
                by_queue,
                exponential_buckets(1e-8, 10.0, 12)?,
            )?,
            work_seconds: register.histograms(
                "workqueue_work_duration_seconds",
                "How long in seconds processing an item from workqueue takes.",
                by_queue,
                exponential_buckets(1e-8, 10.0, 12)?,
            )?,
            unfinished_seconds: register.gauges(
                "workqueue_unfinished_work_seconds",
                "How many seconds of work has been done that is in progress and has not been observed by work_duration.",
                by_queue,
            )?,
            longest_seconds: register.gauges(
                "workqueue_longest_running_processor_seconds",
                "How many seconds the longest running processor for workqueue has been running.",
                by_queue,
            )?,
            retries: register.counters(
                "workqueue_retries_total",
                "Total number of retries handled by workqueue",
                by_queue,
            )?,
            plan_panics: register.counters(
                "mainstay_plan_panics_total",
                "Plans that ended in a panic; the key is tried again later.",
                by_queue,
            )?,
            gate_seconds: register.histograms(
                "mainstay_gate_wait_seconds",
                "How long a key with work to do waited until the caches had caught up with its own writes.",
                by_queue,
                exponential_buckets(0.001, 2.0, 16)?,
            )?,
            unsettled: register.gauges(
                "mainstay_unsettled_writes",
                "Creates of which it is not known whether the server has committed them.",
                by_queue,
            )?,
            held_back: register.gauges(
                "mainstay_held_back_objects",
                "Objects that are wanted and not made yet, since those before them failed soon after they were made.",
                by_queue,
            )?,
            held_back_longest: register.gauges(
                "mainstay_held_back_longest_seconds",
                "How long it takes until the last of the objects that are held back may be made.",
                by_queue,
            )?,
            dropped_writes: register.counters(
                "mainstay_dropped_writes_total",
                "Writes that were planned and dropped before they were sent.",
                by_queue,
            )?,
            in_flight: register
                .gauge("mainstay_writes_in_flight", "Writes that are sent and not answered.")?,
            limit: register
                .gauge("mainstay_writes_limit", "How many writes may be in flight at the moment.")?,
            objects: register.gauges("mainstay_cache_objects", "Objects in the cache.", by_resource)?,
            staleness: register.gauges(
                "mainstay_cache_staleness_seconds",
                "How long ago the watch of a cache last said anything.",
                by_resource,
            )?,
            lists: register.counters(
                "mainstay_lists_total",
                "Complete lists that were taken into the cache.",
                by_resource,
            )?,
            lost_events: register.counters(
                "mainstay_lost_watch_events_total",
                "Changes that the audit found and the watch had never delivered.",
                by_resource,
            )?,
            regressions: register.counters(
                "mainstay_version_regressions_total",
                "How often the server's resource version went back, as after a restore of etcd.",
                by_resource,
            )?,
            standing: register.gauges(
                "mainstay_controller_standing",
                "Why a controller acts (on, alone) or does not: 1 for the reason that holds, 0 for the others.",
                &["controller", "reason"],
            )?,
            events_dropped: register.put(events_dropped)?,
        })
    }
}

impl BrainMetrics {
    /// Makes the series of a queue that would otherwise come with the first event of their kind.
    pub(super) fn show_queue(&self, name: &'static str) {
        for counters in [&self.adds, &self.retries, &self.plan_panics, &self.dropped_writes] {
            counters.with_label_values(&[name]);
        }
        for histograms in [&self.queue_seconds, &self.work_seconds, &self.gate_seconds] {
            histograms.with_label_values(&[name]);
        }
    }
}

fn total(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Meter for Metrics {
    fn queue_added(&self, queue: &'static str) {
        self.brain.adds.with_label_values(&[queue]).inc();
    }

    fn queue_depth(&self, queue: &'static str, depth: usize) {
        self.brain.depth.with_label_values(&[queue]).set(number(depth));
    }

    fn queue_waited(&self, queue: &'static str, waited: Duration) {
        self.brain.queue_seconds.with_label_values(&[queue]).observe(waited.as_secs_f64());
    }

    fn work_done(&self, queue: &'static str, took: Duration) {
        self.brain.work_seconds.with_label_values(&[queue]).observe(took.as_secs_f64());
    }

    fn unfinished(&self, queue: &'static str, sum: Duration, longest: Duration) {
        self.brain.unfinished_seconds.with_label_values(&[queue]).set(sum.as_secs_f64());
        self.brain.longest_seconds.with_label_values(&[queue]).set(longest.as_secs_f64());
    }

    fn retried(&self, queue: &'static str) {
        self.brain.retries.with_label_values(&[queue]).inc();
    }

    fn plan_panicked(&self, queue: &'static str) {
        self.brain.plan_panics.with_label_values(&[queue]).inc();
    }

    fn gate_waited(&self, queue: &'static str, waited: Duration) {
        self.brain.gate_seconds.with_label_values(&[queue]).observe(waited.as_secs_f64());
    }

    fn unsettled(&self, queue: &'static str, count: usize) {
        self.brain.unsettled.with_label_values(&[queue]).set(number(count));
    }

    fn held_back(&self, queue: &'static str, count: usize, longest: Duration) {
        self.brain.held_back.with_label_values(&[queue]).set(number(count));
        self.brain.held_back_longest.with_label_values(&[queue]).set(longest.as_secs_f64());
    }

    fn writes_dropped(&self, queue: &'static str, count: usize) {
        self.brain.dropped_writes.with_label_values(&[queue]).inc_by(total(count));
    }

    fn concurrency(&self, in_flight: usize, limit: usize) {
        self.brain.in_flight.set(number(in_flight));
        self.brain.limit.set(number(limit));
    }

    fn objects(&self, kind: Kind, count: usize) {
        self.brain.objects.with_label_values(&[kind.plural()]).set(number(count));
    }

    fn staleness(&self, kind: Kind, age: Duration) {
        self.brain.staleness.with_label_values(&[kind.plural()]).set(age.as_secs_f64());
    }

    fn listed(&self, kind: Kind) {
        self.brain.lists.with_label_values(&[kind.plural()]).inc();
    }

    fn lost_events(&self, kind: Kind, count: usize) {
        self.brain.lost_events.with_label_values(&[kind.plural()]).inc_by(total(count));
    }

    fn version_went_back(&self, kind: Kind) {
        self.brain.regressions.with_label_values(&[kind.plural()]).inc();
    }

    fn standing(&self, controller: &'static str, standing: &Standing) {
        for reason in Standing::REASONS {
            let holds = reason == standing.reason();
            self.brain.standing.with_label_values(&[controller, reason]).set(f64::from(u8::from(holds)));
        }
    }

    fn figure(&self, metric: &'static str, labels: &[&'static str], value: f64) {
        self.declared.figure(metric, labels, value);
    }

    fn events_dropped(&self, count: u64) {
        self.brain.events_dropped.inc_by(count);
    }
}
