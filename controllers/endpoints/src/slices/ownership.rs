//! Which slices are this controller's, and which of them are this very service's.
//!
//! Upstream: `syncService` and `ownedBy`.

use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::{AddressType, ClusterIp, EndpointSlice, IpFamily, Kind, OwnerReference, Service};

use super::MANAGER;
use crate::route::is_managed_by;

/// Whether the label says that this controller writes the slice.
pub(crate) fn is_managed(slice: &EndpointSlice) -> bool {
    is_managed_by(slice, MANAGER)
}

/// The slices of a service's name that this controller manages. Those that are on their way out are as good as gone.
fn managed<'a>(service: &Service, store: &'a Store) -> impl Iterator<Item = &'a Arc<EndpointSlice>> {
    let slices = store.endpoint_slices().of_service(&service.meta.name);
    slices.filter(|slice| is_managed(slice) && !slice.meta.is_deleting())
}

/// The managed slices of a service's name, by what is to become of them.
#[derive(Default)]
pub(crate) struct Slices<'a> {
    /// The service's own.
    pub own: Vec<&'a Arc<EndpointSlice>>,
    /// Its own, but of a family that it does not have: they go.
    pub unsupported: Vec<&'a Arc<EndpointSlice>>,
    /// Those of a former service of that name, or of nobody: they go, and are never written to, since the garbage collector may be after them.
    pub foreign: Vec<&'a Arc<EndpointSlice>>,
}

impl<'a> Slices<'a> {
    /// Those of the service, which has these families.
    pub(crate) fn of(service: &Service, families: &[IpFamily], store: &'a Store) -> Slices<'a> {
        let mut slices = Slices::default();
        for slice in managed(service, store) {
            let is_supported = families.iter().any(|family| slice.address_type == AddressType::Ip(*family));
            if !is_owned_by(slice, service) {
                slices.foreign.push(slice);
            } else if is_supported {
                slices.own.push(slice);
            } else {
                slices.unsupported.push(slice);
            }
        }
        slices
    }
}

fn is_owned_by(slice: &EndpointSlice, service: &Service) -> bool {
    slice.meta.owners.iter().any(|owner| owner.uid == Some(service.meta.uid) && is_service(owner))
}

/// Whether some service owns the slice, or owned it.
fn is_owned(slice: &EndpointSlice) -> bool {
    slice.meta.owners.iter().any(is_service)
}

fn is_service(owner: &OwnerReference) -> bool {
    *owner.kind == *Kind::Service.name() && *owner.api_version == *Kind::Service.api_version()
}

/// The slices that a service leaves behind that selects no pods any more. One that nobody owns was made by a user, whatever its label
/// says, and such a service's slices are for users to write.
pub(crate) fn left_behind<'a>(
    service: &Service,
    store: &'a Store,
) -> impl Iterator<Item = &'a Arc<EndpointSlice>> {
    managed(service, store).filter(|slice| is_owned(slice))
}

/// The families of the service's slices, each once: its own ones, else that of its address; a headless one that says nothing has both
/// (upstream: `getAddressTypesForService`).
pub(crate) fn families(service: &Service) -> Vec<IpFamily> {
    match (&*service.ip_families, service.cluster_ip) {
        ([], ClusterIp::Address(address)) => vec![IpFamily::of(address)],
        ([], ClusterIp::Unreadable) => vec![IpFamily::V4],
        ([], ClusterIp::Unset | ClusterIp::None) => vec![IpFamily::V4, IpFamily::V6],
        (families, _) => {
            let mut families = families.to_vec();
            families.sort_unstable();
            families.dedup();
            families
        }
    }
}
