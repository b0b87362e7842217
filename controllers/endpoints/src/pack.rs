//! The canonical layout of subsets: upstream's `RepackSubsets` (pkg/api/v1/endpoints) but for the order of subsets and ports.
//!
//! Each port has its addresses, each once; ports that have the same addresses in the same state share a subset. An address
//! is known by IP and the UID of what is behind it, and is not ready if it is listed as not ready anywhere. Subsets without
//! ports count, unless their addresses have ports elsewhere.
//!
//! Upstream sorts subsets and ports by a hash over the printed form of a Go struct, which has changed between its versions.
//! Here they are sorted by what they say: ports by name, number and protocols, subsets by their ports, addresses as upstream
//! does by the bytes of their text and by UID. So the order tells nothing, and layouts are compared only after both were
//! packed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use mainstay_model::{EndpointAddress, EndpointSubset, Name, SubsetPort, TargetReference};

/// The text of the address, and the UID behind it or nothing.
type Identity = (Name, Name);

/// What is collected on the way to the canonical layout.
#[derive(Default)]
pub(crate) struct Packing {
    addresses: BTreeMap<Identity, EndpointAddress>,
    /// Which addresses each port has, and whether they are ready. `None` is no port at all.
    ports: BTreeMap<Option<SubsetPort>, BTreeMap<Identity, bool>>,
}

impl Packing {
    /// One address serves one port. Of several that are the same, the first one counts; a port without a number counts as none.
    pub(crate) fn add(&mut self, address: &EndpointAddress, port: Option<&SubsetPort>, ready: bool) {
        let identity = identity(address);
        self.addresses.entry(identity.clone()).or_insert_with(|| address.clone());
        let port = port.filter(|port| port.port > 0).cloned();
        let state = self.ports.entry(port).or_default().entry(identity).or_insert(true);
        *state &= ready;
    }

    /// The layout.
    pub(crate) fn finish(self) -> Vec<EndpointSubset> {
        let Packing { addresses, ports } = self;
        let mut groups: BTreeMap<BTreeMap<Identity, bool>, Vec<SubsetPort>> = BTreeMap::new();
        for (port, identities) in ports {
            groups.entry(identities).or_default().extend(port);
        }
        let listed = |identities: &BTreeMap<Identity, bool>, wanted: bool| {
            let identities = identities.iter().filter(move |(_, ready)| **ready == wanted);
            identities.filter_map(|(identity, _)| addresses.get(identity).cloned()).collect()
        };
        let mut subsets: Vec<EndpointSubset> = groups
            .into_iter()
            .map(|(identities, ports)| EndpointSubset {
                ready: listed(&identities, true),
                not_ready: listed(&identities, false),
                ports: ports.into(),
            })
            .collect();
        subsets.sort_by(|left, right| left.ports.cmp(&right.ports));
        subsets
    }
}

/// The canonical layout of what these subsets say.
pub(crate) fn pack(subsets: &[EndpointSubset]) -> Vec<EndpointSubset> {
    let mut packing = Packing::default();
    for subset in subsets {
        let ports: Vec<Option<&SubsetPort>> =
            if subset.ports.is_empty() { vec![None] } else { subset.ports.iter().map(Some).collect() };
        for port in ports {
            subset.ready.iter().for_each(|address| packing.add(address, port, true));
            subset.not_ready.iter().for_each(|address| packing.add(address, port, false));
        }
    }
    packing.finish()
}

/// Whether both say the same, in whatever layout. The version of what is behind an address does not count: it changes for
/// reasons that are no business of endpoints.
pub(crate) fn say_the_same(left: &[EndpointSubset], right: &[EndpointSubset]) -> bool {
    // What we have written is as we would write it: as a rule nothing has to be packed.
    are_laid_out_alike(left, right)
        || (!(is_packed(left) && is_packed(right)) && are_laid_out_alike(&pack(left), &pack(right)))
}

