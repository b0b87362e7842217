//! Images in running pods.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{InPlace, PodPhase, Share};

use crate::kubelet::Fate;
use crate::objects::{node, workload};
use crate::world::{World, container, is_in_step};

#[track_caller]
fn expect_complete(world: &World) {
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.status().updated_replicas, world.workload().replicas, "{}", world.story());
    assert!(!world.pods().iter().any(|pod| is_in_step(pod)), "{}", world.story());
}

fn drained_workload(replicas: i32) -> World {
    let mut world = World::new(workload(replicas));
    world.has_slices = true;
    world.edit_template(|template| {
        template["sidecars"][0]["policy"] = serde_json::json!({"drain": true});
    });
    world.run();
    world.log.clear();
    world
}

#[test]
fn a_new_image_of_a_sidecar_leaves_pod_and_main_running() {
    let mut world = World::at_rest(workload(3));
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.pod_names(), before);
    assert_eq!((world.restarts("app"), world.restarts("proxy")), (0, 3));
    let status = &world.status().sidecars[0];
    assert_eq!((&*status.image, status.updated, status.ready, status.restarts), ("proxy:2", 3, 3, 3));
}

#[test]
fn sidecars_are_replaced_in_the_order_in_which_they_start_and_main_last() {
    let mut world = World::new(workload(1));
    world.edit_template(|template| {
        template["sidecars"] = serde_json::json!([
            {"name": "late", "image": "late:1", "policy": {"order": 900}},
            {"name": "early", "image": "early:1", "policy": {"order": 1}},
        ]);
    });
    world.run();
    world.log.clear();
    world.edit_template(|template| {
        template["main"]["image"] = "app:2".into();
        template["sidecars"][0]["image"] = "late:2".into();
        template["sidecars"][1]["image"] = "early:2".into();
    });
    world.run();
    expect_complete(&world);
    let order: Vec<usize> = ["early:2", "late:2", "app:2"]
        .iter()
        .map(|image| world.log.iter().position(|line| line.contains(&format!("[\"{image}\"]"))).unwrap())
        .collect();
    assert!(order.is_sorted(), "{}", world.story());
}

/// R1
#[test]
fn a_sidecar_that_ends_as_soon_as_it_has_started_never_costs_main_a_restart() {
    for fate in [Fate::Crash, Fate::NoImage, Fate::Hang, Fate::Unready] {
        let mut world = World::at_rest(workload(5));
        world.fate("proxy:2", fate);
        world.edit_template(|template| {
            template["main"]["image"] = "app:2".into();
            template["sidecars"][0]["image"] = "proxy:2".into();
        });
        world.run();
        assert_eq!(world.restarts("app"), 0, "{fate:?} {}", world.story());
        assert_eq!(world.images("app"), ["app:1"; 5], "{fate:?}");
        assert_eq!(world.images("proxy"), ["proxy:1"; 5], "{fate:?} {}", world.story());
    }
}

/// R3
#[test]
fn two_tags_of_one_image_are_told_apart_by_the_container() {
    let mut world = World::at_rest(workload(2));
    // The kubelet makes another container, whatever is behind the tag.
    world.set_sidecar("proxy:also-1");
    world.run();
    expect_complete(&world);
}

#[test]
fn a_kubelet_that_does_not_say_what_it_has_seen_is_judged_by_its_containers() {
    let mut world = World::at_rest(workload(3));
    world.kubelet.is_silent = true;
    world.tick();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    world.fate("proxy:3", Fate::NoImage);
    world.set_sidecar("proxy:3");
    world.run();
    world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
    assert_eq!(world.images("proxy"), ["proxy:2"; 3], "{}", world.story());
}

#[test]
fn what_a_container_waited_for_before_its_new_image_is_no_fault_of_that() {
    let mut world = World::at_rest(workload(3));
    world.fate("app:2", Fate::NoImage);
    world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"]));
    world.set_main("app:2");
    world.run();
    world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
    world.set_main("app:3");
    let good = |world: &World| world.status().failed_revision.is_some();
    world.act();
    assert!(!good(&world), "{}", world.story());
    // The kubelet has seen the new image, and says what it knows of the old one.
    let stuck = world.pods().iter().find(|pod| is_in_step(pod)).map(|pod| Arc::clone(pod));
    if let Some(pod) = stuck {
        world.change_pod(&pod.meta.name.name, |pod| {
            let generation = pod.meta.generation;
            Arc::make_mut(pod.workload.as_mut().unwrap()).observed_generation = generation;
        });
    }
    world.act();
    assert!(!good(&world), "{}", world.story());
    world.run();
    expect_complete(&world);
}

