//! An endpoint that is wanted: what it is made of, and whether one that is there already is it.
//!
//! Most endpoints are there and right, so one is compared with the pod first and made only where that is needed.
//! Upstream: `podToEndpoint`, `hashEndpoint` and `EndpointsEqualBeyondHash` in k8s.io/endpointslice.

use core::net::IpAddr;

use mainstay_model::{Endpoint, EndpointConditions, IpFamily, Name, TargetReference, Uid};

use super::candidates::Candidate;
use super::hints::Mode;
use crate::members::{Member, address_of};

/// An endpoint that is wanted in some slice.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The pod.
    pub member: Member<'a>,
    zone: Option<&'a Name>,
    family: IpFamily,
    mode: Mode,
}

impl<'a> Wanted<'a> {
    /// What the candidate is in slices of that family; `None` where the pod has no such address.
    pub(crate) fn new(candidate: &Candidate<'a>, family: IpFamily, mode: Mode) -> Option<Wanted<'a>> {
        address_of(&candidate.member, family).next()?;
        Some(Wanted { member: candidate.member, zone: candidate.zone, family, mode })
    }

    /// The pod's name.
    pub(crate) fn name(&self) -> &'a Name {
        &self.member.pod.meta.name.name
    }

    /// Whether that endpoint is this one, perhaps in another state: same pod, addresses and hostname.
    pub(crate) fn is_in(&self, seen: &Endpoint) -> bool {
        let pod = &self.member.pod.meta.name;
        let is_target =
            |target: &TargetReference| target.name == pod.name && target.namespace == pod.namespace;
        seen.target.as_ref().is_some_and(is_target)
            && seen.hostname.as_ref() == self.member.hostname
            && self.has_addresses(&seen.addresses)
    }

    /// Whether that endpoint, which is this one, says all that is to be said. Hints that depend on all endpoints together are not looked at.
    pub(crate) fn equals(&self, seen: &Endpoint) -> bool {
        seen.conditions == self.conditions()
            && seen.node == self.member.pod.node
            && seen.zone.as_ref() == self.zone
            && seen.target.as_ref().is_some_and(|target| self.is_targeted(target))
            && seen.node_hints.iter().eq(self.node_hint())
            && (self.mode.is_shared_out(self.member.ready) || seen.zone_hints.iter().eq(self.zone_hint()))
    }

    /// Whether the pod has become ready, or is not any more, since that was written.
    pub(crate) fn serves_otherwise_than(&self, seen: &Endpoint) -> bool {
        seen.conditions.serving != Some(self.member.serving)
    }

    /// The endpoint.
    pub(crate) fn build(&self) -> Endpoint {
        let pod = self.member.pod;
        let name = pod.meta.name.clone();
        let mut addresses: Vec<Name> =
            address_of(&self.member, self.family).map(|address| address.to_string().into()).collect();
        addresses.sort_unstable();
        Endpoint {
            addresses: addresses.into(),
            conditions: self.conditions(),
            hostname: self.member.hostname.cloned(),
            node: pod.node.clone(),
            zone: self.zone.cloned(),
            target: Some(TargetReference::pod(name.namespace, name.name, pod.meta.uid)),
            zone_hints: self.zone_hint().cloned().into_iter().collect(),
            node_hints: self.node_hint().cloned().into_iter().collect(),
        }
    }

    fn conditions(&self) -> EndpointConditions {
        EndpointConditions {
            ready: Some(self.member.ready),
            serving: Some(self.member.serving),
            terminating: Some(self.member.terminating),
        }
    }

    fn zone_hint(&self) -> Option<&'a Name> {
        self.zone.filter(|_| self.member.ready && self.mode.prefers_zone())
    }

    fn node_hint(&self) -> Option<&'a Name> {
        self.member.pod.node.as_ref().filter(|_| self.member.ready && self.mode.prefers_node())
    }

    /// Whether the reference is to the pod. A version in it says nothing: nobody would keep it up to date.
    fn is_targeted(&self, target: &TargetReference) -> bool {
        *target.kind == *"Pod"
            && Uid::parse(&target.uid) == Ok(self.member.pod.meta.uid)
            && target
                .rest
                .as_ref()
                .is_none_or(|rest| rest.api_version.is_empty() && rest.field_path.is_empty())
    }

    fn has_addresses(&self, seen: &[Name]) -> bool {
        let mut own = address_of(&self.member, self.family);
        if let [seen] = seen {
            return own.next().is_some_and(|own| seen.parse() == Ok(own)) && own.next().is_none();
        }
        let seen: Result<Vec<IpAddr>, _> = seen.iter().map(|address| address.parse::<IpAddr>()).collect();
        let Ok(mut seen) = seen else { return false };
        let mut own: Vec<IpAddr> = own.collect();
        seen.sort_unstable();
        own.sort_unstable();
        seen == own
    }
}
