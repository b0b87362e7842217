//! Metrics that controllers declare.

use std::collections::BTreeMap;

use mainstay_engine::{Buckets, Metric, MetricSource};
use prometheus::{CounterVec, GaugeVec, HistogramVec, exponential_buckets};

use super::Register;

/// All of them, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct DeclaredMetrics(BTreeMap<&'static str, DeclaredMetric>);

#[derive(Clone, Debug)]
enum DeclaredMetric {
    Gauge(GaugeVec),
    Counter(CounterVec),
    Histogram(HistogramVec),
}

impl DeclaredMetrics {
    /// Registers a metric and shows, at zero, the series that are known beforehand.
    pub(super) fn register(
        &mut self,
        register: &Register<'_>,
        metric: &Metric,
    ) -> Result<(), prometheus::Error> {
        let Metric { name, help, labels, source } = *metric;
        let histogram = |Buckets { first, factor, count }| {
            let buckets = exponential_buckets(first, factor, count)?;
            Ok::<_, prometheus::Error>(DeclaredMetric::Histogram(
                register.histograms(name, help, labels, buckets)?,
            ))
        };
        let (declared, series): (_, &[&str]) = match source {
            MetricSource::Sum => (DeclaredMetric::Gauge(register.gauges(name, help, labels)?), &[]),
            MetricSource::Plans(buckets) | MetricSource::Seconds(buckets) => (histogram(buckets)?, &[]),
            MetricSource::Writes(_) => {
                (DeclaredMetric::Counter(register.sums(name, help, labels)?), &["create", "update", "delete"])
            }
            MetricSource::Accepted(series) => {
                (DeclaredMetric::Counter(register.sums(name, help, labels)?), series)
            }
            MetricSource::Results => {
                (DeclaredMetric::Counter(register.sums(name, help, labels)?), &["success", "error"])
            }
        };
        self.0.insert(name, declared);
        if labels.is_empty() {
            self.show(name, &[]);
        }
        series.iter().for_each(|value| self.show(name, &[value]));
        Ok(())
    }

    fn show(&self, name: &str, labels: &[&str]) {
        match self.0.get(name) {
            Some(DeclaredMetric::Gauge(gauges)) => drop(gauges.get_metric_with_label_values(labels)),
            Some(DeclaredMetric::Counter(counters)) => drop(counters.get_metric_with_label_values(labels)),
            Some(DeclaredMetric::Histogram(all)) => drop(all.get_metric_with_label_values(labels)),
            None => {}
        }
    }

    /// Sets, counts or observes. What nobody has declared, or has declared with other labels, is left out.
    pub(super) fn figure(&self, name: &str, labels: &[&str], value: f64) {
        match self.0.get(name) {
            Some(DeclaredMetric::Gauge(gauges)) => {
                if let Ok(gauge) = gauges.get_metric_with_label_values(labels) {
                    gauge.set(value);
                }
            }
            Some(DeclaredMetric::Counter(counters)) => {
                if let Ok(counter) = counters.get_metric_with_label_values(labels) {
                    counter.inc_by(value);
                }
            }
            Some(DeclaredMetric::Histogram(all)) => {
                if let Ok(histogram) = all.get_metric_with_label_values(labels) {
                    histogram.observe(value);
                }
            }
            None => {}
        }
    }
}
