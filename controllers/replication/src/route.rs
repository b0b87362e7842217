//! Which ReplicationControllers a change concerns.

use mainstay_engine::{Change, Store};
use mainstay_model::{Kind, Object, ObjectName, Pod};

/// Puts the keys that the change touches into `keys`.
pub(crate) fn route(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    match (&change.old, &change.new) {
        (None, None) => {}
        (Some(Object::ReplicationController(controller)), _)
        | (_, Some(Object::ReplicationController(controller))) => keys.push(controller.meta.name.clone()),
        (old, new) => pod(store, old.as_ref().and_then(as_pod), new.as_ref().and_then(as_pod), keys),
    }
}

fn as_pod(object: &Object) -> Option<&Pod> {
    let Object::Pod(pod) = object else { return None };
    Some(pod)
}

fn pod(store: &Store, old: Option<&Pod>, new: Option<&Pod>, keys: &mut Vec<ObjectName>) {
    let controllers = |pod: Option<&Pod>| pod.and_then(|pod| controlled_by(store, pod));
    let (before, after) = (controllers(old), controllers(new));
    keys.extend(after.clone().filter(|_| before != after));
    keys.extend(before);

    let orphan = |pod: &Pod| pod.meta.controller().is_none();
    let Some(new) = new.filter(|pod| pod.is_active()) else {
        // Nobody misses an orphan.
        return;
    };
    let as_before =
        |old: &Pod| old.is_active() && old.meta.labels == new.meta.labels && orphan(old) == orphan(new);
    if !old.is_some_and(as_before) {
        keys.extend([Some(new), old].into_iter().flatten().filter(|pod| orphan(pod)).flat_map(|pod| {
            // An orphan that is adopted or relabelled concerns those, too, that were about to adopt it.
            selecting(store, pod)
        }));
    }
}

/// The ReplicationController that controls the pod, if it is there: by kind and name, and by UID, since the name may
/// have gone to another one.
fn controlled_by(store: &Store, pod: &Pod) -> Option<ObjectName> {
    let owner = pod.meta.controller()?;
    if *owner.kind != *Kind::ReplicationController.name() {
        return None;
    }
    let name = ObjectName { namespace: pod.meta.name.namespace.clone(), name: owner.name.clone() };
    let controller = store.replication_controllers().get(&name)?;
    (Some(controller.meta.uid) == owner.uid).then_some(name)
}

/// The ReplicationControllers that would adopt the pod.
fn selecting<'a>(store: &'a Store, pod: &'a Pod) -> impl Iterator<Item = ObjectName> + 'a {
    store
        .replication_controllers()
        .in_namespace(&pod.meta.name.namespace)
        .filter(|controller| controller.selector.matches(&pod.meta.labels))
        .map(|controller| controller.meta.name.clone())
}
