//! Metrics of a controller's own, under upstream's names.
//!
//! A controller declares them, its plans tell figures, the brain adds up and counts, and the [`Meter`](crate::Meter) shows what comes out.
//! So a plan stays a pure function, and whoever shows metrics knows nothing of controllers.

use std::collections::BTreeMap;

use mainstay_model::{Kind, ObjectName};

/// A metric that a controller declares.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Metric {
    /// Its name, upstream's where there is one.
    pub name: &'static str,
    /// What a reader of the metrics page is told of it.
    pub help: &'static str,
    /// The names of its labels. Their values are the program's, never the cluster's: the number of series is bounded.
    pub labels: &'static [&'static str],
    /// Where its figures come from.
    pub source: MetricSource,
}

impl Metric {
    /// A metric without labels.
    pub const fn new(name: &'static str, help: &'static str, source: MetricSource) -> Metric {
        Metric { name, help, labels: &[], source }
    }

    /// The same with labels.
    pub const fn by(self, labels: &'static [&'static str]) -> Metric {
        Metric { labels, ..self }
    }
}

/// Where the figures of a metric come from, and so what kind of metric it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MetricSource {
    /// A gauge: what the last plans of all keys have told, added up.
    Sum,
    /// A histogram: what each plan has told that is carried out as it is.
    Plans(Buckets),
    /// A histogram: the seconds from each plan to the last answer of its requests.
    Seconds(Buckets),
    /// A counter of writes of that kind of which the server has said that it has accepted them. Its label is `create`, `update` or `delete`.
    Writes(Kind),
    /// A counter of writes of which the server has said that it has accepted them, under the label that the controller gives them
    /// ([`Controller::accepted`](crate::Controller::accepted)). All labels that there are, so that each is shown from the start.
    Accepted(&'static [&'static str]),
    /// A counter of plans that have come to an end. Its label is `success`, or `error` where a write has failed or had to wait, or the plan had a
    /// fault that no write can mend.
    Results,
}

/// The upper bounds of a histogram, each a multiple of the one before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Buckets {
    /// The lowest bound.
    pub first: f64,
    /// How many times the one before each next bound is.
    pub factor: f64,
    /// How many there are.
    pub count: usize,
}

/// A number that a plan tells for one of its controller's metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// The metric's name.
    pub metric: &'static str,
    /// The values of its labels, in the order in which they are declared.
    pub labels: Vec<&'static str>,
    /// The number.
    pub value: usize,
}

impl Figure {
    /// A number for a metric without labels.
    pub fn new(metric: &'static str, value: usize) -> Figure {
        Figure { metric, labels: Vec::new(), value }
    }
}

/// A count as metrics have it.
pub fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// A series: the metric's name and the values of its labels.
type Series = (&'static str, Vec<&'static str>);

/// What the keys of a controller have told last, and the sums of it.
#[derive(Default)]
pub(crate) struct Sums {
    told: BTreeMap<ObjectName, Vec<Figure>>,
    sums: BTreeMap<Series, usize>,
}

impl Sums {
    /// Takes what a key tells for what it has told before.
    pub fn tell(&mut self, key: &ObjectName, figures: Vec<Figure>) {
        let before = if figures.is_empty() {
            self.told.remove(key)
        } else if self.told.get(key) == Some(&figures) {
            return;
        } else {
            self.told.insert(key.clone(), figures.clone())
        };
        for Figure { metric, labels, value } in figures {
            *self.sums.entry((metric, labels)).or_default() += value;
        }
        for Figure { metric, labels, value } in before.into_iter().flatten() {
            let sum = self.sums.entry((metric, labels)).or_default();
            *sum = sum.saturating_sub(value);
        }
    }

    /// Forgets what was told; the series stay, at zero.
    pub fn forget(&mut self) {
        self.told.clear();
        self.sums.values_mut().for_each(|sum| *sum = 0);
    }

    /// The sum of each series.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[&'static str], usize)> {
        self.sums.iter().map(|((metric, labels), sum)| (*metric, labels.as_slice(), *sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(sums: &Sums) -> Vec<(&'static str, Vec<&'static str>, usize)> {
        sums.iter().map(|(metric, labels, sum)| (metric, labels.to_vec(), sum)).collect()
    }

    #[test]
    fn what_a_key_tells_replaces_what_it_has_told() {
        let mut all = Sums::default();
        let (one, two) = (ObjectName::new("n", "one"), ObjectName::new("n", "two"));
        let labelled = Figure { metric: "b", labels: vec!["x"], value: 1 };
        all.tell(&one, vec![Figure::new("a", 5), labelled.clone()]);
        all.tell(&two, vec![Figure::new("a", 2), labelled.clone()]);
        assert_eq!(sums(&all), [("a", vec![], 7), ("b", vec!["x"], 2)]);
        all.tell(&one, vec![Figure::new("a", 1)]);
        assert_eq!(sums(&all), [("a", vec![], 3), ("b", vec!["x"], 1)]);
        all.tell(&two, Vec::new());
        assert_eq!(sums(&all), [("a", vec![], 1), ("b", vec!["x"], 0)]);
        all.forget();
        assert_eq!(sums(&all), [("a", vec![], 0), ("b", vec!["x"], 0)]);
        all.tell(&one, vec![labelled]);
        assert_eq!(sums(&all), [("a", vec![], 0), ("b", vec!["x"], 1)]);
    }
}
