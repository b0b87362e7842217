//! The scheduler and the kubelets of a world of SidecarWorkloads: pods are bound, come up container by container, are told of new
//! images, and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Kind, Meta, Name, Node, Object, ObjectName, PatchPod, Pod, PodPhase, Uid};

use super::World;
use crate::api::deletion::Deletion;
use crate::api::record::Record;
use crate::clock::Time;
use crate::happening::Happening;
use crate::kubelet::{Sandbox, Wanted, is_ready};
use crate::oracles::sidecars::nodes::{self, Mains};
use crate::workloads::template::MAIN;
use crate::workloads::{NODES, POD_ENDS_WITHIN};

/// How soon a kubelet hears of a pod that it is given.
const KUBELETS_HEAR_WITHIN: Duration = Duration::from_secs(1);
/// How often the scheduler tries a pod again for which there is no node.
const SCHEDULER_TRIES_EVERY: Duration = Duration::from_secs(5);
/// How many of a hundred reports come late, and how late at most.
const LATE_REPORTS: u64 = 15;
const REPORTS_ARE_LATE: Duration = Duration::from_secs(5);
/// What a node has whose object is gone.
const SOME_KUBELET: (u16, u16) = (1, 36);

/// What runs on the nodes.
#[derive(Default)]
pub(super) struct Fleet {
    sandboxes: BTreeMap<Uid, Sandbox>,
    /// Nodes on which nothing new is to run, until a time.
    cordoned: BTreeMap<Name, Time>,
    /// What main containers were asked for, and have done.
    mains: Mains,
}

impl World {
    /// The next thing in a pod's life.
    pub(super) fn contained_pod_lives(&mut self, name: &ObjectName, uid: Uid) {
        let Some(pod) = self.server.pod(name).filter(|pod| pod.meta.uid == uid).cloned() else { return };
        let cut_off = pod.node.as_ref().and_then(|node| self.cut_off.get(node)).copied();
        if let Some(until) = cut_off.filter(|until| *until > self.now()) {
            return self.schedule.at(until, Happening::PodLives(name.clone(), uid));
        }
        if pod.meta.is_deleting() {
            self.fleet.sandboxes.remove(&uid);
            let gone = Deletion { uid: Some(uid), grace_seconds: Some(0), ..Deletion::of(Kind::Pod, name) };
            // What somebody else holds stays, and is looked at again when it changes.
            let _ = self.server.delete(&gone, self.now().wall());
        } else if pod.phase.is_finished() {
            return;
        } else if pod.node.is_none() {
            match self.free_node() {
                Some(node) => {
                    // Bound by somebody else, or in a namespace that goes.
                    let _ = self.server.bind(name, &node);
                    self.kick(name, KUBELETS_HEAR_WITHIN);
                }
                None => self.after(SCHEDULER_TRIES_EVERY, Happening::PodLives(name.clone(), uid)),
            }
        } else if self.is_rejecting(name) && !self.runs_for_a_while(name) {
            self.let_end(name, None);
        } else {
            self.run_pod(&pod);
        }
        self.announce();
    }

    /// A node that takes pods, if there is one.
    fn free_node(&mut self) -> Option<Name> {
        let now = self.now();
        let is_free = |node: &Name| {
            let is_there = self.server.record(Kind::Node, &ObjectName::new("", node.clone())).is_some();
            is_there && self.fleet.cordoned.get(node).is_none_or(|until| *until <= now)
        };
        let free: Vec<Name> = NODES.iter().map(|node| Name::from(*node)).filter(is_free).collect();
        self.dice.one_of(&free).cloned()
    }

    /// The kubelet does what is due about a pod, and reports how it is, now or a little later.
    fn run_pod(&mut self, pod: &Pod) {
        let (name, uid, now) = (&pod.meta.name, pod.meta.uid, self.now());
        let kubelet = pod.node.as_ref().map_or(SOME_KUBELET, |node| self.kubelet_of(node));
        let containers = self.server.record(Kind::Pod, name).and_then(|record| record.containers.clone());
        let Some(containers) = containers else { return };
        let sandbox = self.fleet.sandboxes.entry(uid).or_default();
        let wanted = Wanted { pod: &containers, generation: pod.meta.generation, kubelet };
        let due = sandbox.sync(&wanted, now, &mut self.dice);
        let wrong = self.fleet.mains.runs(pod, MAIN, sandbox);
        // A restore gives pods the images of before, and nobody has asked for that.
        if let Some(what) = wrong.filter(|_| !self.oracles.saw_a_restore()) {
            self.oracles.report(now, "main", what);
        }
        let is_late = !self.calm && self.dice.percent(LATE_REPORTS);
        let late = is_late.then(|| now.after(self.dice.up_to(REPORTS_ARE_LATE)));
        if !is_late {
            self.report_containers(name, uid, kubelet);
        }
        let Some(next) = due.into_iter().chain(late).min() else { return };
        let next = next.max(Time(now.0 + 1));
        let Some(sandbox) = self.fleet.sandboxes.get_mut(&uid) else { return };
        // Whoever else has it looked at does not make it be looked at more often from then on.
        if sandbox.wakes <= now || sandbox.wakes > next {
            sandbox.wakes = next;
            self.schedule.at(next, Happening::PodLives(name.clone(), uid));
        }
    }

