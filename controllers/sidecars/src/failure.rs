//! Whether a revision has failed. Lost nodes, evictions, full quotas and pods that fit nowhere are no fault of a revision: only its pods that have
//! been scheduled count.

use std::time::Duration;

use mainstay_engine::Store;
use mainstay_model::{SidecarWorkload, Timestamp};

use crate::course::{Course, Moves};
use crate::history::History;
use crate::in_place::fault;
use crate::members::Member;

/// When the rollout has failed if it comes no nearer to its end until then; `None` where no clock runs.
pub(crate) fn deadline(workload: &SidecarWorkload, progressed_at: Option<Timestamp>) -> Option<Timestamp> {
    let seconds = u64::try_from(workload.rollout.progress_deadline_seconds).unwrap_or(0);
    progressed_at.map(|progressed| progressed.after(Duration::from_secs(seconds)))
}

/// The pods that are to show what the goal is worth, and are not available: those of it and those that are brought to it, on nodes that are well.
/// While there are none, nothing can fail, however long the rollout waits for a budget, a quota, a node, or its user.
pub(crate) fn on_trial<'m, 'a>(
    course: &Course<'_>,
    history: &History<'_>,
    members: &'m [Member<'a>],
    store: &Store,
) -> Vec<&'m Member<'a>> {
    let goal = &*course.goal.name;
    let is_on_trial = |member: &&Member<'_>| {
        // A step that was begun for an earlier goal is gone on with for the present one.
        let is_led_on = || {
            let base = history.get(member.revision);
            course.moves == Moves::All
                && !course.is_held_back(member)
                && base.is_some_and(|base| !course.is_closed(base, course.goal))
        };
        let leads_there = member.step.as_ref().is_some_and(|step| step.revision == goal || is_led_on());
        (member.revision == goal || leads_there)
            && !member.is_available
            && member.is_on_a_node_that_is_well(store)
    };
    members.iter().filter(is_on_trial).collect()
}

/// Whether nothing has shown yet that the goal is any good, and there are pods of another revision to lose.
pub(crate) fn is_first(course: &Course<'_>, members: &[Member<'_>]) -> bool {
    let goal = &*course.goal.name;
    course.is_unproven() && course.shown_at.is_none() && members.iter().any(|member| !member.is_of(goal))
}

/// Why the goal of a rollout has failed, if it has, in words for the user; `is_first` is what [`is_first`] says.
pub(crate) fn judge(
    workload: &SidecarWorkload,
    course: &Course<'_>,
    is_first: bool,
    on_trial: &[&Member<'_>],
    progressed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    // Its first pod may say so at once.
    if is_first {
        // What a pod has that is older than the revision, it need not have from there: steps are looked at each by itself.
        let is_made_from_it =
            |member: &&&Member<'_>| !member.is_in_step() && member.pod.meta.created >= course.goal.created();
        let faults = on_trial.iter().filter(is_made_from_it).find_map(|member| {
            let fault = member.state()?.containers.iter().find_map(|container| fault(container, 0))?;
            Some(format!("pod {}: {fault}", member.pod.meta.name.name))
        });
        if faults.is_some() {
            return faults;
        }
    }
    let is_over = deadline(workload, progressed_at).is_some_and(|deadline| deadline <= now);
    let first = on_trial.first().filter(|_| is_over)?;
    Some(format!(
        "no progress within {} s; {} of its pods are not available, pod {} is one",
        workload.rollout.progress_deadline_seconds,
        on_trial.len(),
        first.pod.meta.name.name
    ))
}
