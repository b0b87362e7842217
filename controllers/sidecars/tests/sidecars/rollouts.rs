//! How many pods, of which revision, in which order.

use mainstay_model::sidecar_workload::REVISION_LABEL;
use mainstay_model::{InPlace, RolloutKind, Share};

use crate::kubelet::Fate;
use crate::objects::workload;
use crate::world::{World, is_in_step};

/// A change that no patch can make.
fn add_argument(world: &mut World, argument: &str) {
    world.edit_template(|template| template["main"]["args"] = serde_json::json!([argument]));
}

fn updated(world: &World) -> usize {
    let goal = world.status().update_revision.clone().unwrap();
    world.pods().iter().filter(|pod| pod.meta.labels.get(REVISION_LABEL) == Some(&goal)).count()
}

#[track_caller]
fn expect_complete(world: &World) {
    assert_eq!(updated(world), world.pods().len(), "{}", world.story());
    assert_eq!(world.pods().len(), usize::try_from(world.workload().replicas).unwrap(), "{}", world.story());
    world.expect_condition("Ready", "True", "Ready");
    world.expect_condition("Stalled", "False", "NotStalled");
    world.expect_condition("Reconciling", "False", "AtRest");
    assert_eq!(world.status().current_revision, world.status().update_revision);
}

#[test]
fn a_new_workload_gets_a_revision_and_then_all_its_pods() {
    let mut world = World::new(workload(3));
    world.run();
    expect_complete(&world);
    assert_eq!(world.writes("create ControllerRevision"), 1);
    assert_eq!(world.writes("create Pod"), 3);
    assert!(world.revisions()[0].healthy_at.is_some());
}

#[test]
fn what_is_at_rest_gets_no_write_for_a_month() {
    let mut world = World::at_rest(workload(3));
    let plan = world.act();
    assert_eq!((plan.writes.len(), plan.requeue_at), (0, None));
}

/// R4
#[test]
fn five_percent_of_six_pods_still_move() {
    let mut spec = workload(6);
    spec.rollout.max_unavailable = Share::Percent(5);
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.run();
    expect_complete(&world);
}

#[test]
fn where_neither_surge_nor_a_missing_pod_is_allowed_one_may_be_missing() {
    let mut spec = workload(3);
    spec.rollout.max_unavailable = Share::Count(0);
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.run();
    expect_complete(&world);
}

#[test]
fn with_surge_alone_no_pod_is_ever_missing() {
    let mut spec = workload(3);
    spec.rollout.max_unavailable = Share::Count(0);
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.run();
    expect_complete(&world);
    assert_eq!(world.writes("create Pod"), 3, "{}", world.story());
    assert_eq!(world.writes("delete Pod"), 3, "{}", world.story());
}

#[test]
fn with_surge_alone_a_pod_more_stands_in_for_those_that_are_patched() {
    let mut spec = workload(3);
    spec.rollout.max_unavailable = Share::Count(0);
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.writes("create Pod"), 1, "{}", world.story());
    assert_eq!(world.images("proxy"), ["proxy:2"; 3]);
}

#[test]
fn new_labels_need_no_pod_more_even_where_none_may_be_missing() {
    let mut spec = workload(3);
    spec.rollout.max_unavailable = Share::Count(0);
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::at_rest(spec);
    world.edit_template(|template| template["metadata"] = serde_json::json!({"labels": {"tier": "front"}}));
    world.run();
    expect_complete(&world);
    assert_eq!(world.writes("create Pod"), 0, "{}", world.story());
}

/// R5
#[test]
fn pods_that_are_all_unready_are_not_replaced_all_at_once() {
    let mut world = World::at_rest(workload(5));
    world.fate("app:1", Fate::Unready);
    world.run();
    assert_eq!(world.status().ready_replicas, 0);
    add_argument(&mut world, "more");
    world.set_main("app:2");
    world.fate("app:2", Fate::Unready);
    world.run();
    assert_eq!(world.writes("delete Pod"), 1, "{}", world.story());
    world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
}

#[test]
fn pods_that_are_all_unready_are_mended_by_a_good_revision() {
    let mut world = World::at_rest(workload(5));
    world.fate("app:1", Fate::Unready);
    world.run();
    world.set_main("app:2");
    world.run();
    expect_complete(&world);
}

