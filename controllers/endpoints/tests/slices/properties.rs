//! What holds whatever the store contains.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_engine::Controller as _;
use mainstay_model::{
    AddressType, ClusterIp, EndpointPort, EndpointSlice, IpFamily, Kind, Node, Object, Pod, PodPhase,
    Service, ServicePort, TargetPort, Uid, Write,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::objects::{
    IntoObject, at, name, named_ports, node, owner, pod, port, service, slice, slice_port, text, with_label,
};
use crate::peer;
use crate::world::World;

prop_compose! {
    fn any_pod(number: usize)(
        node in select(vec!["node-a", "node-a", "node-b", "node-c", "node-x", ""]),
        kind in 0..10_u8,
        addresses in 0..4_u8,
        http in 0..3,
        ready in prop::bool::weighted(0.8),
    ) -> Pod {
        let mut pod = pod(number);
        pod.node = (!node.is_empty()).then(|| text(node));
        pod.ready = ready;
        match kind {
            0 => pod.meta.deleting = at(1),
            1 => pod.phase = PodPhase::Failed,
            2 => pod.meta.labels = [("app", "mail")].into_iter().collect(),
            3 => { pod.hostname = Some("host".into()); pod.subdomain = Some("web".into()); }
            _ => {}
        }
        match addresses {
            0 => pod.ips = [pod.ips[0]].into(),
            1 => pod.ips = [pod.ips[1], pod.ips[0]].into(),
            _ => {}
        }
        if http > 0 { pod.named_ports = named_ports(&[("http", 8080 + http)]); }
        pod
    }
}

fn any_service() -> impl Strategy<Value = Service> {
    (0..4_u8, 0..4_u8, 0..6_u8, any::<bool>(), 0..12_u8).prop_map(|(families, ports, hints, publish, odd)| {
        let mut service = service();
        service.publish_not_ready = publish;
        service.ip_families = match families {
            0 => [IpFamily::V6].into(),
            1 => [IpFamily::V4, IpFamily::V6].into(),
            _ => [IpFamily::V4].into(),
        };
        service.ports = match ports {
            0 => [port("", TargetPort::Name("http".into()))].into(),
            1 => [port("a", TargetPort::Name("http".into())), port("b", TargetPort::Number(80))].into(),
            _ => service.ports,
        };
        match hints {
            0 | 1 => service.topology_mode = Some("Auto".into()),
            2 => service.traffic_distribution = Some("PreferSameZone".into()),
            3 => service.traffic_distribution = Some("PreferSameNode".into()),
            _ => {}
        }
        match odd {
            0 => service.selector = None,
            1 => service.external_name = true,
            2 => service.meta.deleting = at(1),
            3 => {
                service.cluster_ip = ClusterIp::None;
                service.ports = Box::default();
            }
            4 => {
                service.meta.labels =
                    [("foo", "bar"), ("kubernetes.io/service-name", "evil")].into_iter().collect()
            }
            _ => {}
        }
        service
    })
}

fn any_slice(number: usize) -> impl Strategy<Value = EndpointSlice> {
    (prop::collection::vec(0..30_usize, 0..8), 0..10_u8, 0..6_u8, select(vec!["", "zone-a", "zone-q"]))
        .prop_map(move |(pods, odd, ports, hint)| {
            let mut slice = slice(&format!("web-{number}"), &pods.into_iter().map(pod).collect::<Vec<_>>());
            let mut endpoints = slice.endpoints.to_vec();
            if !hint.is_empty() {
                endpoints.iter_mut().for_each(|endpoint| endpoint.zone_hints = [text(hint)].into());
            }
            slice.endpoints = endpoints.into();
            match odd {
                0 => slice.meta.owners = [owner(Uid(0xbad))].into(),
                1 => slice.meta.deleting = at(1),
                2 => slice.address_type = AddressType::Other,
                3 => slice.address_type = AddressType::Ip(IpFamily::V6),
                4 => {
                    slice.meta.labels =
                        with_label(&slice.meta.labels, "endpointslice.kubernetes.io/managed-by", "other")
                }
                5 => slice.meta.labels = with_label(&slice.meta.labels, "foo", "baz"),
                _ => {}
            }
            match ports {
                0 => slice.ports = [].into(),
                1 => slice.ports = [slice_port(8081)].into(),
                _ => {}
            }
            slice
        })
}

#[derive(Clone, Debug)]
struct Case {
    objects: Vec<Object>,
    max: usize,
}

impl Case {
    fn world(&self) -> World {
        World::of(self.objects.clone()).max(self.max)
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    let pods: Vec<_> = (0..24).map(|number| prop::option::of(any_pod(number))).collect();
    let slices: Vec<_> = (0..7).map(|number| prop::option::of(any_slice(number))).collect();
    let nodes = (any::<bool>(), select(vec!["zone-a", "zone-b", "zone-c", ""]), any::<bool>());
    (any_service(), pods, slices, nodes, select(vec![1_usize, 2, 3, 5, 100])).prop_map(
        |(service, pods, slices, (ready, zone, c), max)| {
            let mut objects = vec![service.object(), node("node-a", "zone-a").object()];
            objects.push(Node { ready, ..node("node-b", zone) }.object());
            objects.extend(c.then(|| node("node-c", "zone-c").object()));
            objects.extend(pods.into_iter().flatten().map(IntoObject::object));
            objects.extend(slices.into_iter().flatten().map(IntoObject::object));
            Case { objects, max }
        },
    )
}

/// What every slice of ours says of each pod, by family.
type Published = BTreeMap<(AddressType, String, Vec<(String, i32)>), usize>;

fn published(world: &World) -> Published {
    let mut published = Published::new();
    for slice in world.slices().iter().filter(|slice| is_ours(slice)) {
        let number =
            |port: &EndpointPort| (port.name.as_deref().unwrap_or("").to_owned(), port.port.unwrap_or(0));
        let ports: Vec<(String, i32)> = slice.ports.iter().map(number).collect();
        for endpoint in slice.endpoints.iter() {
            let pod = endpoint.target.as_ref().unwrap().name.to_string();
            *published.entry((slice.address_type, pod, ports.clone())).or_default() += 1;
        }
    }
    published
}

fn is_ours(slice: &EndpointSlice) -> bool {
    let manager = slice.meta.labels.get("endpointslice.kubernetes.io/managed-by");
    manager == Some(&text("endpointslice-controller.k8s.io")) && !slice.meta.is_deleting()
}

/// What should be published, from the objects alone.
fn wanted(world: &World) -> Published {
    let service = world.store.services().get(&name("web")).unwrap();
    let mut wanted = Published::new();
    let Some(selector) = &service.selector else { return wanted };
    if service.external_name {
        return wanted;
    }
    for pod in world.store.pods().iter() {
        let node = pod
            .node
            .as_ref()
            .and_then(|node| world.store.nodes().get(&mainstay_model::ObjectName::new("", node.clone())));
        let counts = selector.matches(&pod.meta.labels)
            && !pod.phase.is_finished()
            && (node.is_some() || service.publish_not_ready);
        let number = |port: &ServicePort| match &port.target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => {
                pod.named_ports.iter().find(|port| port.name == *name).map(|port| port.number)
            }
        };
        let ports = service.ports.iter().filter_map(|port| Some((port.name.to_string(), number(port)?)));
        let ports: Vec<(String, i32)> = ports.collect();
        for family in service.ip_families.iter().filter(|_| counts) {
            if pod.ips.iter().any(|ip| IpFamily::of(*ip) == *family) {
                wanted.insert((AddressType::Ip(*family), pod.meta.name.name.to_string(), ports.clone()), 1);
            }
        }
    }
    wanted
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn doing_what_is_planned_leads_to_rest(case in any_case()) {
        let mut world = case.world();
        let plans = world.settle();
        // One or two until all is right, and two for each slice that is merged.
        prop_assert!(plans.len() <= 4 + 2 * 24, "{plans:#?}");
        let service = world.store.services().get(&name("web")).unwrap().clone();
        if service.meta.is_deleting() { return Ok(()); }
        prop_assert_eq!(published(&world), wanted(&world));
        let slices = world.slices();
        let ours: Vec<_> = slices.iter().filter(|slice| is_ours(slice)).collect();
        if service.selector.is_none() || service.external_name {
            prop_assert!(ours.is_empty());
            return Ok(());
        }
        for family in &service.ip_families {
            let of_family: Vec<_> = ours.iter().filter(|slice| slice.address_type == AddressType::Ip(*family)).collect();
            let empty = of_family.iter().filter(|slice| slice.endpoints.is_empty()).count();
            prop_assert_eq!(empty, usize::from(of_family.iter().all(|slice| slice.endpoints.is_empty())));
        }
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for slice in &ours {
            groups.entry((slice.address_type, slice.ports.clone())).or_default().push(slice.endpoints.len());
        }
        for lengths in groups.values().filter(|lengths| lengths.iter().all(|length| *length <= case.max)) {
            let needed = lengths.iter().sum::<usize>().div_ceil(case.max);
            prop_assert!(lengths.len() <= needed + (needed / 4).max(1), "{lengths:?}");
        }
    }

    /// In whatever order the writes of a plan land, and however many of them: what was and stays published is there.
    #[test]
    fn nothing_is_absent_while_it_moves(case in any_case(), keys in prop::collection::vec(any::<u64>(), 40), cut in 0..40_usize) {
        let mut world = case.world();
        // What goes with its service is not made anew elsewhere.
        prop_assume!(!world.store.services().get(&name("web")).unwrap().meta.is_deleting());
        let wanted: BTreeSet<_> = wanted(&world).into_keys().collect();
        for _ in 0..60 {
            let plan = world.plan();
            if plan.writes.is_empty() { break; }
            let mut writes: Vec<(u64, &Write)> = keys.iter().copied().cycle().zip(&plan.writes).collect();
            writes.sort_by_key(|(key, _)| *key);
            let before: BTreeSet<_> = published(&world).into_keys().filter(|it| wanted.contains(it)).collect();
            for (_, write) in writes.into_iter().take(cut.max(1)) {
                world.write(write);
                let now = published(&world);
                for it in &before {
                    prop_assert!(now.contains_key(it), "{it:?} is gone after {write:?}");
                }
            }
        }
    }

    #[test]
    fn the_order_of_deltas_does_not_matter(case in any_case(), keys in prop::collection::vec(any::<u64>(), 16)) {
        let mut shuffled: Vec<(u64, Object)> = keys.into_iter().cycle().zip(case.objects.clone()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let again = World::of(shuffled.into_iter().map(|(_, object)| object)).max(case.max);
        prop_assert_eq!(case.world().plan(), again.plan());
    }

    #[test]
    fn writes_are_few_and_only_to_what_is_its_own(case in any_case()) {
        let world = case.world();
        let plan = world.plan();
        let mut touched = BTreeSet::new();
        for write in &plan.writes {
            prop_assert!(touched.insert(write.object().clone()), "twice: {:?}", write.object());
            let Some(slice) = world.store.endpoint_slices().get(write.object()) else {
                prop_assert!(matches!(write, Write::CreateEndpointSlice(_)));
                continue;
            };
            prop_assert!(is_ours(slice) && write.uid() == Some(slice.meta.uid));
            if let Write::UpdateEndpointSlice(update) = write {
                prop_assert!(slice.meta.owners.iter().any(|owner| owner.uid == Some(crate::objects::WEB)));
                prop_assert!(update.content.endpoints.len() <= case.max.max(slice.endpoints.len()));
            }
        }
        let families = 2;
        prop_assert!(plan.writes.len() <= world.slices().len() + wanted(&world).len() + families);
    }

    /// At rest, nothing that calls for a plan goes by unrouted.
    #[test]
    fn a_change_that_calls_for_a_plan_is_routed(case in any_case(), pod in any_pod(3), odd in any_slice(2), ready in any::<bool>(), zone in select(vec!["zone-a", "zone-b", ""]), which in 0..5_u8) {
        let mut world = case.world();
        world.settle();
        let changes = match which {
            0 => world.store.apply(pod.object()),
            1 => world.store.apply(odd.object()),
            2 => world.store.apply(Node { ready, ..node("node-b", zone) }.object()),
            3 => world.store.remove(Kind::Node, &node("node-a", "").meta.name, node("node-a", "").meta.uid).into_iter().collect(),
            _ => world.store.apply(service().object()),
        };
        if world.plan().writes.is_empty() { return Ok(()); }
        let mut keys = Vec::new();
        changes.iter().for_each(|change| world.controller().route(&world.store, change, &mut keys));
        prop_assert!(keys.contains(&name("web")));
    }

    /// A walk of changes, each carried out: never more writes than upstream's algorithm makes of the same state, but for merging.
    #[test]
    fn no_more_writes_than_upstream(max in select(vec![2_usize, 3, 5]), steps in prop::collection::vec((0..25_usize, 0..25_usize, 0..7_u8), 1..12)) {
        let mut world = World::with_pods(0).max(max);
        world.settle();
        let (mut present, mut unready, mut number) = (BTreeSet::new(), BTreeSet::new(), 80);
        for (from, count, what) in steps {
            for it in from..from + count {
                let is_new = what <= 2 && present.insert(it);
                let is_gone = (what == 3 || what == 4) && present.remove(&it);
                let is_unready = what == 5 && present.contains(&it) && unready.insert(it);
                if is_new {
                    unready.remove(&it);
                    world.add([pod(it).object()]);
                } else if is_gone {
                    unready.remove(&it);
                    world.remove_pods([it]);
                } else if is_unready {
                    world.change_pod(it, |pod| pod.ready = false);
                }
            }
            if what == 6 {
                number += 1;
                world.change_service(|service| service.ports = [port("", TargetPort::Number(number))].into());
            }
            let names = |numbers: &BTreeSet<usize>| numbers.iter().map(|number| peer::pod_name(*number)).collect();
            let upstream = peer::writes(&world, &names(&present), &names(&unready), number);
            let ours = peer::ours(&mut world);
            prop_assert!(ours <= upstream, "{ours} writes, upstream {upstream}");
            world.settle();
            prop_assert_eq!(world.published().len(), present.len());
        }
    }
}
