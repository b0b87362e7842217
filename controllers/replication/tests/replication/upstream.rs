//! Upstream's scenarios by their upstream names (test/integration/replicationcontroller and
//! pkg/controller/replicaset/replica_set_test.go), as far as they are the planner's to decide.

use expect_test::expect;
use mainstay_model::{Found, PodPhase, ReadOutcome, Timestamp, Uid, Write};

use crate::objects::{Controller, NOW, TestPod, WEB, controller, create, labels, name, pod, seconds_ago};
use crate::world::{World, check, check_until_idle};

fn owned(names: &[&str]) -> Vec<TestPod> {
    names.iter().map(|name| pod(name).of_web()).collect()
}

fn with(controller: Controller, pods: &[TestPod]) -> World {
    World::of(std::iter::once(controller.object()).chain(pods.iter().map(TestPod::object)))
}

#[test]
fn test_adoption() {
    // The pod refers to the ReplicationController as an owner, not as its controller.
    let refers = pod("a").owner("ReplicationController", "web", WEB.0, false);
    check_until_idle(
        &mut with(controller(1), &[refers]),
        expect![[r#"
        read ReplicationController web
        --
        adopt a
        --
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // The pod has no owner.
    check_until_idle(
        &mut with(controller(1), &[pod("a")]),
        expect![[r#"
        read ReplicationController web
        --
        adopt a
        --
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // The pod has it as its controller already.
    check_until_idle(
        &mut with(controller(1), &[pod("a").of_web()]),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // Another one is the pod's controller, this one a mere owner.
    let elsewhere = pod("a").owner("ReplicationController", "other", 1, true).owner(
        "ReplicationController",
        "web",
        WEB.0,
        false,
    );
    check_until_idle(
        &mut with(controller(1), &[elsewhere]),
        expect![[r#"
        create web-g76vh
        --
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_spec_replicas_change() {
    check_until_idle(
        &mut with(controller(2), &[]),
        expect![[r#"
        create web-g76vh web-9x9md
        --
        status 2 replicas, 2 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    let two = owned(&["a", "b"]);
    check_until_idle(
        &mut with(controller(3).status(2, 0, 0), &two),
        expect![[r#"
        create web-nc96z
        --
        status 3 replicas, 3 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    check_until_idle(
        &mut with(controller(0).status(2, 0, 0), &two),
        expect![[r#"
        delete a b
        --
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // A change that alters nothing but the generation is acknowledged in the status.
    check_until_idle(
        &mut with(controller(2).status(2, 0, 0).generation(2), &two),
        expect![[r#"
        status 2 replicas, 2 fully labelled, 0 ready, 0 available, generation 2
    "#]],
    );
}

#[test]
fn test_logarithmic_scale_down() {
    let young = pod("young").of_web().ready(seconds_ago(1)).created(Some(seconds_ago(2)));
    let old = |name| pod(name).of_web().ready(seconds_ago(12)).created(Some(seconds_ago(14)));
    check(
        &with(controller(2).status(3, 3, 3), &[old("old-1"), young, old("old-2")]),
        expect![[r#"
        delete young
    "#]],
    );
}

#[test]
fn test_deleting_and_failed_pods() {
    let failed = pod("failed").of_web().phase(PodPhase::Failed).created(Some(seconds_ago(60)));
    let pods = [pod("deleting").of_web().deleting(), failed];
    check_until_idle(
        &mut with(controller(2).status(2, 0, 0), &pods),
        expect![[r#"
        create web-rmhw5 web-zmc92
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
        --
        status 2 replicas, 2 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_overlapping_rcs() {
    let other = controller(1).named("other", 0xb);
    let mut world = World::of([controller(2).object(), other.object()]);
    world.settle(&name("web"));
    world.settle(&name("other"));
    let count = |uid| world.store.pods().controlled_by(Uid(uid)).count();
    assert_eq!((count(0xa), count(0xb), world.store.pods().len()), (2, 1, 3));
    for key in ["web", "other"] {
        let controller = world.store.replication_controllers().get(&name(key)).unwrap();
        assert_eq!(controller.status.replicas, controller.replicas, "{key}");
    }
}

#[test]
fn test_pod_orphaning_and_adoption_when_labels_change() {
    let strayed = pod("a").of_web().labels(&[("app", "mail")]);
    let mut world = with(controller(1).status(1, 0, 0), &[strayed]);
    check_until_idle(
        &mut world,
        expect![[r#"
        release a
        --
        create web-g76vh
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
        --
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    world.change_pod(&name("a"), pod("a").0.meta.uid, |pod| pod.meta.labels = labels(&[("app", "web")]));
    check_until_idle(
        &mut world,
        expect![[r#"
        read ReplicationController web
        --
        adopt a
        --
        delete web-g76vh
        status 2 replicas, 2 fully labelled, 0 ready, 0 available, generation 1
        --
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_general_pod_adoption() {
    let of_a_stateful_set = pod("a").owner("StatefulSet", "web", 7, false);
    let mut world = with(controller(1), &[of_a_stateful_set]);
    world.settle(&name("web"));
    let kinds: Vec<_> = world
        .store
        .pods()
        .get(&name("a"))
        .unwrap()
        .meta
        .owners
        .iter()
        .map(|owner| (owner.kind.to_string(), owner.controller))
        .collect();
    assert_eq!(kinds, [("StatefulSet".to_owned(), false), ("ReplicationController".to_owned(), true)]);
}

#[test]
fn test_ready_and_available_replicas() {
    let pods = [
        pod("running").of_web(),
        pod("ready").of_web().ready(seconds_ago(0)),
        pod("available").of_web().ready(seconds_ago(7200)),
    ];
    check(
        &with(controller(3).min_ready_seconds(3600), &pods),
        expect![[r#"
        status 3 replicas, 3 fully labelled, 2 ready, 1 available, generation 1
        again in Some(3600s)
    "#]],
    );
}

#[test]
fn test_extra_pods_adoption_and_deletion() {
    let mut world = with(controller(2), &[pod("pod-1"), pod("pod-2"), pod("pod-3")]);
    check_until_idle(
        &mut world,
        expect![[r#"
        read ReplicationController web
        --
        adopt pod-1 pod-2 pod-3
        --
        delete pod-1
        status 3 replicas, 3 fully labelled, 0 ready, 0 available, generation 1
        --
        status 2 replicas, 2 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_fully_labeled_replicas() {
    let pods = [
        pod("plain").of_web(),
        pod("full").of_web().labels(&[("app", "web"), ("extraKey", "extraValue"), ("more", "too")]),
    ];
    let controller = controller(2).template_labels(&[("app", "web"), ("extraKey", "extraValue")]);
    check(
        &with(controller, &pods),
        expect![[r#"
        status 2 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_controller_burst_replicas() {
    // 500 at a time, whatever is missing or too much.
    check_until_idle(
        &mut with(controller(1200), &[]),
        expect![[r#"
        create 500 pods: web-g76vh .. web-4cjdj
        --
        create 500 pods: web-8xth9 .. web-s8xp4
        status 500 replicas, 500 fully labelled, 0 ready, 0 available, generation 1
        --
        create 200 pods: web-nrl52 .. web-465vl
        status 1000 replicas, 1000 fully labelled, 0 ready, 0 available, generation 1
        --
        status 1200 replicas, 1200 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    let many: Vec<_> = (0..1200).map(|number| pod(&format!("p{number:04}")).of_web()).collect();
    check_until_idle(
        &mut with(controller(0).status(1200, 0, 0), &many),
        expect![[r#"
        delete 500 pods: p0000 .. p0499
        --
        delete 500 pods: p0500 .. p0999
        status 700 replicas, 700 fully labelled, 0 ready, 0 available, generation 1
        --
        delete 200 pods: p1000 .. p1199
        status 200 replicas, 200 fully labelled, 0 ready, 0 available, generation 1
        --
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_deletion_timestamp() {
    // A pod that arrives with a deletion timestamp is not counted, and it is left alone.
    check(
        &with(controller(0), &[pod("a").of_web().deleting()]),
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn test_expectations_on_recreate() {
    // What was in doubt for the one that is gone is nothing to the one that has its name now.
    let mut before = create("web-old");
    before.owner.uid = Uid(0xdead);
    let world = with(controller(1), &[])
        .remembering(|memory| memory.unsettled = vec![before.clone()])
        .failed(Write::CreatePod(before), "no");
    check(
        &world,
        expect![[r#"
        create web-g76vh
    "#]],
    );
}

#[test]
fn test_do_not_patch_pod_with_other_control_ref() {
    check(
        &with(controller(2), &[pod("a").owner("ReplicationController", "other", 1, true)]),
        expect![[r#"
        create web-g76vh web-9x9md
    "#]],
    );
}

#[test]
fn test_patch_pod_fails() {
    // Both adoptions are tried, and tried again while they fail (the engine sees to the pauses); nothing else is.
    let found = Found { uid: WEB, version: Default::default(), deleting: false, controller: None };
    let world = || with(controller(3), &[pod("pod1"), pod("pod2"), pod("mine").of_web()]);
    let answered = world().answered(ReadOutcome::Found(found));
    check(
        &answered,
        expect![[r#"
        adopt pod1 pod2
    "#]],
    );
    let failed = answered.plan(&name("web")).writes.remove(0);
    check(
        &world().failed(failed, "fake error"),
        expect![[r#"
        read ReplicationController web
    "#]],
    );
}

#[test]
fn test_do_not_adopt_or_create_if_being_deleted() {
    check(
        &with(controller(2).deleting(), &[pod("pod1")]),
        expect![[r#"
        nothing
    "#]],
    );
    // It keeps what it has, even what it would let go otherwise.
    let pods = [pod("kept").of_web(), pod("strayed").of_web().labels(&[("app", "mail")])];
    check(
        &with(controller(2).deleting(), &pods),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn test_do_not_adopt_or_create_if_being_deleted_race() {
    let world = || with(controller(2), &[pod("pod1"), pod("strayed").of_web().labels(&[("app", "mail")])]);
    check(
        &world(),
        expect![[r#"
        read ReplicationController web
    "#]],
    );
    let found = |uid, deleting| {
        ReadOutcome::Found(Found { uid, version: Default::default(), deleting, controller: None })
    };
    check(
        &world().answered(found(WEB, true)),
        expect![[r#"
        release strayed
        fault: cannot adopt pods: the ReplicationController is being deleted
    "#]],
    );
    check(
        &world().answered(found(Uid(0xb), false)),
        expect![[r#"
        release strayed
        fault: cannot adopt pods: the name now belongs to 00000000-0000-0000-0000-00000000000b
    "#]],
    );
    check(
        &world().answered(ReadOutcome::NotFound),
        expect![[r#"
        release strayed
        fault: cannot adopt pods: the ReplicationController is gone
    "#]],
    );
    check(
        &world().answered(ReadOutcome::Failed { message: "timeout".to_owned() }),
        expect![[r#"
        release strayed
        fault: cannot adopt pods: reading the ReplicationController failed: timeout
    "#]],
    );
    check(
        &world().answered(found(WEB, false)),
        expect![[r#"
        release strayed
        adopt pod1
    "#]],
    );
}

#[test]
fn test_replica_set_availability_check() {
    let pods = [
        pod("foobar-1").of_web().phase(PodPhase::Pending),
        pod("foobar-2").of_web().ready(seconds_ago(0)),
        pod("foobar-3").of_web().ready(seconds_ago(2)),
        pod("foobar-4").of_web().ready(Timestamp(NOW.0 - 4_300_000)),
    ];
    check(
        &with(controller(4).min_ready_seconds(5), &pods),
        expect![[r#"
        status 4 replicas, 4 fully labelled, 3 ready, 0 available, generation 1
        again in Some(700ms)
    "#]],
    );
}

#[test]
fn test_filter_pods_by_owner() {
    // Kind, name, UID and namespace: all must fit. Another reference makes the pod somebody else's.
    let pods = [
        pod("by-kind").owner("ReplicaSet", "web", WEB.0, true),
        pod("by-name").owner("ReplicationController", "other", WEB.0, true),
        pod("by-uid").owner("ReplicationController", "web", 0xb, true),
        pod("by-namespace").of_web().namespace("elsewhere"),
    ];
    check(
        &with(controller(0), &pods),
        expect![[r#"
        nothing
    "#]],
    );
}
