//! Upstream's scenarios of mirroring, by their names (test/integration/endpointslice and pkg/controller/endpointslicemirroring).

use expect_test::expect;
use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_model::IpFamily;

use crate::objects::{TestEndpoints, address, endpoints, mirror, name, pod, service};
use crate::world::{ENDPOINTS, World, check_mirroring, check_mirroring_of};

/// How many slices mirror `web`, after both controllers have come to rest.
fn mirrored(world: &mut World) -> usize {
    world.settle(&ENDPOINTS, &name("web"));
    world.settle(&EndpointSliceMirroring::default(), &name("web"));
    world.store.endpoint_slices().of_service(&name("web")).count()
}

#[test]
fn test_endpoint_slice_mirroring() {
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]);
    let two = |second: &str| {
        let first = endpoints("web").subset(&[address("10.0.0.1")], &[], &["port1:80/TCP"]);
        first.subset(&[address(second)], &[], &["port2:90/TCP"])
    };
    let selectorless = || service("web").selectorless().object();
    let cases = [
        ("Service with selector", vec![service("web").object()], 0),
        ("Service without selector", vec![selectorless(), of_user().object()], 1),
        ("Endpoint multiple subsets and same address", vec![selectorless(), two("10.0.0.1").object()], 1),
        ("Endpoint multiple subsets", vec![selectorless(), two("10.0.0.2").object()], 2),
        ("Service without Endpoints", vec![selectorless()], 0),
        ("Endpoints without Service", vec![of_user().object()], 0),
    ];
    for (case, objects, expected) in cases {
        assert_eq!(mirrored(&mut World::of(objects)), expected, "{case}");
    }
}

#[test]
fn test_endpoint_slice_mirroring_updates() {
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]);
    let cases: [(&str, TestEndpoints); 5] = [
        ("Update labels", of_user().label("foo", "bar")),
        ("Update annotations", of_user().annotation("foo2", "bar2")),
        (
            "Update annotations but triggertime",
            of_user()
                .annotation("foo2", "bar2")
                .annotation("endpoints.kubernetes.io/last-change-trigger-time", "2018-01-01T00:00:00Z"),
        ),
        ("Update addresses", endpoints("web").of_user(&["10.0.0.1", "10.0.0.2"])),
        ("Update ports", endpoints("web").subset(&[address("10.0.0.1")], &[], &["http:81/TCP"])),
    ];
    for (case, changed) in cases {
        let mut world = World::of([service("web").selectorless().object(), of_user().object()]);
        assert_eq!(mirrored(&mut world), 1, "{case}");
        let first = world.store.endpoint_slices().iter().next().unwrap().meta.clone();
        world.apply(changed.object());
        assert_eq!(mirrored(&mut world), 1, "{case}");
        let slice = world.store.endpoint_slices().iter().next().unwrap();
        assert_eq!((slice.meta.uid, slice.meta.version.0), (first.uid, first.version.0 + 1), "{case}");
        for (key, value) in changed.0.meta.labels.iter() {
            assert_eq!(slice.meta.labels.get(key), Some(value), "{case}");
        }
        let annotations = changed.0.annotations.iter();
        let expected = annotations.filter(|(key, _)| !key.contains("trigger-time"));
        assert!(slice.annotations.iter().eq(expected), "{case}");
    }
}

#[test]
fn test_endpoint_slice_mirroring_selector_transition() {
    let selected = || service("web").selector(&[("foo", "bar")]).object();
    let selectorless = || service("web").selectorless().object();
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]).object();
    let mirroring = EndpointSliceMirroring::default();
    let count = |world: &mut World| {
        world.settle(&mirroring, &name("web"));
        world.store.endpoint_slices().iter().count()
    };
    let mut world = World::of([selectorless(), of_user()]);
    assert_eq!(count(&mut world), 1);
    world.apply(selected());
    assert_eq!(count(&mut world), 0);
    world.apply(selectorless());
    assert_eq!(count(&mut world), 1);
}

#[test]
fn what_a_selector_has_left_is_mirrored_once_it_is_gone() {
    let mut world = World::of([service("web").object(), pod("a", "10.0.0.1").ready(5).object()]);
    assert_eq!(mirrored(&mut world), 0);
    world.apply(service("web").selectorless().object());
    assert_eq!(mirrored(&mut world), 1);
}

