//! One copy of each text and each label set, however many objects have it.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use mainstay_model::{
    ContainerPort, ControllerRevision, EndpointSlice, Endpoints, LabelSet, Meta, Name, Node, ObjectName,
    OwnerReference, Pod, PodDisruptionBudget, ReplicationController, ResourceQuota, Service, SidecarWorkload,
};

/// The shared texts and label sets. A name that is used by one object only is not kept here.
#[derive(Clone, Default)]
pub(super) struct Interner {
    texts: HashSet<Name, FixedState>,
    label_sets: HashSet<LabelSet, FixedState>,
    named_ports: HashSet<Arc<[ContainerPort]>, FixedState>,
}

impl Interner {
    pub(super) fn pod(&mut self, mut pod: Arc<Pod>) -> Arc<Pod> {
        let own = Arc::make_mut(&mut pod);
        self.meta(&mut own.meta);
        own.node = own.node.take().map(|node| self.text(node));
        own.end_reason = own.end_reason.take().map(|reason| self.text(reason));
        own.subdomain = own.subdomain.take().map(|subdomain| self.text(subdomain));
        if let Some(workload) = &mut own.workload {
            for container in &mut Arc::make_mut(workload).containers {
                for text in [&mut container.name, &mut container.image] {
                    *text = self.text(text.clone());
                }
                container.waiting = container.waiting.take().map(|reason| self.text(reason));
            }
        }
        own.named_ports = self.named_ports.get_or_insert_with(&own.named_ports, Arc::clone).clone();
        pod
    }

    /// The addresses of an Endpoints and of a slice are many and change often: only what stays is worth the search for a copy.
    pub(super) fn endpoints(&mut self, mut endpoints: Arc<Endpoints>) -> Arc<Endpoints> {
        self.meta(&mut Arc::make_mut(&mut endpoints).meta);
        endpoints
    }

    pub(super) fn endpoint_slice(&mut self, mut slice: Arc<EndpointSlice>) -> Arc<EndpointSlice> {
        self.meta(&mut Arc::make_mut(&mut slice).meta);
        slice
    }

    pub(super) fn controller_revision(
        &mut self,
        mut revision: Arc<ControllerRevision>,
    ) -> Arc<ControllerRevision> {
        self.meta(&mut Arc::make_mut(&mut revision).meta);
        revision
    }

    pub(super) fn pod_disruption_budget(
        &mut self,
        mut budget: Arc<PodDisruptionBudget>,
    ) -> Arc<PodDisruptionBudget> {
        self.meta(&mut Arc::make_mut(&mut budget).meta);
        budget
    }

    pub(super) fn sidecar_workload(&mut self, mut workload: Arc<SidecarWorkload>) -> Arc<SidecarWorkload> {
        self.meta(&mut Arc::make_mut(&mut workload).meta);
        workload
    }

    pub(super) fn node(&mut self, mut node: Arc<Node>) -> Arc<Node> {
        let own = Arc::make_mut(&mut node);
        self.meta(&mut own.meta);
        own.allocatable_cpu = own.allocatable_cpu.take().map(|cpu| self.text(cpu));
        node
    }

    pub(super) fn service(&mut self, mut service: Arc<Service>) -> Arc<Service> {
        let own = Arc::make_mut(&mut service);
        self.meta(&mut own.meta);
        if let Some(selector) = &mut own.selector {
            selector.0 = self.label_set(selector.0.clone());
        }
        service
    }

    pub(super) fn replication_controller(
        &mut self,
        mut controller: Arc<ReplicationController>,
    ) -> Arc<ReplicationController> {
        let own = Arc::make_mut(&mut controller);
        self.meta(&mut own.meta);
        own.selector.0 = self.label_set(own.selector.0.clone());
        controller
    }

    pub(super) fn resource_quota(&mut self, mut quota: Arc<ResourceQuota>) -> Arc<ResourceQuota> {
        let own = Arc::make_mut(&mut quota);
        self.meta(&mut own.meta);
        for (resource, _) in own.hard.iter_mut().chain(&mut own.used) {
            *resource = self.text(resource.clone());
        }
        quota
    }

    /// Drops what only this table still holds.
    pub(super) fn collect_unused(&mut self) {
        self.label_sets.retain(|labels| !labels.is_unshared());
        self.named_ports.retain(|ports| Arc::strong_count(ports) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
    }

    fn meta(&mut self, meta: &mut Meta) {
        let ObjectName { namespace, .. } = &mut meta.name;
        *namespace = self.text(namespace.clone());
        meta.labels = self.label_set(std::mem::take(&mut meta.labels));
        for OwnerReference { api_version, kind, name, .. } in &mut meta.owners {
            for text in [api_version, kind, name] {
                *text = self.text(text.clone());
            }
        }
    }

    fn text(&mut self, text: Name) -> Name {
        self.texts.get_or_insert_with(text.as_ref(), |_| text.clone()).clone()
    }

    fn label_set(&mut self, labels: LabelSet) -> LabelSet {
        if let Some(known) = self.label_sets.get(&labels) {
            return known.clone();
        }
        let shared = LabelSet::new(
            labels
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<Vec<_>>()
                .into_iter()
                .map(|(key, value)| {
                    let key = self.text(key);
                    (key, self.text(value))
                }),
        );
        self.label_sets.insert(shared.clone());
        shared
    }
}
