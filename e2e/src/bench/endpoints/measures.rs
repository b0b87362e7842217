//! What is reported of the rounds: the rows of the table, and the aims.

use serde_json::json;

use super::Options;
use super::start::Start;
use super::turn::{Changes, Run};
use crate::bench::managers::Manager;
use crate::bench::report::{Aim, Measure, Report};

/// The share of the peer's processor time that is to be enough.
const THIRD: Aim = Aim::RatioAtMost(1.0 / 3.0);
/// No more writes than the peer.
const NO_MORE: Aim = Aim::RatioAtMost(1.0);
/// The share of the changes asked for that there are to be, but for what the clock of the load is off.
const SHARE_OF_THE_LOAD: f64 = 0.98;

/// What both have shown.
#[derive(Debug)]
pub(super) struct Measured {
    /// All slices from none, by ours alone.
    built: Start,
    ours: Vec<Run>,
    peer: Vec<Run>,
}

impl Measured {
    /// Nothing yet, but that all slices were made.
    pub(super) fn new(built: Start) -> Measured {
        Measured { built, ours: Vec::new(), peer: Vec::new() }
    }

    /// The rounds of this one.
    pub(super) fn of(&mut self, manager: Manager) -> &mut Vec<Run> {
        match manager {
            Manager::Ours => &mut self.ours,
            Manager::Peer => &mut self.peer,
        }
    }

    /// A row with a value for each round.
    fn of_runs(
        &self,
        name: &'static str,
        digits: usize,
        aim: Option<Aim>,
        value: impl Fn(&Run) -> f64,
    ) -> Measure {
        let values = |runs: &[Run]| runs.iter().map(&value).collect();
        Measure { name, digits, ours: values(&self.ours), peer: values(&self.peer), aim }
    }

    /// What only ours shows.
    fn of_ours(
        &self,
        name: &'static str,
        digits: usize,
        aim: Option<Aim>,
        value: impl Fn(&Run) -> Option<f64>,
    ) -> Measure {
        let ours = self.ours.iter().filter_map(value).collect();
        Measure { name, digits, ours, peer: Vec::new(), aim }
    }
}

/// One round in a few lines, for whoever waits.
pub(super) fn tell(run: &Run) -> Vec<String> {
    let restart = run.restart.map(|restart| format!("start after itself: {}", tell_start(&restart)));
    let lines = [
        format!("start: {}", tell_start(&run.start)),
        format!("flips: {}", tell_changes(&run.flips)),
        format!("pods come: {}", tell_changes(&run.coming)),
        format!("pods are replaced: {}", tell_changes(&run.rolling)),
        format!("peak of memory: {:.1} MiB", mebibytes(run)),
    ];
    lines.into_iter().chain(restart).collect()
}

/// A start in a few words.
pub(super) fn tell_start(start: &Start) -> String {
    let Start { took, cost } = start;
    format!(
        "{:.2} s; {:.0} slices and {:.0} Endpoints written; processor seconds: {:.2}, apiserver {:.2}",
        took.as_secs_f64(),
        cost.slices,
        cost.endpoints,
        cost.manager.as_secs_f64(),
        cost.apiserver.as_secs_f64()
    )
}

fn tell_changes(changes: &Changes) -> String {
    let Changes { cost, changes, rate, seen: [half, most], counted, late, .. } = changes;
    let counted = counted.map(|[half, most]| format!(", in the manager {half:.2} and {most:.2} ms"));
    format!(
        "{rate:.0}/s answered in {half:.1} ms, 99 % in {most:.1} ms{}, {late:.0} late; writes per change: slices {:.3}, Endpoints {:.3}; \
         processor seconds: {:.2}, apiserver {:.2}, other programs {:.2}",
        counted.unwrap_or_default(),
        cost.slices / changes,
        cost.endpoints / changes,
        cost.manager.as_secs_f64(),
        cost.apiserver.as_secs_f64(),
        cost.others.as_secs_f64()
    )
}

/// The table.
pub(super) fn report(options: Options, measured: &Measured) -> Report {
    let mut measures = many(options, measured);
    measures.extend(one(measured));
    measures.extend(starts(measured));
    Report {
        benchmark: "endpoints",
        options: json!({
            "services": options.services,
            "pods-per-service": options.pods_per_service,
            "pods": options.pods,
            "changes": options.changes,
            "seconds": options.seconds,
            "rounds": options.rounds,
            "peer-defaults": options.peer_defaults,
        }),
        measures,
        notes: notes(options),
    }
}

