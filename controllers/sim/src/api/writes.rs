//! What the server makes of the writes that our controllers send.

use std::sync::Arc;

use mainstay_model::{
    AdoptPod, ControllerReference, CreatePod, DeletePod, Kind, Meta, Object, ObjectName, OwnerReference, Pod,
    ReleasePod, ReplicationControllerStatus, ResourceVersion, StatusPatch, Timestamp, Uid, Write,
    WriteOutcome,
};

use super::ApiServer;
use super::changes::{check_finalizers, check_owners, check_status};
use super::deletion::Deletion;
use super::pod_spec::containers;
use super::record::Record;
use super::refused::Refused;
use super::workloads::{annotate, deletion_cost};

impl ApiServer {
    /// Judges a write and carries it out.
    pub fn write(&mut self, write: &Write, now: Timestamp) -> WriteOutcome {
        let judged = match write {
            Write::CreatePod(create) => self.create_pod(create, now),
            Write::AdoptPod(adopt) => self.adopt(adopt),
            Write::ReleasePod(release) => self.release(release),
            Write::DeletePod(delete) => return self.delete_pod(delete, now),
            Write::PatchReplicationControllerStatus(patch) => self.patch_status(patch),
            Write::CreateEndpoints(create) => self.create_endpoints(create, now),
            Write::UpdateEndpoints(update) => self.update_endpoints(update),
            Write::CreateEndpointSlice(create) => self.create_slice(create, now),
            Write::UpdateEndpointSlice(update) => self.update_slice(update),
            Write::DeleteObject(delete) => return self.delete_object(delete, now),
            Write::CreateControllerRevision(create) => self.create_revision(create, now),
            Write::PatchControllerRevision(patch) => self.patch_revision(patch),
            Write::PatchPod(patch) => self.patch_pod(patch),
            Write::PatchPodCondition(patch) => self.patch_pod_condition(patch),
            Write::PatchSidecarWorkloadStatus(patch) => self.patch_workload_status(patch),
        };
        match judged {
            Ok(version) => WriteOutcome::Acknowledged { version: Some(version) },
            Err(refused) => WriteOutcome::Refused(refused.to_refusal()),
        }
    }

    fn create_pod(&mut self, create: &CreatePod, now: Timestamp) -> Result<ResourceVersion, Refused> {
        let validity = check_finalizers(&create.template.finalizers)
            .and_then(|()| deletion_cost(&create.template.annotations).map(drop));
        let (validity, containers) = match (validity, containers(&create.template.spec)) {
            (Ok(()), Ok(containers)) => (Ok(()), containers),
            (Err(refused), _) | (_, Err(refused)) => (Err(refused), None),
        };
        self.check_creation(Kind::Pod, &create.pod, validity)?;
        let meta = Meta {
            generation: 1,
            labels: create.template.labels.clone(),
            owners: Box::new([owner_reference(&create.owner)]),
            created: Some(Timestamp::from_seconds(now.seconds())),
            ..Meta::new(create.pod.clone(), self.new_uid())
        };
        let finalizers = create.template.finalizers.to_vec();
        let containers = containers.map(Arc::new);
        let mut record =
            Record { finalizers, containers, ..Record::new(Object::Pod(Arc::new(Pod::new(meta)))) };
        for (annotation, value) in create.template.annotations.iter() {
            annotate(&mut record, annotation, Some(value))?;
        }
        Ok(self.store(record))
    }

    fn adopt(&mut self, adopt: &AdoptPod) -> Result<ResourceVersion, Refused> {
        let mut record = self.patched(Kind::Pod, &adopt.pod, adopt.uid, None)?;
        merge_owner(&mut record, &adopt.owner)?;
        Ok(self.store_if_changed(record))
    }

    fn release(&mut self, release: &ReleasePod) -> Result<ResourceVersion, Refused> {
        let mut record = self.patched(Kind::Pod, &release.pod, release.uid, None)?;
        record.change_meta(|meta| {
            let others = meta.owners.iter().filter(|owner| owner.uid != Some(release.owner));
            meta.owners = others.cloned().collect();
        });
        Ok(self.store_if_changed(record))
    }

    /// Not there, or another one of that name: the wire takes both as success.
    fn delete_pod(&mut self, delete: &DeletePod, now: Timestamp) -> WriteOutcome {
        let deletion = Deletion { uid: Some(delete.uid), ..Deletion::of(Kind::Pod, &delete.pod) };
        match self.delete(&deletion, now) {
            Ok(()) | Err(Refused::NOT_FOUND | Refused::CONFLICT) => {
                WriteOutcome::Acknowledged { version: None }
            }
            Err(refused) => WriteOutcome::Refused(refused.to_refusal()),
        }
    }

    fn patch_status(
        &mut self,
        patch: &StatusPatch<ReplicationControllerStatus>,
    ) -> Result<ResourceVersion, Refused> {
        let kind = Kind::ReplicationController;
        let mut record = self.patched(kind, &patch.object, patch.uid, Some(patch.version))?;
        check_status(&patch.status)?;
        record.change_controller(|controller| controller.status = patch.status.clone());
        Ok(self.store_if_changed(record))
    }

    /// The object that a patch is for. A version is a precondition; another UID would be a change of what cannot be changed,
    /// which is judged after it.
    pub(super) fn patched(
        &self,
        kind: Kind,
        object: &ObjectName,
        uid: Uid,
        version: Option<ResourceVersion>,
    ) -> Result<Record, Refused> {
        let record = self.record(kind, object).ok_or(Refused::NOT_FOUND)?;
        if version.is_some_and(|version| version != record.meta().version) {
            return Err(Refused::CONFLICT);
        }
        if record.meta().uid != uid {
            return Err(Refused::INVALID);
        }
        Ok(record.clone())
    }
}

/// Adds a controller reference, by a strategic merge patch. The list is merged by UID: a reference that is there already keeps its
/// place, and a new one comes first (upstream: `mergeSortedSlice` in pkg/util/strategicpatch/patch.go of apimachinery).
pub(super) fn merge_owner(record: &mut Record, owner: &ControllerReference) -> Result<(), Refused> {
    let own = owner_reference(owner);
    let owners = &record.meta().owners;
    let merged: Box<[OwnerReference]> = match owners.iter().any(|owner| owner.uid == own.uid) {
        true => {
            let merge = |owner: &OwnerReference| if owner.uid == own.uid { &own } else { owner }.clone();
            owners.iter().map(merge).collect()
        }
        false => [own].into_iter().chain(owners.iter().cloned()).collect(),
    };
    check_owners(&merged)?;
    record.change_meta(|meta| meta.owners = merged);
    Ok(())
}

/// The reference as it stands in an object.
pub fn owner_reference(owner: &ControllerReference) -> OwnerReference {
    OwnerReference {
        api_version: Kind::api_version(owner.kind).into(),
        kind: owner.kind.name().into(),
        name: owner.name.clone(),
        uid: Some(owner.uid),
        controller: true,
    }
}
