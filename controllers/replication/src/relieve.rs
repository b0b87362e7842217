//! Which ReplicationControllers may find room where a quota was full.
//!
//! Upstream does not look at quotas: after a refusal it waits for up to 1000 s (kubernetes/kubernetes#98656).

use mainstay_engine::{Change, Store};
use mainstay_model::{Object, ObjectName, ResourceQuota};

/// Puts the keys that need not wait any longer into `keys`: all of the quota's namespace, if it may have room now that it did
/// not have before. Which quota has refused a pod is not asked: a try too many costs one request.
pub(crate) fn relieve(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    let Some(old) = change.old.as_ref().and_then(as_quota) else { return };
    if old.has_made_room(change.new.as_ref().and_then(as_quota)) {
        let controllers = store.replication_controllers().in_namespace(&old.meta.name.namespace);
        keys.extend(controllers.map(|controller| controller.meta.name.clone()));
    }
}

fn as_quota(object: &Object) -> Option<&ResourceQuota> {
    let Object::ResourceQuota(quota) = object else { return None };
    Some(quota)
}
