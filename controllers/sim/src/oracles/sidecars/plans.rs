//! What a plan for a SidecarWorkload must not do on its view.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_engine::{Now, Plan, Store, View};
use mainstay_model::sidecar_workload::{REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerRole, ContainerState, ControllerRevision, CreatePod, InPlace, Kind, Name, Object, ObjectName,
    OnFailure, PatchPod, Pod, RolloutKind, SidecarWorkload, Uid, Write,
};

use super::spec::{self, Content, Limits};
use crate::api::pod_spec::containers;
use crate::kubelet::REPLACES_SIDECARS;

/// A plan of a SidecarWorkload, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The SidecarWorkload.
    pub key: ObjectName,
    /// What it does that none may do on that view: which oracle says so, and what it saw.
    pub breaches: Vec<(&'static str, String)>,
}

/// Judges a plan.
pub fn judge(key: &ObjectName, view: &View<'_>, plan: &Plan, now: Now) -> Judged {
    let workload = view.store.sidecar_workloads().get(key);
    let breaches = match workload {
        // What is to be read first comes before all else.
        Some(workload) if plan.reads.is_empty() => Judge::new(workload, view, plan, now).breaches(),
        _ => Vec::new(),
    };
    Judged { key: key.clone(), breaches }
}

/// Which oracle says so, and what it saw.
pub(super) type Breach = (&'static str, String);

/// A plan, and all that it is judged by.
pub(super) struct Judge<'a> {
    pub(super) workload: &'a SidecarWorkload,
    view: &'a View<'a>,
    pub(super) plan: &'a Plan,
    pub(super) now: Now,
    pub(super) limits: Limits,
    pub(super) revisions: Vec<(Arc<ControllerRevision>, Content)>,
    pub(super) active: Vec<&'a Arc<Pod>>,
}

