//! The order of victims: upstream's tables, and upstream's rules written down a second time.

use std::cmp::Ordering;

use mainstay_model::{Pod, PodPhase, Timestamp, Write};
use proptest::prelude::*;

use crate::objects::{NOW, TestPod, controller, name, pod, seconds_ago};
use crate::properties::pods_of_web;
use crate::world::World;

/// All the pods but the last, the first victim first.
fn victims(pods: &[TestPod], keep: usize) -> Vec<String> {
    let keep = i32::try_from(keep).unwrap();
    let world = World::of([controller(keep).object()].into_iter().chain(pods.iter().map(TestPod::object)));
    let writes = world.plan(&name("web")).writes;
    let deletes = writes.iter().filter(|write| matches!(write, Write::DeletePod(_)));
    deletes.map(|write| write.object().name.to_string()).collect()
}

/// `Some(true)` if upstream would delete the left pod before the right one; `None` if it does not care. Of the pods that are left, so
/// many are on the node of each.
fn goes_first(left: &Pod, right: &Pod, crowd: impl Fn(&Pod) -> usize) -> Option<bool> {
    let decided = |ordering: Ordering| match ordering {
        Ordering::Less => Some(true),
        Ordering::Greater => Some(false),
        Ordering::Equal => None,
    };
    let phase = |pod: &Pod| match pod.phase {
        PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        PodPhase::Running => 2,
        PodPhase::Succeeded | PodPhase::Failed => panic!("not active"),
    };
    decided(left.node.is_some().cmp(&right.node.is_some()))
        .or_else(|| decided(phase(left).cmp(&phase(right))))
        .or_else(|| decided(left.ready.cmp(&right.ready)))
        .or_else(|| decided(left.deletion_cost.cmp(&right.deletion_cost)))
        .or_else(|| decided(crowd(right).cmp(&crowd(left))))
        .or_else(|| if left.ready { younger(left, left.ready_since, right, right.ready_since) } else { None })
        .or_else(|| decided(right.restarts.cmp(&left.restarts)))
        .or_else(|| decided(right.sidecar_restarts.cmp(&left.sidecar_restarts)))
        .or_else(|| younger(left, left.meta.created, right, right.meta.created))
}

fn younger(left: &Pod, since: Option<Timestamp>, right: &Pod, other: Option<Timestamp>) -> Option<bool> {
    if since == other {
        return None;
    }
    let (Some(since), Some(other)) = (since, other) else { return Some(since.is_none()) };
    let rank = |time: Timestamp| {
        let nanoseconds = (i128::from(NOW.0) - i128::from(time.0)) * 1000;
        let mut power = -1;
        while nanoseconds > 0 && nanoseconds >> (power + 1) > 0 {
            power += 1;
        }
        power
    };
    match rank(since).cmp(&rank(other)) {
        Ordering::Less => Some(true),
        Ordering::Greater => Some(false),
        Ordering::Equal => Some(left.meta.uid < right.meta.uid),
    }
}

#[test]
fn test_sorting_active_pods() {
    let month = 31 * 24 * 3600;
    let bare = |name: &str| pod(name).of_web().created(None);
    let ordered = [
        bare("unscheduled").unassigned().phase(PodPhase::Pending),
        bare("scheduled-but-pending").phase(PodPhase::Pending),
        bare("unknown-phase").phase(PodPhase::Unknown),
        bare("running-but-not-ready"),
        bare("running-no-last-transition-time").ready_at_no_time().restarts(3, 0),
        bare("running-with-last-transition-time").ready(NOW).restarts(3, 0),
        bare("running-longer-time").ready(seconds_ago(month)).restarts(3, 0),
        bare("more-sidecar-restarts").ready(seconds_ago(month)).created(Some(NOW)).restarts(2, 2),
        bare("fewer-restarts").ready(seconds_ago(month)).created(Some(NOW)).restarts(2, 0),
        bare("oldest").ready(seconds_ago(month)).created(Some(seconds_ago(month))).restarts(2, 0),
    ];
    let names: Vec<String> = ordered.iter().map(|pod| pod.0.meta.name.name.to_string()).collect();
    assert_eq!(victims(&ordered, 1), names[..9]);
}

