//! What is reported of the rounds: the rows of the table, and the aims.

use serde_json::json;

use super::Options;
use super::round::{Change, Scaling};
use crate::bench::managers::Manager;
use crate::bench::report::{Aim, Measure, Report};
use crate::bench::work::Cost;

/// All rounds of both.
#[derive(Debug, Default)]
pub(super) struct Measured {
    ours: Rounds,
    peer: Rounds,
}

#[derive(Debug, Default)]
struct Rounds {
    scalings: Vec<Scaling>,
    changes: Vec<Change>,
}

impl Measured {
    /// The rounds of one of them, in which pods were made and deleted.
    pub(super) fn scalings(&mut self, manager: Manager) -> &mut Vec<Scaling> {
        &mut self.of(manager).scalings
    }

    /// Those in which an image was changed.
    pub(super) fn changes(&mut self, manager: Manager) -> &mut Vec<Change> {
        &mut self.of(manager).changes
    }

    fn of(&mut self, manager: Manager) -> &mut Rounds {
        match manager {
            Manager::Ours => &mut self.ours,
            Manager::Peer => &mut self.peer,
        }
    }
}

/// One round in a line, for whoever waits.
pub(super) fn tell_scaling(scaling: &Scaling, options: Options) -> String {
    format!(
        "{:.0} pods/s up, {:.0} down; {:.3} requests per pod; processor seconds up: {:.2}, apiserver {:.2}, other programs {:.2}; {:.1} MiB",
        rate(options, &scaling.up),
        rate(options, &scaling.down),
        scaling.up.requests / options.scale as f64,
        scaling.up.manager.as_secs_f64(),
        scaling.up.apiserver.as_secs_f64(),
        scaling.up.others.as_secs_f64(),
        mebibytes(scaling.peak_memory)
    )
}

/// The same for a change of an image.
pub(super) fn tell_change(change: &Change, options: Options) -> String {
    let Change { cost, new, peak_memory } = change;
    format!(
        "{:.2} s; {} pods and {} main containers started anew; {:.3} requests per pod; processor seconds: {:.2}, apiserver {:.2}, other programs {:.2}; \
         {:.1} MiB",
        cost.took.as_secs_f64(),
        new.pods,
        new.mains,
        cost.requests / options.pods as f64,
        cost.manager.as_secs_f64(),
        cost.apiserver.as_secs_f64(),
        cost.others.as_secs_f64(),
        mebibytes(*peak_memory)
    )
}

/// The table.
pub(super) fn report(options: Options, measured: &Measured) -> Report {
    Report {
        benchmark: "sidecars",
        options: json!({
            "pods": options.pods,
            "scale": options.scale,
            "rounds": options.rounds,
            "with-policy": options.with_policy,
            "peer-defaults": options.peer_defaults,
        }),
        measures: of_scalings(options, measured).into_iter().chain(of_changes(options, measured)).collect(),
        notes: notes(options),
    }
}

fn of_scalings(options: Options, measured: &Measured) -> Vec<Measure> {
    let measure = |name, digits, aim, value: &dyn Fn(&Scaling) -> f64| Measure {
        name,
        digits,
        ours: measured.ours.scalings.iter().map(value).collect(),
        peer: measured.peer.scalings.iter().map(value).collect(),
        aim,
    };
    let pods = options.scale as f64;
    let throughput = Aim::RatioAtLeast(if options.peer_defaults { 20.0 } else { 1.0 });
    vec![
        measure("scale: time to all pods, s", 2, None, &|scaling| scaling.up.took.as_secs_f64()),
        measure("scale: pods created a second", 0, Some(throughput), &|scaling| rate(options, &scaling.up)),
        measure("scale: pods deleted a second", 0, None, &|scaling| rate(options, &scaling.down)),
        measure("scale: CPU seconds, creating", 2, Some(Aim::RatioAtMost(1.0 / 3.0)), &|scaling| {
            scaling.up.manager.as_secs_f64()
        }),
        measure("scale: CPU seconds, deleting", 2, None, &|scaling| scaling.down.manager.as_secs_f64()),
        measure("scale: peak memory, MiB", 1, None, &|scaling| mebibytes(scaling.peak_memory)),
        measure("scale: requests per pod, creating", 3, Some(Aim::RatioAtMost(1.0)), &|scaling| {
            scaling.up.requests / pods
        }),
        measure("scale: requests per pod, deleting", 3, None, &|scaling| scaling.down.requests / pods),
        measure("scale: events told, creating", 0, None, &|scaling| scaling.up.events as f64),
        measure("scale: statuses written, creating", 0, None, &|scaling| scaling.up.statuses as f64),
        measure("scale: apiserver's CPU seconds, creating", 2, None, &|scaling| {
            scaling.up.apiserver.as_secs_f64()
        }),
        measure("scale: apiserver's CPU seconds, deleting", 2, None, &|scaling| {
            scaling.down.apiserver.as_secs_f64()
        }),
    ]
}

fn of_changes(options: Options, measured: &Measured) -> Vec<Measure> {
    let measure = |name, digits, aim, value: &dyn Fn(&Change) -> f64| Measure {
        name,
        digits,
        ours: measured.ours.changes.iter().map(value).collect(),
        peer: measured.peer.changes.iter().map(value).collect(),
        aim,
    };
    let pods = options.pods as f64;
    let none = Some(Aim::OursAtMost(0.0));
    let no_more = Some(Aim::RatioAtMost(1.0));
    vec![
        measure("image: time until all is done, s", 2, no_more, &|change| change.cost.took.as_secs_f64()),
        measure("image: pods made anew", 0, none, &|change| change.new.pods as f64),
        measure("image: main containers started anew", 0, none, &|change| change.new.mains as f64),
        measure("image: sidecars started anew", 0, None, &|change| change.new.sidecars as f64),
        measure("image: requests per pod", 3, None, &|change| change.cost.requests / pods),
        measure("image: requests per pod with the scheduler's", 3, no_more, &|change| {
            (change.cost.requests + change.cost.scheduler) / pods
        }),
        measure("image: events told", 0, None, &|change| change.cost.events as f64),
        measure("image: statuses written", 0, None, &|change| change.cost.statuses as f64),
        measure("image: CPU seconds", 2, None, &|change| change.cost.manager.as_secs_f64()),
        measure("image: apiserver's CPU seconds", 2, None, &|change| change.cost.apiserver.as_secs_f64()),
        measure("image: CPU seconds of scheduler and kubelets", 2, None, &|change| {
            change.cost.others.as_secs_f64()
        }),
        measure("image: peak memory, MiB", 1, None, &|change| mebibytes(change.peak_memory)),
    ]
}

fn notes(options: Options) -> Vec<String> {
    let mut notes = vec![
        "statuses written: those of ReplicaSets and revisions among them; a scheduler's requests count only where they are named".to_owned(),
    ];
    if options.with_policy {
        notes.push(
            "the apiserver asks the chart's policy of one main container about each pod of a SidecarWorkload, and about no other"
                .to_owned(),
        );
    }
    if options.peer_defaults {
        notes.push("the peer keeps to its default rate, 20 requests a second and 30 at once".to_owned());
    }
    notes
}

fn rate(options: Options, cost: &Cost) -> f64 {
    options.scale as f64 / cost.took.as_secs_f64()
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
