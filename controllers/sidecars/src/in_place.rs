//! The way of one running pod to another revision: a sidecar after the other in the order in which they start, then main, then the label.
//!
//! Nothing but a container's image makes a kubelet replace it, and only that container; so a step sets one image and waits until the
//! kubelet shows another container under that name. What the pod's spec says decides what comes next, not what was once intended: a goal that
//! changes on the way needs no special care, and the way back from a bad image is a way like any other.

use std::time::Duration;

use mainstay_engine::{Now, Store};
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL, SERVING_GATE};
use mainstay_model::write::ContainerImage;
use mainstay_model::{ContainerRole, ContainerState, Name, PatchPod, PatchPodCondition, Timestamp, Write};

use crate::history::{History, Policies, Revision};
use crate::members::Member;
use crate::pod_shape::{Difference, Replaceable, pairs};
use crate::published::Published;
use crate::step::{Phase, Proof, Step};

/// How long a pod that no EndpointSlice shows as ready any more is still left alone: for proxies to hear of it. Who needs more has a
/// preStop hook in the sidecar.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a pod is given to leave its EndpointSlices.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);
/// What a container may take to come up beside its startup probe and the end of the one before.
const START: Duration = Duration::from_secs(60);
/// After so long a container that is down, and whose kubelet does not say why, counts as failed. A kubelet says why a sidecar waits only where the
/// one before ended with another code than 0 (kubernetes: `convertToAPIContainerStatuses` in pkg/kubelet/kubelet_pods.go), so a pull that
/// fails and one that takes its time look alike.
const SILENCE: Duration = Duration::from_secs(120);
/// After so long a kubelet speaks of the image that was set, and not of the one before.
const SETTLE: Duration = Duration::from_secs(10);
/// From this version of the kubelet on, a sidecar with another image is replaced.
const REPLACES_SIDECARS: (u16, u16) = (1, 32);
/// From this version of the kubelet on, it says which spec of a pod it has seen.
const TELLS_GENERATIONS: (u16, u16) = (1, 34);
/// How the obstacle of an older kubelet begins.
pub(crate) const OLD_KUBELET: &str = "the kubelet of its node is older than";
/// Why a container waits that will hardly come up.
const HOPELESS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerError",
    "CreateContainerConfigError",
    "RunContainerError",
];
/// For so long the first pod of a revision has to go on as it is before others follow: what exits at once is ready for a moment, too.
pub(crate) const PROOF: Duration = Duration::from_secs(5);
/// So many restarts of a container are a failure.
const RESTARTS: i32 = 3;

/// What is next on the way of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Nothing: it is there.
    Arrived,
    /// This is to be written. The first write of a way takes the pod out of those that are available.
    Write(Vec<Write>),
    /// Nothing yet; to be looked at again then at the latest.
    Wait(Option<Timestamp>),
    /// The container does not come up with its new image, in words for the user.
    Failed(String),
    /// The way is barred: only another pod will do, in words for the user.
    Recreate(String),
}

/// All that a way depends on, beside pod and goal.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a, 's> {
    pub(crate) workload: &'a mainstay_model::SidecarWorkload,
    pub(crate) store: &'a Store,
    pub(crate) history: &'a History<'s>,
    pub(crate) published: &'a Published<'s>,
    pub(crate) now: Now,
    /// Whether nothing has shown yet that the goal is any good.
    pub(crate) is_first: bool,
}

/// Why no way leads to another revision within this pod, if so; `difference` is what lies between them, and `changed` what is to be replaced.
pub(crate) fn obstacle<'m>(
    member: &Member<'_>,
    difference: Difference,
    changed: impl Iterator<Item = &'m Replaceable>,
    store: &Store,
) -> Option<String> {
    if let Difference::Recreate(reason) = difference {
        return Some(reason);
    }
    let Some(state) = member.state() else {
        return Some("the pod has lost its label".to_owned());
    };
    let mut changed = changed.peekable();
    changed.peek()?;
    if !state.initialized {
        return Some("the pod has not come past its init steps".to_owned());
    }
    let is_old =
        member.node(store).and_then(|node| node.kubelet).is_some_and(|kubelet| kubelet < REPLACES_SIDECARS);
    let mut roles = changed.map(|container| container.role);
    (is_old && roles.any(|role| role == ContainerRole::Sidecar)).then(|| {
        let (major, minor) = REPLACES_SIDECARS;
        format!("{OLD_KUBELET} {major}.{minor} and replaces no sidecar in place")
    })
}

