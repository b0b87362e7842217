//! The EndpointSlice controller: the pods that a service selects, in slices of up to a hundred.
//!
//! Upstream: pkg/controller/endpointslice and k8s.io/endpointslice, Kubernetes 1.36. The aim is what upstream publishes, with as few writes.
//! Other than upstream, and on purpose:
//! - all is planned from what the slices are now. Nothing is tracked, so a slice that was deleted or edited is put right after a restart,
//!   too (#125354);
//! - a service that has lost its selector, or became an ExternalName, loses its slices (#118376);
//! - slices that have become many and nearly empty are merged, slowly and within bounds: see `compaction`;
//! - writes are independent and may be sent at once. What moves is written where it goes before it is taken from where it was;
//! - slices of a former service of the same name go once those of the new one are there, not while they are written.
//!
//! Invariants, as absences:
//! - no write that changes nothing but the time it is annotated with;
//! - no wanted endpoint is without a slice at any moment on its way from one to another;
//! - no slice is touched that another one manages.
//!
//! A plan goes through the modules in this order: `candidates` says which pods are published and in which groups of ports, `ownership`
//! which slices are there, `packing` which endpoint stands in which slice, `hints` who should use them, `writing` what is to be written; where that is
//! nothing, `compaction` looks for what can be merged. `events` says what users are told, `metrics` what is counted.

mod candidates;
mod compaction;
mod draft;
mod endpoint;
mod events;
mod hints;
mod labels;
mod metrics;
mod ownership;
mod packing;
mod plan;
mod ports;
mod writing;

use std::time::Duration;

use mainstay_engine::{Change, Controller, Metric, Now, Plan, Store, View};
use mainstay_model::{Event, Kind, ObjectName, Write, WriteOutcome};

use crate::route;

/// The controller's name.
pub const NAME: &str = "endpointslice-controller";
/// Its name before Kubernetes 1.28, which is still accepted.
pub const FORMER_NAME: &str = "endpointslice";
/// The value of the label `endpointslice.kubernetes.io/managed-by` on its slices.
pub const MANAGER: &str = "endpointslice-controller.k8s.io";

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The most endpoints that are put into one slice, 1 to 1000; what is outside counts as the nearest of these. Slices that are fuller
    /// already stay as they are.
    pub max_endpoints_per_slice: usize,
    /// For how long a change of a pod waits for others, `--endpointslice-updates-batch-period`.
    pub batch_period: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { max_endpoints_per_slice: 100, batch_period: Duration::ZERO }
    }
}

/// The controller of the EndpointSlices of all services with a selector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointSlices {
    settings: Settings,
}

impl EndpointSlices {
    /// A controller with these settings.
    pub fn new(settings: Settings) -> EndpointSlices {
        let max_endpoints_per_slice = settings.max_endpoints_per_slice.clamp(1, 1000);
        EndpointSlices { settings: Settings { max_endpoints_per_slice, ..settings } }
    }
}

impl Default for EndpointSlices {
    fn default() -> EndpointSlices {
        EndpointSlices::new(Settings::default())
    }
}

impl Controller for EndpointSlices {
    fn name(&self) -> &'static str {
        NAME
    }

    fn former_name(&self) -> Option<&'static str> {
        Some(FORMER_NAME)
    }

    fn queue(&self) -> &'static str {
        "endpoint_slice"
    }

    fn metrics(&self) -> &'static [Metric] {
        metrics::METRICS
    }

    fn primary(&self) -> Kind {
        Kind::Service
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Service, Kind::Pod, Kind::Node, Kind::EndpointSlice]
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        route::slices(store, change, ownership::is_managed, keys);
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
        plan::plan(key, view, self.settings.max_endpoints_per_slice)
    }

    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        writing::is_void(store, key, write)
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
