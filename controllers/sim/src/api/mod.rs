//! The model of the apiserver and its etcd: typed objects, one revision, a bounded history.
//!
//! Requests are judged as a real server judges them, in the order in which it does: quota before the name, the UID before the
//! version. What a request does is in [`writes`], what came before in [`history`].

pub mod history;
pub mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_engine::AuditEntry;
use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    Found, Kind, Object, ObjectName, ObservedLease, Pod, Read, ReadOutcome, ReplicationController,
    ResourceVersion, Timestamp, Uid,
};

use history::{History, Past};

/// The server.
#[derive(Clone, Debug)]
pub struct ApiServer {
    revision: u64,
    pods: BTreeMap<ObjectName, Arc<Pod>>,
    controllers: BTreeMap<ObjectName, Arc<ReplicationController>>,
    lease: Option<ObservedLease>,
    history: History,
    last_uid: u128,
    /// The most pods that may count for the quota; `None` without one.
    pub quota: Option<usize>,
}

impl Default for ApiServer {
    fn default() -> ApiServer {
        ApiServer {
            revision: 10,
            pods: BTreeMap::new(),
            controllers: BTreeMap::new(),
            lease: None,
            history: History::default(),
            last_uid: 0,
            quota: None,
        }
    }
}

impl ApiServer {
    /// An empty server whose versions follow on that one.
    pub fn at(revision: ResourceVersion) -> ApiServer {
        ApiServer { revision: revision.0, ..ApiServer::default() }
    }

    /// The newest version.
    pub fn revision(&self) -> ResourceVersion {
        ResourceVersion(self.revision)
    }

    /// What has happened, as far as it is remembered.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// A UID that was never used before, not even before a restore.
    pub fn new_uid(&mut self) -> Uid {
        self.last_uid += 1;
        Uid(self.last_uid)
    }

    /// The pod of that name.
    pub fn pod(&self, name: &ObjectName) -> Option<&Arc<Pod>> {
        self.pods.get(name)
    }

    /// All pods, by name.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    /// The ReplicationController of that name.
    pub fn controller(&self, name: &ObjectName) -> Option<&Arc<ReplicationController>> {
        self.controllers.get(name)
    }

