//! The store: every watched object as a slim view, with the indexes that planners ask.

mod controller_revisions;
mod endpoint_slices;
mod index;
mod intern;
mod labelled;
mod pods;
mod services;
mod table;

pub use controller_revisions::ControllerRevisions;
pub use endpoint_slices::{EndpointSlices, service_of};
pub use pods::Pods;
pub use services::Services;
pub use table::Table;

use std::fmt;

use mainstay_model::{
    Endpoints, Kind, Name, Node, Object, ObjectName, PodDisruptionBudget, ReplicationController,
    ResourceQuota, SidecarWorkload, Tombstone, Uid,
};

use intern::Interner;

/// An object before and after; at least one is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What the store had.
    pub old: Option<Object>,
    /// What it has now; `None` when the object is gone.
    pub new: Option<Object>,
}

impl Change {
    /// The kind of the object; `None` of a change of nothing.
    pub fn kind(&self) -> Option<Kind> {
        self.new.as_ref().or(self.old.as_ref()).map(Object::kind)
    }

    /// The namespace in which a quota may have room now that it did not have before. Which quota has refused something is not
    /// asked by those who wait for room there: a try too many costs one request.
    pub fn made_room(&self) -> Option<&Name> {
        let old = self.old.as_ref().and_then(as_quota)?;
        old.has_made_room(self.new.as_ref().and_then(as_quota)).then_some(&old.meta.name.namespace)
    }
}

fn as_quota(object: &Object) -> Option<&ResourceQuota> {
    let Object::ResourceQuota(quota) = object else { return None };
    Some(quota)
}

/// All watched objects.
#[derive(Clone, Default)]
pub struct Store {
    controller_revisions: ControllerRevisions,
    endpoints: Table<Endpoints>,
    endpoint_slices: EndpointSlices,
    nodes: Table<Node>,
    pods: Pods,
    pod_disruption_budgets: Table<PodDisruptionBudget>,
    replication_controllers: Table<ReplicationController>,
    resource_quotas: Table<ResourceQuota>,
    services: Services,
    sidecar_workloads: Table<SidecarWorkload>,
    interner: Interner,
}

impl Store {
    /// The ControllerRevisions of SidecarWorkloads.
    pub fn controller_revisions(&self) -> &ControllerRevisions {
        &self.controller_revisions
    }

    /// The Endpoints.
    pub fn endpoints(&self) -> &Table<Endpoints> {
        &self.endpoints
    }

    /// The EndpointSlices.
    pub fn endpoint_slices(&self) -> &EndpointSlices {
        &self.endpoint_slices
    }

    /// The nodes.
    pub fn nodes(&self) -> &Table<Node> {
        &self.nodes
    }

    /// The pods.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }

    /// The PodDisruptionBudgets.
    pub fn pod_disruption_budgets(&self) -> &Table<PodDisruptionBudget> {
        &self.pod_disruption_budgets
    }

    /// The ReplicationControllers.
    pub fn replication_controllers(&self) -> &Table<ReplicationController> {
        &self.replication_controllers
    }

    /// The ResourceQuotas.
    pub fn resource_quotas(&self) -> &Table<ResourceQuota> {
        &self.resource_quotas
    }

    /// The services.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The SidecarWorkloads.
    pub fn sidecar_workloads(&self) -> &Table<SidecarWorkload> {
        &self.sidecar_workloads
    }

