//! The model of the apiserver and its etcd: typed objects, one revision, a bounded history.
//!
//! Requests are judged as a real server judges them, in the order in which it does: namespace, validity and quota before the
//! name, the version before the UID. `e2e/tests/conformance` holds this model against a real kube-apiserver, request by request.
//!
//! Map: [`record`] is what is stored, [`changes`] what others create and replace, [`writes`] what our controllers send, [`whole`] those of it that replace whole objects, `validity` what these may say,
//! [`workloads`] those that are about SidecarWorkloads, [`pod_spec`] reads the specs of their pods, [`deletion`] how objects go, [`quotas`] what limits their number, [`selection`] what lists and watches choose, [`history`] what came before, [`refused`] how the
//! server says no.

pub mod changes;
pub mod deletion;
pub mod history;
pub mod pod_spec;
pub mod quotas;
pub mod record;
pub mod refused;
pub mod selection;
mod validity;
pub mod whole;
pub mod workloads;
pub mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_engine::AuditEntry;
use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    Found, Kind, Name, Object, ObjectName, ObservedLease, Pod, Read, ReadOutcome, ReplicationController,
    ResourceVersion, Uid,
};

use deletion::Deletion;
use history::{History, Past};
use record::Record;
use refused::Refused;
use selection::Selection;

/// The server.
#[derive(Clone, Debug)]
pub struct ApiServer {
    revision: u64,
    records: BTreeMap<Kind, BTreeMap<ObjectName, Record>>,
    lease: Option<ObservedLease>,
    /// The lease as it was before each change of it that is remembered.
    past_leases: BTreeMap<u64, Option<ObservedLease>>,
    history: History,
    last_uid: u128,
    /// Namespaces that are being deleted.
    terminating: BTreeSet<Name>,
}

