//! How many pods, of which revision: makes those that are missing, deletes those that are too many, and brings the others to the goal, a few at
//! a time.
//!
//! What always holds, as far as it is our doing: there are never fewer pods available than `replicas - maxUnavailable`, and never more pods
//! than `replicas + maxSurge`. A revision that was never healthy begins with one pod, and goes on when that is available.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use mainstay_engine::names::generate_name;
use mainstay_engine::{Claims, Delayed, Now, View, replacement};
use mainstay_model::{
    CreatePod, DeletePod, InPlace, Name, PodPhase, RolloutKind, SidecarWorkload, Timestamp, Uid, Write,
};

use crate::budget::{Budget, Disruptions};
use crate::course::{Course, Moves};
use crate::history::{History, Revision};
use crate::in_place::{self, Next, OLD_KUBELET, Surroundings};
use crate::members::Member;
use crate::published::Published;
use crate::{owner, reference, selector, victims};

/// What a pass over the pods has come to.
#[derive(Default)]
pub(crate) struct Rolled {
    /// What is to be written to pods.
    pub(crate) writes: Vec<Write>,
    /// When the passing of time alone calls for another pass.
    pub(crate) requeue_at: Option<Timestamp>,
    /// Why the goal has failed: a container of a pod that was brought to it does not come up.
    pub(crate) failure: Option<String>,
    /// Why pods stay as they are although only patches are allowed.
    pub(crate) barred: Option<String>,
    /// Pods that are replaced since their kubelets are too old, in words.
    pub(crate) old_kubelet: Option<String>,
    /// Pods that are missing and made later, since those before them have ended soon after they were made.
    pub(crate) delayed: Option<Delayed>,
    /// The PodDisruptionBudget that pods wait for, and how many pods it wants to stay healthy.
    pub(crate) waits_for_budget: Option<(Name, i32)>,
    /// Pods beyond the replicas that are wanted and not asked for, since the server has just refused one.
    pub(crate) left_out: usize,
    /// Why the server lets no pod be made, in its words: a quota that is full, above all.
    pub(crate) refused: Option<String>,
}

/// All that a pass goes by.
pub(crate) struct Pass<'a> {
    pub(crate) workload: &'a SidecarWorkload,
    pub(crate) course: &'a Course<'a>,
    pub(crate) history: &'a History<'a>,
    pub(crate) claims: &'a Claims<'a>,
    pub(crate) members: &'a [Member<'a>],
    pub(crate) budget: Budget,
    /// Whether nothing has shown yet that the goal is any good.
    pub(crate) is_first: bool,
    pub(crate) view: &'a View<'a>,
    pub(crate) published: Published<'a>,
    pub(crate) now: Now,
    /// The most pods that one plan makes, deletes or patches.
    pub(crate) burst: usize,
}

impl<'a> Pass<'a> {
    /// Decides what is to be done to the pods.
    pub(crate) fn plan(&self) -> Rolled {
        let failure = self.view.memory.failure.as_ref();
        let refused = failure.filter(|failure| matches!(failure.write, Write::CreatePod(_)));
        let mut rolled =
            Rolled { refused: refused.map(|failure| failure.message.clone()), ..Rolled::default() };
        self.bring_back(&mut rolled);
        let ways: Vec<Way<'a>> = self.members.iter().map(|member| self.way(member)).collect();
        let stuck = self.members.iter().zip(&ways).filter(|(_, way)| way.leads_nowhere());
        let stuck = stuck.map(|(member, _)| member.pod.meta.uid).collect();
        self.go_on(ways, &mut rolled);
        let mut moved = self.move_others(stuck, &mut rolled);
        if self.course.is_retry {
            // Another try needs other pods: those of the first one wait longer and longer, and would fail it at once.
            let goal = &*self.course.goal.name;
            let tried = self.members.iter().filter(|member| member.revision == goal);
            let tried = tried.filter(|member| !member.is_available && !member.is_in_step());
            moved.deleted.extend(tried.map(|member| member.pod.meta.uid));
        }
        rolled.delayed = self.delayed(&moved);
        self.create(&moved, &mut rolled);
        self.delete(&moved, &mut rolled);
        rolled.writes.truncate(self.burst);
        rolled
    }

