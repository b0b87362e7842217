//! What is counted of rollouts.
//!
//! No label holds the name of a SidecarWorkload, so the number of series does not grow with the cluster: which one it is, its conditions say.

use mainstay_engine::{Buckets, Figure, Metric, MetricSource};
use mainstay_model::sidecar_workload::IN_PLACE_ANNOTATION;
use mainstay_model::{SidecarWorkloadStatus, Timestamp, Write};

use crate::budget::Budget;
use crate::history::Revision;
use crate::members::Member;
use crate::status::Stand;
use crate::step::{Phase, Step};

/// The metrics of this controller.
pub(crate) const METRICS: &[Metric] = &[
    Metric::new(WORKLOADS, "SidecarWorkloads, by where their rollouts stand.", MetricSource::Sum).by(&["stand"]),
    Metric::new(
        PODS,
        "Pods of all SidecarWorkloads: wanted, there, updated to what their specs ask for, available, and in an update in place.",
        MetricSource::Sum,
    )
    .by(&["state"]),
    Metric::new(
        SECONDS,
        "Seconds from the making of a revision until all replicas were of it and available for the first time.",
        MetricSource::Plans(Buckets { first: 1.0, factor: 2.0, count: 15 }),
    ),
    Metric::new(
        IN_PLACE,
        "Updates of containers in running pods: images that were set, pods that have arrived, images that were taken back.",
        MetricSource::Accepted(&[STARTED, COMPLETED, REVERTED]),
    )
    .by(&["result"]),
];

const WORKLOADS: &str = "mainstay_rollout_workloads";
const PODS: &str = "mainstay_rollout_pods";
const SECONDS: &str = "mainstay_rollout_seconds";
const IN_PLACE: &str = "mainstay_inplace_total";
const STARTED: &str = "started";
const COMPLETED: &str = "completed";
const REVERTED: &str = "reverted";

/// The figures of a SidecarWorkload.
pub(crate) fn figures(
    budget: &Budget,
    status: &SidecarWorkloadStatus,
    stand: &Stand,
    members: &[Member<'_>],
) -> Vec<Figure> {
    let count = |count: i32| usize::try_from(count).unwrap_or(0);
    let pods = |state, value| Figure { metric: PODS, labels: vec![state], value };
    vec![
        Figure { metric: WORKLOADS, labels: vec![name(stand)], value: 1 },
        pods("wanted", budget.replicas),
        pods("present", count(status.replicas)),
        pods("updated", count(status.updated_replicas)),
        pods("available", count(status.available_replicas)),
        pods("in_place", members.iter().filter(|member| member.is_in_step()).count()),
    ]
}

/// How long the way to a revision took that is healthy for the first time.
pub(crate) fn arrival(revision: &Revision, now: Timestamp) -> Option<Figure> {
    let took = now.seconds().saturating_sub(revision.created()?.seconds());
    Some(Figure::new(SECONDS, usize::try_from(took).unwrap_or(0)))
}

/// What an accepted write counts as.
pub(crate) fn accepted(write: &Write) -> Option<(&'static str, &'static str)> {
    let Write::PatchPod(patch) = write else { return None };
    let (_, step) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION)?;
    let Some(text) = step else { return Some((IN_PLACE, COMPLETED)) };
    let step = Step::read(text)?;
    match step.phase {
        Phase::Drain => None,
        Phase::Replace | Phase::Revert if patch.images.is_empty() => None,
        Phase::Replace => Some((IN_PLACE, STARTED)),
        Phase::Revert => Some((IN_PLACE, REVERTED)),
    }
}

fn name(stand: &Stand) -> &'static str {
    match stand {
        Stand::Complete => "complete",
        Stand::Progressing(_) => "progressing",
        Stand::WaitsForBudget(_) => "waiting_for_budget",
        Stand::Paused => "paused",
        Stand::Stalled(..) => "stalled",
        Stand::RolledBack(_) => "rolled_back",
    }
}
