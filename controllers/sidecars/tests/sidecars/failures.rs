//! Revisions that fail, and the way back.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{InPlace, Object, OnFailure, Pod, RolloutKind, Share};

use crate::kubelet::Fate;
use crate::objects::{node, workload};
use crate::world::{World, container, is_in_step};

fn rolling_back(replicas: i32) -> World {
    let mut spec = workload(replicas);
    spec.rollout.on_failure = OnFailure::Rollback;
    World::at_rest(spec)
}

#[track_caller]
fn expect_stalled(world: &World) {
    world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
    world.expect_condition("Progressing", "False", "ProgressDeadlineExceeded");
    world.expect_condition("Reconciling", "False", "AtRest");
}

fn count(world: &World, reason: &str) -> usize {
    world.events.iter().filter(|told| **told == reason).count()
}

/// R1
#[test]
fn a_bad_image_of_a_sidecar_touches_one_pod_of_five_and_is_taken_back() {
    for fate in [Fate::NoImage, Fate::Crash, Fate::Hang, Fate::Unready] {
        let mut spec = workload(5);
        spec.rollout.max_unavailable = Share::Count(3);
        let mut world = World::at_rest(spec);
        let before = world.pod_names();
        world.fate("proxy:2", fate);
        world.set_sidecar("proxy:2");
        world.run();
        expect_stalled(&world);
        assert_eq!(
            world.log.iter().filter(|line| line.contains("[\"proxy:2\"]")).count(),
            1,
            "{}",
            world.story()
        );
        assert_eq!(world.images("proxy"), ["proxy:1"; 5], "{fate:?} {}", world.story());
        assert_eq!(world.restarts("app"), 0, "{fate:?} {}", world.story());
        assert_eq!(world.pod_names(), before);
        assert_eq!(world.status().available_replicas, 5, "{fate:?} {}", world.story());
        assert_eq!(world.status().failed_revision, Some(world.revision_with("proxy:2")));
    }
}

/// R1
#[test]
fn a_bad_image_is_taken_back_without_a_word_of_the_kubelet_about_generations() {
    let mut world = World::at_rest(workload(5));
    world.kubelet.is_silent = true;
    world.fate("proxy:2", Fate::NoImage);
    world.set_sidecar("proxy:2");
    world.run();
    expect_stalled(&world);
    assert_eq!(world.images("proxy"), ["proxy:1"; 5]);
    assert_eq!(world.restarts("app"), 0, "{}", world.story());
}

#[test]
fn a_step_that_was_begun_for_an_earlier_goal_is_judged_for_the_present_one() {
    for in_place in [mainstay_model::InPlace::IfPossible, mainstay_model::InPlace::Only] {
        let mut world = World::at_rest(workload(3));
        world.edit(|workload| workload.rollout.in_place = in_place);
        world.fate("proxy:2", Fate::Unready);
        world.set_sidecar("proxy:2");
        world.act();
        world.tick();
        world.set_main("app:2");
        world.run();
        expect_stalled(&world);
        assert_eq!(world.images("proxy"), ["proxy:1"; 3], "{}", world.story());
        assert_eq!(world.restarts("app"), 0, "{}", world.story());
    }
}

#[test]
fn pods_that_are_lost_while_the_first_pod_of_a_revision_is_tried_are_made_as_they_were() {
    let mut world = World::at_rest(workload(3));
    world.fate("app:2", Fate::Unready);
    world.set_main("app:2");
    world.act();
    let tried = world.pods().into_iter().find(|pod| is_in_step(pod)).unwrap();
    let tried = tried.meta.name.name.clone();
    for pod in world.pod_names() {
        if pod != tried {
            world.lose_pod(&pod);
        }
    }
    world.act();
    assert_eq!(world.images("app"), ["app:1", "app:1", "app:2"], "{}", world.story());
    world.run();
    expect_stalled(&world);
    assert_eq!(world.images("app"), ["app:1"; 3], "{}", world.story());
}

#[test]
fn a_way_back_that_only_replacements_would_lead_is_stalled_where_only_patches_are_allowed() {
    let mut world = rolling_back(1);
    world.edit(|workload| workload.rollout.in_place = mainstay_model::InPlace::Only);
    world.fate("proxy:2", Fate::NoImage);
    world.set_sidecar("proxy:2");
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.run();
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
    world.expect_condition("Progressing", "False", "CannotUpdateInPlace");
    world.edit(|workload| workload.rollout.in_place = mainstay_model::InPlace::IfPossible);
    world.run();
    world.expect_condition("RolledBack", "True", "RevisionFailed");
}

