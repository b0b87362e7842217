//! The pods that a service publishes, in groups that share their ports.
//!
//! Pods that resolve a port's name to different numbers cannot share a slice. A pod that has none of the ports, and each pod of a service without
//! ports, is in a group without ports.

use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::{EndpointPort, Name, ObjectName, Service};

use super::ports;
use crate::members::{Member, are_ports_numbers, port_of};

/// A pod that may become an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// The pod.
    pub member: Member<'a>,
    /// The zone of its node, if there is one and it says so.
    pub zone: Option<&'a Name>,
}

/// Pods that share their ports.
pub(crate) struct Group<'a> {
    /// The ports, in the service's order.
    pub ports: Arc<[EndpointPort]>,
    /// The pods, in the order of their names.
    pub candidates: Vec<Candidate<'a>>,
}

/// The candidates among the members, and those that must wait, because their node is not known: its zone would be missing, and perhaps
/// the pod is but a trace that the node has left. A service that wants all of its pods published does not wait.
pub(crate) fn candidates<'a>(
    service: &Service,
    members: &[Member<'a>],
    store: &'a Store,
) -> (Vec<Candidate<'a>>, Vec<Member<'a>>) {
    let (mut candidates, mut waiting) = (Vec::with_capacity(members.len()), Vec::new());
    let mut name = ObjectName::new("", "");
    for member in members {
        let node = member.pod.node.as_ref().and_then(|node| {
            name.name = node.clone();
            store.nodes().get(&name)
        });
        if node.is_some() || service.publish_not_ready {
            candidates.push(Candidate { member: *member, zone: node.and_then(|node| node.zone()) });
        } else {
            waiting.push(*member);
        }
    }
    (candidates, waiting)
}

/// The candidates by the ports that they serve, the group of the first one first.
pub(crate) fn groups<'a>(service: &Service, candidates: &[Candidate<'a>]) -> Vec<Group<'a>> {
    let by_number = are_ports_numbers(service);
    let mut groups: Vec<Group<'a>> = Vec::new();
    // Pods of one template share their list of ports, so the group is looked for once for most of them.
    let mut last: Option<(Member<'a>, usize)> = None;
    for candidate in candidates {
        let alike = last.filter(|(other, _)| {
            by_number || Arc::ptr_eq(&other.pod.named_ports, &candidate.member.pod.named_ports)
        });
        let position = alike.map_or_else(|| group_of(service, candidate, &mut groups), |(_, group)| group);
        last = Some((candidate.member, position));
        if let Some(group) = groups.get_mut(position) {
            group.candidates.push(*candidate);
        }
    }
    groups
}

/// Where the group of the candidate's ports stands; a new one where there is none yet.
fn group_of(service: &Service, candidate: &Candidate<'_>, groups: &mut Vec<Group<'_>>) -> usize {
    let own: Vec<EndpointPort> = service
        .ports
        .iter()
        .filter_map(|port| {
            Some(EndpointPort {
                name: Some(port.name.clone()),
                port: Some(port_of(candidate.member.pod, port)?),
                protocol: Some(port.protocol.clone()),
                app_protocol: port.app_protocol.clone(),
            })
        })
        .collect();
    groups.iter().position(|group| ports::are_same(&group.ports, &own)).unwrap_or_else(|| {
        groups.push(Group { ports: own.into(), candidates: Vec::new() });
        groups.len() - 1
    })
}
