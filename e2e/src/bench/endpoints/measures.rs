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
#[derive(Debug, Default)]
pub(super) struct Measured {
    ours: Shown,
    peer: Shown,
}

/// What one of them has shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// All slices from none, once.
    pub(super) built: Vec<Start>,
    /// Each round.
    pub(super) runs: Vec<Run>,
}

impl Measured {
    /// What this one has shown.
    pub(super) fn of(&mut self, manager: Manager) -> &mut Shown {
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
        let values = |shown: &Shown| shown.runs.iter().map(&value).collect();
        Measure { name, digits, ours: values(&self.ours), peer: values(&self.peer), aim }
    }

    fn of_builds(&self, name: &'static str, aim: Option<Aim>, value: impl Fn(&Start) -> f64) -> Measure {
        let values = |shown: &Shown| shown.built.iter().map(&value).collect();
        Measure { name, digits: 2, ours: values(&self.ours), peer: values(&self.peer), aim }
    }

    /// What only ours counts.
    fn of_ours(&self, name: &'static str, aim: Option<Aim>, value: impl Fn(&Run) -> Option<f64>) -> Measure {
        Measure {
            name,
            digits: 2,
            ours: self.ours.runs.iter().filter_map(value).collect(),
            peer: Vec::new(),
            aim,
        }
    }
}

/// One round in a few lines, for whoever waits.
pub(super) fn tell(run: &Run) -> Vec<String> {
    vec![
        format!("start after the other one: {}", tell_start(&run.takeover)),
        format!("flips: {}", tell_changes(&run.flips)),
        format!("pods come: {}", tell_changes(&run.coming)),
        format!("pods are replaced: {}", tell_changes(&run.rolling)),
        format!("restart: {}; peak {:.1} MiB", tell_start(&run.restart), mebibytes(run)),
    ]
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
        measured.of_ours("flips: event to write in the manager, p50, ms", None, |run| {
            Some(run.flips.counted?[0])
        }),
        measured.of_ours(
            "flips: event to write in the manager, p99, ms",
            Some(Aim::OursAtMost(20.0)),
            |run| Some(run.flips.counted?[1]),
        ),
        measured.of_runs("flips: slices written per change", 3, Some(NO_MORE), |run| slices(&run.flips)),
        measured
            .of_runs("flips: Endpoints written per change", 3, Some(NO_MORE), |run| endpoints(&run.flips)),
        measured.of_runs("flips: requests per change", 3, None, |run| {
            run.flips.cost.requests / run.flips.changes
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

/// All slices from none, and starts among all that stands.
fn starts(measured: &Measured) -> Vec<Measure> {
    let third = Some(THIRD);
    vec![
        measured.of_builds("building: time to all slices, s", None, |start| start.took.as_secs_f64()),
        measured.of_builds("building: CPU seconds", third, |start| start.cost.manager.as_secs_f64()),
        measured.of_runs("restart: time to the first useful write, s", 2, None, |run| {
            run.restart.took.as_secs_f64()
        }),
        measured.of_runs("restart: CPU seconds", 2, third, |run| run.restart.cost.manager.as_secs_f64()),
        measured
            .of_runs("restart: vain writes", 0, Some(Aim::OursAtMost(0.0)), |run| run.restart.vain_writes()),
        measured.of_runs("start after the other one: vain writes", 0, None, |run| run.takeover.vain_writes()),
    ]
}

fn half(changes: &Changes) -> f64 {
    changes.seen[0]
}

fn most(changes: &Changes) -> f64 {
    changes.seen[1]
}

fn slices(changes: &Changes) -> f64 {
    changes.cost.slices / changes.changes
}

fn endpoints(changes: &Changes) -> f64 {
    changes.cost.endpoints / changes.changes
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
        "restart: of one service a pod has changed; what is written beside its slice and its Endpoints is vain".to_owned(),
    ];
    if options.peer_defaults {
        notes.push("the peer keeps to its default rate, 20 requests a second and 30 at once".to_owned());
    }
    notes
}