/// R2
#[test]
fn back_from_a_bad_image_to_the_one_before_is_complete_again() {
    for fate in [Fate::NoImage, Fate::Crash, Fate::Hang, Fate::Trap] {
        for ticks in 0..10 {
            let mut world = World::at_rest(workload(3));
            world.fate("proxy:2", fate);
            world.set_sidecar("proxy:2");
            for _ in 0..ticks {
                world.act();
                world.tick();
            }
            world.set_sidecar("proxy:1");
            world.run();
            world.expect_condition("Ready", "True", "Ready");
            assert_eq!(world.images("proxy"), ["proxy:1"; 3]);
            assert_eq!(world.status().failed_revision, None);
        }
    }
}

#[test]
fn a_bad_revision_whose_pods_are_made_anew_stops_at_the_first_one() {
    for (surge, unavailable) in [(0, 3), (3, 0), (2, 2)] {
        for fate in [Fate::NoImage, Fate::Crash, Fate::Hang, Fate::Unready] {
            let mut spec = workload(6);
            spec.rollout.max_surge = Share::Count(surge);
            spec.rollout.max_unavailable = Share::Count(unavailable);
            let mut world = World::at_rest(spec);
            world.fate("app:2", fate);
            world.edit_template(|template| {
                template["main"] = serde_json::json!({"name": "app", "image": "app:2", "args": ["more"]});
            });
            world.run();
            expect_stalled(&world);
            assert_eq!(
                world.images("app").iter().filter(|image| *image == "app:2").count(),
                1,
                "{}",
                world.story()
            );
            assert!(world.status().available_replicas >= 5);
        }
    }
}

#[test]
fn a_bad_first_revision_is_stalled_after_its_deadline() {
    for on_failure in [OnFailure::Pause, OnFailure::Rollback] {
        let mut spec = workload(3);
        spec.rollout.on_failure = on_failure;
        let mut world = World::new(spec);
        world.fate("app:1", Fate::NoImage);
        world.run();
        expect_stalled(&world);
        assert_eq!(count(&world, "RolloutFailed"), 1, "{}", world.story());
        world.set_main("app:2");
        world.run();
        world.expect_condition("Ready", "True", "Ready");
    }
}

#[test]
fn a_revision_whose_pods_all_come_up_after_its_deadline_is_complete_nevertheless() {
    let mut world = World::new(workload(3));
    world.fate("app:1", Fate::NoImage);
    world.run();
    expect_stalled(&world);
    world.fate("app:1", Fate::Up);
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    world.expect_condition("Stalled", "False", "NotStalled");
    assert_eq!(world.status().failed_revision, None);
}

/// R10
#[test]
fn without_a_healthy_revision_a_rollback_is_a_pause() {
    let mut spec = workload(3);
    spec.rollout.on_failure = OnFailure::Rollback;
    let mut world = World::new(spec);
    world.fate("app:1", Fate::Unready);
    world.run();
    world.fate("app:2", Fate::Unready);
    world.set_main("app:2");
    world.run();
    expect_stalled(&world);
    world.expect_condition("RolledBack", "False", "NotRolledBack");
}

#[test]
fn a_rollback_leads_to_the_newest_healthy_revision() {
    for by_patch in [true, false] {
        let mut world = rolling_back(4);
        let good = world.status().current_revision.clone();
        world.fate("app:2", Fate::NoImage);
        world.edit_template(|template| {
            template["main"]["image"] = "app:2".into();
            if !by_patch {
                template["main"]["args"] = serde_json::json!(["more"]);
            }
        });
        world.run();
        world.expect_condition("RolledBack", "True", "RevisionFailed");
        world.expect_condition("Stalled", "True", "RolledBack");
        assert_eq!(world.images("app"), ["app:1"; 4], "{}", world.story());
        assert_eq!(world.status().current_revision, good);
        assert_ne!(world.status().update_revision, good, "the spec stays the user's");
        assert_eq!(count(&world, "RolloutFailed"), 1);
    }
}

