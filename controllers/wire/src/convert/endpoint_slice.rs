//! EndpointSlices, in both directions.

use bytes::Bytes;
use mainstay_model::{
    AddressType, Endpoint, EndpointConditions, EndpointPort, EndpointSlice, IpFamily, Kind, Name,
};

use crate::convert::metadata::{self, bytes, optional, text};
use crate::convert::target;
use crate::error::DecodeError;
use crate::protobuf::discovery as messages;

/// The one type of address that is no IP family and that the API knows. A slice keeps its type for ever, and we make none of
/// another type than those of the families, so what stands here for a type that is not known is never stored.
const HOST_NAME: &str = "FQDN";

/// Reads an EndpointSlice.
pub(crate) fn endpoint_slice(message: &messages::EndpointSlice) -> Result<EndpointSlice, DecodeError> {
    let (object_meta, kept) = metadata::read_and_kept(&message.metadata)?;
    Ok(EndpointSlice {
        meta: metadata::meta(Kind::EndpointSlice, &object_meta)?,
        annotations: metadata::map("metadata.annotations", &object_meta.annotations)?,
        address_type: address_type(&message.address_type),
        endpoints: message.endpoints.iter().map(endpoint).collect::<Result<_, _>>()?,
        ports: message.ports.iter().map(port).collect::<Result<_, _>>()?,
        kept,
    })
}

fn address_type(text: &[u8]) -> AddressType {
    match text {
        b"IPv4" => AddressType::Ip(IpFamily::V4),
        b"IPv6" => AddressType::Ip(IpFamily::V6),
        _ => AddressType::Other,
    }
}

fn endpoint(message: &messages::Endpoint) -> Result<Endpoint, DecodeError> {
    let conditions = message.conditions.as_ref().map(|conditions| EndpointConditions {
        ready: conditions.ready,
        serving: conditions.serving,
        terminating: conditions.terminating,
    });
    let hints = message.hints.as_ref();
    let target_ref = message.target_ref.as_ref();
    let addresses = message.addresses.iter();
    Ok(Endpoint {
        addresses: addresses
            .map(|address| Ok(text("endpoints.addresses", address)?.into()))
            .collect::<Result<_, DecodeError>>()?,
        conditions: conditions.unwrap_or_default(),
        hostname: optional("endpoints.hostname", message.hostname.as_ref())?,
        node: optional("endpoints.nodeName", message.node_name.as_ref())?,
        zone: optional("endpoints.zone", message.zone.as_ref())?,
        target: target_ref.map(|reference| target::target("endpoints.targetRef", reference)).transpose()?,
        zone_hints: hint_names("endpoints.hints.forZones", hints.map(|hints| &*hints.for_zones))?,
        node_hints: hint_names("endpoints.hints.forNodes", hints.map(|hints| &*hints.for_nodes))?,
    })
}

fn hint_names(field: &'static str, hints: Option<&[messages::Hint]>) -> Result<Box<[Name]>, DecodeError> {
    hints.unwrap_or_default().iter().map(|hint| Ok(text(field, &hint.name)?.into())).collect()
}

fn port(message: &messages::EndpointPort) -> Result<EndpointPort, DecodeError> {
    Ok(EndpointPort {
        name: optional("ports.name", message.name.as_ref())?,
        port: message.port,
        protocol: optional("ports.protocol", message.protocol.as_ref())?,
        app_protocol: optional("ports.appProtocol", message.app_protocol.as_ref())?,
    })
}

/// The text of an address type.
pub(crate) fn address_type_text(address_type: AddressType) -> Bytes {
    bytes(match address_type {
        AddressType::Ip(family) => family.name(),
        AddressType::Other => HOST_NAME,
    })
}

/// The message of an endpoint. Whatever nothing is said of is left out.
pub(crate) fn endpoint_message(endpoint: &Endpoint) -> messages::Endpoint {
    let EndpointConditions { ready, serving, terminating } = endpoint.conditions;
    let has_conditions = ready.or(serving).or(terminating).is_some();
    let has_hints = !(endpoint.zone_hints.is_empty() && endpoint.node_hints.is_empty());
    messages::Endpoint {
        addresses: endpoint.addresses.iter().map(|address| bytes(address)).collect(),
        conditions: has_conditions.then_some(messages::EndpointConditions { ready, serving, terminating }),
        hostname: endpoint.hostname.as_deref().map(bytes),
        target_ref: endpoint.target.as_ref().map(target::message),
        node_name: endpoint.node.as_deref().map(bytes),
        zone: endpoint.zone.as_deref().map(bytes),
        hints: has_hints.then(|| messages::EndpointHints {
            for_zones: hint_messages(&endpoint.zone_hints),
            for_nodes: hint_messages(&endpoint.node_hints),
        }),
    }
}

fn hint_messages(names: &[Name]) -> Vec<messages::Hint> {
    names.iter().map(|name| messages::Hint { name: bytes(name) }).collect()
}

/// The message of a port. A name that is empty is written as one, as upstream does for the only port of a service: the API
/// would make the same of one that is left out.
pub(crate) fn port_message(port: &EndpointPort) -> messages::EndpointPort {
    messages::EndpointPort {
        name: port.name.as_deref().map(bytes),
        protocol: port.protocol.as_deref().map(bytes),
        port: port.port,
        app_protocol: port.app_protocol.as_deref().map(bytes),
    }
}
