//! What holds whatever the store contains.

use std::collections::BTreeSet;

use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_engine::Controller;
use mainstay_model::{
    AddressType, ClusterIp, EndpointAddress, EndpointSubset, IpFamily, Object, ObjectName, PodPhase,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::objects::{
    TestEndpoints, TestPod, TestService, TestSlice, address, endpoints, mirror, name, pod, service,
    subset_port,
};
use crate::world::{ENDPOINTS, World};

const LABELS: [&[(&str, &str)]; 4] =
    [&[("app", "web")], &[("app", "web"), ("tier", "front")], &[("app", "mail")], &[]];
const IPS: [&[&str]; 8] = [
    &["10.0.0.1"],
    &["10.0.0.2", "2001:db8::2"],
    &["2001:db8::3", "10.0.0.3"],
    &["2001:db8::4"],
    &["127.0.0.1", "10.0.0.1"],
    &["fe80::1"],
    &[],
    &["10.0.0.6"],
];
const PORTS: [&str; 4] = [":8080/TCP", "http:80/TCP", "dns:53/UDP", "web:8080/TCP"];

prop_compose! {
    fn any_pod()(
        number in 0..6_u8,
        ips in select(IPS.to_vec()),
        labels in select(LABELS.to_vec()),
        phase in select(vec![PodPhase::Running, PodPhase::Running, PodPhase::Pending, PodPhase::Failed]),
        ready in prop::option::of(0..4_i64),
        deleting in prop::bool::weighted(0.2),
        host in prop::option::of(select(vec!["web", "other"])),
        ports in subsequence(vec![("http", 80, "TCP"), ("http", 81, "TCP"), ("dns", 53, "UDP")], 0..3),
        node in select(vec!["n1", "n2"]),
        elsewhere in prop::bool::weighted(0.1),
    ) -> TestPod {
        let mut pod = pod(&format!("p{number}"), "10.0.0.1").ips(ips).labels(labels).phase(phase).node(node);
        if let Some(seconds) = ready {
            pod = pod.ready(seconds);
        }
        if deleting {
            pod = pod.deleting();
        }
        if let Some(subdomain) = host {
            pod = pod.host("host", subdomain);
        }
        for (name, number, protocol) in ports {
            pod = pod.named_port(name, number, protocol);
        }
        if elsewhere { pod.namespace("elsewhere") } else { pod }
    }
}

prop_compose! {
    fn any_service()(
        text in select(vec!["web", "front", "mail"]),
        selector in prop::option::weighted(0.8, select(LABELS[..3].to_vec())),
        external_name in prop::bool::weighted(0.1),
        cluster_ip in select(vec![
            ClusterIp::Unset, ClusterIp::None, ClusterIp::Unreadable,
            ClusterIp::Address([172, 16, 0, 1].into()), ClusterIp::Address([172, 16, 0, 1].into()),
        ]),
        families in select(vec![vec![], vec![IpFamily::V4], vec![IpFamily::V6, IpFamily::V4]]),
        publish in prop::bool::weighted(0.2),
        ports in 0..4_u8,
        label in prop::bool::weighted(0.2),
    ) -> TestService {
        let mut service = service(text).cluster_ip(cluster_ip).families(&families);
        service = match selector {
            Some(selector) => service.selector(selector),
            None => service.selectorless(),
        };
        service.0.external_name = external_name;
        service.0.publish_not_ready = publish;
        service = match ports {
            0 => service.portless(),
            1 => service,
            2 => service.port_by_name("http", "http", "TCP"),
            _ => service.port_by_name("http", "http", "TCP").port_by_name("dns", "dns", "UDP"),
        };
        if label { service.label("more", "labels") } else { service }
    }
}

fn any_addresses() -> impl Strategy<Value = Vec<EndpointAddress>> {
    let ip = select(vec!["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::4", "nonsense", "127.0.0.1"]);
    prop::collection::vec(ip.prop_map(address), 0..4)
}

prop_compose! {
    fn any_subset()(
        ready in any_addresses(),
        not_ready in any_addresses(),
        ports in subsequence(PORTS.to_vec(), 0..3),
    ) -> EndpointSubset {
        EndpointSubset {
            ready: ready.into(),
            not_ready: not_ready.into(),
            ports: ports.into_iter().map(subset_port).collect(),
        }
    }
}

prop_compose! {
    fn any_endpoints()(
        text in select(vec!["web", "web", "front", "mail", "nobody"]),
        subsets in prop::collection::vec(any_subset(), 0..4),
        managed in any::<bool>(),
        oddity in 0..8_u8,
    ) -> TestEndpoints {
        let mut endpoints = subsets.into_iter().fold(endpoints(text), TestEndpoints::with_subset);
        if managed {
            endpoints = endpoints.managed();
        }
        match oddity {
            0 => endpoints.label("endpointslice.kubernetes.io/skip-mirror", "true"),
            1 => endpoints.annotation("control-plane.alpha.kubernetes.io/leader", ""),
            2 => endpoints.annotation("endpoints.kubernetes.io/over-capacity", "truncated"),
            3 => endpoints.deleting(),
            4 => endpoints.uid(0xabc),
            _ => endpoints,
        }
    }
}

prop_compose! {
    fn any_slice()(
        number in 0..4_u8,
        ports in subsequence(PORTS.to_vec(), 0..3),
        ips in subsequence(vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"], 0..4),
        oddity in 0..8_u8,
    ) -> TestSlice {
        let slice = mirror(&format!("web-{number}")).ports(&ports);
        let slice = ips.into_iter().fold(slice, |slice, ip| slice.endpoint(ip, true));
        match oddity {
            0 => slice.family(IpFamily::V6),
            1 => slice.ownerless(),
            2 => slice.owner_uid(0xabc),
            3 => slice.managed_by("somebody-else"),
            4 => slice.deleting(),
            5 => slice.label("kubernetes.io/service-name", "front"),
            _ => slice,
        }
    }
}

/// Objects of all kinds, no two of the same kind with the same name.
fn any_objects() -> impl Strategy<Value = Vec<Object>> {
    let object = prop_oneof![
        4 => any_pod().prop_map(|pod| pod.object()),
        2 => any_service().prop_map(|service| service.object()),
        2 => any_endpoints().prop_map(|endpoints| endpoints.object()),
        1 => any_slice().prop_map(|slice| slice.object()),
    ];
    prop::collection::vec(object, 0..14).prop_map(|mut objects| {
        let mut seen = BTreeSet::new();
        objects.retain(|object| seen.insert((object.kind(), object.meta().name.clone())));
        objects
    })
}

fn controllers() -> [&'static dyn Controller; 2] {
    static MIRRORING: std::sync::LazyLock<EndpointSliceMirroring> =
        std::sync::LazyLock::new(EndpointSliceMirroring::default);
    [&ENDPOINTS, &*MIRRORING]
}

fn keys() -> [ObjectName; 4] {
    ["web", "front", "mail", "nobody"].map(name)
}

/// Both controllers have done what they want, on all keys.
fn settled(objects: Vec<Object>) -> World {
    let mut world = World::of(objects);
    for controller in controllers() {
        for key in keys() {
            world.settle(controller, &key);
        }
    }
    world
}

/// The addresses of these subsets, whether they are ready, and the name of the pod behind them.
fn addresses(subsets: &[EndpointSubset]) -> Vec<(String, bool, String)> {
    let listed = |addresses: &[EndpointAddress], ready: bool| {
        let described = addresses.iter().map(move |address| {
            let pod = address.target.as_ref().map(|target| target.name.to_string());
            (address.ip.to_string(), ready, pod.unwrap_or_default())
        });
        described.collect::<Vec<_>>()
    };
    let both = |subset: &EndpointSubset| [listed(&subset.ready, true), listed(&subset.not_ready, false)];
    subsets.iter().flat_map(both).flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn doing_what_is_planned_leads_to_rest_at_once(objects in any_objects()) {
        for controller in controllers() {
            for key in keys() {
                let plans = World::of(objects.clone()).settle(controller, &key);
                prop_assert!(plans.len() <= 1, "{plans:#?}");
            }
        }
    }

    #[test]
    fn the_order_of_deltas_does_not_matter(
        (objects, shuffled) in any_objects().prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle())),
    ) {
        let (first, second) = (World::of(objects), World::of(shuffled));
        for controller in controllers() {
            for key in keys() {
                prop_assert_eq!(first.plan_of(controller, &key), second.plan_of(controller, &key));
            }
        }
    }

    #[test]
    fn an_endpoints_has_its_pods_and_nobody_else(objects in any_objects()) {
        let world = settled(objects);
        for service in world.store.services().iter() {
            let Some(selector) = service.selector.as_ref().filter(|_| !service.external_name) else { continue };
            let stored = world.store.endpoints().get(&service.meta.name).unwrap();
            let published = addresses(&stored.subsets);
            prop_assert!(published.len() <= 1000);
            for (ip, ready, pod) in &published {
                let pod = world.store.pods().get(&name(pod)).unwrap();
                prop_assert!(selector.matches(&pod.meta.labels) && !pod.phase.is_finished());
                prop_assert!(pod.ips.contains(&ip.parse().unwrap()));
                prop_assert!(service.publish_not_ready || !pod.meta.is_deleting());
                prop_assert_eq!(*ready, service.publish_not_ready || pod.ready);
                let family = service.ip_families.first();
                prop_assert!(family.is_none_or(|family| *family == IpFamily::of(ip.parse().unwrap())));
            }
            // Nobody is forgotten whom a port without a name finds.
            for pod in world.store.pods().iter().filter(|pod| selector.matches(&pod.meta.labels)) {
                let wanted = !service.ports.is_empty()
                    && service.ip_families.first() == Some(&IpFamily::V4)
                    && !pod.phase.is_finished()
                    && !pod.meta.is_deleting()
                    && pod.meta.name.namespace == service.meta.name.namespace
                    && pod.ips.iter().any(|ip| ip.is_ipv4() && !ip.is_loopback());
                let is_there = published.iter().any(|(_, _, published)| **published == *pod.meta.name.name);
                prop_assert!(is_there || !wanted, "{pod:?}");
            }
        }
    }

    #[test]
    fn slices_mirror_what_is_to_be_mirrored_and_nothing_else(objects in any_objects()) {
        let world = settled(objects);
        for key in keys() {
            let slices = world.store.endpoint_slices().of_service(&key).filter(|slice| {
                let manager = slice.meta.labels.get("endpointslice.kubernetes.io/managed-by").unwrap();
                &**manager == "endpointslicemirroring-controller.k8s.io" && !slice.meta.is_deleting()
            });
            let mut mirrored = BTreeSet::new();
            for slice in slices {
                for endpoint in slice.endpoints.iter() {
                    let ip = endpoint.addresses[0].parse().unwrap();
                    prop_assert_eq!(slice.address_type, AddressType::Ip(IpFamily::of(ip)));
                    for port in slice.ports.iter() {
                        mirrored.insert((ip.to_string(), port.name.clone().unwrap(), port.port.unwrap()));
                    }
                }
                prop_assert!(!slice.endpoints.is_empty());
            }
            let endpoints = world.store.endpoints().get(&key).filter(|endpoints| {
                let service = world.store.services().get(&key);
                service.is_some_and(|service| service.selector.is_none())
                    && endpoints.meta.labels.get("endpointslice.kubernetes.io/skip-mirror").is_none()
                    && endpoints.annotations.get("control-plane.alpha.kubernetes.io/leader").is_none()
            });
            let mut expected = BTreeSet::new();
            for subset in endpoints.iter().flat_map(|endpoints| endpoints.subsets.iter()) {
                for (ip, ..) in addresses(std::slice::from_ref(subset)) {
                    let Ok(ip) = ip.parse::<core::net::IpAddr>() else { continue };
                    let ports = subset.ports.iter().filter(|_| !ip.is_loopback());
                    expected.extend(ports.map(|port| (ip.to_string(), port.name.clone(), port.port)));
                }
            }
            let going = endpoints.is_some_and(|endpoints| endpoints.meta.is_deleting());
            prop_assert!(mirrored == expected || going && mirrored.is_subset(&expected));
        }
    }

    #[test]
    fn a_change_that_calls_for_a_plan_is_routed(objects in any_objects(), changes in any_objects(), gone in any::<bool>()) {
        let mut world = settled(objects);
        for object in changes {
            let before = |world: &World, controller: &dyn Controller| keys().map(|key| world.plan_of(controller, &key));
            let plans = controllers().map(|controller| before(&world, controller));
            let stored = world.store.get(object.kind(), &object.meta().name);
            let made = match stored {
                Some(stored) if gone => vec![world.delete(&stored)],
                _ => world.apply(object),
            };
            for (controller, before) in controllers().into_iter().zip(plans) {
                let mut routed = Vec::new();
                made.iter().for_each(|change| {
                    let kind = change.new.as_ref().or(change.old.as_ref()).unwrap().kind();
                    if controller.kinds().contains(&kind) {
                        controller.route(&world.store, change, &mut routed);
                    }
                });
                for (key, before) in keys().into_iter().zip(before) {
                    let after = world.plan_of(controller, &key);
                    let same = (&before.writes, events(&before)) == (&after.writes, events(&after));
                    prop_assert!(same || routed.contains(&key), "{key}: {made:#?}");
                }
            }
        }
    }

    #[test]
    fn another_layout_is_no_reason_to_write(objects in any_objects(), seed in any::<u64>()) {
        let mut world = settled(objects);
        for key in keys() {
            let Some(stored) = world.store.endpoints().get(&key) else { continue };
            let mut stored = (**stored).clone();
            let turned = |addresses: &[EndpointAddress]| {
                let mut addresses = addresses.to_vec();
                let by = usize::try_from(seed % 7).unwrap() % addresses.len().max(1);
                addresses.rotate_left(by);
                addresses.into_boxed_slice()
            };
            // A subset for each port, the last one first.
            let mut split: Vec<EndpointSubset> = Vec::new();
            for subset in stored.subsets.iter().rev() {
                let (ready, not_ready) = (turned(&subset.ready), turned(&subset.not_ready));
                let ports: Vec<Box<[_]>> = if subset.ports.is_empty() {
                    vec![Box::default()]
                } else {
                    subset.ports.iter().rev().map(|port| [port.clone()].into()).collect()
                };
                split.extend(ports.into_iter().map(|ports| EndpointSubset {
                    ready: ready.clone(),
                    not_ready: not_ready.clone(),
                    ports,
                }));
            }
            stored.subsets = split.into();
            world.apply(Object::Endpoints(stored.into()));
            for controller in controllers() {
                let plan = world.plan_of(controller, &key);
                prop_assert_eq!(plan.writes, []);
            }
        }
    }
}

/// What is said in the events of a plan; of which version it is said does not matter.
fn events(plan: &mainstay_engine::Plan) -> Vec<&str> {
    plan.events.iter().map(|event| &*event.message).collect()
}
