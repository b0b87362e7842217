//! Upstream's scenarios of Endpoints, by their names (test/integration/endpoints, test/integration/endpointslice, test/integration/dualstack and
//! pkg/controller/endpoint).

use core::net::IpAddr;

use expect_test::expect;
use mainstay_model::{ClusterIp, IpFamily, Object, PodPhase};

use crate::objects::{address, address_of, endpoints, name, pod, service, versioned};
use crate::world::{ENDPOINTS, World, check};

/// The Endpoints of `web` with these subsets, as the controller leaves it.
fn written(addresses: &[mainstay_model::EndpointAddress]) -> Object {
    endpoints("web").managed().subset(addresses, &[], &[":8080/TCP"]).object()
}

#[test]
fn test_endpoint_updates() {
    let mut world = World::of([service("web").object(), pod("a", "10.0.0.1").ready(5).object()]);
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
    // The last-change-trigger-time is that of the pod that is new; then of none.
    world.apply(pod("b", "10.0.0.2").ready(9).object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:29Z
          ready 10.0.0.1=a 10.0.0.2=b at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
    world.apply(service("web").label("tier", "front").object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label tier=front
          ready 10.0.0.1=a 10.0.0.2=b at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn test_endpoint_with_multiple_pod_updates() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let services: Vec<_> = (0..10).map(|number| service(&format!("web{number}"))).collect();
    let mut world = World::of(services.iter().map(|service| service.object()).chain([ready.object()]));
    for service in &services {
        world.settle(&ENDPOINTS, &service.0.meta.name);
    }
    world.apply(ready.clone().unready(6).object());
    world.apply(ready.clone().ready(7).object());
    for service in &services {
        assert_eq!(world.settle(&ENDPOINTS, &service.0.meta.name), []);
        let stored = world.store.endpoints().get(&service.0.meta.name).unwrap();
        assert_eq!(*stored.subsets[0].ready, [address_of(&ready)]);
    }
}

#[test]
fn test_external_name_to_cluster_ip_transition() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let mut world = World::of([service("web").external_name().object(), ready.object()]);
    expect![[r#"
        none
    "#]]
    .assert_eq(&world.settled(&name("web")));
    world.apply(service("web").object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn test_endpoint_with_terminating_pod() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let mut world = World::of([service("web").object(), ready.object()]);
    world.settle(&ENDPOINTS, &name("web"));
    world.apply(ready.clone().deleting().object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
    "#]]
    .assert_eq(&world.settled(&name("web")));
    world.apply(service("web").publish_not_ready().object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:25Z
          ready 10.0.0.1=a at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn test_dual_stack_endpoints() {
    let both = || pod("a", "10.0.0.1").ips(&["10.0.0.1", "2001:db8::1"]).ready(5).object();
    check(
        [service("web").families(&[IpFamily::V4, IpFamily::V6]).object(), both()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at :8080/TCP
    "#]],
    );
    check(
        [service("web").families(&[IpFamily::V6, IpFamily::V4]).object(), both()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 2001:db8::1=a at :8080/TCP
    "#]],
    );
    // Nothing of the family.
    check(
        [service("web").families(&[IpFamily::V6]).object(), pod("a", "10.0.0.1").ready(5).object()],
        expect![[r#"
            create web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
        "#]],
    );
}

/// `TestPodToEndpointAddressForServiceEmptyIPFamilies`.
#[test]
fn without_families_the_address_of_the_service_decides_and_else_that_of_the_pod() {
    let address = |text: &str| ClusterIp::Address(text.parse::<IpAddr>().unwrap());
    let cases = [
        (address("172.16.0.1"), "10.0.0.1"),
        (address("2001:db8:f::1"), "2001:db8::1"),
        (ClusterIp::Unreadable, "10.0.0.1"),
        (ClusterIp::None, "2001:db8::1"),
        (ClusterIp::Unset, "2001:db8::1"),
    ];
    for (cluster_ip, expected) in cases {
        let service = service("web").families(&[]).cluster_ip(cluster_ip);
        let pod = pod("a", "10.0.0.1").ips(&["2001:db8::1", "10.0.0.1"]).ready(5);
        let mut world = World::of([service.object(), pod.object()]);
        world.settle(&ENDPOINTS, &name("web"));
        let stored = world.store.endpoints().get(&name("web")).unwrap();
        assert_eq!(&*stored.subsets[0].ready[0].ip, expected, "{cluster_ip:?}");
    }
}

#[test]
fn test_sync_endpoints_items_preserve_no_selector() {
    let stored = || endpoints("web").of_user(&["6.7.8.9"]).object();
    check(
        [service("web").selectorless().object(), stored()],
        expect![[r#"
        nothing
    "#]],
    );
    check(
        [service("web").external_name().object(), stored()],
        expect![[r#"
        nothing
    "#]],
    );
    // What was written while there was a selector stays for whoever takes over.
    let former = written(&[address_of(&pod("a", "10.0.0.1"))]);
    check(
        [service("web").selectorless().object(), former],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_sync_endpoints_existing_empty_subsets() {
    let ready = pod("a", "10.0.0.1").ready(5).object();
    check(
        [service("web").object(), ready, endpoints("web").object()],
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:25Z
          ready 10.0.0.1=a at :8080/TCP
    "#]],
    );
}

#[test]
fn test_sync_endpoints_new_no_subsets() {
    check(
        [service("web").object()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
    "#]],
    );
}

#[test]
fn test_sync_endpoints_with_pod_resource_version_update_only() {
    let pods = [pod("a", "10.0.0.1").ready(5), pod("b", "10.0.0.2").ready(6)];
    let stored = written(&pods.each_ref().map(|pod| versioned(address_of(pod), "1234")));
    let [first, second] = pods.map(|pod| pod.object());
    check(
        [service("web").object(), first, second, stored],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_sync_endpoints_protocol_multi_protocol_same_port() {
    let service = service("web").portless().port("tcp", 80, 8080, "TCP").port("udp", 80, 8080, "UDP");
    let service = service.port("sctp", 80, 8080, "SCTP");
    check(
        [service.object(), pod("a", "10.0.0.1").ready(5).object()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at sctp:8080/SCTP tcp:8080/TCP udp:8080/UDP
    "#]],
    );
}

#[test]
fn test_sync_endpoints_items_preexisting() {
    let stored = endpoints("web").of_user(&["6.7.8.9"]).annotation("keep", "this").label("not", "ours");
    check(
        [service("web").object(), pod("a", "10.0.0.1").ready(5).object(), stored.object()],
        expect![[r#"
            update web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:25Z
              annotation keep=this
              ready 10.0.0.1=a at :8080/TCP
        "#]],
    );
}

#[test]
fn test_sync_endpoints_items_preexisting_identical() {
    let ready = pod("a", "10.0.0.1").ready(5);
    check(
        [service("web").object(), ready.object(), written(&[address_of(&ready)])],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_sync_endpoints_items_preexisting_identical_unsorted() {
    let pods = [pod("a", "10.0.0.1").ready(5), pod("b", "10.0.0.2").ready(6)];
    let [first, second] = pods.each_ref().map(address_of);
    let service = service("web").port("more", 90, 9090, "TCP");
    let objects = |stored: Object| pods.iter().map(|pod| pod.object()).chain([service.object(), stored]);
    let ports = ["more:9090/TCP", ":8080/TCP"];
    let shared = endpoints("web").managed().subset(&[second.clone(), first.clone()], &[], &ports);
    check(
        objects(shared.object()),
        expect![[r#"
        nothing
    "#]],
    );
    // The same with a subset for each port.
    let split = endpoints("web").managed();
    let split = split.subset(&[second.clone(), first.clone()], &[], &ports[..1]);
    let split = split.subset(&[first, second], &[], &ports[1..]);
    check(
        objects(split.object()),
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_sync_endpoints_items_with_labels() {
    let labelled = service("web").label("foo", "bar").label("endpoints.kubernetes.io/managed-by", "me");
    check(
        [labelled.object()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label foo=bar
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
    "#]],
    );
}

#[test]
fn test_sync_endpoints_items_preexisting_labels_change() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let labelled = service("web").label("foo", "baz");
    check(
        [labelled.object(), ready.object(), written(&[address_of(&ready)])],
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label foo=baz
          ready 10.0.0.1=a at :8080/TCP
    "#]],
    );
}

#[test]
fn test_endpoints_controllers_label_semantics() {
    let mut world = World::of([service("web").headless().label("app", "test").object()]);
    expect![[r#"
        web
          label app=test
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label service.kubernetes.io/headless=
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
    "#]]
    .assert_eq(&world.settled(&name("web")));
    world.apply(service("web").headless().label("new-label", "new-label-value").object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label new-label=new-label-value
          label service.kubernetes.io/headless=
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn test_endpoints_headless_label() {
    let headless = "service.kubernetes.io/headless";
    let cases = [
        (service("web"), false),
        (service("web").headless(), true),
        (service("web").cluster_ip(ClusterIp::Unset), true),
        // What the service's own labels say does not count.
        (service("web").label(headless, ""), false),
        (service("web").headless().label(headless, "other"), true),
    ];
    for (service, expected) in cases {
        let mut world = World::of([service.object()]);
        world.settle(&ENDPOINTS, &name("web"));
        let stored = world.store.endpoints().get(&name("web")).unwrap();
        let label = stored.meta.labels.get(headless).map(|value| &**value);
        assert_eq!(label, expected.then_some(""), "{service:?}");
    }
}

#[test]
fn test_sync_endpoints_headless_without_port() {
    let ready = || pod("a", "10.0.0.1").ready(5).object();
    check(
        [service("web").headless().portless().object(), ready()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label service.kubernetes.io/headless=
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at no port
    "#]],
    );
    // Only a service that is headless on purpose may have no ports.
    check(
        [service("web").cluster_ip(ClusterIp::Unset).portless().object(), ready()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          label service.kubernetes.io/headless=
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
    "#]],
    );
}

#[test]
fn test_sync_service_addresses() {
    use PodPhase::{Failed, Pending, Running, Succeeded, Unknown};
    let plain = |phase, ready| {
        let pod = pod("a", "10.0.0.1").phase(phase);
        if ready { pod.ready(5) } else { pod }
    };
    // The pod; whether unready ones are published; how many addresses are ready, and how many are not.
    let cases = [
        (plain(Running, true), false, (1, 0)),
        (plain(Running, true).deleting(), false, (0, 0)),
        (plain(Unknown, true), false, (1, 0)),
        (plain(Unknown, true).deleting(), false, (0, 0)),
        (plain(Pending, true), false, (1, 0)),
        (plain(Pending, true).deleting(), false, (0, 0)),
        (plain(Unknown, false), false, (0, 1)),
        (plain(Pending, false), false, (0, 1)),
        (plain(Failed, false), false, (0, 0)),
        (plain(Succeeded, false), false, (0, 0)),
        (plain(Running, false), true, (1, 0)),
        (plain(Running, false).deleting(), true, (1, 0)),
        (plain(Unknown, false), true, (1, 0)),
        (plain(Unknown, false).deleting(), true, (1, 0)),
        (plain(Pending, false), true, (1, 0)),
        (plain(Pending, false).deleting(), true, (1, 0)),
        (plain(Failed, false), true, (0, 0)),
        (plain(Succeeded, false), true, (0, 0)),
        (plain(Running, true).ips(&[]), false, (0, 0)),
        (plain(Running, true).namespace("elsewhere"), false, (0, 0)),
        (plain(Running, true).labels(&[("app", "mail")]), false, (0, 0)),
    ];
    for (pod, publish, expected) in cases {
        let service = if publish { service("web").publish_not_ready() } else { service("web") };
        let mut world = World::of([service.object(), pod.object()]);
        world.settle(&ENDPOINTS, &name("web"));
        let subsets = &world.store.endpoints().get(&name("web")).unwrap().subsets;
        let ready = subsets.iter().map(|subset| subset.ready.len()).sum::<usize>();
        let not_ready = subsets.iter().map(|subset| subset.not_ready.len()).sum::<usize>();
        assert_eq!((ready, not_ready), expected, "{pod:?}");
    }
}

#[test]
fn test_sync_endpoints_service_not_found() {
    check(
        [written(&[address("6.7.8.9")])],
        expect![[r#"
        delete web
    "#]],
    );
    check(
        [],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_sync_endpoints_add_delete_ports() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let mut world = World::of([service("web").object(), ready.object()]);
    world.settle(&ENDPOINTS, &name("web"));
    world.apply(service("web").port("second", 90, 9090, "TCP").object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          ready 10.0.0.1=a at :8080/TCP second:9090/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
    world.apply(service("web").object());
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          ready 10.0.0.1=a at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn test_last_trigger_change_time_annotation_cleared() {
    let ready = pod("a", "10.0.0.1").ready(5);
    let stored = endpoints("web")
        .managed()
        .subset(&[address_of(&ready)], &[], &[":9090/TCP"])
        .annotation("endpoints.kubernetes.io/last-change-trigger-time", "2018-01-01T00:00:00Z");
    check(
        [service("web").object(), ready.object(), stored.object()],
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          ready 10.0.0.1=a at :8080/TCP
    "#]],
    );
}

#[test]
fn test_last_trigger_change_time_annotation_overridden() {
    let [first, second, third] =
        [pod("a", "10.0.0.1").ready(5), pod("b", "10.0.0.2").ready(90), pod("c", "10.0.0.3").ready(70)];
    // The first one is known and ready as before; the second one was not ready, the third one is new.
    let stored = endpoints("web")
        .managed()
        .subset(&[address_of(&first)], &[address_of(&second)], &[":8080/TCP"])
        .annotation("endpoints.kubernetes.io/last-change-trigger-time", "2018-01-01T00:00:00Z");
    let objects = [first.object(), second.object(), third.object(), stored.object()];
    check(
        objects.into_iter().chain([service("web").object()]),
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:14:30Z
          ready 10.0.0.1=a 10.0.0.2=b 10.0.0.3=c at :8080/TCP
    "#]],
    );
}