/// What comes next for a pod on its way to a goal; `base` is the revision of its label.
pub(crate) fn next(
    member: &Member<'_>,
    base: &Revision,
    goal: &Revision,
    policies: &Policies,
    around: Surroundings<'_, '_>,
) -> Next {
    let now = around.now.wall;
    if let Some(noted) = &member.step
        && let Some(step) = noted.brought_back_to(now)
    {
        return Next::Write(vec![patch(member, None, &step)]);
    }
    if let Some(step) = &member.step.as_ref().map(|step| counted(member, step, around.store))
        && let Some(container) = member.container(&step.container)
        && let Some(wanted) = goal.replaceable.iter().find(|each| *each.name == *container.name)
    {
        let is_set = container.image == wanted.image;
        match step.phase {
            Phase::Drain if !is_set => return drained(member, step, wanted, goal, around),
            Phase::Replace | Phase::Revert if is_set => {
                let is_seen = is_seen(member, around.store);
                if !is_up(is_seen, step, container, goal, now) {
                    let is_way_back = step.phase == Phase::Revert || goal.name == base.name;
                    return match is_way_back {
                        true => coming_back(step, goal, now),
                        false => coming_up(is_seen, step, container, goal, now),
                    };
                }
                if around.is_first
                    && step.phase == Phase::Replace
                    && let Some(next) = proving(member, step, container, now)
                {
                    return next;
                }
            }
            // The goal is another one by now, or somebody has set the image: what is next follows from the spec.
            Phase::Drain | Phase::Replace | Phase::Revert => {}
        }
    }
    match member.changed(base, goal, around.history).next() {
        Some(container) => Next::Write(begin(member, base, goal, container, policies, now)),
        None => finish(member, base, goal, around),
    }
}

/// A step with the time from which it can be judged: a node that was lost has done nothing meanwhile, and does it all when it is back.
fn counted(member: &Member<'_>, step: &Step, store: &Store) -> Step {
    let well_since = member.node(store).and_then(|node| node.ready_since);
    let since = well_since.map_or(step.since, |well| step.since.max(well.seconds()));
    Step { since, ..step.clone() }
}

/// A container that has come up and has yet to show that it stays.
fn proving(member: &Member<'_>, step: &Step, container: &ContainerState, now: Timestamp) -> Option<Next> {
    let id = container.id.as_deref()?;
    if let Some(proof) = step.proof.as_ref().filter(|proof| proof.container_id == id) {
        let end = Timestamp::from_seconds(proof.since).after(PROOF);
        return (now < end).then_some(Next::Wait(Some(end)));
    }
    let proof = Proof { container_id: id.to_owned(), since: now.seconds() };
    Some(Next::Write(vec![patch(member, None, &Step { proof: Some(proof), ..step.clone() })]))
}

/// Whether a container has a fault that a new image, or the way back from one, can mend: it will not come up by itself.
pub(crate) fn fault(container: &ContainerState, restarts_before: i32) -> Option<String> {
    if let Some(waiting) = container.waiting.as_deref().filter(|_| is_hopeless(container)) {
        return Some(format!("container {} with image {}: {waiting}", container.name, container.image));
    }
    let restarts = container.restarts.saturating_sub(restarts_before);
    (restarts >= RESTARTS && !container.ready).then(|| {
        format!(
            "container {} with image {} has been restarted {restarts} times",
            container.name, container.image
        )
    })
}

fn is_hopeless(container: &ContainerState) -> bool {
    container.waiting.as_deref().is_some_and(|waiting| HOPELESS.contains(&waiting))
}

/// Begins with a container.
fn begin(
    member: &Member<'_>,
    base: &Revision,
    goal: &Revision,
    wanted: &Replaceable,
    policies: &Policies,
    now: Timestamp,
) -> Vec<Write> {
    // Back to what its own revision says: from an image that has failed, or since the goal has changed.
    let is_revert = base.replaceable.contains(wanted);
    let has_gate = member.state().is_some_and(|state| state.has_serving_gate);
    let drains = policies.drained.contains(&*wanted.name) && has_gate && !is_revert;
    let container = member.container(&wanted.name);
    let phase = match (drains, is_revert) {
        (true, _) => Phase::Drain,
        (false, true) => Phase::Revert,
        (false, false) => Phase::Replace,
    };
    let step = Step {
        revision: goal.name.to_string(),
        container: wanted.name.to_string(),
        phase,
        container_id: container.and_then(|container| container.id.as_deref()).map(str::to_owned),
        restarts: container.map_or(0, |container| container.restarts),
        was_waiting: container.is_some_and(is_hopeless),
        since: now.seconds(),
        left: None,
        proof: None,
    };
    // Draining is noted first: a process that goes on from here must not take the pod for one that may be touched at once.
    vec![patch(member, Some(wanted).filter(|_| !drains), &step)]
}

