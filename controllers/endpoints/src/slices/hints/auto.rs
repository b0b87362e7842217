//! Sharing out the ready endpoints of a family among the zones.
//!
//! Upstream: `AddHints` and what it calls in k8s.io/endpointslice/topologycache. Slices that are not written keep their hints as long as these leave each
//! zone enough; in the others each endpoint is for its own zone, and then zones that have too many give to those that have too few.
//!
//! Other than upstream, it comes to rest: where that leaves a zone more than it may get, which upstream would see again in each sync, all endpoints
//! are shared out anew, and then the result depends on nothing that it changes. A zone without ready nodes gives away all that it has. Ties are
//! broken by the names of zones.

use std::collections::BTreeMap;

use mainstay_engine::Store;
use mainstay_model::{Endpoint, Name};

use super::zones::{Share, Unshared, ratios, shares};
use crate::slices::draft::Draft;

type Shares = BTreeMap<Name, Share>;
type Counts = BTreeMap<Name, usize>;

/// Shares out the endpoints; where that cannot be done, none has a hint.
pub(super) fn assign(groups: &mut [Vec<Draft<'_>>], store: &Store) -> Result<(), Unshared> {
    let shares = find_shares(groups, store);
    match &shares {
        Err(_) => groups.iter_mut().flatten().for_each(strip),
        Ok(shares) => {
            share_out(groups, shares, false);
            if counts(groups, shares).is_none() {
                share_out(groups, shares, true);
            }
        }
    }
    shares.map(|_| ())
}

fn find_shares(groups: &[Vec<Draft<'_>>], store: &Store) -> Result<Shares, Unshared> {
    let ratios = ratios(store)?;
    let all = || groups.iter().flatten().flat_map(Draft::endpoints).filter(|endpoint| is_ready(endpoint));
    let shares = shares(&ratios, all().count())?;
    if all().any(|endpoint| endpoint.zone.is_none()) {
        return Err(Unshared::EndpointWithoutZone);
    }
    Ok(shares)
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.ready == Some(true)
}

fn strip(draft: &mut Draft<'_>) {
    if draft.endpoints().iter().any(|endpoint| !endpoint.zone_hints.is_empty()) {
        draft.endpoints_mut().iter_mut().for_each(|endpoint| endpoint.zone_hints = Box::default());
    }
}

/// How many endpoints are for each zone; `None` where one is for no zone or for one that has no share, or where a zone has too many.
fn counts(groups: &[Vec<Draft<'_>>], shares: &Shares) -> Option<Counts> {
    let mut counts = Counts::new();
    groups.iter().flatten().try_for_each(|draft| count(draft, shares, &mut counts))?;
    Some(counts)
}

/// Adds the hints of a draft, if they may stay beside those that are counted already.
fn count(draft: &Draft<'_>, shares: &Shares, counts: &mut Counts) -> Option<()> {
    let mut own = Counts::new();
    for endpoint in draft.endpoints().iter().filter(|endpoint| is_ready(endpoint)) {
        let [zone] = &*endpoint.zone_hints else { return None };
        match own.get_mut(zone) {
            Some(number) => *number += 1,
            None => drop(own.insert(zone.clone(), 1)),
        }
    }
    let sum = |zone: &Name, number: &usize| number + counts.get(zone).copied().unwrap_or_default();
    let fits = own
        .iter()
        .all(|(zone, number)| shares.get(zone).is_some_and(|share| sum(zone, number) <= share.maximum));
    fits.then(|| own.into_iter().for_each(|(zone, number)| *counts.entry(zone).or_default() += number))
}

fn share_out(groups: &mut [Vec<Draft<'_>>], shares: &Shares, all: bool) {
    let mut counted = Counts::new();
    let mut open: Vec<&mut Draft<'_>> = Vec::new();
    for draft in groups.iter_mut().flatten() {
        if all || draft.endpoints.is_some() || count(draft, shares, &mut counted).is_none() {
            open.push(draft);
        }
    }
    let endpoints = open.into_iter().flat_map(|draft| draft.endpoints_mut().iter_mut());
    let (ready, others): (Vec<&mut Endpoint>, Vec<&mut Endpoint>) = endpoints.partition(|it| is_ready(it));
    others.into_iter().for_each(|endpoint| endpoint.zone_hints = Box::default());
    for zone in ready.iter().filter_map(|endpoint| endpoint.zone.as_ref()) {
        *counted.entry(zone.clone()).or_default() += 1;
    }
    let (mut giving, mut receiving) = moves(shares, &counted);
    for endpoint in ready {
        let Some(own) = endpoint.zone.clone() else { continue };
        let gives = giving.get_mut(&own).filter(|number| **number > 0);
        let receives = receiving.iter_mut().find(|(_, number)| **number > 0);
        let zone = match (gives, receives) {
            (Some(gives), Some((zone, receives))) => {
                *gives -= 1;
                *receives -= 1;
                zone.clone()
            }
            _ => own,
        };
        endpoint.zone_hints = Box::new([zone]);
    }
}

/// How many endpoints each zone should give to others, and receive (upstream: `getGivingAndReceivingZones`).
fn moves(shares: &Shares, counted: &Counts) -> (Counts, Counts) {
    let desired = |zone: &Name| shares.get(zone).map_or(0.0, |share| share.desired);
    let has = |zone: &Name| counted.get(zone).copied().unwrap_or_default() as f64;
    let zones = || shares.keys().chain(counted.keys().filter(|zone| !shares.contains_key(*zone)));
    let mut surplus: BTreeMap<&Name, f64> = zones().map(|zone| (zone, has(zone) - desired(zone))).collect();
    let (mut giving, mut receiving) = (Counts::new(), Counts::new());
    loop {
        let most = |sign: f64| {
            let scaled = surplus.iter().map(|(zone, number)| (*zone, sign * number));
            scaled.filter(|(_, number)| *number > 0.0).fold(None, |most: Option<(&Name, f64)>, it| {
                if most.is_some_and(|most| most.1 >= it.1) { most } else { Some(it) }
            })
        };
        let (Some((giver, gives)), Some((receiver, receives))) = (most(1.0), most(-1.0)) else { break };
        if (gives < 1.0 && receives < 1.0) || gives < 0.5 || receives < 0.5 {
            break;
        }
        *giving.entry(giver.clone()).or_default() += 1;
        *receiving.entry(receiver.clone()).or_default() += 1;
        *surplus.entry(giver).or_default() -= 1.0;
        *surplus.entry(receiver).or_default() += 1.0;
    }
    (giving, receiving)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Zones<T> = &'static [(&'static str, T)];

    /// Upstream's Test_getGivingAndReceivingZones, as far as its numbers can occur.
    #[test]
    fn get_giving_and_receiving_zones() {
        let cases: [(Zones<f64>, [Zones<usize>; 3]); 6] = [
            (&[], [&[]; 3]),
            (&[("a", 1.2), ("b", 1.1), ("c", 1.0)], [&[("a", 1), ("b", 1), ("c", 1)], &[], &[]]),
            (&[("a", 5.1), ("b", 5.1), ("c", 5.8)], [&[("a", 16)], &[("a", 10)], &[("b", 5), ("c", 5)]]),
            (&[("a", 5.0), ("b", 5.6), ("c", 5.4)], [&[("a", 16)], &[("a", 11)], &[("b", 6), ("c", 5)]]),
            (
                &[("a", 5.0), ("b", 5.6), ("c", 5.4)],
                [&[("b", 8), ("c", 8)], &[("b", 2), ("c", 3)], &[("a", 5)]],
            ),
            // A zone without a share, which upstream leaves what it has.
            (
                &[("a", 2.0), ("b", 2.0)],
                [&[("a", 1), ("b", 1), ("c", 2)], &[("c", 2)], &[("a", 1), ("b", 1)]],
            ),
        ];
        let counts =
            |zones: Zones<usize>| zones.iter().map(|(zone, number)| (Name::from(*zone), *number)).collect();
        for (desired, [counted, giving, receiving]) in cases {
            let share =
                |(zone, desired): &(&str, f64)| (Name::from(*zone), Share { desired: *desired, maximum: 99 });
            let shares: Shares = desired.iter().map(share).collect();
            assert_eq!(moves(&shares, &counts(counted)), (counts(giving), counts(receiving)), "{desired:?}");
        }
    }
}
