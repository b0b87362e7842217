//! What is counted of slices.

use mainstay_engine::Controller as _;
use mainstay_model::{IpFamily, TargetPort};

use crate::objects::{named_ports, port, slice, text, v6};
use crate::world::World;

/// What a plan tells, in upstream's names without what they begin with.
fn figures(world: &World) -> Vec<String> {
    let declared = world.controller().metrics();
    let mut told = Vec::new();
    for figure in world.plan().figures {
        let metric = declared.iter().find(|metric| metric.name == figure.metric);
        let metric = metric.unwrap_or_else(|| panic!("{} is not declared", figure.metric));
        assert_eq!(metric.labels.len(), figure.labels.len(), "{}", metric.name);
        let name = metric.name.strip_prefix("endpoint_slice_controller_").unwrap();
        let words = [&[name], &figure.labels[..]].concat();
        told.push(format!("{} {}", words.join(" ").trim_end(), figure.value));
    }
    told
}

#[test]
fn what_is_new_is_counted_as_added() {
    let world = World::with_pods(3).max(2);
    let expected = [
        "endpoints_added_per_sync 3",
        "endpoints_removed_per_sync 0",
        "endpoints_desired 3",
        "num_endpoint_slices 2",
        "desired_endpoint_slices 2",
        "endpointslices_changed_per_sync Disabled 2",
    ];
    assert_eq!(figures(&world), expected);
}

#[test]
fn at_rest_only_what_is_there_is_counted() {
    let mut world = World::with_pods(3);
    world.settle();
    let expected = [
        "endpoints_added_per_sync 0",
        "endpoints_removed_per_sync 0",
        "endpoints_desired 3",
        "num_endpoint_slices 1",
        "desired_endpoint_slices 1",
        "endpointslices_changed_per_sync Disabled 0",
    ];
    assert_eq!(figures(&world), expected);
}

#[test]
fn what_goes_is_counted_as_removed_and_a_place_without_endpoints_as_a_slice() {
    let mut world = World::with_pods(3);
    world.settle();
    world.remove_pods([0, 1]);
    assert_eq!(
        figures(&world)[..3],
        ["endpoints_added_per_sync 0", "endpoints_removed_per_sync 2", "endpoints_desired 1"]
    );
    world.remove_pods([2]);
    world.settle();
    assert_eq!(
        figures(&world)[2..5],
        ["endpoints_desired 0", "num_endpoint_slices 1", "desired_endpoint_slices 1"]
    );
}

#[test]
fn a_pod_that_only_changes_is_neither_added_nor_removed() {
    let mut world = World::with_pods(3);
    world.settle();
    world.change_pod(1, |pod| pod.ready = false);
    assert_eq!(figures(&world)[..2], ["endpoints_added_per_sync 0", "endpoints_removed_per_sync 0"]);
    assert_eq!(figures(&world)[5], "endpointslices_changed_per_sync Disabled 1");
}

#[test]
fn both_families_count() {
    let mut world = World::with_pods(3);
    world.change_service(|service| service.ip_families = [IpFamily::V4, IpFamily::V6].into());
    for number in 0..3 {
        world.change_pod(number, |pod| pod.ips = [pod.ips[0], v6(number)].into());
    }
    assert_eq!(
        figures(&world)[2..5],
        ["endpoints_desired 6", "num_endpoint_slices 2", "desired_endpoint_slices 2"]
    );
}

#[test]
fn slices_beyond_those_that_are_needed_show() {
    let mut world = World::with_pods(4);
    let pods: Vec<_> = (0..4).map(crate::objects::pod).collect();
    use crate::objects::IntoObject;
    world.add([slice("web-a", &pods[..2]).object(), slice("web-b", &pods[2..]).object()]);
    assert_eq!(figures(&world)[3..5], ["num_endpoint_slices 2", "desired_endpoint_slices 1"]);
}

#[test]
fn each_group_of_ports_needs_a_slice_of_its_own() {
    let mut world = World::with_pods(2);
    world.change_service(|service| service.ports = [port("http", TargetPort::Name("http".into()))].into());
    world.change_pod(0, |pod| pod.named_ports = named_ports(&[("http", 80)]));
    world.change_pod(1, |pod| pod.named_ports = named_ports(&[("http", 81)]));
    assert_eq!(figures(&world)[3..5], ["num_endpoint_slices 2", "desired_endpoint_slices 2"]);
}

#[test]
fn how_traffic_is_distributed_is_a_label_and_a_count() {
    for (distribution, mode, expected) in [
        (None, None, vec!["endpointslices_changed_per_sync Disabled 1"]),
        (
            Some("PreferClose"),
            None,
            vec![
                "endpointslices_changed_per_sync Disabled PreferClose 1",
                "services_count_by_traffic_distribution PreferClose 1",
            ],
        ),
        (Some("PreferSameNode"), Some("Auto"), vec!["endpointslices_changed_per_sync Auto 1"]),
        (Some("PreferTheMoon"), None, vec!["endpointslices_changed_per_sync Disabled 1"]),
    ] {
        let mut world = World::with_pods(1);
        world.change_service(|service| {
            service.traffic_distribution = distribution.map(text);
            service.topology_mode = mode.map(text);
        });
        assert_eq!(figures(&world)[5..], expected, "{distribution:?} {mode:?}");
    }
}

#[test]
fn a_service_that_is_no_concern_of_ours_tells_nothing() {
    let mut world = World::with_pods(1);
    world.change_service(|service| service.selector = None);
    assert_eq!(figures(&world), [""; 0]);
}
