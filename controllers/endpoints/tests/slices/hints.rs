//! Hints: `spec.trafficDistribution` and the annotation.

use expect_test::expect;
use mainstay_model::{IpFamily, Kind, Node, Pod};

use crate::objects::{IntoObject, name, node, pod, text};
use crate::world::{World, check, check_until_idle, render, verbs};

/// Pods on nodes in zones; the letter says which. A small letter is a pod that is not ready.
fn zoned(pods: &str) -> World {
    let mut world = World::with_pods(0);
    world.remove(Kind::Node, &node("node-a", "").meta.name);
    for zone in ["a", "b", "c"] {
        if pods.to_lowercase().contains(zone) || zone != "c" {
            world.add([node(&format!("node-{zone}"), &format!("zone-{zone}")).object()]);
        }
    }
    for (number, zone) in pods.chars().enumerate() {
        let ready = zone.is_uppercase();
        let it = Pod { node: Some(format!("node-{}", zone.to_lowercase()).into()), ready, ..pod(number) };
        world.add([it.object()]);
    }
    world
}

/// For which zone each endpoint is, in the order of the pods: `-` for none.
fn hints(world: &World) -> String {
    let mut hints = Vec::new();
    for slice in world.slices() {
        for endpoint in slice.endpoints.iter() {
            let zones: Vec<&str> = endpoint.zone_hints.iter().map(|zone| &zone[5..]).collect();
            hints.push((
                endpoint.target.clone(),
                if zones.is_empty() { "-".to_owned() } else { zones.concat() },
            ));
        }
    }
    hints.sort();
    hints.into_iter().map(|(_, zone)| zone).collect()
}

fn with_mode(pods: &str, mode: &str) -> World {
    let mut world = zoned(pods);
    world.change_service(|service| service.topology_mode = Some(mode.into()));
    world
}

