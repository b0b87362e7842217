//! Which pods go first when there are too many.

use std::cmp::Reverse;

use mainstay_model::{Name, Uid};

use crate::members::Member;

/// What a pod is compared by; the lowest goes first. A total order, so that equal views choose alike.
type Standing<'a> =
    (bool, bool, bool, bool, i32, Reverse<i32>, Reverse<Option<mainstay_model::Timestamp>>, &'a Name, Uid);

/// Sorts pods: those that are not available go first, then those of a revision that has failed, those that are to be replaced anyway, those
/// that cost less to delete, and the newest.
pub(crate) fn sort(members: &mut [&Member<'_>], failed: Option<&str>, goal: &str) {
    members.sort_by(|left, right| standing(left, failed, goal).cmp(&standing(right, failed, goal)));
}

fn standing<'a>(member: &Member<'a>, failed: Option<&str>, goal: &str) -> Standing<'a> {
    let pod = member.pod;
    (
        pod.node.is_some(),
        member.is_available,
        failed != Some(member.revision),
        member.is_of(goal),
        pod.deletion_cost,
        Reverse(pod.restarts.saturating_add(pod.sidecar_restarts)),
        Reverse(pod.meta.created),
        &pod.meta.name.name,
        pod.meta.uid,
    )
}
