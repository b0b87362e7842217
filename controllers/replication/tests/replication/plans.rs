//! What upstream's scenarios do not name: names, writes in doubt, faults, conditions.

use expect_test::expect;
use mainstay_model::{DeletePod, Name, PodPhase, Uid, Write};

use crate::objects::{Controller, TestPod, controller, create, name, pod, seconds_ago};
use crate::world::{World, check, render};

#[test]
fn a_key_without_an_object_needs_nothing() {
    check(
        &World::of([]),
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn names_stay_what_they_are_from_version_to_version() {
    // During an update two versions may plan for the same view: they must choose the same names.
    check(
        &World::of([controller(3).object()]),
        expect![[r#"
        create web-g76vh web-9x9md web-t8zgb
    "#]],
    );
    check(
        &World::of([controller(3).object(), pod("a").of_web().deleting().object()]),
        expect![[r#"
        create web-4mplg web-tq52h web-gbfjw
    "#]],
    );
    let long = controller(1).named(&"long-name.".repeat(25), 0xa);
    expect![[r#"
        create long-name.long-name.long-name.long-name.long-name.long-namg76vh
    "#]]
    .assert_eq(&render(&World::of([long.object()]).plan(&long.0.meta.name)));
}

#[test]
fn names_in_use_are_skipped() {
    let world = World::of([controller(2).object()]);
    let names: Vec<Name> =
        world.plan(&name("web")).writes.iter().map(|write| write.object().name.clone()).collect();
    let skips = |world: World| {
        let planned = world.plan(&name("web"));
        assert_eq!(planned.writes[0].object().name, names[1]);
    };
    skips(World::of([controller(2).object(), pod(&names[0]).labels(&[]).object()]));
    skips(World::of([controller(2).object()]).remembering(|memory| {
        memory.taken.insert(names[0].clone());
    }));
    let world =
        World::of([controller(2).object()]).remembering(|memory| memory.unsettled = vec![create(&names[0])]);
    let planned = world.plan(&name("web")).writes;
    assert_eq!(planned.iter().map(|write| &write.object().name).collect::<Vec<_>>(), [&names[0], &names[1]]);
}

#[test]
fn creates_in_doubt_are_sent_again_before_any_other() {
    let in_doubt = |replicas| {
        World::of([controller(replicas).object(), pod("a").of_web().object()]).remembering(|memory| {
            memory.unsettled = vec![create("web-first"), create("web-second"), create("web-third")];
        })
    };
    check(
        &in_doubt(1),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    check(
        &in_doubt(3),
        expect![[r#"
        create web-first web-second
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    check(
        &in_doubt(5),
        expect![[r#"
        create web-first web-second web-third web-4mplg
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    check(
        &in_doubt(5).burst(2),
        expect![[r#"
        create web-first web-second
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // With the template of today.
    let Write::CreatePod(again) = &in_doubt(3).plan(&name("web")).writes[0] else { panic!() };
    assert_eq!(Some(&again.template), controller(1).0.template.as_ref());
    // One that has turned up is in doubt no more.
    let arrived = World::of([controller(2).object(), pod("web-first").of_web().object()])
        .remembering(|memory| memory.unsettled = vec![create("web-first")]);
    check(
        &arrived,
        expect![[r#"
        create web-jbtsg
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn pods_whose_deletion_is_in_doubt_go_first() {
    let pods = [
        pod("pending").of_web().phase(PodPhase::Pending),
        pod("ready-1").of_web().ready(seconds_ago(90)),
        pod("ready-2").of_web().ready(seconds_ago(90)),
    ];
    let world = |replicas| {
        World::of([controller(replicas).object()].into_iter().chain(pods.iter().map(|pod| pod.object())))
            .remembering(|memory| {
                memory.doomed = vec![Uid(404), pods[2].0.meta.uid, pods[1].0.meta.uid];
            })
    };
    check(
        &world(2),
        expect![[r#"
        delete ready-2
        status 3 replicas, 3 fully labelled, 2 ready, 2 available, generation 1
    "#]],
    );
    check(
        &world(0),
        expect![[r#"
        delete ready-2 ready-1 pending
        status 3 replicas, 3 fully labelled, 2 ready, 2 available, generation 1
    "#]],
    );
    check(
        &world(3),
        expect![[r#"
        status 3 replicas, 3 fully labelled, 2 ready, 2 available, generation 1
    "#]],
    );
}

#[test]
fn a_template_that_cannot_work_is_a_fault_and_a_condition() {
    let faults = [
        controller(1).no_template(),
        controller(1).template_labels(&[]),
        controller(1).template_labels(&[("app", "mail")]),
    ];
    for (controller, expected) in faults.into_iter().zip([
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 0ns: FailedCreate: there is no pod template
            fault: there is no pod template
        "#]],
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 0ns: FailedCreate: the pod template has no labels
            fault: the pod template has no labels
        "#]],
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 0ns: FailedCreate: the pod template's labels do not match the selector
            fault: the pod template's labels do not match the selector
        "#]],
    ]) {
        check(&World::of([controller.object()]), expected);
    }
    // As long as it is not used, it does no harm.
    check(
        &World::of([controller(0).no_template().object(), pod("a").of_web().object()]),
        expect![[r#"
        delete a
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // Without a selector nothing is touched.
    check(
        &World::of([controller(1).selector(&[]).object(), pod("a").of_web().object()]),
        expect![[r#"
        fault: the selector is empty
    "#]],
    );
}

#[test]
fn a_failed_create_shows_in_a_condition_that_follows_the_failure() {
    let failed = |controller: Controller| {
        World::of([controller.condition("Foreign", "True", "stays", seconds_ago(9)).object()])
            .failed(Write::CreatePod(create("web-x")), "quota exceeded")
    };
    check(
        &failed(controller(1)),
        expect![[r#"
            create web-g76vh
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              Foreign True for 9s: Before: stays
              ReplicaFailure True for 0ns: FailedCreate: quota exceeded
        "#]],
    );
    check(
        &failed(controller(1)).remembering(|memory| memory.backing_off = true),
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              Foreign True for 9s: Before: stays
              ReplicaFailure True for 0ns: FailedCreate: quota exceeded
        "#]],
    );
    // Another message: refreshed, with the time of the first.
    let before = controller(1).condition("ReplicaFailure", "True", "other words", seconds_ago(60));
    check(
        &failed(before.clone()),
        expect![[r#"
            create web-g76vh
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 60s: FailedCreate: quota exceeded
              Foreign True for 9s: Before: stays
        "#]],
    );
    // Turned off by somebody: turned on again, now.
    let off = controller(1).condition("ReplicaFailure", "False", "", seconds_ago(60));
    check(
        &failed(off),
        expect![[r#"
            create web-g76vh
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 0ns: FailedCreate: quota exceeded
              Foreign True for 9s: Before: stays
        "#]],
    );
    // No pod is missing any more, or deletion has begun.
    let mut enough = before.clone();
    enough.0.replicas = 0;
    check(
        &failed(enough),
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              Foreign True for 9s: Before: stays
        "#]],
    );
    check(
        &failed(before.clone().deleting()),
        expect![[r#"
            status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
              Foreign True for 9s: Before: stays
        "#]],
    );
    // All is well again.
    check(
        &World::of([before.object(), pod("a").of_web().object()]),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
}

#[test]
fn a_condition_is_written_once() {
    let mut world = World::of([controller(1).object()])
        .failed(Write::CreatePod(create("web-x")), "quota exceeded")
        .remembering(|memory| memory.backing_off = true);
    world.now.wall.0 += 123_456;
    let plan = world.plan(&name("web"));
    expect![[r#"
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
          ReplicaFailure True for 0ns: FailedCreate: quota exceeded
    "#]]
    .assert_eq(&render(&plan));
    world.write(&plan.writes[0]);
    world.now.wall.0 += 7_000_000;
    check(
        &world,
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn a_failed_delete_shows_in_the_condition() {
    let delete = Write::DeletePod(DeletePod { pod: name("a"), uid: Uid(1) });
    let world = World::of([controller(0).object(), pod("a").of_web().object()]).failed(delete, "forbidden");
    check(
        &world,
        expect![[r#"
            delete a
            status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
              ReplicaFailure True for 0ns: FailedDelete: unable to delete pods: forbidden
        "#]],
    );
}

#[test]
fn while_backing_off_nothing_is_made_or_deleted() {
    let backing_off = |replicas, pod: TestPod| {
        World::of([controller(replicas).object(), pod.object()])
            .remembering(|memory| memory.backing_off = true)
    };
    check(
        &backing_off(2, pod("a").of_web()),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    check(
        &backing_off(0, pod("a").of_web()),
        expect![[r#"
        status 1 replicas, 1 fully labelled, 0 ready, 0 available, generation 1
    "#]],
    );
    // Whose a pod is has nothing to do with that.
    check(
        &backing_off(2, pod("a").of_web().labels(&[])),
        expect![[r#"
        release a
    "#]],
    );
}

#[test]
fn availability_without_a_time_is_looked_at_again() {
    let controller = controller(1).min_ready_seconds(30);
    let world = World::of([controller.object(), pod("a").of_web().ready_at_no_time().object()]);
    check(
        &world,
        expect![[r#"
        status 1 replicas, 1 fully labelled, 1 ready, 0 available, generation 1
        again in Some(30s)
    "#]],
    );
}
