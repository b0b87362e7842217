//! The names of new EndpointSlices.
//!
//! They are [derived](mainstay_engine::names) from what a slice is meant for: whose it is, and what tells it from the owner's other
//! slices.

use mainstay_engine::View;
use mainstay_engine::names::{Digest, derived};
use mainstay_model::{ObjectName, Uid};

/// Names for a slice of the owner that `purpose` tells from its others: without end, each one free as far as is known.
pub(crate) fn unused<'a>(
    owner: &ObjectName,
    uid: Uid,
    purpose: &[u8],
    view: &'a View<'_>,
) -> impl Iterator<Item = ObjectName> + use<'a> {
    derived(owner, Digest::of(uid).and(purpose)).filter(|slice| {
        view.store.endpoint_slices().get(slice).is_none() && !view.memory.taken.contains(&slice.name)
    })
}
