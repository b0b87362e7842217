//! Whether a revision has failed. Lost nodes, evictions, full quotas and pods that fit nowhere are no fault of a revision: only its pods that have
//! been scheduled count.

use std::time::Duration;

use mainstay_model::{SidecarWorkload, Timestamp};

use crate::course::Course;
use crate::in_place::fault;
use crate::members::Member;

/// When the rollout has failed if it comes no nearer to its end until then; `None` where no clock runs.
pub(crate) fn deadline(workload: &SidecarWorkload, progressed_at: Option<Timestamp>) -> Option<Timestamp> {
    let seconds = u64::try_from(workload.rollout.progress_deadline_seconds).unwrap_or(0);
    progressed_at.map(|progressed| progressed.after(Duration::from_secs(seconds)))
}

/// Why the goal of a rollout has failed, if it has, in words for the user.
pub(crate) fn judge(
    workload: &SidecarWorkload,
    course: &Course<'_>,
    members: &[Member<'_>],
    progressed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    let goal = &*course.goal.name;
    let on_way = |member: &&Member<'_>| {
        let leads_there = member.step.as_ref().is_some_and(|step| step.revision == goal);
        (member.revision == goal || leads_there) && member.pod.node.is_some() && !member.is_available
    };
    let unavailable: Vec<&Member<'_>> = members.iter().filter(on_way).collect();
    // Nothing has shown yet that the revision is any good: its first pod may say so at once.
    let is_first = course.is_unproven()
        && members.iter().any(|member| member.revision != goal)
        && !members.iter().any(|member| member.revision == goal && member.is_available);
    if is_first {
        let faults = unavailable.iter().filter(|member| !member.is_in_step()).find_map(|member| {
            let containers = member.state()?.containers.iter();
            let fault = containers.filter_map(|container| fault(container, 0)).next()?;
            Some(format!("pod {}: {fault}", member.pod.meta.name.name))
        });
        if faults.is_some() {
            return faults;
        }
    }
    let is_over = deadline(workload, progressed_at).is_some_and(|deadline| deadline <= now);
    let first = unavailable.first().filter(|_| is_over)?;
    Some(format!(
        "no progress within {} s; {} of its pods are not available, pod {} is one",
        workload.rollout.progress_deadline_seconds,
        unavailable.len(),
        first.pod.meta.name.name
    ))
}
