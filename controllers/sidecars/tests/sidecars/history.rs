//! Revisions: which are made, kept, marked and deleted, and whose pods are whose.

use std::sync::Arc;

use mainstay_engine::Memory;
use mainstay_model::sidecar_workload::{REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{
    ControllerRevision, Kind, LabelSet, Object, ReadOutcome, RolloutKind, Share, Uid, Write,
};

use crate::kubelet::Fate;
use crate::objects::{foreign_revision, name, orphan, workload};
use crate::world::World;

#[track_caller]
fn expect_complete(world: &World) {
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.status().updated_replicas, world.workload().replicas, "{}", world.story());
}

#[test]
fn a_template_that_comes_back_is_the_same_revision_with_a_new_number() {
    let mut world = World::at_rest(workload(2));
    let first = world.status().current_revision.clone();
    world.set_main("app:2");
    world.run();
    world.set_main("app:1");
    world.run();
    expect_complete(&world);
    assert_eq!(world.status().current_revision, first);
    let revisions = world.revisions();
    let numbers: Vec<i64> = revisions.iter().map(|revision| revision.number).collect();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(Some(&revisions[1].meta.name.name), first.as_ref());
}

#[test]
fn of_two_revisions_with_one_number_the_wanted_one_gets_the_next() {
    let mut world = World::at_rest(workload(2));
    world.set_main("app:2");
    world.run();
    for position in 0..2 {
        let mut revision = ControllerRevision::clone(&world.revisions()[position]);
        revision.number = 7;
        revision.meta.version.0 = 9000 + u64::try_from(position).unwrap();
        world.apply(Object::ControllerRevision(Arc::new(revision)));
    }
    world.run();
    let numbers: Vec<i64> = world.revisions().iter().map(|revision| revision.number).collect();
    assert_eq!(numbers, [7, 8]);
    assert_eq!(world.status().update_revision.as_ref(), Some(&world.revisions()[1].meta.name.name));
}

#[test]
fn a_pinned_revision_is_an_undo_and_ends_with_the_pin() {
    let mut world = World::at_rest(workload(2));
    let first = world.status().current_revision.clone().unwrap();
    world.set_main("app:2");
    world.run();
    world.edit(|workload| workload.revision = Some(first.clone()));
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("app"), ["app:1"; 2]);
    world.edit(|workload| workload.revision = None);
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("app"), ["app:2"; 2]);
}

#[test]
fn a_pinned_revision_that_is_not_there_stalls_and_counts_go_on() {
    let mut world = World::at_rest(workload(3));
    world.edit(|workload| workload.revision = Some("web-nowhere".into()));
    world.run();
    world.expect_condition("Stalled", "True", "RevisionNotFound");
    assert_eq!(world.pods().len(), 3);
    let first = world.pod_names().into_iter().next().unwrap();
    world.lose_pod(&first);
    world.run();
    assert_eq!(world.status().replicas, 2, "{}", world.story());
    world.edit(|workload| workload.revision = None);
    world.run();
    expect_complete(&world);
}

/// R23
#[test]
fn a_name_that_somebody_else_has_taken_is_passed_over() {
    let mut trial = World::new(workload(1));
    trial.act();
    let taken = trial.revisions()[0].meta.name.name.clone();

    let mut world = World::new(workload(1));
    world.store.apply(foreign_revision(&taken));
    world.run();
    expect_complete(&world);
    assert_ne!(world.revisions()[0].meta.name.name, taken);
    world.set_main("app:2");
    world.run();
    world.set_main("app:1");
    world.run();
    expect_complete(&world);
    assert_eq!(world.revisions().len(), 2);

    let mut told = World::new(workload(1));
    told.memory = Memory { taken: [taken.clone()].into(), ..Memory::default() };
    told.run();
    expect_complete(&told);
    assert_ne!(told.revisions()[0].meta.name.name, taken);
}

#[test]
fn a_deleted_revision_is_made_again_and_pods_stay() {
    let mut world = World::at_rest(workload(2));
    let before = world.pod_names();
    let revision = world.revisions()[0].meta.clone();
    world.forget(Kind::ControllerRevision, &revision.name, revision.uid);
    world.run();
    expect_complete(&world);
    assert_eq!(world.pod_names(), before);
    assert_eq!(world.revisions()[0].meta.name, revision.name);
}

#[test]
fn a_revision_that_is_deleted_under_a_pod_on_its_way_holds_up_nothing() {
    for ticks in 0..4 {
        let mut world = World::at_rest(workload(3));
        let first = world.revisions()[0].meta.clone();
        world.set_sidecar("proxy:2");
        for _ in 0..ticks {
            world.act();
            world.tick();
        }
        world.act();
        world.forget(Kind::ControllerRevision, &first.name, first.uid);
        world.run();
        expect_complete(&world);
    }
}

