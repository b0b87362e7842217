//! Where the pods of a SidecarWorkload are to go: to what the spec asks for, back to what was healthy, or nowhere.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_model::{InPlace, Name, OnFailure, RolloutKind, SidecarWorkload, Timestamp, Uid};

use crate::budget::Budget;
use crate::history::{History, Policies, Revision};
use crate::in_place::PROOF;
use crate::members::Member;
use crate::pod_shape::Difference;
use crate::status::is_complete;

/// What happens to pods that are not of the goal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Moves {
    /// They are brought there.
    All,
    /// They stay; steps that have begun are finished.
    Finish,
    /// They stay; steps that have begun are taken back.
    TakeBack,
}

/// Where the pods are to go.
#[derive(Clone, Debug)]
pub(crate) struct Course<'a> {
    /// What pods are brought to, and new ones are made from.
    pub(crate) goal: &'a Revision,
    /// How the sidecars of the goal are replaced.
    pub(crate) policies: Policies,
    /// What those pods are made from that are missing and not to be of the goal.
    pub(crate) base: Option<&'a Revision>,
    /// What happens to the others.
    pub(crate) moves: Moves,
    /// Whether they may be patched, or replaced.
    in_place: InPlace,
    /// Whether the revision that the spec asks for has failed, and its spec and retry annotation are still those of then.
    pub(crate) has_failed: bool,
    /// Whether it had failed, and the user has just asked for another try.
    pub(crate) is_retry: bool,
    /// Whether the pods go back to a revision that was healthy.
    pub(crate) is_rollback: bool,
    /// Whether the goal has yet to show what it is worth: never were all replicas of it and available, or they are of another one since.
    pub(crate) is_rollout: bool,
    /// Whether the goal has yet to show with one pod what it is worth, before others follow.
    pub(crate) begins_with_one: bool,
    /// When the first pod of the goal will have shown it; `None` where none is available, or nothing is left to be shown.
    pub(crate) shown_at: Option<Timestamp>,
    /// The pods in a step to another revision that may not be led on to the goal, since one is enough to show what it is worth.
    held_back: BTreeSet<Uid>,
    /// What leads to the goal from each revision that a pod is of: compared once for all its pods.
    differences: BTreeMap<Name, Difference>,
}

impl<'a> Course<'a> {
    /// The course for the revision that the spec asks for.
    pub(crate) fn new(
        workload: &SidecarWorkload,
        history: &'a History<'_>,
        wanted: &'a Revision,
        members: &[Member<'_>],
        now: Timestamp,
    ) -> Course<'a> {
        let status = &workload.status;
        let had_failed = status.failed_revision.as_deref() == Some(&*wanted.name);
        let has_failed = had_failed && status.failed_retry == workload.retry;
        let current = status.current_revision.as_deref().and_then(|name| history.get(name));
        // What all pods were of last, if that was healthy: it need not be what became healthy last.
        let is_way_back = |current: &&Revision| current.healthy_at.is_some() && current.name != wanted.name;
        let healthy = || current.filter(is_way_back).or_else(|| history.newest_healthy(&wanted.name));
        let healthy = has_failed.then(healthy).flatten();
        // Where only patches are allowed and none leads back, there is no way back for pods that have all come up after all.
        let has_come_up = || {
            workload.rollout.in_place == InPlace::Only && is_complete(members, wanted, &Budget::of(workload))
        };
        let is_barred = |back: &Revision| {
            wanted.pod.difference(&back.pod, &history.policies(back).recreated) != Difference::InPlace
        };
        let goes_back = |back: &&Revision| {
            workload.rollout.on_failure == OnFailure::Rollback && !(has_come_up() && is_barred(back))
        };
        let back = healthy.filter(goes_back);
        let goal = back.unwrap_or(wanted);
        let moves = match (workload.rollout.kind, has_failed, back.is_some()) {
            _ if workload.rollout.paused && has_failed => Moves::TakeBack,
            _ if workload.rollout.paused => Moves::Finish,
            (_, true, false) => Moves::TakeBack,
            (RolloutKind::OnDelete, ..) => Moves::Finish,
            _ => Moves::All,
        };
        let policies = history.policies(goal);
        let mut differences = BTreeMap::new();
        for member in members {
            if !differences.contains_key(member.revision)
                && let Some(base) = history.get(member.revision)
            {
                let difference = base.pod.difference(&goal.pod, &policies.recreated);
                differences.insert(base.name.clone(), difference);
            }
        }
        let base = current.filter(|current| current.name != goal.name).or(healthy);
        let is_unproven = goal.healthy_at.is_none();
        let shown_at = if is_unproven { shown_at(goal, members, now) } else { None };
        let has_others = || base.is_some() || members.iter().any(|member| !member.is_of(&goal.name));
        let begins_with_one = is_unproven && shown_at.is_none_or(|shown| shown > now) && has_others();
        Course {
            goal,
            policies,
            base,
            moves,
            in_place: workload.rollout.in_place,
            has_failed,
            is_retry: had_failed && !has_failed,
            is_rollback: back.is_some(),
            is_rollout: current.is_none_or(|current| current.name != goal.name) || is_unproven,
            begins_with_one,
            shown_at,
            held_back: if begins_with_one { held_back(goal, members) } else { BTreeSet::new() },
            differences,
        }
    }

    /// Whether a pod in a step to another revision first comes to the end of that.
    pub(crate) fn is_held_back(&self, member: &Member<'_>) -> bool {
        self.held_back.contains(&member.pod.meta.uid)
    }

    /// What leads from one revision to another.
    pub(crate) fn difference(&self, base: &Revision, goal: &Revision) -> Difference {
        let known = self.differences.get(&base.name).filter(|_| goal.name == self.goal.name);
        known.cloned().unwrap_or_else(|| base.pod.difference(&goal.pod, &self.policies.recreated))
    }

    /// Whether only patches are allowed, and none leads from one revision to the other.
    pub(crate) fn is_closed(&self, base: &Revision, goal: &Revision) -> bool {
        self.in_place == InPlace::Only && self.difference(base, goal) != Difference::InPlace
    }

    /// Whether the goal has to show with one pod that it is fit for more.
    pub(crate) fn is_unproven(&self) -> bool {
        self.goal.healthy_at.is_none()
    }
}

/// When the first pod of a revision will have been available for long enough to show what that is worth.
fn shown_at(goal: &Revision, members: &[Member<'_>], now: Timestamp) -> Option<Timestamp> {
    let available = members.iter().filter(|member| member.is_of(&goal.name) && member.is_available);
    available.map(|member| member.pod.ready_since.map_or(now, |since| since.after(PROOF))).min()
}

/// The pods in a step to another revision, all but one where no pod is of the goal or on its way to it.
fn held_back(goal: &Revision, members: &[Member<'_>]) -> BTreeSet<Uid> {
    let leads_there =
        |member: &Member<'_>| member.step.as_ref().is_some_and(|step| *step.revision == *goal.name);
    let is_there = |member: &Member<'_>| member.is_of(&goal.name) || leads_there(member);
    let elsewhere = members.iter().filter(|member| member.is_in_step() && !is_there(member));
    let others = elsewhere.skip(usize::from(!members.iter().any(is_there)));
    others.map(|member| member.pod.meta.uid).collect()
}
