//! No more addresses than an Endpoints can bear (upstream: `truncateEndpoints` in pkg/controller/endpoint).

use mainstay_model::{EndpointAddress, EndpointSubset};

/// The most addresses of an Endpoints. An address counts in each subset that it is in.
pub(super) const CAPACITY: usize = 1000;
/// The annotation that says that there are more.
pub(super) const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// Its value.
pub(super) const TRUNCATED: &str = "truncated";

/// As many of the addresses as fit, and whether some did not. The ready ones come first: where they alone are too many, none
/// that is not ready stays. What is short is shared out to the subsets in proportion, rounded up, so the last one bears
/// the difference.
///
/// Other than upstream, a subset that is left without any address goes: the server refuses an Endpoints that has one.
pub(super) fn truncate(subsets: Vec<EndpointSubset>) -> (Vec<EndpointSubset>, bool) {
    let ready: usize = subsets.iter().map(|subset| subset.ready.len()).sum();
    let not_ready: usize = subsets.iter().map(|subset| subset.not_ready.len()).sum();
    if ready + not_ready <= CAPACITY {
        return (subsets, false);
    }
    let mut subsets = subsets;
    if ready > CAPACITY {
        share_out(subsets.iter_mut().map(|subset| &mut subset.ready), ready, CAPACITY);
        subsets.iter_mut().for_each(|subset| subset.not_ready = Box::default());
    } else {
        share_out(subsets.iter_mut().map(|subset| &mut subset.not_ready), not_ready, CAPACITY - ready);
    }
    subsets.retain(|subset| !subset.ready.is_empty() || !subset.not_ready.is_empty());
    (subsets, true)
}

/// Leaves `quota` of the addresses, of which there are `total`.
fn share_out<'a>(lists: impl Iterator<Item = &'a mut Box<[EndpointAddress]>>, total: usize, quota: usize) {
    let mut left = quota;
    for list in lists {
        let share = (list.len() * quota).div_ceil(total.max(1)).min(left);
        if share < list.len() {
            *list = list.iter().take(share).cloned().collect();
        }
        left -= list.len();
    }
}
