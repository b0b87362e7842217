//! What a service's EndpointSlices are to say, in the plainest way: no packing, no comparison with what is there.

use core::net::IpAddr;
use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::endpoint_slice::{MANAGED_BY, SERVICE_NAME};
use mainstay_model::{
    AddressType, ClusterIp, EndpointPort, EndpointSlice, IpFamily, Name, ObjectName, Pod, Service,
    ServicePort, TargetPort,
};

/// Who writes the slices of services with a selector.
pub(crate) const OF_SERVICES: &str = "endpointslice-controller.k8s.io";
/// Who writes the slices that mirror an Endpoints.
pub(crate) const OF_MIRRORS: &str = "endpointslicemirroring-controller.k8s.io";

/// A port as slices tell it: name, number, protocol, protocol above.
pub(crate) type Port = (Name, i32, Name, Name);

/// Where an endpoint stands, so that it must not stand there twice: family, ports, the pod's UID.
pub(crate) type Place = (IpFamily, Vec<Port>, Name);

/// All that is said of one endpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Published {
    pub place: Place,
    pub pod: (Name, Name),
    pub addresses: Vec<IpAddr>,
    /// Ready, serving, terminating.
    pub conditions: [Option<bool>; 3],
    pub hostname: Option<Name>,
    pub node: Option<Name>,
    pub zone: Option<Name>,
    pub hints: Vec<Name>,
}

/// What is wanted of a service in its families; `None` for one whose slices no controller writes.
pub(crate) fn wanted(service: &Service, store: &Store) -> Option<BTreeSet<Published>> {
    if service.external_name || service.selector.is_none() {
        return None;
    }
    let pods = store.pods().iter().filter(|pod| selects(service, pod));
    let mut wanted = BTreeSet::new();
    for pod in pods.filter(|pod| !pod.phase.is_finished() && !pod.ips.is_empty()) {
        let node = pod.node.as_ref().and_then(|node| store.nodes().get(&ObjectName::new("", node.clone())));
        if node.is_none() && !service.publish_not_ready {
            continue;
        }
        let zone = node.and_then(|node| node.zone().cloned());
        let families = families(service);
        wanted.extend(families.iter().filter_map(|family| published(service, pod, zone.as_ref(), *family)));
    }
    Some(wanted)
}

/// Whether each ready endpoint is for its own zone, and whether it is for its own node. Not where hints depend on all endpoints together:
/// those are left out of what is said and wanted, and `hints` looks at them.
fn preference(service: &Service) -> (bool, bool) {
    match service.traffic_distribution.as_deref() {
        _ if super::hints::is_auto(service) => (false, false),
        Some("PreferClose" | "PreferSameZone") => (true, false),
        Some("PreferSameNode") => (true, true),
        _ => (false, false),
    }
}

/// Whether a service selects a pod.
pub(crate) fn selects(service: &Service, pod: &Pod) -> bool {
    service.meta.name.namespace == pod.meta.name.namespace
        && service.selector.as_ref().is_some_and(|selector| {
            selector.0.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value))
        })
}

/// The families of a service.
pub(crate) fn families(service: &Service) -> BTreeSet<IpFamily> {
    let own: BTreeSet<IpFamily> = service.ip_families.iter().copied().collect();
    match service.cluster_ip {
        _ if !own.is_empty() => own,
        ClusterIp::Address(address) => [IpFamily::of(address)].into(),
        ClusterIp::Unreadable => [IpFamily::V4].into(),
        ClusterIp::Unset | ClusterIp::None => [IpFamily::V4, IpFamily::V6].into(),
    }
}

/// The number that a port of a service leads to in a pod.
pub(crate) fn number(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let name = match &port.target {
        TargetPort::Number(number) => return Some(*number),
        TargetPort::Name(name) => name,
    };
    let own = pod.named_ports.iter().find(|own| own.name == *name && own.protocol == port.protocol);
    own.map(|own| own.number)
}

/// The addresses of that family under which a pod may be reached; not those that lead into hosts.
pub(crate) fn reachable(pod: &Pod, family: IpFamily) -> impl Iterator<Item = IpAddr> {
    let leads_astray = |address: IpAddr| match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.is_loopback(),
    };
    let of_family = pod.ips.iter().copied().filter(move |address| IpFamily::of(*address) == family);
    of_family.filter(move |address| !leads_astray(*address))
}

