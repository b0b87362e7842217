//! Services: which pods they select, and what they want to be published of them.

use core::net::IpAddr;

use crate::labels::Selector;
use crate::meta::Meta;
use crate::name::Name;

/// The label on Endpoints and slices that tells proxies that there is no cluster IP to program; without a value.
pub const HEADLESS: &str = "service.kubernetes.io/headless";

/// A v1 Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Metadata.
    pub meta: Meta,
    /// Which pods it selects. `None` without a selector: its endpoints are somebody else's to write. An empty selector arrives as none,
    /// since protobuf cannot tell them apart; upstream's controllers read protobuf, too.
    pub selector: Option<Selector>,
    /// Whether the type is `ExternalName`: such a service is a DNS name and has no endpoints.
    pub external_name: bool,
    /// `spec.clusterIP`.
    pub cluster_ip: ClusterIp,
    /// `spec.ipFamilies`, the primary one first; empty where a server before dual-stack, or a client, left it out.
    pub ip_families: Box<[IpFamily]>,
    /// The ports, in the object's order.
    pub ports: Box<[ServicePort]>,
    /// Whether pods count as ready from the moment they have an address: `spec.publishNotReadyAddresses`.
    pub publish_not_ready: bool,
    /// Which endpoints clients should prefer: `spec.trafficDistribution`.
    pub traffic_distribution: Option<Name>,
    /// The annotation `service.kubernetes.io/topology-aware-hints`, or where that is absent `service.kubernetes.io/topology-mode`, as it came.
    pub topology_mode: Option<Name>,
}

impl Service {
    /// Whether clients are told the pods' addresses instead of one of the service's own: no cluster IP, or none yet.
    pub fn is_headless(&self) -> bool {
        matches!(self.cluster_ip, ClusterIp::Unset | ClusterIp::None)
    }
}

/// `spec.clusterIP`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClusterIp {
    /// Not set.
    Unset,
    /// `None`: a headless service.
    None,
    /// An address.
    Address(IpAddr),
    /// Something that is no address.
    Unreadable,
}

/// A family of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpFamily {
    /// The family of an address.
    pub const fn of(address: IpAddr) -> IpFamily {
        match address {
            IpAddr::V4(_) => IpFamily::V4,
            IpAddr::V6(_) => IpFamily::V6,
        }
    }

    /// Its name in `ipFamilies` and in `addressType`.
    pub const fn name(self) -> &'static str {
        match self {
            IpFamily::V4 => "IPv4",
            IpFamily::V6 => "IPv6",
        }
    }
}

/// A port of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServicePort {
    /// Its name; empty where the only port has none.
    pub name: Name,
    /// `TCP`, `UDP` or `SCTP`; `TCP` where it was left out.
    pub protocol: Name,
    /// The protocol above, a hint for proxies: `appProtocol`.
    pub app_protocol: Option<Name>,
    /// The port that clients use.
    pub port: i32,
    /// The port of the pods.
    pub target: TargetPort,
}

/// The port of the pods that a service's port leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TargetPort {
    /// This port. 0 where the field was left out, which the API never does: it defaults it to the service's port.
    Number(i32),
    /// The port of that name among those of each pod.
    Name(Name),
}
