//! The controller of SidecarWorkloads, made wrong: what it sees, and what it wants.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_engine::{Now, Plan, Store, View};
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL};
use mainstay_model::{
    ContainerImage, ContainerRole, ControllerRevision, DeleteObject, Kind, Node, Object, ObjectName,
    PatchControllerRevision, PatchPod, Pod, Share, SidecarWorkload, Timestamp, Tombstone, Write,
};
use serde_json::Value;

use super::Mutant;
use crate::oracles::sidecars::{Content, Limits, is_in_place, partition};

/// Bends the objects that a controller sees, if so.
pub(super) fn store(mutant: Mutant, key: &ObjectName, store: &Store) -> Option<Store> {
    let mut bent = store.clone();
    let workload = store.sidecar_workloads().get(key)?;
    let pods = || store.pods().controlled_by(workload.meta.uid);
    let revisions = || store.controller_revisions().controlled_by(workload.meta.uid);
    match mutant {
        Mutant::StepsIgnored => {
            let steps = pods().filter(|pod| is_in_place(pod)).count();
            let missing = Limits::of(workload).unavailable + steps;
            see(&mut bent, workload, |seen| seen.rollout.max_unavailable = counted(missing));
        }
        Mutant::SurgeOffByOne => {
            let surge = Limits::of(workload).most + 1 - counted_replicas(workload);
            see(&mut bent, workload, |seen| seen.rollout.max_surge = counted(surge));
        }
        Mutant::PartitionOffByOne => {
            let kept = partition(workload).saturating_sub(1);
            see(&mut bent, workload, |seen| seen.rollout.partition = counted(kept));
        }
        Mutant::MinReadyIgnored => see(&mut bent, workload, |seen| seen.rollout.min_ready_seconds = 0),
        Mutant::TriesAgain => see(&mut bent, workload, |seen| seen.status.failed_revision = None),
        Mutant::CompletesByImage => {
            pods().for_each(|pod| bent_pod(&mut bent, pod, completed_by_image));
        }
        Mutant::GatesIgnored => pods().for_each(|pod| {
            bent_pod(&mut bent, pod, |pod| {
                Arc::make_mut(pod.workload.get_or_insert_default()).has_serving_gate = false;
            });
        }),
        Mutant::RollsBackToAnything => {
            see(&mut bent, workload, |seen| seen.status.current_revision = None);
            revisions().for_each(|revision| see_healthy(&mut bent, revision));
        }
        Mutant::NoFirstPod => {
            let update = workload.status.update_revision.as_ref();
            let updates = revisions().filter(|revision| Some(&revision.meta.name.name) == update);
            updates.for_each(|revision| see_healthy(&mut bent, revision));
        }
        Mutant::BudgetsIgnored => {
            for budget in store.pod_disruption_budgets().iter() {
                bent.delete(&Tombstone {
                    kind: Kind::PodDisruptionBudget,
                    name: budget.meta.name.clone(),
                    uid: budget.meta.uid,
                    version: budget.meta.version,
                });
            }
        }
        Mutant::OldKubeletsPatched => {
            for object in store.all(Kind::Node) {
                if let Object::Node(node) = object {
                    bent.apply(Object::Node(Arc::new(Node { kubelet: None, ..Node::clone(&node) })));
                }
            }
        }
        _ => return None,
    }
    Some(bent)
}

/// The objects as somebody sees them whose clock of rollouts runs in its own memory: none that began before it did is known to it.
pub(super) fn with_a_clock_from(began: Timestamp, key: &ObjectName, store: &Store) -> Option<Store> {
    let workload = store.sidecar_workloads().get(key)?;
    let is_older = workload.status.progressed_at.is_some_and(|progressed| progressed < began);
    let mut bent = is_older.then(|| store.clone())?;
    see(&mut bent, workload, |seen| seen.status.progressed_at = None);
    Some(bent)
}

/// Bends a plan.
pub(super) fn plan(mutant: Mutant, plan: &mut Plan, key: &ObjectName, view: &View<'_>, now: Now) {
    let Some(workload) = view.store.sidecar_workloads().get(key).filter(|_| plan.reads.is_empty()) else {
        return;
    };
    match mutant {
        Mutant::NeverReverts => plan.writes.retain(|write| !is_revert(write)),
        Mutant::TwoAtOnce => {
            for write in &mut plan.writes {
                if let Write::PatchPod(patch) = write {
                    add_all_images(patch, view.store);
                }
            }
        }
        Mutant::MainForASidecar => {
            for write in &mut plan.writes {
                if let Write::PatchPod(patch) = write {
                    take_main(patch, workload, view.store);
                }
            }
        }
        Mutant::MarksTooEarly => plan.writes.extend(early_mark(workload, view.store, now)),
        Mutant::TrimsWhatLives => plan.writes.extend(trimmed(workload, view.store)),
        _ => {}
    }
}

/// Lets a wrong controller see a SidecarWorkload as it is not.
fn see(bent: &mut Store, workload: &SidecarWorkload, change: impl FnOnce(&mut SidecarWorkload)) {
    let mut seen = workload.clone();
    change(&mut seen);
    bent.apply(Object::SidecarWorkload(Arc::new(seen)));
}

