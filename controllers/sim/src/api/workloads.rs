//! What the server makes of the writes that are about SidecarWorkloads, their revisions and their pods, and of what users change in
//! those.

use std::sync::Arc;

use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, SERVING_GATE, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerRole, ControllerRevision, CreateControllerRevision, Kind, LabelSet, Meta, Name, Object,
    ObjectName, PatchControllerRevision, PatchPod, PatchPodCondition, PodDisruptionBudget, ResourceVersion,
    SidecarWorkload, SidecarWorkloadStatus, StatusPatch, Timestamp,
};
use serde_json::Value;

use super::ApiServer;
use super::record::Record;
use super::refused::Refused;
use super::validity::check_content;
use super::whole::unborn;
use super::writes::{merge_owner, owner_reference};

/// The annotation of a pod that says how much it is worth.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

impl ApiServer {
    /// The SidecarWorkload of that name.
    pub fn workload(&self, name: &ObjectName) -> Option<&Arc<SidecarWorkload>> {
        as_workload(self.record(Kind::SidecarWorkload, name)?)
    }

    /// All SidecarWorkloads, by name.
    pub fn workloads(&self) -> impl Iterator<Item = &Arc<SidecarWorkload>> {
        self.records(Kind::SidecarWorkload).filter_map(as_workload)
    }

    /// All ControllerRevisions, by name.
    pub fn revisions(&self) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        self.records(Kind::ControllerRevision).filter_map(|record| match &record.object {
            Object::ControllerRevision(revision) => Some(revision),
            _ => None,
        })
    }

    /// All PodDisruptionBudgets, by name.
    pub fn disruption_budgets(&self) -> impl Iterator<Item = &Arc<PodDisruptionBudget>> {
        self.records(Kind::PodDisruptionBudget).filter_map(|record| match &record.object {
            Object::PodDisruptionBudget(budget) => Some(budget),
            _ => None,
        })
    }

    /// A client replaces a SidecarWorkload as a whole. Its status stays, since that is a subresource; a change of the spec is a new
    /// generation.
    pub fn replace_workload(
        &mut self,
        name: &ObjectName,
        change: impl FnOnce(&mut SidecarWorkload),
    ) -> Result<ResourceVersion, Refused> {
        let before = self.workload(name).ok_or(Refused::NOT_FOUND)?.clone();
        let mut after = SidecarWorkload::clone(&before);
        change(&mut after);
        after.status = before.status.clone();
        after.meta.generation = before.meta.generation + i64::from(!has_same_spec(&before, &after));
        let record = self.record(Kind::SidecarWorkload, name).ok_or(Refused::NOT_FOUND)?;
        let object = Object::SidecarWorkload(Arc::new(after));
        check_content(&object)?;
        Ok(self.store_if_changed(Record { object, ..record.clone() }))
    }

    pub(super) fn create_revision(
        &mut self,
        create: &CreateControllerRevision,
        now: Timestamp,
    ) -> Result<ResourceVersion, Refused> {
        // A body that is no JSON does not come as far as the object.
        let data: Value = serde_json::from_slice(&create.data).map_err(|_| Refused::BAD_REQUEST)?;
        if self.is_terminating(&create.revision.namespace) {
            return Err(Refused::NAMESPACE_TERMINATING);
        }
        if !data.is_object() || create.number < 0 {
            return Err(Refused::INVALID);
        }
        let revision = ControllerRevision {
            meta: Meta {
                labels: [(WORKLOAD_LABEL, create.owner.name.clone())].into_iter().collect(),
                owners: Box::new([owner_reference(&create.owner)]),
                ..unborn(&create.revision)
            },
            number: create.number,
            healthy_at: None,
            data: create.data.clone(),
        };
        self.create_object(Object::ControllerRevision(Arc::new(revision)), now)
    }

    pub(super) fn patch_revision(
        &mut self,
        patch: &PatchControllerRevision,
    ) -> Result<ResourceVersion, Refused> {
        let kind = Kind::ControllerRevision;
        let mut record = self.patched(kind, &patch.revision, patch.uid, Some(patch.version))?;
        if let Some(owner) = &patch.owner {
            merge_owner(&mut record, owner)?;
        }
        if patch.number.is_some_and(|number| number < 0) {
            return Err(Refused::INVALID);
        }
        if let Object::ControllerRevision(revision) = &mut record.object {
            let revision = Arc::make_mut(revision);
            revision.number = patch.number.unwrap_or(revision.number);
            revision.healthy_at = patch.healthy_at.or(revision.healthy_at);
        }
        Ok(self.store_if_changed(record))
    }

    /// Of a pod's spec nothing but images can be changed; a container that is not there would be another one, which is refused.
    pub(super) fn patch_pod(&mut self, patch: &PatchPod) -> Result<ResourceVersion, Refused> {
        let mut record = self.patched(Kind::Pod, &patch.pod, patch.uid, Some(patch.version))?;
        let before = record.containers.clone().unwrap_or_default();
        let mut containers = before.containers.clone();
        for wanted in &patch.images {
            let found = containers.iter_mut().find(|container| {
                container.name == wanted.container && is_main(container.role) == is_main(wanted.role)
            });
            found.ok_or(Refused::INVALID)?.image = wanted.image.clone();
        }
        if containers != before.containers {
            record.change_containers(|pod| pod.containers = containers);
            record.change_meta(|meta| meta.generation += 1);
        }
        if !patch.labels.is_empty() {
            record.change_meta(|meta| meta.labels = merged(&meta.labels, &patch.labels));
        }
        for (annotation, value) in &patch.annotations {
            annotate(&mut record, annotation, value.as_ref())?;
        }
        Ok(self.store_if_changed(record))
    }

    /// Of conditions nothing is kept but the one that a readiness gate of ours asks for.
    pub(super) fn patch_pod_condition(
        &mut self,
        patch: &PatchPodCondition,
    ) -> Result<ResourceVersion, Refused> {
        let mut record = self.patched(Kind::Pod, &patch.pod, patch.uid, None)?;
        if *patch.condition == *SERVING_GATE {
            record.change_containers(|pod| pod.serving = Some(patch.status));
        }
        Ok(self.store_if_changed(record))
    }

    /// Of a custom resource the server takes nothing but the status, and that before it compares UIDs: another one than the object's is
    /// no obstacle (upstream: `statusStrategy.PrepareForUpdate` in pkg/registry/customresource/status_strategy.go of
    /// apiextensions-apiserver).
    pub(super) fn patch_workload_status(
        &mut self,
        patch: &StatusPatch<SidecarWorkloadStatus>,
    ) -> Result<ResourceVersion, Refused> {
        let found = self.record(Kind::SidecarWorkload, &patch.object).ok_or(Refused::NOT_FOUND)?;
        if found.meta().version != patch.version {
            return Err(Refused::CONFLICT);
        }
        let mut record = found.clone();
        if let Object::SidecarWorkload(workload) = &mut record.object {
            Arc::make_mut(workload).status = patch.status.clone();
        }
        Ok(self.store_if_changed(record))
    }
}