    /// How a pod stands to its way, if it is on one.
    fn way(&self, member: &Member<'a>) -> Way<'a> {
        if !member.is_in_step() {
            return Way::None;
        }
        let Some(base) = self.history.get(member.revision) else { return Way::Barred };
        let goal = self.goal_of(member, base);
        match self.obstacle(member, goal) {
            Some(_) => Way::Barred,
            None => Way::Open { base, goal, next: self.next(member, base, goal) },
        }
    }

    /// Brings pods back to their revision that are astray and serve nobody, and are not to be led anywhere else.
    fn bring_back(&self, rolled: &mut Rolled) {
        for member in self.members.iter().filter(|member| !member.is_available && member.is_astray) {
            let Some(base) = self.history.get(member.revision) else { continue };
            let stays = self.course.moves != Moves::All || self.course.is_closed(base, self.course.goal);
            if stays && self.obstacle(member, base).is_none() {
                take(self.next(member, base, base), rolled);
            }
        }
    }

    /// Goes on with what has begun in pods, and lets those serve that wait for nothing else.
    fn go_on(&self, ways: Vec<Way<'a>>, rolled: &mut Rolled) {
        for (member, way) in self.members.iter().zip(ways) {
            let (base, goal, next) = match way {
                Way::Open { base, goal, next } => (base, goal, next),
                Way::Barred => continue,
                Way::None => {
                    if member.is_out_of_service() {
                        rolled.writes.push(in_place::serving(member, true, self.now.wall));
                    }
                    continue;
                }
            };
            match next {
                // The way back from a revision that has failed is not left again: it would go on for ever.
                Next::Failed(_) if self.course.has_failed && goal.name == self.course.goal.name => {}
                Next::Failed(_) if !member.is_on_a_node_that_is_well(self.view.store) => {}
                Next::Failed(reason) => {
                    if goal.name == self.course.goal.name {
                        rolled.failure.get_or_insert(reason);
                    }
                    if let Next::Write(writes) = self.next(member, base, base) {
                        rolled.writes.extend(writes);
                    }
                }
                next => take(next, rolled),
            }
        }
    }

    /// Brings pods to the goal that are not on their way yet. Those that are `stuck` are in a step that leads nowhere: they serve nobody, and go.
    fn move_others(&self, stuck: BTreeSet<Uid>, rolled: &mut Rolled) -> Moved {
        let Budget { replicas, unavailable, .. } = self.budget;
        let total = self.members.len();
        let missing = replicas.saturating_sub(total);
        let Standings { arrived, mut others, moving, held_back } = self.standings(&stuck, rolled);
        let at_goal = arrived.len();
        if self.course.moves != Moves::All || rolled.failure.is_some() {
            let new = self.share_of_goal(missing, at_goal);
            let old = missing.saturating_sub(new);
            return Moved { new, old, deleted: stuck, surplus: self.kept(at_goal) };
        }

        let wanted = self.wanted();
        // Pods that are lost meanwhile are made as they were before, too.
        let begins_with_one = self.course.begins_with_one;
        if begins_with_one {
            rolled.requeue_at = [rolled.requeue_at, self.course.shown_at].into_iter().flatten().min();
        }
        let limit = if begins_with_one { wanted.min(1) } else { wanted };
        let begun = at_goal.saturating_add(moving).saturating_sub(held_back);
        // Those that come no further take the turns of others: they may have the image already that is to reach few.
        let taken = begun.saturating_add(stuck.len());
        let new = match self.course.base {
            // No pod goes there before the user says what he wants: none is made there either.
            Some(base) if self.course.is_closed(base, self.course.goal) => 0,
            Some(_) => missing.min(limit.saturating_sub(taken)),
            None => missing,
        };
        let available = self.members.iter().filter(|member| member.is_available).count();
        let unready =
            arrived.iter().filter(|member| !member.is_available && member.pod.node.is_some()).count();
        let mut allowance = Allowance {
            moves: limit.saturating_sub(taken.saturating_add(new)),
            spare: available.saturating_sub(self.budget.least_available()),
            free: unavailable.max(1).saturating_sub(moving + unready + stuck.len()),
        };
        // Those whose deletion was asked for before may be on their way out: another in their place would be one too many.
        let is_doomed = |member: &Member<'a>| self.view.memory.doomed.contains(&member.pod.meta.uid);
        others.sort_by_cached_key(|member| (!is_doomed(member), turn(member)));

        let unpatched = self.patch(&others, moving > 0, &mut allowance, rolled);
        let surge = self.surge(&unpatched, total.saturating_add(missing), allowance.moves, rolled);
        allowance.moves -= surge;
        let beyond = total.saturating_sub(stuck.len()).saturating_sub(replicas);
        let mut deleted = stuck;
        allowance.replace(unpatched.recreated, beyond, &mut deleted);

        // As long as pods of before are to go, those of the goal that are not available yet are no surplus: they are to take over.
        let is_steady = arrived.iter().all(|member| member.is_available);
        let has_moved = others.len() <= replicas.saturating_sub(wanted) || is_steady;
        let is_over = begun >= wanted && moving == 0 && has_moved;
        Moved {
            new: new.saturating_add(surge),
            old: missing.saturating_sub(new),
            deleted,
            surplus: if is_over { replicas } else { self.budget.most() },
        }
    }

    /// How the pods stand to the goal, those aside that are stuck.
    fn standings(&self, stuck: &BTreeSet<Uid>, rolled: &mut Rolled) -> Standings<'_, 'a> {
        let goal = self.course.goal;
        let mut standings = Standings::default();
        for member in self.members.iter().filter(|member| !stuck.contains(&member.pod.meta.uid)) {
            if !member.is_astray && member.revision == &*goal.name {
                standings.arrived.push(member);
            } else if !member.is_astray && member.is_in_step() {
                standings.moving += 1;
                standings.held_back += usize::from(self.course.is_held_back(member));
                // It is brought back to its revision, and that may never come to an end: what keeps it from the goal is told at once.
                if self.history.get(member.revision).is_some_and(|base| self.course.is_closed(base, goal)) {
                    rolled.barred = rolled.barred.take().or_else(|| self.obstacle(member, goal));
                }
            } else {
                standings.others.push(member);
            }
        }
        standings
    }

    /// Begins with pods that can be brought to the goal as they run, in their order; `has_begun` is whether some are on their way already.
    fn patch<'m>(
        &self,
        others: &[&'m Member<'a>],
        mut has_begun: bool,
        allowance: &mut Allowance,
        rolled: &mut Rolled,
    ) -> Unpatched<'m, 'a> {
        let goal = self.course.goal;
        let mut unpatched = Unpatched::default();
        let mut disruptions = None;
        for member in others {
            let obstacle = match self.workload.rollout.in_place {
                InPlace::Never => Some("rollout.inPlace is Never".to_owned()),
                InPlace::IfPossible | InPlace::Only => self.obstacle(member, goal),
            };
            if let Some(reason) = obstacle {
                if self.workload.rollout.in_place == InPlace::Only {
                    rolled.barred.get_or_insert(reason);
                    continue;
                }
                if reason.starts_with(OLD_KUBELET) {
                    rolled.old_kubelet.get_or_insert(format!("pod {}: {reason}", member.pod.meta.name.name));
                }
                unpatched.recreated.push(member);
                continue;
            }
            let base = self.history.get(member.revision).filter(|_| allowance.moves > 0);
            let Some(base) = base else { continue };
            if !member.is_in_step() && member.changed(base, goal, self.history).next().is_none() {
                // Labels and annotations cost nobody anything.
                allowance.moves -= 1;
                take(self.next(member, base, goal), rolled);
                continue;
            }
            if *allowance.purse(member) == 0 {
                unpatched.waits_for_spare = true;
                continue;
            }
            let disruptions = disruptions.get_or_insert_with(|| self.disruptions());
            if let Some(budget) = disruptions.obstacle(member.pod).filter(|_| member.pod.ready) {
                // While others are on their way it is those that are waited for.
                if !has_begun {
                    rolled.waits_for_budget = Some((budget.meta.name.name.clone(), budget.desired_healthy));
                }
                continue;
            }
            let next = self.next(member, base, goal);
            if matches!(next, Next::Write(_)) {
                *allowance.purse(member) -= 1;
                allowance.moves -= 1;
                disruptions.count(member.pod);
                has_begun = true;
            }
            take(next, rolled);
        }
        unpatched
    }

