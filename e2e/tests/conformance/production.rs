//! The requests that production sends, in its own words, and answers as production reads them.

use std::sync::Arc;

use anyhow::{Result, bail};
use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    AdoptPod, ControllerReference, CreatePod, DeletePod, Kind, LeaseRecord, ObjectName, PodSpec, PodTemplate,
    Read, ReadOutcome, ReleasePod, StatusPatch, Timestamp, Write, WriteOutcome,
};
use mainstay_wire::{answer, request};

use crate::operation::{CONTROLLERS, Operation, Target};
use crate::pair::{Both, NOW, Pair, SIDES, Side};
use crate::perform::controller_status;
use crate::words::{answered, ended, status_words};

/// A pod spec with one container `main` of the image `none`, as protobuf.
const POD_SPEC: &[u8] = b"\x12\x0c\x0a\x04main\x12\x04none";

impl Pair<'_> {
    /// A write: how it ends, and at which version.
    pub async fn write(&mut self, operation: &Operation) -> Result<()> {
        let [model, server] = SIDES.map(|side| self.write_on(operation, side));
        let (model, server) = (model?, server?);
        let sent = self.server.send(request::write(&server)).await?;
        self.tally.answer(&answered(&sent));
        let heard = answer::outcome(&server, sent.code, sent.retry_after, &sent.body);
        let judged = self.model.write(&model, NOW);
        self.heard(&ended(&judged), &ended(&heard))?;
        let target = match operation {
            Operation::PatchStatus { controller, .. } => Target::Controller(*controller),
            Operation::CreatePod { pod, .. }
            | Operation::AdoptPod { pod, .. }
            | Operation::ReleasePod { pod, .. }
            | Operation::DeletePod { pod, .. } => Target::Pod(*pod),
            other => bail!("{other:?} is no write"),
        };
        self.look(target).await?;
        // The model tells no version of a delete, and the brain asks for none.
        if let (WriteOutcome::Acknowledged { version: Some(model) }, false) =
            (judged, matches!(model, Write::DeletePod(_)))
        {
            let WriteOutcome::Acknowledged { version: Some(server) } = heard else {
                bail!("the server's answer has no version");
            };
            if self.known(target).is_some_and(|known| known.current.is_some())
                && self.model_version(server) != Some(model)
            {
                bail!("the model's answer has version {model}, the server's {server}, which is another one");
            }
        }
        Ok(())
    }

    fn write_on(&self, operation: &Operation, side: Side) -> Result<Write> {
        let pod_name = |pod: usize| self.name(Target::Pod(pod));
        let pod_uid = |pod: usize, which| self.uid(Target::Pod(pod), which).on(side);
        let owner_of = |owner: usize| ControllerReference {
            kind: Kind::ReplicationController,
            name: (*CONTROLLERS.get(owner).unwrap_or(&"stranger")).into(),
            uid: self.owner_uid(owner).on(side),
        };
        Ok(match *operation {
            Operation::CreatePod { pod, owner, labels, finalizers } => Write::CreatePod(CreatePod {
                pod: pod_name(pod),
                generate_name: "red-".into(),
                owner: owner_of(owner),
                template: Arc::new(PodTemplate {
                    labels: labels.set(),
                    finalizers: finalizers.names().into(),
                    spec: PodSpec::Protobuf(POD_SPEC.into()),
                    ..PodTemplate::default()
                }),
            }),
            Operation::AdoptPod { pod, uid, owner } => Write::AdoptPod(AdoptPod {
                pod: pod_name(pod),
                uid: pod_uid(pod, uid),
                owner: owner_of(owner),
            }),
            Operation::ReleasePod { pod, uid, owner } => Write::ReleasePod(ReleasePod {
                pod: pod_name(pod),
                uid: pod_uid(pod, uid),
                owner: owner_of(owner).uid,
            }),
            Operation::DeletePod { pod, uid } => {
                Write::DeletePod(DeletePod { pod: pod_name(pod), uid: pod_uid(pod, uid) })
            }
            Operation::PatchStatus { controller, uid, version, status } => {
                let target = Target::Controller(controller);
                Write::PatchReplicationControllerStatus(StatusPatch {
                    object: self.name(target),
                    uid: self.uid(target, uid).on(side),
                    version: self.version(target, version).on(side),
                    status: controller_status(status),
                })
            }
            ref other => bail!("{other:?} is no write"),
        })
    }

    /// A live read.
    pub async fn read(&mut self, target: Target) -> Result<()> {
        let read = Read { kind: target.kind(), object: self.name(target) };
        let found = self.server.send(request::read(&read)).await?;
        self.tally.answer(&answered(&found));
        let mut server = answer::read(target.kind(), found.code, &found.body);
        if let ReadOutcome::Found(found) = &mut server {
            found.uid = self.model_uid(found.uid);
            found.version = self.model_version(found.version).unwrap_or_default();
            found.controller = found.controller.map(|uid| self.model_uid(uid));
        }
        self.heard(&format!("{:?}", self.model.read(&read)), &format!("{server:?}"))
    }

    /// A request about the lease.
    pub async fn lease(&mut self, [model, server]: [LeaseRequest; 2]) -> Result<()> {
        let lease = ObjectName::new(self.namespace.clone(), "lease");
        let sent = match &server {
            LeaseRequest::Get => request::lease_get(&lease),
            LeaseRequest::Create(record) => request::lease_create(&lease, record),
            LeaseRequest::Update(record, version) => request::lease_update(&lease, record, *version),
        };
        let found = self.server.send(sent).await?;
        // As the elector reads it.
        let heard = match found.code {
            200..300 => LeaseAnswer::Lease(answer::lease(&found.body)?),
            404 => LeaseAnswer::NotFound,
            409 => LeaseAnswer::Conflict,
            _ => bail!("a lease: {}", status_words(&answer::status(found.code, &found.body))),
        };
        match (self.model.lease(model), heard) {
            (LeaseAnswer::Lease(model), LeaseAnswer::Lease(server)) => {
                self.heard(&format!("{:?}", model.record), &format!("{:?}", server.record))?;
                let both = Both { model: model.version, server: server.version };
                match self.leases.last() {
                    Some(last) if (last.model == both.model) != (last.server == both.server) => {
                        bail!("only one side made a version of the lease: {last:?}, {both:?}")
                    }
                    Some(last) if *last == both => {}
                    _ => self.leases.push(both),
                }
                Ok(())
            }
            (model, server) => self.heard(&format!("{model:?}"), &format!("{server:?}")),
        }
    }
}

/// What is put on the lease.
pub fn lease_record(holder: usize) -> LeaseRecord {
    LeaseRecord {
        holder: ["one", "two", ""][holder % 3].to_owned(),
        duration_seconds: 15,
        acquired: Some(Timestamp(1_000_000_001)),
        renewed: Some(Timestamp(1_000_000_002)),
        transitions: i32::try_from(holder).unwrap_or(0),
    }
}