/// R15
#[test]
fn on_a_node_with_an_old_kubelet_pods_are_replaced_and_the_user_is_told() {
    let mut world = World::at_rest(workload(3));
    world.set_node(node("node", (1, 31)));
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
    assert!(world.events.contains(&"OldKubelet"));
    assert_eq!(world.writes("patch Pod"), 0, "{}", world.story());
}

#[test]
fn main_alone_is_replaced_by_an_old_kubelet_too() {
    let mut world = World::at_rest(workload(3));
    world.set_node(node("node", (1, 31)));
    let before = world.pod_names();
    world.set_main("app:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.pod_names(), before);
}

#[test]
fn a_sidecar_called_kubelet_makes_no_kubelet_old() {
    let mut world = World::new(workload(2));
    world.edit_template(|template| {
        template["sidecars"][0]["name"] = "kubelet-proxy".into();
        template["sidecars"][0]["policy"] = serde_json::json!({"update": "Recreate"});
    });
    world.run();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(!world.events.contains(&"OldKubelet"));
}

/// R17
#[test]
fn a_pod_that_is_still_in_its_init_steps_is_replaced() {
    let mut world = World::new(workload(2));
    world.fate("proxy:1", Fate::Hang);
    assert!(world.run_until(|world| {
        world.pods().len() == 2
            && world.pods().iter().all(|pod| container(pod, "proxy").unwrap().id.is_some())
    }));
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
}

/// R18
#[test]
fn a_sidecar_that_ignores_the_way_back_while_it_starts_is_replaced_with_its_pod_in_the_end() {
    for on_failure in [mainstay_model::OnFailure::Pause, mainstay_model::OnFailure::Rollback] {
        let mut spec = workload(3);
        spec.rollout.on_failure = on_failure;
        let mut world = World::at_rest(spec);
        world.fate("proxy:2", Fate::Trap);
        world.set_sidecar("proxy:2");
        world.run();
        assert_eq!(world.images("proxy"), ["proxy:1"; 3], "{on_failure:?} {}", world.story());
        assert_eq!(world.status().available_replicas, 3, "{on_failure:?} {}", world.story());
        assert_eq!(world.writes("delete Pod"), 1, "{on_failure:?} {}", world.story());
    }
}

/// R19
#[test]
fn a_new_image_of_an_init_step_calls_for_new_pods() {
    let mut world = World::new(workload(2));
    world.edit_template(|template| {
        template["init"] = serde_json::json!([{"name": "migrate", "image": "migrate:1"}]);
    });
    world.run();
    let before = world.pod_names();
    world.edit_template(|template| template["init"][0]["image"] = "migrate:2".into());
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
}

/// R20
#[test]
fn new_labels_and_annotations_are_patched_and_nothing_restarts() {
    let mut world = World::new(workload(3));
    world.edit_template(|template| {
        template["metadata"] = serde_json::json!({"labels": {"tier": "front", "gone": "soon"}});
    });
    world.run();
    let before = world.pod_names();
    world.change_pod(&before.iter().next().unwrap().clone(), |pod| {
        let own = pod.meta.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        pod.meta.labels = mainstay_model::LabelSet::new(own.chain([("mine".into(), "stays".into())]));
    });
    world.edit_template(|template| {
        template["metadata"] = serde_json::json!({"labels": {"tier": "back"}, "annotations": {"a": "b"}});
    });
    world.run();
    expect_complete(&world);
    assert_eq!(world.pod_names(), before);
    assert_eq!(world.restarts("proxy") + world.restarts("app"), 0);
    let pods = world.pods();
    assert!(pods.iter().all(|pod| pod.meta.labels.get("tier").is_some_and(|tier| &**tier == "back")));
    assert!(pods.iter().all(|pod| pod.meta.labels.get("gone").is_none()));
    assert_eq!(pods.iter().filter(|pod| pod.meta.labels.get("mine").is_some()).count(), 1);
}

#[test]
fn a_sidecar_with_the_policy_recreate_calls_for_new_pods() {
    let mut world = World::at_rest(workload(2));
    world.edit_template(|template| {
        template["sidecars"][0]["policy"] = serde_json::json!({"update": "Recreate"});
    });
    world.run();
    assert_eq!(world.revisions().len(), 1, "a policy is no part of a pod");
    let before = world.pod_names();
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert!(world.pod_names().is_disjoint(&before));
}

#[test]
fn a_disruption_budget_that_allows_nothing_keeps_images_as_they_are_and_new_labels_go_through() {
    let mut world = World::at_rest(workload(3));
    world.set_budget(|budget| {
        budget.desired_healthy = 3;
        budget.disruptions_allowed = 0;
    });
    world.edit_template(|template| template["metadata"] = serde_json::json!({"labels": {"tier": "front"}}));
    world.run();
    expect_complete(&world);
    world.set_sidecar("proxy:2");
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1"; 3]);
    world.expect_condition("Progressing", "True", "WaitsForDisruptionBudget");
    world.expect_condition("Ready", "False", "WaitsForDisruptionBudget");
    let message = world.message("Progressing");
    assert!(message.contains("PodDisruptionBudget few") && message.contains("3 pods"), "{message}");
    assert!(world.events.contains(&"WaitsForDisruptionBudget"));
    // However long it was in the way: the rollout has its whole time when it is not any more.
    world.now = world.now.after(Duration::from_secs(100_000));
    world.set_budget(|budget| {
        budget.desired_healthy = 2;
        budget.disruptions_allowed = 1;
    });
    world.run();
    expect_complete(&world);
}

/// Seed 2113 of two managers: what the newer kubelet had said last stood there for good.
#[test]
fn a_kubelet_that_has_become_older_is_not_waited_for_until_it_speaks_of_generations() {
    let mut world = World::at_rest(workload(2));
    world.set_node(node("node", (1, 33)));
    world.kubelet.is_older = true;
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.restarts("app"), 0);
}