    /// How many pods more than the replicas are made: where pods are replaced, or where none may be missing while it is patched. `total` are those
    /// that there will be without them.
    fn surge(&self, unpatched: &Unpatched<'_, '_>, total: usize, moves: usize, rolled: &mut Rolled) -> usize {
        let replaces = !unpatched.recreated.is_empty();
        if self.budget.unavailable > 0 && !replaces {
            return 0;
        }
        let asked = if replaces { moves } else { usize::from(unpatched.waits_for_spare).min(moves) };
        let surge = self.budget.most().saturating_sub(total).min(asked);
        // What the server has refused to make takes nobody's turn: pods may be missing instead. Where none may, it is asked for again after
        // each pause.
        let is_left_out =
            rolled.refused.is_some() && (self.view.memory.backing_off || self.budget.unavailable > 0);
        rolled.left_out = if is_left_out { surge } else { 0 };
        surge.saturating_sub(rolled.left_out)
    }

    /// How many of the missing pods are made from the goal, while nothing moves: as large a share as the goal has among those that are there.
    fn share_of_goal(&self, missing: usize, at_goal: usize) -> usize {
        let total = self.members.len();
        if self.course.base.is_none() {
            return missing;
        }
        if self.course.has_failed && !self.course.is_rollback {
            return 0;
        }
        if self.workload.rollout.kind == RolloutKind::OnDelete {
            return missing;
        }
        let share = missing.saturating_mul(at_goal).checked_div(total).unwrap_or(0);
        // A partition of a share of the replicas keeps back more of them once there are more.
        share.min(self.wanted().saturating_sub(at_goal))
    }

