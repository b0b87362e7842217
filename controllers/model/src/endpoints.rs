//! Endpoints: the addresses of a service in one object.

use std::sync::Arc;

use bytes::Bytes;

use crate::labels::LabelSet;
use crate::meta::Meta;
use crate::name::Name;
use crate::target::TargetReference;

/// A v1 Endpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// Metadata.
    pub meta: Meta,
    /// All annotations.
    pub annotations: LabelSet,
    /// The addresses.
    pub subsets: Arc<[EndpointSubset]>,
    /// The metadata that an update must hand back untouched, encoded as it came: `generateName`, owner references and finalizers. Empty
    /// where there are none.
    pub kept: Bytes,
}

/// Addresses that share their ports.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct EndpointSubset {
    /// Those that are ready.
    pub ready: Box<[EndpointAddress]>,
    /// Those that are not.
    pub not_ready: Box<[EndpointAddress]>,
    /// The ports that each of them serves.
    pub ports: Box<[SubsetPort]>,
}

/// An address of a service.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EndpointAddress {
    /// The address, as text: what users write need not be one.
    pub ip: Name,
    /// The name under which DNS knows it.
    pub hostname: Option<Name>,
    /// The node it is on.
    pub node: Option<Name>,
    /// What is behind it.
    pub target: Option<TargetReference>,
}

/// A port of a subset.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SubsetPort {
    /// Its name; empty where it has none.
    pub name: Name,
    /// The number.
    pub port: i32,
    /// `TCP`, `UDP` or `SCTP`; `TCP` where it was left out.
    pub protocol: Name,
    /// The protocol above.
    pub app_protocol: Option<Name>,
}
