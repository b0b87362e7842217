//! How SidecarWorkloads are to be left when nothing happens any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{
    ContainerState, ControllerRevision, InPlace, Name, OnFailure, Pod, RolloutKind, SidecarWorkload,
    SidecarWorkloadStatus, Timestamp,
};

use super::spec::{self, Content, Limits};
use crate::workloads::is_mirrored;

/// All that is not as it is to be.
pub(super) fn wrong_at_rest(store: &Store, now: Timestamp) -> Vec<String> {
    let staying = store.sidecar_workloads().iter().filter(|workload| !workload.meta.is_deleting());
    let of_one = |workload: &Arc<SidecarWorkload>| {
        let name = workload.meta.name.clone();
        let wrong = Rest::new(workload, store, now).wrong();
        wrong.into_iter().map(move |what| format!("{name}: {what}")).collect::<Vec<String>>()
    };
    staying.flat_map(of_one).chain(strays(store)).collect()
}

/// Pods that say whose they are, and that nobody has adopted.
fn strays(store: &Store) -> impl Iterator<Item = String> {
    let is_stray = |pod: &&Arc<Pod>| {
        let mut workloads = store.sidecar_workloads().iter();
        let label = pod.meta.labels.get(WORKLOAD_LABEL);
        pod.is_active()
            && pod.meta.controller().is_none()
            && workloads.any(|workload| {
                let own = &workload.meta.name;
                own.namespace == pod.meta.name.namespace && Some(&own.name) == label
            })
    };
    let strays = store.pods().iter().filter(is_stray);
    strays.map(|pod| format!("{} says whose it is, and nobody has adopted it", pod.meta.name))
}

/// A SidecarWorkload at rest, and all that it is judged by.
struct Rest<'a> {
    workload: &'a SidecarWorkload,
    store: &'a Store,
    limits: Limits,
    replicas: usize,
    active: Vec<&'a Arc<Pod>>,
    available: BTreeSet<&'a Name>,
    revisions: Vec<(Arc<ControllerRevision>, Content)>,
}

