//! Whose pods: which ones a ReplicationController has, which it must adopt and which it must let go
//! (upstream: `ClaimObject` in pkg/controller/controller_ref_manager.go).

use std::sync::Arc;

use mainstay_engine::{Memory, Plan, Store};
use mainstay_model::{
    AdoptPod, ControllerReference, Kind, Pod, Read, ReadOutcome, ReleasePod, ReplicationController, Write,
};

/// The active pods that a ReplicationController has or should not have. A pod that has finished or is being deleted is
/// in none of the lists: it is left as it is.
pub(crate) struct Claims<'a> {
    /// Controlled, and the selector matches.
    pub(crate) claimed: Vec<&'a Arc<Pod>>,
    /// Controlled, but the selector does not match any more.
    release: Vec<&'a Arc<Pod>>,
    /// Controlled by nobody, and the selector matches.
    adopt: Vec<&'a Arc<Pod>>,
}

impl<'a> Claims<'a> {
    pub(crate) fn new(controller: &'a ReplicationController, store: &'a Store) -> Claims<'a> {
        let active = |pod: &&Arc<Pod>| pod.is_active();
        let (claimed, mut release): (Vec<_>, Vec<_>) = controlled(controller, store)
            .filter(active)
            .partition(|pod| controller.selector.matches(&pod.meta.labels));
        let mut adopt: Vec<_> = store
            .pods()
            .uncontrolled(&controller.meta.name.namespace, &controller.selector)
            .filter(active)
            .collect();
        adopt.sort_by(|left, right| left.meta.name.cmp(&right.meta.name));
        if controller.meta.is_deleting() {
            // The garbage collector may be orphaning or deleting the pods: whatever is done to their references
            // now would work against it.
            release.clear();
            adopt.clear();
        }
        Claims { claimed, release, adopt }
    }

    /// Whether there is nothing to adopt and nothing to release.
    pub(crate) fn are_settled(&self) -> bool {
        self.release.is_empty() && self.adopt.is_empty()
    }

    /// What must be written, or first be read, to settle them.
    ///
    /// Adoption asks past the cache whether the ReplicationController still exists and is not being deleted, since a
    /// pod adopted by one that is gone would be collected as garbage (kubernetes/kubernetes#42639).
    pub(crate) fn plan(&self, controller: &ReplicationController, memory: &Memory, burst: usize) -> Plan {
        let mut fault = None;
        let mut may_adopt = false;
        if !self.adopt.is_empty() {
            let read = Read { kind: Kind::ReplicationController, object: controller.meta.name.clone() };
            let Some((_, answer)) = memory.answers.iter().find(|(asked, _)| *asked == read) else {
                return Plan { reads: vec![read], ..Plan::default() };
            };
            fault = obstacle(controller, answer);
            may_adopt = fault.is_none();
        }

        let release = self.release.iter().map(|pod| {
            Write::ReleasePod(ReleasePod {
                pod: pod.meta.name.clone(),
                uid: pod.meta.uid,
                owner: controller.meta.uid,
            })
        });
        let adopt = self.adopt.iter().filter(|_| may_adopt).map(|pod| {
            Write::AdoptPod(AdoptPod {
                pod: pod.meta.name.clone(),
                uid: pod.meta.uid,
                owner: reference(controller),
            })
        });
        Plan { writes: release.chain(adopt).take(burst).collect(), fault, ..Plan::default() }
    }
}

/// Every pod that is controlled by this ReplicationController, in whatever state. The reference must fit in kind, name
/// and UID, and the pod must be in the namespace; another reference is somebody else's mistake to mend.
pub(crate) fn controlled<'a>(
    controller: &'a ReplicationController,
    store: &'a Store,
) -> impl Iterator<Item = &'a Arc<Pod>> {
    store.pods().controlled_by(controller.meta.uid).filter(|pod| controls(controller, pod))
}

/// Whether this ReplicationController controls the pod.
pub(crate) fn controls(controller: &ReplicationController, pod: &Pod) -> bool {
    let own = &controller.meta.name;
    pod.meta.name.namespace == own.namespace
        && pod.meta.controller().is_some_and(|owner| {
            owner.uid == Some(controller.meta.uid)
                && *owner.kind == *Kind::ReplicationController.name()
                && owner.name == own.name
        })
}

/// The reference that its pods carry.
pub(crate) fn reference(controller: &ReplicationController) -> ControllerReference {
    ControllerReference {
        kind: Kind::ReplicationController,
        name: controller.meta.name.name.clone(),
        uid: controller.meta.uid,
    }
}

/// Why nothing may be adopted, if so. The store is behind then, so the key is to be tried again.
fn obstacle(controller: &ReplicationController, answer: &ReadOutcome) -> Option<String> {
    match answer {
        ReadOutcome::Found(found) if found.uid != controller.meta.uid => {
            Some(format!("cannot adopt pods: the name now belongs to {}", found.uid))
        }
        ReadOutcome::Found(found) if found.deleting => {
            Some("cannot adopt pods: the ReplicationController is being deleted".to_owned())
        }
        ReadOutcome::Found(_) => None,
        ReadOutcome::NotFound => Some("cannot adopt pods: the ReplicationController is gone".to_owned()),
        ReadOutcome::Failed { message } => {
            Some(format!("cannot adopt pods: reading the ReplicationController failed: {message}"))
        }
    }
}