impl Default for ApiServer {
    fn default() -> ApiServer {
        ApiServer {
            revision: 10,
            records: BTreeMap::new(),
            lease: None,
            past_leases: BTreeMap::new(),
            history: History::default(),
            last_uid: 0,
            terminating: BTreeSet::new(),
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

    /// A namespace is being deleted: nothing is created in it any more.
    pub fn terminate_namespace(&mut self, namespace: &Name) {
        self.terminating.insert(namespace.clone());
    }

    /// Whether a namespace is being deleted.
    pub fn is_terminating(&self, namespace: &Name) -> bool {
        self.terminating.contains(namespace)
    }

    /// All that is stored under a kind and name.
    pub fn record(&self, kind: Kind, name: &ObjectName) -> Option<&Record> {
        self.records.get(&kind)?.get(name)
    }

    /// All records of a kind, by name.
    pub fn records(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.records.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// The pod of that name.
    pub fn pod(&self, name: &ObjectName) -> Option<&Arc<Pod>> {
        as_pod(self.record(Kind::Pod, name)?)
    }

    /// All pods, by name.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.records(Kind::Pod).filter_map(as_pod)
    }

    /// The ReplicationController of that name.
    pub fn controller(&self, name: &ObjectName) -> Option<&Arc<ReplicationController>> {
        as_controller(self.record(Kind::ReplicationController, name)?)
    }

    /// All ReplicationControllers, by name.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ReplicationController>> {
        self.records(Kind::ReplicationController).filter_map(as_controller)
    }

    /// The pods that this owner controls.
    pub fn controlled_by(&self, owner: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        let is_owned = move |pod: &&Arc<Pod>| pod.meta.controller().is_some_and(|o| o.uid == Some(owner));
        self.pods().filter(is_owned)
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: Kind, name: &ObjectName) -> Option<Object> {
        self.record(kind, name).map(|record| record.object.clone())
    }

    /// Everything of a kind, by name: a consistent list.
    pub fn list(&self, kind: Kind) -> Vec<Object> {
        self.records(kind).map(|record| record.object.clone()).collect()
    }

    /// What is selected of a kind, as it was at that version; `None` for the newest.
    pub fn list_selected(
        &self,
        kind: Kind,
        selection: &Selection,
        at: Option<ResourceVersion>,
    ) -> Result<Vec<Object>, Refused> {
        selection.check(kind)?;
        let objects = match at {
            None => self.list(kind),
            Some(version) if version.0 > self.revision => return Err(Refused::TOO_LARGE),
            Some(version) if version.0 < self.history.compacted() => return Err(Refused::EXPIRED),
            Some(version) => self.history.at(kind, version.0, self.list(kind)),
        };
        Ok(objects.into_iter().filter(|object| selection.matches(object)).collect())
    }

    /// A consistent list of metadata.
    pub fn list_metadata(&self, kind: Kind) -> Vec<AuditEntry> {
        let entry = |record: &Record| AuditEntry { uid: record.meta().uid, version: record.meta().version };
        self.records(kind).map(entry).collect()
    }

    /// A consistent GET.
    pub fn read(&self, read: &Read) -> ReadOutcome {
        match self.record(read.kind, &read.object).map(Record::meta) {
            None => ReadOutcome::NotFound,
            Some(meta) => ReadOutcome::Found(Found {
                uid: meta.uid,
                version: meta.version,
                deleting: meta.is_deleting(),
                controller: meta.controller().and_then(|owner| owner.uid),
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
            (LeaseRequest::Get, None) => return LeaseAnswer::NotFound,
            (LeaseRequest::Get, Some(lease)) => return LeaseAnswer::Lease(lease.clone()),
            (LeaseRequest::Create(_), Some(_)) => return LeaseAnswer::Conflict,
            (LeaseRequest::Update(_, version), Some(lease)) if version != lease.version => {
                return LeaseAnswer::Conflict;
            }
            // An update that changes nothing makes no version.
            (LeaseRequest::Update(record, _), Some(lease)) if record == lease.record => {
                return LeaseAnswer::Lease(lease.clone());
            }
            // An update makes a lease that is not there, whatever version it names (upstream: `AllowCreateOnUpdate` in
            // pkg/registry/coordination/lease/strategy.go).
            (LeaseRequest::Create(record), None) | (LeaseRequest::Update(record, _), _) => record,
        };
        self.revision += 1;
        let lease = ObservedLease { record, version: self.revision() };
        let before = self.lease.replace(lease.clone());
        self.past_leases.insert(self.revision, before);
        LeaseAnswer::Lease(lease)
    }

    /// A node's kubelet renews its Lease, of which nothing matters here but that versions grow while nobody asks for anything.
    pub fn renew_node(&mut self) {
        self.revision += 1;
    }

    /// Stores an object as it is, at a new version.
    pub fn store(&mut self, mut record: Record) -> ResourceVersion {
        self.revision += 1;
        let version = self.revision();
        record.change_meta(|meta| meta.version = version);
        record.show();
        let (kind, name) = record.key();
        self.replace(kind, &name, Some(record));
        version
    }

    /// Changes an object, if it is there, whatever the rules say.
    pub fn change(&mut self, kind: Kind, name: &ObjectName, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.record(kind, name) {
            let mut record = record.clone();
            change(&mut record);
            self.store(record);
        }
    }

    /// Takes an object out of the store, whatever its state.
    pub fn remove(&mut self, kind: Kind, name: &ObjectName) {
        if self.record(kind, name).is_some() {
            self.revision += 1;
            self.replace(kind, name, None);
        }
        // The server itself deletes the Endpoints along with a service, whoever wrote it (upstream: `afterDelete` in
        // pkg/registry/core/service/storage/storage.go).
        if kind == Kind::Service {
            let endpoints = self.record(Kind::Endpoints, name);
            // What goes already is not marked a second time.
            let at = endpoints.and_then(|record| record.meta().deleting).unwrap_or_default();
            // There is none.
            let _ = self.delete(&Deletion::of(Kind::Endpoints, name), at);
        }
    }

    /// Forgets all but the last `keep` revisions: watches from before get 410.
    pub fn compact(&mut self, keep: u64) {
        self.history.compact(self.revision.saturating_sub(keep));
        self.past_leases = self.past_leases.split_off(&self.history.compacted().saturating_add(1));
    }

    /// Goes back by up to so many revisions, as far as they are remembered, as a restore of etcd from a backup does.
    pub fn restore(&mut self, revisions: u64) {
        let target = self.revision.saturating_sub(revisions).max(self.history.compacted());
        while let Some((kind, name, before)) = self.history.undo_last(target) {
            self.put(kind, &name, before);
        }
        while let Some(entry) = self.past_leases.last_entry().filter(|entry| *entry.key() > target) {
            self.lease = entry.remove();
        }
        self.revision = target;
    }

    fn replace(&mut self, kind: Kind, name: &ObjectName, record: Option<Record>) {
        let before = self.record(kind, name).cloned();
        self.put(kind, name, record.clone());
        self.history.remember(self.revision, Past { kind, name: name.clone(), before, after: record });
    }

    fn put(&mut self, kind: Kind, name: &ObjectName, record: Option<Record>) {
        let records = self.records.entry(kind).or_default();
        match record {
            Some(record) => records.insert(name.clone(), record),
            None => records.remove(name),
        };
    }
}

fn as_pod(record: &Record) -> Option<&Arc<Pod>> {
    let Object::Pod(pod) = &record.object else { return None };
    Some(pod)
}

fn as_controller(record: &Record) -> Option<&Arc<ReplicationController>> {
    let Object::ReplicationController(controller) = &record.object else { return None };
    Some(controller)
}

#[cfg(test)]
mod conformance_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole_tests;
#[cfg(test)]
mod workloads_tests;