#[test]
fn nonsense_in_the_annotation_takes_no_pod_from_a_disruption_budget() {
    let mut spec = workload(3);
    spec.rollout.max_unavailable = Share::Count(1);
    let mut world = World::at_rest(spec);
    let first = world.pod_names().into_iter().next().unwrap();
    world.change_pod(&first, |pod| {
        Arc::make_mut(pod.workload.as_mut().unwrap()).in_place = Some("{\"revision\":7".into());
    });
    world.set_budget(|budget| {
        budget.desired_healthy = 2;
        budget.disruptions_allowed = 1;
    });
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
}

#[test]
fn a_disruption_budget_lets_no_more_pods_be_patched_at_once_than_it_allows() {
    let mut spec = workload(6);
    spec.rollout.max_unavailable = Share::Count(4);
    let mut world = World::at_rest(spec);
    world.set_budget(|budget| {
        budget.desired_healthy = 4;
        budget.disruptions_allowed = 2;
    });
    world.set_sidecar("proxy:2");
    for _ in 0..60 {
        world.act();
        assert!(world.pods().iter().filter(|pod| !is_in_step(pod)).count() >= 4, "{}", world.story());
        world.tick();
    }
    expect_complete(&world);
}

#[test]
fn a_pod_that_serves_is_taken_out_of_its_services_first() {
    let mut world = drained_workload(2);
    expect_complete(&world);
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.restarts("app"), 0);
    let of_first: Vec<&String> = world.log.iter().filter(|line| line.contains(" Pod ")).collect();
    let verbs: Vec<&str> = of_first.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let way = ["patch", "condition", "patch", "patch", "condition", "patch"];
    // The first one of a revision notes when its sidecar has come up.
    let first = ["patch", "condition", "patch", "patch", "patch", "condition", "patch"];
    assert_eq!(verbs, [&first[..], &way[..]].concat(), "{}", world.story());
    assert!(of_first[1].contains(" false ") && of_first[5].contains(" true "), "{}", world.story());
    let leaves = world.events.iter().filter(|event| **event == "InPlaceStarted").count();
    assert_eq!(leaves, 4, "each pod leaves once and is patched once: {:?}", world.events);
}

