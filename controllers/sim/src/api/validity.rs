//! What Endpoints and EndpointSlices may say (upstream: `validateEndpointSubsets` in pkg/apis/core/validation/validation.go and
//! `validateEndpoints` in pkg/apis/discovery/validation/validation.go), and SidecarWorkloads: of their schema, the number of replicas.

use core::net::IpAddr;
use std::collections::BTreeSet;

use mainstay_model::{
    AddressType, Endpoint, EndpointAddress, EndpointPort, EndpointSlice, EndpointSubset, IpFamily, Name,
    Object, SubsetPort,
};

use super::refused::Refused;

/// The most endpoints that a slice may have.
const MOST_ENDPOINTS: usize = 1000;
/// The most addresses that one of them may have.
const MOST_ADDRESSES: usize = 100;
/// The most zones or nodes that an endpoint may be for.
const MOST_HINTS: usize = 8;

/// Whether the content of an object that is written as a whole is valid. What an update leaves as it was is not looked at again in an
/// Endpoints.
pub(super) fn check_content(object: &Object) -> Result<(), Refused> {
    let is_valid = match object {
        Object::Endpoints(endpoints) => endpoints.subsets.iter().all(is_valid_subset),
        Object::EndpointSlice(slice) => is_valid_slice(slice),
        Object::SidecarWorkload(workload) => workload.replicas >= 0,
        _ => true,
    };
    if is_valid { Ok(()) } else { Err(Refused::INVALID) }
}

fn is_valid_subset(subset: &EndpointSubset) -> bool {
    let mut addresses = subset.ready.iter().chain(&subset.not_ready).peekable();
    let are_many = subset.ports.len() > 1;
    addresses.peek().is_some()
        && addresses.all(is_valid_address)
        && subset.ports.iter().all(|port| is_valid_port(port, are_many))
}

fn is_valid_address(address: &EndpointAddress) -> bool {
    address.ip.parse().is_ok_and(is_reachable)
        && address.hostname.as_ref().is_none_or(is_label_or_empty)
        && address.node.as_ref().is_none_or(|node| is_subdomain(node))
}

fn is_valid_port(port: &SubsetPort, are_many: bool) -> bool {
    (is_label(&port.name) || port.name.is_empty() && !are_many)
        && is_port(port.port)
        && is_protocol(&port.protocol)
        && port.app_protocol.as_ref().is_none_or(|name| is_qualified(name))
}

fn is_valid_slice(slice: &EndpointSlice) -> bool {
    let names: BTreeSet<&Option<Name>> = slice.ports.iter().map(|port| &port.name).collect();
    slice.endpoints.len() <= MOST_ENDPOINTS
        && names.len() == slice.ports.len()
        && slice.ports.iter().all(is_valid_slice_port)
        && slice.endpoints.iter().all(|endpoint| is_valid_endpoint(endpoint, slice.address_type))
}

/// A slice may name any number.
fn is_valid_slice_port(port: &EndpointPort) -> bool {
    port.name.as_ref().is_none_or(is_label_or_empty)
        && port.protocol.as_ref().is_none_or(|protocol| is_protocol(protocol))
        && port.app_protocol.as_ref().is_none_or(|name| is_qualified(name))
}

fn is_valid_endpoint(endpoint: &Endpoint, address_type: AddressType) -> bool {
    let is_of_family = |address: &Name| {
        let address = address.parse::<IpAddr>();
        address.is_ok_and(|it| is_reachable(it) && AddressType::Ip(IpFamily::of(it)) == address_type)
    };
    let are_different = |names: &[Name]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    (1..=MOST_ADDRESSES).contains(&endpoint.addresses.len())
        && endpoint.addresses.iter().all(is_of_family)
        && endpoint.hostname.as_ref().is_none_or(|name| is_label(name))
        && endpoint.node.as_ref().is_none_or(|node| is_subdomain(node))
        && [&endpoint.zone_hints, &endpoint.node_hints]
            .into_iter()
            .all(|hints| hints.len() <= MOST_HINTS && are_different(hints))
}

/// Not an address that leads into the host, or to everybody on the link (upstream: `ValidateEndpointIP`).
fn is_reachable(address: IpAddr) -> bool {
    let is_local = match address {
        IpAddr::V4(address) => address.is_link_local() || matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || matches!(address.segments(), [0xff02 | 0xff12, ..])
        }
    };
    !address.is_unspecified() && !address.is_loopback() && !is_local
}

fn is_port(number: i32) -> bool {
    (1..=65_535).contains(&number)
}

fn is_protocol(name: &str) -> bool {
    ["TCP", "UDP", "SCTP"].contains(&name)
}

fn is_label_or_empty(name: &Name) -> bool {
    name.is_empty() || is_label(name)
}

/// A DNS label of RFC 1123.
fn is_label(name: &str) -> bool {
    let is_inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(is_inner))
        && name.len() <= 63
        && name.bytes().all(|letter| is_inner(letter) || letter == b'-')
}

/// Labels with dots between them.
fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// A name with a subdomain before it perhaps.
fn is_qualified(name: &str) -> bool {
    let (prefix, name) = name.rsplit_once('/').map_or((None, name), |(prefix, name)| (Some(prefix), name));
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    prefix.is_none_or(is_subdomain) && !name.is_empty() && name.bytes().all(is_letter)
}