/// Which of a pod's two lists a container is in.
fn is_main(role: ContainerRole) -> bool {
    role == ContainerRole::Main
}

/// Sets an annotation of a pod, or takes it off.
pub(super) fn annotate(record: &mut Record, annotation: &Name, value: Option<&Name>) -> Result<(), Refused> {
    match &**annotation {
        IN_PLACE_ANNOTATION => record.change_containers(|pod| pod.in_place = value.cloned()),
        _ => {
            record.annotations = merged(&record.annotations, &[(annotation.clone(), value.cloned())]);
            let cost = deletion_cost(&record.annotations)?;
            record.change_pod(|pod| pod.deletion_cost = cost);
        }
    }
    Ok(())
}

/// How much a pod is worth by its annotations: 0 without a word, and nothing that is no cost (upstream: `ValidatePodSpecificAnnotations` in
/// pkg/apis/core/validation/validation.go).
pub(super) fn deletion_cost(annotations: &LabelSet) -> Result<i32, Refused> {
    let Some(value) = annotations.get(DELETION_COST) else { return Ok(0) };
    mainstay_model::deletion_cost(value).ok_or(Refused::INVALID)
}

/// Labels with some set, and some taken off.
fn merged(labels: &LabelSet, patch: &[(Name, Option<Name>)]) -> LabelSet {
    let is_named = |key: &Name| patch.iter().any(|(patched, _)| patched == key);
    let others = labels.iter().filter(|(key, _)| !is_named(key));
    let set = patch.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
    LabelSet::new(others.map(|(key, value)| (key.clone(), value.clone())).chain(set))
}

/// Whether two states of a SidecarWorkload ask for the same. The annotation for another try is no part of the spec.
fn has_same_spec(one: &SidecarWorkload, other: &SidecarWorkload) -> bool {
    let SidecarWorkload {
        meta: _,
        replicas,
        template,
        rollout,
        revision,
        restarted_at,
        revision_history_limit,
        retry: _,
        status: _,
    } = one;
    *replicas == other.replicas
        && *template == other.template
        && *rollout == other.rollout
        && *revision == other.revision
        && *restarted_at == other.restarted_at
        && *revision_history_limit == other.revision_history_limit
}

fn as_workload(record: &Record) -> Option<&Arc<SidecarWorkload>> {
    let Object::SidecarWorkload(workload) = &record.object else { return None };
    Some(workload)
}
