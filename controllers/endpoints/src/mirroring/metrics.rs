//! What is counted of mirrored slices, under upstream's names (pkg/controller/endpointslicemirroring/metrics).

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_engine::{Buckets, Figure, Metric, MetricSource};
use mainstay_model::{Endpoint, EndpointSlice, Kind, Name};

use super::reconcile::{are_alike, serves};
use super::wanted::Wanted;

/// The metrics of this controller.
pub(super) const METRICS: &[Metric] = &[
    Metric::new(ADDED, "Endpoints that a sync of an Endpoints has added.", MetricSource::Plans(COUNTS)),
    Metric::new(UPDATED, "Endpoints that a sync of an Endpoints has changed.", MetricSource::Plans(COUNTS)),
    Metric::new(REMOVED, "Endpoints that a sync of an Endpoints has removed.", MetricSource::Plans(COUNTS)),
    Metric::new(
        SKIPPED,
        "Addresses that a sync of an Endpoints has left out, as invalid or as too many.",
        MetricSource::Plans(COUNTS),
    ),
    Metric::new(
        "endpoint_slice_mirroring_controller_endpoints_sync_duration",
        "Seconds from the plan for an Endpoints to the last answer to its writes.",
        MetricSource::Seconds(Buckets { first: 0.001, factor: 2.0, count: 15 }),
    ),
    Metric::new(DESIRED, "Endpoints that all mirrored slices together should have.", MetricSource::Sum),
    Metric::new(SLICES, "EndpointSlices that mirror an Endpoints.", MetricSource::Sum),
    Metric::new(NEEDED, "EndpointSlices that would do if each was filled.", MetricSource::Sum),
    Metric::new(
        "endpoint_slice_mirroring_controller_changes",
        "Writes of EndpointSlices that the server has accepted.",
        MetricSource::Writes(Kind::EndpointSlice),
    )
    .by(&["operation"]),
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
