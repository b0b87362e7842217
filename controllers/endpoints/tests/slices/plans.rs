//! What is planned, rule by rule.

use expect_test::expect;
use mainstay_engine::Controller as _;
use mainstay_model::{
    ClusterIp, EndpointSlice, Found, IpFamily, Kind, LabelSet, ReadOutcome, ResourceVersion, Uid, Write,
};

use crate::objects::{
    IntoObject, at, endpoint, name, node, owner, placeholder, pod, slice, slice_port, with_label,
    without_label,
};
use crate::world::{World, all_verbs, check, verbs};

#[test]
fn the_names_are_upstreams() {
    let controller = World::of([]).controller();
    assert_eq!(controller.name(), "endpointslice-controller");
    assert_eq!(controller.former_name(), Some("endpointslice"));
    assert_eq!(controller.queue(), "endpoint_slice");
    assert_eq!(controller.primary(), Kind::Service);
}

#[test]
fn what_changes_stays_in_its_place_and_what_is_new_comes_last() {
    let mut world = World::with_pods(5);
    world.settle();
    world.remove_pods([1]);
    world.change_pod(3, |pod| {
        pod.ready = false;
        pod.ready_since = at(5000);
    });
    let mut first = pod(9);
    first.meta.name = name("a-pod");
    first.meta.uid = Uid(0xa);
    first.ready_since = at(6000);
    world.add([first.object()]);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation last-change-trigger-time=1970-01-01T01:23:20Z
          pod-0000 10.0.0.1 ready serving on node-a
          pod-0002 10.0.0.3 ready serving on node-a
          pod-0003 10.0.0.4 on node-a
          pod-0004 10.0.0.5 ready serving on node-a
          a-pod 10.0.0.10 ready serving on node-a
    "#]],
    );
}

type Edit = fn(&mut EndpointSlice);

#[test]
fn a_difference_in_anything_is_mended() {
    let edits: [(&str, Edit); 10] = [
        ("one more", |slice| edit(slice, |endpoints| endpoints.push(endpoint(&pod(7))))),
        ("one less", |slice| edit(slice, |endpoints| drop(endpoints.pop()))),
        ("twice", |slice| edit(slice, |endpoints| endpoints.push(endpoints[0].clone()))),
        ("condition", |slice| edit(slice, |endpoints| endpoints[0].conditions.terminating = None)),
        ("node", |slice| edit(slice, |endpoints| endpoints[0].node = None)),
        ("zone", |slice| edit(slice, |endpoints| endpoints[0].zone = Some("zone-z".into()))),
        ("hint", |slice| edit(slice, |endpoints| endpoints[0].zone_hints = ["zone-z".into()].into())),
        ("hostname", |slice| edit(slice, |endpoints| endpoints[0].hostname = Some("zero".into()))),
        ("uid", |slice| edit(slice, |endpoints| endpoints[0].target.as_mut().unwrap().uid = "7".into())),
        ("ports", |slice| slice.ports = [slice_port(9)].into()),
    ];
    let mut world = World::with_pods(3);
    world.settle();
    let right = world.slices()[0].clone();
    for (what, edit) in edits {
        let mut world = world.clone();
        world.change_slice(&right.meta.name, edit);
        assert_eq!(all_verbs(&world.settle()), ["update"], "{what}");
        let slice = world.slices()[0].clone();
        let sorted = |slice: &EndpointSlice| {
            let mut endpoints = slice.endpoints.to_vec();
            endpoints.sort_by_key(|endpoint| endpoint.addresses.clone());
            endpoints
        };
        assert_eq!((sorted(&slice), &slice.ports), (sorted(&right), &right.ports), "{what}");
    }
}

fn edit(slice: &mut EndpointSlice, change: impl FnOnce(&mut Vec<mainstay_model::Endpoint>)) {
    let mut endpoints = slice.endpoints.to_vec();
    change(&mut endpoints);
    slice.endpoints = endpoints.into();
}

#[test]
fn a_difference_that_says_nothing_is_left() {
    let edits: [Edit; 3] = [
        |slice| edit(slice, |endpoints| endpoints.reverse()),
        |slice| slice.annotations = [("note", "kept")].into_iter().collect(),
        |slice| {
            edit(slice, |endpoints| {
                endpoints[0].target.as_mut().unwrap().rest = Some(Box::new(mainstay_model::TargetRest {
                    api_version: "".into(),
                    version: "7".into(),
                    field_path: "".into(),
                }));
            })
        },
    ];
    let mut world = World::with_pods(3);
    world.settle();
    let slice = world.slices()[0].meta.name.clone();
    for edit in edits {
        let mut world = world.clone();
        world.change_slice(&slice, edit);
        assert!(world.plan().writes.is_empty());
    }
}

