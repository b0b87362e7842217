//! What is published: counts, the generation they speak of, and the condition `ReplicaFailure`
//! (upstream: `calculateStatus` in pkg/controller/replicaset/replica_set_utils.go).

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::Now;
use mainstay_model::{
    Condition, Pod, ReplicationController, ReplicationControllerStatus, Selector, StatusPatch, Timestamp,
    Write,
};

use crate::manage::ReplicaFailure;

const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The status for these claimed pods.
pub(crate) fn compute(
    controller: &ReplicationController,
    claimed: &[&Arc<Pod>],
    failure: Option<ReplicaFailure>,
    now: Now,
) -> ReplicationControllerStatus {
    let template_labels = controller.template.as_ref().map(|template| template.labels.clone());
    // Without labels there is nothing to lack, so every pod has them all.
    let required = Selector(template_labels.unwrap_or_default());
    let count = |counts: &dyn Fn(&Pod) -> bool| {
        i32::try_from(claimed.iter().filter(|pod| counts(pod)).count()).unwrap_or(i32::MAX)
    };
    ReplicationControllerStatus {
        replicas: count(&|_| true),
        fully_labeled_replicas: count(&|pod| required.0.is_empty() || required.matches(&pod.meta.labels)),
        ready_replicas: count(&|pod| pod.ready),
        available_replicas: count(&|pod| is_available(pod, controller.min_ready_seconds, now.wall)),
        observed_generation: controller.meta.generation,
        conditions: conditions(&controller.status.conditions, failure, now.wall),
    }
}

/// The write that publishes the status, if it says anything new.
pub(crate) fn patch(
    controller: &ReplicationController,
    status: ReplicationControllerStatus,
) -> Option<Write> {
    let patch = |status| {
        Write::PatchReplicationControllerStatus(StatusPatch {
            object: controller.meta.name.clone(),
            uid: controller.meta.uid,
            version: controller.meta.version,
            status,
        })
    };
    (status != controller.status).then(|| patch(status))
}

/// When the next ready pod becomes available by the passing of time alone.
pub(crate) fn next_availability(
    controller: &ReplicationController,
    claimed: &[&Arc<Pod>],
    status: &ReplicationControllerStatus,
    now: Now,
) -> Option<Timestamp> {
    let wait = u64::try_from(controller.min_ready_seconds).ok().filter(|seconds| *seconds > 0)?;
    if status.ready_replicas == status.available_replicas {
        return None;
    }
    let wait = Duration::from_secs(wait);
    claimed
        .iter()
        .filter(|pod| pod.ready)
        .filter_map(|pod| pod.ready_since)
        .map(|since| since.after(wait))
        .filter(|available| *available > now.wall)
        .min()
        // A ready pod without a time: looked at again, as upstream does, in case it gets one unseen.
        .or(Some(now.wall.after(wait)))
}

/// Whether the pod has been ready for long enough.
fn is_available(pod: &Pod, min_ready_seconds: i32, now: Timestamp) -> bool {
    pod.available_from(min_ready_seconds).is_some_and(|available| available <= now)
}

/// The conditions, with `ReplicaFailure` there or not; those of others stay as they are, in their order.
///
/// Upstream leaves the reason and message of the first failure until all failures are over; here they follow the
/// present one, and the time stays that of the first.
fn conditions(present: &[Condition], failure: Option<ReplicaFailure>, now: Timestamp) -> Vec<Condition> {
    let position = present.iter().position(|condition| condition.kind == REPLICA_FAILURE);
    let on_since = position
        .and_then(|position| present.get(position))
        .filter(|condition| condition.status == "True")
        // Conditions are written with whole seconds: rounded here, what is read back equals what was computed.
        .map_or(Some(Timestamp::from_seconds(now.seconds())), |condition| condition.last_transition);
    let mut conditions: Vec<Condition> =
        present.iter().filter(|condition| condition.kind != REPLICA_FAILURE).cloned().collect();
    if let Some(ReplicaFailure { reason, message }) = failure {
        let place = position.unwrap_or(conditions.len()).min(conditions.len());
        conditions.insert(
            place,
            Condition {
                kind: REPLICA_FAILURE.to_owned(),
                status: "True".to_owned(),
                last_transition: on_since,
                reason: reason.to_owned(),
                message,
            },
        );
    }
    conditions
}
