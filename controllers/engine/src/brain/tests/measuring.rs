//! What is measured and decides nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;

use mainstay_model::Refusal;

use super::*;
use crate::metric::{Buckets, Figure, Metric, MetricSource};

const BUCKETS: Buckets = Buckets { first: 1.0, factor: 2.0, count: 4 };

/// What the keeper counts of its own.
pub(super) const METRICS: &[Metric] = &[
    Metric::new("wanted", "", MetricSource::Sum),
    Metric::new("wanted_by_plan", "", MetricSource::Plans(BUCKETS)).by(&["size"]),
    Metric::new("seconds", "", MetricSource::Seconds(BUCKETS)),
    Metric::new("pods", "", MetricSource::Writes(Kind::Pod)).by(&["operation"]),
    Metric::new("ends", "", MetricSource::Results).by(&["result"]),
    Metric::new("made", "", MetricSource::Accepted(&["pod"])).by(&["what"]),
];

/// What it tells of an owner that wants so many pods.
pub(super) fn figures(wanted: usize) -> Vec<Figure> {
    let size = if wanted > 1 { "large" } else { "small" };
    vec![
        Figure::new("wanted", wanted),
        Figure { metric: "wanted_by_plan", labels: vec![size], value: wanted },
    ]
}

/// The figures of each series, in the order in which the meter has heard them.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeMap<String, Vec<f64>>>>);

impl crate::Meter for Heard {
    fn figure(&self, metric: &'static str, labels: &[&'static str], value: f64) {
        let series = [&[metric], labels].concat().join(" ");
        self.0.lock().unwrap().entry(series).or_default().push(value);
    }
}

impl Heard {
    fn all(&self, series: &str) -> Vec<f64> {
        self.0.lock().unwrap().get(series).cloned().unwrap_or_default()
    }

    fn last(&self, series: &str) -> Option<f64> {
        self.all(series).last().copied()
    }
}

#[test]
fn what_controllers_declare_is_counted_from_what_plans_tell_and_how_writes_end() {
    let heard = Heard::default();
    let mut bench = Bench::leader();
    bench.brain.meter = Box::new(heard.clone());
    bench.scale(2);
    assert_eq!(heard.all("wanted_by_plan large"), [2.0]);
    assert_eq!(heard.all("pods create"), [], "nothing is accepted yet");
    bench.settle_all();
    assert_eq!(heard.all("pods create"), [1.0, 1.0]);
    assert_eq!(heard.all("made pod"), [1.0, 1.0], "as the controller calls it");
    bench.pass(Duration::from_secs(1));
    assert_eq!(heard.last("wanted"), Some(2.0));
    let ended = heard.all("ends success").len();
    assert!(ended > 0);
    assert_eq!(heard.all("seconds").len(), ended);
    assert_eq!(heard.all("ends error"), []);

    bench.scale(3);
    bench.refuse("create", "web-2", Refusal::Forbidden { message: "no".into() });
    assert_eq!(heard.all("ends error"), [1.0]);
    assert_eq!(heard.all("pods create").len(), 2, "what is refused is no write");
    assert_eq!(heard.all("made pod").len(), 2);

    bench.settle_all();
    let (name, version) = (ObjectName::new("shop", "web"), bench.next_version());
    let gone = Tombstone { kind: Kind::ReplicationController, name, uid: OWNER, version };
    bench.input(Input::Source(OWNERS, SourceEvent::Deleted(gone)));
    bench.pass(Duration::from_secs(600));
    bench.pass(Duration::from_secs(1));
    assert_eq!(heard.last("wanted"), Some(0.0), "what is gone counts no more");
}

#[test]
fn the_first_write_of_a_plan_says_when_the_change_arrived_that_it_answers() {
    let mut bench = Bench::leader();
    let arrived = bench.now.moment;
    bench.now.moment = arrived.after(Duration::from_millis(20));
    let version = bench.next_version();
    let change = SourceEvent::Applied(owner(3, version, ReplicationControllerStatus::default()));
    bench.brain.handle_arrived(bench.now, arrived, Input::Source(OWNERS, change));
    assert_eq!(changed(&mut bench), [Some(arrived)]);

    // The window lets two more go, for the same change: only the first write answers it.
    let (id, _) = bench.take("create", "web-0");
    let version = Some(bench.next_version());
    let outcome = WriteOutcome::Acknowledged { version };
    bench.brain.handle(bench.now, Input::Write { id, outcome, took: Duration::from_millis(5) });
    assert_eq!(changed(&mut bench), [None, None]);
}

/// When the changes arrived that what is dispatched now answers.
fn changed(bench: &mut Bench) -> Vec<Option<Moment>> {
    let mut effects = vec![];
    bench.brain.run(bench.now, &mut effects);
    let mut changes = vec![];
    for effect in effects {
        if let Effect::Write { id, write, changed, .. } = effect {
            changes.push(changed);
            bench.writes.push((id, write));
        }
    }
    changes
}