fn published(service: &Service, pod: &Pod, zone: Option<&Name>, family: IpFamily) -> Option<Published> {
    let mut addresses: Vec<IpAddr> = reachable(pod, family).collect();
    addresses.sort_unstable();
    let resolved = service.ports.iter().filter_map(|port| {
        let above = port.app_protocol.clone().unwrap_or_default();
        Some((port.name.clone(), number(pod, port)?, port.protocol.clone(), above))
    });
    let mut ports: Vec<Port> = resolved.collect();
    ports.sort_unstable();
    let (serving, terminating) = (pod.ready, pod.meta.is_deleting());
    let ready = service.publish_not_ready || serving && !terminating;
    let (is_near_zone, is_near_node) = preference(service);
    let zone_hint = zone.filter(|_| is_near_zone && ready);
    let node_hint = pod.node.as_ref().filter(|_| is_near_node && ready);
    let is_named = pod.subdomain.as_ref() == Some(&service.meta.name.name);
    (!addresses.is_empty()).then(|| Published {
        place: (family, ports, pod.meta.uid.to_string().into()),
        pod: (pod.meta.name.namespace.clone(), pod.meta.name.name.clone()),
        addresses,
        conditions: [Some(ready), Some(serving), Some(terminating)],
        hostname: pod.hostname.clone().filter(|_| is_named),
        node: pod.node.clone(),
        zone: zone.cloned(),
        hints: zone_hint.into_iter().chain(node_hint).cloned().collect(),
    })
}

/// What endpoints say, in their order; one that is no pod's has no UID.
pub(crate) fn said(
    address_type: AddressType,
    endpoints: &[mainstay_model::Endpoint],
    ports: &[EndpointPort],
) -> Vec<Published> {
    let AddressType::Ip(family) = address_type else { return Vec::new() };
    let ports = named(ports);
    let said = |endpoint: &mainstay_model::Endpoint| {
        let mut addresses: Vec<IpAddr> =
            endpoint.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        addresses.sort_unstable();
        let target = endpoint.target.as_ref();
        let uid = target.map(|target| target.uid.clone()).unwrap_or_default();
        let conditions = endpoint.conditions;
        Published {
            place: (family, ports.clone(), uid),
            pod: target.map(|it| (it.namespace.clone(), it.name.clone())).unwrap_or_default(),
            addresses,
            conditions: [conditions.ready, conditions.serving, conditions.terminating],
            hostname: endpoint.hostname.clone(),
            node: endpoint.node.clone(),
            zone: endpoint.zone.clone(),
            hints: endpoint.zone_hints.iter().chain(&endpoint.node_hints).cloned().collect(),
        }
    };
    endpoints.iter().map(said).collect()
}

/// What a slice says.
pub(crate) fn said_by(slice: &EndpointSlice) -> Vec<Published> {
    said(slice.address_type, &slice.endpoints, &slice.ports)
}

/// The ports of a slice, in an order that says nothing.
pub(crate) fn named(ports: &[EndpointPort]) -> Vec<Port> {
    let text = |text: &Option<Name>| text.clone().unwrap_or_default();
    let port = |port: &EndpointPort| {
        (text(&port.name), port.port.unwrap_or_default(), text(&port.protocol), text(&port.app_protocol))
    };
    let mut ports: Vec<Port> = ports.iter().map(port).collect();
    ports.sort_unstable();
    ports
}

/// The slices that bear a service's name and that manager's, those on their way out aside.
pub(crate) fn managed<'a>(
    name: &'a ObjectName,
    manager: &'a str,
    store: &'a Store,
) -> impl Iterator<Item = &'a Arc<EndpointSlice>> {
    store.endpoint_slices().iter().filter(move |slice| {
        slice.meta.name.namespace == name.namespace
            && slice.meta.labels.get(SERVICE_NAME) == Some(&name.name)
            && is_managed_by(slice, manager)
            && !slice.meta.is_deleting()
    })
}

/// Whether the label says so.
pub(crate) fn is_managed_by(slice: &EndpointSlice, manager: &str) -> bool {
    slice.meta.labels.get(MANAGED_BY).is_some_and(|label| **label == *manager)
}

/// A service's own slices.
pub(crate) fn own<'a>(
    service: &'a Service,
    store: &'a Store,
) -> impl Iterator<Item = &'a Arc<EndpointSlice>> {
    let is_owned = |slice: &&Arc<EndpointSlice>| {
        let mut owners = slice.meta.owners.iter();
        owners.any(|owner| owner.uid == Some(service.meta.uid) && *owner.kind == *"Service")
    };
    managed(&service.meta.name, OF_SERVICES, store).filter(is_owned)
}
