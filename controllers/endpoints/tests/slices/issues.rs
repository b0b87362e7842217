//! Faults that users have met elsewhere.

use mainstay_model::{ClusterIp, Kind, Pod, Service};

use crate::objects::{IntoObject, name, pod, slice, v4};
use crate::world::{World, all_verbs, verbs};

/// Upstream leaves the slices of a service that selects nothing any more, and clients go on to its former pods.
#[test]
fn issue_118376_a_service_that_loses_its_selector_loses_its_slices() {
    for change in [(|service: &mut Service| service.selector = None) as fn(&mut Service), |service| {
        service.external_name = true
    }] {
        let mut world = World::with_pods(150);
        world.settle();
        let mut user_made = slice("by-hand", &[pod(0)]);
        user_made.meta.owners = Box::default();
        world.add([user_made.object()]);
        world.change_service(change);
        assert_eq!(all_verbs(&world.settle()), ["delete", "delete"]);
        assert_eq!(world.slices()[0].meta.name, name("by-hand"), "what nobody owns is the user's");
        world.change_service(|service| *service = crate::objects::service());
        world.remove(Kind::EndpointSlice, &name("by-hand"));
        assert_eq!(all_verbs(&world.settle()), ["create", "create"]);
    }
}

/// Upstream heals only what this process has written; here there is no process that the plan could know of.
#[test]
fn issue_125354_a_slice_that_is_deleted_after_a_restart_is_made_anew() {
    let mut world = World::with_pods(3);
    world.add([slice("web-1", &[pod(0), pod(1), pod(2)]).object()]);
    assert!(world.settle().is_empty());
    world.remove(Kind::EndpointSlice, &name("web-1"));
    assert_eq!(all_verbs(&world.settle()), ["create"]);
}

/// The server stores no ports as nothing, and a slice that is read back must not look like another one.
#[test]
fn issue_136502_a_headless_service_without_ports_is_not_written_again_and_again() {
    let mut world = World::with_pods(3);
    world.change_service(|service| {
        service.cluster_ip = ClusterIp::None;
        service.ports = Box::default();
    });
    assert_eq!(all_verbs(&world.settle()), ["create"]);
    world.change_pod(0, |pod| pod.ready = false);
    assert_eq!(all_verbs(&world.settle()), ["update"]);
    world.remove_pods(0..3);
    assert_eq!(all_verbs(&world.settle()), ["update"], "now it is the placeholder");
    world.add((0..100).map(|number| pod(number).object()));
    assert_eq!(all_verbs(&world.settle()), ["update"], "and is taken by those that come");
}

/// Upstream sends such addresses, and the server refuses the whole slice.
#[test]
fn cve_2021_25737_no_endpoint_leads_into_a_host() {
    for address in [
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "::",
        "ff02::1",
        "::ffff:127.0.0.1",
    ] {
        let mut world = World::with_pods(2);
        world.change_service(|service| service.ip_families = Box::default());
        world.change_service(|service| service.cluster_ip = ClusterIp::None);
        world.change_pod(0, |pod| pod.ips = [address.parse().unwrap()].into());
        let plan = world.plan();
        assert_eq!(plan.events[0].reason, "AddressNotAllowed", "{address}");
        world.settle();
        assert_eq!(world.published().keys().collect::<Vec<_>>(), ["pod-0001"], "{address}");
    }
}

/// A selector reaches no pod of another namespace, whatever its labels and addresses.
#[test]
fn cve_2021_25740_no_endpoint_is_in_another_namespace() {
    let mut world = World::with_pods(1);
    let mut other: Pod = pod(7);
    other.meta.name.namespace = "victim".into();
    world.add([other.object()]);
    world.settle();
    assert_eq!(world.published().len(), 1);
}

/// A name may pass from pod to pod, as those of a StatefulSet do, and an address with it.
#[test]
fn a_pod_that_takes_over_name_and_address_is_told_by_its_uid() {
    let mut world = World::with_pods(2);
    world.settle();
    world.remove_pods([0]);
    let mut next = pod(0);
    next.meta.uid = mainstay_model::Uid(0xfeed);
    world.add([next.object()]);
    assert_eq!(all_verbs(&world.settle()), ["update"]);
    world.change_pod(0, |pod| pod.ips = [v4(777)].into());
    assert_eq!(verbs(&world.plan()), ["update"]);
}
