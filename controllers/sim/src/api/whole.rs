//! Objects that are written as a whole: how they come to be, and how Endpoints and EndpointSlices are replaced.
//!
//! Of generations only EndpointSlices count their own: from 1, on with each change of content or labels (upstream: pkg/registry/core and
//! pkg/registry/discovery/endpointslice/strategy.go).

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    CreateEndpointSlice, CreateEndpoints, DeleteObject, EndpointSlice, EndpointSliceContent, Endpoints,
    EndpointsContent, Kind, Meta, Object, ObjectName, ResourceVersion, Timestamp, Uid, UpdateEndpointSlice,
    UpdateEndpoints, WriteOutcome,
};

use super::ApiServer;
use super::changes::check_owners;
use super::deletion::Deletion;
use super::record::Record;
use super::refused::Refused;
use super::validity::check_content;
use super::writes::owner_reference;

impl ApiServer {
    /// Creates an object: it gets a UID of its own and begins its life now, whatever it says of that.
    pub fn create_object(&mut self, object: Object, now: Timestamp) -> Result<ResourceVersion, Refused> {
        let mut record = Record::new(object);
        let (kind, name) = record.key();
        let validity = check_owners(&record.meta().owners).and_then(|()| check_content(&record.object));
        self.check_creation(kind, &name, validity)?;
        let uid = self.new_uid();
        record.change_meta(|meta| {
            meta.uid = uid;
            meta.generation = first_generation(kind);
            meta.created = Some(Timestamp::from_seconds(now.seconds()));
            meta.deleting = None;
        });
        Ok(self.store(record))
    }

    pub(super) fn create_endpoints(
        &mut self,
        create: &CreateEndpoints,
        now: Timestamp,
    ) -> Result<ResourceVersion, Refused> {
        let endpoints = endpoints(unborn(&create.endpoints), &create.content, Bytes::new());
        self.create_object(Object::Endpoints(Arc::new(endpoints)), now)
    }

    pub(super) fn create_slice(
        &mut self,
        create: &CreateEndpointSlice,
        now: Timestamp,
    ) -> Result<ResourceVersion, Refused> {
        let owners = Box::new([owner_reference(&create.owner)]);
        let slice = slice(Meta { owners, ..unborn(&create.slice) }, &create.content, Bytes::new());
        self.create_object(Object::EndpointSlice(Arc::new(slice)), now)
    }

    pub(super) fn update_endpoints(&mut self, update: &UpdateEndpoints) -> Result<ResourceVersion, Refused> {
        let mut record = self.replaced(Kind::Endpoints, &update.endpoints, (update.uid, update.version))?;
        hand_back(&mut record, &update.kept)?;
        let after = endpoints(record.meta().clone(), &update.content, update.kept.clone());
        record.object = Object::Endpoints(Arc::new(after));
        check_content(&record.object)?;
        Ok(self.store_if_changed(record))
    }

    pub(super) fn update_slice(&mut self, update: &UpdateEndpointSlice) -> Result<ResourceVersion, Refused> {
        let mut record = self.replaced(Kind::EndpointSlice, &update.slice, (update.uid, update.version))?;
        let Object::EndpointSlice(before) = record.object.clone() else { return Err(Refused::NOT_FOUND) };
        hand_back(&mut record, &update.kept)?;
        let mut after = slice(record.meta().clone(), &update.content, update.kept.clone());
        let is_same = after.meta.labels == before.meta.labels
            && after.endpoints == before.endpoints
            && after.ports == before.ports;
        after.meta.generation += i64::from(!is_same);
        if after.address_type != before.address_type {
            return Err(Refused::INVALID);
        }
        record.object = Object::EndpointSlice(Arc::new(after));
        check_content(&record.object)?;
        Ok(self.store_if_changed(record))
    }

    /// Not there: the wire takes that as success. A conflict it does not: it may be of the version.
    pub(super) fn delete_object(&mut self, delete: &DeleteObject, now: Timestamp) -> WriteOutcome {
        let deletion = Deletion {
            uid: Some(delete.uid),
            version: Some(delete.version),
            ..Deletion::of(delete.kind, &delete.object)
        };
        match self.delete(&deletion, now) {
            Ok(()) | Err(Refused::NOT_FOUND) => WriteOutcome::Acknowledged { version: None },
            Err(refused) => WriteOutcome::Refused(refused.to_refusal()),
        }
    }

    /// The object that a PUT is for. Its UID is a precondition, which nothing that is not there can satisfy: so that is a conflict,
    /// too (upstream: `GuaranteedUpdate` in pkg/storage/etcd3/store.go of the apiserver). Of a kind that a PUT does not make, which of
    /// these slices are, it is said that there is none.
    fn replaced(
        &self,
        kind: Kind,
        object: &ObjectName,
        (uid, version): (Uid, ResourceVersion),
    ) -> Result<Record, Refused> {
        let absent = if kind == Kind::Endpoints { Refused::CONFLICT } else { Refused::NOT_FOUND };
        let record = self.record(kind, object).ok_or(absent)?;
        let meta = record.meta();
        if meta.uid == uid && meta.version == version { Ok(record.clone()) } else { Err(Refused::CONFLICT) }
    }
}

/// Owners and finalizers stay if they are handed back as they were at that version. Without them the object has none any more, and
/// a writer that makes some of its own is none that plays here.
fn hand_back(record: &mut Record, kept: &Bytes) -> Result<(), Refused> {
    let is_as_it_was = match &record.object {
        Object::Endpoints(endpoints) => endpoints.kept == *kept,
        Object::EndpointSlice(slice) => slice.kept == *kept,
        _ => false,
    };
    if is_as_it_was {
        return Ok(());
    }
    if !kept.is_empty() {
        return Err(Refused::BAD_REQUEST);
    }
    record.finalizers.clear();
    record.change_meta(|meta| meta.owners = Box::new([]));
    Ok(())
}

fn endpoints(meta: Meta, content: &EndpointsContent, kept: Bytes) -> Endpoints {
    Endpoints {
        meta: Meta { labels: content.labels.clone(), ..meta },
        annotations: content.annotations.clone(),
        subsets: content.subsets.clone(),
        kept,
    }
}

fn slice(meta: Meta, content: &EndpointSliceContent, kept: Bytes) -> EndpointSlice {
    EndpointSlice {
        meta: Meta { labels: content.labels.clone(), ..meta },
        annotations: content.annotations.clone(),
        address_type: content.address_type,
        endpoints: content.endpoints.clone(),
        ports: content.ports.clone(),
        kept,
    }
}

/// The metadata of what is about to be created: all but its name comes with that.
pub(super) fn unborn(name: &ObjectName) -> Meta {
    Meta::new(name.clone(), Uid(0))
}

/// Whether a kind counts the changes of its content.
fn first_generation(kind: Kind) -> i64 {
    match kind {
        Kind::EndpointSlice
        | Kind::Pod
        | Kind::PodDisruptionBudget
        | Kind::ReplicationController
        | Kind::SidecarWorkload => 1,
        Kind::ControllerRevision | Kind::Endpoints | Kind::Node | Kind::ResourceQuota | Kind::Service => 0,
    }
}