#[test]
fn annotations_of_others_stay_and_the_time_goes_with_what_it_was_for() {
    let mut world = World::with_pods(2);
    world.settle();
    let slice = world.slices()[0].meta.name.clone();
    world.change_slice(&slice, |slice| slice.annotations = with_label(&slice.annotations, "note", "kept"));
    world.remove_pods([1]);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          annotation note=kept
          pod-0000 10.0.0.1 ready serving on node-a
    "#]],
    );
}

#[test]
fn a_deleted_slice_is_made_anew() {
    let mut world = World::with_pods(250);
    world.settle();
    let slice = world.slices()[1].meta.name.clone();
    world.remove(Kind::EndpointSlice, &slice);
    assert_eq!(all_verbs(&world.settle()).len(), 1);
    assert_eq!(world.published().len(), 250);
}

#[test]
fn pods_that_go_leave_a_placeholder_and_pods_that_come_take_it() {
    let mut world = World::with_pods(250);
    world.settle();
    world.remove_pods(0..250);
    let mut gone = all_verbs(&world.settle());
    gone.sort_unstable();
    assert_eq!(gone, ["delete", "delete", "update"]);
    assert!(world.slices()[0].ports.is_empty());
    world.add((0..250).map(|number| pod(number).object()));
    let mut back = all_verbs(&world.settle());
    back.sort_unstable();
    assert_eq!(back, ["create", "create", "update"]);
}

#[test]
fn each_family_has_a_placeholder_of_its_own() {
    let mut world = World::with_pods(0);
    world.change_service(|service| {
        service.cluster_ip = ClusterIp::None;
        service.ip_families = Box::default();
    });
    assert_eq!(all_verbs(&world.settle()), ["create", "create"]);
    // A pod with an address of one family fills one of them.
    let mut only_v4 = pod(0);
    only_v4.ips = [only_v4.ips[0]].into();
    world.add([only_v4.object()]);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          label service.kubernetes.io/headless=
          annotation last-change-trigger-time=1970-01-01T00:33:20Z
          pod-0000 10.0.0.1 ready serving on node-a
    "#]],
    );
    world.settle();
    world.change_service(|service| service.ip_families = [IpFamily::V4].into());
    assert_eq!(all_verbs(&world.settle()), ["delete"]);
}

