//! What the server makes of the writes that our controllers send.

use mainstay_model::{
    AdoptPod, ControllerReference, CreatePod, DeletePod, Kind, Meta, ObjectName, OwnerReference, Pod,
    PodPhase, Refusal, ReleasePod, ReplicationControllerStatus, ResourceVersion, StatusPatch, Timestamp, Uid,
    Write, WriteOutcome,
};

use super::ApiServer;

impl ApiServer {
    /// Judges a write and carries it out.
    pub fn write(&mut self, write: &Write, now: Timestamp) -> WriteOutcome {
        let judged = match write {
            Write::CreatePod(create) => self.create(create, now),
            Write::AdoptPod(adopt) => self.adopt(adopt),
            Write::ReleasePod(release) => self.release(release),
            Write::DeletePod(delete) => return self.delete(delete, now),
            Write::PatchReplicationControllerStatus(patch) => self.patch_status(patch),
        };
        match judged {
            Ok(version) => WriteOutcome::Acknowledged { version: Some(version) },
            Err(refusal) => WriteOutcome::Refused(refusal),
        }
    }

    fn create(&mut self, create: &CreatePod, now: Timestamp) -> Result<ResourceVersion, Refusal> {
        let counted = self.pods().filter(|pod| !pod.phase.is_finished()).count();
        if self.quota.is_some_and(|quota| counted >= quota) {
            return Err(Refusal::Forbidden { message: "exceeded quota".to_owned() });
        }
        if self.pod(&create.pod).is_some() {
            return Err(Refusal::AlreadyExists);
        }
        let meta = Meta {
            name: create.pod.clone(),
            uid: self.new_uid(),
            version: ResourceVersion::default(),
            generation: 0,
            labels: create.template.labels.clone(),
            owners: Box::new([owner_reference(&create.owner)]),
            created: Some(Timestamp::from_seconds(now.seconds())),
            deleting: None,
        };
        Ok(self.store_pod(new_pod(meta)))
    }

    fn adopt(&mut self, adopt: &AdoptPod) -> Result<ResourceVersion, Refusal> {
        let mut pod = self.existing_pod(&adopt.pod, adopt.uid)?;
        if pod.meta.controller().is_some_and(|owner| owner.uid != Some(adopt.owner.uid)) {
            return Err(Refusal::Invalid {
                message: "only one reference can have controller: true".to_owned(),
            });
        }
        let others = pod.meta.owners.iter().filter(|owner| owner.uid != Some(adopt.owner.uid)).cloned();
        pod.meta.owners = others.chain([owner_reference(&adopt.owner)]).collect();
        Ok(self.store_if_changed(pod))
    }

    fn release(&mut self, release: &ReleasePod) -> Result<ResourceVersion, Refusal> {
        let mut pod = self.existing_pod(&release.pod, release.uid)?;
        let others = pod.meta.owners.iter().filter(|owner| owner.uid != Some(release.owner));
        pod.meta.owners = others.cloned().collect();
        Ok(self.store_if_changed(pod))
    }

    /// A patch that changes nothing makes no version.
    fn store_if_changed(&mut self, pod: Pod) -> ResourceVersion {
        match self.pod(&pod.meta.name) {
            Some(stored) if **stored == pod => stored.meta.version,
            _ => self.store_pod(pod),
        }
    }

    /// Not there, or another one of that name: the wire takes both as success.
    fn delete(&mut self, delete: &DeletePod, now: Timestamp) -> WriteOutcome {
        if self.pod(&delete.pod).is_some_and(|pod| pod.meta.uid == delete.uid) {
            self.delete_pod(&delete.pod, now);
        }
        WriteOutcome::Acknowledged { version: None }
    }

    fn patch_status(
        &mut self,
        patch: &StatusPatch<ReplicationControllerStatus>,
    ) -> Result<ResourceVersion, Refusal> {
        let Some(controller) = self.controller(&patch.object) else { return Err(not_found()) };
        if controller.meta.uid != patch.uid {
            return Err(wrong_uid());
        }
        if controller.meta.version != patch.version {
            return Err(Refusal::Conflict { message: "the object has been modified".to_owned() });
        }
        if controller.status == patch.status {
            return Ok(controller.meta.version);
        }
        self.change_controller(&patch.object, |controller| controller.status = patch.status.clone());
        Ok(self.revision())
    }

    fn existing_pod(&self, name: &ObjectName, uid: Uid) -> Result<Pod, Refusal> {
        match self.pod(name) {
            None => Err(not_found()),
            Some(pod) if pod.meta.uid != uid => Err(wrong_uid()),
            Some(pod) => Ok(Pod::clone(pod)),
        }
    }
}

/// A pod that nobody has touched yet.
pub fn new_pod(meta: Meta) -> Pod {
    Pod {
        meta,
        phase: PodPhase::Pending,
        node: None,
        ready: false,
        ready_since: None,
        deletion_cost: 0,
        restarts: 0,
        sidecar_restarts: 0,
    }
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

fn not_found() -> Refusal {
    Refusal::NotFound { message: "not found".to_owned() }
}

fn wrong_uid() -> Refusal {
    Refusal::Invalid { message: "the UID does not fit".to_owned() }
}