/// Whether the layout is seen to be the canonical one. Seen at a glance it is where all addresses are in one subset, as they mostly are.
fn is_packed(subsets: &[EndpointSubset]) -> bool {
    let [subset] = subsets else { return subsets.is_empty() };
    let knows =
        |address: &EndpointAddress| subset.ready.binary_search_by(|it| by_identity(it, address)).is_ok();
    let in_order = |addresses: &[EndpointAddress]| {
        addresses.is_sorted_by(|left, right| by_identity(left, right) == Ordering::Less)
    };
    subset.ports.is_sorted_by(|left, right| left < right)
        && subset.ports.iter().all(|port| port.port > 0)
        && in_order(&subset.ready)
        && in_order(&subset.not_ready)
        && !subset.not_ready.iter().any(knows)
        && !(subset.ready.is_empty() && subset.not_ready.is_empty())
}

fn by_identity(left: &EndpointAddress, right: &EndpointAddress) -> Ordering {
    known_by(left).cmp(&known_by(right))
}

fn are_laid_out_alike(left: &[EndpointSubset], right: &[EndpointSubset]) -> bool {
    let addresses_alike = |left: &[EndpointAddress], right: &[EndpointAddress]| {
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| are_alike(left, right))
    };
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left.ports == right.ports
                && addresses_alike(&left.ready, &right.ready)
                && addresses_alike(&left.not_ready, &right.not_ready)
        })
}

fn are_alike(left: &EndpointAddress, right: &EndpointAddress) -> bool {
    let EndpointAddress { ip, hostname, node, target } = left;
    *ip == right.ip
        && *hostname == right.hostname
        && *node == right.node
        && targets_alike(target.as_ref(), right.target.as_ref())
}

/// Whether both refer to the same, whatever its version.
pub(crate) fn targets_alike(left: Option<&TargetReference>, right: Option<&TargetReference>) -> bool {
    fn rest(target: &TargetReference) -> (&str, &str) {
        target.rest.as_ref().map_or(("", ""), |rest| (&rest.api_version, &rest.field_path))
    }
    match (left, right) {
        (Some(left), Some(right)) => {
            let TargetReference { kind, namespace, name, uid, rest: _ } = left;
            (kind, namespace, name, uid) == (&right.kind, &right.namespace, &right.name, &right.uid)
                && rest(left) == rest(right)
        }
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// What an address is known by: its text, and the UID behind it or nothing.
pub(crate) fn known_by(address: &EndpointAddress) -> (&str, &str) {
    (&address.ip, address.target.as_ref().map_or("", |target| &target.uid))
}

/// What [`known_by`] says, to be kept.
fn identity(address: &EndpointAddress) -> Identity {
    let uid = address.target.as_ref().map_or_else(|| Name::from(""), |target| target.uid.clone());
    (address.ip.clone(), uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str) -> EndpointAddress {
        EndpointAddress { ip: ip.into(), hostname: None, node: None, target: None }
    }

    fn subset(ready: &[&str], not_ready: &[&str], ports: &[i32]) -> EndpointSubset {
        let port = |port: &i32| SubsetPort {
            name: "".into(),
            port: *port,
            protocol: "TCP".into(),
            app_protocol: None,
        };
        EndpointSubset {
            ready: ready.iter().map(|ip| address(ip)).collect(),
            not_ready: not_ready.iter().map(|ip| address(ip)).collect(),
            ports: ports.iter().map(port).collect(),
        }
    }

    #[test]
    fn what_is_seen_to_be_packed_stays_as_it_is_when_it_is_packed() {
        let (few, none): (&[&str], &[&str]) = (&["10.0.0.1", "10.0.0.2"], &[]);
        let cases = [
            (vec![], true),
            (vec![subset(few, none, &[80])], true),
            (vec![subset(none, few, &[80, 443])], true),
            (vec![subset(few, none, &[])], true),
            (vec![subset(few, &["10.0.0.3"], &[80])], true),
            (vec![subset(few, &["10.0.0.2"], &[80])], false),
            (vec![subset(&["10.0.0.2", "10.0.0.1"], none, &[80])], false),
            (vec![subset(&["10.0.0.1", "10.0.0.1"], none, &[80])], false),
            (vec![subset(few, none, &[443, 80])], false),
            (vec![subset(few, none, &[0])], false),
            (vec![subset(none, none, &[80])], false),
            (vec![subset(few, none, &[80]), subset(none, few, &[81])], false),
        ];
        for (subsets, expected) in cases {
            assert_eq!(is_packed(&subsets), expected, "{subsets:?}");
            assert!(!expected || pack(&subsets) == subsets, "{subsets:?}");
        }
    }
}