/// Waits until nobody sends requests to the pod any more, and then sets the image.
fn drained(
    member: &Member<'_>,
    step: &Step,
    wanted: &Replaceable,
    goal: &Revision,
    around: Surroundings<'_, '_>,
) -> Next {
    let now = around.now.wall;
    let is_serving = member.state().and_then(|state| state.serving) != Some(false);
    match step.left {
        // Somebody has put it back meanwhile, so it leaves once more.
        Some(_) if is_serving => {
            let step = Step { since: now.seconds(), left: None, ..step.clone() };
            Next::Write(vec![patch(member, None, &step)])
        }
        None if is_serving => Next::Write(vec![serving(member, false, now)]),
        // Also where it was gone already: a clock that was ahead may have taken the limit for over.
        _ if around.published.has(member.pod.meta.uid) && now < step.after(DRAIN_LIMIT) => {
            Next::Wait(Some(step.after(DRAIN_LIMIT)))
        }
        // Noted, because the time runs from here: kubelets and those who write slices may have taken long.
        None => {
            let step = Step { left: Some(now.seconds()), ..step.clone() };
            Next::Write(vec![patch(member, None, &step)])
        }
        Some(left) => {
            let until = Timestamp::from_seconds(left).after(DRAIN);
            if now < until {
                return Next::Wait(Some(until));
            }
            // The goal may be another one than when it began to leave.
            let step = Step {
                revision: goal.name.to_string(),
                phase: Phase::Replace,
                since: now.seconds(),
                left: None,
                ..step.clone()
            };
            Next::Write(vec![patch(member, Some(wanted), &step)])
        }
    }
}

/// Whether the kubelet has seen the newest spec of the pod; `None` before 1.34, where kubelets do not say so, and leave what a newer one has said.
fn is_seen(member: &Member<'_>, store: &Store) -> Option<bool> {
    let observed = member.state()?.observed_generation;
    let kubelet = member.node(store).and_then(|node| node.kubelet);
    let tells = observed != 0 && kubelet.is_none_or(|kubelet| kubelet >= TELLS_GENERATIONS);
    tells.then(|| observed >= member.pod.meta.generation)
}

/// When a container that is down, or the same as before, has been so for too long.
fn silence(step: &Step, goal: &Revision) -> Timestamp {
    step.after(Duration::from_secs(goal.pod.grace_seconds()).saturating_add(SILENCE))
}

/// Whether the container of a step runs with the image that was set.
fn is_up(
    is_seen: Option<bool>,
    step: &Step,
    container: &ContainerState,
    goal: &Revision,
    now: Timestamp,
) -> bool {
    let is_another = container.id.is_some() && container.id.as_deref() != step.container_id.as_deref();
    // Two changes may come before the kubelet has taken the old container down: where they lead back, it goes on running as it is.
    let is_fine = match step.phase {
        Phase::Revert => is_seen.is_some() && container.ready,
        Phase::Drain | Phase::Replace => container.ready && silence(step, goal) <= now,
    };
    // Before it is ready the next container is not begun with: main must not be restarted for a sidecar that is no good.
    let is_fit = container.started && (container.ready || step.phase == Phase::Revert);
    is_seen != Some(false) && is_fit && (is_another || is_fine)
}

/// A container that is not there yet: it may take its time, or have failed.
fn coming_up(
    is_seen: Option<bool>,
    step: &Step,
    container: &ContainerState,
    goal: &Revision,
    now: Timestamp,
) -> Next {
    // What a kubelet says of a container may still be about the image before.
    let settled = step.after(SETTLE);
    if is_seen != Some(true) || step.was_waiting {
        if is_hopeless(container) && now < settled {
            return Next::Wait(Some(settled));
        }
        if is_seen == Some(false) {
            return Next::Wait(None);
        }
    }
    // The image before counts one restart when it is taken down.
    let is_replaced = container.id.as_deref() != step.container_id.as_deref();
    let before = step.restarts.saturating_add(i32::from(is_replaced));
    if let Some(fault) = fault(container, before) {
        return Next::Failed(fault);
    }
    if is_replaced {
        return Next::Wait(None);
    }
    let limit = silence(step, goal);
    match now < limit {
        true => Next::Wait(Some(limit)),
        false => Next::Failed(format!(
            "container {} with image {} has not been started within {} s",
            container.name,
            container.image,
            SILENCE.as_secs()
        )),
    }
}

