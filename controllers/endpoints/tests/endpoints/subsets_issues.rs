//! What upstream's users have reported of Endpoints, and how it is here.

use expect_test::expect;
use mainstay_engine::Controller as _;
use mainstay_model::{EndpointSubset, Object};

use crate::objects::{address, address_of, endpoints, name, pod, service};
use crate::world::{ENDPOINTS, World, check};

/// Two pods and their service, at rest.
fn at_rest() -> World {
    let mut world = World::of([
        service("web").object(),
        pod("a", "10.0.0.1").ready(5).object(),
        pod("b", "10.0.0.2").unready(6).object(),
    ]);
    world.settle(&ENDPOINTS, &name("web"));
    world
}

/// Changes the stored object as a user does; says which keys that touches.
fn edit(world: &mut World, edit: impl FnOnce(&mut mainstay_model::Endpoints)) -> Vec<String> {
    let mut stored = (**world.store.endpoints().get(&name("web")).unwrap()).clone();
    edit(&mut stored);
    let mut keys = Vec::new();
    for change in world.apply(Object::Endpoints(stored.into())) {
        ENDPOINTS.route(&world.store, &change, &mut keys);
    }
    keys.iter().map(ToString::to_string).collect()
}

/// What a user changes by hand is put right at once, not with the next change of a pod.
#[test]
fn issue_85353_manual_edits_are_reverted_at_once() {
    let edits: [fn(&mut mainstay_model::Endpoints); 4] = [
        |stored| stored.subsets = [].into(),
        |stored| {
            let mut subset = stored.subsets[0].clone();
            subset.ready = [address("6.7.8.9")].into();
            stored.subsets = [subset].into();
        },
        |stored| stored.meta.labels = mainstay_model::LabelSet::default(),
        |stored| {
            let more = EndpointSubset { ready: [address("6.7.8.9")].into(), ..EndpointSubset::default() };
            stored.subsets = stored.subsets.iter().cloned().chain([more]).collect();
        },
    ];
    for make in edits {
        let mut world = at_rest();
        let before = world.store.endpoints().get(&name("web")).unwrap().clone();
        assert_eq!(edit(&mut world, make), ["shop/web"]);
        assert_eq!(world.settle(&ENDPOINTS, &name("web")).len(), 1);
        let after = world.store.endpoints().get(&name("web")).unwrap();
        assert_eq!((&before.subsets, &before.meta.labels), (&after.subsets, &after.meta.labels));
    }
}

/// What a user deletes comes back, also if this process has never written it.
#[test]
fn issue_125354_what_is_deleted_comes_back_after_a_restart() {
    let mut world = at_rest();
    let stored = Object::Endpoints(world.store.endpoints().get(&name("web")).unwrap().clone());
    let change = world.delete(&stored);
    let mut keys = Vec::new();
    ENDPOINTS.route(&world.store, &change, &mut keys);
    assert_eq!(keys, [name("web")]);
    assert_eq!(world.settle(&ENDPOINTS, &name("web")).len(), 1);
}

/// Changes of a pod that say nothing to clients are no reason to write.
#[test]
fn issue_50936_no_write_without_a_change() {
    let mut world = at_rest();
    let mut pod = pod("a", "10.0.0.1").ready(5).label("more", "labels");
    pod.0.meta.version.0 = 77;
    pod.0.restarts = 3;
    world.apply(pod.object());
    assert_eq!(world.plan_of(&ENDPOINTS, &name("web")).writes, []);
}

/// The version of what is behind an address, and the order of what is stored, are no reason to write.
#[test]
fn issue_108077_what_says_the_same_is_not_written_again() {
    let mut world = at_rest();
    edit(&mut world, |stored| {
        let versioned = |addresses: &[mainstay_model::EndpointAddress]| {
            addresses.iter().rev().map(|address| crate::objects::versioned(address.clone(), "9")).collect()
        };
        let subsets = stored.subsets.iter().map(|subset| EndpointSubset {
            ready: versioned(&subset.ready),
            not_ready: versioned(&subset.not_ready),
            ports: subset.ports.clone(),
        });
        stored.subsets = subsets.collect();
    });
    assert_eq!(world.plan_of(&ENDPOINTS, &name("web")).writes, []);
}

/// A user's Endpoints for which there is no service outlives every start.
#[test]
fn issue_6877_what_is_left_without_a_service_goes_if_it_is_ours() {
    check(
        [endpoints("web").managed().object()],
        expect![[r#"
        delete web
    "#]],
    );
    check(
        [endpoints("web").of_user(&["6.7.8.9"]).object()],
        expect![[r#"
        nothing
    "#]],
    );
}

/// No endpoint leads into the host of whoever uses it, whatever a pod says of its address.
#[test]
fn cve_2021_25737_no_endpoint_leads_into_a_host() {
    let refused = ["127.0.0.1", "127.9.9.9", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:127.0.0.1"];
    let pods =
        refused.iter().enumerate().map(|(number, ip)| pod(&format!("p{number}"), ip).ready(5).object());
    let good = pod("good", "10.0.0.1").ready(5).object();
    check(
        pods.chain([good, service("web").object()]),
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=good at :8080/TCP
        event AddressNotAllowed of Service: Loopback, link-local, multicast and unspecified addresses are not published: 127.0.0.1 of pod p0, 127.9.9.9 of pod p1, 169.254.169.254 of pod p2 and 3 more
    "#]],
    );
    // The next address of the pod counts.
    let second = pod("a", "127.0.0.1").ips(&["127.0.0.1", "10.0.0.1"]).ready(5);
    check(
        [second.object(), service("web").object()],
        expect![[r#"
        create web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
          annotation endpoints.kubernetes.io/last-change-trigger-time=2023-11-14T22:13:20Z
          ready 10.0.0.1=a at :8080/TCP
        event AddressNotAllowed of Service: Loopback, link-local, multicast and unspecified addresses are not published: 127.0.0.1 of pod a
    "#]],
    );
}

/// No endpoint leads into another namespace, whatever labels its pods and whatever a user has written into the object.
#[test]
fn cve_2021_25740_no_endpoint_leads_into_another_namespace() {
    let elsewhere = pod("a", "10.0.0.1").namespace("elsewhere").ready(5);
    let forged = endpoints("web").managed().subset(&[address_of(&elsewhere)], &[], &[":8080/TCP"]);
    check(
        [service("web").object(), elsewhere.object(), forged.object()],
        expect![[r#"
        update web
          label endpoints.kubernetes.io/managed-by=endpoint-controller
    "#]],
    );
}
