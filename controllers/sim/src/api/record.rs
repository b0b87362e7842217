//! What the server keeps of an object: more than our clients see of it.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{
    Kind, LabelSet, Meta, Name, Object, ObjectName, Pod, ReplicationController, Timestamp, WorkloadPod,
};

/// The finalizer with which the garbage collector takes the references off the dependents before the object goes.
pub const ORPHAN: &str = "orphan";
/// The finalizer with which the garbage collector deletes the dependents before the object goes.
pub const FOREGROUND: &str = "foregroundDeletion";

/// An object in etcd.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What our clients see.
    pub object: Object,
    /// Who must let go before the object can be removed, in the object's order.
    pub finalizers: Vec<Name>,
    /// `deletionGracePeriodSeconds`; `None` before deletion is asked for.
    pub grace_seconds: Option<u64>,
    /// The annotations of a pod but those of our own: hardly one of them is read here, yet each change of one is a new version.
    pub annotations: LabelSet,
    /// The containers of a pod, which only those see who look at pods of SidecarWorkloads; `None` of a pod whose spec nobody reads.
    pub containers: Option<Arc<WorkloadPod>>,
}

impl Record {
    /// An object that nobody holds.
    pub fn new(object: Object) -> Record {
        Record {
            object,
            finalizers: Vec::new(),
            grace_seconds: None,
            annotations: LabelSet::default(),
            containers: None,
        }
    }

    /// The kind and name that it is stored under.
    pub fn key(&self) -> (Kind, ObjectName) {
        (self.object.kind(), self.meta().name.clone())
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        self.object.meta()
    }

    /// Whether a finalizer of that name holds it.
    pub fn is_held_by(&self, finalizer: &str) -> bool {
        self.finalizers.iter().any(|held| **held == *finalizer)
    }

    /// Changes its metadata.
    pub fn change_meta(&mut self, change: impl FnOnce(&mut Meta)) {
        change(self.object.meta_mut());
    }

    /// Changes it, if it is a pod.
    pub fn change_pod(&mut self, change: impl FnOnce(&mut Pod)) {
        if let Object::Pod(pod) = &mut self.object {
            change(Arc::make_mut(pod));
        }
    }

    /// Changes its containers and what its status says of them, if it is a pod.
    pub fn change_containers(&mut self, change: impl FnOnce(&mut WorkloadPod)) {
        change(Arc::make_mut(self.containers.get_or_insert_default()));
    }

    /// Changes it, if it is a ReplicationController.
    pub fn change_controller(&mut self, change: impl FnOnce(&mut ReplicationController)) {
        if let Object::ReplicationController(controller) = &mut self.object {
            change(Arc::make_mut(controller));
        }
    }

    /// Writes into the object what clients see of the rest. Of an object that is written as a whole that is what its writers must hand
    /// back: a word for its owners and finalizers, which says nothing to them. Of a pod it is its containers, as long as it has the
    /// label by which our clients know that they matter.
    pub(super) fn show(&mut self) {
        let (owners, finalizers) = (&self.meta().owners, &self.finalizers);
        let nothing = owners.is_empty() && finalizers.is_empty();
        let word = if nothing { Bytes::new() } else { Bytes::from(format!("{owners:?} {finalizers:?}")) };
        match &mut self.object {
            Object::Endpoints(endpoints) => Arc::make_mut(endpoints).kept = word,
            Object::EndpointSlice(slice) => Arc::make_mut(slice).kept = word,
            Object::Pod(pod) => {
                let is_shown = pod.meta.labels.get(WORKLOAD_LABEL).is_some();
                let shown = is_shown.then(|| self.containers.clone().unwrap_or_default());
                if pod.workload != shown {
                    Arc::make_mut(pod).workload = shown;
                }
            }
            _ => {}
        }
    }

    /// Marks it as being deleted at that time after so many seconds of grace. The first mark counts as a change of the spec.
    pub(super) fn mark(&mut self, now: Timestamp, grace_seconds: u64) {
        let at = now.seconds().saturating_add(i64::try_from(grace_seconds).unwrap_or(i64::MAX));
        let at = Timestamp::from_seconds(at);
        self.grace_seconds = Some(grace_seconds);
        self.change_meta(|meta| {
            meta.generation += i64::from(meta.deleting.is_none() && meta.generation > 0);
            meta.deleting = Some(meta.deleting.map_or(at, |before| before.min(at)));
        });
    }
}
