//! What objects ask for and what pods are, by the oracles' own reckoning.

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::Store;
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerRole, ContainerState, ControllerRevision, Name, PatchPod, Pod, PodSpec, Rollout, Share,
    SidecarWorkload, Timestamp,
};
use serde_json::Value;

use crate::api::pod_spec::containers;
use crate::workloads::is_mirrored;

/// How many pods a rollout may have too many, and how many may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// So many pods there may be at most.
    pub most: usize,
    /// So many pods must be available at least.
    pub least_available: usize,
    /// So many of the replicas may be missing.
    pub unavailable: usize,
}

impl Limits {
    /// Those of a SidecarWorkload: what may be too many is rounded up, what may be missing is rounded down, and where both come to nothing
    /// one may be missing.
    pub fn of(workload: &SidecarWorkload) -> Limits {
        let Rollout { max_surge, max_unavailable, .. } = workload.rollout;
        let replicas = count(workload.replicas);
        let surge = share(max_surge, replicas, |product| product.div_ceil(100));
        let mut unavailable = share(max_unavailable, replicas, |product| product / 100);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        let least_available = replicas.saturating_sub(unavailable);
        Limits { most: replicas + surge, least_available, unavailable }
    }
}

/// How many pods stay with the revision before: rounded down, so that one moves at least.
pub fn partition(workload: &SidecarWorkload) -> usize {
    share(workload.rollout.partition, count(workload.replicas), |product| product / 100)
}

fn share(share: Share, replicas: usize, of_hundred: impl Fn(usize) -> usize) -> usize {
    match share {
        Share::Count(number) => count(number),
        Share::Percent(percent) => of_hundred(replicas * count(percent)),
    }
}

/// A number of pods; none where it is negative.
pub fn count(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// Whether a pod has been ready for long enough and stays.
pub fn is_available(pod: &Pod, min_ready_seconds: i32, now: Timestamp) -> bool {
    let wait = Duration::from_secs(u64::try_from(min_ready_seconds).unwrap_or(0));
    let is_over = wait.is_zero() || pod.ready_since.is_some_and(|since| since.after(wait) <= now);
    pod.is_active() && pod.ready && is_over
}

/// The active pods that a SidecarWorkload controls.
pub fn active<'a>(workload: &SidecarWorkload, store: &'a Store) -> impl Iterator<Item = &'a Arc<Pod>> {
    store.pods().controlled_by(workload.meta.uid).filter(|pod| pod.is_active())
}

/// The revision that a pod says it is of.
pub fn revision_of(pod: &Pod) -> Option<&Name> {
    pod.meta.labels.get(REVISION_LABEL)
}

/// Whether an update in place is said to have begun in a pod, in words that have a meaning.
pub fn is_in_place(pod: &Pod) -> bool {
    let said = pod.workload.as_ref().and_then(|containers| containers.in_place.as_deref());
    let said = said.and_then(|said| serde_json::from_str::<Value>(said).ok());
    said.is_some_and(|said| said.is_object())
}

/// Whether the images of a pod can be changed: it has come past its init steps.
pub fn is_patchable(pod: &Pod) -> bool {
    pod.workload.as_ref().is_none_or(|containers| containers.initialized)
}

/// A step of an update in place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The revision that the pod is on its way to.
    pub revision: Name,
    /// The container that is being replaced.
    pub container: Name,
    /// What is being done to it.
    pub phase: Name,
    /// When it began.
    pub since: Timestamp,
}

impl Step {
    /// What an annotation says, if that has a meaning.
    pub fn read(said: &str) -> Option<Step> {
        let said: Value = serde_json::from_str(said).ok()?;
        let text = |field: &str| said.get(field).and_then(Value::as_str).map(Name::from);
        Some(Step {
            revision: text("revision")?,
            container: text("container")?,
            phase: text("phase")?,
            since: Timestamp::from_seconds(said.get("since").and_then(Value::as_i64)?),
        })
    }
}

/// The step that a pod is in.
pub fn step_of(pod: &Pod) -> Option<Step> {
    Step::read(pod.workload.as_ref()?.in_place.as_deref()?)
}

/// The step that a patch begins, or goes on with.
pub fn step_in(patch: &PatchPod) -> Option<Step> {
    let (_, said) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION)?;
    Step::read(said.as_deref()?)
}

/// The containers of a pod that go on running.
pub fn running(pod: &Pod) -> impl Iterator<Item = &ContainerState> {
    let containers = pod.workload.iter().flat_map(|containers| containers.containers.iter());
    containers.filter(|container| container.role != ContainerRole::Init)
}

