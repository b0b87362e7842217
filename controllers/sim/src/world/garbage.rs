//! The garbage collector: it deletes pods whose controller is gone, and lets go of owners that wait for it
//! (upstream: pkg/controller/garbagecollector).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Kind, Meta, Name, ObjectName, Pod, Uid};

use super::World;
use crate::api::changes::{Part, Replacement};
use crate::api::deletion::{Deletion, Propagation};
use crate::api::record::{FOREGROUND, ORPHAN, Record};
use crate::happening::Happening;

/// How often it looks around.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

impl World {
    /// Looks around once.
    pub(super) fn collect_garbage(&mut self) {
        let waiting = |record: &&Record| record.meta().is_deleting() && !record.finalizers.is_empty();
        let waiting: Vec<Record> = self.owners_of_pods().filter(waiting).cloned().collect();
        for owner in waiting {
            if owner.is_held_by(ORPHAN) {
                self.orphan_pods(owner.meta());
                self.orphan_revisions(owner.meta().uid);
                self.let_go(&owner, ORPHAN);
            } else if owner.is_held_by(FOREGROUND) && !self.delete_pods(owner.meta().uid) {
                self.let_go(&owner, FOREGROUND);
            }
        }
        let owners: BTreeSet<Uid> = self.owners_of_pods().map(|owner| owner.meta().uid).collect();
        let is_garbage = |pod: &&Arc<Pod>| {
            let owner = pod.meta.controller();
            owner.is_some_and(|owner| owner.uid.is_none_or(|uid| !owners.contains(&uid)))
        };
        let garbage: Vec<ObjectName> =
            self.server.pods().filter(is_garbage).map(|pod| pod.meta.name.clone()).collect();
        for name in &garbage {
            self.delete_dependent(name);
        }
        self.collect(Kind::EndpointSlice, &[Kind::Service, Kind::Endpoints]);
        self.collect(Kind::ControllerRevision, &[Kind::SidecarWorkload]);
        self.empty_namespaces();
        self.announce();
        self.after(LOOKS_EVERY, Happening::GarbageIsCollected);
    }

    fn owners_of_pods(&self) -> impl Iterator<Item = &Record> {
        let kinds = [Kind::ReplicationController, Kind::SidecarWorkload];
        kinds.into_iter().flat_map(|kind| self.server.records(kind))
    }

    /// Deletes objects of a kind that have owners, none of which, of these kinds, is there any more.
    fn collect(&mut self, kind: Kind, owners: &[Kind]) {
        let owners = owners.iter().flat_map(|kind| self.server.records(*kind));
        let owners: BTreeSet<Uid> = owners.map(|record| record.meta().uid).collect();
        let is_garbage = |meta: &Meta| {
            let is_gone = |uid: Option<Uid>| uid.is_none_or(|uid| !owners.contains(&uid));
            !meta.owners.is_empty() && meta.owners.iter().all(|owner| is_gone(owner.uid))
        };
        let objects = self.server.records(kind).map(Record::meta);
        let garbage: Vec<ObjectName> =
            objects.filter(|meta| is_garbage(meta)).map(|meta| meta.name.clone()).collect();
        garbage.iter().for_each(|object| self.delete_any(kind, object));
    }

    /// Takes an owner's references off its pods.
    fn orphan_pods(&mut self, owner: &Meta) {
        let pods: Vec<Arc<Pod>> = self.server.controlled_by(owner.uid).cloned().collect();
        let controller = owner.name.clone();
        if !pods.is_empty() {
            self.oracles.disturbed(self.schedule.now(), &controller);
        }
        for pod in pods {
            let others = pod.meta.owners.iter().filter(|reference| reference.uid != Some(owner.uid));
            let part = Part::Owners(others.cloned().collect());
            let object = pod.meta.name.clone();
            let orphan =
                Replacement { kind: Kind::Pod, object, uid: Some(pod.meta.uid), version: None, part };
            // It is gone then, and needs no orphaning.
            let _ = self.server.replace_part(&orphan);
        }
    }

    /// Takes an owner's references off its revisions.
    fn orphan_revisions(&mut self, owner: Uid) {
        let owned = self.server.revisions().filter(|revision| {
            revision.meta.controller().is_some_and(|reference| reference.uid == Some(owner))
        });
        for revision in owned.map(|revision| revision.meta.name.clone()).collect::<Vec<_>>() {
            self.server.change(Kind::ControllerRevision, &revision, |record| {
                record.change_meta(|meta| {
                    let others = meta.owners.iter().filter(|reference| reference.uid != Some(owner));
                    meta.owners = others.cloned().collect();
                });
            });
        }
    }

    /// Deletes an owner's pods; answers whether there are any left.
    fn delete_pods(&mut self, owner: Uid) -> bool {
        let pods: Vec<ObjectName> =
            self.server.controlled_by(owner).map(|pod| pod.meta.name.clone()).collect();
        for pod in &pods {
            self.delete_dependent(pod);
        }
        self.server.controlled_by(owner).next().is_some()
    }

    fn delete_dependent(&mut self, pod: &ObjectName) {
        let propagation = Some(Propagation::Background);
        let deletion = Deletion { propagation, ..Deletion::of(Kind::Pod, pod) };
        // Gone already.
        let _ = self.server.delete(&deletion, self.now().wall());
        self.kick(pod, Duration::from_secs(1));
    }

    /// Takes a finalizer off an owner.
    fn let_go(&mut self, owner: &Record, finalizer: &str) {
        let (kind, object) = owner.key();
        let others: Vec<Name> =
            owner.finalizers.iter().filter(|held| ***held != *finalizer).cloned().collect();
        let part = Part::Finalizers(others);
        let _ = self.server.replace_part(&Replacement { kind, object, uid: None, version: None, part });
    }
}