/// Many services, of which one pod after another changes.
fn many(options: Options, measured: &Measured) -> Vec<Measure> {
    let rate = Some(Aim::OursAtLeast(f64::from(options.changes) * SHARE_OF_THE_LOAD));
    vec![
        measured.of_runs("flips: pods that change in a second", 0, rate, |run| run.flips.rate),
        measured.of_runs("flips: event to slice seen outside, p50, ms", 1, None, |run| half(&run.flips)),
        measured.of_runs("flips: event to slice seen outside, p99, ms", 1, None, |run| most(&run.flips)),
        measured.of_ours("flips: event to write in the manager, p50, ms", 2, None, |run| {
            Some(run.flips.counted?[0])
        }),
        measured.of_ours(
            "flips: event to write in the manager, p99, ms",
            2,
            Some(Aim::OursAtMost(20.0)),
            |run| Some(run.flips.counted?[1]),
        ),
        measured.of_runs("flips: answers overtaken by the next change", 0, None, |run| run.flips.late),
        measured
            .of_runs("flips: slices written per answered change", 3, Some(NO_MORE), |run| slices(&run.flips)),
        measured.of_runs("flips: Endpoints written per answered change", 3, Some(NO_MORE), |run| {
            endpoints(&run.flips)
        }),
        measured.of_runs("flips: requests per answered change", 3, None, |run| {
            run.flips.cost.requests / answered(&run.flips)
        }),
        measured.of_runs("flips: CPU seconds", 2, Some(THIRD), |run| seconds(&run.flips)),
        measured
            .of_runs("flips: apiserver's CPU seconds", 2, None, |run| run.flips.cost.apiserver.as_secs_f64()),
    ]
}

/// One service whose pods come and are replaced.
fn one(measured: &Measured) -> Vec<Measure> {
    vec![
        measured.of_runs("coming: event to slice seen outside, p50, ms", 1, None, |run| half(&run.coming)),
        measured.of_runs("coming: event to slice seen outside, p99, ms", 1, None, |run| most(&run.coming)),
        measured.of_runs("coming: slices written per change", 3, Some(NO_MORE), |run| slices(&run.coming)),
        measured
            .of_runs("coming: Endpoints written per change", 3, Some(NO_MORE), |run| endpoints(&run.coming)),
        measured.of_runs("coming: CPU seconds", 2, Some(THIRD), |run| seconds(&run.coming)),
        measured.of_runs("rolling: event to slice seen outside, p50, ms", 1, None, |run| half(&run.rolling)),
        measured.of_runs("rolling: event to slice seen outside, p99, ms", 1, None, |run| most(&run.rolling)),
        measured.of_runs("rolling: slices written per change", 3, Some(NO_MORE), |run| slices(&run.rolling)),
        measured.of_runs("rolling: Endpoints written per change", 3, Some(NO_MORE), |run| {
            endpoints(&run.rolling)
        }),
        measured.of_runs("rolling: CPU seconds", 2, Some(THIRD), |run| seconds(&run.rolling)),
        measured.of_runs("peak memory, MiB", 1, None, mebibytes),
    ]
}

/// Starts among all that stands, and all slices from none.
fn starts(measured: &Measured) -> Vec<Measure> {
    let none = Some(Aim::OursAtMost(0.0));
    let built =
        |name, value: f64| Measure { name, digits: 2, ours: vec![value], peer: Vec::new(), aim: None };
    vec![
        measured
            .of_runs("start: time to the first useful write, s", 2, None, |run| run.start.took.as_secs_f64()),
        measured.of_runs("start: CPU seconds", 2, Some(THIRD), |run| run.start.cost.manager.as_secs_f64()),
        measured.of_runs("start after another's work: vain writes", 0, none, |run| run.start.vain_writes()),
        measured.of_ours("start after its own work: vain writes", 0, none, |run| {
            Some(run.restart?.vain_writes())
        }),
        built("all slices from none: time, s", measured.built.took.as_secs_f64()),
        built("all slices from none: CPU seconds", measured.built.cost.manager.as_secs_f64()),
    ]
}

fn half(changes: &Changes) -> f64 {
    changes.seen[0]
}

fn most(changes: &Changes) -> f64 {
    changes.seen[1]
}

fn slices(changes: &Changes) -> f64 {
    changes.cost.slices / answered(changes)
}

fn endpoints(changes: &Changes) -> f64 {
    changes.cost.endpoints / answered(changes)
}

/// Who is so late that the next change of a pod takes back the one before writes for neither, and saves nothing by that.
fn answered(changes: &Changes) -> f64 {
    changes.changes - changes.late - changes.moot
}

fn seconds(changes: &Changes) -> f64 {
    changes.cost.manager.as_secs_f64()
}

fn mebibytes(run: &Run) -> f64 {
    run.peak_memory as f64 / f64::from(1 << 20)
}

fn notes(options: Options) -> Vec<String> {
    let Options { services, pods_per_service, pods, changes, seconds, .. } = options;
    let mut notes = vec![
        format!(
            "flips: {services} services with {pods_per_service} pods each; {changes} pods a second become unready or ready for {seconds} s, \
             each one of another service than the one before"
        ),
        format!("coming and rolling: the {pods} pods of one service come, and then each is replaced by another"),
        "start: of one service a pod has changed before; what is written beside its slice and its Endpoints is vain".to_owned(),
    ];
    if options.peer_defaults {
        notes.push("the peer keeps to its default rate, 20 requests a second and 30 at once".to_owned());
    }
    notes
}
