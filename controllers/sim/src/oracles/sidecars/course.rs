//! Where plans for SidecarWorkloads lead: how far rollouts go, in which steps, and by which clock.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::sidecar_workload::REVISION_LABEL;
use mainstay_model::{ControllerRevision, Name, PatchPod, Pod, RolloutKind, SidecarWorkloadStatus, Write};
use serde_json::Value;

use super::plans::{Breach, Judge};
use super::spec::{self, Content};

/// For how long a pod is waited for that does not leave its services.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);

impl<'a> Judge<'a> {
    /// What a plan does that leads where it must not lead.
    pub(super) fn course(&self) -> Vec<Breach> {
        let mut breaches: Vec<Breach> = self.patches().filter_map(|patch| self.odd_step(patch)).collect();
        breaches.extend(self.too_far());
        breaches.extend(self.plan.writes.iter().filter_map(|write| self.odd_mark(write)));
        breaches
    }

    /// More than one container at a time, or one that requests still reach.
    fn odd_step(&self, patch: &PatchPod) -> Option<Breach> {
        let pod = self.store().pods().get(&patch.pod).filter(|pod| pod.meta.uid == patch.uid)?;
        let [image] = &*patch.images else {
            let containers = patch.images.len();
            return Some(("step", format!("replaces {containers} containers of {} at once", patch.pod)));
        };
        let step = spec::step_in(patch)?;
        let state = pod.workload.as_ref()?;
        let drains = self.content(&step.revision)?.drains(&image.container) && self.drains(&image.container);
        if !drains || !state.has_serving_gate || *step.phase != *"Replace" {
            return None;
        }
        let uid = pod.meta.uid.text();
        let mut slices = self.store().endpoint_slices().iter();
        let is_published = slices.any(|slice| {
            slice.meta.name.namespace == patch.pod.namespace
                && slice.endpoints.iter().any(|endpoint| {
                    let is_it = endpoint.target.as_ref().is_some_and(|target| *target.uid == *uid);
                    is_it && endpoint.conditions.ready == Some(true)
                })
        });
        let before = spec::step_of(pod);
        let is_over = before.is_some_and(|before| before.since.after(DRAIN_LIMIT) <= self.now.wall);
        let what = || format!("replaces {} of {} while requests reach it", image.container, patch.pod);
        (state.serving != Some(false) || is_published && !is_over).then(|| ("drain", what()))
    }

    /// Whether the template as it is now wants that.
    fn drains(&self, sidecar: &str) -> bool {
        let template: Option<Value> = serde_json::from_slice(&self.workload.template).ok();
        template.is_some_and(|template| spec::drains(&template, sidecar))
    }

    /// More pods brought to what the spec asks for than its partition allows, or than a revision may begin with.
    fn too_far(&self) -> Option<Breach> {
        let (revision, _) = self.asked_for()?;
        let goal = &revision.meta.name.name;
        let status = &self.workload.status;
        // Without a revision that pods could stay with, there is nothing to hold them back at.
        let current = status.current_revision.as_ref().filter(|current| *current != goal)?;
        self.content(current)?;
        if self.workload.rollout.kind == RolloutKind::OnDelete {
            return None;
        }
        let deleted = self.deleted();
        let stays = |pod: &&&Arc<Pod>| !deleted.contains(&pod.meta.uid);
        let is_there = |pod: &Pod| {
            // From a revision that nobody knows no way leads on, nor where init steps run again on a node that has come back.
            let is_known = spec::revision_of(pod).is_some_and(|revision| self.content(revision).is_some());
            let is_patchable = is_known && spec::is_patchable(pod);
            let leads_there = is_patchable && spec::step_of(pod).is_some_and(|step| step.revision == *goal);
            leads_there || spec::revision_of(pod) == Some(goal) && !self.is_spoiled(pod)
        };
        let there = self.active.iter().filter(stays).filter(|pod| is_there(pod)).count();
        let begun = self.patches().filter(|patch| {
            let pod = self.store().pods().get(&patch.pod);
            spec::step_in(patch).is_some_and(|step| step.revision == *goal)
                && pod.is_some_and(|pod| !is_there(pod) && !self.is_spoiled(pod))
        });
        let made = self.creates().filter(|create| create.template.labels.get(REVISION_LABEL) == Some(goal));
        let (begun, made) = (begun.count(), made.count());
        if begun + made == 0 {
            return None;
        }
        let all = there + begun + made;
        let most = spec::count(self.workload.replicas).saturating_sub(spec::partition(self.workload));
        if all > most {
            return Some(("partition", format!("brings {all} pods to {goal}, and {most} may be of it")));
        }
        let available = self.available();
        let is_proven = revision.healthy_at.is_some()
            || self
                .active
                .iter()
                .any(|pod| spec::revision_of(pod) == Some(goal) && available.contains(&pod.meta.uid));
        let is_too_much = !is_proven && all > 1 && !self.workload.rollout.paused;
        is_too_much
            .then(|| ("first", format!("brings {all} pods to {goal}, which has to show its worth with one")))
    }

    /// The revision that the spec asks for, the newest of those that are alike.
    fn asked_for(&self) -> Option<&(Arc<ControllerRevision>, Content)> {
        let asked = self
            .revisions
            .iter()
            .filter(|(object, content)| self.is_asked_for(&object.meta.name.name, content));
        asked.max_by_key(|(object, _)| object.number)
    }

    /// A mark that does not say what is: of health, or of when a rollout has come nearer to its end.
    fn odd_mark(&self, write: &Write) -> Option<Breach> {
        match write {
            Write::PatchControllerRevision(patch) if patch.healthy_at.is_some() => {
                let name = &patch.revision.name;
                let available = self.available();
                let is_well = |pod: &&Arc<Pod>| {
                    spec::revision_of(pod) == Some(name) && available.contains(&pod.meta.uid)
                };
                let replicas = spec::count(self.workload.replicas);
                let is_healthy =
                    replicas > 0 && self.active.len() == replicas && self.active.iter().all(is_well);
                (!is_healthy).then(|| ("health", format!("says that {name} is healthy, which it is not")))
            }
            Write::PatchSidecarWorkloadStatus(patch) => {
                let (before, after) = (&self.workload.status, &patch.status);
                let (old, new) = (before.progressed_at?, after.progressed_at?);
                (new > old && !has_come_nearer(before, after))
                    .then(|| ("clock", format!("puts the deadline off from {old:?} to {new:?}")))
            }
            _ => None,
        }
    }
}

/// Whether a rollout has come nearer to its end, or is another one.
fn has_come_nearer(before: &SidecarWorkloadStatus, after: &SidecarWorkloadStatus) -> bool {
    let behind = |status: &SidecarWorkloadStatus| status.replicas - status.updated_replicas;
    let marks = |status: &SidecarWorkloadStatus| -> [Option<Name>; 3] {
        [status.update_revision.clone(), status.failed_revision.clone(), status.failed_retry.clone()]
    };
    after.updated_replicas > before.updated_replicas
        || after.ready_replicas > before.ready_replicas
        || after.available_replicas > before.available_replicas
        || behind(after) < behind(before)
        || marks(before) != marks(after)
}
