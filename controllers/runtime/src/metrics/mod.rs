//! Everything that is counted, for Prometheus: upstream's names wherever upstream has one, `mainstay_` before the rest.
//!
//! No label ever holds an object's name or an error's text: the number of series is bounded by the program, not by the
//! cluster.

mod brain;
mod declared;
mod process;
#[cfg(test)]
mod tests;

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    CounterVec, Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, Opts,
    Registry, TextEncoder,
};

use mainstay_engine::{Meter, Metric};
use mainstay_model::Kind;

use crate::connection::{ObservedRequest, RequestObserver};
use crate::executor::ExecutorObserver;
use crate::source::SourceObserver;
use brain::BrainMetrics;
use declared::DeclaredMetrics;
use process::ProcessMetrics;

/// The `manager` label of `running_managed_controllers`.
const MANAGER: &str = "mainstay";

/// The registry and all that is in it. Clones share it.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    process: ProcessMetrics,
    brain: BrainMetrics,
    declared: DeclaredMetrics,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    change_to_write: Histogram,
    unreadable: IntCounterVec,
    leading: GaugeVec,
    running: GaugeVec,
}

impl Metrics {
    /// A registry with every metric, at zero. Fails only if two metrics have the same name.
    pub fn new() -> Result<Metrics, prometheus::Error> {
        let registry = Registry::new();
        let register = Register(&registry);
        Ok(Metrics {
            process: ProcessMetrics::register(&registry)?,
            brain: BrainMetrics::register(&register)?,
            declared: DeclaredMetrics::default(),
            requests: register.counters(
                "rest_client_requests_total",
                "Number of HTTP requests, partitioned by status code, method, and host.",
                &["code", "method", "host"],
            )?,
            request_seconds: register.histograms(
                "rest_client_request_duration_seconds",
                "Request latency in seconds. Broken down by verb, and host.",
                &["verb", "host"],
                vec![0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0],
            )?,
            change_to_write: register.put(Histogram::with_opts(change_to_write())?)?,
            unreadable: register.counters(
                "mainstay_unreadable_objects_total",
                "Objects that came from the server and could not be read.",
                &["resource"],
            )?,
            leading: register.gauges(
                "leader_election_master_status",
                "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.",
                &["name"],
            )?,
            running: register.gauges(
                "running_managed_controllers",
                "Indicates where instances of a controller are currently running",
                &["name", "manager"],
            )?,
            registry,
        })
    }

    /// Shows the series of a work queue at zero: an alert on their growth misses the first step of one that appears with it.
    pub fn queue(&self, name: &'static str) {
        self.brain.show_queue(name);
    }

    /// Registers what a controller counts of its own. Fails if one of these is there already.
    pub fn declare(&mut self, metrics: &[Metric]) -> Result<(), prometheus::Error> {
        let register = Register(&self.registry);
        metrics.iter().try_for_each(|metric| self.declared.register(&register, metric))
    }

    /// Whether this process leads by the lease of that name.
    pub fn leading(&self, lease: &str, leads: bool) {
        self.leading.with_label_values(&[lease]).set(f64::from(u8::from(leads)));
    }

    /// Whether a controller works in this process now.
    pub fn running(&self, controller: &str, runs: bool) {
        self.running.with_label_values(&[controller, MANAGER]).set(f64::from(u8::from(runs)));
    }

    /// Everything, in Prometheus' text format.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        self.process.refresh();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// The content type of [`Metrics::text`].
    pub fn content_type() -> &'static str {
        "text/plain; version=0.0.4; charset=utf-8"
    }
}

impl RequestObserver for Metrics {
    fn request_ended(&self, request: ObservedRequest<'_>) {
        let ObservedRequest { lane: _, method, host, code, took } = request;
        let code = code.map_or_else(|| "<error>".to_owned(), |code| code.to_string());
        self.requests.with_label_values(&[code.as_str(), method, host]).inc();
        self.request_seconds.with_label_values(&[method, host]).observe(took.as_secs_f64());
    }
}

impl SourceObserver for Metrics {
    fn objects_unreadable(&self, kind: Kind, count: u64) {
        self.unreadable.with_label_values(&[kind.plural()]).inc_by(count);
    }
}

impl ExecutorObserver for Metrics {
    fn events_dropped(&self, count: u64) {
        // To whoever misses an event it is all the same who has dropped it.
        Meter::events_dropped(self, count);
    }

    fn change_answered(&self, after: Duration) {
        self.change_to_write.observe(after.as_secs_f64());
    }
}

fn change_to_write() -> HistogramOpts {
    let help = "From the arrival of the watch event that made a key ready until its first write has left.";
    let buckets = [1e-4, 1e-3, 1e-2, 1e-1, 1.0].into_iter().flat_map(|unit| [unit, unit * 2.0, unit * 5.0]);
    HistogramOpts::new("mainstay_change_to_write_seconds", help).buckets(buckets.collect())
}

/// Makes metrics and puts them into a registry.
struct Register<'a>(&'a Registry);

impl Register<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.put(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    /// Counters that grow by more than whole numbers.
    fn sums(&self, name: &str, help: &str, labels: &[&str]) -> Result<CounterVec, prometheus::Error> {
        self.put(CounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
        self.put(Gauge::new(name, help)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.put(GaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: Vec<f64>,
    ) -> Result<HistogramVec, prometheus::Error> {
        self.put(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)?)
    }

    fn put<M: Collector + Clone + 'static>(&self, metric: M) -> Result<M, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}