#[test]
fn a_rollback_leads_to_what_the_pods_were_of_last_and_not_to_what_was_first_healthy_last() {
    let mut world = rolling_back(3);
    world.set_main("app:2");
    world.run();
    world.set_main("app:1");
    world.run();
    world.fate("app:3", Fate::NoImage);
    world.set_main("app:3");
    world.run();
    world.expect_condition("RolledBack", "True", "RevisionFailed");
    assert_eq!(world.images("app"), ["app:1"; 3], "{}", world.story());
}

#[test]
fn a_pod_that_fails_after_half_of_the_rollout_takes_all_back() {
    for by_patch in [true, false] {
        let mut world = rolling_back(4);
        world.edit_template(|template| {
            template["main"]["image"] = "app:2".into();
            if !by_patch {
                template["main"]["args"] = serde_json::json!(["more"]);
            }
        });
        assert!(world.run_until(|world| world.status().updated_replicas >= 2), "{}", world.story());
        world.fate("app:2", Fate::Unready);
        world.run();
        world.expect_condition("RolledBack", "True", "RevisionFailed");
        assert_eq!(world.images("app"), ["app:1"; 4], "{}", world.story());
    }
}

/// R11
#[test]
fn a_way_back_that_leads_nowhere_either_is_stalled_once_and_left_open() {
    for by_patch in [true, false] {
        for fate in [Fate::NoImage, Fate::Unready, Fate::Crash] {
            let mut world = rolling_back(4);
            world.edit_template(|template| {
                template["main"]["image"] = "app:2".into();
                if !by_patch {
                    template["main"]["args"] = serde_json::json!(["more"]);
                }
            });
            assert!(world.run_until(|world| world.status().updated_replicas >= 2), "{}", world.story());
            world.fate("app:2", Fate::Unready);
            world.tick();
            world.fate("app:1", fate);
            world.run();
            world.expect_condition("Stalled", "True", "RollbackFailed");
            assert_eq!(count(&world, "RolloutFailed"), 1, "{fate:?} {}", world.story());
            let writes = world.log.len();
            world.run();
            assert_eq!(world.log.len(), writes);
            // What heals is taken as it is.
            world.fate("app:1", Fate::Up);
            world.fate("app:2", Fate::Up);
            world.run();
            assert_eq!(world.condition("Stalled").0, "True");
            world.set_main("app:3");
            world.run();
            world.expect_condition("Ready", "True", "Ready");
        }
    }
}

#[test]
fn a_pod_that_is_unready_long_after_a_rollback_is_no_failed_rollback_at_once() {
    let mut world = rolling_back(3);
    world.fate("app:2", Fate::NoImage);
    world.set_main("app:2");
    world.run();
    world.now = world.now.after(Duration::from_secs(100_000));
    world.act();
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.act();
    world.tick();
    world.act();
    assert_ne!(world.condition("Stalled").1, "RollbackFailed", "{}", world.story());
    world.run();
    world.expect_condition("RolledBack", "True", "RevisionFailed");
    assert_eq!(world.images("app"), ["app:1"; 3]);
}

/// Seed 4835 of two managers.
#[test]
fn a_step_to_a_revision_that_has_failed_is_not_finished_where_pods_are_only_deleted() {
    let mut world = rolling_back(2);
    world.fate("app:2", Fate::Unready);
    world.set_main("app:2");
    world.act();
    world.edit(|workload| workload.rollout.kind = RolloutKind::OnDelete);
    world.run();
    assert!(world.status().failed_revision.is_some(), "{}", world.story());
    assert_eq!(world.images("app"), ["app:1"; 2], "{}", world.story());
    assert_eq!(world.status().available_replicas, 2, "{}", world.story());
}

/// R12
#[test]
fn the_deadline_is_that_of_the_status_and_no_process_extends_it() {
    let mut world = World::at_rest(workload(2));
    world.fate("app:2", Fate::Hang);
    world.set_main("app:2");
    world.act();
    world.tick();
    world.act();
    let began = world.status().progressed_at.unwrap();
    for _ in 0..20 {
        world.now = world.now.after(Duration::from_secs(25));
        world.act();
        assert_eq!(world.status().progressed_at, Some(began));
    }
    assert_eq!(world.status().failed_revision, None);
    world.now = began.after(Duration::from_secs(600));
    world.act();
    assert!(world.status().failed_revision.is_some());
}

