//! Users, nodes and kubelets in a world in which services find their pods.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Kind, Meta, Name, Node, Object, ObjectName, Pod, PodPhase, Selector, Service, Uid};

use super::World;
use super::users::HOLD;
use crate::api::deletion::Deletion;
use crate::fault::Fault;
use crate::services::objects::{addresses, app, forbidden_address, node};
use crate::services::{Custom, NODES, NodeShape, PodShape, ServiceShape, ServiceStep};

/// How long a pod takes to its next step at most, and to its end.
const POD_STEP_TAKES: Duration = Duration::from_secs(3);
const POD_ENDS_WITHIN: Duration = Duration::from_secs(15);

/// What is to be remembered of pods.
#[derive(Default)]
pub(super) struct Estate {
    /// How many addresses were given out.
    addresses: u16,
    /// How many pods were made to take the place of others, or beside them.
    made: u64,
    /// Pods that are not to become ready.
    sick: BTreeSet<Uid>,
}

impl World {
    /// Somebody does something.
    pub(super) fn service_step(&mut self, step: ServiceStep) {
        if step.is_hostile() {
            self.coverage.count(Fault::Hostile, "world");
        }
        match step {
            ServiceStep::Apply(name, shape) => self.apply_service(&name, &shape),
            ServiceStep::Delete(name) => self.delete_any(Kind::Service, &name),
            ServiceStep::Hold(name) => {
                self.server.change(Kind::Service, &name, |record| record.finalizers = vec![HOLD.into()]);
            }
            ServiceStep::Recreate(name, shape) => {
                self.server.remove(Kind::Service, &name);
                self.apply_service(&name, &shape);
            }
            ServiceStep::Select(name, value) => self.change_service(&name, |service| {
                service.selector = value.map(|value| Selector(app(&value)));
            }),
            ServiceStep::LabelService(name, value) => self.change_service(&name, |service| {
                service.meta.labels = [("team", value.to_string())].into_iter().collect();
            }),
            ServiceStep::MakePod(name, shape) => self.make_pod(&name, &shape),
            ServiceStep::ReadyPod(name, ready) => self.ready_pod(&name, ready),
            ServiceStep::RelabelPod(name, value) => {
                self.change_pod(&name, |pod| pod.meta.labels = app(&value));
            }
            ServiceStep::MovePod(name) => {
                if self.server.pod(&name).is_some_and(|pod| !pod.ips.is_empty()) {
                    self.give_addresses(&name);
                }
            }
            ServiceStep::EndPod(name) => self.end_pod(&name),
            ServiceStep::FailPod(name) => {
                if self.server.pod(&name).is_some_and(|pod| !pod.meta.is_deleting()) {
                    let since = self.second();
                    self.report_pod(&name, PodPhase::Failed, false, since);
                }
            }
            ServiceStep::Roll(namespace, value) => {
                let old = self.pods_of(&namespace, &value);
                self.make_pods(&namespace, &value, old.len());
                old.iter().for_each(|pod| self.end_pod(pod));
            }
            ServiceStep::Scale(namespace, value, count) => {
                let pods = self.pods_of(&namespace, &value);
                self.make_pods(&namespace, &value, count.saturating_sub(pods.len()));
                self.end_some(pods, count);
            }
            ServiceStep::Node(name, shape) => self.apply_node(&name, &shape),
            ServiceStep::RemoveNode(name) => self.delete_any(Kind::Node, &ObjectName::new("", name)),
            ServiceStep::WriteEndpoints(name, custom) => self.write_endpoints(&name, &custom),
            ServiceStep::ForeignSlice(service, number) => self.make_foreign_slice(&service, number),
            ServiceStep::DeleteSlice(which) => self.delete_slice(which),
            ServiceStep::TamperSlice(which, how) => self.tamper_with_slice(which, how),
            ServiceStep::DeleteEndpoints(name) => self.delete_any(Kind::Endpoints, &name),
            ServiceStep::TamperEndpoints(name, how) => self.tamper_with_endpoints(&name, how),
        }
    }

    /// The next thing in a pod's life: it gets its addresses, becomes ready, goes.
    pub(super) fn served_pod_lives(&mut self, name: &ObjectName, uid: Uid) {
        let Some(pod) = self.server.pod(name).filter(|pod| pod.meta.uid == uid).cloned() else { return };
        if pod.meta.is_deleting() {
            let gone = Deletion { uid: Some(uid), grace_seconds: Some(0), ..Deletion::of(Kind::Pod, name) };
            // Gone already.
            let _ = self.server.delete(&gone, self.schedule.now().wall());
        } else if pod.phase.is_finished() {
            return;
        } else if pod.ips.is_empty() {
            self.give_addresses(name);
            self.kick(name, POD_STEP_TAKES);
        } else if !pod.ready && !self.estate.sick.contains(&uid) {
            let since = self.second();
            self.report_pod(name, PodPhase::Running, true, since);
        } else {
            return;
        }
        self.announce();
    }