impl<'a> Judge<'a> {
    fn new(workload: &'a SidecarWorkload, view: &'a View<'a>, plan: &'a Plan, now: Now) -> Judge<'a> {
        Judge {
            workload,
            view,
            plan,
            now,
            limits: Limits::of(workload),
            revisions: spec::revisions(workload, view.store),
            active: spec::active(workload, view.store).collect(),
        }
    }

    fn breaches(&self) -> Vec<Breach> {
        if self.workload.meta.is_deleting() {
            let touches = self.plan.writes.iter().find(|write| write.kind() == Kind::Pod);
            let what = |write: &Write| ("plan", format!("{} although it is deleted", told(write)));
            return touches.map(what).into_iter().collect();
        }
        let mut breaches: Vec<Breach> =
            self.plan.writes.iter().filter_map(|write| self.stranger(write)).collect();
        breaches.extend(self.creates().filter_map(|create| self.odd_pod(create)));
        breaches.extend(self.surge());
        breaches.extend(self.availability());
        breaches.extend(self.restraint());
        breaches.extend(self.patches().filter_map(|patch| self.odd_patch(patch)));
        breaches.extend(self.budget());
        breaches.extend(self.another_try());
        breaches.extend(self.lost_revision());
        breaches.extend(self.course());
        breaches
    }

    pub(super) fn store(&self) -> &'a Store {
        self.view.store
    }

    pub(super) fn creates(&self) -> impl Iterator<Item = &'a CreatePod> {
        self.plan.writes.iter().filter_map(|write| match write {
            Write::CreatePod(create) => Some(create),
            _ => None,
        })
    }

    /// The patches of pods that bring new images.
    pub(super) fn patches(&self) -> impl Iterator<Item = &'a PatchPod> {
        self.plan.writes.iter().filter_map(|write| match write {
            Write::PatchPod(patch) if !patch.images.is_empty() => Some(patch),
            _ => None,
        })
    }

    pub(super) fn deleted(&self) -> BTreeSet<Uid> {
        let deletes = self.plan.writes.iter().filter_map(|write| match write {
            Write::DeletePod(delete) => Some(delete.uid),
            _ => None,
        });
        deletes.collect()
    }

    fn pod(&self, write: &Write) -> Option<&'a Arc<Pod>> {
        let pod = self.store().pods().get(write.object())?;
        (Some(pod.meta.uid) == write.uid()).then_some(pod)
    }

    pub(super) fn content(&self, revision: &str) -> Option<&Content> {
        let found = self.revisions.iter().find(|(object, _)| *object.meta.name.name == *revision);
        found.map(|(_, content)| content)
    }

    /// A write that hits what is not the SidecarWorkload's own, or says what is so already.
    fn stranger(&self, write: &Write) -> Option<Breach> {
        let (uid, says_nothing) = match write {
            Write::DeletePod(_) | Write::PatchPodCondition(_) => (self.pod(write)?.meta.controller(), false),
            Write::PatchPod(patch) => {
                let pod = self.pod(write)?;
                if pod.meta.is_deleting() || pod.phase.is_finished() {
                    return Some(("plan", format!("{} although it goes or has ended", told(write))));
                }
                (pod.meta.controller(), says_nothing(patch, pod))
            }
            Write::PatchSidecarWorkloadStatus(patch) => {
                let says_nothing = patch.status == self.workload.status;
                return says_nothing.then(|| ("idle", "a status that is there already".to_owned()));
            }
            _ => return None,
        };
        if uid.and_then(|owner| owner.uid) != Some(self.workload.meta.uid) {
            return Some(("ownership", format!("{}, which is not its own", told(write))));
        }
        says_nothing.then(|| ("idle", format!("{}, which changes nothing", told(write))))
    }

    /// A pod to be made that is not one of a revision, with one main container.
    fn odd_pod(&self, create: &CreatePod) -> Option<Breach> {
        let CreatePod { pod, template, owner, .. } = create;
        let found = containers(&template.spec).ok().flatten().unwrap_or_default();
        let mains = found.containers.iter().filter(|found| found.role == ContainerRole::Main).count();
        if mains != 1 {
            return Some(("main", format!("makes {pod} with {mains} main containers")));
        }
        let label = template.labels.get(REVISION_LABEL).cloned().unwrap_or_default();
        let content = self.content(&label);
        let is_odd = |container: &ContainerState| {
            content.is_none_or(|content| content.image(&container.name) != Some(&container.image))
        };
        let is_ours = owner.uid == self.workload.meta.uid
            && template.labels.get(WORKLOAD_LABEL) == Some(&self.workload.meta.name.name);
        if !is_ours || found.containers.iter().any(is_odd) {
            return Some(("pod", format!("makes {pod}, which is not one of revision {label:?}")));
        }
        None
    }

    /// More pods than there may be.
    fn surge(&self) -> Option<Breach> {
        let deleted = self.deleted();
        let stay = self.active.iter().filter(|pod| !deleted.contains(&pod.meta.uid)).count();
        let created: BTreeSet<&ObjectName> = self.creates().map(|create| &create.pod).collect();
        // Those of an earlier one of its name go with that.
        let is_open = |create: &&CreatePod| {
            create.owner.uid == self.workload.meta.uid && self.store().pods().get(&create.pod).is_none()
        };
        let unsettled: BTreeSet<&ObjectName> =
            self.view.memory.unsettled.iter().filter(is_open).map(|create| &create.pod).collect();
        // What was asked for before, when more were wanted, may come whatever is done now; to ask for it again by its name adds none.
        let certain = stay + created.len();
        let pods =
            if created.is_subset(&unsettled) { certain } else { stay + created.union(&unsettled).count() };
        let what =
            || format!("makes {} pods, so that there are {pods} of {}", created.len(), self.limits.most);
        (!created.is_empty() && pods > self.limits.most).then(|| ("surge", what()))
    }

    /// The pods that are available now. One in a step is about to be taken down, or was.
    pub(super) fn available(&self) -> BTreeSet<Uid> {
        let wait = self.workload.rollout.min_ready_seconds;
        let available = self
            .active
            .iter()
            .filter(|pod| spec::is_available(pod, wait, self.now.wall) && !spec::is_in_place(pod));
        available.map(|pod| pod.meta.uid).collect()
    }

    /// The pods that are not available any more once the plan is carried out, and not because they are deleted.
    fn taken_down(&self) -> BTreeSet<Uid> {
        let replaced = self.patches().map(|patch| patch.uid);
        let drained = self.plan.writes.iter().filter_map(|write| match write {
            Write::PatchPodCondition(patch) if !patch.status => Some(patch.uid),
            _ => None,
        });
        replaced.chain(drained).collect()
    }

    /// Fewer available pods than there must be.
    fn availability(&self) -> Option<Breach> {
        let available = self.available();
        let touched: BTreeSet<Uid> = self.deleted().union(&self.taken_down()).copied().collect();
        let lost = available.intersection(&touched).count();
        let left = available.len() - lost;
        let least = self.limits.least_available;
        let what = || format!("takes {lost} of {} available pods, and {least} must stay", available.len());
        (lost > 0 && left < least).then(|| ("availability", what()))
    }

    /// More pods moved at once than may be, or some where nothing may.
    fn restraint(&self) -> Option<Breach> {
        let rollout = &self.workload.rollout;
        let replicas = spec::count(self.workload.replicas);
        let begun = self.patches().filter(|patch| {
            let pod = self.store().pods().get(&patch.pod);
            !pod.is_some_and(|pod| spec::is_in_place(pod) || self.is_spoiled(pod))
        });
        let begun = begun.count();
        let deleted = self.deleted();
        // What is too many goes in any case; what is in the middle of something, or not as its revision says, may have to.
        let odd =
            |pod: &&&Arc<Pod>| spec::is_in_place(pod) || self.is_spoiled(pod) || self.is_tried_again(pod);
        let is_deleted = |pod: &&&Arc<Pod>| deleted.contains(&pod.meta.uid);
        let deletes = self.active.iter().filter(is_deleted).filter(|pod| !odd(pod)).count();
        let surplus = (self.active.len() + self.creates().count()).saturating_sub(replicas);
        let (moves, moved) = (begun + deletes.saturating_sub(surplus), begun + deletes);
        let stands_still = rollout.paused || rollout.kind == RolloutKind::OnDelete;
        if stands_still && moves > 0 {
            return Some(("pause", format!("moves {moves} pods although the rollout stands still")));
        }
        if rollout.in_place == InPlace::Never && begun > 0 {
            return Some(("pause", format!("patches {begun} pods although pods are to be replaced")));
        }
        if rollout.in_place == InPlace::Only && deletes > surplus {
            return Some(("pause", format!("deletes {deletes} pods although pods are to be patched")));
        }
        let most = self.limits.unavailable.max(1) + surplus;
        (moved > most).then(|| ("batch", format!("moves {moved} pods at once, and {most} may move")))
    }

    /// Whether a pod has failed with its revision, and its user has just asked for another try.
    fn is_tried_again(&self, pod: &Pod) -> bool {
        let SidecarWorkload { status, retry, rollout, .. } = self.workload;
        status.failed_retry != *retry
            && status.failed_revision.is_some()
            && spec::revision_of(pod) == status.failed_revision.as_ref()
            && !spec::is_available(pod, rollout.min_ready_seconds, self.now.wall)
    }

    /// Whether somebody has given a pod images or a revision that there is not.
    pub(super) fn is_spoiled(&self, pod: &Pod) -> bool {
        let content = spec::revision_of(pod).and_then(|revision| self.content(revision));
        content.is_none_or(|content| !content.has_images_of(pod))
    }

    /// A patch that no revision asks for, or that the pod's kubelet would not carry out.
    fn odd_patch(&self, patch: &PatchPod) -> Option<Breach> {
        let pod = self.store().pods().get(&patch.pod).filter(|pod| pod.meta.uid == patch.uid)?;
        for image in &patch.images {
            let is_known =
                self.wanted(pod).any(|content| content.image(&image.container) == Some(&image.image));
            if !is_known {
                let what = format!("gives {} of {} {}", image.container, patch.pod, image.image);
                return Some(("image", format!("{what}, which no revision that counts asks for")));
            }
        }
        let node = pod.node.as_ref().and_then(|node| {
            self.store().get(Kind::Node, &ObjectName::new("", node.clone())).and_then(|found| match found {
                Object::Node(node) => node.kubelet,
                _ => None,
            })
        });
        let changes_sidecar = patch.images.iter().any(|image| image.role == ContainerRole::Sidecar);
        let is_old = node.is_some_and(|version| version < REPLACES_SIDECARS);
        let breaks = changes_sidecar && is_old && !spec::is_in_place(pod) && !self.is_spoiled(pod);
        let what = || format!("patches a sidecar of {}, whose kubelet is {node:?}", patch.pod);
        breaks.then(|| ("kubelet", what()))
    }

    /// The revisions that a pod may be led to: what the spec asks for, what was healthy if that has failed, what the pod was before, and what it
    /// is on its way to.
    fn wanted(&self, pod: &'a Pod) -> impl Iterator<Item = &Content> {
        let begun = spec::step_of(pod).map(|step| step.revision);
        let is_wanted = move |(object, content): &&(Arc<ControllerRevision>, Content)| {
            let name = &object.meta.name.name;
            self.is_asked_for(name, content)
                || object.healthy_at.is_some() && self.workload.status.failed_revision.is_some()
                || spec::revision_of(pod) == Some(name)
                || begun.as_ref() == Some(name)
        };
        self.revisions.iter().filter(is_wanted).map(|(_, content)| content)
    }

    /// Whether the spec asks for that revision.
    pub(super) fn is_asked_for(&self, name: &Name, content: &Content) -> bool {
        match &self.workload.revision {
            Some(pinned) => pinned == name,
            None => content.is_wanted_by(self.workload),
        }
    }

    /// Pods taken down in place where a PodDisruptionBudget allows nothing, or so that fewer stay healthy than it wants.
    fn budget(&self) -> Option<Breach> {
        let taken = self.taken_down();
        let namespace = &self.workload.meta.name.namespace;
        let budgets = self.store().pod_disruption_budgets().iter();
        for budget in budgets.filter(|budget| budget.meta.name.namespace == *namespace) {
            let selects = |pod: &Pod| {
                budget.selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels))
            };
            let is_healthy = |pod: &&Arc<Pod>| {
                pod.meta.name.namespace == *namespace
                    && selects(pod)
                    && pod.ready
                    && pod.is_active()
                    && !spec::is_in_place(pod)
            };
            let healthy: Vec<&Arc<Pod>> = self.store().pods().iter().filter(is_healthy).collect();
            let hits = healthy.iter().filter(|pod| taken.contains(&pod.meta.uid)).count();
            let is_current = budget.observed_generation >= budget.meta.generation;
            let allows_any = is_current && budget.disruptions_allowed > 0;
            let is_kept = healthy.len() - hits >= spec::count(budget.desired_healthy);
            if hits > 0 && !(allows_any && is_kept) {
                let allowed = budget.disruptions_allowed;
                let what = format!("takes down {hits} of {} healthy pods", healthy.len());
                return Some(("budget", format!("{what}, and {} allows {allowed}", budget.meta.name)));
            }
        }
        None
    }

    /// A revision that has failed is tried again although nobody has asked for that.
    fn another_try(&self) -> Option<Breach> {
        let SidecarWorkload { meta, status, rollout, retry, .. } = self.workload;
        let failed = status.failed_revision.as_ref()?;
        let is_current = status.observed_generation == meta.generation
            && status.update_revision.as_ref() == Some(failed)
            && status.failed_retry == *retry;
        let failed_content = self.content(failed).filter(|_| is_current)?;
        let leads_to_it = |patch: &&PatchPod| {
            let pod =
                self.store().pods().get(&patch.pod).filter(|pod| spec::revision_of(pod) != Some(failed));
            let before =
                pod.and_then(|pod| spec::revision_of(pod)).and_then(|revision| self.content(revision));
            // Another revision may have the same image, and be what the pod goes back to.
            let goal = spec::step_in(patch).map(|step| step.revision).filter(|goal| goal != failed);
            let other = goal.and_then(|goal| self.content(&goal));
            pod.is_some()
                && patch.images.iter().any(|image| {
                    let wanted = Some(&image.image);
                    failed_content.image(&image.container) == wanted
                        && other.is_none_or(|other| other.image(&image.container) != wanted)
                        && before.is_some_and(|before| before.image(&image.container) != wanted)
                })
        };
        if let Some(patch) = self.patches().find(leads_to_it) {
            return Some(("ping-pong", format!("leads {} to {failed}, which has failed", patch.pod)));
        }
        let is_healthy = |(object, _): &(Arc<ControllerRevision>, Content)| {
            object.healthy_at.is_some() && object.meta.name.name != *failed
        };
        let is_of_it = |create: &&CreatePod| create.template.labels.get(REVISION_LABEL) == Some(failed);
        let goes_back = rollout.on_failure == OnFailure::Rollback && self.revisions.iter().any(is_healthy);
        let create = self.creates().find(is_of_it).filter(|_| goes_back)?;
        Some(("ping-pong", format!("makes {} of {failed}, which has failed", create.pod)))
    }

    /// A revision is deleted that is needed.
    fn lost_revision(&self) -> Option<Breach> {
        let before = &self.workload.status;
        // What the spec asks for no longer, the same plan takes out of the status.
        let said = self.plan.writes.iter().find_map(|write| match write {
            Write::PatchSidecarWorkloadStatus(patch) => Some(&patch.status),
            _ => None,
        });
        let after = said.unwrap_or(before);
        let in_use = [
            &before.current_revision,
            &after.current_revision,
            &after.update_revision,
            &self.workload.revision,
        ];
        let carried: BTreeSet<&Name> = (self.store().pods().controlled_by(self.workload.meta.uid))
            .filter_map(|pod| spec::revision_of(pod))
            .chain(in_use.into_iter().flatten())
            .collect();
        let deleted: BTreeSet<&Name> = (self.plan.writes.iter())
            .filter(|write| matches!(write, Write::DeleteObject(delete) if delete.kind == Kind::ControllerRevision))
            .map(|write| &write.object().name)
            .collect();
        if let Some(lost) = deleted.iter().find(|name| carried.contains(*name)) {
            return Some(("revision", format!("deletes {lost}, which is in use")));
        }
        // An image in a pod has to be known as one of ours for as long as it is there.
        let knows = |is_deleted: bool, container: &ContainerState| {
            let revisions = self.revisions.iter();
            let mut those =
                revisions.filter(|(object, _)| deleted.contains(&object.meta.name.name) == is_deleted);
            those.any(|(_, content)| content.image(&container.name) == Some(&container.image))
        };
        let mut running = self.active.iter().flat_map(|pod| spec::running(pod));
        let forgotten = running.find(|container| knows(true, container) && !knows(false, container))?;
        Some(("revision", format!("deletes what alone has {} in {}", forgotten.image, forgotten.name)))
    }
}

/// Whether a patch leaves a pod as it is.
fn says_nothing(patch: &PatchPod, pod: &Pod) -> bool {
    let has_image = |image: &mainstay_model::ContainerImage| {
        spec::running(pod).any(|found| found.name == image.container && found.image == image.image)
    };
    let has_label = |(key, value): &(Name, Option<Name>)| pod.meta.labels.get(key) == value.as_ref();
    patch.annotations.is_empty() && patch.images.iter().all(has_image) && patch.labels.iter().all(has_label)
}

fn told(write: &Write) -> String {
    format!("{} {}", write.verb(), write.object())
}