    /// How many pods are to be of the goal in the end: all but those that the partition keeps back, and all on the way back.
    fn wanted(&self) -> usize {
        let Budget { replicas, partition, .. } = self.budget;
        if self.course.is_rollback { replicas } else { replicas.saturating_sub(partition) }
    }

    /// How many pods may stay while nothing moves: those of a rollout that stands still include its surge.
    fn kept(&self, at_goal: usize) -> usize {
        let is_mixed = at_goal > 0 && at_goal < self.members.len();
        if is_mixed && self.workload.rollout.kind == RolloutKind::RollingUpdate {
            self.budget.most()
        } else {
            self.budget.replicas
        }
    }

    /// Which pods wait although they are missing: where a kubelet rejects all that it is given, each next one waits longer. Not those of a spec
    /// that is new: whoever has mended it wants to see what comes of that.
    fn delayed(&self, moved: &Moved) -> Option<Delayed> {
        let is_new = self.workload.meta.generation != self.workload.status.observed_generation;
        let missing = moved.new.saturating_add(moved.old);
        let delayed = || replacement::delayed(self.claims, missing, self.view.store, self.now);
        (!is_new && missing > 0).then(delayed).flatten()
    }

    fn create(&self, moved: &Moved, rolled: &mut Rolled) {
        let held_back = rolled.delayed.as_ref().map_or(0, |delayed| delayed.count);
        let wanted = moved.new.saturating_add(moved.old).saturating_sub(held_back);
        if wanted == 0 {
            return;
        }
        let selector = selector(self.workload);
        let owner = owner(self.workload, &selector);
        let memory = self.view.memory;
        // First the pods whose fate is unknown, under the names they have: they may exist already.
        let unsettled = memory
            .unsettled
            .iter()
            .filter(|create| create.owner.uid == self.workload.meta.uid)
            .map(|create| create.pod.clone())
            .filter(|pod| self.view.store.pods().get(pod).is_none());
        let generate_name = generate_name(&self.workload.meta.name.name);
        let template =
            |revision: &Revision| revision.pod.template(&self.workload.meta.name.name, &revision.name);
        let base = self.course.base.unwrap_or(self.course.goal);
        let templates = std::iter::repeat_n(template(self.course.goal), moved.new)
            .chain(std::iter::repeat_n(template(base), moved.old));
        let creates = unsettled.chain(owner.unused_names(self.view)).zip(templates).map(|(pod, template)| {
            let owner = reference(self.workload);
            Write::CreatePod(CreatePod { pod, generate_name: generate_name.clone(), owner, template })
        });
        rolled.writes.extend(creates.take(wanted.min(self.burst)));
    }

