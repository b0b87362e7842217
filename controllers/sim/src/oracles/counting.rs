//! How many pods there are, and whose they are.

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Store, WriteId};
use mainstay_model::{ObjectName, Pod, ReplicationController, SidecarWorkload, Uid};

use super::sidecars::Limits;
use super::{CHANGE_IS_NEWS, DISTURBANCE_LASTS, LOSS_IS_NEWS, Oracles, ROUNDS_PER_MINUTE, TAKEN_PER_MINUTE};
use crate::api::ApiServer;
use crate::clock::Time;
use crate::happening::ProcessId;

impl Oracles {
    /// The server has carried out a create; `late` says that its sender could not know any more.
    pub fn created(
        &mut self,
        time: Time,
        (process, id): (ProcessId, WriteId),
        (pod, owner): (&ObjectName, Uid),
        late: bool,
        server: &ApiServer,
    ) {
        let Some(created) = server.pod(pod) else { return };
        let uid = created.meta.uid;
        self.owned_once.insert(uid);
        self.made.insert(pod.clone());
        self.born((process, id), uid);
        let seen = self.dispatched.get(&(process, id)).copied().flatten();
        if late {
            self.late.insert(uid);
            return;
        }
        let controller = created.meta.controller().map(|owner| owner.name.clone()).unwrap_or_default();
        let controller = ObjectName::new(pod.namespace.clone(), controller);
        let is_fresh = |disturbed: &Time| time.since(*disturbed) < DISTURBANCE_LASTS;
        if self.disturbed.get(&controller).is_some_and(is_fresh) || self.is_restored(time) {
            return;
        }
        let Some(allowed) = seen.into_iter().chain(Asked::at(server, owner)).map(|asked| asked.most).max()
        else {
            return;
        };
        let counts = |pod: &&Arc<Pod>| pod.is_active() && !self.late.contains(&pod.meta.uid);
        let active = server.controlled_by(owner).filter(counts).count();
        if active > usize::try_from(allowed).unwrap_or(0) {
            let message =
                format!("{controller} has {active} active pods of {allowed} after {process} made {pod}");
            self.report(time, "count", message);
        }
    }

    /// The server has carried out a create; that is the identity of what it has made.
    pub fn born(&mut self, sent: (ProcessId, WriteId), uid: Uid) {
        if let Some(own) = self.sent.get_mut(&sent) {
            own.uid = Some(uid);
        }
    }

    /// The server has carried out a create of somebody whose clock is right.
    pub fn paced(&mut self, time: Time, owner: Uid, server: &ApiServer) {
        let most = Asked::at(server, owner).and_then(|asked| usize::try_from(asked.most).ok());
        let pace = self.paces.entry(owner).or_default();
        pace.push_back((time, most.unwrap_or(0)));
        while pace.front().is_some_and(|(made, _)| time.since(*made) > Duration::from_secs(60)) {
            pace.pop_front();
        }
        let most = pace.iter().map(|(_, most)| *most).max().unwrap_or(0);
        let made = pace.len();
        if made > ROUNDS_PER_MINUTE * most + TAKEN_PER_MINUTE {
            pace.clear();
            let message = format!("{owner} has got {made} pods within a minute, and asked for {most}");
            self.report(time, "pace", message);
        }
    }

    /// The server has carried out an adoption; `late` says that its sender could not know any more.
    pub fn adopted(
        &mut self,
        time: Time,
        process: ProcessId,
        (pod, uid): (&ObjectName, Uid),
        owner: Uid,
        late: bool,
    ) {
        self.owned_once.insert(uid);
        let is_over = |ended: &Time| time.since(*ended) > CHANGE_IS_NEWS;
        if self.ended.get(&owner).is_some_and(is_over) && !self.is_restored(time) && !late {
            let message = format!("{process} adopts {pod} for {owner}, which was deleted long ago");
            self.report(time, "adoption", message);
        }
    }

    /// The server is about to carry out a deletion of that very pod; `late` says that its sender could not know any more.
    pub fn deleting(
        &mut self,
        time: Time,
        (process, id): (ProcessId, WriteId),
        pod: &ObjectName,
        late: bool,
        server: &ApiServer,
    ) {
        let Some(found) = server.pod(pod) else { return };
        if !self.owned_once.contains(&found.meta.uid) && !self.is_restored(time) {
            self.report(time, "ownership", format!("{process} hits {pod}, which was never its own"));
        }
        let owner = found.meta.controller().and_then(|owner| owner.uid);
        let Some(owner) = owner.filter(|_| found.is_active()) else { return };
        if late {
            return self.lost(time, owner);
        }
        // An owner on its way out wants nothing any more.
        if self.ended.contains_key(&owner) || self.is_restored(time) {
            return;
        }
        let seen = self.dispatched.get(&(process, id)).copied().flatten();
        // Taken over by somebody who wants nothing.
        let Some(Asked { least, .. }) = Asked::at(server, owner) else { return };
        let wanted = seen.map_or(least, |seen| seen.least.min(least));
        let is_recent = |lost: &&Time| time.since(**lost) <= LOSS_IS_NEWS;
        let lost = self.losses.get(&owner).map_or(0, |losses| losses.iter().filter(is_recent).count());
        let left = server.controlled_by(owner).filter(|pod| pod.is_active()).count().saturating_sub(1);
        if left + lost < usize::try_from(wanted).unwrap_or(0) {
            let message =
                format!("{process} deletes {pod} and leaves {left} of {wanted}; others took {lost}");
            self.report(time, "shortage", message);
        }
    }
}

/// How many active pods an owner asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// So many at most.
    pub most: i32,
    /// So many at least. A rollout takes down what is not available anyway, however few are left: what it must leave is
    /// for others to say.
    pub least: i32,
}

impl Asked {
    /// As the server knows it.
    fn at(server: &ApiServer, owner: Uid) -> Option<Asked> {
        let controller = server.controllers().find(|controller| controller.meta.uid == owner);
        let workload = || server.workloads().find(|workload| workload.meta.uid == owner);
        controller.map(|found| Asked::of(found)).or_else(|| workload().map(|found| Asked::of_workload(found)))
    }

    /// As a cache knows it.
    pub fn in_store(store: &Store, owner: &ObjectName) -> Option<Asked> {
        let controller = store.replication_controllers().get(owner);
        let workload = || store.sidecar_workloads().get(owner);
        controller.map(|found| Asked::of(found)).or_else(|| workload().map(|found| Asked::of_workload(found)))
    }

    fn of(controller: &ReplicationController) -> Asked {
        Asked { most: controller.replicas, least: controller.replicas }
    }

    fn of_workload(workload: &SidecarWorkload) -> Asked {
        Asked { most: i32::try_from(Limits::of(workload).most).unwrap_or(i32::MAX), least: 0 }
    }
}