/// `TestSyncEndpoints`.
#[test]
fn test_sync_endpoints() {
    let selectorless = || service("web").selectorless().object();
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]);
    let skip = "endpointslice.kubernetes.io/skip-mirror";
    check_mirroring(
        [selectorless(), endpoints("web").object()],
        expect![[r#"
        nothing
    "#]],
    );
    check_mirroring(
        [selectorless(), of_user().label(skip, "true").object()],
        expect![[r#"
        nothing
    "#]],
    );
    check_mirroring(
        [selectorless(), of_user().label(skip, "false").object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label endpointslice.kubernetes.io/skip-mirror=false
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
    check_mirroring(
        [of_user().object()],
        expect![[r#"
        nothing
    "#]],
    );
    check_mirroring(
        [service("web").object(), of_user().object()],
        expect![[r#"
        nothing
    "#]],
    );
    check_mirroring(
        [selectorless(), endpoints("web").object(), mirror("web-1").object()],
        expect![[r#"
        delete web-1
    "#]],
    );
    let other = mirror("web-1").managed_by("somebody-else").object();
    check_mirroring(
        [selectorless(), endpoints("web").object(), other],
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn endpoints_with_1000_addresses_and_with_one_more() {
    let ips: Vec<String> =
        (0..1001).map(|number| format!("10.0.{}.{}", number / 250, number % 250 + 1)).collect();
    let ips: Vec<&str> = ips.iter().map(|ip| &**ip).collect();
    let selectorless = || service("web").selectorless().object();
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&ips[..1000]).object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 1000 from 10.0.0.1 to 10.0.3.99
    "#]],
    );
    check_mirroring(
        [selectorless(), endpoints("web").of_user(&ips).object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 1000 from 10.0.0.1 to 10.0.3.99
        event TooManyAddressesToMirror of Endpoints: A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped
    "#]],
    );
}

#[test]
fn test_should_mirror() {
    let lock = endpoints("web").of_user(&["10.0.0.1"]);
    let lock = lock.annotation("control-plane.alpha.kubernetes.io/leader", "");
    check_mirroring(
        [service("web").selectorless().object(), lock.object(), mirror("web-1").object()],
        expect![[r#"
            delete web-1
        "#]],
    );
}

/// `TestReconcile`: what is in the Endpoints, and the slices of it that there are.
#[test]
fn test_reconcile() {
    let selectorless = || service("web").selectorless().object();
    let one = || endpoints("web").of_user(&["10.0.0.1"]);
    let same = || mirror("web-1").endpoint("10.0.0.1", true);
    let check = |endpoints: TestEndpoints, slices: &[crate::objects::TestSlice], expected| {
        let slices = slices.iter().map(|slice| slice.object());
        check_mirroring([selectorless(), endpoints.object()].into_iter().chain(slices), expected);
    };
    // No addresses.
    check(
        endpoints("web").subset(&[], &[], &["http:80/TCP"]),
        &[],
        expect![[r#"
        nothing
    "#]],
    );
    // Pending deletion.
    check(
        one().deleting(),
        &[],
        expect![[r#"
        nothing
    "#]],
    );
    // The same fields.
    check(
        one(),
        &[same()],
        expect![[r#"
        nothing
    "#]],
    );
    // The same fields but different OwnerReferences.
    check(
        one(),
        &[same().owner_uid(0xbad)],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
        delete web-1
    "#]],
    );
    check(
        one(),
        &[same().ownerless()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
        delete web-1
    "#]],
    );
    // An additional annotation, and one that is missing.
    check(
        one(),
        &[same().annotation("foo", "bar")],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
    check(
        one().annotation("foo", "bar"),
        &[same()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          annotation foo=bar
          ready 10.0.0.1
    "#]],
    );
    // The same fields but the label.
    check(
        one().label("foo", "bar"),
        &[same()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label foo=bar
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
    // 2 ports, 2 ready and 2 not ready addresses.
    let [first, second, third, fourth] = ["10.0.0.1", "10.0.0.2", "10.1.1.1", "10.1.1.2"].map(address);
    check(
        endpoints("web").subset(&[first, second], &[third, fourth], &["http:80/TCP", "https:443/UDP"]),
        &[],
        expect![[r#"
            create web-295m2 IPv4 at http:80/TCP https:443/UDP
              label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
              label kubernetes.io/service-name=web
              ready 10.0.0.1 10.0.0.2
              not ready 10.1.1.1 10.1.1.2
        "#]],
    );
    // An existing empty slice, one with some addresses, one with another's.
    let three = || endpoints("web").of_user(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    check(
        three(),
        &[mirror("web-1")],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.2 10.0.0.3
    "#]],
    );
    check(
        three(),
        &[same()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.2 10.0.0.3
    "#]],
    );
    check(
        three(),
        &[same().endpoint("10.9.9.9", true)],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.2 10.0.0.3
    "#]],
    );
    // More slices than are wanted: the one that is right already stays.
    check(
        one(),
        &[mirror("web-1"), same().rename("web-2"), same().rename("web-3")],
        expect![[r#"
        delete web-1
        delete web-3
    "#]],
    );
    // Ports that are no longer wanted: recycled, since nothing but the ports must change.
    check(
        one(),
        &[same().ports(&["http:81/TCP"])],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
    // ... but not in another family.
    check(
        one(),
        &[mirror("web-1").family(IpFamily::V6).ports(&["http:81/TCP"])],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
        delete web-1
    "#]],
    );
}

#[test]
fn dual_stack_and_invalid_addresses() {
    let selectorless = || service("web").selectorless().object();
    let dual = endpoints("web").of_user(&["10.0.0.1", "2001:db8:0::2", "10.0.0.3", "2001:db8::4"]);
    check_mirroring(
        [selectorless(), dual.object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.3
        create web-mdrzj IPv6 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 2001:db8::2 2001:db8::4
    "#]],
    );
    let some = endpoints("web").of_user(&["10.0.0.1", "this-is-not-an-ip", "also-not-an-ip", "10.0.0.3"]);
    check_mirroring(
        [selectorless(), some.object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.3
        event InvalidIPAddress of Endpoints: Skipped 2 invalid IP addresses when mirroring to EndpointSlices
    "#]],
    );
    let none = endpoints("web").of_user(&["nope", "10.0.0", "10.0.0.0.1", "10.0..1", "300.0.0.1", ""]);
    check_mirroring(
        [selectorless(), none.object()],
        expect![[r#"
        event InvalidIPAddress of Endpoints: Skipped 6 invalid IP addresses when mirroring to EndpointSlices
    "#]],
    );
    // As lenient as the API.
    let lenient = endpoints("web").of_user(&["010.00.0.01", "::ffff:10.0.0.2"]);
    check_mirroring(
        [selectorless(), lenient.object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1 10.0.0.2
    "#]],
    );
}

#[test]
fn a_subset_that_exceeds_the_maximum_keeps_its_ready_addresses() {
    let [first, second, third, fourth] = ["10.0.0.1", "10.0.0.2", "10.1.1.1", "10.1.1.2"].map(address);
    let both = endpoints("web").subset(std::slice::from_ref(&second), &[first], &["http:80/TCP"]);
    let both = both.subset(&[third], &[fourth, second], &["https:443/TCP"]);
    check_mirroring_of(
        2,
        [service("web").selectorless().object(), both.object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.2
          not ready 10.0.0.1
        create web-crlrw IPv4 at https:443/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.1.1.1
          not ready 10.0.0.2
        event TooManyAddressesToMirror of Endpoints: A max of 2 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped
    "#]],
    );
}

#[test]
fn the_last_applied_configuration_is_not_mirrored() {
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let of_user = || endpoints("web").of_user(&["10.0.0.1"]).annotation(last_applied, "{}");
    let selectorless = || service("web").selectorless().object();
    check_mirroring(
        [selectorless(), of_user().annotation("foo", "bar").object()],
        expect![[r#"
        create web-x4gjs IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          annotation foo=bar
          ready 10.0.0.1
    "#]],
    );
    let stored = mirror("web-1").endpoint("10.0.0.1", true);
    check_mirroring(
        [selectorless(), of_user().object(), stored.clone().object()],
        expect![[r#"
        nothing
    "#]],
    );
    let stored = stored.annotation(last_applied, "{}");
    check_mirroring(
        [selectorless(), of_user().object(), stored.object()],
        expect![[r#"
        update web-1 IPv4 at http:80/TCP
          label endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io
          label kubernetes.io/service-name=web
          ready 10.0.0.1
    "#]],
    );
}
