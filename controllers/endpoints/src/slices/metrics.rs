//! What is counted of slices, under upstream's names (k8s.io/endpointslice/metrics).
//!
//! Other than upstream:
//! - the figures of a service with two families are those of both, and endpoints whose ports go count as removed;
//! - the result `stale` does not occur: nothing is planned on caches that are older than what was written;
//! - how many slices a sync has written is counted in powers of two; upstream's buckets, which are made for seconds, end at ten.

use mainstay_engine::{Buckets, Figure, Metric, MetricSource};
use mainstay_model::{Kind, Service};

use super::hints::Mode;

/// The metrics of this controller.
pub(super) const METRICS: &[Metric] = &[
    Metric::new(ADDED, "Endpoints that a sync of a service has added.", MetricSource::Plans(COUNTS)),
    Metric::new(REMOVED, "Endpoints that a sync of a service has removed.", MetricSource::Plans(COUNTS)),
    Metric::new(DESIRED, "Endpoints that all services together should have.", MetricSource::Sum),
    Metric::new(SLICES, "EndpointSlices of all services together.", MetricSource::Sum),
    Metric::new(NEEDED, "EndpointSlices that would do if each was filled.", MetricSource::Sum),
    Metric::new(
        "endpoint_slice_controller_changes",
        "Writes of EndpointSlices that the server has accepted.",
        MetricSource::Writes(Kind::EndpointSlice),
    )
    .by(&["operation"]),
    Metric::new(
        CHANGED,
        "EndpointSlices that a sync of a service has written.",
        MetricSource::Plans(Buckets { first: 1.0, factor: 2.0, count: 12 }),
    )
    .by(&["topology", "traffic_distribution"]),
    Metric::new(
        "endpoint_slice_controller_syncs",
        "Syncs of services, by how they ended.",
        MetricSource::Results,
    )
    .by(&["result"]),
    Metric::new(DISTRIBUTION, "Services that say how their traffic is to be distributed.", MetricSource::Sum)
        .by(&["traffic_distribution"]),
];

/// Upstream's buckets.
const COUNTS: Buckets = Buckets { first: 2.0, factor: 2.0, count: 15 };

const ADDED: &str = "endpoint_slice_controller_endpoints_added_per_sync";
const REMOVED: &str = "endpoint_slice_controller_endpoints_removed_per_sync";
const DESIRED: &str = "endpoint_slice_controller_endpoints_desired";
const SLICES: &str = "endpoint_slice_controller_num_endpoint_slices";
const NEEDED: &str = "endpoint_slice_controller_desired_endpoint_slices";
const CHANGED: &str = "endpoint_slice_controller_endpointslices_changed_per_sync";
const DISTRIBUTION: &str = "endpoint_slice_controller_services_count_by_traffic_distribution";

/// What packing counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    /// Endpoints that are wanted.
    pub wanted: usize,
    /// Endpoints that were there.
    pub seen: usize,
    /// Endpoints that are wanted and were there.
    pub kept: usize,
    /// Slices that stay or are made.
    pub slices: usize,
    /// Slices that would do.
    pub needed: usize,
}

impl Tally {
    /// Both together.
    pub(crate) fn plus(self, other: Tally) -> Tally {
        Tally {
            wanted: self.wanted + other.wanted,
            seen: self.seen + other.seen,
            kept: self.kept + other.kept,
            slices: self.slices + other.slices,
            needed: self.needed + other.needed,
        }
    }
}

/// The figures of a service, for which so many slices are written.
pub(super) fn figures(service: &Service, mode: Mode, tally: Tally, written: usize) -> Vec<Figure> {
    let topology = if mode == Mode::Auto { "Auto" } else { "Disabled" };
    let followed = followed(service, mode);
    let figures = [
        Figure::new(ADDED, tally.wanted.saturating_sub(tally.kept)),
        Figure::new(REMOVED, tally.seen.saturating_sub(tally.kept)),
        Figure::new(DESIRED, tally.wanted),
        Figure::new(SLICES, tally.slices),
        Figure::new(NEEDED, tally.needed),
        Figure { metric: CHANGED, labels: vec![topology, followed.unwrap_or_default()], value: written },
    ];
    let followed = followed.map(|value| Figure { metric: DISTRIBUTION, labels: vec![value], value: 1 });
    figures.into_iter().chain(followed).collect()
}

/// The distribution of traffic that the service asks for and gets, as a label.
fn followed(service: &Service, mode: Mode) -> Option<&'static str> {
    let asked = service.traffic_distribution.as_deref().filter(|_| mode.prefers_zone())?;
    ["PreferClose", "PreferSameZone", "PreferSameNode"].into_iter().find(|known| *known == asked)
}
