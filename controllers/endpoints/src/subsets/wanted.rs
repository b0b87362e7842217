//! The subsets that a service's pods make (upstream: `syncService` in pkg/controller/endpoint).

use core::net::IpAddr;

use mainstay_model::{
    ClusterIp, EndpointAddress, EndpointSubset, IpFamily, Pod, Service, SubsetPort, TargetReference,
};

use crate::members::{Member, address_of, port_of};
use crate::pack::Packing;

/// All subsets, however many addresses they have. A pod that terminates is left out, unless the service wants all of its
/// pods published.
pub(super) fn subsets(service: &Service, members: &[Member<'_>]) -> Vec<EndpointSubset> {
    let mut packing = Packing::default();
    for member in members.iter().filter(|member| service.publish_not_ready || !member.terminating) {
        let Some(address) = address(service, member) else { continue };
        if service.ports.is_empty() && service.cluster_ip == ClusterIp::None {
            packing.add(&address, None, member.ready);
        }
        for port in &service.ports {
            let Some(number) = port_of(member.pod, port) else { continue };
            let port = SubsetPort {
                name: port.name.clone(),
                port: number,
                protocol: port.protocol.clone(),
                app_protocol: port.app_protocol.clone(),
            };
            packing.add(&address, Some(&port), member.ready);
        }
    }
    packing.finish()
}

/// The one address of the pod that the service publishes; none where the pod has none of the service's family.
pub(super) fn address(service: &Service, member: &Member<'_>) -> Option<EndpointAddress> {
    let pod = member.pod;
    let ip = address_of(member, family(service, pod)).next()?;
    Some(EndpointAddress {
        ip: ip.to_string().into(),
        hostname: member.hostname.cloned(),
        node: pod.node.clone(),
        target: Some(TargetReference::pod(
            pod.meta.name.namespace.clone(),
            pod.meta.name.name.clone(),
            pod.meta.uid,
        )),
    })
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