/// Seeds 4915 and 5735 of two managers.
#[test]
fn what_has_come_up_after_its_deadline_is_complete_where_only_patches_are_allowed_and_none_leads_back() {
    let mut spec = workload(1);
    spec.rollout.on_failure = OnFailure::Rollback;
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::new(spec);
    world.fate("app:1", Fate::Hang);
    world.act();
    let mut first = (*world.revisions()[0]).clone();
    world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"]));
    world.edit(|workload| workload.rollout.in_place = InPlace::Never);
    world.run_until(|world| world.status().update_revision != Some(first.meta.name.name.clone()));
    world.run_until(|world| world.status().updated_replicas == 1);
    world.edit(|workload| workload.rollout.in_place = InPlace::Only);
    // Somebody says so.
    first.healthy_at = Some(world.now);
    first.meta.version = mainstay_model::ResourceVersion(9000);
    world.apply(Object::ControllerRevision(Arc::new(first)));
    assert!(world.run_until(|world| world.status().failed_revision.is_some()), "{}", world.story());
    world.kubelet.heal();
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.status().failed_revision, None);
}

/// Seed 100777 of two managers: the one before was twenty minutes ahead, and a failure was told that much later.
#[test]
fn what_was_noted_by_a_clock_that_was_ahead_puts_off_no_deadline() {
    let ahead = Duration::from_secs(1200);
    let mut world = World::at_rest(workload(2));
    world.fate("proxy:2", Fate::Hang);
    world.set_sidecar("proxy:2");
    let now = world.now;
    world.now = now.after(ahead);
    world.act();
    world.tick();
    world.act();
    world.now = now;
    world.run_until(|world| world.status().failed_revision.is_some());
    assert!(world.now < now.after(ahead), "{}", world.story());
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1"; 2], "{}", world.story());
    assert_eq!(world.counts[&("mainstay_inplace_total", "started")], 1);
}

/// Its kubelet says nothing more, and the server knows.
fn lose_node(world: &mut World) {
    world.kubelet.lost.insert("node".to_owned());
    let mut gone = node("node", (1, 36));
    gone.ready = false;
    world.set_node(gone);
}

/// R13
#[test]
fn a_node_that_is_lost_is_no_failure_of_a_revision() {
    let mut world = World::at_rest(workload(3));
    world.set_sidecar("proxy:2");
    world.act();
    lose_node(&mut world);
    world.run();
    world.now = world.now.after(Duration::from_secs(100_000));
    world.act();
    assert_eq!(world.status().failed_revision, None, "{}", world.story());
    world.kubelet.heal();
    world.set_node(node("node", (1, 36)));
    world.run();
    world.expect_condition("Ready", "True", "Ready");
}

/// R1: what exits at once is ready for a moment.
#[test]
fn a_sidecar_that_is_up_for_a_moment_reaches_one_pod() {
    for in_place in [InPlace::IfPossible, InPlace::Never] {
        let mut spec = workload(5);
        spec.rollout.in_place = in_place;
        spec.rollout.max_surge = Share::Count(0);
        let mut world = World::at_rest(spec);
        let before = world.pod_names();
        world.fate("proxy:2", Fate::Brief);
        world.set_sidecar("proxy:2");
        world.run();
        world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
        let is_touched = |pod: &&Arc<Pod>| {
            !before.contains(&pod.meta.name.name) || container(pod, "proxy").unwrap().restarts > 0
        };
        let touched = world.pods().into_iter().filter(is_touched).count();
        assert_eq!(touched, 1, "{in_place:?} {}", world.story());
    }
}

/// R1, and seed 95 without faults: the rollout before was well under way.
#[test]
fn a_bad_image_that_comes_while_several_pods_are_in_a_step_reaches_one_of_them() {
    let mut spec = workload(6);
    spec.rollout.max_unavailable = Share::Count(4);
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    let in_step = |world: &World| world.pods().iter().filter(|pod| is_in_step(pod)).count();
    assert!(world.run_until(|world| in_step(world) >= 3), "{}", world.story());
    world.fate("proxy:3", Fate::NoImage);
    world.set_sidecar("proxy:3");
    world.run();
    expect_stalled(&world);
    let touched = world.log.iter().filter(|line| line.contains("[\"proxy:3\"]")).count();
    assert_eq!(touched, 1, "{}", world.story());
    assert_eq!(world.status().available_replicas, 6, "{}", world.story());

    // A good one reaches them all.
    world.set_sidecar("proxy:2");
    assert!(world.run_until(|world| in_step(world) >= 3), "{}", world.story());
    world.set_sidecar("proxy:4");
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.images("proxy"), ["proxy:4"; 6], "{}", world.story());
}

