//! Which ReplicationControllers may find room where a quota was full.
//!
//! Upstream does not look at quotas: after a refusal it waits for up to 1000 s (kubernetes/kubernetes#98656).

use mainstay_engine::{Change, Store};
use mainstay_model::ObjectName;

/// Puts the keys that need not wait any longer into `keys`: all of the namespace in which a quota has made room.
pub(crate) fn relieve(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    let controllers =
        change.made_room().into_iter().flat_map(|room| store.replication_controllers().in_namespace(room));
    keys.extend(controllers.map(|controller| controller.meta.name.clone()));
}