    fn delete(&self, moved: &Moved, rolled: &mut Rolled) {
        let total = self.members.len();
        if moved.deleted.is_empty() && total <= moved.surplus {
            return;
        }
        let (replaced, mut others): (Vec<&Member<'a>>, Vec<&Member<'a>>) =
            self.members.iter().partition(|member| moved.deleted.contains(&member.pod.meta.uid));
        let surplus = others.len().saturating_sub(moved.surplus);
        if surplus > 0 {
            let failed = self.workload.status.failed_revision.as_deref();
            victims::sort(&mut others, failed, &self.course.goal.name);
            // Those whose deletion was asked for before may be on their way out: another in their place would be one too many.
            others.sort_by_key(|member| !self.view.memory.doomed.contains(&member.pod.meta.uid));
        }
        let deleted: Vec<&Member<'a>> =
            replaced.into_iter().chain(others.into_iter().take(surplus)).collect();
        // A pod that goes needs no other write.
        let uids: BTreeSet<Uid> = deleted.iter().map(|member| member.pod.meta.uid).collect();
        rolled.writes.retain(|write| write.uid().is_none_or(|uid| !uids.contains(&uid)));
        rolled.writes.extend(deleted.into_iter().map(|member| {
            Write::DeletePod(DeletePod { pod: member.pod.meta.name.clone(), uid: member.pod.meta.uid })
        }));
    }

    /// Where a pod in a step is to go; `base` is the revision of its label.
    fn goal_of(&self, member: &Member<'_>, base: &'a Revision) -> &'a Revision {
        let begun = member.step.as_ref().and_then(|step| self.history.get(&step.revision));
        let goal = match self.course.moves {
            Moves::All if self.course.is_held_back(member) => {
                begun.filter(|begun| self.has_shown_itself(begun)).unwrap_or(base)
            }
            Moves::All => self.course.goal,
            // What leads to a revision that has failed is not finished, also where the way back makes no progress.
            Moves::Finish => begun.filter(|begun| !self.has_failed(begun)).unwrap_or(base),
            Moves::TakeBack => base,
        };
        if self.course.is_closed(base, goal) { base } else { goal }
    }

    /// Whether pods have been available with a revision.
    fn has_shown_itself(&self, revision: &Revision) -> bool {
        let shows = |member: &Member<'a>| member.is_of(&revision.name) && member.is_available;
        revision.healthy_at.is_some() || self.members.iter().any(shows)
    }

    fn has_failed(&self, revision: &Revision) -> bool {
        self.course.has_failed && self.workload.status.failed_revision.as_ref() == Some(&revision.name)
    }

    fn obstacle(&self, member: &Member<'_>, goal: &Revision) -> Option<String> {
        let Some(base) = self.history.get(member.revision) else {
            return Some("the revision of the pod is not known".to_owned());
        };
        let changed = member.changed(base, goal, self.history);
        in_place::obstacle(member, self.course.difference(base, goal), changed, self.view.store)
    }

    fn disruptions(&self) -> Disruptions<'a> {
        Disruptions::of(&self.workload.meta.name.namespace, self.view.store)
    }

    fn next(&self, member: &Member<'_>, base: &Revision, goal: &Revision) -> Next {
        let around = Surroundings {
            workload: self.workload,
            store: self.view.store,
            history: self.history,
            published: &self.published,
            now: self.now,
            is_first: self.is_first,
        };
        in_place::next(member, base, goal, &self.course.policies, around)
    }
}

