//! Hints by which each zone gets a share of a service's endpoints.
//!
//! Upstream's rule (KEP 2433, and `AddHints` in k8s.io/endpointslice/topologycache), as what is left in the end: where shares can be given, each
//! ready endpoint of a family is for one zone, and no zone gets more than leaves the others their least; else none is for any. An endpoint that
//! is not ready is for none, ever.

use std::collections::BTreeMap;

use mainstay_engine::Store;
use mainstay_model::{IpFamily, Name, Service, quantity};

use super::spec::Published;

/// By how much more than its share an endpoint may have to carry.
const OVERLOAD: f64 = 0.2;

/// Whether the annotation of a service asks for that.
pub(crate) fn is_auto(service: &Service) -> bool {
    matches!(service.topology_mode.as_deref(), Some("Auto" | "auto"))
}

/// What is said, without the hints that are looked at here.
pub(crate) fn aside(service: &Service, said: Vec<Published>) -> Vec<Published> {
    if !is_auto(service) {
        return said;
    }
    said.into_iter().map(|published| Published { hints: Vec::new(), ..published }).collect()
}

/// What is wrong with the hints of all that a service's slices say when nothing moves.
pub(crate) fn wrong(service: &Service, said: &[Published], store: &Store) -> Option<String> {
    if !is_auto(service) {
        return None;
    }
    let families = [IpFamily::V4, IpFamily::V6];
    families.into_iter().find_map(|family| wrong_in(family, said, store))
}

fn wrong_in(family: IpFamily, said: &[Published], store: &Store) -> Option<String> {
    let of_family = || said.iter().filter(move |published| published.place.0 == family);
    if let Some(odd) = of_family().find(|it| !is_ready(it) && !it.hints.is_empty()) {
        return Some(format!("it is not ready, and is for {:?}: {:?}", odd.hints, odd.pod));
    }
    let ready: Vec<&Published> = of_family().filter(|it| is_ready(it)).collect();
    let hinted = ready.iter().filter(|it| !it.hints.is_empty()).count();
    if hinted != 0 && hinted != ready.len() {
        return Some(format!("{hinted} of {} ready endpoints are for a zone", ready.len()));
    }
    let Some(shares) = shares(&ready, store).filter(|_| !ready.is_empty()) else {
        return (hinted != 0).then(|| "zones can have no shares, and there are hints".to_owned());
    };
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for published in &ready {
        let [zone] = published.hints.as_slice() else {
            return Some(format!("{:?} is for {:?}, not for one zone", published.pod, published.hints));
        };
        *counts.entry(zone).or_default() += 1;
    }
    // Who shares out anew stops where no zone has one more than it should, so a zone may have that part of one too many.
    let is_too_many = |zone: &Name, count: usize| match shares.get(zone) {
        Some((fair, most)) => count > *most && count as f64 >= fair + 1.0,
        None => true,
    };
    let too_many = counts.into_iter().find(|(zone, count)| is_too_many(zone, *count));
    too_many.map(|(zone, count)| format!("{count} are for {zone}, and shares and most are {shares:?}"))
}

fn is_ready(published: &Published) -> bool {
    published.conditions.first() == Some(&Some(true))
}

/// What each zone should get, and the most that leave enough for others; `None` where there can be no shares.
fn shares(ready: &[&Published], store: &Store) -> Option<BTreeMap<Name, (f64, usize)>> {
    let mut cpus: BTreeMap<Name, f64> = BTreeMap::new();
    for node in store.nodes().iter().filter(|node| node.ready) {
        if node.meta.labels.iter().any(|(key, _)| key.ends_with("/control-plane")) {
            continue;
        }
        let cpu = node.allocatable_cpu.as_deref().and_then(quantity::billionths)?;
        *cpus.entry(node.zone()?.clone()).or_default() += (cpu / 1_000_000) as f64;
    }
    if cpus.len() < 2 || ready.len() < cpus.len() || ready.iter().any(|published| published.zone.is_none()) {
        return None;
    }
    let total: f64 = cpus.values().sum();
    let fair = |cpu: f64| cpu / total * ready.len() as f64;
    let least = |cpu: f64| (fair(cpu) * (1.0 / (1.0 + OVERLOAD))).ceil() as usize;
    let needed: usize = cpus.values().map(|cpu| least(*cpu)).sum();
    let free = ready.len().checked_sub(needed)?;
    let share = |cpu: f64| (fair(cpu).max(least(cpu) as f64), least(cpu) + free);
    Some(cpus.into_iter().map(|(zone, cpu)| (zone, share(cpu))).collect())
}
