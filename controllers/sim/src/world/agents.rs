//! Those who live in the cluster beside the managers: scheduler, kubelets, garbage collector.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Kind, Name, ObjectName, Pod, PodPhase, Timestamp, Uid};

use super::World;
use crate::fault::Fault;
use crate::happening::Happening;

/// The nodes of the cluster.
pub(super) const NODES: &[&str] = &["north", "south"];

const GARBAGE_COLLECTION_EVERY: Duration = Duration::from_secs(5);

impl World {
    /// Somebody will look at the pod within that time.
    pub(super) fn kick(&mut self, name: &ObjectName, within: Duration) {
        let Some(uid) = self.server.pod(name).map(|pod| pod.meta.uid) else { return };
        let delay = self.dice.up_to(within);
        self.after(delay, Happening::PodLives(name.clone(), uid));
    }

    /// The next thing in a pod's life: it is bound, it starts, it ends.
    pub(super) fn pod_lives(&mut self, name: &ObjectName, uid: Uid) {
        let Some(pod) = self.server.pod(name).filter(|pod| pod.meta.uid == uid) else { return };
        let cut_off = pod.node.as_ref().and_then(|node| self.cut_off.get(node)).copied();
        if let Some(until) = cut_off.filter(|until| *until > self.now()) {
            return self.schedule.at(until, Happening::PodLives(name.clone(), uid));
        }
        let (is_deleting, is_bound, phase) = (pod.meta.is_deleting(), pod.node.is_some(), pod.phase);
        if is_deleting {
            self.server.remove(Kind::Pod, name);
        } else if phase.is_finished() {
            return;
        } else if !is_bound {
            let node: Option<Name> = self.dice.one_of(NODES).map(|node| Name::from(*node));
            self.server.change_pod(name, |pod| pod.node = node);
            self.kick(name, Duration::from_secs(1));
        } else if phase == PodPhase::Pending {
            let refused = self.draw(3, &[Fault::Kubelet], "world").is_some();
            let since = Timestamp::from_seconds(self.now().wall().seconds());
            self.server.change_pod(name, |pod| {
                pod.phase = if refused { PodPhase::Failed } else { PodPhase::Running };
                pod.ready = !refused;
                pod.ready_since = Some(since);
            });
        } else {
            return;
        }
        self.announce();
    }

    /// Deletes the pods whose controller is gone.
    pub(super) fn collect_garbage(&mut self) {
        let owners: BTreeSet<Uid> = self.server.controllers().map(|controller| controller.meta.uid).collect();
        let is_garbage = |pod: &&Arc<Pod>| {
            let owner = pod.meta.controller();
            owner.is_some_and(|owner| owner.uid.is_none_or(|uid| !owners.contains(&uid)))
        };
        let garbage: Vec<ObjectName> =
            self.server.pods().filter(is_garbage).map(|pod| pod.meta.name.clone()).collect();
        let wall = self.now().wall();
        for name in &garbage {
            self.server.delete_pod(name, wall);
            self.kick(name, Duration::from_secs(1));
        }
        if !garbage.is_empty() {
            self.announce();
        }
        self.after(GARBAGE_COLLECTION_EVERY, Happening::GarbageIsCollected);
    }
}
