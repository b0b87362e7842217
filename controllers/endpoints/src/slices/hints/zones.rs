//! The share of each zone, by the CPUs of its nodes.
//!
//! Upstream: `SetNodes` and `getAllocations` in k8s.io/endpointslice/topologycache. It costs a pass over all nodes, and only services that ask for it
//! pay that.

use std::collections::BTreeMap;
use std::fmt;

use mainstay_engine::Store;
use mainstay_model::{Name, Node, quantity};

/// By how much more than its fair share an endpoint may have to carry.
const OVERLOAD: f64 = 0.2;
/// Nodes with one of these labels run none of the clients.
const EXCLUDED: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// Why no shares can be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unshared {
    /// A node says nothing of its zone or its CPUs.
    UnknownNode,
    /// All nodes that count are in one zone, or there are none.
    OneZone,
    /// There is not one for each zone.
    FewEndpoints {
        /// The ready endpoints.
        endpoints: usize,
        /// The zones.
        zones: usize,
    },
    /// If each zone got the least that it needs, more would be needed than there are.
    Overload {
        /// The ready endpoints.
        endpoints: usize,
        /// The zones.
        zones: usize,
    },
    /// The zone of an endpoint is not known.
    EndpointWithoutZone,
}

impl fmt::Display for Unshared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unshared::UnknownNode => f.write_str("A ready node lacks a zone or allocatable CPU"),
            Unshared::OneZone => f.write_str("Fewer than two zones have ready nodes"),
            Unshared::FewEndpoints { endpoints, zones } => {
                write!(f, "Too few endpoints are ready ({endpoints} endpoints, {zones} zones)")
            }
            Unshared::Overload { endpoints, zones } => {
                write!(f, "Some zone would be overloaded ({endpoints} endpoints, {zones} zones)")
            }
            Unshared::EndpointWithoutZone => f.write_str("An endpoint's zone is not known"),
        }
    }
}

/// What a zone should get.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Share {
    /// As many as it should get.
    pub desired: f64,
    /// The most that leave enough for the other zones.
    pub maximum: usize,
}

/// The part of all CPUs that each zone has, in the order of the zones' names.
pub(crate) fn ratios(store: &Store) -> Result<BTreeMap<Name, f64>, Unshared> {
    let mut cpus: BTreeMap<Name, i128> = BTreeMap::new();
    let is_excluded = |node: &Node| EXCLUDED.iter().any(|label| node.meta.labels.get(label).is_some());
    for node in store.nodes().iter().filter(|node| node.ready && !is_excluded(node)) {
        let cpu = node.allocatable_cpu.as_deref().and_then(quantity::billionths).filter(|cpu| *cpu > 0);
        let (Some(zone), Some(cpu)) = (node.zone(), cpu) else { return Err(Unshared::UnknownNode) };
        let sum = cpus.entry(zone.clone()).or_default();
        *sum = sum.saturating_add(cpu);
    }
    if cpus.len() < 2 {
        return Err(Unshared::OneZone);
    }
    let total: f64 = cpus.values().map(|cpu| thousandths(*cpu)).sum();
    Ok(cpus.into_iter().map(|(zone, cpu)| (zone, thousandths(cpu) / total)).collect())
}

/// Whole thousandths, as upstream counts CPUs.
fn thousandths(billionths: i128) -> f64 {
    const STEP: i128 = 1_000_000;
    (billionths / STEP + i128::from(billionths % STEP != 0)) as f64
}

/// The shares of so many endpoints.
pub(crate) fn shares(
    ratios: &BTreeMap<Name, f64>,
    endpoints: usize,
) -> Result<BTreeMap<Name, Share>, Unshared> {
    let zones = ratios.len();
    if zones > endpoints {
        return Err(Unshared::FewEndpoints { endpoints, zones });
    }
    let minimum = |ratio: f64| (ratio * endpoints as f64 * (1.0 / (1.0 + OVERLOAD))).ceil() as usize;
    let needed: usize = ratios.values().map(|ratio| minimum(*ratio)).sum();
    let Some(free) = endpoints.checked_sub(needed) else {
        return Err(Unshared::Overload { endpoints, zones });
    };
    let share = |ratio: f64| Share {
        desired: (ratio * endpoints as f64).max(minimum(ratio) as f64),
        maximum: minimum(ratio) + free,
    };
    Ok(ratios.iter().map(|(zone, ratio)| (zone.clone(), share(*ratio))).collect())
}
