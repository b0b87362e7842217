//! Mirroring: the Endpoints that somebody else writes, as EndpointSlices (upstream: pkg/controller/endpointslicemirroring).
//!
//! A service without a selector has the Endpoints that a user, or another program, gives it. Proxies read slices only, so
//! such an Endpoints is copied into slices, one for each of its subsets and families of addresses, and they go with it.
//! Nothing is remembered of slices, so what should not be there is taken away after a restart, too, and what was deleted by
//! hand comes back (upstream's #125354). On purpose other than upstream:
//! - all of a slice is compared, so a zone or a hint that somebody has put in is taken out again;
//! - addresses that the server would refuse in a slice count as invalid, and hold up none of the others.

mod events;
mod metrics;
mod reconcile;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Change, Controller, Metric, Now, Plan, Store, View};
use mainstay_model::{EndpointSlice, Endpoints, Event, Kind, ObjectName, Write, WriteOutcome};

use crate::route::{self, is_managed_by};
use crate::subsets::is_lock;

/// The controller's name.
pub const NAME: &str = "endpointslice-mirroring-controller";
/// Its name before Kubernetes 1.28, which is still accepted.
pub const FORMER_NAME: &str = "endpointslicemirroring";

/// The label's value on slices that mirror an Endpoints.
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
/// The label of an Endpoints that is not to be mirrored.
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";
/// The most endpoints that the API allows in a slice.
const LARGEST_SLICE: usize = 1000;

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The most addresses of a subset that are mirrored, `--mirroring-max-endpoints-per-subset`; from 1 to 1000, what is
    /// outside counts as the nearest of these. Upstream's is 1000.
    pub max_endpoints_per_subset: usize,
    /// For how long a change of an Endpoints waits for others, `--mirroring-endpointslice-updates-batch-period`.
    pub batch_period: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { max_endpoints_per_subset: LARGEST_SLICE, batch_period: Duration::ZERO }
    }
}

/// The controller of slices that mirror Endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointSliceMirroring {
    settings: Settings,
}

impl EndpointSliceMirroring {
    /// A controller with these settings.
    pub fn new(settings: Settings) -> EndpointSliceMirroring {
        let max_endpoints_per_subset = settings.max_endpoints_per_subset.clamp(1, LARGEST_SLICE);
        EndpointSliceMirroring { settings: Settings { max_endpoints_per_subset, ..settings } }
    }
}

impl Default for EndpointSliceMirroring {
    fn default() -> EndpointSliceMirroring {
        EndpointSliceMirroring::new(Settings::default())
    }
}

impl Controller for EndpointSliceMirroring {
    fn name(&self) -> &'static str {
        NAME
    }

    fn former_name(&self) -> Option<&'static str> {
        Some(FORMER_NAME)
    }

    fn queue(&self) -> &'static str {
        "endpoint_slice_mirroring"
    }

    fn metrics(&self) -> &'static [Metric] {
        metrics::METRICS
    }

    /// The Endpoints: it owns the slices, and once it is deleted none is to be made.
    fn primary(&self) -> Kind {
        Kind::Endpoints
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Endpoints, Kind::EndpointSlice, Kind::Service]
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        route::mirroring(store, change, keys);
    }

    fn rests(&self) -> bool {
        true
    }

    fn batch_period(&self, change: &Change) -> Duration {
        match change.kind() {
            Some(Kind::Endpoints) => self.settings.batch_period,
            _ => Duration::ZERO,
        }
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, _now: Now) -> Plan {
        let slices = view.store.endpoint_slices().of_service(key);
        let existing: Vec<&Arc<EndpointSlice>> =
            slices.filter(|slice| is_owned(slice) && !slice.meta.is_deleting()).collect();
        let Some(endpoints) = mirrored(view.store, key) else {
            let writes = existing.into_iter().map(|slice| reconcile::delete(slice)).collect();
            return Plan { writes, ..Plan::default() };
        };
        let max = self.settings.max_endpoints_per_subset;
        let wanted = wanted::slices(&endpoints.subsets, max);
        Plan {
            figures: metrics::figures(&wanted, &existing),
            events: events::skipped(endpoints, &wanted, max),
            writes: reconcile::reconcile(endpoints, wanted.slices, &existing, view),
            ..Plan::default()
        }
    }

    /// Nothing is made or changed of slices that are to go by now.
    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        !matches!(write, Write::DeleteObject(_)) && mirrored(store, key).is_none()
    }

    /// Failures are tried again, and as upstream has it no user is told of them.
    fn report(&self, _: &Store, _: &ObjectName, _: &Write, _: &WriteOutcome) -> Option<Event> {
        None
    }
}

/// The Endpoints of that name, if it is to be mirrored: it is no lock and does not ask to be left out, and its service is
/// there and without a selector, of whatever type.
fn mirrored<'a>(store: &'a Store, key: &ObjectName) -> Option<&'a Arc<Endpoints>> {
    let service = store.services().get(key)?;
    let endpoints = store.endpoints().get(key)?;
    let is_skipped = endpoints.meta.labels.get(SKIP_MIRROR).is_some_and(|value| **value == *"true");
    (service.selector.is_none() && !is_skipped && !is_lock(endpoints)).then_some(endpoints)
}

/// Whether the slice mirrors an Endpoints.
pub(crate) fn is_owned(slice: &EndpointSlice) -> bool {
    is_managed_by(slice, MANAGER)
}
