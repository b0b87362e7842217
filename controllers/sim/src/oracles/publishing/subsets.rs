//! What an Endpoints is to say, and what the slices are to say that mirror one: address by address and port by port.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

use mainstay_engine::Store;
use mainstay_model::{
    ClusterIp, EndpointSlice, EndpointSubset, Endpoints, IpFamily, LabelSet, Name, ObjectName, Pod, Service,
};

use super::spec::{OF_MIRRORS, Port, managed, named, number, reachable, selects};
use crate::services::objects::SKIP_MIRROR;

/// An address behind a port: address, port or none, the UID of what is behind it.
pub(crate) type Spot = (IpAddr, Option<Port>, Name);
/// What is said of it: whether it is ready, its hostname, its node.
pub(crate) type Word = (bool, Option<Name>, Option<Name>);

/// The most addresses of an Endpoints; one counts in each subset that it is in.
const CAPACITY: usize = 1000;

/// What subsets with these annotations say otherwise than is wanted. Where more is wanted than there is room for, as many are
/// left as fit, the ready ones first, and an annotation says so; else there is no such annotation.
pub(crate) fn odd(
    wanted: &BTreeMap<Spot, Word>,
    subsets: &[EndpointSubset],
    annotations: &LabelSet,
) -> Option<String> {
    let (is_said, is_twice) = said(subsets);
    let is_marked = annotations.get("endpoints.kubernetes.io/over-capacity").is_some();
    let wrong = |what: &str| Some(format!("{what}: it says {is_said:?} instead of {wanted:?}"));
    let [all, ready] = room_for(wanted);
    let is_too_much = all > CAPACITY;
    if is_twice || is_marked != is_too_much {
        return wrong(if is_twice { "something stands twice" } else { "the word on its capacity is wrong" });
    }
    if !is_too_much {
        return if is_said == *wanted { None } else { wrong("it is not what is wanted") };
    }
    let has = [
        subsets.iter().map(|subset| subset.ready.len() + subset.not_ready.len()).sum(),
        subsets.iter().map(|subset| subset.ready.len()).sum::<usize>(),
    ];
    let is_wanted = is_said.iter().all(|(spot, word)| wanted.get(spot) == Some(word));
    if has == [CAPACITY, ready.min(CAPACITY)] && is_wanted {
        return None;
    }
    Some(format!("{all} addresses, of which {ready} are ready, are cut down to {has:?}, wanted: {is_wanted}"))
}

/// How many addresses that takes, and how many of them are ready. Ports with the same addresses in the same state share them.
fn room_for(wanted: &BTreeMap<Spot, Word>) -> [usize; 2] {
    let mut ports: BTreeMap<&Option<Port>, BTreeSet<(IpAddr, &Name, bool)>> = BTreeMap::new();
    for ((address, port, uid), word) in wanted {
        ports.entry(port).or_default().insert((*address, uid, word.0));
    }
    let subsets: BTreeSet<BTreeSet<(IpAddr, &Name, bool)>> = ports.into_values().collect();
    let ready = subsets.iter().flatten().filter(|(.., ready)| *ready).count();
    [subsets.iter().map(BTreeSet::len).sum(), ready]
}

/// What is wanted in the Endpoints of a service; `None` for one whose Endpoints no controller writes.
pub(crate) fn wanted(service: &Service, store: &Store) -> Option<BTreeMap<Spot, Word>> {
    if service.external_name || service.selector.is_none() {
        return None;
    }
    let mut wanted = BTreeMap::new();
    for pod in store.pods().iter().filter(|pod| selects(service, pod)) {
        let (all, terminating) = (service.publish_not_ready, pod.meta.is_deleting());
        if pod.phase.is_finished() || terminating && !all {
            continue;
        }
        let family = family(service, pod);
        let Some(address) = reachable(pod, family).next() else { continue };
        let is_named = pod.subdomain.as_ref() == Some(&service.meta.name.name);
        let hostname = pod.hostname.clone().filter(|_| is_named);
        let word = (all || pod.ready && !terminating, hostname, pod.node.clone());
        let uid = Name::from(pod.meta.uid.to_string());
        if service.ports.is_empty() && service.cluster_ip == ClusterIp::None {
            wanted.insert((address, None, uid.clone()), word.clone());
        }
        for port in &service.ports {
            let Some(number) = number(pod, port) else { continue };
            let above = port.app_protocol.clone().unwrap_or_default();
            let port = (port.name.clone(), number, port.protocol.clone(), above);
            wanted.insert((address, Some(port), uid.clone()), word.clone());
        }
    }
    Some(wanted)
}

