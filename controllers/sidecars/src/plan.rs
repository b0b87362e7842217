//! From the objects to the writes for one SidecarWorkload.

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_engine::{Claims, Delayed, HeldBack, Now, Plan, View};
use mainstay_model::{Event, EventType, Name, SidecarWorkload, SidecarWorkloadStatus, Timestamp, Write};

use crate::budget::Budget;
use crate::course::{Course, Moves};
use crate::failure;
use crate::history::{History, Revision, Wanted};
use crate::members::Member;
use crate::published::Published;
use crate::rollout::{Pass, Rolled};
use crate::status::{self, Stand};
use crate::{events, metrics, owner, selector};

/// For how long at most a pod beyond the replicas that was refused is not asked for: the longest pause of the engine between two tries.
const LEFT_OUT: Duration = Duration::from_secs(60);

/// The plan for a SidecarWorkload that is there.
pub(crate) fn plan(workload: &SidecarWorkload, view: &View<'_>, now: Now, burst: usize) -> Plan {
    if workload.meta.is_deleting() {
        // The garbage collector may be orphaning or deleting what belongs to it.
        return Plan::default();
    }
    let selector = selector(workload);
    let claims = Claims::new(owner(workload, &selector), view.store);
    if !claims.are_settled() {
        return claims.plan(view.memory, burst);
    }
    let history = History::new(workload, view.store);
    let members: Vec<Member<'_>> =
        claims.claimed.iter().map(|pod| Member::new(pod, workload, &history, now.wall)).collect();
    let wanted = match history.wanted(view) {
        Wanted::Revision(name) => name,
        Wanted::Missing(create) => return Plan { writes: vec![*create], ..Plan::default() },
        Wanted::Unknown(message) => return without_revision(workload, &members, message, now),
    };
    match history.get(&wanted) {
        Some(revision) => with_revision(workload, &history, revision, (&claims, &members), view, now, burst),
        None => Plan::default(),
    }
}

/// The plan where the spec names a revision that cannot be had: pods stay as they are, and the status says why.
fn without_revision(workload: &SidecarWorkload, members: &[Member<'_>], message: String, now: Now) -> Plan {
    let budget = Budget::of(workload);
    let mut status = status::counted(workload, None, members);
    let stand = Stand::Stalled("RevisionNotFound", message.clone());
    status.conditions = status::conditions(&status, &budget, &stand, foreign(members), now);
    let event = events::about(workload, EventType::Warning, "RevisionNotFound", message);
    Plan {
        figures: metrics::figures(&budget, &status, &stand, members),
        writes: status::patch(workload, status).into_iter().collect(),
        requeue_at: next_available(workload, members, now),
        events: vec![event],
        ..Plan::default()
    }
}

fn with_revision(
    workload: &SidecarWorkload,
    history: &History<'_>,
    wanted: &Revision,
    (claims, members): (&Claims<'_>, &[Member<'_>]),
    view: &View<'_>,
    now: Now,
    burst: usize,
) -> Plan {
    let budget = Budget::of(workload);
    let mut course = Course::new(workload, history, wanted, members, now.wall);
    let mut status = status::counted(workload, Some(wanted), members);
    let is_paused = workload.rollout.paused;
    let is_complete = status::is_complete(members, course.goal, &budget);
    let on_trial = failure::on_trial(&course, history, members, view.store);
    let is_judged = course.is_rollout && !course.has_failed && !course.is_retry && !is_paused;
    let is_running = !is_paused && (is_judged || course.is_rollback) && !is_complete && !on_trial.is_empty();
    status.progressed_at = status::progressed_at(&workload.status, &status, is_running, now.wall);
    let deadline = failure::deadline(workload, status.progressed_at);
    let is_late = deadline.is_some_and(|deadline| deadline <= now.wall);
    if course.is_rollback && is_late {
        // The way back leads nowhere either: no third way is tried, and this one is left open.
        course.moves = Moves::Finish;
    }

    let published = Published::new(&workload.meta.name.namespace, view.store);
    let is_first = failure::is_first(&course, members);
    let pass = Pass {
        workload,
        course: &course,
        history,
        claims,
        members,
        budget,
        is_first,
        view,
        published,
        now,
        burst,
    };
    let rolled = pass.plan();
    let judged = || failure::judge(workload, &course, is_first, &on_trial, status.progressed_at, now.wall);
    let failure = rolled.failure.clone().or_else(|| is_judged.then(judged).flatten());
    if let Some(message) = &failure {
        status.failed_revision = Some(wanted.name.clone());
        status.failed_retry = workload.retry.clone();
        status.failed_message = Some(message.as_str().into());
        // The way back has a clock of its own, and so has another try.
        status.progressed_at = None;
    } else if course.has_failed && (course.is_rollback || !is_complete || budget.replicas == 0) {
        status.failed_revision = workload.status.failed_revision.clone();
        status.failed_retry = workload.status.failed_retry.clone();
        status.failed_message = workload.status.failed_message.clone();
    }

    if is_complete {
        status.current_revision = Some(course.goal.name.clone());
    }
    let stand = stand(workload, &course, &rolled, &status, is_complete, is_late, wanted);
    status.conditions = status::conditions(&status, &budget, &stand, foreign(members), now);

    let healthy = (is_complete && budget.replicas > 0).then_some(&*course.goal.name);
    let mut writes = history.upkeep(&wanted.name, healthy, now.wall);
    writes.extend(history.surplus(|| in_use(workload, history, &status, &course, view)));
    let events = told(workload, &rolled, &stand, failure.as_deref(), members);
    let requeue_at = next_look(workload, members, &rolled, deadline.filter(|_| !is_late), now);
    // A revision that has just failed is not moved to any more. Only what takes a pod back that has shown it goes out at once.
    match (&failure, &rolled.failure) {
        (None, _) => writes.extend(rolled.writes),
        (Some(_), Some(_)) => {
            writes.extend(rolled.writes.into_iter().filter(|write| matches!(write, Write::PatchPod(_))));
        }
        (Some(_), None) => {}
    }
    let mut figures = metrics::figures(&budget, &status, &stand, members);
    if healthy.is_some() && course.is_unproven() {
        figures.extend(metrics::arrival(course.goal, now.wall));
    }
    writes.extend(status::patch(workload, status));
    let held_back =
        rolled.delayed.as_ref().map(Delayed::held_back).or_else(|| left_out(rolled.left_out, now));
    Plan { writes, requeue_at, events, held_back, figures, ..Plan::default() }
}