    /// Puts an object in the place of what bore its name; says what changed.
    ///
    /// Where the old object had another UID, it is gone: that gives two changes, the deletion first.
    pub fn apply(&mut self, object: Object) -> Vec<Change> {
        let changes = match object {
            Object::ControllerRevision(revision) => {
                let revision = self.interner.controller_revision(revision);
                let old = self.controller_revisions.insert(revision.clone());
                (old.map(Object::ControllerRevision), Object::ControllerRevision(revision))
            }
            Object::Endpoints(endpoints) => {
                let endpoints = self.interner.endpoints(endpoints);
                let old = self.endpoints.insert(endpoints.clone());
                (old.map(Object::Endpoints), Object::Endpoints(endpoints))
            }
            Object::EndpointSlice(endpoint_slice) => {
                let endpoint_slice = self.interner.endpoint_slice(endpoint_slice);
                let old = self.endpoint_slices.insert(endpoint_slice.clone());
                (old.map(Object::EndpointSlice), Object::EndpointSlice(endpoint_slice))
            }
            Object::Node(node) => {
                let node = self.interner.node(node);
                let old = self.nodes.insert(node.clone());
                (old.map(Object::Node), Object::Node(node))
            }
            Object::Pod(pod) => {
                let pod = self.interner.pod(pod);
                let old = self.pods.insert(pod.clone());
                (old.map(Object::Pod), Object::Pod(pod))
            }
            Object::PodDisruptionBudget(budget) => {
                let budget = self.interner.pod_disruption_budget(budget);
                let old = self.pod_disruption_budgets.insert(budget.clone());
                (old.map(Object::PodDisruptionBudget), Object::PodDisruptionBudget(budget))
            }
            Object::ReplicationController(controller) => {
                let controller = self.interner.replication_controller(controller);
                let old = self.replication_controllers.insert(controller.clone());
                (old.map(Object::ReplicationController), Object::ReplicationController(controller))
            }
            Object::ResourceQuota(quota) => {
                let quota = self.interner.resource_quota(quota);
                let old = self.resource_quotas.insert(quota.clone());
                (old.map(Object::ResourceQuota), Object::ResourceQuota(quota))
            }
            Object::Service(service) => {
                let service = self.interner.service(service);
                let old = self.services.insert(service.clone());
                (old.map(Object::Service), Object::Service(service))
            }
            Object::SidecarWorkload(workload) => {
                let workload = self.interner.sidecar_workload(workload);
                let old = self.sidecar_workloads.insert(workload.clone());
                (old.map(Object::SidecarWorkload), Object::SidecarWorkload(workload))
            }
        };
        match changes {
            (Some(old), new) if old.meta().uid != new.meta().uid => {
                vec![Change { old: Some(old), new: None }, Change { old: None, new: Some(new) }]
            }
            (old, new) => vec![Change { old, new: Some(new) }],
        }
    }

    /// Takes an object out, if what bears its name still is that object.
    pub fn delete(&mut self, tombstone: &Tombstone) -> Option<Change> {
        self.remove(tombstone.kind, &tombstone.name, tombstone.uid)
    }

    /// Takes an object out by name and UID.
    pub fn remove(&mut self, kind: Kind, name: &ObjectName, uid: Uid) -> Option<Change> {
        let old = match kind {
            Kind::ControllerRevision => {
                Object::ControllerRevision(self.controller_revisions.remove(name, uid)?)
            }
            Kind::Endpoints => Object::Endpoints(self.endpoints.remove(name, uid)?),
            Kind::EndpointSlice => Object::EndpointSlice(self.endpoint_slices.remove(name, uid)?),
            Kind::Node => Object::Node(self.nodes.remove(name, uid)?),
            Kind::Pod => Object::Pod(self.pods.remove(name, uid)?),
            Kind::PodDisruptionBudget => {
                Object::PodDisruptionBudget(self.pod_disruption_budgets.remove(name, uid)?)
            }
            Kind::ReplicationController => {
                Object::ReplicationController(self.replication_controllers.remove(name, uid)?)
            }
            Kind::ResourceQuota => Object::ResourceQuota(self.resource_quotas.remove(name, uid)?),
            Kind::Service => Object::Service(self.services.remove(name, uid)?),
            Kind::SidecarWorkload => Object::SidecarWorkload(self.sidecar_workloads.remove(name, uid)?),
        };
        Some(Change { old: Some(old), new: None })
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: Kind, name: &ObjectName) -> Option<Object> {
        match kind {
            Kind::ControllerRevision => {
                self.controller_revisions.get(name).cloned().map(Object::ControllerRevision)
            }
            Kind::Endpoints => self.endpoints.get(name).cloned().map(Object::Endpoints),
            Kind::EndpointSlice => self.endpoint_slices.get(name).cloned().map(Object::EndpointSlice),
            Kind::Node => self.nodes.get(name).cloned().map(Object::Node),
            Kind::Pod => self.pods.get(name).cloned().map(Object::Pod),
            Kind::PodDisruptionBudget => {
                self.pod_disruption_budgets.get(name).cloned().map(Object::PodDisruptionBudget)
            }
            Kind::ReplicationController => {
                self.replication_controllers.get(name).cloned().map(Object::ReplicationController)
            }
            Kind::ResourceQuota => self.resource_quotas.get(name).cloned().map(Object::ResourceQuota),
            Kind::Service => self.services.get(name).cloned().map(Object::Service),
            Kind::SidecarWorkload => self.sidecar_workloads.get(name).cloned().map(Object::SidecarWorkload),
        }
    }