    /// All ReplicationControllers, by name.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ReplicationController>> {
        self.controllers.values()
    }

    /// The pods that this owner controls.
    pub fn controlled_by(&self, owner: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        let is_owned = move |pod: &&Arc<Pod>| pod.meta.controller().is_some_and(|o| o.uid == Some(owner));
        self.pods.values().filter(is_owned)
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: Kind, name: &ObjectName) -> Option<Object> {
        match kind {
            Kind::Pod => self.pods.get(name).cloned().map(Object::Pod),
            Kind::ReplicationController => {
                self.controllers.get(name).cloned().map(Object::ReplicationController)
            }
        }
    }

    /// Everything of a kind, by name: a consistent list.
    pub fn list(&self, kind: Kind) -> Vec<Object> {
        match kind {
            Kind::Pod => self.pods.values().cloned().map(Object::Pod).collect(),
            Kind::ReplicationController => {
                self.controllers.values().cloned().map(Object::ReplicationController).collect()
            }
        }
    }

    /// A consistent list of metadata.
    pub fn list_metadata(&self, kind: Kind) -> Vec<AuditEntry> {
        let objects = self.list(kind);
        let entry = |object: &Object| AuditEntry { uid: object.meta().uid, version: object.meta().version };
        objects.iter().map(entry).collect()
    }

    /// A consistent GET.
    pub fn read(&self, read: &Read) -> ReadOutcome {
        match self.get(read.kind, &read.object) {
            None => ReadOutcome::NotFound,
            Some(object) => ReadOutcome::Found(Found {
                uid: object.meta().uid,
                version: object.meta().version,
                deleting: object.meta().is_deleting(),
                controller: object.meta().controller().and_then(|owner| owner.uid),
            }),
        }
    }

    /// The lease, if there is one.
    pub fn stored_lease(&self) -> Option<&ObservedLease> {
        self.lease.as_ref()
    }

    /// The version of the lease, if there is one.
    pub fn lease_version(&self) -> Option<ResourceVersion> {
        self.lease.as_ref().map(|lease| lease.version)
    }

    /// A request about the lease.
    pub fn lease(&mut self, request: LeaseRequest) -> LeaseAnswer {
        let record = match (request, &self.lease) {
            (LeaseRequest::Get, None) | (LeaseRequest::Update(..), None) => return LeaseAnswer::NotFound,
            (LeaseRequest::Get, Some(lease)) => return LeaseAnswer::Lease(lease.clone()),
            (LeaseRequest::Create(_), Some(_)) => return LeaseAnswer::Conflict,
            (LeaseRequest::Update(_, version), Some(lease)) if version != lease.version => {
                return LeaseAnswer::Conflict;
            }
            (LeaseRequest::Create(record), None) | (LeaseRequest::Update(record, _), Some(_)) => record,
        };
        self.revision += 1;
        let lease = ObservedLease { record, version: self.revision() };
        self.lease = Some(lease.clone());
        LeaseAnswer::Lease(lease)
    }

    /// Stores a pod as it is, at a new version.
    pub fn store_pod(&mut self, mut pod: Pod) -> ResourceVersion {
        self.revision += 1;
        pod.meta.version = self.revision();
        self.replace(Kind::Pod, &pod.meta.name.clone(), Some(Object::Pod(Arc::new(pod))));
        self.revision()
    }

    /// Stores a ReplicationController as it is, at a new version.
    pub fn store_controller(&mut self, mut controller: ReplicationController) -> ResourceVersion {
        self.revision += 1;
        controller.meta.version = self.revision();
        let name = controller.meta.name.clone();
        let object = Object::ReplicationController(Arc::new(controller));
        self.replace(Kind::ReplicationController, &name, Some(object));
        self.revision()
    }

    /// Changes a pod, if it is there.
    pub fn change_pod(&mut self, name: &ObjectName, change: impl FnOnce(&mut Pod)) {
        if let Some(pod) = self.pods.get(name) {
            let mut pod = Pod::clone(pod);
            change(&mut pod);
            self.store_pod(pod);
        }
    }

    /// Changes a ReplicationController, if it is there.
    pub fn change_controller(&mut self, name: &ObjectName, change: impl FnOnce(&mut ReplicationController)) {
        if let Some(controller) = self.controllers.get(name) {
            let mut controller = ReplicationController::clone(controller);
            change(&mut controller);
            self.store_controller(controller);
        }
    }

    /// Takes an object out of the store, whatever its state.
    pub fn remove(&mut self, kind: Kind, name: &ObjectName) {
        if self.get(kind, name).is_some() {
            self.revision += 1;
            self.replace(kind, name, None);
        }
    }

    /// Asks for a pod's deletion: what runs on a node is only marked, and the kubelet takes it away.
    pub fn delete_pod(&mut self, name: &ObjectName, now: Timestamp) {
        let Some(pod) = self.pods.get(name) else { return };
        if pod.node.is_none() || pod.phase.is_finished() {
            self.remove(Kind::Pod, name);
        } else if !pod.meta.is_deleting() {
            self.change_pod(name, |pod| pod.meta.deleting = Some(Timestamp::from_seconds(now.seconds())));
        }
    }

    /// Forgets all but the last `keep` revisions: watches from before get 410.
    pub fn compact(&mut self, keep: u64) {
        self.history.compact(self.revision.saturating_sub(keep));
    }

    /// Goes back by up to so many revisions, as far as they are remembered, as a restore of etcd from a backup does.
    pub fn restore(&mut self, revisions: u64) {
        let target = self.revision.saturating_sub(revisions).max(self.history.compacted());
        while let Some((kind, name, before)) = self.history.undo_last(target) {
            self.put(kind, &name, before);
        }
        self.revision = target;
        // The record is kept, since the model does not remember others, but what was read of it before is void.
        let version = self.revision();
        if let Some(lease) = &mut self.lease {
            lease.version = version;
        }
    }

    fn replace(&mut self, kind: Kind, name: &ObjectName, object: Option<Object>) {
        let before = self.get(kind, name);
        self.put(kind, name, object.clone());
        self.history.remember(self.revision, Past { kind, name: name.clone(), before, after: object });
    }

    fn put(&mut self, kind: Kind, name: &ObjectName, object: Option<Object>) {
        match (kind, object) {
            (_, Some(Object::Pod(pod))) => {
                self.pods.insert(name.clone(), pod);
            }
            (_, Some(Object::ReplicationController(controller))) => {
                self.controllers.insert(name.clone(), controller);
            }
            (Kind::Pod, None) => {
                self.pods.remove(name);
            }
            (Kind::ReplicationController, None) => {
                self.controllers.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