fn has_new_image(world: &World) -> bool {
    container(world.pods()[0], "proxy").is_some_and(|proxy| *proxy.image == *"proxy:2")
}

/// When an image was set in a pod, with slices that follow the pods so many seconds late.
fn replaced_with_slices_behind_by(seconds: i64) -> (i64, World) {
    let mut world = drained_workload(1);
    world.set_sidecar("proxy:2");
    world.act();
    let began = world.now.seconds();
    world.has_slices = false;
    while !has_new_image(&world) {
        world.tick();
        world.has_slices = world.now.seconds() - began >= seconds;
        world.act();
    }
    (world.now.seconds() - began, world)
}

#[test]
fn proxies_have_their_time_however_late_the_slices_are() {
    for late in [1, 4, 20] {
        let (after, world) = replaced_with_slices_behind_by(late);
        assert!(after >= late + 5, "{late} s late, and replaced after {after} s: {}", world.story());
    }
}

#[test]
fn a_pod_that_somebody_puts_back_leaves_once_more() {
    let mut world = drained_workload(1);
    world.set_sidecar("proxy:2");
    let has_left = |world: &World| world.log.iter().any(|line| line.contains("left"));
    assert!(world.run_until(has_left), "{}", world.story());
    let pod = world.pod_names().into_iter().next().unwrap();
    let began = world.now.seconds();
    world.change_pod(&pod, |pod| Arc::make_mut(pod.workload.as_mut().unwrap()).serving = Some(true));
    world.tick();
    let slices_show_it = |world: &World| {
        let slices = world.store.endpoint_slices().iter();
        slices
            .flat_map(|slice| slice.endpoints.iter())
            .any(|endpoint| endpoint.conditions.ready == Some(true))
    };
    assert!(slices_show_it(&world), "{}", world.story());
    world.run_until(has_new_image);
    assert!(!slices_show_it(&world) && world.now.seconds() - began >= 5, "{}", world.story());
    world.run();
    expect_complete(&world);
}

#[test]
fn a_pod_that_no_slice_lets_go_of_is_replaced_after_a_minute() {
    let mut world = drained_workload(1);
    world.set_sidecar("proxy:2");
    world.act();
    let began = world.now;
    world.has_slices = false;
    world.run();
    expect_complete(&world);
    assert!(world.now.seconds() - began.seconds() >= 60, "{}", world.story());
}

/// Seed 3654 of two managers: one whose clock was ahead took the limit for over while slices still showed the pod.
#[test]
fn a_pod_that_slices_still_show_is_waited_for_when_a_clock_that_was_ahead_is_set_right() {
    let mut world = drained_workload(1);
    world.set_sidecar("proxy:2");
    world.act();
    let began = world.now;
    world.has_slices = false;
    world.now = began.after(Duration::from_secs(100));
    world.act();
    assert!(world.log.iter().any(|line| line.contains("left")), "{}", world.story());
    world.now = began;
    assert!(world.run_until(has_new_image), "{}", world.story());
    assert!(world.now.seconds() - began.seconds() >= 60, "{}", world.story());
    world.run();
    expect_complete(&world);
}

/// Seed 4835 of two managers.
#[test]
fn a_pod_whose_goal_changes_while_it_leaves_its_services_gets_the_newer_image_and_says_so() {
    let mut world = drained_workload(1);
    world.set_sidecar("proxy:2");
    world.act();
    world.set_sidecar("proxy:3");
    world.run();
    expect_complete(&world);
    assert!(!world.log.iter().any(|line| line.contains("[\"proxy:2\"]")), "{}", world.story());
    let set = world.log.iter().find(|line| line.contains("[\"proxy:3\"]")).unwrap();
    assert!(set.contains(&*world.revision_with("proxy:3")), "{set}");
}

/// Seed 101574 of two managers.
#[test]
fn what_keeps_a_pod_from_its_goal_is_told_although_it_is_in_a_step_that_never_ends() {
    let mut spec = workload(1);
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::at_rest(spec);
    world.fate("proxy:2", Fate::Trap);
    world.set_sidecar("proxy:2");
    world.act();
    world.tick();
    world.edit_template(|template| {
        template["main"]["args"] = serde_json::json!(["more"]);
        template["sidecars"][0]["image"] = "proxy:1".into();
    });
    world.act();
    assert!(world.pods().iter().all(|pod| is_in_step(pod)), "{}", world.story());
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
}