#[test]
fn test_sorting_active_pods_with_ranks() {
    let (now, month) = (Some(NOW), Some(seconds_ago(31 * 24 * 3600)));
    let hours = |hours: i64| seconds_ago(hours * 3600);
    let ready = |name: &str| pod(name).of_web().ready(NOW).created(now);
    let pairs = [
        (ready("a").restarts(9001, 0), ready("b")),
        (ready("a").restarts(9001, 9001), ready("b").restarts(9001, 0)),
        (ready("a"), ready("b").created(month)),
        (ready("a").deletion_cost(10), ready("b").deletion_cost(100)),
        (ready("a").deletion_cost(-1), ready("b")),
        (ready("a").ready(hours(2)).created(month), ready("b").ready(hours(5)).created(month)),
        (ready("a").deletion_cost(10).created(month), ready("b").deletion_cost(100).restarts(7, 7)),
        // Five and eight hours are about the same: the lower UID decides.
        (ready("a").ready(hours(8)).uid(1), ready("b").ready(hours(5)).uid(2)),
        (ready("a").created(Some(hours(8))).uid(1), ready("b").created(Some(hours(5))).uid(2)),
    ];
    for (first, second) in pairs {
        assert_eq!(victims(&[second.clone(), first.clone()], 1), ["a"], "{:?} {:?}", first.0, second.0);
    }
}

#[test]
fn issue_102948_those_that_stay_are_spread_over_the_nodes() {
    let on =
        |name: &str, node: &str, minutes: i64| pod(name).of_web().ready(seconds_ago(minutes * 60)).node(node);
    let pods = [
        on("a-old", "a", 500),
        on("a-middle", "a", 100),
        on("a-young", "a", 20),
        on("b-old", "b", 500),
        on("b-young", "b", 20),
        on("c-youngest", "c", 1),
    ];
    // By age alone the youngest would be first, and c would have none.
    assert_eq!(victims(&pods, 3), ["a-young", "b-young", "a-middle"]);
    assert_eq!(victims(&pods, 2), ["a-young", "b-young", "a-middle", "c-youngest"]);
}

#[test]
fn issue_102948_a_deletion_cost_and_a_pod_that_is_not_ready_count_more_than_the_spread() {
    let ready = |name: &str, node: &str| pod(name).of_web().ready(seconds_ago(60)).node(node);
    let pods = [
        ready("a-1", "a"),
        ready("a-2", "a"),
        ready("b-cheap", "b").deletion_cost(-1),
        pod("c-not-ready").of_web().node("c"),
    ];
    assert_eq!(victims(&pods, 2), ["c-not-ready", "b-cheap"]);
}

proptest! {
    #[test]
    fn of_two_pods_upstreams_first_goes_first(pods in pods_of_web(2..=2)) {
        if let Some(first) = goes_first(&pods[0].0, &pods[1].0, |_| 1) {
            let expected = if first { &pods[0] } else { &pods[1] };
            prop_assert_eq!(victims(&pods, 1), [expected.0.meta.name.name.to_string()]);
        }
    }

    /// Where upstream's comparison is an order: no two pods became ready at the same time.
    #[test]
    fn of_many_pods_the_order_is_upstreams(mut pods in pods_of_web(2..=12)) {
        for (position, pod) in pods.iter_mut().enumerate() {
            pod.0.ready_since = pod.0.ready_since.map(|since| Timestamp(since.0 - position as i64));
        }
        let mut seen_without_time = false;
        pods.retain(|pod| {
            let timeless = pod.0.ready && pod.0.ready_since.is_none();
            !(timeless && std::mem::replace(&mut seen_without_time, true))
        });
        let order = victims(&pods, 1);
        let find = |name: &String| &pods.iter().find(|pod| *pod.0.meta.name.name == **name).unwrap().0;
        let mut left_over: Vec<&Pod> = pods.iter().map(|pod| &pod.0).collect();
        for (position, left) in order.iter().enumerate() {
            let crowd = |pod: &Pod| left_over.iter().filter(|other| other.node == pod.node).count();
            for right in &order[position + 1..] {
                prop_assert_ne!(goes_first(find(left), find(right), crowd), Some(false), "{} {}", left, right);
            }
            left_over.retain(|pod| pod.meta.uid != find(left).meta.uid);
        }
    }

    /// One order, of which more or less is taken, whatever the order of the pods in the store.
    #[test]
    fn victims_are_the_beginning_of_one_order(pods in pods_of_web(1..=12)) {
        let all = victims(&pods, 0);
        prop_assert_eq!(all.len(), pods.len());
        for keep in 0..=pods.len() {
            prop_assert_eq!(&victims(&pods, keep)[..], &all[..pods.len() - keep]);
        }
    }
}
