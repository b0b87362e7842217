//! The objects of a world of services.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    ClusterIp, ContainerPort, EndpointAddress, EndpointSubset, Endpoints, IpFamily, LabelSet, Meta, Name,
    Node, ObjectName, Pod, Selector, Service, ServicePort, SubsetPort, TargetPort, Uid,
};

use super::NODES;
use crate::dice::Dice;

/// The label that selectors are about.
pub const APP: &str = "app";
/// The label of a node that says where it is.
const ZONE: &str = "topology.kubernetes.io/zone";
/// The label of a node on which there are no clients.
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
/// The label of an Endpoints that is not to be mirrored.
pub const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";

/// What a service is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceShape {
    /// The application that it selects, if it selects any.
    pub app: Option<Name>,
    /// Whether it has no address of its own.
    pub headless: bool,
    /// The families of its addresses.
    pub families: Families,
    /// Its ports.
    pub ports: Ports,
    /// Whether it wants pods that are not ready, too.
    pub publish_not_ready: bool,
    /// Whether it is but a name in DNS.
    pub external: bool,
    /// Which endpoints clients should use.
    pub preference: Preference,
}

/// Which endpoints clients of a service should use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Preference {
    /// Any.
    #[default]
    Any,
    /// Those of their zone, by the older name of it.
    Close,
    /// Those of their zone.
    SameZone,
    /// Those of their node, then those of their zone.
    SameNode,
    /// Each zone gets a share by its CPUs.
    Auto,
    /// The same in the other spelling, which comes before a wish for the same node.
    AutoBeforeNode,
    /// Words that nobody knows.
    Unknown,
}

impl Preference {
    /// All of them.
    pub const ALL: [Preference; 7] = [
        Preference::Any,
        Preference::Close,
        Preference::SameZone,
        Preference::SameNode,
        Preference::Auto,
        Preference::AutoBeforeNode,
        Preference::Unknown,
    ];

    /// What the field says, and what the annotation says.
    fn words(self) -> (Option<Name>, Option<Name>) {
        let (field, annotation) = match self {
            Preference::Any => (None, None),
            Preference::Close => (Some("PreferClose"), None),
            Preference::SameZone => (Some("PreferSameZone"), None),
            Preference::SameNode => (Some("PreferSameNode"), None),
            Preference::Auto => (None, Some("Auto")),
            Preference::AutoBeforeNode => (Some("PreferSameNode"), Some("auto")),
            Preference::Unknown => (Some("PreferFar"), Some("Disabled")),
        };
        (field.map(Name::from), annotation.map(Name::from))
    }
}

/// What a node is like.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeShape {
    /// Its zone, if it says so.
    pub zone: Option<Name>,
    /// Whether it is ready.
    pub ready: bool,
    /// Its CPUs, if it says so.
    pub cpu: Option<Name>,
    /// Whether it belongs to the control plane, where no clients are.
    pub control_plane: bool,
}

/// The families of a service's addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Families {
    /// It does not say.
    #[default]
    Unset,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// Both, IPv4 first.
    Dual,
    /// Both, IPv6 first.
    DualV6First,
}

/// The ports of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ports {
    /// One, by number.
    #[default]
    Number,
    /// One, by its name in the pods; they disagree about its number, and some have none.
    Named,
    /// One by number and one by name.
    Two,
    /// None.
    None,
}

/// What a pod is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodShape {
    /// Its application.
    pub app: Name,
    /// Its node.
    pub node: Name,
    /// Whether it has addresses of both families.
    pub dual: bool,
    /// The number of its port `web`, if it has one.
    pub web: Option<i32>,
    /// The service that it wants to be known in, by a name of its own.
    pub subdomain: Option<Name>,
}

/// What a user writes into an Endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Custom {
    /// How many subsets.
    pub subsets: usize,
    /// How many addresses each has.
    pub addresses: usize,
    /// Where addresses begin.
    pub offset: u64,
    /// Whether it is not to be mirrored.
    pub skip_mirror: bool,
}

impl PodShape {
    /// One of that application.
    pub fn draw(dice: &mut Dice, app: Name) -> PodShape {
        PodShape {
            node: dice.one_of(NODES).map(|node| Name::from(*node)).unwrap_or_default(),
            dual: dice.percent(50),
            web: match dice.below(5) {
                0 => None,
                1 => Some(9090),
                _ => Some(8080),
            },
            subdomain: dice.percent(30).then(|| app.clone()),
            app,
        }
    }

    /// The pod, without addresses.
    pub fn pod(&self, name: &ObjectName) -> Pod {
        let meta = Meta { labels: app(&self.app), ..Meta::new(name.clone(), Uid(0)) };
        let port = |number| ContainerPort { name: "web".into(), protocol: "TCP".into(), number };
        Pod {
            node: Some(self.node.clone()),
            hostname: self.subdomain.as_ref().map(|_| name.name.clone()),
            subdomain: self.subdomain.clone(),
            named_ports: self.web.map(port).into_iter().collect(),
            ..Pod::new(meta)
        }
    }
}