/// Seed 201401 of two managers.
#[test]
fn a_pod_with_the_image_of_another_revision_is_brought_back_where_no_patch_leads_to_its_goal() {
    let mut world = World::at_rest(workload(1));
    for image in ["proxy:2", "proxy:1"] {
        world.set_sidecar(image);
        world.run();
    }
    world.fate("proxy:2", Fate::Hang);
    let pod = world.pod_names().into_iter().next().unwrap();
    world.change_pod(&pod, |pod| {
        pod.meta.generation += 1;
        let state = Arc::make_mut(pod.workload.as_mut().unwrap());
        let proxy = state.containers.iter_mut().find(|container| &*container.name == "proxy").unwrap();
        proxy.image = "proxy:2".into();
    });
    world.tick();
    world.edit(|workload| workload.rollout.in_place = InPlace::Only);
    world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"]));
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1"], "{}", world.story());
    assert_eq!(world.status().available_replicas, 1, "{}", world.story());
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
}

#[test]
fn a_pod_whose_drain_is_taken_back_serves_again() {
    let mut world = drained_workload(2);
    world.set_sidecar("proxy:2");
    world.act();
    world.set_sidecar("proxy:1");
    world.run();
    expect_complete(&world);
    assert_eq!(world.restarts("proxy"), 0, "{}", world.story());
}

#[test]
fn a_foreign_container_is_named() {
    let mut world = World::new(workload(1));
    world.intruder = Some("mesh");
    world.run();
    world.expect_condition("SingleMain", "False", "ForeignContainer");
    assert!(world.message("SingleMain").contains("mesh"));
    assert!(world.events.contains(&"ForeignContainer"));
    world.expect_condition("Ready", "True", "Ready");
}

#[test]
fn finished_pods_and_pods_that_go_are_not_patched() {
    let mut world = World::at_rest(workload(3));
    let names: Vec<_> = world.pod_names().into_iter().collect();
    world.change_pod(&names[0], |pod| pod.phase = PodPhase::Failed);
    world.change_pod(&names[1], |pod| pod.meta.deleting = Some(crate::objects::NOW));
    world.set_sidecar("proxy:2");
    world.act();
    assert!(!world.log.iter().any(|line| line.contains(&*names[0]) || line.contains(&*names[1])));
}

#[test]
fn an_annotation_that_says_nothing_holds_up_nothing() {
    for text in [
        "",
        "{}",
        "nonsense",
        "{\"revision\":\"web-gone\",\"container\":\"proxy\",\"phase\":\"Replace\",\"since\":0}",
    ] {
        let mut world = World::at_rest(workload(3));
        let first = world.pod_names().into_iter().next().unwrap();
        world.change_pod(&first, |pod| {
            Arc::make_mut(pod.workload.as_mut().unwrap()).in_place = Some(text.into());
        });
        world.run();
        world.set_sidecar("proxy:2");
        world.run();
        world.expect_condition("Ready", "True", "Ready");
        assert_eq!(world.images("proxy"), ["proxy:2"; 3], "{}", world.story());
    }
}

#[test]
fn a_pod_in_a_step_whose_revision_nobody_knows_is_replaced() {
    let mut world = World::at_rest(workload(3));
    world.set_sidecar("proxy:2");
    world.act();
    let on_way =
        world.pods().iter().find(|pod| is_in_step(pod)).map(|pod| pod.meta.name.name.clone()).unwrap();
    world.change_pod(&on_way, |pod| {
        let labels = pod.meta.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        let lost = [(mainstay_model::sidecar_workload::REVISION_LABEL.into(), "web-lost".into())];
        pod.meta.labels = mainstay_model::LabelSet::new(labels.chain(lost));
    });
    world.run();
    expect_complete(&world);
    assert!(!world.pod_names().contains(&on_way));
}

