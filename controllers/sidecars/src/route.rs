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
            // What a budget does not allow any more needs no plan; what it allows now may have been waited for.
            Object::PodDisruptionBudget(budget) => {
                let workloads = store.sidecar_workloads().in_namespace(&budget.meta.name.namespace);
                let waiting = workloads
                    .filter(|workload| workload.status.current_revision != workload.status.update_revision);
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
            _ => {}
        }
    }
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
