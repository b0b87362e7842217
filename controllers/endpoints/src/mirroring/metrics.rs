//! What is counted of mirrored slices, under upstream's names (pkg/controller/endpointslicemirroring/metrics).

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_engine::{Buckets, Figure, Metric, MetricSource};
use mainstay_model::{Endpoint, EndpointSlice, Kind, Name};

use super::reconcile::{are_alike, serves};
use super::wanted::Wanted;

/// The metrics of this controller.
pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: ADDED,
        help: "Endpoints that a sync of an Endpoints has added.",
        labels: &[],
        source: MetricSource::Plans(COUNTS),
    },
    Metric {
        name: UPDATED,
        help: "Endpoints that a sync of an Endpoints has changed.",
        labels: &[],
        source: MetricSource::Plans(COUNTS),
    },
    Metric {
        name: REMOVED,
        help: "Endpoints that a sync of an Endpoints has removed.",
        labels: &[],
        source: MetricSource::Plans(COUNTS),
    },
    Metric {
        name: SKIPPED,
        help: "Addresses that a sync of an Endpoints has left out, as invalid or as too many.",
        labels: &[],
        source: MetricSource::Plans(COUNTS),
    },
    Metric {
        name: "endpoint_slice_mirroring_controller_endpoints_sync_duration",
        help: "Seconds from the plan for an Endpoints to the last answer to its writes.",
        labels: &[],
        source: MetricSource::Seconds(Buckets { first: 0.001, factor: 2.0, count: 15 }),
    },
    Metric {
        name: DESIRED,
        help: "Endpoints that all mirrored slices together should have.",
        labels: &[],
        source: MetricSource::Sum,
    },
    Metric {
        name: SLICES,
        help: "EndpointSlices that mirror an Endpoints.",
        labels: &[],
        source: MetricSource::Sum,
    },
    Metric {
        name: NEEDED,
        help: "EndpointSlices that would do if each was filled.",
        labels: &[],
        source: MetricSource::Sum,
    },
    Metric {
        name: "endpoint_slice_mirroring_controller_changes",
        help: "Writes of EndpointSlices that the server has accepted.",
        labels: &["operation"],
        source: MetricSource::Writes(Kind::EndpointSlice),
    },
];

/// Upstream's buckets.
const COUNTS: Buckets = Buckets { first: 2.0, factor: 2.0, count: 15 };

const ADDED: &str = "endpoint_slice_mirroring_controller_endpoints_added_per_sync";
const UPDATED: &str = "endpoint_slice_mirroring_controller_endpoints_updated_per_sync";
const REMOVED: &str = "endpoint_slice_mirroring_controller_endpoints_removed_per_sync";
const SKIPPED: &str = "endpoint_slice_mirroring_controller_addresses_skipped_per_sync";
const DESIRED: &str = "endpoint_slice_mirroring_controller_endpoints_desired";
const SLICES: &str = "endpoint_slice_mirroring_controller_num_endpoint_slices";
const NEEDED: &str = "endpoint_slice_mirroring_controller_desired_endpoint_slices";

/// The figures of an Endpoints whose mirror is to be `wanted` and is `existing`. An endpoint is known by its ports and addresses.
pub(super) fn figures(wanted: &Wanted, existing: &[&Arc<EndpointSlice>]) -> Vec<Figure> {
    let (mut added, mut updated, mut kept, mut count) = (0, 0, 0, 0);
    for (purpose, endpoints) in &wanted.slices {
        let mut seen: BTreeMap<&[Name], &Endpoint> = (existing.iter())
            .filter(|slice| serves(slice, purpose))
            .flat_map(|slice| slice.endpoints.iter())
            .map(|endpoint| (&*endpoint.addresses, endpoint))
            .collect();
        count += endpoints.len();
        for endpoint in endpoints {
            match seen.remove(&*endpoint.addresses) {
                Some(seen) => {
                    kept += 1;
                    updated += usize::from(!are_alike(seen, endpoint));
                }
                None => added += 1,
            }
        }
    }
    let there: usize = existing.iter().map(|slice| slice.endpoints.len()).sum();
    let slices = wanted.slices.len();
    vec![
        Figure::new(ADDED, added),
        Figure::new(UPDATED, updated),
        Figure::new(REMOVED, there.saturating_sub(kept)),
        Figure::new(SKIPPED, wanted.skipped),
        Figure::new(DESIRED, count),
        Figure::new(SLICES, slices),
        // One for each group of ports, however many endpoints it has.
        Figure::new(NEEDED, slices),
    ]
}