/// R24
#[test]
fn with_a_limit_of_one_nothing_that_is_in_use_is_deleted() {
    let mut spec = workload(3);
    spec.revision_history_limit = 1;
    spec.rollout.partition = mainstay_model::Share::Count(2);
    let mut world = World::at_rest(spec);
    let first = world.status().current_revision.clone().unwrap();
    for image in ["app:2", "app:3", "app:4", "app:5"] {
        world.set_main(image);
        world.run();
        assert!(world.store.controller_revisions().get(&name(&first)).is_some(), "{}", world.story());
        assert!(world.revisions().len() <= 4, "{}", world.story());
    }
    world.edit(|workload| workload.rollout.partition = mainstay_model::Share::Count(0));
    world.run();
    expect_complete(&world);
    assert_eq!(world.revisions().len(), 2, "{}", world.story());
}

#[test]
fn the_way_back_is_not_deleted_however_small_the_limit() {
    let mut spec = workload(2);
    spec.revision_history_limit = 1;
    let mut world = World::at_rest(spec);
    let healthy = world.status().current_revision.clone().unwrap();
    for number in 2..6 {
        let image = format!("app:{number}");
        world.fate(&image, Fate::NoImage);
        world.set_main(&image);
        world.run();
        assert!(world.store.controller_revisions().get(&name(&healthy)).is_some());
        world.expect_condition("Stalled", "True", "ProgressDeadlineExceeded");
    }
}

/// Seed 4580 of two managers: the status may be refused, and name what is gone then.
#[test]
fn a_revision_stays_until_it_is_written_that_another_one_is_the_current_one() {
    let mut spec = workload(0);
    spec.revision_history_limit = 0;
    let mut world = World::at_rest(spec);
    world.set_main("app:2");
    for _ in 0..5 {
        let current = world.status().current_revision.clone().unwrap();
        let plan = world.plan();
        let deletes =
            |write: &Write| matches!(write, Write::DeleteObject(gone) if gone.object.name == current);
        assert!(!plan.writes.iter().any(deletes), "{}", world.story());
        if let Some(write) = plan.writes.first() {
            world.write(write);
        }
    }
    world.run();
    expect_complete(&world);
    assert_eq!(world.revisions().len(), 1);
}

#[test]
fn pods_of_nobody_are_adopted_after_a_live_look_at_the_workload() {
    let mut world = World::new(workload(2));
    world.run();
    let revision = world.status().current_revision.clone().unwrap();
    let orphan = orphan("web-orphan", Uid(0x99), &revision);
    world.apply(Object::Pod(Arc::new(orphan)));
    let plan = world.plan();
    assert_eq!((plan.reads.len(), plan.writes.len()), (1, 0));
    world.memory.answers = vec![(plan.reads[0].clone(), ReadOutcome::NotFound)];
    let refused = world.plan();
    assert!(refused.writes.is_empty() && refused.fault.is_some());
    world.memory.answers.clear();
    world.run();
    expect_complete(&world);
    assert_eq!(world.writes("adopt"), 1);
}

#[test]
fn a_pod_whose_label_was_taken_is_let_go_and_another_one_made() {
    let mut world = World::at_rest(workload(2));
    let first = world.pod_names().into_iter().next().unwrap();
    world.change_pod(&first, |pod| {
        let others = pod.meta.labels.iter().filter(|(key, _)| ***key != *WORKLOAD_LABEL);
        pod.meta.labels = LabelSet::new(others.map(|(key, value)| (key.clone(), value.clone())));
        pod.workload = None;
    });
    world.run();
    expect_complete(&world);
    assert!(!world.pod_names().contains(&first));
    assert!(world.store.pods().get(&name(&first)).is_some());
    assert_eq!(world.writes("release"), 1);
}

/// Gives a pod the label of another revision than the one whose images it has.
fn relabel(world: &mut World, pod: &str, revision: &str) {
    world.change_pod(pod, |pod| {
        let others = pod.meta.labels.iter().filter(|(key, _)| ***key != *REVISION_LABEL);
        let others = others.map(|(key, value)| (key.clone(), value.clone()));
        pod.meta.labels = LabelSet::new(others.chain([(REVISION_LABEL.into(), revision.into())]));
    });
}

#[test]
fn pods_whose_labels_lie_do_not_make_a_revision_healthy() {
    let mut spec = workload(2);
    spec.rollout.kind = RolloutKind::OnDelete;
    let mut world = World::at_rest(spec);
    world.fate("proxy:2", Fate::NoImage);
    world.set_sidecar("proxy:2");
    world.run();
    let bad = world.revision_with("proxy:2");
    for pod in world.pod_names() {
        relabel(&mut world, &pod, &bad);
    }
    world.run();
    assert_eq!(world.images("proxy"), ["proxy:1"; 2]);
    assert_eq!(world.revisions()[1].healthy_at, None, "{}", world.story());
    assert_eq!(world.status().updated_replicas, 0);
    assert_ne!(world.status().current_revision, Some(bad));
}