/// A container that is not back yet. While a startup probe runs, a kubelet does not look at images: after that there is no reason to wait any longer.
fn coming_back(step: &Step, goal: &Revision, now: Timestamp) -> Next {
    let limit = Duration::from_secs(
        goal.pod.startup_seconds(&step.container).saturating_add(goal.pod.grace_seconds()),
    );
    let limit = step.after(limit.saturating_add(START));
    match now < limit {
        true => Next::Wait(Some(limit)),
        false => Next::Recreate(format!("container {} does not come back", step.container)),
    }
}

/// All images are as they should be: serve again, wait until the pod is available, and say that it is of the goal.
fn finish(member: &Member<'_>, base: &Revision, goal: &Revision, around: Surroundings<'_, '_>) -> Next {
    let now = around.now.wall;
    if member.revision == &*goal.name && member.step.is_none() {
        return Next::Arrived;
    }
    if member.is_out_of_service() {
        return Next::Write(vec![serving(member, true, now)]);
    }
    if let Some(step) = &member.step {
        let min_ready_seconds = around.workload.rollout.min_ready_seconds;
        let Some(available) = member.pod.available_from(min_ready_seconds) else { return Next::Wait(None) };
        // A container can be replaced so fast that no condition tells of it: then the pod looks ready for much longer than it is.
        let wait = u64::try_from(min_ready_seconds).unwrap_or(0);
        let available = available.max(step.after(Duration::from_secs(wait)));
        if available > now {
            return Next::Wait(Some(available));
        }
    }
    let mut labels = metadata_changes(&base.pod.labels, &goal.pod.labels);
    labels.push((REVISION_LABEL.into(), Some(goal.name.clone())));
    let mut annotations = metadata_changes(&base.pod.annotations, &goal.pod.annotations);
    annotations.push((IN_PLACE_ANNOTATION.into(), None));
    let patch = PatchPod { labels: labels.into(), annotations: annotations.into(), ..unchanged(member) };
    Next::Write(vec![Write::PatchPod(patch)])
}

/// The patch that notes a step, and sets its image if it is time.
fn patch(member: &Member<'_>, wanted: Option<&Replaceable>, step: &Step) -> Write {
    let image = wanted.map(|wanted| ContainerImage {
        container: wanted.name.clone(),
        role: wanted.role,
        image: wanted.image.clone(),
    });
    Write::PatchPod(PatchPod {
        images: image.into_iter().collect(),
        annotations: Box::new([(IN_PLACE_ANNOTATION.into(), Some(step.text()))]),
        ..unchanged(member)
    })
}

fn unchanged(member: &Member<'_>) -> PatchPod {
    PatchPod {
        pod: member.pod.meta.name.clone(),
        uid: member.pod.meta.uid,
        version: member.pod.meta.version,
        images: Box::default(),
        labels: Box::default(),
        annotations: Box::default(),
    }
}

/// The write that lets the pod serve, or not.
pub(crate) fn serving(member: &Member<'_>, status: bool, now: Timestamp) -> Write {
    Write::PatchPodCondition(PatchPodCondition {
        pod: member.pod.meta.name.clone(),
        uid: member.pod.meta.uid,
        condition: SERVING_GATE.into(),
        status,
        reason: if status { "Serving" } else { "SidecarIsReplaced" },
        at: Timestamp::from_seconds(now.seconds()),
    })
}

/// What turns one map of labels or annotations into another. What others have put there stays.
fn metadata_changes(
    before: &serde_json::Map<String, serde_json::Value>,
    after: &serde_json::Map<String, serde_json::Value>,
) -> Vec<(Name, Option<Name>)> {
    let gone = pairs(before).filter(|(key, _)| !after.contains_key(&**key)).map(|(key, _)| (key, None));
    let set = pairs(after)
        .filter(|(key, value)| before.get(&**key).and_then(serde_json::Value::as_str) != Some(value))
        .map(|(key, value)| (key, Some(value)));
    gone.chain(set).collect()
}