/// R6
#[test]
fn a_partition_of_99_percent_of_four_pods_moves_one() {
    let mut world = World::at_rest(workload(4));
    world.edit(|workload| workload.rollout.partition = Share::Percent(99));
    world.set_sidecar("proxy:2");
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1", "proxy:1", "proxy:1", "proxy:2"]);
    world.edit(|workload| workload.rollout.partition = Share::Count(0));
    world.run();
    expect_complete(&world);
}

#[test]
fn with_a_partition_new_pods_are_of_the_old_revision_as_far_as_it_goes() {
    let mut world = World::at_rest(workload(4));
    world.edit(|workload| workload.rollout.partition = Share::Count(3));
    world.set_sidecar("proxy:2");
    world.run();
    for _ in 0..3 {
        let pods = world.pods();
        let old =
            pods.iter().find(|pod| crate::world::container(pod, "proxy").unwrap().image == "proxy:1".into());
        let old = old.unwrap().meta.name.name.clone();
        world.lose_pod(&old);
        world.run();
        assert_eq!(world.images("proxy"), ["proxy:1", "proxy:1", "proxy:1", "proxy:2"]);
    }
}

#[test]
fn a_pod_that_is_unready_long_after_the_partition_was_reached_is_no_failure_at_once() {
    let mut world = World::at_rest(workload(4));
    world.edit(|workload| workload.rollout.partition = Share::Count(2));
    world.set_sidecar("proxy:2");
    world.run();
    world.now = world.now.after(std::time::Duration::from_secs(100_000));
    world.act();
    world.fate("proxy:2", Fate::Unready);
    world.tick();
    world.act();
    assert_eq!(world.condition("Stalled").0, "False", "{}", world.story());
    world.fate("proxy:2", Fate::Up);
    world.run();
    assert_eq!(world.condition("Stalled").0, "False", "{}", world.story());
}

#[test]
fn with_on_delete_only_what_somebody_deletes_is_replaced() {
    let mut spec = workload(3);
    spec.rollout.kind = RolloutKind::OnDelete;
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1"; 3]);
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1", "proxy:1", "proxy:2"]);
}

#[test]
fn with_on_delete_a_mixture_is_scaled_down_to_the_replicas() {
    let mut spec = workload(4);
    spec.rollout.kind = RolloutKind::OnDelete;
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    world.run();
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.run();
    world.edit(|workload| workload.replicas = 2);
    world.run();
    assert_eq!(world.pods().len(), 2, "{}", world.story());
}

#[test]
fn with_only_in_place_a_change_that_no_patch_can_make_touches_no_pod() {
    let mut spec = workload(3);
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::at_rest(spec);
    let before = world.pod_names();
    add_argument(&mut world, "more");
    world.run();
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
    assert_eq!(world.pod_names(), before);
    assert!(!world.log.iter().any(|line| line.contains(" Pod ")), "{}", world.story());
}

#[test]
fn with_only_in_place_missing_pods_are_of_the_old_revision_while_the_new_one_is_barred() {
    let mut spec = workload(3);
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::at_rest(spec);
    let old = world.status().current_revision.clone().unwrap();
    add_argument(&mut world, "more");
    world.run();
    world.edit(|workload| workload.replicas = 5);
    world.run();
    let is_old =
        |pod: &&std::sync::Arc<mainstay_model::Pod>| pod.meta.labels.get(REVISION_LABEL) == Some(&old);
    assert_eq!(world.pods().iter().copied().filter(is_old).count(), 5, "{}", world.story());
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
}

#[test]
fn with_only_in_place_a_pod_on_its_way_goes_back_when_the_change_becomes_one_that_no_patch_can_make() {
    let mut spec = workload(3);
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::at_rest(spec);
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.act();
    add_argument(&mut world, "more");
    world.run();
    assert_eq!(world.pod_names(), before, "{}", world.story());
    assert_eq!(world.images("proxy"), ["proxy:1"; 3]);
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
}