fn stand(
    workload: &SidecarWorkload,
    course: &Course<'_>,
    rolled: &Rolled,
    status: &SidecarWorkloadStatus,
    is_complete: bool,
    is_late: bool,
    wanted: &Revision,
) -> Stand {
    let failed = status
        .failed_message
        .as_deref()
        .map(|message| format!("revision {} has failed: {message}", wanted.name));
    match failed {
        Some(message) if course.is_rollback && is_complete => {
            Stand::RolledBack(format!("{message}; all pods are of revision {} again", course.goal.name))
        }
        Some(message) if course.is_rollback && is_late => Stand::Stalled(
            "RollbackFailed",
            format!("{message}; the way back to revision {} makes no progress either", course.goal.name),
        ),
        Some(message) if course.is_rollback => match &rolled.barred {
            Some(reason) => Stand::Stalled(
                "CannotUpdateInPlace",
                format!(
                    "{message}; spec.rollout.inPlace is Only, and pods would have to be replaced on the way back to \
                     revision {}: {reason}; allow it with IfPossible",
                    course.goal.name
                ),
            ),
            None => under_way(rolled, format!("{message}; pods go back to revision {}", course.goal.name)),
        },
        Some(message) => Stand::Stalled("ProgressDeadlineExceeded", message),
        None if is_complete => Stand::Complete,
        None if workload.rollout.paused && course.is_rollout => Stand::Paused,
        None => match &rolled.barred {
            Some(reason) => Stand::Stalled(
                "CannotUpdateInPlace",
                format!(
                    "spec.rollout.inPlace is Only, and pods would have to be replaced: {reason}; allow it with \
                     IfPossible, or take the change back"
                ),
            ),
            None => under_way(rolled, progress(course, rolled, status)),
        },
    }
}

fn progress(course: &Course<'_>, rolled: &Rolled, status: &SidecarWorkloadStatus) -> String {
    let revision = &course.goal.name;
    let updated =
        format!("{} of {} pods are of revision {revision}", status.updated_replicas, status.replicas);
    if let Some(message) = &rolled.refused {
        return format!("{updated}; no pod can be made: {message}");
    }
    if course.moves != Moves::All {
        return format!("{updated}; the others stay as they are until they are deleted");
    }
    updated
}

/// A rollout that has come so far, and goes on as soon as the PodDisruptionBudgets let it.
fn under_way(rolled: &Rolled, so_far: String) -> Stand {
    let Some((budget, healthy)) = &rolled.waits_for_budget else { return Stand::Progressing(so_far) };
    Stand::WaitsForBudget(format!(
        "{so_far}; PodDisruptionBudget {budget}, which wants {healthy} pods to stay healthy, lets no other one be updated now"
    ))
}

