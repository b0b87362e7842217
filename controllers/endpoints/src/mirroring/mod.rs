//! Mirroring: the Endpoints that somebody else writes, as EndpointSlices.

use mainstay_model::EndpointSlice;

use crate::route::is_managed_by;

/// The label's value on slices that mirror an Endpoints.
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";

/// Whether the slice mirrors an Endpoints.
pub(crate) fn is_owned(slice: &EndpointSlice) -> bool {
    is_managed_by(slice, MANAGER)
}