/// Seed 136 without faults: the step leads nowhere once the node has another kubelet.
#[test]
fn a_first_pod_that_comes_no_further_is_replaced_before_another_one_is_tried() {
    let mut spec = workload(3);
    spec.rollout.max_surge = Share::Count(1);
    let mut world = World::new(spec);
    let sidecars = |version: u32| {
        let sidecar = |name: &str| serde_json::json!({"name": name, "image": format!("{name}:{version}")});
        serde_json::json!([sidecar("proxy"), sidecar("logs")])
    };
    world.edit_template(|template| template["sidecars"] = sidecars(1));
    world.run();
    world.log.clear();
    world.fate("proxy:2", Fate::Hang);
    world.edit_template(|template| template["sidecars"] = sidecars(2));
    world.act();
    world.tick();
    world.set_node(node("node", (1, 31)));
    let other = world.pods().into_iter().find(|pod| !is_in_step(pod)).unwrap().meta.name.name.clone();
    world.lose_pod(&other);
    world.run_until(|world| world.status().failed_revision.is_some());
    let goal = world.status().failed_revision.clone().unwrap();
    let at = |verb: &str, what: &str| {
        let is_it = |line: &String| line.starts_with(verb) && line.contains(what);
        (0..world.log.len()).filter(|at| is_it(&world.log[*at])).collect::<Vec<usize>>()
    };
    let (gone, made, of_goal) = (at("delete Pod", ""), at("create Pod", ""), at("create Pod", &goal));
    assert_eq!((gone.len(), made.len(), of_goal.len()), (1, 2, 1), "{}", world.story());
    assert!(gone[0] < of_goal[0], "{}", world.story());
}

/// R13: a kubelet that is back says first how things were when it went.
#[test]
fn a_step_on_a_node_that_was_lost_is_judged_from_its_return_on() {
    let mut world = World::at_rest(workload(3));
    world.set_sidecar("proxy:2");
    world.act();
    lose_node(&mut world);
    world.run();
    world.now = world.now.after(Duration::from_secs(100_000));
    let mut back = node("node", (1, 36));
    back.ready_since = Some(world.now);
    world.set_node(back);

    let step = world.pods().into_iter().find(|pod| is_in_step(pod)).unwrap().meta.name.name.clone();
    let said = world.log.len();
    for is_up in [true, false] {
        world.change_pod(&step, |pod| {
            let mut state = (**pod.workload.as_ref().unwrap()).clone();
            state.observed_generation = pod.meta.generation;
            for container in state.containers.iter_mut().filter(|container| &*container.name == "proxy") {
                (container.started, container.ready) = (is_up, is_up);
            }
            pod.ready = is_up;
            pod.workload = Some(Arc::new(state));
        });
        world.act();
        let written = world.log[said..].iter().filter(|line| line.contains(&*step)).count();
        assert_eq!(written, 0, "{}", world.story());
        assert_eq!(world.status().failed_revision, None, "{}", world.story());
    }
    world.kubelet.heal();
    world.run();
    world.expect_condition("Ready", "True", "Ready");
}

#[test]
fn pods_that_fit_nowhere_are_no_failure_of_a_revision() {
    let mut world = World::at_rest(workload(3));
    world.kubelet.schedules_nothing = true;
    world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"]));
    world.run();
    world.now = world.now.after(Duration::from_secs(100_000));
    world.act();
    assert_eq!(world.status().failed_revision, None, "{}", world.story());
    world.kubelet.schedules_nothing = false;
    world.run();
    world.expect_condition("Ready", "True", "Ready");
}

#[test]
fn the_retry_annotation_tries_a_failed_revision_again_with_its_whole_time() {
    for on_failure in [OnFailure::Pause, OnFailure::Rollback] {
        let mut world = rolling_back(3);
        world.edit(|workload| workload.rollout.on_failure = on_failure);
        world.fate("app:2", Fate::Hang);
        world.set_main("app:2");
        world.run();
        assert!(world.status().failed_revision.is_some());
        world.now = world.now.after(Duration::from_secs(100_000));
        world.fate("app:2", Fate::Up);
        world.edit(|workload| workload.retry = Some("1".into()));
        world.run();
        world.expect_condition("Ready", "True", "Ready");
        assert_eq!(world.images("app"), ["app:2"; 3], "{}", world.story());
    }
}

