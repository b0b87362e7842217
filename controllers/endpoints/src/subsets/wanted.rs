//! The subsets that a service's pods make (upstream: `syncService` in pkg/controller/endpoint).

use core::net::IpAddr;
use std::sync::Arc;

use mainstay_model::{
    ClusterIp, EndpointAddress, EndpointSubset, IpFamily, Name, Pod, Service, SubsetPort, TargetReference,
};

use super::ip_text::IpText;
use super::truncate::{CAPACITY, truncate};
use crate::members::{Member, address_of, are_ports_numbers, port_of};
use crate::pack::Packing;

/// A member under the one address that the service publishes of it.
struct Published<'a> {
    member: &'a Member<'a>,
    ip: IpAddr,
}

/// The subsets, with no more addresses than an Endpoints can bear, and whether there are more. A pod that terminates is left out, unless the
/// service wants all of its pods published.
pub(super) fn subsets(service: &Service, members: &[Member<'_>]) -> (Vec<EndpointSubset>, bool) {
    let members = members.iter().filter(|member| service.publish_not_ready || !member.terminating);
    let published: Vec<Published<'_>> =
        members.filter_map(|member| Some(Published { member, ip: ip(service, member)? })).collect();
    match common_ports(service, &published) {
        Some(ports) => one(&published, ports),
        None => truncate(several(service, &published)),
    }
}

/// The ports of all that is published, where they are the same for all, in the canonical order; as they are but for services that ask for a port by
/// a name that means different ones in their pods. `None` where that cannot be seen at a glance.
fn common_ports(service: &Service, published: &[Published<'_>]) -> Option<Box<[SubsetPort]>> {
    let first = published.first()?.member.pod;
    let by_number = are_ports_numbers(service);
    let are_alike = |pod: &Pod| {
        by_number || Arc::ptr_eq(&pod.named_ports, &first.named_ports) || pod.named_ports == first.named_ports
    };
    if !published.iter().all(|published| are_alike(published.member.pod)) {
        return None;
    }
    let mut ports: Vec<SubsetPort> = ports(service, first).collect();
    ports.sort();
    ports.dedup();
    let has_some = !ports.is_empty() || is_portless(service);
    (has_some && ports.iter().all(|port| port.port > 0)).then(|| ports.into())
}

/// One subset with all addresses: what [`several`] and [`truncate`] come to then, by making those addresses only that stay.
fn one(published: &[Published<'_>], ports: Box<[SubsetPort]>) -> (Vec<EndpointSubset>, bool) {
    let (mut ready, mut not_ready) = (Vec::new(), Vec::new());
    for published in published {
        let list = if published.member.ready { &mut ready } else { &mut not_ready };
        list.push((IpText::of(published.ip), published.member));
    }
    let truncated = ready.len() + not_ready.len() > CAPACITY;
    keep_first(&mut ready, CAPACITY);
    keep_first(&mut not_ready, CAPACITY - ready.len());
    let addresses = |list: Vec<(IpText, &Member<'_>)>| {
        list.into_iter().map(|(ip, member)| address(member, ip.as_str().into())).collect()
    };
    let subset = EndpointSubset { ready: addresses(ready), not_ready: addresses(not_ready), ports };
    (vec![subset], truncated)
}

/// Leaves the first ones, in the canonical order.
fn keep_first(list: &mut Vec<(IpText, &Member<'_>)>, count: usize) {
    type Entry<'l, 'a> = (IpText, &'l Member<'a>);
    let order = |left: &Entry<'_, '_>, right: &Entry<'_, '_>| {
        left.0.cmp(&right.0).then_with(|| left.1.pod.meta.uid.cmp(&right.1.pod.meta.uid))
    };
    if count < list.len() {
        list.select_nth_unstable_by(count, order);
        list.truncate(count);
    }
    list.sort_unstable_by(order);
}

/// The subsets of pods whose ports differ, however many addresses they have.
fn several(service: &Service, published: &[Published<'_>]) -> Vec<EndpointSubset> {
    let mut packing = Packing::default();
    for Published { member, ip } in published {
        let address = address(member, ip.to_string().into());
        if is_portless(service) {
            packing.add(&address, None, member.ready);
        }
        for port in ports(service, member.pod) {
            packing.add(&address, Some(&port), member.ready);
        }
    }
    packing.finish()
}

/// Whether what is published is addresses alone.
fn is_portless(service: &Service) -> bool {
    service.ports.is_empty() && service.cluster_ip == ClusterIp::None
}

/// The ports of the service, as far as the pod has them.
fn ports<'a>(service: &'a Service, pod: &'a Pod) -> impl Iterator<Item = SubsetPort> + 'a {
    service.ports.iter().filter_map(|port| {
        Some(SubsetPort {
            name: port.name.clone(),
            port: port_of(pod, port)?,
            protocol: port.protocol.clone(),
            app_protocol: port.app_protocol.clone(),
        })
    })
}

/// The one address of the pod that the service publishes; none where the pod has none of the service's family.
fn ip(service: &Service, member: &Member<'_>) -> Option<IpAddr> {
    address_of(member, family(service, member.pod)).next()
}

fn address(member: &Member<'_>, ip: Name) -> EndpointAddress {
    let pod = member.pod;
    EndpointAddress {
        ip,
        hostname: member.hostname.cloned(),
        node: pod.node.clone(),
        target: Some(TargetReference::pod(
            pod.meta.name.namespace.clone(),
            pod.meta.name.name.clone(),
            pod.meta.uid,
        )),
    }
}

/// The one family that an Endpoints has: the service's primary one. Where the service does not say, its own address does,
/// and where it has none, the pod's (upstream: `podToEndpointAddressForService`).
fn family(service: &Service, pod: &Pod) -> IpFamily {
    let of = |address: &IpAddr| IpFamily::of(address.to_canonical());
    let own = match &service.cluster_ip {
        ClusterIp::Address(address) => Some(of(address)),
        ClusterIp::Unreadable => Some(IpFamily::V4),
        ClusterIp::Unset | ClusterIp::None => pod.ips.first().map(of),
    };
    service.ip_families.first().copied().or(own).unwrap_or(IpFamily::V4)
}
