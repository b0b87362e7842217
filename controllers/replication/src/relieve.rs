//! Which ReplicationControllers may find room where a quota was full.
//!
//! Upstream does not look at quotas: after a refusal it waits for up to 1000 s (kubernetes/kubernetes#98656).

use std::cmp::Ordering;

use mainstay_engine::{Change, Store};
use mainstay_model::{Name, Object, ObjectName, ResourceQuota, quantity};

/// Puts the keys that need not wait any longer into `keys`: all of the quota's namespace, if it may have room now that it did
/// not have before. Which quota has refused a pod is not asked: a try too many costs one request.
pub(crate) fn relieve(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    let Some(old) = change.old.as_ref().and_then(as_quota) else { return };
    if makes_room(old, change.new.as_ref().and_then(as_quota)) {
        let controllers = store.replication_controllers().in_namespace(&old.meta.name.namespace);
        keys.extend(controllers.map(|controller| controller.meta.name.clone()));
    }
}

fn as_quota(object: &Object) -> Option<&ResourceQuota> {
    let Object::ResourceQuota(quota) = object else { return None };
    Some(quota)
}

/// Whether something may fit that did not: the quota is gone, limits less, allows more, or less of it is used. Usage that
/// grows makes no room: else each pod that is made would wake all that wait. Nor does what is no quantity.
fn makes_room(old: &ResourceQuota, new: Option<&ResourceQuota>) -> bool {
    let Some(new) = new else { return true };
    // Admission refuses everything as long as it is not known what is used.
    let is_known_now = new.used.iter().any(|(resource, _)| old.used(resource).is_none());
    let is_free = old.hard.iter().any(|(resource, _)| new.hard(resource).is_none());
    let grows = old.hard.iter().any(|(resource, before)| is(Ordering::Greater, new.hard(resource), before));
    let shrinks = old.used.iter().any(|(resource, before)| is(Ordering::Less, new.used(resource), before));
    is_known_now || is_free || grows || shrinks
}

/// Whether the new amount stands in that order to the old one.
fn is(order: Ordering, new: Option<&Name>, old: &Name) -> bool {
    new.and_then(|new| quantity::compare(new, old)) == Some(order)
}