/// What must not be deleted from the history.
fn in_use(
    workload: &SidecarWorkload,
    history: &History<'_>,
    status: &SidecarWorkloadStatus,
    course: &Course<'_>,
    view: &View<'_>,
) -> BTreeSet<Name> {
    let named = [
        status.current_revision.clone(),
        // As long as it is not written that another one is.
        workload.status.current_revision.clone(),
        status.update_revision.clone(),
        status.failed_revision.clone(),
        workload.revision.clone(),
        Some(course.goal.name.clone()),
    ];
    let mut kept: BTreeSet<Name> = named.into_iter().flatten().collect();
    // Those that are on their way out, too: a kubelet may still have to be asked what they were.
    let selector = selector(workload);
    let mut images = BTreeSet::new();
    for pod in owner(workload, &selector).controlled(view.store) {
        let containers = pod.workload.iter().flat_map(|state| &*state.containers);
        images.extend(containers.map(|container| (&*container.name, &*container.image)));
        let member = Member::new(pod, workload, history, Timestamp::default());
        let target = member.step.as_ref().map(|step| step.revision.as_str());
        for revision in [Some(member.revision), target].into_iter().flatten() {
            if !kept.contains(revision) {
                kept.insert(revision.into());
            }
        }
    }
    // A pod that was led elsewhere in the middle of its way has an image of what neither its label nor its step names. Without a revision that has
    // it, it would be taken for somebody else's, and stay.
    for (container, image) in images {
        if !history.with_image(container, image).any(|revision| kept.contains(&revision.name)) {
            kept.extend(history.with_image(container, image).next().map(|revision| revision.name.clone()));
        }
    }
    kept
}

/// The containers that somebody else has put beside main, if there are any.
fn foreign(members: &[Member<'_>]) -> Option<String> {
    members.iter().find_map(|member| {
        let container = member.foreign().next()?;
        Some(format!(
            "pod {} has container {} beside its main container: it was put there on the way to the apiserver",
            member.pod.meta.name.name, container.name
        ))
    })
}

fn told(
    workload: &SidecarWorkload,
    rolled: &Rolled,
    stand: &Stand,
    failure: Option<&str>,
    members: &[Member<'_>],
) -> Vec<Event> {
    let warning = |reason, message| events::about(workload, EventType::Warning, reason, message);
    let normal = |reason, message| events::about(workload, EventType::Normal, reason, message);
    let mut told = Vec::new();
    if let Some(failure) = failure {
        told.push(warning("RolloutFailed", failure.to_owned()));
    }
    match stand {
        Stand::RolledBack(message) => told.push(warning("RolledBack", message.clone())),
        Stand::Paused => told.push(normal("RolloutPaused", "The rollout is paused".to_owned())),
        Stand::WaitsForBudget(message) => told.push(normal("WaitsForDisruptionBudget", message.clone())),
        _ => {}
    }
    let back_off = rolled.delayed.as_ref().and_then(Delayed::message);
    told.extend(back_off.map(|message| warning("BackOff", message)));
    told.extend(rolled.old_kubelet.clone().map(|message| warning("OldKubelet", message)));
    told.extend(foreign(members).map(|message| warning("ForeignContainer", message)));
    told
}

/// What a full quota leaves out. Were it not told, the engine would take a plan without it for a sign that the failure is over, and it would be
/// asked for again at once, and again.
fn left_out(count: usize, now: Now) -> Option<HeldBack> {
    let until = now.wall.after(LEFT_OUT);
    (count > 0).then_some(HeldBack { count, until })
}

/// When the passing of time alone calls for another plan.
fn next_look(
    workload: &SidecarWorkload,
    members: &[Member<'_>],
    rolled: &Rolled,
    deadline: Option<Timestamp>,
    now: Now,
) -> Option<Timestamp> {
    let replacement = rolled.delayed.as_ref().map(|delayed| delayed.next);
    let looks = [next_available(workload, members, now), rolled.requeue_at, replacement, deadline];
    looks.into_iter().flatten().min()
}

/// When the next pod has been ready for long enough.
fn next_available(workload: &SidecarWorkload, members: &[Member<'_>], now: Now) -> Option<Timestamp> {
    let available =
        members.iter().filter_map(|member| member.pod.available_from(workload.rollout.min_ready_seconds));
    available.filter(|available| *available > now.wall).min()
}
