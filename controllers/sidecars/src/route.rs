//! Which SidecarWorkloads a change concerns.

use mainstay_engine::{Change, Store};
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{Kind, Meta, Object, ObjectName};

/// Puts the keys that the change touches into `keys`.
pub(crate) fn route(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    for object in [&change.old, &change.new].into_iter().flatten() {
        match object {
            Object::SidecarWorkload(workload) => keys.push(workload.meta.name.clone()),
            Object::Pod(pod) => keys.extend(concerned(store, &pod.meta)),
            Object::ControllerRevision(revision) => keys.extend(concerned(store, &revision.meta)),
            // Only pods that are not of their revision yet wait for a budget.
            Object::PodDisruptionBudget(budget) => {
                let workloads = store.sidecar_workloads().in_namespace(&budget.meta.name.namespace);
                let waiting = workloads.filter(|workload| {
                    let status = &workload.status;
                    status.current_revision != status.update_revision
                        || status.updated_replicas < status.replicas
                });
                keys.extend(waiting.map(|workload| workload.meta.name.clone()));
            }
            // Only pods that are being taken out of their services wait for slices.
            Object::EndpointSlice(slice) => {
                let namespace = &slice.meta.name.namespace;
                let draining = slice
                    .endpoints
                    .iter()
                    .filter_map(|endpoint| endpoint.target.as_ref())
                    .filter_map(|target| {
                        store
                            .pods()
                            .get(&ObjectName { namespace: namespace.clone(), name: target.name.clone() })
                    })
                    .filter(|pod| pod.workload.as_ref().is_some_and(|state| state.serving == Some(false)));
                keys.extend(draining.flat_map(|pod| concerned(store, &pod.meta)));
            }
            Object::Node(node) if has_turned(change) => {
                let pods = store.pods().on_node(&node.meta.name.name);
                keys.extend(pods.flat_map(|pod| concerned(store, &pod.meta)));
            }
            _ => {}
        }
    }
}

/// Whether a node's kubelet is another one, or whether it is well: what can be done to its pods, and how they are judged, depends on that.
fn has_turned(change: &Change) -> bool {
    let stand = |object: &Option<Object>| match object {
        Some(Object::Node(node)) => Some((node.kubelet, node.ready)),
        _ => None,
    };
    stand(&change.old) != stand(&change.new)
}

/// The SidecarWorkload that controls an object, or whose label it has: it may be about to be adopted, or have just been let go.
fn concerned(store: &Store, meta: &Meta) -> impl Iterator<Item = ObjectName> {
    let owner = meta.controller().filter(|owner| *owner.kind == *Kind::SidecarWorkload.name());
    let names = [owner.map(|owner| owner.name.clone()), meta.labels.get(WORKLOAD_LABEL).cloned()];
    let namespace = meta.name.namespace.clone();
    let mut keys: Vec<ObjectName> = names
        .into_iter()
        .flatten()
        .map(|name| ObjectName { namespace: namespace.clone(), name })
        .filter(|key| store.sidecar_workloads().get(key).is_some())
        .collect();
    keys.dedup();
    keys.into_iter()
}
