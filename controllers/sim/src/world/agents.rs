//! Those who live in the cluster beside the managers: scheduler, kubelets, garbage collector.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Kind, Name, ObjectName, Pod, PodPhase, Timestamp, Uid};

use super::World;
use crate::api::changes::{Part, Replacement};
use crate::api::deletion::Deletion;
use crate::fault::Fault;
use crate::happening::Happening;
use crate::stage::Stage;

/// The nodes of the cluster.
pub(super) const NODES: &[&str] = &["north", "south"];

/// How often a kubelet renews the Lease of its node.
const NODES_RENEW_EVERY: Duration = Duration::from_secs(10);

impl World {
    /// Somebody will look at the pod within that time.
    pub(super) fn kick(&mut self, name: &ObjectName, within: Duration) {
        let Some(uid) = self.server.pod(name).map(|pod| pod.meta.uid) else { return };
        let delay = self.dice.up_to(within);
        self.after(delay, Happening::PodLives(name.clone(), uid));
    }

    /// The next thing in a pod's life: it is bound, it starts, it ends.
    pub(super) fn pod_lives(&mut self, name: &ObjectName, uid: Uid) {
        match self.options.stage {
            Stage::Replication => {}
            Stage::Endpoints => return self.served_pod_lives(name, uid),
            Stage::Sidecars => return self.contained_pod_lives(name, uid),
        }
        let Some(pod) = self.server.pod(name).filter(|pod| pod.meta.uid == uid) else { return };
        let cut_off = pod.node.as_ref().and_then(|node| self.cut_off.get(node)).copied();
        if let Some(until) = cut_off.filter(|until| *until > self.now()) {
            return self.schedule.at(until, Happening::PodLives(name.clone(), uid));
        }
        let owner = pod.meta.controller().and_then(|owner| owner.uid);
        let (is_deleting, is_bound, phase) = (pod.meta.is_deleting(), pod.node.is_some(), pod.phase);
        let is_ready = pod.ready;
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
        } else if self.is_rejecting(name) && self.runs_for_a_while(name) {
            self.report_pod(name, PodPhase::Running, true, self.second());
        } else if self.is_rejecting(name) {
            self.let_end(name, owner);
        } else if phase == PodPhase::Pending || !is_ready {
            let may_refuse = phase == PodPhase::Pending;
            let refused = may_refuse && self.draw(3, &[Fault::Kubelet], "world").is_some();
            let since = self.second();
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

    /// The kubelet of that node, or of each, lets no new pod live for so long.
    pub(super) fn reject(&mut self, node: Option<Name>, lasts: Duration) {
        let until = self.now().after(lasts);
        let all = NODES.iter().map(|node| Name::from(*node));
        let nodes = all.filter(|each| node.as_ref().is_none_or(|node| node == each));
        self.rejecting.extend(nodes.map(|node| (node, until)));
    }

    pub(super) fn is_rejecting(&self, pod: &ObjectName) -> bool {
        let node = self.server.pod(pod).and_then(|pod| pod.node.as_ref());
        node.and_then(|node| self.rejecting.get(node)).is_some_and(|until| self.now() < *until)
    }

    /// Whether a new pod on a node that rejects runs for a while nevertheless, and is evicted then.
    pub(super) fn runs_for_a_while(&mut self, name: &ObjectName) -> bool {
        let is_new = self.server.pod(name).is_some_and(|pod| pod.phase == PodPhase::Pending);
        let runs = is_new && self.dice.percent(30);
        if runs {
            self.kick(name, Duration::from_secs(3));
        }
        runs
    }

    /// A pod is rejected if it is new, and evicted otherwise.
    pub(super) fn let_end(&mut self, name: &ObjectName, owner: Option<Uid>) {
        let since = self.second();
        let is_new = self.server.pod(name).is_some_and(|pod| pod.phase == PodPhase::Pending);
        if let Some(owner) = owner {
            self.oracles.lost(self.schedule.now(), owner);
        }
        self.server.change(Kind::Pod, name, |record| {
            record.change_pod(|pod| {
                pod.phase = PodPhase::Failed;
                pod.end_reason = Some(if is_new { "OutOfcpu" } else { "Evicted" }.into());
                (pod.ready, pod.ready_since) = (false, Some(since));
            });
        });
    }

    /// Each kubelet that is not cut off renews its node's Lease.
    pub(super) fn renew_nodes(&mut self) {
        let now = self.now();
        let is_alive = |node: &&&str| self.cut_off.get(**node).is_none_or(|until| *until <= now);
        for _ in 0..NODES.iter().filter(is_alive).count() {
            self.server.renew_node();
        }
        self.after(NODES_RENEW_EVERY, Happening::NodesRenew);
    }

    /// A node that has died comes back: the containers of its pods have been restarted, and are ready again a little later.
    pub(super) fn restart_node(&mut self, node: &Name) {
        if self.options.stage == Stage::Sidecars {
            self.reboot_pods(node);
            return self.announce();
        }
        let is_running = |pod: &&Arc<Pod>| {
            pod.node.as_ref() == Some(node) && pod.phase == PodPhase::Running && pod.is_active()
        };
        let pods: Vec<ObjectName> =
            self.server.pods().filter(is_running).map(|pod| pod.meta.name.clone()).collect();
        let since = self.second();
        for pod in pods {
            self.report_pod(&pod, PodPhase::Running, false, since);
            self.server.change(Kind::Pod, &pod, |record| record.change_pod(|pod| pod.restarts += 1));
            self.kick(&pod, Duration::from_secs(5));
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
