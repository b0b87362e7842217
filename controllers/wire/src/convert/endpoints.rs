//! Endpoints, in both directions.

use mainstay_model::{EndpointAddress, EndpointSubset, Endpoints, Kind, SubsetPort};

use crate::convert::metadata::{self, bytes, text};
use crate::convert::target;
use crate::error::DecodeError;
use crate::protobuf::endpoints as messages;

/// Reads an Endpoints.
pub(crate) fn endpoints(message: &messages::Endpoints) -> Result<Endpoints, DecodeError> {
    let (object_meta, kept) = metadata::read_and_kept(&message.metadata)?;
    Ok(Endpoints {
        meta: metadata::meta(Kind::Endpoints, &object_meta)?,
        annotations: metadata::map("metadata.annotations", &object_meta.annotations)?,
        subsets: message.subsets.iter().map(subset).collect::<Result<_, _>>()?,
        kept,
    })
}

fn subset(message: &messages::EndpointSubset) -> Result<EndpointSubset, DecodeError> {
    Ok(EndpointSubset {
        ready: message.addresses.iter().map(address).collect::<Result<_, _>>()?,
        not_ready: message.not_ready_addresses.iter().map(address).collect::<Result<_, _>>()?,
        ports: message.ports.iter().map(port).collect::<Result<_, _>>()?,
    })
}

fn address(message: &messages::EndpointAddress) -> Result<EndpointAddress, DecodeError> {
    let target_ref = message.target_ref.as_ref();
    Ok(EndpointAddress {
        ip: text("subsets.addresses.ip", &message.ip)?.into(),
        hostname: metadata::nonempty("subsets.addresses.hostname", &message.hostname)?,
        node: metadata::optional("subsets.addresses.nodeName", message.node_name.as_ref())?,
        target: target_ref
            .map(|reference| target::target("subsets.addresses.targetRef", reference))
            .transpose()?,
    })
}

fn port(message: &messages::EndpointPort) -> Result<SubsetPort, DecodeError> {
    Ok(SubsetPort {
        name: text("subsets.ports.name", &message.name)?.into(),
        port: message.port,
        protocol: metadata::protocol("subsets.ports.protocol", &message.protocol)?,
        app_protocol: metadata::optional("subsets.ports.appProtocol", message.app_protocol.as_ref())?,
    })
}

/// The message of a subset.
pub(crate) fn subset_message(subset: &EndpointSubset) -> messages::EndpointSubset {
    messages::EndpointSubset {
        addresses: subset.ready.iter().map(address_message).collect(),
        not_ready_addresses: subset.not_ready.iter().map(address_message).collect(),
        ports: subset.ports.iter().map(port_message).collect(),
    }
}

fn address_message(address: &EndpointAddress) -> messages::EndpointAddress {
    messages::EndpointAddress {
        ip: bytes(&address.ip),
        target_ref: address.target.as_ref().map(target::message),
        hostname: address.hostname.as_deref().map(bytes).unwrap_or_default(),
        node_name: address.node.as_deref().map(bytes),
    }
}

fn port_message(port: &SubsetPort) -> messages::EndpointPort {
    messages::EndpointPort {
        name: bytes(&port.name),
        port: port.port,
        protocol: bytes(&port.protocol),
        app_protocol: port.app_protocol.as_deref().map(bytes),
    }
}