fn family(service: &Service, pod: &Pod) -> IpFamily {
    let own = match service.cluster_ip {
        ClusterIp::Address(address) => Some(IpFamily::of(address)),
        ClusterIp::Unreadable => Some(IpFamily::V4),
        ClusterIp::Unset | ClusterIp::None => None,
    };
    let first = pod.ips.first().map(|address| IpFamily::of(*address));
    service.ip_families.first().copied().or(own).or(first).unwrap_or(IpFamily::V4)
}

/// What subsets say, and whether they say something twice. An address that is not ready anywhere is not ready; what is no address is left
/// out.
pub(crate) fn said(subsets: &[EndpointSubset]) -> (BTreeMap<Spot, Word>, bool) {
    let (mut said, mut is_twice) = (BTreeMap::<Spot, Word>::new(), false);
    for subset in subsets {
        let ports = subset.ports.iter().map(|port| {
            let above = port.app_protocol.clone().unwrap_or_default();
            Some((port.name.clone(), port.port, port.protocol.clone(), above))
        });
        let ports: Vec<Option<Port>> = ports.chain(subset.ports.is_empty().then_some(None)).collect();
        let ready = subset.ready.iter().map(|address| (address, true));
        for (address, ready) in ready.chain(subset.not_ready.iter().map(|address| (address, false))) {
            let Ok(ip) = address.ip.parse::<IpAddr>() else { continue };
            let uid = address.target.as_ref().map(|target| target.uid.clone()).unwrap_or_default();
            for port in &ports {
                let word = (ready, address.hostname.clone(), address.node.clone());
                let before = said.get(&(ip, port.clone(), uid.clone())).map(|word| word.0);
                is_twice |= before.is_some();
                let word = (word.0 && before.unwrap_or(true), word.1, word.2);
                said.insert((ip, port.clone(), uid.clone()), word);
            }
        }
    }
    (said, is_twice)
}

/// The Endpoints of that name, if it is to be mirrored.
pub(crate) fn mirrored<'a>(name: &ObjectName, store: &'a Store) -> Option<&'a Endpoints> {
    let service = store.services().get(name)?;
    let endpoints = store.endpoints().get(name)?;
    let is_skipped = endpoints.meta.labels.get(SKIP_MIRROR).is_some_and(|value| **value == *"true");
    (service.selector.is_none() && !is_skipped).then_some(&**endpoints)
}

/// What slices that mirror an Endpoints say, and whether they say something twice.
pub(crate) fn said_by_mirrors<'a>(
    slices: impl Iterator<Item = &'a EndpointSlice>,
) -> (BTreeMap<Spot, Word>, bool) {
    let (mut said, mut is_twice) = (BTreeMap::new(), false);
    for slice in slices {
        let ports = named(&slice.ports);
        for endpoint in slice.endpoints.iter() {
            let uid = endpoint.target.as_ref().map(|target| target.uid.clone()).unwrap_or_default();
            let ready = endpoint.conditions.ready == Some(true);
            for address in endpoint.addresses.iter().filter_map(|address| address.parse().ok()) {
                for port in ports.iter().cloned().map(Some).chain(ports.is_empty().then_some(None)) {
                    let word = (ready, endpoint.hostname.clone(), endpoint.node.clone());
                    is_twice |= said.insert((address, port, uid.clone()), word).is_some();
                }
            }
        }
    }
    (said, is_twice)
}

/// The slices that mirror the Endpoints of that name.
pub(crate) fn mirrors<'a>(name: &'a ObjectName, store: &'a Store) -> impl Iterator<Item = &'a EndpointSlice> {
    managed(name, OF_MIRRORS, store).map(|slice| &**slice)
}
