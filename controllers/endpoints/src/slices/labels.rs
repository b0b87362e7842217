//! The labels of a service's slices: its own ones, and three that are ours and that it cannot take over.
//!
//! Upstream: `setEndpointSliceLabels` in k8s.io/endpointslice/utils.go.

use mainstay_model::endpoint_slice::{MANAGED_BY, SERVICE_NAME};
use mainstay_model::service::HEADLESS;
use mainstay_model::{LabelSet, Name, Service};

use super::MANAGER;

/// The labels of each slice of the service.
pub(crate) fn of_slices(service: &Service) -> LabelSet {
    let own = [
        Some((Name::from(SERVICE_NAME), service.meta.name.name.clone())),
        Some((Name::from(MANAGED_BY), Name::from(MANAGER))),
        service.is_headless().then(|| (Name::from(HEADLESS), Name::from(""))),
    ];
    let others = unreserved(&service.meta.labels).map(|(key, value)| (key.clone(), value.clone()));
    LabelSet::new(others.chain(own.into_iter().flatten()))
}

/// Whether a slice with these labels is to be written for their sake. As upstream has it, a difference in one of the three is mended
/// only when the slice is written for another reason.
pub(crate) fn have_drifted(seen: &LabelSet, wanted: &LabelSet) -> bool {
    seen != wanted && !unreserved(seen).eq(unreserved(wanted))
}

fn unreserved(labels: &LabelSet) -> impl Iterator<Item = (&Name, &Name)> {
    labels.iter().filter(|(key, _)| ![SERVICE_NAME, MANAGED_BY, HEADLESS].contains(&&***key))
}
