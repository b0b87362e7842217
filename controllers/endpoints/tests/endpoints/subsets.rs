//! The rules of Endpoints that no scenario of upstream's shows.

use expect_test::expect;
use mainstay_engine::Controller as _;
use mainstay_model::{Object, Write};

use crate::objects::{address, endpoints, name, pod, service};
use crate::world::{ENDPOINTS, World, check};

#[test]
fn the_names_are_those_of_upstream() {
    assert_eq!(ENDPOINTS.name(), "endpoints-controller");
    assert_eq!(ENDPOINTS.former_name(), Some("endpoint"));
    assert_eq!(ENDPOINTS.queue(), "endpoint");
}

#[test]
fn a_hostname_counts_where_the_subdomain_is_the_service() {
    check(
        [
            service("web").object(),
            pod("a", "10.0.0.1").ready(5).host("first", "web").object(),
            pod("b", "10.0.0.2").ready(5).host("second", "other").object(),
            pod("c", "10.0.0.3").ready(5).node("n2").object(),
        ],
        expect![[r#"
            create web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
              ready 10.0.0.1=a#first 10.0.0.2=b 10.0.0.3=c@n2 at :8080/TCP
        "#]],
    );
}

#[test]
fn pods_that_resolve_a_named_port_differently_are_in_different_subsets() {
    check(
        [
            service("web").port_by_name("dns", "dns", "UDP").object(),
            pod("a", "10.0.0.1").ready(5).named_port("dns", 53, "UDP").object(),
            pod("b", "10.0.0.2").ready(5).named_port("dns", 1053, "UDP").object(),
            // The name with another protocol is another port.
            pod("c", "10.0.0.3").ready(5).named_port("dns", 53, "TCP").object(),
            // The first one of the name counts.
            pod("d", "10.0.0.4").ready(5).named_port("dns", 53, "UDP").named_port("dns", 54, "UDP").object(),
        ],
        expect![[r#"
            create web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
              ready 10.0.0.1=a 10.0.0.2=b 10.0.0.3=c 10.0.0.4=d at :8080/TCP
              ready 10.0.0.1=a 10.0.0.4=d at dns:53/UDP
              ready 10.0.0.2=b at dns:1053/UDP
        "#]],
    );
}

#[test]
fn addresses_are_in_the_order_of_their_text_and_subsets_in_that_of_their_ports() {
    let service = service("web").portless().port_by_name("b", "b", "TCP").port_by_name("a", "a", "TCP");
    check(
        [
            service.object(),
            pod("a", "10.0.0.2").ready(5).named_port("a", 1, "TCP").object(),
            pod("b", "10.0.0.10").ready(5).named_port("a", 1, "TCP").object(),
            pod("c", "10.0.0.3").ready(5).named_port("b", 1, "TCP").object(),
            pod("d", "10.0.0.4").named_port("b", 1, "TCP").object(),
        ],
        expect![[r#"
            create web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
              ready 10.0.0.10=b 10.0.0.2=a at a:1/TCP
              ready 10.0.0.3=c, not ready 10.0.0.4=d at b:1/TCP
        "#]],
    );
}

#[test]
fn two_pods_may_share_an_address() {
    check(
        [service("web").object(), pod("a", "10.0.0.1").ready(5).object(), pod("b", "10.0.0.1").object()],
        expect![[r#"
            create web
              label endpoints.kubernetes.io/managed-by=endpoint-controller
              annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
              ready 10.0.0.1=a, not ready 10.0.0.1=b at :8080/TCP
        "#]],
    );
}

#[test]
fn two_ports_of_a_service_that_lead_to_one_port_are_two() {
    let service = service("web").portless().port("a", 80, 8080, "TCP").port("b", 81, 8080, "TCP");
    check(
        [service.object(), pod("a", "10.0.0.1").ready(5).object()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at a:8080/TCP b:8080/TCP
    "#]],
    );
}

#[test]
fn a_users_endpoints_without_a_service_stay() {
    let stored = endpoints("web").of_user(&["6.7.8.9"]);
    check(
        [stored.object()],
        expect![[r#"
        nothing
    "#]],
    );
    let other = stored.label("endpoints.kubernetes.io/managed-by", "somebody-else");
    check(
        [other.object()],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn a_lock_without_a_service_stays() {
    let lock = endpoints("web").managed().annotation("control-plane.alpha.kubernetes.io/leader", "{}");
    check(
        [lock.object()],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn what_goes_already_is_not_deleted_again() {
    check(
        [endpoints("web").managed().deleting().object()],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn the_service_of_the_apiserver_is_left_alone() {
    let kubernetes = service("kubernetes").namespace("default").selectorless();
    let stored = endpoints("kubernetes").namespace("default").of_user(&["192.168.0.1"]);
    let world = World::of([kubernetes.object(), stored.object()]);
    let plan = world.plan_of(&ENDPOINTS, &kubernetes.0.meta.name);
    assert_eq!(plan.writes, []);
}

#[test]
fn a_delete_is_void_once_the_service_is_there_again() {
    let mut world = World::of([endpoints("web").managed().object()]);
    let [delete] = <[Write; 1]>::try_from(world.plan_of(&ENDPOINTS, &name("web")).writes).unwrap();
    assert!(!ENDPOINTS.is_void(&world.store, &name("web"), &delete));
    world.apply(service("web").object());
    assert!(ENDPOINTS.is_void(&world.store, &name("web"), &delete));
}

#[test]
fn what_was_not_sent_is_void_once_somebody_else_is_to_write() {
    let mut world = World::of([service("web").object(), pod("a", "10.0.0.1").ready(5).object()]);
    let [create] = <[Write; 1]>::try_from(world.plan_of(&ENDPOINTS, &name("web")).writes).unwrap();
    assert!(!ENDPOINTS.is_void(&world.store, &name("web"), &create));
    world.apply(service("web").selectorless().object());
    assert!(ENDPOINTS.is_void(&world.store, &name("web"), &create));
    world.apply(service("web").external_name().object());
    assert!(ENDPOINTS.is_void(&world.store, &name("web"), &create));
}

#[test]
fn what_others_have_annotated_stays_and_what_they_have_labelled_goes() {
    let mut world = World::of([service("web").object(), pod("a", "10.0.0.1").ready(5).object()]);
    world.settle(&ENDPOINTS, &name("web"));
    let Some(Object::Endpoints(stored)) = world.store.get(mainstay_model::Kind::Endpoints, &name("web"))
    else {
        panic!("not made");
    };
    let mut edited = (*stored).clone();
    edited.annotations = [("note", "mine")].into_iter().collect();
    world.apply(Object::Endpoints(edited.clone().into()));
    assert_eq!(world.settle(&ENDPOINTS, &name("web")), []);
    edited.meta.labels = [("note", "mine")].into_iter().collect();
    world.apply(Object::Endpoints(edited.into()));
    expect![[r#"
        web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation note=mine
          ready 10.0.0.1=a at :8080/TCP
    "#]]
    .assert_eq(&world.settled(&name("web")));
}

#[test]
fn the_addresses_of_a_user_go_once_there_is_a_selector() {
    let stored = endpoints("web").subset(&[address("6.7.8.9")], &[], &[":8080/TCP"]);
    check(
        [service("web").object(), stored.object()],
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
    "#]],
    );
}