#[test]
fn with_never_in_place_new_images_call_for_new_pods() {
    let mut spec = workload(3);
    spec.rollout.in_place = InPlace::Never;
    let mut world = World::at_rest(spec);
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
    assert_eq!(world.writes("patch Pod"), 0);
}

/// R7
#[test]
fn a_pause_in_a_batch_lets_finish_what_has_begun_and_begins_nothing() {
    let mut world = World::at_rest(workload(4));
    world.set_sidecar("proxy:2");
    world.act();
    world.edit(|workload| workload.rollout.paused = true);
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1", "proxy:1", "proxy:1", "proxy:2"], "{}", world.story());
    assert_eq!(updated(&world), 1);
    world.expect_condition("Progressing", "Unknown", "Paused");
    // Another process has no other memory: there is none.
    world.edit(|workload| workload.rollout.paused = false);
    world.run();
    expect_complete(&world);
}

#[test]
fn a_new_spec_in_a_pause_does_not_change_where_a_pod_on_its_way_goes() {
    let mut world = World::at_rest(workload(4));
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.act();
    world.edit(|workload| workload.rollout.paused = true);
    add_argument(&mut world, "more");
    world.run();
    assert_eq!(world.pod_names(), before, "{}", world.story());
    assert_eq!(world.images("proxy"), ["proxy:1", "proxy:1", "proxy:1", "proxy:2"]);
    world.edit(|workload| workload.rollout.paused = false);
    world.run();
    expect_complete(&world);
}

#[test]
fn a_pause_stops_the_clock_of_a_rollout() {
    let mut world = World::at_rest(workload(2));
    world.fate("app:2", Fate::Hang);
    world.set_main("app:2");
    world.act();
    world.tick();
    world.edit(|workload| workload.rollout.paused = true);
    world.run();
    world.now = world.now.after(std::time::Duration::from_secs(10_000));
    world.act();
    assert_eq!(world.status().failed_revision, None);
    world.edit(|workload| workload.rollout.paused = false);
    world.act();
    assert_eq!(world.status().failed_revision, None, "{}", world.story());
}

/// Seed 3528 of two managers.
#[test]
fn scaling_in_a_pause_keeps_back_what_a_partition_of_a_share_keeps_back() {
    let mut spec = workload(1);
    spec.rollout.in_place = InPlace::Never;
    spec.rollout.max_surge = Share::Count(0);
    spec.rollout.max_unavailable = Share::Count(1);
    // Of one pod none, of seven six.
    spec.rollout.partition = Share::Percent(99);
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    assert!(world.run_until(|world| world.images("proxy") == ["proxy:2"]));
    world.edit(|workload| {
        workload.rollout.paused = true;
        workload.replicas = 7;
    });
    world.run();
    let of_goal = world.images("proxy").iter().filter(|image| **image == "proxy:2").count();
    assert_eq!(of_goal, 1, "{}", world.story());
}

#[test]
fn scaling_in_a_pause_keeps_the_share_of_each_revision() {
    let mut world = World::at_rest(workload(4));
    world.edit(|workload| workload.rollout.partition = Share::Count(2));
    world.set_sidecar("proxy:2");
    world.run();
    world.edit(|workload| {
        workload.rollout.paused = true;
        workload.rollout.partition = Share::Count(0);
        workload.replicas = 8;
    });
    world.run();
    assert_eq!(world.images("proxy").iter().filter(|image| *image == "proxy:2").count(), 4);
    world.edit(|workload| workload.replicas = 2);
    world.run();
    assert_eq!(world.pods().len(), 2, "{}", world.story());
    world.edit(|workload| workload.rollout.paused = false);
    world.run();
    expect_complete(&world);
}

/// R8
#[test]
fn three_new_specs_in_a_second_lead_to_the_last_one() {
    let mut world = World::at_rest(workload(4));
    for image in ["proxy:2", "proxy:3", "proxy:4"] {
        world.set_sidecar(image);
        world.act();
    }
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("proxy"), ["proxy:4"; 4]);
    assert_eq!(world.restarts("app"), 0);
}

/// R8
#[test]
fn a_rollover_of_specs_that_call_for_new_pods_leads_to_the_last_one() {
    let mut spec = workload(4);
    spec.rollout.max_surge = Share::Count(2);
    let mut world = World::at_rest(spec);
    for argument in ["one", "two", "three"] {
        add_argument(&mut world, argument);
        world.act();
        world.tick();
    }
    world.run();
    expect_complete(&world);
}