impl ServiceShape {
    /// The service.
    pub fn service(&self, meta: Meta) -> Service {
        let address = match self.families {
            Families::V6 | Families::DualV6First => IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
            Families::Unset | Families::V4 | Families::Dual => IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1)),
        };
        let families: &[IpFamily] = match self.families {
            Families::Unset => &[],
            Families::V4 => &[IpFamily::V4],
            Families::V6 => &[IpFamily::V6],
            Families::Dual => &[IpFamily::V4, IpFamily::V6],
            Families::DualV6First => &[IpFamily::V6, IpFamily::V4],
        };
        let number = port("plain", TargetPort::Number(80));
        let named = port("named", TargetPort::Name("web".into()));
        let ports = match self.ports {
            Ports::Number => vec![number],
            Ports::Named => vec![named],
            Ports::Two => vec![number, named],
            Ports::None => Vec::new(),
        };
        let (traffic_distribution, topology_mode) = self.preference.words();
        Service {
            meta,
            selector: self.app.as_ref().map(|value| Selector(app(value))),
            external_name: self.external,
            cluster_ip: if self.headless { ClusterIp::None } else { ClusterIp::Address(address) },
            ip_families: families.into(),
            ports: ports.into(),
            publish_not_ready: self.publish_not_ready,
            traffic_distribution,
            topology_mode,
        }
    }
}

impl Custom {
    /// The subsets.
    pub fn content(&self) -> Arc<[EndpointSubset]> {
        (0..self.subsets).map(|subset| self.subset(subset)).collect()
    }

    /// The Endpoints.
    pub fn endpoints(&self, meta: Meta) -> Endpoints {
        let skips = self.skip_mirror.then_some((SKIP_MIRROR, "true"));
        let labels = [("written-by", "a-user")].into_iter().chain(skips);
        Endpoints {
            meta: Meta { labels: labels.collect(), ..meta },
            annotations: LabelSet::default(),
            subsets: self.content(),
            kept: Bytes::new(),
        }
    }

    /// Subsets overlap in their addresses and differ in their ports. One address has two families' sisters, and one is not ready.
    fn subset(&self, subset: usize) -> EndpointSubset {
        let first = usize::try_from(self.offset).unwrap_or(0);
        let address = |number: usize| EndpointAddress {
            ip: if number.is_multiple_of(3) {
                format!("fd00:1::{number}")
            } else {
                format!("10.1.0.{number}")
            }
            .into(),
            hostname: number.is_multiple_of(2).then(|| format!("host-{number}").into()),
            node: None,
            target: None,
        };
        let mut all: Vec<EndpointAddress> =
            (first + subset..first + subset + self.addresses).map(|number| address(number + 1)).collect();
        let not_ready = if all.len() > 2 { all.pop() } else { None };
        let number = 8000 + i32::try_from(subset).unwrap_or(0);
        let ports =
            [SubsetPort { name: "custom".into(), port: number, protocol: "TCP".into(), app_protocol: None }];
        EndpointSubset { ready: all.into(), not_ready: not_ready.into_iter().collect(), ports: ports.into() }
    }
}

/// The addresses with that number.
pub fn addresses(number: u16, dual: bool) -> Box<[IpAddr]> {
    let [high, low] = number.to_be_bytes();
    let v4 = IpAddr::V4(Ipv4Addr::new(10, 0, high, low));
    let v6 = IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, number));
    if dual { [v4, v6].into() } else { [v4].into() }
}

/// An address that leads into the host of whoever uses it: nobody may be told of it.
pub fn forbidden_address(number: u16) -> Box<[IpAddr]> {
    let [high, low] = number.to_be_bytes();
    [IpAddr::V4(Ipv4Addr::new(169, 254, high, low))].into()
}

/// A node.
pub fn node(name: &Name, shape: &NodeShape) -> Node {
    let zone = shape.zone.iter().map(|zone| (ZONE, zone.clone()));
    let role = shape.control_plane.then(|| (CONTROL_PLANE, Name::default()));
    let meta =
        Meta { labels: zone.chain(role).collect(), ..Meta::new(ObjectName::new("", name.clone()), Uid(0)) };
    Node { meta, ready: shape.ready, ready_since: None, allocatable_cpu: shape.cpu.clone(), kubelet: None }
}

/// The labels of an application.
pub fn app(value: &Name) -> LabelSet {
    [(APP, value.clone())].into_iter().collect()
}

fn port(name: &str, target: TargetPort) -> ServicePort {
    ServicePort { name: name.into(), protocol: "TCP".into(), app_protocol: None, port: 80, target }
}