#[test]
fn reconcile_traffic_distribution() {
    for (value, expected) in [
        (
            "PreferClose",
            expect![[r#"
            create web- IPv4 [:80]
              annotation last-change-trigger-time=1970-01-01T00:16:40Z
              pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a
              pod-0001 10.0.0.2 ready serving on node-b
              pod-0002 10.0.0.3 on node-b
        "#]],
        ),
        (
            "PreferSameZone",
            expect![[r#"
            create web- IPv4 [:80]
              annotation last-change-trigger-time=1970-01-01T00:16:40Z
              pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a
              pod-0001 10.0.0.2 ready serving on node-b
              pod-0002 10.0.0.3 on node-b
        "#]],
        ),
        (
            "PreferSameNode",
            expect![[r#"
            create web- IPv4 [:80]
              annotation last-change-trigger-time=1970-01-01T00:16:40Z
              pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a for node-a
              pod-0001 10.0.0.2 ready serving on node-b for node-b
              pod-0002 10.0.0.3 on node-b
        "#]],
        ),
        (
            "Unknown",
            expect![[r#"
            create web- IPv4 [:80]
              annotation last-change-trigger-time=1970-01-01T00:16:40Z
              pod-0000 10.0.0.1 ready serving on node-a in zone-a
              pod-0001 10.0.0.2 ready serving on node-b
              pod-0002 10.0.0.3 on node-b
        "#]],
        ),
    ] {
        let mut world = zoned("ABb");
        world.change_service(|service| service.traffic_distribution = Some(value.into()));
        world.add([node("node-b", "").object()]);
        check(&world, expected);
    }
}

#[test]
fn a_preference_that_changes_is_written_and_one_that_goes_takes_the_hints_along() {
    let mut world = zoned("AB");
    world.settle();
    let prefer = |world: &mut World, value: Option<&str>| {
        world.change_service(|service| service.traffic_distribution = value.map(text));
        let plans: String = world.settle().iter().map(render).collect();
        plans
    };
    expect![[r#"
        update web-gswdf IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a for node-a
          pod-0001 10.0.0.2 ready serving on node-b in zone-b for zone-b for node-b
    "#]]
    .assert_eq(&prefer(&mut world, Some("PreferSameNode")));
    expect![[r#"
        update web-gswdf IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a
          pod-0001 10.0.0.2 ready serving on node-b in zone-b for zone-b
    "#]]
    .assert_eq(&prefer(&mut world, Some("PreferSameZone")));
    assert_eq!(prefer(&mut world, Some("PreferClose")), "");
    expect![[r#"
        update web-gswdf IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a in zone-a
          pod-0001 10.0.0.2 ready serving on node-b in zone-b
        event TopologyAwareHintsDisabled No endpoint is for certain zones any more, addressType: IPv4
    "#]]
    .assert_eq(&prefer(&mut world, Some("Something")));
}

#[test]
fn hints_enabled() {
    for (mode, is_on) in [("Auto", true), ("auto", true), ("AUTO", false), ("Disabled", false), ("", false)] {
        let mut world = with_mode("AABB", mode);
        world.settle();
        assert_eq!(hints(&world), if is_on { "aabb" } else { "----" }, "{mode}");
    }
    // The annotation comes before the field, and one that says nothing leaves the field in force.
    for (mode, expected) in [("Auto", "baab"), ("Disabled", "aaab")] {
        let mut world = with_mode("AAAB", mode);
        world.change_service(|service| service.traffic_distribution = Some("PreferClose".into()));
        world.settle();
        assert_eq!(hints(&world), expected, "{mode}");
    }
}

#[test]
fn add_hints() {
    // Each zone has the same CPUs.
    for (pods, expected) in [
        ("AB", "ab"),
        ("AA", "ba"),
        ("ABC", "abc"),
        ("AAABBB", "aaabbb"),
        ("AAAAAA", "bbbaaa"),
        ("AAAB", "baab"),
        ("AABBb", "aabb-"),
        ("AAAABBCCC", "baaabbccc"),
    ] {
        let mut world = with_mode(pods, "Auto");
        let plans = world.settle();
        assert_eq!(hints(&world), expected, "{pods}");
        assert_eq!(plans.len(), 1, "{pods}: once written it is at rest");
        assert_eq!(plans[0].events[0].reason, "TopologyAwareHintsEnabled");
        assert!(world.plan().events.is_empty(), "{pods}");
    }
}

#[test]
fn no_hints_where_they_would_do_harm() {
    let why = |mut world: World| {
        world.settle();
        let events = world.plan().events;
        assert!(hints(&world).chars().all(|hint| hint == '-'));
        assert_eq!(events[0].reason, "TopologyAwareHintsDisabled");
        events[0].message.clone()
    };
    expect!["A ready node lacks a zone or allocatable CPU, addressType: IPv4"].assert_eq(&why({
        let mut world = with_mode("AABB", "Auto");
        world.add([Node { allocatable_cpu: Some("0".into()), ..node("node-d", "zone-a") }.object()]);
        world
    }));
    expect!["Fewer than two zones have ready nodes, addressType: IPv4"].assert_eq(&why({
        let mut world = with_mode("AABB", "Auto");
        world.add([Node { ready: false, ..node("node-b", "zone-b") }.object()]);
        world
    }));
    expect!["Too few endpoints are ready (1 endpoints, 2 zones), addressType: IPv4"]
        .assert_eq(&why(with_mode("Ab", "Auto")));
    expect!["Some zone would be overloaded (3 endpoints, 2 zones), addressType: IPv4"]
        .assert_eq(&why(with_mode("AAB", "Auto")));
    // Of a node without a zone that is not ready, so that it is not missed in the shares.
    expect!["Some zone would be overloaded (5 endpoints, 2 zones), addressType: IPv4"].assert_eq(&why({
        let mut world = with_mode("AABBC", "Auto");
        world.add([Node { ready: false, ..node("node-c", "") }.object()]);
        world
    }));
}

#[test]
fn set_nodes() {
    // Nodes of the control plane do not count, whatever they say.
    for role in ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"] {
        let mut world = with_mode("AABB", "Auto");
        let mut control_plane = node("node-x", "");
        control_plane.meta.labels = [(role, "")].into_iter().collect();
        world.add([control_plane.object()]);
        world.settle();
        assert_eq!(hints(&world), "aabb");
    }
    // A zone with three times the CPUs gets three times the endpoints.
    let mut world = with_mode("AAAABBBB", "Auto");
    world.add([Node { allocatable_cpu: Some("12000m".into()), ..node("node-a", "zone-a") }.object()]);
    world.settle();
    assert_eq!(hints(&world), "aaaaaabb");
}

#[test]
fn hints_for_nodes_that_go_were_no_shares_of_zones() {
    let mut world = zoned("AB");
    world.change_service(|service| service.traffic_distribution = Some(text("PreferSameNode")));
    world.settle();
    world.change_service(|service| service.traffic_distribution = None);
    check_until_idle(
        &mut world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a in zone-a
          pod-0001 10.0.0.2 ready serving on node-b in zone-b
    "#]],
    );
}

#[test]
fn hints_stay_as_long_as_no_zone_has_too_many() {
    let mut world = with_mode("AAAABBBB", "Auto");
    world.settle();
    // 55 % of the CPUs are in zone-a now: nothing that calls for a write.
    world.add([Node { allocatable_cpu: Some("5".into()), ..node("node-a", "zone-a") }.object()]);
    check(&world, expect!["nothing\n"]);
    world.add([Node { allocatable_cpu: Some("12".into()), ..node("node-a", "zone-a") }.object()]);
    assert_eq!(verbs(&world.plan()), ["update"]);
    world.settle();
    assert_eq!(hints(&world).matches('a').count(), 6);
}

#[test]
fn events_tell_of_each_flip_and_once() {
    let mut world = with_mode("AABB", "Auto");
    check_until_idle(
        &mut world,
        expect![[r#"
        create web- IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:16:40Z
          pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a
          pod-0001 10.0.0.2 ready serving on node-a in zone-a for zone-a
          pod-0002 10.0.0.3 ready serving on node-b in zone-b for zone-b
          pod-0003 10.0.0.4 ready serving on node-b in zone-b for zone-b
        event TopologyAwareHintsEnabled Each zone gets a share of the endpoints, addressType: IPv4
    "#]],
    );
    world.change_pod(0, |pod| pod.ready = false);
    check_until_idle(
        &mut world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:33:20Z
          pod-0000 10.0.0.1 on node-a in zone-a
          pod-0001 10.0.0.2 ready serving on node-a in zone-a
          pod-0002 10.0.0.3 ready serving on node-b in zone-b
          pod-0003 10.0.0.4 ready serving on node-b in zone-b
        event TopologyAwareHintsDisabled Some zone would be overloaded (3 endpoints, 2 zones), addressType: IPv4
    "#]],
    );
    world.change_pod(0, |pod| pod.ready = true);
    check_until_idle(
        &mut world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T00:33:20Z
          pod-0000 10.0.0.1 ready serving on node-a in zone-a for zone-a
          pod-0001 10.0.0.2 ready serving on node-a in zone-a for zone-a
          pod-0002 10.0.0.3 ready serving on node-b in zone-b for zone-b
          pod-0003 10.0.0.4 ready serving on node-b in zone-b for zone-b
        event TopologyAwareHintsEnabled Each zone gets a share of the endpoints, addressType: IPv4
    "#]],
    );
    world.change_service(|service| service.topology_mode = None);
    check_until_idle(
        &mut world,
        expect![[r#"
            update web-gswdf IPv4 [:80]
              pod-0000 10.0.0.1 ready serving on node-a in zone-a
              pod-0001 10.0.0.2 ready serving on node-a in zone-a
              pod-0002 10.0.0.3 ready serving on node-b in zone-b
              pod-0003 10.0.0.4 ready serving on node-b in zone-b
            event TopologyAwareHintsDisabled No endpoint is for certain zones any more, addressType: IPv4
        "#]],
    );
}

#[test]
fn a_zone_without_ready_nodes_gives_its_endpoints_away() {
    let mut world = with_mode("AABBCC", "Auto");
    world.add([Node { ready: false, ..node("node-c", "zone-c") }.object()]);
    world.settle();
    assert_eq!(hints(&world), "aabbab");
    assert!(world.plan().writes.is_empty());
}

/// TestTopologyCacheRace guards a lock that there is none of here; what remains of it is that both families are judged alone.
#[test]
fn each_family_is_shared_out_for_itself() {
    let mut world = with_mode("AABB", "Auto");
    world.change_service(|service| service.ip_families = [IpFamily::V4, IpFamily::V6].into());
    world.change_pod(0, |pod| pod.ips = [pod.ips[0]].into());
    let plans = world.settle();
    let messages: Vec<&str> = plans[0].events.iter().map(|event| &*event.message).collect();
    assert_eq!(
        messages,
        [
            "Each zone gets a share of the endpoints, addressType: IPv4",
            "Some zone would be overloaded (3 endpoints, 2 zones), addressType: IPv6",
        ]
    );
}

#[test]
fn hints_that_a_user_has_changed_come_back() {
    let mut world = with_mode("AABB", "Auto");
    world.settle();
    let slice = world.slices()[0].meta.name.clone();
    world.change_slice(&slice, |slice| {
        let mut endpoints = slice.endpoints.to_vec();
        endpoints.iter_mut().for_each(|endpoint| endpoint.zone_hints = [text("zone-z")].into());
        slice.endpoints = endpoints.into();
    });
    world.settle();
    assert_eq!(hints(&world), "aabb");
    assert_eq!(world.slices()[0].meta.name.namespace, name("web").namespace);
}
