//! Whose pods: which ones their controller has, which it must adopt and which it must let go
//! (upstream: `ClaimObject` in pkg/controller/controller_ref_manager.go), and under which names it makes more.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_model::{
    AdoptPod, ControllerReference, Kind, Meta, Name, ObjectName, Pod, Read, ReadOutcome, ReleasePod,
    Selector, Write,
};

use crate::controller::{Memory, Plan, View};
use crate::names::{Digest, derived};
use crate::store::Store;

/// An object that controls pods.
#[derive(Clone, Copy, Debug)]
pub struct PodOwner<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its metadata.
    pub meta: &'a Meta,
    /// Which pods it may have.
    pub selector: &'a Selector,
}

impl<'a> PodOwner<'a> {
    /// Every pod that it controls, in whatever state. The reference must fit in kind, name and UID, and the pod must be in the
    /// namespace; another reference is somebody else's mistake to mend.
    pub fn controlled(self, store: &'a Store) -> impl Iterator<Item = &'a Arc<Pod>> {
        store.pods().controlled_by(self.meta.uid).filter(move |pod| self.controls(pod))
    }

    /// Whether it controls the pod.
    pub fn controls(self, pod: &Pod) -> bool {
        let own = &self.meta.name;
        pod.meta.name.namespace == own.namespace
            && pod.meta.controller().is_some_and(|owner| {
                owner.uid == Some(self.meta.uid) && *owner.kind == *self.kind.name() && owner.name == own.name
            })
    }

    /// The reference that its pods carry.
    pub fn reference(self) -> ControllerReference {
        ControllerReference { kind: self.kind, name: self.meta.name.name.clone(), uid: self.meta.uid }
    }

    /// Names for more pods that no pod of the namespace bears or may yet come to bear, without end, each once.
    ///
    /// They are [derived](crate::names) from the view as far as it decides on creates: the owner's UID and the pods that it
    /// controls, in whatever state. Hence a name can come again when the same pods are there again (none, say); the
    /// earlier pod of that name is gone by then, and every write names a UID.
    pub fn unused_names(self, view: &'a View<'_>) -> impl Iterator<Item = ObjectName> + 'a {
        let namespace = &self.meta.name.namespace;
        // A sum, so that the order in which the pods are visited does not matter.
        let pods = self
            .controlled(view.store)
            .map(|pod| Digest::of(pod.meta.uid).scattered())
            .fold(0, u64::wrapping_add);

        let mut spoken_for: BTreeSet<Name> = view.memory.taken.clone();
        spoken_for.extend(
            view.memory
                .unsettled
                .iter()
                .filter(|create| create.pod.namespace == *namespace)
                .map(|create| create.pod.name.clone()),
        );
        derived(&self.meta.name, Digest::of(self.meta.uid).and(&pods.to_be_bytes()))
            .filter(move |pod| view.store.pods().get(pod).is_none() && spoken_for.insert(pod.name.clone()))
    }

    /// Why nothing may be adopted, if so. The store is behind then, so the key is to be tried again.
    fn obstacle(self, answer: &ReadOutcome) -> Option<String> {
        let kind = self.kind;
        match answer {
            ReadOutcome::Found(found) if found.uid != self.meta.uid => {
                Some(format!("cannot adopt pods: the name now belongs to {}", found.uid))
            }
            ReadOutcome::Found(found) if found.deleting => {
                Some(format!("cannot adopt pods: the {kind} is being deleted"))
            }
            ReadOutcome::Found(_) => None,
            ReadOutcome::NotFound => Some(format!("cannot adopt pods: the {kind} is gone")),
            ReadOutcome::Failed { message } => {
                Some(format!("cannot adopt pods: reading the {kind} failed: {message}"))
            }
        }
    }
}

/// The active pods that a controller has or should not have. A pod that has finished or is being deleted is
/// in none of the lists: it is left as it is.
pub struct Claims<'a> {
    pub(crate) owner: PodOwner<'a>,
    /// Controlled, and the selector matches.
    pub claimed: Vec<&'a Arc<Pod>>,
    /// Controlled, but the selector does not match any more.
    release: Vec<&'a Arc<Pod>>,
    /// Controlled by nobody, and the selector matches.
    adopt: Vec<&'a Arc<Pod>>,
}

impl<'a> Claims<'a> {
    /// What there is to claim, as the store has it.
    pub fn new(owner: PodOwner<'a>, store: &'a Store) -> Claims<'a> {
        let active = |pod: &&Arc<Pod>| pod.is_active();
        let (claimed, mut release): (Vec<_>, Vec<_>) =
            owner.controlled(store).filter(active).partition(|pod| owner.selector.matches(&pod.meta.labels));
        let mut adopt: Vec<_> =
            store.pods().uncontrolled(&owner.meta.name.namespace, owner.selector).filter(active).collect();
        adopt.sort_by(|left, right| left.meta.name.cmp(&right.meta.name));
        if owner.meta.is_deleting() {
            // The garbage collector may be orphaning or deleting the pods: whatever is done to their references
            // now would work against it.
            release.clear();
            adopt.clear();
        }
        Claims { owner, claimed, release, adopt }
    }

    /// Whether there is nothing to adopt and nothing to release.
    pub fn are_settled(&self) -> bool {
        self.release.is_empty() && self.adopt.is_empty()
    }

    /// What must be written, or first be read, to settle them.
    ///
    /// Adoption asks past the cache whether the controller still exists and is not being deleted, since a
    /// pod adopted by one that is gone would be collected as garbage (kubernetes/kubernetes#42639).
    pub fn plan(&self, memory: &Memory, burst: usize) -> Plan {
        let mut fault = None;
        let mut may_adopt = false;
        if !self.adopt.is_empty() {
            let read = Read { kind: self.owner.kind, object: self.owner.meta.name.clone() };
            let Some((_, answer)) = memory.answers.iter().find(|(asked, _)| *asked == read) else {
                return Plan { reads: vec![read], ..Plan::default() };
            };
            fault = self.owner.obstacle(answer);
            may_adopt = fault.is_none();
        }

        let release = self.release.iter().map(|pod| {
            Write::ReleasePod(ReleasePod {
                pod: pod.meta.name.clone(),
                uid: pod.meta.uid,
                owner: self.owner.meta.uid,
            })
        });
        let adopt = self.adopt.iter().filter(|_| may_adopt).map(|pod| {
            Write::AdoptPod(AdoptPod {
                pod: pod.meta.name.clone(),
                uid: pod.meta.uid,
                owner: self.owner.reference(),
            })
        });
        Plan { writes: release.chain(adopt).take(burst).collect(), fault, ..Plan::default() }
    }
}