/// What a revision is made of.
pub struct Content {
    /// The template.
    pub template: Value,
    /// The value of `spec.restartedAt` that it was made for.
    pub restarted_at: Option<Name>,
    containers: Box<[ContainerState]>,
}

impl Content {
    /// What a revision says, if that can be read.
    pub fn of(revision: &ControllerRevision) -> Option<Content> {
        let data: Value = serde_json::from_slice(&revision.data).ok()?;
        let pod = data.get("pod")?;
        let spec = PodSpec::Json(pod.get("spec")?.to_string().into());
        Some(Content {
            template: data.get("template")?.clone(),
            restarted_at: pod.get("restartedAt").and_then(Value::as_str).map(Name::from),
            containers: containers(&spec).ok()??.containers,
        })
    }

    /// The image that it asks for in a container.
    pub fn image(&self, container: &str) -> Option<&Name> {
        let found = self.containers.iter().find(|found| *found.name == *container)?;
        Some(&found.image)
    }

    /// Whether one of its sidecars is to be taken out of its services before it is replaced.
    pub fn drains(&self, sidecar: &str) -> bool {
        drains(&self.template, sidecar)
    }

    /// Its sidecars.
    pub fn sidecars(&self) -> impl Iterator<Item = &ContainerState> {
        self.containers.iter().filter(|container| container.role == ContainerRole::Sidecar)
    }

    /// Whether that is what the spec asks for, if nothing is pinned.
    pub fn is_wanted_by(&self, workload: &SidecarWorkload) -> bool {
        let template: Option<Value> = serde_json::from_slice(&workload.template).ok();
        template.as_ref() == Some(&self.template) && workload.restarted_at == self.restarted_at
    }

    /// The containers of a pod with other images than its own, those aside of the registry that somebody has put there.
    pub fn foreign_images<'p>(&self, pod: &'p Pod) -> impl Iterator<Item = &'p ContainerState> {
        let is_own = |container: &ContainerState| self.image(&container.name) == Some(&container.image);
        running(pod).filter(move |container| !is_own(container) && !is_mirrored(&container.image))
    }

    /// Whether the images of a pod are its own, those aside that somebody has put there.
    pub fn has_images_of(&self, pod: &Pod) -> bool {
        self.foreign_images(pod).next().is_none()
    }
}

/// Whether a template wants a sidecar to be taken out of its services before it is replaced.
pub fn drains(template: &Value, sidecar: &str) -> bool {
    let sidecars = template.get("sidecars").and_then(Value::as_array).into_iter().flatten();
    let mut named = sidecars.filter(|found| found.get("name").and_then(Value::as_str) == Some(sidecar));
    named.any(|found| found.pointer("/policy/drain").and_then(Value::as_bool) == Some(true))
}

/// The revisions of a SidecarWorkload that can be read, with what they are made of: those that it controls, and those that nobody does and
/// that say whose they are.
pub fn revisions(workload: &SidecarWorkload, store: &Store) -> Vec<(Arc<ControllerRevision>, Content)> {
    let is_own = |revision: &&Arc<ControllerRevision>| {
        let controller = revision.meta.controller();
        revision.meta.name.namespace == workload.meta.name.namespace
            && match controller {
                Some(owner) => owner.uid == Some(workload.meta.uid),
                None => revision.meta.labels.get(WORKLOAD_LABEL) == Some(&workload.meta.name.name),
            }
    };
    let own = store.controller_revisions().iter().filter(is_own);
    own.filter_map(|revision| Some((revision.clone(), Content::of(revision)?))).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mainstay_model::{Meta, ObjectName, Uid};

    use super::*;

    fn limits(replicas: i32, max_surge: Share, max_unavailable: Share) -> (usize, usize) {
        let workload =
            SidecarWorkload::new(Meta::new(ObjectName::new("shop", "red"), Uid(1)), replicas, Bytes::new());
        let rollout = Rollout { max_surge, max_unavailable, ..workload.rollout };
        let limits = Limits::of(&SidecarWorkload { rollout, ..workload });
        (limits.most, limits.least_available)
    }

    #[test]
    fn surge_is_rounded_up_and_unavailable_down_and_one_pod_may_always_move() {
        use Share::{Count, Percent};
        assert_eq!(limits(5, Percent(25), Percent(25)), (7, 4));
        assert_eq!(limits(6, Percent(0), Percent(5)), (6, 5));
        assert_eq!(limits(4, Count(0), Count(3)), (4, 1));
        assert_eq!(limits(4, Count(1), Count(0)), (5, 4));
        assert_eq!(limits(0, Percent(50), Percent(50)), (0, 0));
        assert_eq!(limits(2, Count(0), Count(9)), (2, 0));
    }
}