#[test]
fn an_image_that_comes_back_before_the_kubelet_has_acted_is_no_fault() {
    // With other labels it is another revision, and the container goes on running as it is.
    let mut world = World::at_rest(workload(1));
    world.set_sidecar("proxy:2");
    world.act();
    world.edit_template(|template| {
        template["metadata"] = serde_json::json!({"labels": {"tier": "front"}});
        template["sidecars"][0]["image"] = "proxy:1".into();
    });
    world.run();
    expect_complete(&world);
    assert_eq!(world.restarts("proxy"), 0);

    // The same further on the way: the container of the new image is there, and stays.
    let mut world = World::at_rest(workload(1));
    world.edit_template(|template| {
        template["main"]["image"] = "app:2".into();
        template["sidecars"][0]["image"] = "proxy:2".into();
    });
    world.act();
    world.tick();
    for image in ["proxy:3", "proxy:2"] {
        world.set_sidecar(image);
        world.act();
    }
    world.run();
    expect_complete(&world);
    assert_eq!((world.restarts("proxy"), world.restarts("app")), (1, 1), "{}", world.story());
}

#[test]
fn a_pod_that_becomes_available_is_counted_although_the_pinned_revision_is_not_there() {
    let mut spec = workload(2);
    spec.rollout.min_ready_seconds = 30;
    let mut world = World::new(spec);
    assert!(world.run_until(|world| world.status().ready_replicas == 2), "{}", world.story());
    world.edit(|workload| workload.revision = Some("web-nowhere".into()));
    world.run();
    assert_eq!(world.status().available_replicas, 2, "{}", world.story());
}

/// Somebody takes the annotation of a step off, or writes nonsense there.
fn spoil(world: &mut World, words: Option<&str>) {
    let pod = world.pods().iter().find(|pod| is_in_step(pod)).unwrap().meta.name.name.clone();
    world.change_pod(&pod, |pod| {
        Arc::make_mut(pod.workload.as_mut().unwrap()).in_place = words.map(Into::into);
    });
}

#[test]
fn a_pod_whose_step_somebody_has_forgotten_is_brought_back_while_the_rollout_stands_still() {
    for words in [None, Some("{\"revision\": 7")] {
        for fate in [Fate::Unready, Fate::NoImage, Fate::Hang] {
            let mut world = World::at_rest(workload(3));
            world.fate("proxy:2", fate);
            world.set_sidecar("proxy:2");
            world.act();
            world.tick();
            world.edit(|workload| workload.rollout.paused = true);
            spoil(&mut world, words);
            world.run();
            assert_eq!(world.images("proxy"), ["proxy:1"; 3], "{fate:?} {}", world.story());
            assert_eq!(world.restarts("app"), 0, "{}", world.story());
        }
    }
}

#[test]
fn a_pod_at_its_goal_that_gets_an_image_of_before_is_brought_to_its_goal_again() {
    let mut world = World::at_rest(workload(3));
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    let first = world.pod_names().into_iter().next().unwrap();
    for image in ["proxy:1", "somebody/elses:1"] {
        world.change_pod(&first, |pod| {
            pod.meta.generation += 1;
            let state = Arc::make_mut(pod.workload.as_mut().unwrap());
            let proxy = state.containers.iter_mut().find(|found| *found.name == *"proxy").unwrap();
            proxy.image = image.into();
        });
        world.run();
        // What no revision has is left alone.
        let expected = if image == "proxy:1" { "proxy:2" } else { image };
        assert!(world.images("proxy").iter().any(|found| found == expected), "{}", world.story());
        assert_eq!(
            world.images("proxy").iter().filter(|found| *found == "proxy:2").count(),
            if image == "proxy:1" { 3 } else { 2 }
        );
    }
}

#[test]
fn an_image_that_a_webhook_has_put_there_is_not_replaced_with_a_sidecar() {
    let mut world = World::at_rest(workload(3));
    for pod in world.pod_names() {
        world.change_pod(&pod, |pod| {
            let state = Arc::make_mut(pod.workload.as_mut().unwrap());
            let main = state.containers.iter_mut().find(|container| *container.name == *"app").unwrap();
            main.image = "mirror.example/app:1".into();
        });
    }
    world.run();
    let before = world.restarts("app");
    world.set_sidecar("proxy:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("app"), ["mirror.example/app:1"; 3], "{}", world.story());
    assert_eq!((world.restarts("app"), world.restarts("proxy")), (before, 3), "{}", world.story());
    world.set_main("app:2");
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("app"), ["app:2"; 3], "{}", world.story());
}