impl<'a> Rest<'a> {
    fn new(workload: &'a SidecarWorkload, store: &'a Store, now: Timestamp) -> Rest<'a> {
        let active: Vec<&Arc<Pod>> = spec::active(workload, store).collect();
        let wait = workload.rollout.min_ready_seconds;
        let is_available = |pod: &&&Arc<Pod>| spec::is_available(pod, wait, now) && !spec::is_in_place(pod);
        let available = active.iter().filter(is_available).map(|pod| &pod.meta.name.name).collect();
        Rest {
            workload,
            store,
            limits: Limits::of(workload),
            replicas: spec::count(workload.replicas),
            active,
            available,
            revisions: spec::revisions(workload, store),
        }
    }

    fn content(&self, revision: &str) -> Option<&Content> {
        let found = self.revisions.iter().find(|(object, _)| *object.meta.name.name == *revision);
        found.map(|(_, content)| content)
    }

    fn condition(&self, kind: &str) -> Option<&str> {
        let found = self.workload.status.conditions.iter().find(|condition| condition.kind == kind);
        found.map(|condition| &*condition.status)
    }

    fn reason(&self, kind: &str) -> Option<&str> {
        let found = self.workload.status.conditions.iter().find(|condition| condition.kind == kind);
        found.map(|condition| &*condition.reason)
    }

    fn is_true(&self, kind: &str) -> bool {
        self.condition(kind) == Some("True")
    }

    fn wrong(&self) -> Vec<String> {
        let status = &self.workload.status;
        let mut wrong = Vec::new();
        if status.observed_generation != self.workload.meta.generation {
            wrong.push("its status is out of date".to_owned());
        }
        let Some(wanted) = self.wanted() else {
            let is_told = self.is_true("Stalled") && self.workload.revision.is_some();
            wrong.extend((!is_told).then(|| "the revision that it asks for is not there".to_owned()));
            return wrong;
        };
        wrong.extend(self.miscounted(&wanted));
        let is_told_why = self.is_told_why(&wanted);
        // While nothing moves, what serves is left as it is, and so is what cannot be patched yet.
        let stays = |pod: &Pod| {
            is_told_why && (self.available.contains(&pod.meta.name.name) || !spec::is_patchable(pod))
        };
        wrong.extend(self.active.iter().filter(|pod| !stays(pod)).filter_map(|pod| self.odd_pod(pod)));
        let has_failed = self.workload.status.failed_revision.as_ref() == Some(&wanted);
        // Without pods all of them are of anything.
        let has_arrived = self.has_all_of(&wanted) && !(self.replicas == 0 && has_failed);
        if has_arrived {
            wrong.extend(self.not_complete(&wanted));
        } else if !is_told_why {
            wrong.push(format!("it has not arrived at {wanted}: {}", self.told()));
        }
        if self.active.len() < self.replicas || self.active.len() > self.limits.most {
            wrong.push(format!("{} pods, and {} are wanted", self.active.len(), self.replicas));
        }
        wrong
    }

    /// The revision that the spec asks for.
    fn wanted(&self) -> Option<Name> {
        let status = &self.workload.status;
        let update = status.update_revision.as_ref()?;
        let is_wanted = match &self.workload.revision {
            Some(pinned) => pinned == update && self.content(pinned).is_some(),
            None => self.content(update)?.is_wanted_by(self.workload),
        };
        is_wanted.then(|| update.clone())
    }

    /// Whether a pod is of a revision, and its label does not lie.
    fn is_of(&self, pod: &Pod, revision: &Name) -> bool {
        let has_images = || self.content(revision).is_none_or(|content| self.has_images_of(pod, content));
        spec::revision_of(pod) == Some(revision) && (spec::is_in_place(pod) || has_images())
    }

    /// Whether a pod has the images of a revision, those aside of which nobody can say any more whose they are: somebody has deleted the revision
    /// that had them, which the `revision` oracle keeps the managers from, and then changed the pod's label.
    fn has_images_of(&self, pod: &Pod, content: &Content) -> bool {
        let is_known = |container: &ContainerState| {
            self.revisions.iter().any(|(_, other)| other.image(&container.name) == Some(&container.image))
        };
        content.foreign_images(pod).all(|container| !is_known(container))
    }

    fn has_all_of(&self, revision: &Name) -> bool {
        let is_of_it =
            |pod: &&Arc<Pod>| self.is_of(pod, revision) && self.available.contains(&pod.meta.name.name);
        self.active.len() == self.replicas && self.active.iter().all(is_of_it)
    }

    /// Why it is not where the spec wants it, as the spec or the status says.
    fn is_told_why(&self, wanted: &Name) -> bool {
        let SidecarWorkload { rollout, status, .. } = self.workload;
        let of_it = self.active.iter().filter(|pod| self.is_of(pod, wanted));
        let (updated, partition) = (of_it.count(), spec::partition(self.workload));
        let is_kept_back = rollout.paused
            || rollout.kind == RolloutKind::OnDelete
            || partition > 0 && self.replicas.saturating_sub(updated) <= partition;
        let is_barred = rollout.in_place == InPlace::Only && self.is_true("Stalled");
        let is_failed = status.failed_revision.as_ref() == Some(wanted) && self.is_true("Stalled");
        // A budget that can never be met is waited for, as an eviction waits: whoever wrote it wants that, and is told.
        let waits = self.reason("Progressing") == Some("WaitsForDisruptionBudget");
        // There is no node, as in scripts of which steps are left out.
        let is_homeless = self.active.iter().any(|pod| pod.node.is_none());
        // An image that somebody has put there himself is left alone, also where it does not come up.
        let is_spoiled = self
            .active
            .iter()
            .any(|pod| !pod.ready && spec::running(pod).any(|container| is_mirrored(&container.image)));
        is_kept_back
            || is_barred
            || is_homeless
            || is_spoiled
            || waits && self.is_blocked()
            || is_failed && self.has_gone_back(wanted)
    }

    /// Whether a PodDisruptionBudget lets no pod be disrupted.
    fn is_blocked(&self) -> bool {
        let budgets = self.store.pod_disruption_budgets().iter();
        let mut of_namespace =
            budgets.filter(|budget| budget.meta.name.namespace == self.workload.meta.name.namespace);
        of_namespace.any(|budget| {
            let selector = budget.selector.as_ref();
            let selects = |pod: &&&Arc<Pod>| selector.is_some_and(|found| found.matches(&pod.meta.labels));
            let healthy = self.active.iter().filter(selects).filter(|pod| pod.ready).count();
            healthy > 0 && healthy <= spec::count(budget.desired_healthy)
        })
    }

    /// Whether pods have gone back from what has failed, if they are to, or it is said that they could not.
    fn has_gone_back(&self, failed: &Name) -> bool {
        let healthy = self
            .revisions
            .iter()
            .any(|(object, _)| object.healthy_at.is_some() && object.meta.name.name != *failed);
        let goes_back = self.workload.rollout.on_failure == OnFailure::Rollback && healthy;
        let is_over = self.condition("Progressing") == Some("False");
        !goes_back || self.is_true("RolledBack") || is_over
    }

    fn not_complete(&self, wanted: &Name) -> Option<String> {
        let status = &self.workload.status;
        if status.current_revision.as_ref() != Some(wanted) {
            return Some(format!("it has arrived at {wanted}, and says {:?}", status.current_revision));
        }
        let is_told = self.is_true("Ready")
            && !self.is_true("Stalled")
            && self.condition("Reconciling") == Some("False");
        if !is_told {
            return Some(format!("it has arrived, and says {}", self.told()));
        }
        let newest = self.revisions.iter().max_by_key(|(object, _)| object.number)?;
        if newest.0.meta.name.name != *wanted {
            return Some(format!("{wanted} is not the newest of its revisions"));
        }
        let is_unmarked = self.replicas > 0 && newest.0.healthy_at.is_none();
        is_unmarked.then(|| format!("{wanted} is healthy, and has no mark of that"))
    }

    /// A pod that is not as its revision says, and is not on its way.
    fn odd_pod(&self, pod: &Pod) -> Option<String> {
        let revision = spec::revision_of(pod)?;
        // One of a revision that somebody has deleted stays where pods stay.
        let content = self.content(revision)?;
        if let Some(step) = spec::step_of(pod) {
            // A way back that makes no progress either is left open: nothing else could be done about it. And what has the images that it is to
            // have, and does not become ready with them, may not have been ready before.
            let is_left_open = self.reason("Progressing") == Some("RollbackFailed");
            let goals = [Some(content), self.content(&step.revision)];
            let waits = !pod.ready && goals.into_iter().flatten().any(|goal| self.has_images_of(pod, goal));
            let is_stuck = !is_left_open && !waits;
            return is_stuck.then(|| format!("{} is in the middle of a step", pod.meta.name));
        }
        let is_odd = !self.has_images_of(pod, content);
        is_odd.then(|| format!("{} has not the images of {revision}", pod.meta.name))
    }

    fn miscounted(&self, wanted: &Name) -> Option<String> {
        let SidecarWorkloadStatus { replicas, ready_replicas, available_replicas, updated_replicas, .. } =
            self.workload.status;
        let of_it = |pod: &&&Arc<Pod>| self.is_of(pod, wanted) && !spec::is_in_place(pod);
        let counted = [
            self.active.len(),
            self.active.iter().filter(|pod| pod.ready).count(),
            self.available.len(),
            self.active.iter().filter(of_it).count(),
        ];
        let told = [replicas, ready_replicas, available_replicas, updated_replicas].map(spec::count);
        if told != counted {
            return Some(format!("pods, ready, available and updated are {counted:?}, and it says {told:?}"));
        }
        let selector = format!("{WORKLOAD_LABEL}={}", self.workload.meta.name.name);
        if self.workload.status.selector.as_deref() != Some(&*selector) {
            return Some(format!("its selector is said to be {:?}", self.workload.status.selector));
        }
        let content = self.content(wanted)?;
        let wanted: Vec<_> = content.sidecars().map(|sidecar| self.counted_sidecar(sidecar)).collect();
        let told = self
            .workload
            .status
            .sidecars
            .iter()
            .map(|told| (told.name.clone(), told.image.clone(), told.updated, told.ready, told.restarts));
        let told: Vec<_> = told.collect();
        (told != wanted).then(|| format!("its sidecars are {wanted:?}, and it says {told:?}"))
    }

    /// Name, image, and in how many pods it has that and is ready, and how often it was restarted.
    fn counted_sidecar(&self, sidecar: &ContainerState) -> (Name, Name, i32, i32, i32) {
        let states = || {
            let running = self.active.iter().flat_map(|pod| spec::running(pod));
            running.filter(|state| state.name == sidecar.name)
        };
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let updated = states().filter(|state| state.image == sidecar.image).count();
        let ready = states().filter(|state| state.ready).count();
        let restarts = states().map(|state| state.restarts).sum();
        (sidecar.name.clone(), sidecar.image.clone(), number(updated), number(ready), restarts)
    }

    /// What the status says, in short.
    fn told(&self) -> String {
        let conditions = self.workload.status.conditions.iter();
        let said: Vec<String> =
            conditions.map(|found| format!("{}={} ({})", found.kind, found.status, found.reason)).collect();
        let pods: Vec<String> = self.active.iter().map(|pod| self.told_of(pod)).collect();
        format!("{}; failed {:?}; {}", said.join(", "), self.workload.status.failed_revision, pods.join(", "))
    }

    fn told_of(&self, pod: &Pod) -> String {
        let revision = spec::revision_of(pod).map_or("none", |revision| revision);
        let is_available = self.available.contains(&pod.meta.name.name);
        let steps = pod.workload.as_ref().and_then(|containers| containers.in_place.clone());
        format!("{} of {revision}, available {is_available}, {steps:?}", pod.meta.name.name)
    }
}
