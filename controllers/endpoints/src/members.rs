//! The pods of a service: who they are, where they are reached, and on which ports.
//!
//! The three questions are upstream's (`ShouldPodBeInEndpoints`, `ShouldSetHostname` and `FindPort` in
//! k8s.io/endpointslice), and what writes Endpoints and what writes EndpointSlices asks them alike. On purpose otherwise:
//! - an address that leads into a host instead of to a pod is refused here, not by the server only (CVE-2021-25737), so it holds
//!   up none of the other addresses;
//! - pods are looked for in the service's own namespace and nowhere else (CVE-2021-25740).

use core::net::IpAddr;
use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::service::{ServicePort, TargetPort};
use mainstay_model::{IpFamily, Name, Pod, Service};

/// A pod that a service selects, as far as clients are told of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// The pod.
    pub pod: &'a Arc<Pod>,
    /// The name under which DNS knows it: its hostname, if its subdomain is the service's name.
    pub hostname: Option<&'a Name>,
    /// Whether it takes traffic: it serves and is not on its way out, or the service wants all of its pods published.
    pub ready: bool,
    /// Whether it would answer: the pod is Ready.
    pub serving: bool,
    /// Whether its deletion has been asked for.
    pub terminating: bool,
}

/// The pods that the service selects and that have an address and have not finished, in the order of their names. Those that
/// terminate are among them. None for a service without a selector.
pub(crate) fn members<'a>(service: &'a Service, store: &'a Store) -> Vec<Member<'a>> {
    let Some(selector) = &service.selector else { return Vec::new() };
    let pods = store.pods().matching(&service.meta.name.namespace, selector);
    let mut members: Vec<Member<'a>> =
        pods.filter(|pod| can_be_published(pod)).map(|pod| Member::of(service, pod)).collect();
    // They are all of one namespace.
    members.sort_unstable_by(|left, right| left.pod.meta.name.name.cmp(&right.pod.meta.name.name));
    members
}

/// Whether a pod has something to publish, whichever service selects it.
pub(crate) fn can_be_published(pod: &Pod) -> bool {
    !pod.phase.is_finished() && !pod.ips.is_empty()
}

impl<'a> Member<'a> {
    fn of(service: &Service, pod: &'a Arc<Pod>) -> Member<'a> {
        let terminating = pod.meta.is_deleting();
        let subdomain_fits = pod.subdomain.as_ref() == Some(&service.meta.name.name);
        Member {
            pod,
            hostname: pod.hostname.as_ref().filter(|_| subdomain_fits),
            ready: service.publish_not_ready || (pod.ready && !terminating),
            serving: pod.ready,
            terminating,
        }
    }
}

/// The addresses of that family under which clients may be sent to the member, the pod's primary one first.
pub(crate) fn address_of<'a>(
    member: &Member<'a>,
    family: IpFamily,
) -> impl Iterator<Item = IpAddr> + use<'a> {
    let addresses = member.pod.ips.iter().map(IpAddr::to_canonical);
    addresses.filter(move |address| IpFamily::of(*address) == family && !is_refused(*address))
}

/// The addresses of members under which no client may be sent anywhere, with the pods that claim them.
pub(crate) fn refused_addresses<'a>(members: &[Member<'a>]) -> Vec<(&'a Name, IpAddr)> {
    let claims = |member: &Member<'a>| {
        let name = &member.pod.meta.name.name;
        let addresses = member.pod.ips.iter().map(IpAddr::to_canonical);
        addresses.filter(|address| is_refused(*address)).map(move |address| (name, address))
    };
    members.iter().flat_map(claims).collect()
}

/// Whether an address leads to no pod but into the host that uses it, or to nobody in particular. Wants the canonical form: an
/// IPv4 address in IPv6 clothes is judged as what it is.
pub(crate) fn is_refused(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    link_local || address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

/// The port of the pod that a port of the service leads to; `None` where the pod has no port of that name and protocol.
pub(crate) fn port_of(pod: &Pod, port: &ServicePort) -> Option<i32> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let fits = pod
                .named_ports
                .iter()
                .find(|candidate| candidate.name == *name && candidate.protocol == port.protocol);
            fits.map(|port| port.number)
        }
    }
}

/// Whether all ports of the service lead to the same ones in every pod, whatever these call theirs.
pub(crate) fn are_ports_numbers(service: &Service) -> bool {
    service.ports.iter().all(|port| matches!(port.target, TargetPort::Number(_)))
}