    /// Whether what bears the name is this very object, and its deletion has not been asked for.
    pub fn is_staying(&self, kind: Kind, name: &ObjectName, uid: Uid) -> bool {
        let object = self.get(kind, name);
        object.is_some_and(|object| object.meta().uid == uid && !object.meta().is_deleting())
    }

    /// Every object of a kind, in the order of their names.
    pub fn all(&self, kind: Kind) -> Vec<Object> {
        match kind {
            Kind::ControllerRevision => {
                self.controller_revisions.iter().cloned().map(Object::ControllerRevision).collect()
            }
            Kind::Endpoints => self.endpoints.iter().cloned().map(Object::Endpoints).collect(),
            Kind::EndpointSlice => self.endpoint_slices.iter().cloned().map(Object::EndpointSlice).collect(),
            Kind::Node => self.nodes.iter().cloned().map(Object::Node).collect(),
            Kind::Pod => self.pods.iter().cloned().map(Object::Pod).collect(),
            Kind::PodDisruptionBudget => {
                self.pod_disruption_budgets.iter().cloned().map(Object::PodDisruptionBudget).collect()
            }
            Kind::ReplicationController => {
                self.replication_controllers.iter().cloned().map(Object::ReplicationController).collect()
            }
            Kind::ResourceQuota => self.resource_quotas.iter().cloned().map(Object::ResourceQuota).collect(),
            Kind::Service => self.services.iter().cloned().map(Object::Service).collect(),
            Kind::SidecarWorkload => {
                self.sidecar_workloads.iter().cloned().map(Object::SidecarWorkload).collect()
            }
        }
    }

    /// How many objects of a kind there are.
    pub fn len(&self, kind: Kind) -> usize {
        match kind {
            Kind::ControllerRevision => self.controller_revisions.len(),
            Kind::Endpoints => self.endpoints.len(),
            Kind::EndpointSlice => self.endpoint_slices.len(),
            Kind::Node => self.nodes.len(),
            Kind::Pod => self.pods.len(),
            Kind::PodDisruptionBudget => self.pod_disruption_budgets.len(),
            Kind::ReplicationController => self.replication_controllers.len(),
            Kind::ResourceQuota => self.resource_quotas.len(),
            Kind::Service => self.services.len(),
            Kind::SidecarWorkload => self.sidecar_workloads.len(),
        }
    }

    /// Forgets texts that no object uses any more. To be called now and then; costs a pass over the distinct texts.
    pub fn collect_unused(&mut self) {
        self.interner.collect_unused();
    }
}

/// The objects; what else there is follows from them.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.controller_revisions.iter())
            .entries(self.endpoints.iter())
            .entries(self.endpoint_slices.iter())
            .entries(self.nodes.iter())
            .entries(self.pods.iter())
            .entries(self.pod_disruption_budgets.iter())
            .entries(self.replication_controllers.iter())
            .entries(self.resource_quotas.iter())
            .entries(self.services.iter())
            .entries(self.sidecar_workloads.iter())
            .finish()
    }
}

#[cfg(test)]
mod tests;
