//! EndpointSlices: the addresses of a service in several objects.

use std::sync::Arc;

use bytes::Bytes;

use crate::labels::LabelSet;
use crate::meta::Meta;
use crate::name::Name;
use crate::service::IpFamily;
use crate::target::TargetReference;

/// The label that says which service a slice belongs to.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that says who writes a slice.
pub const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// A discovery.k8s.io/v1 EndpointSlice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointSlice {
    /// Metadata.
    pub meta: Meta,
    /// All annotations.
    pub annotations: LabelSet,
    /// What its addresses are; never changes.
    pub address_type: AddressType,
    /// The endpoints, in the object's order.
    pub endpoints: Arc<[Endpoint]>,
    /// The ports that each of them serves.
    pub ports: Arc<[EndpointPort]>,
    /// The metadata that an update must hand back untouched, encoded as it came: `generateName`, owner references and finalizers. Empty
    /// where there are none.
    pub kept: Bytes,
}

/// What the addresses of a slice are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AddressType {
    /// Addresses of one family.
    Ip(IpFamily),
    /// Host names, or what this program does not know.
    Other,
}

/// An endpoint: one pod, as a rule.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    /// Its addresses, of the slice's type; as text, since what users write need not be any.
    pub addresses: Box<[Name]>,
    /// Whether it takes traffic.
    pub conditions: EndpointConditions,
    /// The name under which DNS knows it.
    pub hostname: Option<Name>,
    /// The node it is on.
    pub node: Option<Name>,
    /// The zone it is in.
    pub zone: Option<Name>,
    /// What is behind it.
    pub target: Option<TargetReference>,
    /// The zones whose clients should use it: `hints.forZones`, the names.
    pub zone_hints: Box<[Name]>,
    /// The nodes whose clients should use it: `hints.forNodes`, the names.
    pub node_hints: Box<[Name]>,
}

/// Whether an endpoint takes traffic. `None` where it was left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct EndpointConditions {
    /// It takes traffic: serving, and not on its way out.
    pub ready: Option<bool>,
    /// It would answer.
    pub serving: Option<bool>,
    /// It is on its way out.
    pub terminating: Option<bool>,
}

/// A port of a slice.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EndpointPort {
    /// Its name; empty where the service's only port has none.
    pub name: Option<Name>,
    /// The number; `None` means any.
    pub port: Option<i32>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Option<Name>,
    /// The protocol above.
    pub app_protocol: Option<Name>,
}
