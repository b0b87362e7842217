//! The rules of mirroring that no scenario of upstream's shows.

use std::collections::BTreeSet;

use expect_test::expect;
use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_endpoints::mirroring::Settings;
use mainstay_engine::Controller as _;
use mainstay_model::{Kind, Object, Write};

use crate::objects::{address_of, endpoints, mirror, name, pod, service, versioned};
use crate::world::{World, check_mirroring, check_mirroring_of};

fn selectorless() -> Object {
    service("web").selectorless().object()
}

/// The one write that is planned for `web`.
fn only_write(world: &World) -> Write {
    let plan = world.plan_of(&EndpointSliceMirroring::default(), &name("web"));
    let [write] = <[Write; 1]>::try_from(plan.writes).unwrap();
    write
}

#[test]
fn the_names_are_those_of_upstream() {
    let mirroring = EndpointSliceMirroring::new(Settings::default());
    assert_eq!(mirroring.name(), "endpointslice-mirroring-controller");
    assert_eq!(mirroring.former_name(), Some("endpointslicemirroring"));
    assert_eq!(mirroring.queue(), "endpoint_slice_mirroring");
}

#[test]
fn a_maximum_out_of_range_counts_as_the_nearest_in_range() {
    let two = || endpoints("web").of_user(&["10.0.0.1", "10.0.0.2"]).object();
    check_mirroring_of(
        0,
        [selectorless(), two()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
        event TooManyAddressesToMirror of Endpoints: A max of 1 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped
    "#]],
    );
    let largest =
        EndpointSliceMirroring::new(Settings { max_endpoints_per_subset: 5000, ..Settings::default() });
    assert_eq!(largest, EndpointSliceMirroring::default());
}

#[test]
fn what_belongs_to_an_address_is_copied_with_its_version_and_is_compared_without() {
    let of_user = |version| {
        let address = versioned(address_of(&pod("a", "10.0.0.1").node("n2")), version);
        endpoints("web").subset(&[address], &[], &["http:80/TCP"]).object()
    };
    let mut world = World::of([selectorless(), of_user("1")]);
    world.settle(&EndpointSliceMirroring::default(), &name("web"));
    let slice = world.store.endpoint_slices().iter().next().unwrap().clone();
    let target = slice.endpoints[0].target.clone().unwrap();
    assert_eq!((&*target.name, &*target.rest.unwrap().version), ("a", "1"));
    assert_eq!(slice.endpoints[0].node.as_deref(), Some("n2"));
    world.apply(of_user("2"));
    assert_eq!(world.plan_of(&EndpointSliceMirroring::default(), &name("web")).writes, []);
}

#[test]
fn an_external_name_without_selector_is_mirrored() {
    let external = service("web").selectorless().external_name();
    check_mirroring(
        [external.object(), endpoints("web").of_user(&["10.0.0.1"]).object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
}

#[test]
fn a_subset_without_ports_is_mirrored_without_ports() {
    let portless = endpoints("web").subset(&[crate::objects::address("10.0.0.1")], &[], &[]);
    check_mirroring(
        [selectorless(), portless.object()],
        expect![[r#"
        create web-f6rr5 IPv4 at
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
}

#[test]
fn an_address_that_is_listed_as_not_ready_anywhere_is_not_ready() {
    let [first, second] = ["10.0.0.1", "10.0.0.2"].map(crate::objects::address);
    let both = endpoints("web")
        .subset(&[first.clone(), second.clone()], &[], &["http:80/TCP"])
        .subset(&[], std::slice::from_ref(&first), &["http:80/TCP"])
        .subset(&[first, second], &[], &["http:80/TCP"]);
    check_mirroring(
        [selectorless(), both.object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.2
          not ready 10.0.0.1
    "#]],
    );
}

#[test]
fn a_node_or_a_hostname_that_differs_is_a_reason_to_write() {
    let slice = mirror("web-1").endpoint("10.0.0.1", true);
    let mut address = crate::objects::address("10.0.0.1");
    address.node = Some("n2".into());
    let on_node = endpoints("web").subset(&[address.clone()], &[], &["http:80/TCP"]);
    check_mirroring(
        [selectorless(), on_node.object(), slice.clone().object()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1@n2
    "#]],
    );
    address.node = None;
    address.hostname = Some("host".into());
    let named = endpoints("web").subset(&[address], &[], &["http:80/TCP"]);
    check_mirroring(
        [selectorless(), named.object(), slice.object()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1#host
    "#]],
    );
}

#[test]
fn another_order_is_no_reason_to_write() {
    let slice = mirror("web-1").endpoint("10.0.0.2", true).endpoint("10.0.0.1", true);
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&["10.0.0.1", "10.0.0.2"]).object(), slice.object()],
        expect![[r#"
            nothing
        "#]],
    );
}

#[test]
fn a_slice_that_goes_is_left_alone_and_replaced() {
    let going = mirror("web-1").endpoint("10.0.0.1", true).deleting();
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&["10.0.0.1"]).object(), going.object()],
        expect![[r#"
            create web-x4gjs IPv4 at http:80/TCP
              label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
              label kubernetes.io/service-name=web
              ready 10.0.0.1
        "#]],
    );
}

#[test]
fn a_hint_or_a_condition_of_somebody_else_is_taken_out() {
    let mut slice = mirror("web-1").endpoint("10.0.0.1", true);
    let mut endpoint = slice.0.endpoints[0].clone();
    endpoint.zone_hints = ["zone-a".into()].into();
    endpoint.conditions.serving = Some(true);
    slice.0.endpoints = [endpoint].into();
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&["10.0.0.1"]).object(), slice.object()],
        expect![[r#"
            update web-1 IPv4 at http:80/TCP
              label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
              label kubernetes.io/service-name=web
              ready 10.0.0.1
        "#]],
    );
}

/// Labels of the Endpoints that say otherwise do not make the two fight.
#[test]
fn labels_that_say_whose_a_slice_is_are_ours() {
    let labelled = endpoints("web")
        .of_user(&["10.0.0.1"])
        .label("kubernetes.io/service-name", "other")
        .label("endpointslice.kubernetes.io/managed-by", "somebody-else");
    let mut world = World::of([selectorless(), labelled.object()]);
    assert_eq!(world.settle(&EndpointSliceMirroring::default(), &name("web")).len(), 1);
}

#[test]
fn names_are_the_same_for_the_same_and_differ_for_what_differs() {
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]);
    let name_of = |world: &World| only_write(world).object().name.to_string();
    let first = name_of(&World::of([selectorless(), of_user().object()]));
    assert!(first.starts_with("web-") && first.len() == "web-".len() + 5);
    // The addresses do not count, the ports, the family and the owner do.
    let cases = [
        (endpoints("web").of_user(&["10.0.0.9"]), true),
        (of_user().label("foo", "bar"), true),
        (endpoints("web").of_user(&["2001:db8::1"]), false),
        (endpoints("web").subset(&[crate::objects::address("10.0.0.1")], &[], &["http:81/TCP"]), false),
        (of_user().uid(0xabc), false),
    ];
    for (endpoints, same) in cases {
        let name = name_of(&World::of([selectorless(), endpoints.object()]));
        assert_eq!(name == first, same, "{endpoints:?}");
    }
    // What is in use, or belongs to somebody else, is left out.
    let in_use = mirror(&first).managed_by("somebody-else");
    let mut world = World::of([selectorless(), of_user().object(), in_use.object()]);
    let second = name_of(&world);
    world.memory.taken = BTreeSet::from([second.as_str().into()]);
    let third = name_of(&world);
    assert_eq!(BTreeSet::from([first, second, third]).len(), 3);
}

#[test]
fn a_long_name_is_cut() {
    for (length, expected) in [(58, 63), (63, 63), (252, 63), (253, 63)] {
        let long = "w".repeat(length);
        let objects =
            [service(&long).selectorless().object(), endpoints(&long).of_user(&["10.0.0.1"]).object()];
        let plan = World::of(objects).plan_of(&EndpointSliceMirroring::default(), &name(&long));
        let [Write::CreateEndpointSlice(create)] = &*plan.writes else { panic!("no create: {plan:?}") };
        assert_eq!(create.slice.name.len(), expected);
        assert!(create.generate_name.len() <= 253);
    }
}

#[test]
fn the_owner_is_the_endpoints_and_what_it_has_is_handed_back() {
    let of_user = endpoints("web").of_user(&["10.0.0.1"]);
    let world = World::of([selectorless(), of_user.object()]);
    let Write::CreateEndpointSlice(create) = only_write(&world) else { panic!("no create") };
    assert_eq!((create.owner.kind, create.owner.uid), (Kind::Endpoints, of_user.0.meta.uid));
    assert_eq!(&*create.generate_name, "web-");
    let world = World::of([selectorless(), of_user.object(), mirror("web-1").object()]);
    let Write::UpdateEndpointSlice(update) = only_write(&world) else { panic!("no update") };
    assert_eq!(&*update.kept, b"kept");
}

#[test]
fn what_is_not_to_be_mirrored_any_more_voids_what_was_not_sent() {
    let mirroring = EndpointSliceMirroring::default();
    let mut world = World::of([selectorless(), endpoints("web").of_user(&["10.0.0.1"]).object()]);
    let create = only_write(&world);
    assert!(!mirroring.is_void(&world.store, &name("web"), &create));
    world.apply(service("web").object());
    assert!(mirroring.is_void(&world.store, &name("web"), &create));
}

/// Whatever ends the mirroring, and whenever: a slice that is seen at the start counts like any other.
#[test]
fn slices_without_reason_go_after_a_restart_too() {
    let slice = || mirror("web-1").endpoint("10.0.0.1", true).object();
    check_mirroring(
        [slice()],
        expect![[r#"
        delete web-1
    "#]],
    );
    check_mirroring(
        [selectorless(), slice()],
        expect![[r#"
        delete web-1
    "#]],
    );
    check_mirroring(
        [endpoints("web").of_user(&["10.0.0.1"]).object(), slice()],
        expect![[r#"
        delete web-1
    "#]],
    );
}

/// A slice that was deleted by hand comes back, also if this process has never written it.
#[test]
fn issue_125354_a_mirrored_slice_that_is_deleted_comes_back_after_a_restart() {
    let mirroring = EndpointSliceMirroring::default();
    let slice = mirror("web-1").endpoint("10.0.0.1", true).object();
    let of_user = endpoints("web").of_user(&["10.0.0.1"]).object();
    let mut world = World::of([selectorless(), of_user, slice.clone()]);
    assert_eq!(world.settle(&mirroring, &name("web")), []);
    let change = world.delete(&slice);
    let mut keys = Vec::new();
    mirroring.route(&world.store, &change, &mut keys);
    assert_eq!(keys, [name("web")]);
    assert_eq!(world.settle(&mirroring, &name("web")).len(), 1);
}

/// Addresses that the server would refuse are told and hold up none of the others.
#[test]
fn cve_2021_25737_no_slice_leads_into_a_host() {
    let refused = [
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "::",
        "ff02::1",
        "::ffff:127.0.0.1",
        "0127.0.0.1",
    ];
    let ips: Vec<&str> = refused.into_iter().chain(["10.0.0.1"]).collect();
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&ips).object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
        event InvalidIPAddress of Endpoints: Skipped 10 invalid IP addresses when mirroring to EndpointSlices
    "#]],
    );
}
