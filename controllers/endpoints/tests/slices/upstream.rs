//! Upstream's scenarios by their names (reconciler_test.go and utils_test.go of k8s.io/endpointslice, endpointslice_controller_test.go).

use std::sync::Arc;

use expect_test::expect;
use mainstay_model::{
    AddressType, ClusterIp, EndpointSlice, IpFamily, Kind, ObjectName, Pod, PodPhase, Service, TargetPort,
    Uid,
};

use crate::objects::{
    IntoObject, at, name, named_ports, node, owner, placeholder, pod, port, service, slice, slice_port, text,
    with_label,
};
use crate::world::{World, all_verbs, check, check_until_idle, verbs};

#[test]
fn reconcile_empty() {
    check_until_idle(
        &mut World::with_pods(0),
        expect![[r#"
        create web- IPv4 []
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
    "#]],
    );
}

#[test]
fn reconcile_1_pod() {
    check(
        &World::with_pods(1),
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
    "#]],
    );
    let mut dual = World::with_pods(1);
    dual.change_service(|service| service.ip_families = [IpFamily::V4, IpFamily::V6].into());
    check(
        &dual,
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
        create web- IPv6 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 fd00::1 ready serving on node-a
    "#]],
    );
    let mut v6 = World::with_pods(1);
    v6.change_service(|service| service.ip_families = [IpFamily::V6].into());
    check(
        &v6,
        expect![[r#"
        create web- IPv6 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 fd00::1 ready serving on node-a
    "#]],
    );
    let mut headless = World::with_pods(1);
    headless.change_service(|service| service.cluster_ip = ClusterIp::None);
    headless.change_pod(0, |pod| {
        pod.hostname = Some("zero".into());
        pod.subdomain = Some("web".into());
    });
    headless.add([node("node-a", "zone-a").object()]);
    check(
        &headless,
        expect![[r#"
        create web- IPv4 [:80]
          label service.kubernetes.io/headless=
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving host zero on node-a in zone-a
    "#]],
    );
}

#[test]
fn reconcile_1_endpoint_slice() {
    // Emptied: it becomes the placeholder. With other labels, the same.
    let mut world = World::with_pods(0);
    world.add([slice("web-1", [&pod(1)]).object()]);
    check(
        &world,
        expect![[r#"
        update web-1 IPv4 []
    "#]],
    );
    let mut empty = World::with_pods(0);
    empty.add([slice("web-1", []).object()]);
    check(
        &empty,
        expect![[r#"
        update web-1 IPv4 []
    "#]],
    );
}

#[test]
fn place_holder_slice_compare() {
    let rest = |slice: EndpointSlice| {
        let mut world = World::with_pods(0);
        world.add([slice.object()]);
        world.plan().writes.is_empty()
    };
    assert!(rest(placeholder("web-1")));
    assert!(!rest(slice("web-1", [])), "ports");
    let mut relabelled = placeholder("web-1");
    relabelled.meta.labels = with_label(&relabelled.meta.labels, "foo", "bar");
    assert!(!rest(relabelled), "labels");
    let mut headless = placeholder("web-1");
    headless.meta.labels = with_label(&headless.meta.labels, "service.kubernetes.io/headless", "");
    assert!(!rest(headless), "labels of ours");
    let mut annotated = placeholder("web-1");
    annotated.annotations = [("foo", "bar")].into_iter().collect();
    assert!(rest(annotated), "annotations do not count");
    let mut foreign = placeholder("web-1");
    foreign.meta.owners = [owner(Uid(0xbad))].into();
    assert!(!rest(foreign), "owner");
}

#[test]
fn reconcile_1_endpoint_slice_publish_not_ready_addresses() {
    let mut world = World::with_pods(3);
    world.change_service(|service| service.publish_not_ready = true);
    world.change_pod(0, |pod| pod.ready = false);
    world.change_pod(1, |pod| pod.meta.deleting = at(1));
    check(
        &world,
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready on node-a
          pod-0001 10.0.0.2 ready serving terminating on node-a
          pod-0002 10.0.0.3 ready serving on node-a
    "#]],
    );
}

#[test]
fn reconcile_many_pods() {
    let mut world = World::with_pods(250);
    assert_eq!(all_verbs(&world.settle()), ["create"; 3]);
    assert_eq!(world.lengths(), [50, 100, 100]);
}

/// 250 pods, of which the slices have those whose numbers leave this rest.
fn preexisting(count: usize) -> World {
    let mut world = World::with_pods(count);
    for (name, rest) in [("web-1", 1), ("web-2", 3)] {
        let pods: Vec<Pod> = (0..count - 4).filter(|number| number % 4 == rest).map(pod).collect();
        world.add([slice(name, &pods).object()]);
    }
    world
}

#[test]
fn reconcile_endpoint_slices_some_preexisting() {
    let mut world = preexisting(250);
    assert_eq!(world.lengths(), [61, 62]);
    assert_eq!(all_verbs(&world.settle()), ["create", "update"]);
    assert_eq!(world.lengths(), [61, 89, 100]);
}

#[test]
fn reconcile_endpoint_slices_some_preexisting_worse_allocation() {
    let mut world = preexisting(300);
    assert_eq!(world.lengths(), [74, 74]);
    assert_eq!(all_verbs(&world.settle()), ["create", "create"]);
    assert_eq!(world.lengths(), [52, 74, 74, 100]);
}

#[test]
fn reconcile_endpoint_slices_updating() {
    let mut world = World::with_pods(250);
    world.settle();
    let before: Vec<_> = world.slices().iter().map(|slice| slice.endpoints.clone()).collect();
    world.change_service(|service| service.ports = [port("", TargetPort::Number(81))].into());
    assert_eq!(all_verbs(&world.settle()), ["update"; 3]);
    let after: Vec<_> = world.slices().iter().map(|slice| slice.endpoints.clone()).collect();
    assert_eq!(before, after, "each endpoint stays in its slice");
    assert!(world.slices().iter().all(|slice| *slice.ports == [slice_port(81)]));
}

#[test]
fn reconcile_endpoint_slices_services_labels_updating() {
    let mut world = World::with_pods(250);
    world.settle();
    world.change_service(|service| service.meta.labels = [("foo", "bar")].into_iter().collect());
    assert_eq!(all_verbs(&world.settle()), ["update"; 3]);
    assert_eq!(world.lengths(), [50, 100, 100]);
    assert!(world.slices().iter().all(|slice| slice.meta.labels.get("foo") == Some(&text("bar"))));
}

#[test]
fn reconcile_endpoint_slices_services_reserved_labels() {
    let mut world = World::with_pods(250);
    world.settle();
    let evil = [
        ("kubernetes.io/service-name", "bad"),
        ("endpointslice.kubernetes.io/managed-by", "actor"),
        ("service.kubernetes.io/headless", "invalid"),
    ];
    world.change_service(|service| service.meta.labels = evil.into_iter().collect());
    assert!(world.settle().is_empty());
    // Nor do they get into what is new.
    let mut world = World::with_pods(1);
    world.change_service(|service| service.meta.labels = evil.into_iter().collect());
    world.settle();
    let labels = &world.slices()[0].meta.labels;
    assert_eq!(labels.get("kubernetes.io/service-name"), Some(&text("web")));
    assert_eq!(labels.len(), 2);
}

#[test]
fn reconcile_endpoint_slices_recycling() {
    let mut world = World::with_pods(300);
    for number in 0..10 {
        let pods: Vec<Pod> = (number * 30..number * 30 + 30).map(pod).collect();
        world.add([slice(&format!("web-{number}"), &pods).object()]);
    }
    world.change_service(|service| service.ports = [port("", TargetPort::Number(81))].into());
    let plans = world.settle();
    assert_eq!(verbs(&plans[0]), ["update"; 3], "first all are where they belong");
    assert_eq!(verbs(&plans[1]), ["delete"; 7], "then what is too much goes");
    assert_eq!(plans.len(), 2);
    assert_eq!(world.lengths(), [100, 100, 100]);
}

#[test]
fn reconcile_endpoint_slices_update_packing() {
    let mut world = World::with_pods(0);
    let (first, second): (Vec<Pod>, Vec<Pod>) = ((0..80).map(pod).collect(), (100..120).map(pod).collect());
    world.add([slice("web-1", &first).object(), slice("web-2", &second).object()]);
    world.add(first.into_iter().chain(second).enumerate().map(|(position, mut pod)| {
        pod.ready = position % 10 != 0;
        pod.object()
    }));
    world.add((200..215).map(|number| pod(number).object()));
    assert_eq!(all_verbs(&world.settle()), ["update", "update"]);
    assert_eq!(world.lengths(), [20, 95]);
}

#[test]
fn reconcile_endpoint_slices_replace_deprecated() {
    let mut world = World::with_pods(0);
    let pods: Vec<Pod> = (0..130).map(pod).collect();
    for (name, pods) in [("web-1", &pods[..80]), ("web-2", &pods[80..])] {
        world.add([EndpointSlice { address_type: AddressType::Other, ..slice(name, pods) }.object()]);
    }
    world.add(pods.into_iter().map(IntoObject::object));
    let plans = world.settle();
    assert_eq!(plans.iter().map(verbs).collect::<Vec<_>>(), [["create"; 2], ["delete"; 2]]);
    assert_eq!(world.lengths(), [30, 100]);
}

#[test]
fn reconcile_endpoint_slices_recreation() {
    let mut world = World::with_pods(2);
    world.add([slice("web-1", &[pod(0), pod(1)]).object()]);
    assert!(world.settle().is_empty());
    world.change_slice(&name("web-1"), |slice| slice.meta.owners = [owner(Uid(0xbad))].into());
    let plans = world.settle();
    assert_eq!(plans.iter().map(verbs).collect::<Vec<_>>(), [["create"], ["delete"]]);
}

#[test]
fn reconcile_endpoint_slices_named_ports() {
    let mut world = World::with_pods(300);
    world.change_service(|service| service.ports = [port("", TargetPort::Name("http".into()))].into());
    for number in 0..300 {
        let own = 8080 + number as i32 % 5;
        world.change_pod(number, |pod| pod.named_ports = named_ports(&[("http", own)]));
    }
    assert_eq!(all_verbs(&world.settle()), ["create"; 5]);
    assert_eq!(world.lengths(), [60; 5]);
    let mut ports: Vec<i32> = world.slices().iter().map(|slice| slice.ports[0].port.unwrap()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [8080, 8081, 8082, 8083, 8084]);
}

#[test]
fn reconcile_max_endpoints_per_slice() {
    for (max, lengths) in [
        (50, vec![50; 5]),
        (80, vec![10, 80, 80, 80]),
        (150, vec![100, 150]),
        (250, vec![250]),
        (500, vec![250]),
    ] {
        let mut world = World::with_pods(250).max(max);
        world.settle();
        assert_eq!(world.lengths(), lengths, "{max}");
    }
    // What is out of bounds counts as the nearest within.
    let (mut none, mut many) = (World::with_pods(3).max(0), World::with_pods(1001).max(5000));
    none.settle();
    many.settle();
    assert_eq!((none.lengths(), many.lengths()), (vec![1; 3], vec![1, 1000]));
}

/// Two pods, of which the second one is on a node that is not known.
fn missing_node(publish_not_ready: bool, nodes: &[&str], exists: bool) -> World {
    let mut world = World::of([service().object()]);
    world.change_service(|service| service.publish_not_ready = publish_not_ready);
    let pods = [pod(0), Pod { node: Some("node-b".into()), ..pod(1) }];
    world.add(nodes.iter().map(|name| node(name, "").object()));
    if exists {
        world.add([slice("web-1", &pods).object()]);
    }
    world.add(pods.into_iter().map(IntoObject::object));
    world
}

#[test]
fn reconciler_pod_missing_node() {
    // Create and publishNotReady false.
    check(
        &missing_node(false, &["node-a"], false),
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
        event FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service shop/web: pod pod-0001 is left out: its node node-b is not found
        fault: pod pod-0001 is left out: its node node-b is not found
    "#]],
    );
    // Create and publishNotReady true.
    check(
        &missing_node(true, &["node-a"], false),
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
          pod-0001 10.0.0.2 ready serving on node-b
    "#]],
    );
    // Update and publishNotReady false.
    check(
        &missing_node(false, &["node-a"], true),
        expect![[r#"
        update web-1 IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a
        event FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service shop/web: pod pod-0001 is left out: its node node-b is not found
        fault: pod pod-0001 is left out: its node node-b is not found
    "#]],
    );
    // Update and publishNotReady true and all nodes missing.
    check(
        &missing_node(true, &[], true),
        expect![[r#"
        nothing
    "#]],
    );
    // Update and publishNotReady true.
    check(
        &missing_node(true, &["node-a"], true),
        expect![[r#"
        nothing
    "#]],
    );
    // Update if publishNotReady false and no nodes are present.
    check(
        &missing_node(false, &[], true),
        expect![[r#"
            update web-1 IPv4 []
            event FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service shop/web: pod pod-0000 is left out: its node node-a is not found; and 1 more
            fault: pod pod-0000 is left out: its node node-a is not found; and 1 more
        "#]],
    );
}

#[test]
fn the_pod_comes_in_when_its_node_does() {
    let mut world = missing_node(false, &["node-a"], false);
    world.settle();
    assert!(world.plan().fault.is_some());
    world.add([node("node-b", "zone-b").object()]);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:33:21Z
          pod-0000 10.0.0.1 ready serving on node-a
          pod-0001 10.0.0.2 ready serving on node-b in zone-b
    "#]],
    );
    // An address without a node is not believed either.
    world.change_pod(0, |pod| pod.node = None);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:33:21Z
          pod-0001 10.0.0.2 ready serving on node-b in zone-b
        event FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service shop/web: pod pod-0000 is left out: it has an address but no node
        fault: pod pod-0000 is left out: it has an address but no node
    "#]],
    );
}

#[test]
fn reconcile_headless_service_no_ports() {
    let mut world = World::with_pods(1);
    world.change_service(|service| {
        service.cluster_ip = ClusterIp::None;
        service.ports = Box::default();
    });
    check_until_idle(
        &mut world,
        expect![[r#"
        create web- IPv4 []
          label service.kubernetes.io/headless=
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
    "#]],
    );
}

#[test]
fn sync_service_no_selector_and_external_name() {
    for change in [(|service: &mut Service| service.selector = None) as fn(&mut Service), |service| {
        service.external_name = true
    }] {
        let mut world = World::with_pods(1);
        world.change_service(change);
        assert!(world.settle().is_empty());
    }
}

#[test]
fn sync_service_pending_deletion() {
    let mut world = World::with_pods(1);
    world.change_service(|service| service.meta.deleting = at(1));
    assert!(world.settle().is_empty());
}

#[test]
fn reconciler_finalize_svc_deletion_timestamp() {
    // What is there is still kept up to date.
    let mut world = World::with_pods(150);
    world.settle();
    world.add((150..400).map(|number| pod(number).object()));
    world.change_pod(0, |pod| pod.ready = false);
    world.change_service(|service| service.meta.deleting = at(1));
    assert_eq!(verbs(&world.plan()), ["update"; 2]);
}

#[test]
fn sync_service_missing() {
    let mut world = World::with_pods(1);
    world.settle();
    world.remove(Kind::Service, &name("web"));
    assert!(world.settle().is_empty(), "the garbage collector sees to it");
}

#[test]
fn sync_service_pod_selection() {
    let mut world = World::with_pods(4);
    world.change_pod(0, |pod| pod.meta.labels = [("app", "mail")].into_iter().collect());
    world.change_pod(1, |pod| pod.phase = PodPhase::Succeeded);
    world.change_pod(2, |pod| pod.ips = Box::default());
    let mut other = pod(9);
    other.meta.name = ObjectName::new("elsewhere", "pod-0009");
    world.add([other.object()]);
    world.settle();
    assert_eq!(world.published().keys().collect::<Vec<_>>(), ["pod-0003"]);
}

#[test]
fn sync_service_endpoint_slice_pending_deletion() {
    let mut world = World::with_pods(1);
    let mut going = slice("web-1", &[pod(0)]);
    going.meta.deleting = at(1);
    world.add([going.object()]);
    assert_eq!(verbs(&world.plan()), ["create"]);
}

#[test]
fn sync_service_endpoint_slice_label_selection() {
    let mut world = World::with_pods(1);
    for (name, label, value) in [
        ("web-1", "endpointslice.kubernetes.io/managed-by", "somebody.else"),
        ("web-2", "kubernetes.io/service-name", "mail"),
    ] {
        let mut slice = slice(name, &[pod(0)]);
        slice.meta.labels = with_label(&slice.meta.labels, label, value);
        world.add([slice.object()]);
    }
    assert_eq!(all_verbs(&world.settle()), ["create"], "the others are not touched");
}

#[test]
fn endpoint_slice_terminating() {
    let mut world = World::with_pods(3);
    world.settle();
    world.change_pod(1, |pod| pod.meta.deleting = at(3000));
    world.change_pod(2, |pod| {
        pod.meta.deleting = at(3000);
        pod.ready = false;
        pod.ready_since = at(4000);
    });
    check(
        &world,
        expect![[r#"
            update web-gswdf IPv4 [:80]
              annotation last-change-trigger-time=1970-01-01T01:06:40Z
              pod-0000 10.0.0.1 ready serving on node-a
              pod-0001 10.0.0.2 serving terminating on node-a
              pod-0002 10.0.0.3 terminating on node-a
        "#]],
    );
}

#[test]
fn supported_service_address_type() {
    let families = |families: &[IpFamily], cluster_ip| {
        let mut world = World::with_pods(1);
        world.change_service(|service| {
            service.ip_families = families.into();
            service.cluster_ip = cluster_ip;
        });
        world.settle();
        let mut types: Vec<AddressType> = world.slices().iter().map(|slice| slice.address_type).collect();
        types.sort_unstable();
        types
    };
    let address = |text: &str| ClusterIp::Address(text.parse().unwrap());
    let (v4, v6) = (AddressType::Ip(IpFamily::V4), AddressType::Ip(IpFamily::V6));
    assert_eq!(families(&[], address("10.0.0.1")), [v4]);
    assert_eq!(families(&[], address("fd00::1")), [v6]);
    assert_eq!(families(&[], ClusterIp::None), [v4, v6]);
    assert_eq!(families(&[], ClusterIp::Unset), [v4, v6]);
    assert_eq!(families(&[IpFamily::V6], ClusterIp::None), [v6]);
    assert_eq!(families(&[IpFamily::V6, IpFamily::V4], address("fd00::1")), [v4, v6]);
    assert_eq!(families(&[IpFamily::V4, IpFamily::V4], address("10.0.0.1")), [v4]);
}

#[test]
fn get_endpoint_ports_and_find_port() {
    let mut world = World::with_pods(3);
    world.change_service(|service| {
        let mut grpc = port("grpc", TargetPort::Number(9000));
        grpc.app_protocol = Some("kubernetes.io/h2c".into());
        service.ports = [port("http", TargetPort::Name("http".into())), grpc].into();
    });
    world.change_pod(0, |pod| pod.named_ports = named_ports(&[("other", 1), ("http", 8080)]));
    world.change_pod(1, |pod| {
        let mut ports = named_ports(&[("http", 8080)]).to_vec();
        ports[0].protocol = "UDP".into();
        pod.named_ports = ports.into();
    });
    check(
        &world,
        expect![[r#"
        create web- IPv4 [http:8080 grpc:9000]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
        create web- IPv4 [grpc:9000]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0001 10.0.0.2 ready serving on node-a
          pod-0002 10.0.0.3 ready serving on node-a
    "#]],
    );
    // No port at all: still published, without ports.
    world.change_service(|service| service.ports = [port("http", TargetPort::Name("http".into()))].into());
    check(
        &world,
        expect![[r#"
        create web- IPv4 [http:8080]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a
        create web- IPv4 []
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0001 10.0.0.2 ready serving on node-a
          pod-0002 10.0.0.3 ready serving on node-a
    "#]],
    );
}

#[test]
fn set_endpoint_slice_labels() {
    let mut world = World::with_pods(1);
    world.settle();
    let slice_name = world.slices()[0].meta.name.clone();
    let drifted = |world: &World, key: &str, value: &str| {
        let mut world = world.clone();
        world.change_slice(&slice_name, |slice| {
            slice.meta.labels = with_label(&slice.meta.labels, key, value)
        });
        !world.plan().writes.is_empty()
    };
    assert!(drifted(&world, "foo", "bar"));
    assert!(!drifted(&world, "service.kubernetes.io/headless", ""));
    world.change_service(|service| service.meta.labels = [("foo", "bar")].into_iter().collect());
    world.settle();
    assert!(!drifted(&world, "foo", "bar"));
    assert!(drifted(&world, "foo", "baz"));
}

#[test]
fn new_endpoint_slice() {
    let world = World::with_pods(1);
    let plan = world.plan();
    let mainstay_model::Write::CreateEndpointSlice(create) = &plan.writes[0] else { panic!("{plan:?}") };
    assert_eq!(&*create.generate_name, "web-");
    assert_eq!((create.owner.kind, &*create.owner.name), (Kind::Service, "web"));
    assert_eq!(create.slice.namespace, name("web").namespace);
    let suffix = create.slice.name.strip_prefix("web-").unwrap();
    assert_eq!(suffix.len(), 5);
    assert_eq!(Arc::strong_count(&create.content), 1);
}