/// R9
#[test]
fn scaling_during_a_rollout_leads_to_as_many_pods_of_the_new_revision() {
    for (surge, unavailable) in [(0, 1), (1, 0), (2, 2), (1, 3)] {
        for by_patch in [true, false] {
            for ticks in 0..8 {
                for replicas in [0, 1, 2, 7] {
                    let mut spec = workload(4);
                    spec.rollout.max_surge = Share::Count(surge);
                    spec.rollout.max_unavailable = Share::Count(unavailable);
                    let mut world = World::at_rest(spec);
                    if by_patch {
                        world.set_sidecar("proxy:2")
                    } else {
                        add_argument(&mut world, "more")
                    }
                    for _ in 0..ticks {
                        world.act();
                        world.tick();
                    }
                    world.edit(|workload| workload.replicas = replicas);
                    world.run();
                    expect_complete(&world);
                }
            }
        }
    }
}

/// R9
#[test]
fn scaling_during_a_rollback_leads_to_as_many_pods_of_the_old_revision() {
    for ticks in 0..8 {
        for replicas in [0, 1, 2, 7] {
            let mut spec = workload(4);
            spec.rollout.on_failure = mainstay_model::OnFailure::Rollback;
            let mut world = World::at_rest(spec);
            let old = world.status().current_revision.clone();
            world.fate("app:2", Fate::NoImage);
            add_argument(&mut world, "more");
            world.set_main("app:2");
            assert!(world.run_until(|world| world.status().failed_revision.is_some()), "{}", world.story());
            for _ in 0..ticks {
                world.act();
                world.tick();
            }
            world.edit(|workload| workload.replicas = replicas);
            world.run();
            assert_eq!(world.status().current_revision, old);
            assert_eq!(world.images("app"), vec!["app:1"; usize::try_from(replicas).unwrap()]);
            world.expect_condition("RolledBack", "True", "RevisionFailed");
        }
    }
}

#[test]
fn a_pod_that_is_lost_is_made_anew() {
    let mut world = World::at_rest(workload(3));
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.run();
    expect_complete(&world);
}

#[test]
fn without_replicas_a_revision_becomes_current_and_is_not_called_healthy() {
    let mut world = World::new(workload(0));
    world.run();
    expect_complete(&world);
    assert_eq!(world.revisions()[0].healthy_at, None);
}

#[test]
fn a_revision_that_never_ran_is_on_trial_when_the_first_replicas_come() {
    let mut world = World::new(workload(0));
    world.run();
    world.fate("app:1", Fate::NoImage);
    world.edit(|workload| workload.replicas = 2);
    world.run();
    world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
}

#[test]
fn restarted_at_replaces_every_pod_of_an_equal_template() {
    let mut world = World::at_rest(workload(3));
    let before = world.pod_names();
    world.edit(|workload| workload.restarted_at = Some("2027-01-15T08:00:00Z".into()));
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
}

/// R14
#[test]
fn where_a_quota_refuses_the_pod_more_one_may_be_missing_instead() {
    let mut spec = workload(3);
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.is_quota_full = true;
    world.act();
    world.act();
    assert_eq!(world.writes("delete Pod"), 1, "{}", world.story());
    world.is_quota_full = false;
    world.memory.failure = None;
    world.run();
    expect_complete(&world);
}

/// The pods that are asked for beyond the replicas, and those that are left out.
fn surge(world: &World) -> (usize, usize) {
    let plan = world.plan();
    let creates = plan.writes.iter().filter(|write| write.verb() == "create").count();
    let missing = usize::try_from(world.workload().replicas).unwrap() - world.pods().len();
    (creates - missing, plan.held_back.map_or(0, |held| held.count))
}

/// That some are left out has to be told: a clean pass would end the pause.
#[test]
fn a_pod_more_that_a_quota_has_refused_is_not_asked_for_again_before_the_pause_is_over() {
    let mut spec = workload(3);
    (spec.rollout.max_surge, spec.rollout.max_unavailable) = (Share::Count(1), Share::Count(0));
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.is_quota_full = true;
    world.act();
    assert!(world.memory.failure.is_some(), "{}", world.story());
    world.memory.backing_off = true;
    assert_eq!(surge(&world), (0, 1));
    world.memory.backing_off = false;
    assert_eq!(surge(&world), (1, 0), "nothing else moves");
}

