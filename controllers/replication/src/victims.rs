//! Which pods go first when there are too many (upstream: `ActivePodsWithRanks` in pkg/controller/controller_utils.go).
//!
//! In this order, what comes first goes first:
//! 1. not bound to a node; 2. phase Pending, then Unknown, then Running; 3. not ready; 4. lower deletion cost;
//! 5. more pods of the same ReplicationController on its node; 6. ready for a shorter time; 7. more restarts of a main
//!    container, then of a sidecar; 8. created later.
//!
//! Times count by the power of two of the age in nanoseconds, so that pods of about the same age are equal and their
//! UIDs decide, as good as at random. A missing time comes first.
//!
//! Upstream's fifth rule compares pods of related ReplicaSets and never sees a difference between those of a
//! ReplicationController, so that a scale-down may leave all that stay on one node (kubernetes/kubernetes#102948). Here they are counted
//! among themselves, and anew for each victim: those that stay are spread.
//!
//! Upstream's comparison is no order: among ready times of the same power of two, equal ones go on to the restarts and
//! different ones stop at the UID, so three pods can each come before the next in a circle. Here pods that became ready
//! at the same time stay together, at the place of the lowest of their UIDs; where all these times differ, or none do,
//! that is upstream's order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use mainstay_model::{Name, Pod, PodPhase, Timestamp, Uid};

/// What comes before the number of pods on the same node.
type Standing = (bool, u8, bool, i32);

/// What comes after it.
type Seniority = ((AgeClass, Option<Uid>), (Reverse<i32>, Reverse<i32>), AgeClass, Uid);

/// `None` without a time; then what is not in the past; then the powers of two.
type AgeClass = Option<Option<u32>>;

/// The pods, the first victim first.
pub(crate) fn in_order<'a>(pods: &[&'a Arc<Pod>], now: Timestamp) -> Vec<&'a Arc<Pod>> {
    let mut lowest: BTreeMap<(Standing, Option<Timestamp>), Uid> = BTreeMap::new();
    let mut crowds: BTreeMap<Option<&Name>, usize> = BTreeMap::new();
    for pod in pods {
        let uid = lowest.entry((standing(pod), ready_since(pod))).or_insert(pod.meta.uid);
        *uid = (*uid).min(pod.meta.uid);
        *crowds.entry(pod.node.as_ref()).or_default() += 1;
    }
    let mut groups: BTreeMap<Standing, Vec<(Seniority, &'a Arc<Pod>)>> = BTreeMap::new();
    for pod in pods.iter().copied() {
        let (standing, since) = (standing(pod), ready_since(pod));
        let neighbours = lowest.get(&(standing, since)).copied();
        let seniority = (
            (age_class(since, now), neighbours),
            (Reverse(pod.restarts), Reverse(pod.sidecar_restarts)),
            age_class(pod.meta.created, now),
            pod.meta.uid,
        );
        groups.entry(standing).or_default().push((seniority, pod));
    }
    groups.into_values().flat_map(|group| thinned_out(group, &mut crowds)).collect()
}

/// Pods of one standing: each time from the node that has the most pods left, as far as they are known to `crowds`.
fn thinned_out<'a>(
    mut group: Vec<(Seniority, &'a Arc<Pod>)>,
    crowds: &mut BTreeMap<Option<&'a Name>, usize>,
) -> Vec<&'a Arc<Pod>> {
    group.sort_by_key(|(seniority, _)| *seniority);
    let mut lines: BTreeMap<Option<&Name>, VecDeque<(Seniority, &'a Arc<Pod>)>> = BTreeMap::new();
    for (seniority, pod) in group {
        lines.entry(pod.node.as_ref()).or_default().push_back((seniority, pod));
    }
    let head = |node: Option<&'a Name>, crowd: usize, line: &VecDeque<(Seniority, &'a Arc<Pod>)>| {
        line.front().map(|(seniority, _)| (Reverse(crowd), *seniority, node))
    };
    let crowd =
        |crowds: &BTreeMap<Option<&'a Name>, usize>, node| crowds.get(&node).copied().unwrap_or_default();
    let mut heads: BTreeSet<_> =
        lines.iter().filter_map(|(node, line)| head(*node, crowd(crowds, *node), line)).collect();
    let mut ordered = Vec::new();
    while let Some((_, _, node)) = heads.pop_first() {
        let Some(line) = lines.get_mut(&node) else { continue };
        ordered.extend(line.pop_front().map(|(_, pod)| pod));
        let left = crowd(crowds, node).saturating_sub(1);
        crowds.insert(node, left);
        heads.extend(head(node, left, line));
    }
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

fn age_class(time: Option<Timestamp>, now: Timestamp) -> AgeClass {
    time.map(|time| now.since(time).and_then(|age| age.as_nanos().checked_ilog2()))
}
