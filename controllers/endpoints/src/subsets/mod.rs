//! The Endpoints of services: all addresses of a service in one object (upstream: pkg/controller/endpoint).
//!
//! The object is compared as a whole with what it should be, labels and truncation included, and written only if it says
//! something else. On purpose other than upstream:
//! - what users change in an Endpoints is put right at once, and so is a label of ours that is missing, headless or not;
//!   upstream waits for the next change of a pod or service;
//! - it is compared after truncation (#127429), so an object at its limit is not written again and again;
//! - where the service is gone, only an Endpoints with our label goes with it: one that a user made for himself stays.
//!   Upstream deletes all of them, at each start.

mod content;
mod events;
mod ip_text;
mod truncate;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Change, Controller, Now, Plan, Store, View};
use mainstay_model::{
    CreateEndpoints, DeleteObject, Endpoints as Stored, Event, Kind, ObjectName, Service, UpdateEndpoints,
    Write, WriteOutcome,
};

use crate::{refused, route};

/// The controller's name.
pub const NAME: &str = "endpoints-controller";
/// Its name before Kubernetes 1.28, which is still accepted.
pub const FORMER_NAME: &str = "endpoint";

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// For how long a change of a pod waits for others, `--endpoint-updates-batch-period`.
    pub batch_period: Duration,
}

/// The controller of all Endpoints of services with a selector.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Endpoints {
    settings: Settings,
}

impl Endpoints {
    /// A controller with these settings.
    pub const fn new(settings: Settings) -> Endpoints {
        Endpoints { settings }
    }
}

impl Controller for Endpoints {
    fn name(&self) -> &'static str {
        NAME
    }

    fn former_name(&self) -> Option<&'static str> {
        Some(FORMER_NAME)
    }

    fn queue(&self) -> &'static str {
        "endpoint"
    }

    fn primary(&self) -> Kind {
        Kind::Service
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Service, Kind::Pod, Kind::Endpoints]
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        route::endpoints(store, change, keys);
    }

    fn rests(&self) -> bool {
        true
    }

    fn batch_period(&self, change: &Change) -> Duration {
        match change.kind() {
            Some(Kind::Pod) => self.settings.batch_period,
            _ => Duration::ZERO,
        }
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, _now: Now) -> Plan {
        let stored = view.store.endpoints().get(key);
        match view.store.services().get(key) {
            Some(service) if is_written(service) => of_service(service, stored, view.store),
            Some(_) => Plan::default(),
            None => Plan {
                writes: stored.and_then(|stored| forsaken(stored)).into_iter().collect(),
                ..Plan::default()
            },
        }
    }

    /// The Endpoints of a service that is there again stays, and that of a service which has lost its selector is somebody else's.
    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        match (store.services().get(key), write) {
            (service, Write::DeleteObject(_)) => service.is_some(),
            (service, _) => !service.is_some_and(|service| is_written(service)),
        }
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

/// Whether the service's Endpoints is this controller's to write.
fn is_written(service: &Service) -> bool {
    !service.external_name && service.selector.is_some()
}

fn of_service(service: &Service, stored: Option<&Arc<Stored>>, store: &Store) -> Plan {
    let members = crate::members::members(service, store);
    let (subsets, truncated) = wanted::subsets(service, &members);
    let wanted = content::Wanted { service, members: &members, subsets, truncated };
    let write = match stored {
        None => Some(Write::CreateEndpoints(CreateEndpoints {
            endpoints: service.meta.name.clone(),
            content: Arc::new(wanted.content(None)),
        })),
        Some(stored) if wanted.is_said_by(stored) => None,
        Some(stored) => Some(Write::UpdateEndpoints(UpdateEndpoints {
            endpoints: stored.meta.name.clone(),
            uid: stored.meta.uid,
            version: stored.meta.version,
            kept: stored.kept.clone(),
            content: Arc::new(wanted.content(Some(stored))),
        })),
    };
    Plan {
        writes: write.into_iter().collect(),
        events: refused::event(service, &members, events::COMPONENT).into_iter().collect(),
        ..Plan::default()
    }
}

/// What becomes of an Endpoints without a service. Locks of old leader elections look like that, too; they are left alone
/// even with our label.
fn forsaken(stored: &Stored) -> Option<Write> {
    let goes = content::is_ours(stored) && !is_lock(stored) && !stored.meta.is_deleting();
    goes.then(|| Write::DeleteObject(DeleteObject::of(Kind::Endpoints, &stored.meta)))
}

/// Whether the object is the lock of a leader election, as they were before leases.
pub(crate) fn is_lock(endpoints: &Stored) -> bool {
    endpoints.annotations.get("control-plane.alpha.kubernetes.io/leader").is_some()
}
