//! Which pods go first when there are too many (upstream: `ActivePodsWithRanks` in pkg/controller/controller_utils.go).
//!
//! In this order, what comes first goes first:
//! 1. not bound to a node; 2. phase Pending, then Unknown, then Running; 3. not ready; 4. lower deletion cost;
//! 5. ready for a shorter time; 6. more restarts of a main container, then of a sidecar; 7. created later.
//!
//! Times count by the power of two of the age in nanoseconds, so that pods of about the same age are equal and their
//! UIDs decide, as good as at random. A missing time comes first. Upstream's rank by pods on the same node never
//! differs for a ReplicationController, so it is left out.
//!
//! Upstream's comparison is no order: among ready times of the same power of two, equal ones go on to the restarts and
//! different ones stop at the UID, so three pods can each come before the next in a circle. Here pods that became ready
//! at the same time stay together, at the place of the lowest of their UIDs; where all these times differ, or none do,
//! that is upstream's order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_model::{Pod, PodPhase, Timestamp, Uid};

/// What comes before the ready time.
type Standing = (bool, u8, bool, i32);

/// The pods, the first victim first.
pub(crate) fn in_order<'a>(pods: &[&'a Arc<Pod>], now: Timestamp) -> Vec<&'a Arc<Pod>> {
    let mut lowest: BTreeMap<(Standing, Option<Timestamp>), Uid> = BTreeMap::new();
    for pod in pods {
        let uid = lowest.entry((standing(pod), ready_since(pod))).or_insert(pod.meta.uid);
        *uid = (*uid).min(pod.meta.uid);
    }
    let mut ordered = pods.to_vec();
    ordered.sort_by_cached_key(|pod| {
        let (standing, since) = (standing(pod), ready_since(pod));
        let neighbours = lowest.get(&(standing, since)).copied();
        (
            standing,
            (age_class(since, now), neighbours),
            (Reverse(pod.restarts), Reverse(pod.sidecar_restarts)),
            age_class(pod.meta.created, now),
            pod.meta.uid,
        )
    });
    ordered
}

fn standing(pod: &Pod) -> Standing {
    let phase = match pod.phase {
        PodPhase::Pending | PodPhase::Succeeded | PodPhase::Failed => 0,
        PodPhase::Unknown => 1,
        PodPhase::Running => 2,
    };
    (pod.node.is_some(), phase, pod.ready, pod.deletion_cost)
}

/// Since when the pod is ready; nothing for one that is not, since its time then says when it stopped being ready.
fn ready_since(pod: &Pod) -> Option<Timestamp> {
    pod.ready_since.filter(|_| pod.ready)
}

/// `None` without a time; then what is not in the past; then the powers of two.
fn age_class(time: Option<Timestamp>, now: Timestamp) -> Option<Option<u32>> {
    time.map(|time| now.since(time).and_then(|age| age.as_nanos().checked_ilog2()))
}