    /// No pod is left on a node that is gone, as those who collect pods see to it; some nodes come back before that.
    pub(super) fn settle_nodes(&mut self) {
        for name in NODES {
            let object = ObjectName::new("", *name);
            if self.server.record(Kind::Node, &object).is_none() && self.dice.percent(50) {
                let shape = NodeShape::draw(&mut self.dice);
                self.apply_node(&(*name).into(), &shape);
            }
        }
        let is_lost = |pod: &&Arc<Pod>| {
            let node = pod.node.as_ref().map(|node| ObjectName::new("", node.clone()));
            node.is_some_and(|node| self.server.record(Kind::Node, &node).is_none())
        };
        let lost: Vec<ObjectName> =
            self.server.pods().filter(is_lost).map(|pod| pod.meta.name.clone()).collect();
        lost.iter().for_each(|pod| self.server.remove(Kind::Pod, pod));
        self.announce();
    }

    fn apply_service(&mut self, name: &ObjectName, shape: &ServiceShape) {
        let Some(known) = self.server.record(Kind::Service, name).map(|record| record.meta().clone()) else {
            let service = shape.service(Meta::new(name.clone(), Uid(0)));
            return self.make(Object::Service(Arc::new(service)));
        };
        self.server.change(Kind::Service, name, |record| {
            record.object = Object::Service(Arc::new(shape.service(known)));
        });
    }

    fn change_service(&mut self, name: &ObjectName, change: impl FnOnce(&mut Service)) {
        self.server.change(Kind::Service, name, |record| {
            if let Object::Service(service) = &mut record.object {
                change(Arc::make_mut(service));
            }
        });
    }

    fn change_pod(&mut self, name: &ObjectName, change: impl FnOnce(&mut Pod)) {
        self.server.change(Kind::Pod, name, |record| record.change_pod(change));
    }

    fn make_pod(&mut self, name: &ObjectName, shape: &PodShape) {
        self.make(Object::Pod(Arc::new(shape.pod(name))));
        self.kick(name, POD_STEP_TAKES);
    }

    fn make_pods(&mut self, namespace: &Name, value: &Name, count: usize) {
        for _ in 0..count {
            self.estate.made += 1;
            let name = ObjectName::new(namespace.clone(), format!("{value}-{}", self.estate.made));
            let shape = PodShape::draw(&mut self.dice, value.clone());
            self.make_pod(&name, &shape);
        }
    }

    fn pods_of(&self, namespace: &Name, value: &Name) -> Vec<ObjectName> {
        let labels = app(value);
        let is_one = |pod: &&Arc<Pod>| {
            pod.is_active() && pod.meta.name.namespace == *namespace && pod.meta.labels == labels
        };
        self.server.pods().filter(is_one).map(|pod| pod.meta.name.clone()).collect()
    }

    fn ready_pod(&mut self, name: &ObjectName, ready: bool) {
        let Some(pod) = self.server.pod(name).filter(|pod| pod.is_active()).cloned() else { return };
        match ready {
            true => self.estate.sick.remove(&pod.meta.uid),
            false => self.estate.sick.insert(pod.meta.uid),
        };
        if !pod.ips.is_empty() {
            let since = self.second();
            self.report_pod(name, PodPhase::Running, ready, since);
        }
    }

    fn end_pod(&mut self, name: &ObjectName) {
        self.delete_any(Kind::Pod, name);
        self.kick(name, POD_ENDS_WITHIN);
    }

    /// Ends pods, whichever, until no more are left than that.
    fn end_some(&mut self, mut pods: Vec<ObjectName>, count: usize) {
        while pods.len() > count {
            let which = usize::try_from(self.dice.below(pods.len() as u64)).unwrap_or(0);
            self.end_pod(&pods.swap_remove(which));
        }
    }

    fn give_addresses(&mut self, name: &ObjectName) {
        self.estate.addresses = self.estate.addresses.wrapping_add(1);
        let number = self.estate.addresses;
        let (is_dual, is_forbidden) = (self.dice.percent(60), self.dice.percent(4));
        let given = if is_forbidden { forbidden_address(number) } else { addresses(number, is_dual) };
        self.change_pod(name, |pod| pod.ips = given);
    }

    fn apply_node(&mut self, name: &Name, shape: &NodeShape) {
        let wanted = node(name, shape);
        let object = wanted.meta.name.clone();
        if self.server.record(Kind::Node, &object).is_none() {
            return self.make(Object::Node(Arc::new(wanted)));
        }
        self.server.change(Kind::Node, &object, |record| {
            let meta = Meta { labels: wanted.meta.labels.clone(), ..record.meta().clone() };
            record.object = Object::Node(Arc::new(Node { meta, ..wanted }));
        });
    }

    /// Somebody writes an Endpoints that no controller writes.
    fn write_endpoints(&mut self, name: &ObjectName, custom: &Custom) {
        let service = self.server.get(Kind::Service, name);
        if matches!(service, Some(Object::Service(service)) if service.selector.is_some()) {
            return;
        }
        let known = self.server.record(Kind::Endpoints, name).map(|record| record.meta().clone());
        let endpoints = |meta: Meta| Object::Endpoints(Arc::new(custom.endpoints(meta)));
        match known {
            None => self.make(endpoints(Meta::new(name.clone(), Uid(0)))),
            Some(meta) => self.server.change(Kind::Endpoints, name, |record| record.object = endpoints(meta)),
        }
    }

    /// Makes an object, if there is none of its name.
    pub(super) fn make(&mut self, object: Object) {
        let _ = self.server.create_object(object, self.schedule.now().wall());
    }

    pub(super) fn delete_any(&mut self, kind: Kind, name: &ObjectName) {
        // It is not there.
        let _ = self.server.delete(&Deletion::of(kind, name), self.schedule.now().wall());
    }
}
