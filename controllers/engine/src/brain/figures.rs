//! What controllers count of their own: the metrics that they declare.

use std::time::Duration;

use mainstay_model::{ObjectName, Write};

use super::Brain;
use crate::metric::{Figure, Metric, MetricSource, number};

impl Brain {
    fn metrics(&self, index: usize) -> &'static [Metric] {
        self.desks.get(index).map(|desk| desk.controller.metrics()).unwrap_or_default()
    }

    /// Takes in what a plan has told. What it would do is told only of one that is carried out as it is.
    pub(super) fn tell_figures(
        &mut self,
        index: usize,
        key: &ObjectName,
        figures: Vec<Figure>,
        is_carried_out: bool,
    ) {
        let metrics = self.metrics(index);
        let is_summed = |figure: &Figure| {
            let metric = metrics.iter().find(|metric| metric.name == figure.metric);
            metric.is_some_and(|metric| metric.source == MetricSource::Sum)
        };
        let (summed, observed): (Vec<Figure>, Vec<Figure>) = figures.into_iter().partition(is_summed);
        for Figure { metric, labels, value } in observed.into_iter().filter(|_| is_carried_out) {
            self.meter.figure(metric, &labels, number(value));
        }
        if let Some(desk) = self.desks.get_mut(index) {
            desk.sums.tell(key, summed);
        }
    }

    /// A plan was carried out, in that time, well or not.
    pub(super) fn tell_end(&self, index: usize, took: Duration, well: bool) {
        for metric in self.metrics(index) {
            match metric.source {
                MetricSource::Seconds(_) => self.meter.figure(metric.name, &[], took.as_secs_f64()),
                MetricSource::Results => {
                    self.meter.figure(metric.name, &[if well { "success" } else { "error" }], 1.0);
                }
                MetricSource::Sum
                | MetricSource::Plans(_)
                | MetricSource::Writes(_)
                | MetricSource::Accepted(_) => {}
            }
        }
    }

    /// The server has accepted a write.
    pub(super) fn tell_write(&self, index: usize, write: &Write) {
        let kind = write.kind();
        for metric in self.metrics(index).iter().filter(|it| it.source == MetricSource::Writes(kind)) {
            self.meter.figure(metric.name, &[write.verb()], 1.0);
        }
        let counted = self.desks.get(index).and_then(|desk| desk.controller.accepted(write));
        if let Some((metric, label)) = counted {
            self.meter.figure(metric, &[label], 1.0);
        }
    }
}