#[test]
fn where_a_pod_may_be_missing_one_more_that_was_refused_is_not_asked_for_before_something_has_moved() {
    let mut spec = workload(4);
    (spec.rollout.max_surge, spec.rollout.max_unavailable) = (Share::Count(2), Share::Count(1));
    let mut world = World::at_rest(spec);
    add_argument(&mut world, "more");
    world.is_quota_full = true;
    world.act();
    for _ in 0..3 {
        assert!(world.memory.failure.is_some(), "{}", world.story());
        assert_eq!(surge(&world).0, 0, "{}", world.story());
        world.tick();
    }
    world.is_quota_full = false;
    world.run();
    expect_complete(&world);
}

#[test]
fn why_no_pod_can_be_made_is_said_for_as_long_as_it_is_so() {
    let mut world = World::at_rest(workload(3));
    world.is_quota_full = true;
    world.edit(|workload| workload.replicas = 5);
    world.act();
    world.act();
    for kind in ["Progressing", "Ready"] {
        assert!(world.message(kind).contains("exceeded quota: few"), "{}", world.story());
    }
    world.is_quota_full = false;
    world.run();
    expect_complete(&world);
    assert!(!world.message("Progressing").contains("exceeded quota"), "{}", world.story());
}

/// R16, R22
#[test]
fn a_pod_that_vanishes_on_its_way_holds_up_nothing() {
    for ticks in 0..6 {
        let mut world = World::at_rest(workload(3));
        world.set_sidecar("proxy:2");
        world.act();
        for _ in 0..ticks {
            world.tick();
            world.act();
        }
        let on_way = world.pods().iter().find(|pod| is_in_step(pod)).map(|pod| pod.meta.name.name.clone());
        if let Some(pod) = on_way {
            world.lose_pod(&pod);
        }
        world.run();
        expect_complete(&world);
    }
}

#[test]
fn a_pod_has_to_be_ready_for_long_enough_before_the_next_one_moves() {
    let mut spec = workload(3);
    spec.rollout.min_ready_seconds = 30;
    let mut world = World::at_rest(spec);
    let began = world.now;
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(world.now.seconds() - began.seconds() >= 90, "{}", world.story());
}

#[test]
fn no_plan_writes_to_more_pods_than_the_burst() {
    let mut world = World::new(workload(10));
    world.burst = 3;
    world.act();
    assert!(world.writes("create Pod") == 10);
    let mut world = World::new(workload(10));
    world.burst = 3;
    let create = world.plan();
    world.write(&create.writes[0]);
    assert_eq!(world.plan().writes.iter().filter(|write| write.verb() == "create").count(), 3);
}

#[test]
fn a_workload_that_is_being_deleted_is_left_to_the_garbage_collector() {
    let mut world = World::at_rest(workload(3));
    world.edit(|workload| {
        workload.meta.deleting = Some(crate::objects::NOW);
        workload.replicas = 0;
    });
    world.act();
    assert_eq!(world.pods().len(), 3);
}

#[test]
fn pods_that_their_kubelet_rejects_are_replaced_later_and_later() {
    for surge in [0, 1] {
        let mut spec = workload(2);
        spec.rollout.max_surge = Share::Count(surge);
        spec.rollout.max_unavailable = Share::Count(1 - surge);
        spec.rollout.in_place = InPlace::Never;
        let mut world = World::at_rest(spec);
        world.kubelet.rejects = true;
        world.set_main("app:2");
        for _ in 0..240 {
            world.act();
            world.tick();
        }
        let made = world.writes("create Pod");
        assert!((6..12).contains(&made), "{made} {}", world.story());
        assert!(world.events.contains(&"BackOff"));
        assert_eq!(world.status().failed_revision, None, "{}", world.story());
        world.kubelet.rejects = false;
        world.run();
        world.expect_condition("Ready", "True", "Ready");
    }
}
