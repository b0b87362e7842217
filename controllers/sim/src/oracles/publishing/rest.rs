//! How everything is to be left when nothing happens any more.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_engine::Store;
use mainstay_model::{AddressType, EndpointSlice, LabelSet, ObjectName, Service};

use super::spec::{self, OF_MIRRORS, OF_SERVICES, Place, Port, Published};
use super::{hints, is_own, subsets};
use crate::services::MOST_PER_SLICE;

/// Labels that are the controllers', not the service's.
const RESERVED: &[&str] = &[
    "kubernetes.io/service-name",
    "endpointslice.kubernetes.io/managed-by",
    "service.kubernetes.io/headless",
];

/// All that is not as it is to be.
pub(crate) fn wrong_at_rest(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for service in store.services().iter() {
        let name = &service.meta.name;
        let found = of_slices(service, store).into_iter().chain(of_endpoints(service, store));
        wrong.extend(found.map(|what| format!("{name}: {what}")));
    }
    let named = store.endpoint_slices().iter().filter_map(|slice| mainstay_engine::store::service_of(slice));
    let names: BTreeSet<ObjectName> =
        named.chain(store.endpoints().iter().map(|endpoints| endpoints.meta.name.clone())).collect();
    for name in &names {
        wrong.extend(of_mirrors(name, store).map(|what| format!("{name}: {what}")));
        let is_forsaken = store.services().get(name).is_none()
            && store.endpoints().get(name).is_some_and(|endpoints| is_own(endpoints));
        wrong.extend(is_forsaken.then(|| format!("{name}: its Endpoints has been left behind")));
    }
    wrong
}

fn of_slices(service: &Service, store: &Store) -> Vec<String> {
    let name = &service.meta.name;
    let mut managed = spec::managed(name, OF_SERVICES, store);
    let Some(wanted) = spec::wanted(service, store) else {
        let is_left = managed.any(|slice| slice.meta.owners.iter().any(|owner| *owner.kind == *"Service"));
        return is_left.then(|| "it selects nobody, and has slices".to_owned()).into_iter().collect();
    };
    let mut wrong = Vec::new();
    let own: Vec<&EndpointSlice> = spec::own(service, store).map(|slice| &**slice).collect();
    if managed.count() != own.len() {
        wrong.push("there are slices of a former service".to_owned());
    }
    let said: Vec<Published> = own.iter().flat_map(|slice| spec::said_by(slice)).collect();
    let places: BTreeSet<&Place> = said.iter().map(|published| &published.place).collect();
    if places.len() != said.len() {
        wrong.push("an endpoint stands in its slices twice".to_owned());
    }
    wrong.extend(hints::wrong(service, &said, store));
    let distinct: BTreeSet<Published> = hints::aside(service, said).into_iter().collect();
    wrong.extend(distinct.symmetric_difference(&wanted).map(|published| {
        let what = if wanted.contains(published) { "missing" } else { "too much" };
        format!("{what} is {published:?}")
    }));
    for family in spec::families(service) {
        let slices: Vec<&&EndpointSlice> =
            own.iter().filter(|slice| slice.address_type == AddressType::Ip(family)).collect();
        let empty = slices.iter().filter(|slice| slice.endpoints.is_empty()).count();
        let is_one = slices.len() == 1 && slices.iter().all(|slice| slice.ports.is_empty());
        let has_any = wanted.iter().any(|published| published.place.0 == family);
        let is_right = if has_any { empty == 0 } else { empty == 1 && is_one };
        if !is_right {
            wrong.push(format!("{} slices of {}, {empty} of them empty", slices.len(), family.name()));
        }
    }
    wrong.extend(
        own.iter()
            .filter(|slice| !is_labelled(slice, service))
            .map(|slice| format!("the labels of {} are {:?}", slice.meta.name, slice.meta.labels)),
    );
    wrong.extend(too_many(&own));
    wrong
}

fn is_labelled(slice: &EndpointSlice, service: &Service) -> bool {
    let others = |labels: &LabelSet| -> LabelSet {
        let others = labels.iter().filter(|(key, _)| !RESERVED.contains(&&***key));
        others.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    others(&slice.meta.labels) == others(&service.meta.labels)
}

/// Groups that stand in more slices than a quarter more than they need, one more being always allowed.
fn too_many(own: &[&EndpointSlice]) -> Vec<String> {
    let mut groups: BTreeMap<(AddressType, Vec<Port>), (usize, usize)> = BTreeMap::new();
    for slice in own {
        let group = groups.entry((slice.address_type, spec::named(&slice.ports))).or_default();
        *group = (group.0 + 1, group.1 + slice.endpoints.len());
    }
    let is_too_many = |(slices, endpoints): (usize, usize)| {
        let needed = endpoints.div_ceil(MOST_PER_SLICE);
        slices > needed + (needed / 4).max(1)
    };
    let many = groups.into_values().filter(|group| is_too_many(*group));
    many.map(|(slices, endpoints)| format!("{endpoints} endpoints stand in {slices} slices")).collect()
}

fn of_endpoints(service: &Service, store: &Store) -> Option<String> {
    let wanted = subsets::wanted(service, store)?;
    let Some(stored) = store.endpoints().get(&service.meta.name) else {
        return Some("it has no Endpoints".to_owned());
    };
    if !is_own(stored) {
        return Some("its Endpoints is not said to be the controller's".to_owned());
    }
    subsets::odd(&wanted, &stored.subsets, &stored.annotations)
}

fn of_mirrors(name: &ObjectName, store: &Store) -> Option<String> {
    let wanted = subsets::mirrored(name, store).map(|endpoints| subsets::said(&endpoints.subsets).0);
    let (said, is_twice) = subsets::said_by_mirrors(subsets::mirrors(name, store));
    let count = spec::managed(name, OF_MIRRORS, store).count();
    if is_twice || said != wanted.clone().unwrap_or_default() || (said.is_empty() && count > 0) {
        return Some(format!("{count} slices mirror it and say {said:?} instead of {wanted:?}"));
    }
    None
}