#[test]
fn of_pods_too_many_those_whose_labels_lie_go_first() {
    let mut spec = workload(3);
    spec.rollout.max_surge = Share::Count(1);
    spec.rollout.max_unavailable = Share::Count(0);
    spec.rollout.partition = Share::Count(1);
    let mut world = World::at_rest(spec);
    world.set_sidecar("proxy:2");
    world.run();
    let goal = world.revision_with("proxy:2");
    let kept = world.pods().into_iter().find(|pod| pod.meta.labels.get(REVISION_LABEL) != Some(&goal));
    let kept = kept.unwrap().meta.name.name.clone();
    relabel(&mut world, &kept, &goal);
    world.edit(|workload| workload.rollout.partition = Share::Count(0));
    world.log.clear();
    world.run();
    expect_complete(&world);
    assert_eq!(world.images("proxy"), ["proxy:2"; 3]);
    assert!(world.writes("create") <= 1, "{}", world.story());
}

#[test]
fn revisions_and_pods_of_an_earlier_workload_of_that_name_are_taken_over_as_they_are() {
    let mut world = World::at_rest(workload(2));
    let before = world.pod_names();
    let revision = world.revisions()[0].clone();
    let mut orphaned = (*revision).clone();
    orphaned.meta.owners = Box::default();
    orphaned.meta.version = mainstay_model::ResourceVersion(5000);
    world.apply(Object::ControllerRevision(Arc::new(orphaned)));
    for pod in &before {
        world.change_pod(pod, |pod| pod.meta.owners = Box::default());
    }
    world.edit(|workload| workload.status = Default::default());
    world.run();
    expect_complete(&world);
    assert_eq!(world.pod_names(), before);
    assert_eq!(world.revisions().len(), 1);
}

#[test]
fn a_create_in_doubt_is_sent_again_under_its_name_before_another_name_is_chosen() {
    let mut world = World::new(workload(2));
    let revision = world.plan().writes;
    world.write(&revision[0]);
    let plan = world.plan();
    let first = plan.writes.iter().find_map(|write| match write {
        Write::CreatePod(create) => Some(create.clone()),
        _ => None,
    });
    let mut first = first.unwrap();
    first.pod = name("web-doubt");
    world.memory.unsettled = vec![first];
    let names: Vec<String> = world
        .plan()
        .writes
        .iter()
        .filter(|write| matches!(write, Write::CreatePod(_)))
        .map(|write| write.object().name.to_string())
        .collect();
    assert_eq!((names.len(), &*names[0]), (2, "web-doubt"));
}

#[test]
fn a_pod_whose_deletion_is_in_doubt_is_the_next_to_go_and_no_other_goes_with_it() {
    let mut world = World::at_rest(workload(4));
    world.edit_template(|template| template["main"]["args"] = serde_json::json!(["more"]));
    let creation = world.plan().writes;
    world.write(&creation[0]);
    let deleted = |world: &World| -> Vec<Uid> {
        let writes = world.plan().writes;
        writes.iter().filter(|write| matches!(write, Write::DeletePod(_))).filter_map(Write::uid).collect()
    };
    let first = deleted(&world);
    let other = world.pods().iter().map(|pod| pod.meta.uid).find(|uid| !first.contains(uid)).unwrap();
    world.memory.doomed = vec![other];
    assert_eq!(deleted(&world), [other]);
}

#[test]
fn a_template_without_main_is_told_and_touches_nothing() {
    let mut world = World::at_rest(workload(2));
    world.edit(|workload| workload.template = bytes::Bytes::from_static(b"{}"));
    world.run();
    world.expect_condition("Stalled", "True", "RevisionNotFound");
    assert_eq!(world.pods().len(), 2);
}

/// Found by a property: main went on with an image of which nobody could say any more whose it was, and counted as updated.
#[test]
fn a_revision_stays_as_long_as_it_alone_has_an_image_of_a_pod() {
    let mut spec = workload(1);
    spec.revision_history_limit = 0;
    let mut world = World::new(spec);
    world.has_slices = true;
    world.edit_template(|template| {
        template["sidecars"][0]["policy"] = serde_json::json!({"drain": true});
    });
    world.run();
    world.set_main("app:2");
    world.act();
    world.set_sidecar("proxy:2");
    world.act();
    // The pod leaves its services for the sidecar's sake, with the image of a revision in main that is asked for no more.
    world.set_main("app:3");
    world.act();
    world.set_main("app:1");
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.images("app"), ["app:1"], "{}", world.story());
    assert_eq!(world.images("proxy"), ["proxy:2"], "{}", world.story());
    assert_eq!(world.revisions().len(), 1, "{}", world.story());
}