    /// The kubelet writes into a pod's status how its containers are.
    fn report_containers(&mut self, name: &ObjectName, uid: Uid, kubelet: (u16, u16)) {
        let since = self.second();
        let (Some(sandbox), Some(before)) =
            (self.fleet.sandboxes.get(&uid), self.server.record(Kind::Pod, name))
        else {
            return;
        };
        let mut after = before.clone();
        after.change_containers(|containers| sandbox.tell(containers, kubelet));
        let Some(containers) = after.containers.clone() else { return };
        let most_restarts = |is_main: bool| {
            let of_list = containers.containers.iter().filter(|found| (*found.name == *MAIN) == is_main);
            of_list.map(|found| found.restarts).max().unwrap_or(0)
        };
        let ready = is_ready(&containers);
        after.change_pod(|pod| {
            pod.phase = if sandbox.has_run() { PodPhase::Running } else { PodPhase::Pending };
            if pod.ready != ready || pod.ready_since.is_none() {
                (pod.ready, pod.ready_since) = (ready, Some(since));
            }
            (pod.restarts, pod.sidecar_restarts) = (most_restarts(true), most_restarts(false));
        });
        if after != *before {
            self.server.store(after);
        }
    }

    /// The oracle of main containers hears what is asked for.
    pub(super) fn hear_of_mains(&mut self) {
        self.server.workloads().for_each(|workload| self.fleet.mains.asks(workload));
    }

    /// What is wrong with a patch that ends a step in place, or begins with the next container.
    pub(super) fn not_there_yet(&self, patch: &PatchPod) -> Option<String> {
        let pod = self.server.pod(&patch.pod).filter(|pod| pod.meta.uid == patch.uid)?;
        let sandbox = self.fleet.sandboxes.get(&pod.meta.uid)?;
        nodes::not_there_yet(pod, patch, sandbox, self.kubelet_of(pod.node.as_ref()?))
    }

    fn kubelet_of(&self, node: &Name) -> (u16, u16) {
        match self.server.get(Kind::Node, &ObjectName::new("", node.clone())) {
            Some(Object::Node(node)) => node.kubelet.unwrap_or(SOME_KUBELET),
            _ => SOME_KUBELET,
        }
    }

    /// A node that has died comes back, and starts its containers anew.
    pub(super) fn reboot_pods(&mut self, node: &Name) {
        let kubelet = self.kubelet_of(node);
        for (name, uid) in self.pods_on(node) {
            let Some(sandbox) = self.fleet.sandboxes.get_mut(&uid) else { continue };
            sandbox.reboot();
            self.report_containers(&name, uid, kubelet);
            self.kick(&name, KUBELETS_HEAR_WITHIN);
        }
    }

    /// A node's kubelet is another one; there may have been no such node.
    pub(super) fn upgrade_node(&mut self, node: &Name, kubelet: (u16, u16)) {
        let name = ObjectName::new("", node.clone());
        let wanted = |meta: Meta| {
            Object::Node(Arc::new(Node {
                meta,
                ready: true,
                ready_since: None,
                allocatable_cpu: None,
                kubelet: Some(kubelet),
            }))
        };
        if self.server.record(Kind::Node, &name).is_none() {
            return self.make(wanted(Meta::new(name, Uid(0))));
        }
        self.server.change(Kind::Node, &name, |record| record.object = wanted(record.meta().clone()));
        for (pod, _) in self.pods_on(node) {
            self.kick(&pod, KUBELETS_HEAR_WITHIN);
        }
    }

    /// A node goes for good, and those who collect pods take what was on it; another one of its name comes.
    pub(super) fn lose_node(&mut self, node: &Name, kubelet: (u16, u16)) {
        self.server.remove(Kind::Node, &ObjectName::new("", node.clone()));
        for (pod, uid) in self.pods_on(node) {
            self.fleet.sandboxes.remove(&uid);
            self.server.remove(Kind::Pod, &pod);
        }
        self.upgrade_node(node, kubelet);
    }

    /// Nothing new is to run on a node for a while, and what runs there is evicted where budgets allow that.
    pub(super) fn drain_node(&mut self, node: &Name, lasts: Duration) {
        self.fleet.cordoned.insert(node.clone(), self.now().after(lasts));
        for (pod, _) in self.pods_on(node) {
            if self.evict(&pod) {
                self.kick(&pod, POD_ENDS_WITHIN);
            }
        }
    }

    /// Every node takes pods again.
    pub(super) fn uncordon_nodes(&mut self) {
        self.fleet.cordoned.clear();
    }

    /// Main of a pod ends by itself.
    pub(super) fn crash_main(&mut self, name: &ObjectName) {
        let Some(uid) = self.server.pod(name).map(|pod| pod.meta.uid) else { return };
        if let Some(sandbox) = self.fleet.sandboxes.get_mut(&uid) {
            sandbox.crash(MAIN, self.schedule.now(), &mut self.dice);
            self.kick(name, KUBELETS_HEAR_WITHIN);
        }
    }

    /// The pods of a node that have not finished.
    fn pods_on(&self, node: &Name) -> Vec<(ObjectName, Uid)> {
        let is_there = |pod: &&Arc<Pod>| pod.node.as_ref() == Some(node) && !pod.phase.is_finished();
        self.server.pods().filter(is_there).map(|pod| (pod.meta.name.clone(), pod.meta.uid)).collect()
    }

    /// Changes a pod, whatever the rules say, and lets its kubelet know.
    pub(super) fn change_watched_pod(&mut self, name: &ObjectName, change: impl FnOnce(&mut Record)) {
        self.server.change(Kind::Pod, name, change);
        self.kick(name, KUBELETS_HEAR_WITHIN);
    }
}