fn see_healthy(bent: &mut Store, revision: &ControllerRevision) {
    let healthy_at = revision.healthy_at.or(Some(Timestamp::default()));
    bent.apply(Object::ControllerRevision(Arc::new(ControllerRevision { healthy_at, ..revision.clone() })));
}

fn bent_pod(bent: &mut Store, pod: &Pod, change: impl FnOnce(&mut Pod)) {
    let mut seen = pod.clone();
    change(&mut seen);
    bent.apply(Object::Pod(Arc::new(seen)));
}

/// The container that is being replaced looks as if it were: its spec has the image already.
fn completed_by_image(pod: &mut Pod) {
    let generation = pod.meta.generation;
    let Some(step) = step_of(pod) else { return };
    let state = Arc::make_mut(pod.workload.get_or_insert_default());
    state.observed_generation = generation;
    for container in &mut state.containers {
        if Some(&*container.name) == step.get("container").and_then(Value::as_str) {
            container.id = Some("containerd://by-image".into());
            (container.started, container.ready, container.waiting) = (true, true, None);
        }
    }
}

fn counted(number: usize) -> Share {
    Share::Count(i32::try_from(number).unwrap_or(i32::MAX))
}

fn counted_replicas(workload: &SidecarWorkload) -> usize {
    usize::try_from(workload.replicas).unwrap_or(0)
}

/// The step that a pod is in, as its annotation has it.
fn step_of(pod: &Pod) -> Option<Value> {
    serde_json::from_str(pod.workload.as_ref()?.in_place.as_deref()?).ok()
}

/// The step that a patch begins.
fn begun(patch: &PatchPod) -> Option<Value> {
    let (_, step) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION)?;
    serde_json::from_str(step.as_deref()?).ok()
}

fn is_revert(write: &Write) -> bool {
    let Write::PatchPod(patch) = write else { return false };
    let step = begun(patch);
    step.is_some_and(|step| step.get("phase").and_then(Value::as_str) == Some("Revert"))
}

/// All that differs from the goal is set by one patch.
fn add_all_images(patch: &mut PatchPod, store: &Store) {
    let goal = begun(patch).filter(|_| !patch.images.is_empty()).and_then(|step| {
        let revision = step.get("revision")?.as_str()?.to_owned();
        let name = ObjectName::new(patch.pod.namespace.clone(), revision);
        Content::of(store.controller_revisions().get(&name)?)
    });
    let (Some(goal), Some(pod)) = (goal, store.pods().get(&patch.pod)) else { return };
    let state = pod.workload.iter().flat_map(|state| &state.containers);
    let images = state.filter(|container| container.role != ContainerRole::Init).filter_map(|container| {
        let image = goal.image(&container.name).filter(|image| **image != container.image)?;
        Some(ContainerImage { container: container.name.clone(), role: container.role, image: image.clone() })
    });
    patch.images = images.collect();
}

/// Instead of a sidecar, main gets another image that a revision has.
fn take_main(patch: &mut PatchPod, workload: &SidecarWorkload, store: &Store) {
    let is_sidecar = |image: &ContainerImage| image.role == ContainerRole::Sidecar;
    let Some(pod) = store.pods().get(&patch.pod).filter(|_| patch.images.iter().any(is_sidecar)) else {
        return;
    };
    let mut containers = pod.workload.iter().flat_map(|state| &state.containers);
    let Some(main) = containers.find(|container| container.role == ContainerRole::Main) else { return };
    let revisions = store.controller_revisions().controlled_by(workload.meta.uid);
    let images = revisions.filter_map(|revision| Content::of(revision)?.image(&main.name).cloned());
    let images: BTreeSet<_> = images.filter(|image| *image != main.image).collect();
    if let Some(image) = images.into_iter().next() {
        patch.images = [ContainerImage { container: main.name.clone(), role: main.role, image }].into();
    }
}

/// A mark of health for what the spec asks for, as soon as one pod is of it.
fn early_mark(workload: &SidecarWorkload, store: &Store, now: Now) -> Option<Write> {
    let update = workload.status.update_revision.clone()?;
    let name = ObjectName { namespace: workload.meta.name.namespace.clone(), name: update };
    let revision = store.controller_revisions().get(&name).filter(|found| found.healthy_at.is_none())?;
    let mut pods = store.pods().controlled_by(workload.meta.uid);
    pods.any(|pod| pod.meta.labels.get(REVISION_LABEL) == Some(&name.name)).then(|| {
        Write::PatchControllerRevision(PatchControllerRevision {
            revision: name.clone(),
            uid: revision.meta.uid,
            version: revision.meta.version,
            number: None,
            owner: None,
            healthy_at: Some(now.wall),
        })
    })
}

/// A delete of the oldest revision, whoever is of it, once there are two.
fn trimmed(workload: &SidecarWorkload, store: &Store) -> Option<Write> {
    let revisions: Vec<_> = store.controller_revisions().controlled_by(workload.meta.uid).collect();
    let oldest = revisions.iter().min_by_key(|revision| revision.number).filter(|_| revisions.len() > 1)?;
    Some(Write::DeleteObject(DeleteObject::of(Kind::ControllerRevision, &oldest.meta)))
}