/// How a pod stands to the way that it is on.
enum Way<'a> {
    /// It is on none.
    None,
    /// It is in a step, and there is no way.
    Barred,
    /// It is in a step from its revision to another, and this is next.
    Open { base: &'a Revision, goal: &'a Revision, next: Next },
}

impl Way<'_> {
    /// Whether only another pod will do.
    fn leads_nowhere(&self) -> bool {
        matches!(self, Way::Barred | Way::Open { next: Next::Recreate(_), .. })
    }
}

/// How pods stand to the goal.
#[derive(Default)]
struct Standings<'m, 'a> {
    /// They are of it.
    arrived: Vec<&'m Member<'a>>,
    /// They are not on their way to anything.
    others: Vec<&'m Member<'a>>,
    /// How many are on their way from another revision.
    moving: usize,
    /// How many of those are not led to the goal.
    held_back: usize,
}

/// How many pods may still be brought to the goal.
struct Allowance {
    /// So many in all.
    moves: usize,
    /// So many of those that are available.
    spare: usize,
    /// So many of the others. They serve nobody and cost nothing, but they are not all moved at once either: the new ones may be no better.
    free: usize,
}

impl Allowance {
    fn purse(&mut self, member: &Member<'_>) -> &mut usize {
        if member.is_available { &mut self.spare } else { &mut self.free }
    }

    /// Chooses which pods make room for others; `beyond` are too many already, and take nobody's turn.
    fn replace(&mut self, pods: Vec<&Member<'_>>, beyond: usize, deleted: &mut BTreeSet<Uid>) {
        let mut left = beyond.saturating_add(self.moves);
        for member in pods {
            let purse = self.purse(member);
            if left > 0 && *purse > 0 {
                *purse -= 1;
                left -= 1;
                deleted.insert(member.pod.meta.uid);
            }
        }
    }
}

/// What is left of the pods that are to be brought to the goal.
#[derive(Default)]
struct Unpatched<'m, 'a> {
    /// Only other pods in their place will do.
    recreated: Vec<&'m Member<'a>>,
    /// Whether some wait until others are available.
    waits_for_spare: bool,
}

/// What is to become of the pods that are not in a step.
#[derive(Default)]
struct Moved {
    /// How many are made from the goal.
    new: usize,
    /// How many are made from what was before.
    old: usize,
    /// Those that are replaced.
    deleted: BTreeSet<Uid>,
    /// How many may stay of the others.
    surplus: usize,
}

fn take(next: Next, rolled: &mut Rolled) {
    match next {
        Next::Write(writes) => rolled.writes.extend(writes),
        Next::Wait(Some(until)) => {
            rolled.requeue_at = [rolled.requeue_at, Some(until)].into_iter().flatten().min();
        }
        Next::Arrived | Next::Wait(None) | Next::Failed(_) | Next::Recreate(_) => {}
    }
}

/// Whose turn it is: those that serve nobody first, of them the pending and the unscheduled, then those that have been restarted most, then the newest.
fn turn<'a>(member: &Member<'a>) -> (bool, bool, bool, Reverse<i32>, Reverse<Option<Timestamp>>, &'a str) {
    let pod = member.pod;
    (
        member.is_available,
        pod.phase != PodPhase::Pending,
        pod.node.is_some(),
        Reverse(pod.restarts.saturating_add(pod.sidecar_restarts)),
        Reverse(pod.meta.created),
        &pod.meta.name.name,
    )
}
