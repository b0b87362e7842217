//! The slices that an Endpoints makes (upstream: `reconcile` in pkg/controller/endpointslicemirroring).

use core::net::{IpAddr, Ipv4Addr};
use std::collections::BTreeMap;

use mainstay_model::{
    Endpoint, EndpointAddress, EndpointConditions, EndpointPort, EndpointSubset, IpFamily, Name, SubsetPort,
};

use crate::members::is_refused;
use crate::pack::pack;

/// What tells the slices of an Endpoints from each other: the family of their addresses, and their ports.
pub(super) type Purpose = (IpFamily, Vec<EndpointPort>);

/// The slices, and what could not go into them.
#[derive(Default)]
pub(super) struct Wanted {
    /// The endpoints of each slice; never none.
    pub slices: BTreeMap<Purpose, Vec<Endpoint>>,
    /// How many addresses were met that lead nowhere: no IP addresses, or such as the server refuses.
    pub invalid: usize,
    /// How many addresses are in no slice, for whatever reason.
    pub skipped: usize,
}

/// One slice for the addresses of each family in each subset, the subsets laid out canonically; of each subset as many
/// addresses as allowed, the ready ones first.
pub(super) fn slices(subsets: &[EndpointSubset], max_endpoints_per_subset: usize) -> Wanted {
    let mut wanted = Wanted::default();
    for subset in pack(subsets) {
        let ports: Vec<EndpointPort> = subset.ports.iter().map(port).collect();
        let mut room = max_endpoints_per_subset;
        let ready = subset.ready.iter().map(|address| (address, true));
        let not_ready = subset.not_ready.iter().map(|address| (address, false));
        for (address, is_ready) in ready.chain(not_ready) {
            if room == 0 {
                wanted.skipped += 1;
                continue;
            }
            let Some(ip) = ip(&address.ip).filter(|ip| !is_refused(*ip)) else {
                wanted.skipped += 1;
                wanted.invalid += 1;
                continue;
            };
            room -= 1;
            let endpoints = wanted.slices.entry((IpFamily::of(ip), ports.clone())).or_default();
            endpoints.push(endpoint(address, ip, is_ready));
        }
    }
    wanted.slices.values_mut().for_each(|endpoints| *endpoints = distinct(endpoints));
    wanted
}

fn port(port: &SubsetPort) -> EndpointPort {
    EndpointPort {
        name: Some(port.name.clone()),
        port: Some(port.port),
        protocol: Some(port.protocol.clone()),
        app_protocol: port.app_protocol.clone(),
    }
}

fn endpoint(address: &EndpointAddress, ip: IpAddr, ready: bool) -> Endpoint {
    Endpoint {
        addresses: [Name::from(ip.to_string())].into(),
        conditions: EndpointConditions { ready: Some(ready), serving: None, terminating: None },
        hostname: address.hostname.clone(),
        node: address.node.clone(),
        zone: None,
        target: address.target.clone(),
        zone_hints: Box::default(),
        node_hints: Box::default(),
    }
}

/// Each endpoint once. One is known by address, hostname and what is behind it; what is said last counts, and that it is
/// not ready is said last (upstream: `EndpointSet` in k8s.io/endpointslice).
fn distinct(endpoints: &[Endpoint]) -> Vec<Endpoint> {
    let known_by = |endpoint: &Endpoint| {
        let target = endpoint.target.as_ref().map(|target| (target.namespace.clone(), target.name.clone()));
        (endpoint.addresses.clone(), endpoint.hostname.clone(), target)
    };
    let distinct: BTreeMap<_, &Endpoint> =
        endpoints.iter().map(|endpoint| (known_by(endpoint), endpoint)).collect();
    distinct.into_values().cloned().collect()
}

/// Reads an address as leniently as the API does: numbers of IPv4 addresses may begin with zeros, and IPv4 addresses may come in
/// IPv6 clothes.
fn ip(text: &str) -> Option<IpAddr> {
    text.parse()
        .or_else(|_| padded(text).parse::<Ipv4Addr>().map(IpAddr::V4))
        .ok()
        .map(|ip| ip.to_canonical())
}

fn padded(text: &str) -> String {
    let number = |part: &str| {
        let trimmed = part.trim_start_matches('0').to_owned();
        if trimmed.is_empty() && !part.is_empty() { "0".to_owned() } else { trimmed }
    };
    text.split('.').map(number).collect::<Vec<_>>().join(".")
}
