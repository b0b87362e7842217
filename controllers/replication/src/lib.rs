//! The ReplicationController: as many pods as asked for, made from its template, owned by reference.
//!
//! Two pure functions, `route` and `plan`, behind [`mainstay_engine::Controller`]. Behaviour is upstream's
//! (pkg/controller/replication over pkg/controller/replicaset, Kubernetes 1.36) but for what the modules name.
//!
//! Invariants, as absences:
//! - no memory of its own: what one plan leaves open, the next one finds in the store or in what the engine remembers;
//! - no write to a pod that the ReplicationController neither controls nor may adopt, and none without the pod's UID;
//! - no status and no create or delete while a pod's ownership is open: first it is settled whose the pods are.
//!
//! A plan goes through the modules in this order: the engine's `claim` says which pods are its own and what must be adopted or
//! released, `manage` how many are missing (later, by the engine's `replacement`, where pods end soon after they were made) or too
//! many (the `victims`), `status` what to publish.
//! `route` says which keys a change touches, `relieve` which need not wait for room any longer, `events` what users are told.

mod events;
mod manage;
mod relieve;
mod route;
mod status;
mod victims;

use mainstay_engine::{Change, Claims, Controller, Delayed, Now, Plan, PodOwner, Store, View};
use mainstay_model::{Event, EventType, Kind, ObjectName, ReplicationController, Write, WriteOutcome};

/// The controller's name.
pub const NAME: &str = "replicationcontroller-controller";
/// Its name before Kubernetes 1.28, which is still accepted.
pub const FORMER_NAME: &str = "replicationcontroller";

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The most pods that one plan creates, deletes, adopts or releases; 0 counts as 1. Upstream's is 500.
    pub burst: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { burst: 500 }
    }
}

/// The controller of all ReplicationControllers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplicationControllers {
    burst: usize,
}

impl ReplicationControllers {
    /// A controller with these settings.
    pub fn new(settings: Settings) -> ReplicationControllers {
        ReplicationControllers { burst: settings.burst.max(1) }
    }
}

impl Default for ReplicationControllers {
    fn default() -> ReplicationControllers {
        ReplicationControllers::new(Settings::default())
    }
}

impl Controller for ReplicationControllers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn former_name(&self) -> Option<&'static str> {
        Some(FORMER_NAME)
    }

    fn queue(&self) -> &'static str {
        "replicationmanager"
    }

    fn primary(&self) -> Kind {
        Kind::ReplicationController
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::ReplicationController, Kind::Pod]
    }

    fn helpful_kinds(&self) -> &'static [Kind] {
        &[Kind::ResourceQuota]
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        route::route(store, change, keys);
    }

    fn relieve(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        relieve::relieve(store, change, keys);
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let Some(controller) = view.store.replication_controllers().get(key) else {
            return Plan::default();
        };
        if controller.selector.0.is_empty() {
            return Plan { fault: Some("the selector is empty".to_owned()), ..Plan::default() };
        }
        let claims = Claims::new(owner(controller), view.store);
        if !claims.are_settled() {
            return claims.plan(view.memory, self.burst);
        }

        let managed = manage::plan(controller, &claims, view, now, self.burst);
        let status = status::compute(controller, &claims.claimed, managed.failure, now);
        let available_at = status::next_availability(controller, &claims.claimed, &status, now);
        let delayed = managed.delayed.as_ref();
        let warning = |message| events::about(controller, EventType::Warning, "BackOff", message);
        let mut writes = managed.writes;
        writes.extend(status::patch(controller, status));
        Plan {
            writes,
            requeue_at: [available_at, delayed.map(|delayed| delayed.next)].into_iter().flatten().min(),
            events: delayed.and_then(Delayed::message).map(warning).into_iter().collect(),
            held_back: delayed.map(Delayed::held_back),
            fault: managed.fault,
            ..Plan::default()
        }
    }

    /// A pod that somebody else controls by now, or nobody, is not deleted.
    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        let Write::DeletePod(delete) = write else { return false };
        let Some(pod) = store.pods().get(&delete.pod).filter(|pod| pod.meta.uid == delete.uid) else {
            return false;
        };
        let controller = store.replication_controllers().get(key);
        controller.is_none_or(|controller| !owner(controller).controls(pod))
    }

    fn report(
        &self,
        store: &Store,
        key: &ObjectName,
        write: &Write,
        outcome: &WriteOutcome,
    ) -> Option<Event> {
        events::report(store, key, write, outcome)
    }
}

/// A ReplicationController as the owner of its pods.
pub(crate) fn owner(controller: &ReplicationController) -> PodOwner<'_> {
    PodOwner { kind: Kind::ReplicationController, meta: &controller.meta, selector: &controller.selector }
}