#[test]
fn another_try_begins_with_other_pods_than_those_that_wait_for_their_image() {
    for in_place in [mainstay_model::InPlace::IfPossible, mainstay_model::InPlace::Never] {
        let mut world = World::at_rest(workload(3));
        world.edit(|workload| workload.rollout.in_place = in_place);
        world.fate("app:2", Fate::NoImage);
        world.set_main("app:2");
        world.run();
        expect_stalled(&world);
        world.fate("app:2", Fate::Up);
        world.edit(|workload| workload.retry = Some("1".into()));
        world.act();
        assert_eq!(world.status().failed_revision, None, "{}", world.story());
        world.run();
        world.expect_condition("Ready", "True", "Ready");
    }
}

#[test]
fn a_failed_revision_that_comes_back_after_another_spec_is_tried_again() {
    let mut world = rolling_back(3);
    world.fate("app:2", Fate::NoImage);
    world.set_main("app:2");
    world.run();
    world.set_main("app:1");
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    world.fate("app:2", Fate::Up);
    world.set_main("app:2");
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.images("app"), ["app:2"; 3]);
}

#[test]
fn a_pause_after_a_failure_becomes_a_rollback_when_the_user_asks_for_one() {
    let mut world = World::at_rest(workload(3));
    world.fate("app:2", Fate::Unready);
    world.edit_template(|template| {
        template["main"] = serde_json::json!({"name": "app", "image": "app:2", "args": ["more"]});
    });
    world.run();
    expect_stalled(&world);
    world.now = world.now.after(Duration::from_secs(100_000));
    world.edit(|workload| workload.rollout.on_failure = OnFailure::Rollback);
    world.run();
    world.expect_condition("RolledBack", "True", "RevisionFailed");
    assert_eq!(world.images("app"), ["app:1"; 3], "{}", world.story());
}

#[test]
fn pods_that_are_lost_after_a_failure_come_back_as_they_were() {
    let mut world = World::at_rest(workload(3));
    world.fate("app:2", Fate::NoImage);
    world.set_main("app:2");
    world.run();
    expect_stalled(&world);
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.edit(|workload| workload.replicas = 5);
    world.run();
    assert_eq!(world.images("app"), ["app:1"; 5], "{}", world.story());
}

#[test]
fn restarts_from_before_an_update_are_no_fault_of_the_new_revision() {
    let mut world = World::at_rest(workload(3));
    world.fate("app:1", Fate::Crash);
    for _ in 0..5 {
        world.tick();
    }
    world.fate("app:1", Fate::Up);
    world.run();
    world.set_sidecar("proxy:2");
    assert!(world.run_until(|world| world.status().updated_replicas == 1), "{}", world.story());
    let updated = world.status().update_revision.clone();
    let label = mainstay_model::sidecar_workload::REVISION_LABEL;
    let pod = world
        .pods()
        .iter()
        .find(|pod| pod.meta.labels.get(label) == updated.as_ref())
        .unwrap()
        .meta
        .name
        .clone();
    world.change_pod(&pod.name, |pod| {
        pod.ready = false;
        let state = Arc::make_mut(pod.workload.as_mut().unwrap());
        for container in &mut state.containers {
            container.ready = false;
        }
    });
    world.act();
    assert_eq!(world.status().failed_revision, None, "{}", world.story());
}

/// G1
#[test]
fn whatever_happens_the_spec_stays_as_users_and_autoscalers_have_written_it() {
    let mut world = rolling_back(3);
    let spec_of = |world: &World| {
        let mut workload = world.workload().clone();
        workload.status = Default::default();
        workload.meta.version = Default::default();
        workload
    };
    let mut check = |edit: &dyn Fn(&mut World), is_over: fn(&World) -> bool| {
        edit(&mut world);
        let written = spec_of(&world);
        world.run();
        assert!(is_over(&world), "{}", world.story());
        assert_eq!(spec_of(&world), written, "{}", world.story());
    };
    let is_ready = |world: &World| world.condition("Ready").0 == "True";
    check(&|world| world.set_sidecar("proxy:2"), is_ready);
    check(&|world| world.edit(|workload| workload.replicas = 5), is_ready);
    check(
        &|world| world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"])),
        is_ready,
    );
    check(
        &|world| {
            world.fate("app:2", Fate::NoImage);
            world.set_main("app:2");
        },
        |world| world.condition("RolledBack").0 == "True",
    );
    check(&|world| world.edit(|workload| workload.replicas = 2), |world| world.pods().len() == 2);
}
