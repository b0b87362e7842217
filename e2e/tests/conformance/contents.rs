//! What Endpoints and EndpointSlices say in random sequences: mostly what is valid, and each way to be wrong that a writer could go.

use mainstay_model::{
    AddressType, Endpoint, EndpointAddress, EndpointConditions, EndpointPort, EndpointSliceContent,
    EndpointSubset, EndpointsContent, IpFamily, LabelSet, Name, SubsetPort, TargetReference, Uid,
};
use mainstay_sim::dice::Dice;

const GOOD: &[&str] = &["10.0.0.1", "10.0.0.2", "192.168.1.1"];
const GOOD_V6: &[&str] = &["fd00::1", "fd00::2", "2001:db8::1"];
const BAD: &[&str] = &[
    "127.0.0.1",
    "169.254.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "ff02::1",
    "nonsense",
    "",
    "10.0.0.256",
];
const HOSTNAMES: &[&str] = &["host-1", "host-2", "Host", "a.b", ""];
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP", "ICMP", ""];

fn one(dice: &mut Dice, choices: &[&str]) -> Name {
    dice.one_of(choices).copied().unwrap_or_default().into()
}

/// Mostly the first.
fn mostly(dice: &mut Dice, choices: &[&str]) -> Name {
    match dice.percent(95) {
        true => choices.first().copied().unwrap_or_default().into(),
        false => one(dice, choices),
    }
}

fn number(dice: &mut Dice) -> i32 {
    match dice.percent(95) {
        true => 8080 + i32::try_from(dice.below(2)).unwrap_or(0),
        false => dice.one_of(&[0, -1, 65_535, 65_536]).copied().unwrap_or(0),
    }
}

fn labels(dice: &mut Dice) -> LabelSet {
    let sets: [&[(&str, &str)]; 3] = [&[], &[("app", "red")], &[("kubernetes.io/service-name", "web")]];
    dice.one_of(&sets).copied().unwrap_or_default().iter().copied().collect()
}

fn target(dice: &mut Dice) -> Option<TargetReference> {
    let uid = Uid(u128::from(dice.below(3)) + 1);
    dice.percent(50).then(|| TargetReference::pod("shop".into(), "pod".into(), uid))
}

/// An Endpoints.
pub fn endpoints(dice: &mut Dice) -> EndpointsContent {
    let count = dice.below(3);
    let annotations: &[(&str, &str)] =
        if dice.percent(30) { &[("endpoints.kubernetes.io/over-capacity", "truncated")] } else { &[] };
    EndpointsContent {
        labels: labels(dice),
        annotations: annotations.iter().copied().collect(),
        subsets: (0..count).map(|_| subset(dice)).collect(),
    }
}

fn subset(dice: &mut Dice) -> EndpointSubset {
    let least = u64::from(dice.percent(93));
    let (ready, not_ready, ports) = (dice.below(3) + least, dice.below(2), dice.below(3));
    EndpointSubset {
        ready: (0..ready).map(|_| address(dice)).collect(),
        not_ready: (0..not_ready).map(|_| address(dice)).collect(),
        ports: (0..ports)
            .map(|place| SubsetPort {
                name: mostly(dice, &[["http", "admin"][usize::from(place > 0)], "", "http", "Ev il"]),
                port: number(dice),
                protocol: mostly(dice, &PROTOCOLS[..4]),
                app_protocol: dice.percent(10).then(|| mostly(dice, &["kubernetes.io/h2c", "http", "a b"])),
            })
            .collect(),
    }
}

fn address(dice: &mut Dice) -> EndpointAddress {
    let choices = match dice.below(50) {
        0..=1 => BAD,
        2..=12 => GOOD_V6,
        _ => GOOD,
    };
    EndpointAddress {
        ip: one(dice, choices),
        // What is empty is not there.
        hostname: dice.percent(20).then(|| mostly(dice, HOSTNAMES)).filter(|name| !name.is_empty()),
        node: dice.percent(20).then(|| mostly(dice, &["node-1", "node.a", "No de"])),
        target: target(dice),
    }
}

/// An EndpointSlice of that family.
pub fn slice(dice: &mut Dice, family: Option<IpFamily>) -> EndpointSliceContent {
    let family = family.unwrap_or(if dice.percent(60) { IpFamily::V4 } else { IpFamily::V6 });
    let (count, ports) = (dice.below(4), dice.below(3));
    let one_endpoint = endpoint(dice, family);
    let endpoints = match dice.below(60) {
        0 => vec![one_endpoint; 1000],
        1 => vec![one_endpoint; 1001],
        _ => (0..count).map(|_| endpoint(dice, family)).collect(),
    };
    EndpointSliceContent {
        labels: labels(dice),
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(family),
        endpoints: endpoints.into(),
        ports: (0..ports)
            .map(|place| EndpointPort {
                name: Some(mostly(dice, &[["", "admin"][usize::from(place > 0)], "", "admin", "Ev il"])),
                port: Some(number(dice)),
                protocol: Some(mostly(dice, PROTOCOLS)),
                app_protocol: dice.percent(10).then(|| mostly(dice, &["kubernetes.io/h2c", "http", "a b"])),
            })
            .collect(),
    }
}

fn endpoint(dice: &mut Dice, family: IpFamily) -> Endpoint {
    let (good, other) = match family {
        IpFamily::V4 => (GOOD, GOOD_V6),
        IpFamily::V6 => (GOOD_V6, GOOD),
    };
    let choices = match dice.below(60) {
        0..=1 => BAD,
        2 => other,
        _ => good,
    };
    let count = match dice.below(50) {
        0 => 0,
        1 => 100,
        2 => 101,
        3..=12 => 2,
        _ => 1,
    };
    let zones = if dice.percent(20) { dice.below(3) + u64::from(dice.percent(3)) * 7 } else { 0 };
    let nodes = if dice.percent(10) { dice.below(3) } else { 0 };
    let numbered = |dice: &mut Dice, word: &str, place: u64| -> Name {
        let place = if dice.percent(5) { 0 } else { place };
        format!("{word}-{place}").into()
    };
    let condition = |dice: &mut Dice| dice.one_of(&[None, Some(true), Some(false)]).copied().flatten();
    Endpoint {
        addresses: (0..count).map(|_| one(dice, choices)).collect(),
        conditions: EndpointConditions {
            ready: condition(dice),
            serving: condition(dice),
            terminating: condition(dice),
        },
        hostname: dice.percent(20).then(|| mostly(dice, HOSTNAMES)),
        node: dice.percent(20).then(|| mostly(dice, &["node-1", "node.a", "No de"])),
        zone: dice.percent(30).then(|| mostly(dice, &["zone-1", "Z one"])),
        target: target(dice),
        zone_hints: (0..zones).map(|place| numbered(dice, "zone", place)).collect(),
        node_hints: (0..nodes).map(|place| numbered(dice, "node", place)).collect(),
    }
}
