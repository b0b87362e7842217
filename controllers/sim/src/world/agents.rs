//! Those who live in the cluster beside the managers: scheduler, kubelets, garbage collector.

use std::time::Duration;

use mainstay_model::{Kind, Name, ObjectName, PodPhase, Timestamp, Uid};

use super::World;
use crate::api::changes::{Part, Replacement};
use crate::api::deletion::Deletion;
use crate::fault::Fault;
use crate::happening::Happening;

/// The nodes of the cluster.
pub(super) const NODES: &[&str] = &["north", "south"];

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
        let owner = pod.meta.controller().and_then(|owner| owner.uid);
        let (is_deleting, is_bound, phase) = (pod.meta.is_deleting(), pod.node.is_some(), pod.phase);
        if is_deleting {
            // What somebody else holds stays, and is looked at again when it changes.
            let gone = Deletion { uid: Some(uid), grace_seconds: Some(0), ..Deletion::of(Kind::Pod, name) };
            let _ = self.server.delete(&gone, self.now().wall());
        } else if phase.is_finished() {
            return;
        } else if !is_bound {
            let Some(node) = self.dice.one_of(NODES) else { return };
            let _ = self.server.bind(name, &Name::from(*node));
            self.kick(name, Duration::from_secs(1));
        } else if phase == PodPhase::Pending {
            let refused = self.draw(3, &[Fault::Kubelet], "world").is_some();
            let since = Timestamp::from_seconds(self.now().wall().seconds());
            if let Some(owner) = owner.filter(|_| refused) {
                self.oracles.lost(self.schedule.now(), owner);
            }
            let phase = if refused { PodPhase::Failed } else { PodPhase::Running };
            self.report_pod(name, phase, !refused, since);
        } else {
            return;
        }
        self.announce();
    }

    /// The kubelet says how a pod is.
    pub(super) fn report_pod(&mut self, name: &ObjectName, phase: PodPhase, ready: bool, since: Timestamp) {
        let part = Part::PodStatus(phase, ready, since);
        let status = Replacement { kind: Kind::Pod, object: name.clone(), uid: None, version: None, part };
        // Whatever is wrong with that, a kubelet can do nothing about it.
        let _ = self.server.replace_part(&status);
    }
}