#[test]
fn of_several_placeholders_one_stays() {
    let mut world = World::with_pods(0);
    let mut relabelled = placeholder("web-1");
    relabelled.meta.labels = with_label(&relabelled.meta.labels, "foo", "bar");
    world.add([relabelled.object(), placeholder("web-2").object(), placeholder("web-3").object()]);
    check(
        &world,
        expect![[r#"
        delete web-1
        delete web-3
    "#]],
    );
}

#[test]
fn a_slice_without_endpoints_is_not_kept_beside_others() {
    let mut world = World::with_pods(2);
    world.add([slice("web-1", []).object(), slice("web-2", &[pod(0), pod(1)]).object()]);
    check(
        &world,
        expect![[r#"
        delete web-1
    "#]],
    );
}

#[test]
fn slices_of_a_former_service_go_once_the_new_ones_are_there() {
    let mut world = World::with_pods(2);
    let mut old = slice("web-1", &[pod(0), pod(1)]);
    old.meta.owners = [owner(Uid(0xbad))].into();
    world.add([old.clone().object()]);
    assert_eq!(verbs(&world.plan()), ["create"]);
    // Where nothing can be made, perhaps since the old ones take the room, they go at once.
    let plan = world.plan();
    world.memory.failure =
        Some(mainstay_engine::Failure { write: plan.writes[0].clone(), message: "quota".to_owned() });
    assert_eq!(verbs(&world.plan()), ["create", "delete"]);
    // What nobody owns was made by a user under our label.
    old.meta.owners = Box::default();
    world.memory = Default::default();
    world.add([old.object()]);
    assert_eq!(all_verbs(&world.settle()), ["create", "delete"]);
}

/// Where the watch of services is behind, the slices of a service that was made anew look like those of a former one (simulated cluster,
/// seed 777876).
#[test]
fn slices_of_another_service_go_only_once_the_server_says_that_this_one_is_the_present_one() {
    let mut world = World::with_pods(2);
    world.settle();
    let mut other = slice("web-other", &[pod(0), pod(1)]);
    other.meta.owners = [owner(Uid(0xbad))].into();
    world.add([other.object()]);
    let asked = world.plan_with(&[]);
    assert_eq!((asked.reads.len(), asked.writes), (1, vec![]));
    let read = asked.reads[0].clone();
    let present = world.store.services().get(&name("web")).unwrap().meta.clone();
    let found = |uid, version| {
        let found = Found { uid, version, deleting: false, controller: None };
        verbs(&world.plan_with(&[(read.clone(), ReadOutcome::Found(found))]))
    };
    assert_eq!(found(present.uid, present.version), ["delete"]);
    assert_eq!(found(Uid(0xbad), present.version), [""; 0], "made anew");
    assert_eq!(found(present.uid, ResourceVersion(present.version.0 + 1)), [""; 0], "changed since");
    assert_eq!(verbs(&world.plan_with(&[(read.clone(), ReadOutcome::NotFound)])), [""; 0]);
    let failed = ReadOutcome::Failed { message: "no answer".to_owned() };
    let plan = world.plan_with(&[(read.clone(), failed)]);
    assert_eq!((plan.writes, plan.fault.is_some()), (vec![], true), "asked again later");
}

#[test]
fn names_are_derived_unique_and_free() {
    let names = |world: &World| -> Vec<String> {
        world.plan().writes.iter().map(|write| write.object().name.to_string()).collect()
    };
    let mut world = World::with_pods(250);
    world.change_service(|service| service.ip_families = [IpFamily::V4, IpFamily::V6].into());
    let first = names(&world);
    assert_eq!(first.len(), 6);
    let mut distinct = first.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 6);
    assert_eq!(names(&world), first, "the same view gives the same names");
    world.memory.taken.insert(first[0].as_str().into());
    assert!(!names(&world).contains(&first[0]));
    let mut other = slice(&first[1], []);
    other.meta.labels = LabelSet::default();
    world.add([other.object()]);
    assert!(!names(&world).contains(&first[1]));
}

#[test]
fn long_names_stay_valid() {
    let long = "w".repeat(253);
    let mut world = World::with_pods(1);
    let mut service = mainstay_model::Service::clone(world.store.services().get(&name("web")).unwrap());
    service.meta.name = name(&long);
    world.add([service.object()]);
    let view = mainstay_engine::View { store: &world.store, memory: &world.memory };
    let plan = world.controller().plan(&name(&long), &view, Default::default());
    let Write::CreateEndpointSlice(create) = &plan.writes[0] else { panic!("{plan:?}") };
    assert_eq!(create.slice.name.len(), 63);
    assert_eq!(&*create.generate_name, long);
}

#[test]
fn a_node_that_goes_takes_its_pods_along_and_a_zone_that_changes_is_told() {
    let mut world = World::with_pods(1);
    world.add([node("node-a", "zone-a").object()]);
    world.settle();
    world.add([node("node-a", "zone-b").object()]);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          pod-0000 10.0.0.1 ready serving on node-a in zone-b
    "#]],
    );
    world.settle();
    world.remove(Kind::Node, &node("node-a", "").meta.name);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 []
        event FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service shop/web: pod pod-0000 is left out: its node node-a is not found
        fault: pod pod-0000 is left out: its node node-a is not found
    "#]],
    );
}

#[test]
fn a_label_of_ours_that_is_gone_comes_back_with_the_next_write() {
    let mut world = World::with_pods(1);
    world.change_service(|service| service.cluster_ip = ClusterIp::None);
    world.settle();
    let slice = world.slices()[0].meta.name.clone();
    world.change_slice(&slice, |slice| {
        slice.meta.labels = without_label(&slice.meta.labels, "service.kubernetes.io/headless");
    });
    assert!(world.plan().writes.is_empty());
    world.change_pod(0, |pod| pod.ready = false);
    check(
        &world,
        expect![[r#"
        update web-gswdf IPv4 [:80]
          label service.kubernetes.io/headless=
          annotation last-change-trigger-time=1970-01-01T00:33:20Z
          pod-0000 10.0.0.1 on node-a
    "#]],
    );
}
