//! What leaves a process, and what it hears of it.

use mainstay_engine::{ReadId, Store, WriteId};
use mainstay_model::{Kind, ObjectName, Refusal, ResourceVersion, Uid, Write, WriteOutcome};

use super::counting::Asked;
use super::{Oracles, sidecars};
use crate::clock::Time;
use crate::happening::ProcessId;

/// After so many failures in a row, no window that halves with each has room for two.
const FAILURES_CLOSE_THE_WINDOW: u32 = 10;
/// So many writes may a key need from the last fault to its rest: all its pods made and deleted anew several times over.
pub(super) const WRITES_TO_REST: u32 = 150;

/// A write that a process has on its way, or has had acknowledged.
#[derive(Clone, Debug)]
pub(super) struct OwnWrite {
    pub verb: &'static str,
    /// For which owner.
    pub key: ObjectName,
    pub kind: Kind,
    pub object: ObjectName,
    /// Of the object; `None` for a create that is not carried out.
    pub uid: Option<Uid>,
    /// At which it was acknowledged.
    pub version: Option<ResourceVersion>,
}

impl Oracles {
    /// A process sends a write of which this is its own view.
    pub fn dispatched(
        &mut self,
        time: Time,
        (process, id): (ProcessId, WriteId),
        write: &Write,
        view: &Store,
        calm: bool,
    ) {
        if self.dispatched.contains_key(&(process, id)) {
            let message = format!("{process} sends a {} of {} once more", write.verb(), write.object());
            return self.report(time, "dispatch", message);
        }
        if let Write::DeletePod(delete) = write {
            self.check_owner(time, process, (&delete.pod, delete.uid), view);
        }
        let key = key(write, view);
        self.dispatched.insert((process, id), key.as_ref().and_then(|key| Asked::in_store(view, key)));
        let Some(key) = key else { return };
        if calm {
            self.count_calm_write(time, &key);
        }
        if write.verb() == "create" {
            self.check_window(time, process, &key);
        }
        let own = OwnWrite {
            verb: write.verb(),
            key,
            kind: write.kind(),
            object: write.object().clone(),
            uid: write.uid(),
            version: None,
        };
        self.sent.insert((process, id), own);
    }

    /// A process learns how a write has ended.
    pub fn answered(&mut self, process: ProcessId, id: WriteId, outcome: &WriteOutcome) {
        let Some(mut own) = self.sent.remove(&(process, id)) else { return };
        let is_create = own.verb == "create";
        let failures = (process, own.key.clone());
        match outcome {
            WriteOutcome::Acknowledged { version } => {
                if is_create {
                    self.failures.remove(&failures);
                }
                own.version = *version;
                self.acknowledged.entry(process).or_default().push(own);
            }
            // They say nothing about the next one.
            WriteOutcome::NotSent { .. }
            | WriteOutcome::Refused(Refusal::AlreadyExists | Refusal::TooManyRequests { .. }) => {}
            _ if is_create => {
                self.failed.insert((process, own.object), own.key);
                *self.failures.entry(failures).or_default() += 1;
            }
            _ => {}
        }
    }

    /// A process reads an object.
    pub fn asked(&mut self, process: ProcessId, id: ReadId, object: &ObjectName) {
        self.asked.insert((process, id), object.clone());
    }

    /// A live read has found something, perhaps what a create without an answer has made: that counts as its answer.
    pub fn found(&mut self, process: ProcessId, id: ReadId) {
        let object = self.asked.remove(&(process, id));
        let key = object.and_then(|object| self.failed.remove(&(process, object)));
        if let Some(key) = key {
            self.failures.remove(&(process, key));
        }
    }

    /// The server has carried out a status or a patch; `before` and `after` are the versions of the object.
    pub fn published(
        &mut self,
        time: Time,
        process: ProcessId,
        write: &Write,
        before: Option<ResourceVersion>,
        after: Option<ResourceVersion>,
    ) {
        if before == after && !self.is_restored(time) {
            let what = format!("{} of {}", write.verb(), write.object());
            self.report(time, "idle", format!("{process} writes a {what} that says nothing new"));
        }
    }

    fn check_owner(&mut self, time: Time, process: ProcessId, (name, uid): (&ObjectName, Uid), view: &Store) {
        let was_owned = self.owned_once.contains(&uid) || self.is_restored(time);
        let pod = view.pods().get(name).filter(|pod| pod.meta.uid == uid);
        let owner = pod.and_then(|pod| pod.meta.controller());
        let kinds = [Kind::ReplicationController.name(), Kind::SidecarWorkload.name()];
        let is_ours = owner.is_some_and(|owner| kinds.contains(&&*owner.kind));
        // One that has gone since it was planned is hit by nobody.
        if !was_owned || pod.is_some() && !is_ours {
            self.report(time, "ownership", format!("{process} deletes {name}, not its own"));
        }
    }

    fn check_window(&mut self, time: Time, process: ProcessId, key: &ObjectName) {
        let failures = self.failures.get(&(process, key.clone())).copied().unwrap_or_default();
        let of_process = self.sent.range((process, WriteId(0))..=(process, WriteId(u64::MAX)));
        let is_on_its_way = of_process.map(|(_, own)| own).any(|own| own.verb == "create" && own.key == *key);
        if failures >= FAILURES_CLOSE_THE_WINDOW && is_on_its_way {
            let message = format!("{process} sends two creates of {key} at once after {failures} failures");
            self.report(time, "window", message);
        }
    }

    fn count_calm_write(&mut self, time: Time, key: &ObjectName) {
        let writes = self.calm_writes.entry(key.clone()).or_default();
        *writes += 1;
        if *writes == self.most_calm_writes {
            let message = format!("{key} has had {writes} writes since the last fault");
            self.report(time, "bound", message);
        }
    }
}

/// The ReplicationController or SidecarWorkload that a write is for, as far as its sender knows.
fn key(write: &Write, view: &Store) -> Option<ObjectName> {
    let of = |name: &mainstay_model::Name| ObjectName::new(write.object().namespace.clone(), name.clone());
    match write {
        Write::CreatePod(create) => Some(of(&create.owner.name)),
        Write::AdoptPod(adopt) => Some(of(&adopt.owner.name)),
        Write::ReleasePod(release) => {
            let pod = view.pods().get(&release.pod).filter(|pod| pod.meta.uid == release.uid);
            pod?.meta.controller().map(|owner| of(&owner.name))
        }
        Write::DeletePod(delete) => {
            let pod = view.pods().get(&delete.pod).filter(|pod| pod.meta.uid == delete.uid);
            Some(of(&pod?.meta.controller()?.name))
        }
        Write::PatchReplicationControllerStatus(patch) => Some(patch.object.clone()),
        Write::CreateEndpoints(_)
        | Write::UpdateEndpoints(_)
        | Write::CreateEndpointSlice(_)
        | Write::UpdateEndpointSlice(_) => None,
        Write::DeleteObject(_)
        | Write::CreateControllerRevision(_)
        | Write::PatchControllerRevision(_)
        | Write::PatchPod(_)
        | Write::PatchPodCondition(_)
        | Write::PatchSidecarWorkloadStatus(_) => sidecars::key(write, view),
    }
}
