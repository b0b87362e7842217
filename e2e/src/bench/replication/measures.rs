//! What is reported of the rounds: the rows of the table, and the aims.

use serde_json::json;

use super::Options;
use super::ceiling::Ceiling;
use super::round::{Answers, CHANGING_OWNERS, Run};
use crate::bench::report::{Aim, Measure, Report};
use crate::bench::work::Cost;

/// Changes a second that the aims for the latency ask for: 500, but for what the clock of the load is off.
const LOAD_OF_THE_AIMS: f64 = 490.0;

/// One round in a line, for whoever waits.
pub(super) fn tell(run: &Run, options: Options) -> String {
    let mut line = format!(
        "{:.0} pods/s up, {:.0} down; processor seconds up: {:.2}, apiserver {:.2}, other programs {:.2}; {:.1} MiB",
        rate(options, &run.up),
        rate(options, &run.down),
        run.up.manager.as_secs_f64(),
        run.up.apiserver.as_secs_f64(),
        run.up.others.as_secs_f64(),
        mebibytes(run)
    );
    if let Some(Answers { seen: [half, most], rate, late, .. }) = run.answers {
        line.push_str(&format!(
            "; {rate:.0} changes/s answered in {half:.1} ms, 99 % in {most:.1} ms, {late:.0} late"
        ));
    }
    line
}

/// The table.
pub(super) fn report(options: Options, ours: &[Run], peer: &[Run], ceiling: &Ceiling<'_>) -> Report {
    let measure = |name, digits, aim, value: &dyn Fn(&Run) -> f64| Measure {
        name,
        digits,
        ours: ours.iter().map(value).collect(),
        peer: peer.iter().map(value).collect(),
        aim,
    };
    let pods = options.pods as f64;
    let throughput = if options.peer_defaults { 20.0 } else { 1.0 };
    let mut measures = vec![
        measure("time to all pods, s", 2, None, &|run| run.up.took.as_secs_f64()),
        measure("pods created a second", 0, Some(Aim::RatioAtLeast(throughput)), &|run| {
            rate(options, &run.up)
        }),
        share_of(ceiling, options, ours, peer),
        measure("time to no pods, s", 2, None, &|run| run.down.took.as_secs_f64()),
        measure("pods deleted a second", 0, None, &|run| rate(options, &run.down)),
        measure("CPU seconds, creating", 2, Some(Aim::RatioAtMost(1.0 / 3.0)), &|run| {
            run.up.manager.as_secs_f64()
        }),
        measure("CPU seconds, deleting", 2, None, &|run| run.down.manager.as_secs_f64()),
        measure("peak memory, MiB", 1, Some(Aim::RatioAtMost(0.1)), &mebibytes),
        measure("requests per pod, creating", 3, Some(Aim::RatioAtMost(1.0)), &|run| run.up.requests / pods),
        measure("events told, creating", 0, None, &|run| run.up.events as f64),
        measure("statuses written, creating", 0, None, &|run| run.up.statuses as f64),
        measure("requests per pod, deleting", 3, None, &|run| run.down.requests / pods),
        measure("apiserver's CPU seconds, creating", 2, None, &|run| run.up.apiserver.as_secs_f64()),
        measure("apiserver's CPU seconds, deleting", 2, None, &|run| run.down.apiserver.as_secs_f64()),
    ];
    if !options.peer_defaults {
        measures.extend(answers(ours, peer));
    }
    Report {
        benchmark: "replication",
        options: json!({
            "pods": options.pods,
            "rcs": options.owners,
            "rounds": options.rounds,
            "changes": options.changes,
            "peer-defaults": options.peer_defaults,
        }),
        measures,
        notes: notes(options, ceiling),
    }
}

fn share_of(ceiling: &Ceiling<'_>, options: Options, ours: &[Run], peer: &[Run]) -> Measure {
    let shares = |runs: &[Run]| {
        runs.iter().zip(&ceiling.rates).map(|(run, ceiling)| rate(options, &run.up) / ceiling).collect()
    };
    let name = "the same as a share of the raw ceiling";
    Measure { name, digits: 2, ours: shares(ours), peer: shares(peer), aim: None }
}

/// How soon changes are answered: from outside for both, and as our own manager counts.
fn answers(ours: &[Run], peer: &[Run]) -> [Measure; 5] {
    let rates = |runs: &[Run]| values(runs, |answers| Some(answers.rate));
    let name = "pods that change in a second";
    // The aims for the latency are for this load; at a smaller one they would be met too easily.
    let aim = Some(Aim::OursAtLeast(LOAD_OF_THE_AIMS));
    let rate = Measure { name, digits: 0, ours: rates(ours), peer: rates(peer), aim };
    let seen = |name, index: usize| {
        let of = |runs: &[Run]| values(runs, |answers| answers.seen.get(index).copied());
        Measure { name, digits: 1, ours: of(ours), peer: of(peer), aim: None }
    };
    let counted = |name, index: usize, aim| {
        let ours = values(ours, |answers| answers.counted?.get(index).copied());
        Measure { name, digits: 2, ours, peer: Vec::new(), aim: Some(Aim::OursAtMost(aim)) }
    };
    [
        rate,
        seen("event to write seen outside, p50, ms", 0),
        seen("event to write seen outside, p99, ms", 1),
        counted("event to write in the manager, p50, ms", 0, 2.0),
        counted("event to write in the manager, p99, ms", 1, 20.0),
    ]
}

fn values(runs: &[Run], value: impl Fn(&Answers) -> Option<f64>) -> Vec<f64> {
    runs.iter().filter_map(|run| value(run.answers.as_ref()?)).collect()
}

fn notes(options: Options, ceiling: &Ceiling<'_>) -> Vec<String> {
    let rates = ceiling.rates.iter().map(|rate| format!("{rate:.0}")).collect::<Vec<_>>().join(", ");
    let mut notes = vec![format!(
        "raw ceiling: a plain loop, {} creates at a time, pods a second after each round: {rates}",
        ceiling.width
    )];
    if options.peer_defaults {
        notes.push("the peer keeps to its default rate, 20 requests a second and 30 at once".to_owned());
    } else {
        notes.push(format!(
            "event to write: {} pods a second are to change, one in four becomes ready or unready, among {CHANGING_OWNERS} ReplicationControllers",
            options.changes
        ));
    }
    notes
}

fn rate(options: Options, cost: &Cost) -> f64 {
    options.pods as f64 / cost.took.as_secs_f64()
}

fn mebibytes(run: &Run) -> f64 {
    run.peak_memory as f64 / f64::from(1 << 20)
}
