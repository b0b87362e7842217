//! What holds whatever users and kubelets do.

use mainstay_model::sidecar_workload::REVISION_LABEL;
use mainstay_model::{InPlace, OnFailure, RolloutKind, Share, SidecarWorkload};
use proptest::prelude::*;
use proptest::sample::select;

use crate::kubelet::Fate;
use crate::objects::workload;
use crate::world::World;

/// What happens between two plans.
#[derive(Clone, Debug)]
enum Act {
    Main(usize),
    Sidecar(usize),
    Argument(usize),
    Label(usize),
    Replicas(i32),
    Pause(bool),
    Partition(i32),
    Surge(i32, i32),
    InPlace(InPlace),
    Kind(RolloutKind),
    OnFailure(OnFailure),
    Restart(usize),
    Retry(usize),
    Undo,
    Lose(usize),
    LoseRevision(usize),
    Unmark(usize),
    Fate(usize, Fate),
    Silent(bool),
    Lost(bool),
    Ticks(usize),
    Seconds(u64),
}

const IMAGES: [&str; 3] = ["1", "2", "3"];

fn any_act() -> impl Strategy<Value = Act> {
    let image = 0..IMAGES.len();
    prop_oneof![
        2 => image.clone().prop_map(Act::Main),
        4 => image.clone().prop_map(Act::Sidecar),
        2 => image.clone().prop_map(Act::Argument),
        1 => image.prop_map(Act::Label),
        2 => (0..6_i32).prop_map(Act::Replicas),
        1 => any::<bool>().prop_map(Act::Pause),
        1 => (0..4_i32).prop_map(Act::Partition),
        1 => (0..3_i32, 0..3_i32).prop_map(|(surge, missing)| Act::Surge(surge, missing)),
        1 => select(vec![InPlace::IfPossible, InPlace::Only, InPlace::Never]).prop_map(Act::InPlace),
        1 => select(vec![RolloutKind::RollingUpdate, RolloutKind::OnDelete]).prop_map(Act::Kind),
        1 => select(vec![OnFailure::Pause, OnFailure::Rollback]).prop_map(Act::OnFailure),
        1 => (0..3_usize).prop_map(Act::Restart),
        1 => (0..3_usize).prop_map(Act::Retry),
        1 => Just(Act::Undo),
        2 => (0..6_usize).prop_map(Act::Lose),
        1 => (0..6_usize).prop_map(Act::LoseRevision),
        1 => (0..6_usize).prop_map(Act::Unmark),
        4 => (
            0..6_usize,
            select(vec![Fate::Up, Fate::NoImage, Fate::Crash, Fate::Hang, Fate::Trap, Fate::Unready]),
        )
            .prop_map(|(image, fate)| Act::Fate(image, fate)),
        1 => any::<bool>().prop_map(Act::Silent),
        1 => any::<bool>().prop_map(Act::Lost),
        8 => (1..6_usize).prop_map(Act::Ticks),
        2 => select(vec![5_u64, 60, 200, 700]).prop_map(Act::Seconds),
    ]
}

fn image(number: usize) -> String {
    let name = if number < IMAGES.len() { "app" } else { "proxy" };
    format!("{name}:{}", IMAGES[number % IMAGES.len()])
}

fn act(world: &mut World, act: &Act) {
    match act {
        Act::Main(image) => world.set_main(&format!("app:{}", IMAGES[*image])),
        Act::Sidecar(image) => world.set_sidecar(&format!("proxy:{}", IMAGES[*image])),
        Act::Argument(argument) => {
            world.edit_template(|template| template["main"]["args"] = serde_json::json!([argument]));
        }
        Act::Label(label) => world.edit_template(|template| {
            template["metadata"] = serde_json::json!({"labels": {"tier": label.to_string()}});
        }),
        Act::Replicas(replicas) => world.edit(|workload| workload.replicas = *replicas),
        Act::Pause(paused) => world.edit(|workload| workload.rollout.paused = *paused),
        Act::Partition(count) => world.edit(|workload| workload.rollout.partition = Share::Count(*count)),
        Act::Surge(surge, missing) => world.edit(|workload| {
            workload.rollout.max_surge = Share::Count(*surge);
            workload.rollout.max_unavailable = Share::Count(*missing);
        }),
        Act::InPlace(in_place) => world.edit(|workload| workload.rollout.in_place = *in_place),
        Act::Kind(kind) => world.edit(|workload| workload.rollout.kind = *kind),
        Act::OnFailure(on_failure) => world.edit(|workload| workload.rollout.on_failure = *on_failure),
        Act::Restart(at) => world.edit(|workload| workload.restarted_at = Some(at.to_string().into())),
        Act::Retry(retry) => world.edit(|workload| workload.retry = Some(retry.to_string().into())),
        Act::Undo => {
            let first = world.revisions().first().map(|revision| revision.meta.name.name.clone());
            world.edit(|workload| workload.revision = first.filter(|_| workload.revision.is_none()));
        }
        Act::Lose(position) => {
            let pod = world.pod_names().into_iter().nth(*position);
            if let Some(pod) = pod {
                world.lose_pod(&pod);
            }
        }
        Act::LoseRevision(position) => {
            if let Some(revision) = world.revisions().get(*position) {
                let meta = &revision.meta;
                world.forget(mainstay_model::Kind::ControllerRevision, &meta.name, meta.uid);
            }
        }
        Act::Unmark(position) => {
            let pod = world.pod_names().into_iter().nth(*position);
            if let Some(pod) = pod {
                world.change_pod(&pod, |pod| {
                    let labels = pod.meta.labels.iter().filter(|(key, _)| ***key != *REVISION_LABEL);
                    let labels = labels.map(|(key, value)| (key.clone(), value.clone()));
                    pod.meta.labels = mainstay_model::LabelSet::new(labels);
                });
            }
        }
        Act::Fate(number, fate) => world.fate(&image(*number), *fate),
        Act::Silent(is_silent) => world.kubelet.is_silent = *is_silent,
        Act::Lost(true) => drop(world.kubelet.lost.insert("node".to_owned())),
        Act::Lost(false) => world.kubelet.lost.clear(),
        Act::Ticks(ticks) => {
            for _ in 0..*ticks {
                world.tick();
                world.act();
            }
        }
        Act::Seconds(seconds) => {
            world.now = world.now.after(std::time::Duration::from_secs(*seconds));
        }
    }
}

prop_compose! {
    fn any_workload()(
        replicas in 0..6_i32,
        surge in 0..3_i32,
        missing in 0..3_i32,
        min_ready_seconds in select(vec![0, 0, 5]),
        limit in select(vec![1, 10]),
        on_failure in select(vec![OnFailure::Pause, OnFailure::Rollback]),
    ) -> SidecarWorkload {
        let mut spec = workload(replicas);
        spec.rollout.max_surge = Share::Count(surge);
        spec.rollout.max_unavailable = Share::Count(missing);
        spec.rollout.min_ready_seconds = min_ready_seconds;
        spec.rollout.on_failure = on_failure;
        spec.revision_history_limit = limit;
        spec
    }
}

/// The world after all of it; each step has kept the promises that [`World`] looks at.
fn after(spec: SidecarWorkload, drains: bool, acts: &[Act]) -> World {
    let mut world = World::new(spec);
    if drains {
        world.has_slices = true;
        world.edit_template(|template| {
            template["sidecars"][0]["policy"] = serde_json::json!({"drain": true});
        });
    }
    world.run();
    world.log.clear();
    for one in acts {
        world.log.push(format!("-- {one:?}"));
        act(&mut world, one);
        world.act();
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_well_again_all_pods_are_of_what_the_spec_asks_for(
        spec in any_workload(),
        drains in any::<bool>(),
        acts in prop::collection::vec(any_act(), 0..24),
    ) {
        let mut world = after(spec, drains, &acts);
        world.kubelet.heal();
        // What a kubelet has said before is said no more.
        world.tick();
        world.tick();
        world.log.push("-- all is well again".to_owned());
        world.edit(|workload| {
            workload.rollout.paused = false;
            workload.rollout.partition = Share::Count(0);
            workload.rollout.in_place = InPlace::IfPossible;
            workload.rollout.kind = RolloutKind::RollingUpdate;
            workload.revision = None;
            workload.retry = Some("at last".into());
        });
        world.run();
        let replicas = world.workload().replicas;
        let goal = world.status().update_revision.clone();
        let are_there = world.pods().iter().all(|pod| pod.meta.labels.get(REVISION_LABEL) == goal.as_ref());
        prop_assert!(are_there, "{}", world.story());
        prop_assert_eq!(world.status().available_replicas, replicas, "{}", world.story());
        prop_assert_eq!(world.pods().len(), usize::try_from(replicas).unwrap(), "{}", world.story());
        prop_assert_eq!(world.condition("Ready").0, "True", "{}", world.story());
        let template: serde_json::Value = serde_json::from_slice(&world.workload().template).unwrap();
        for (container, wanted) in [("app", &template["main"]), ("proxy", &template["sidecars"][0])] {
            let wanted = wanted["image"].as_str().unwrap();
            let images = world.images(container);
            prop_assert!(images.iter().all(|image| image == wanted), "{}", world.story());
        }
    }

    #[test]
    fn however_bad_it_is_it_comes_to_rest(
        spec in any_workload(),
        drains in any::<bool>(),
        acts in prop::collection::vec(any_act(), 0..24),
    ) {
        let mut world = after(spec, drains, &acts);
        world.run();
        let missing = usize::try_from(world.workload().replicas).unwrap().saturating_sub(world.pods().len());
        let is_unknown = world.condition("Stalled").1 == "RevisionNotFound";
        prop_assert!(missing == 0 || is_unknown, "{}", world.story());
    }

    #[test]
    fn changes_of_sidecars_alone_never_restart_main(
        spec in any_workload(),
        acts in prop::collection::vec(
            prop_oneof![
                (0..3_usize).prop_map(Act::Sidecar),
                (3..6_usize, select(vec![Fate::Up, Fate::NoImage, Fate::Crash, Fate::Hang, Fate::Unready]))
                    .prop_map(|(image, fate)| Act::Fate(image, fate)),
                (1..8_usize).prop_map(Act::Ticks),
            ],
            0..16,
        ),
    ) {
        let mut world = after(spec, false, &acts);
        world.run();
        prop_assert_eq!(world.restarts("app"), 0, "{}", world.story());
    }

    #[test]
    fn the_order_of_deltas_does_not_matter(
        spec in any_workload(),
        acts in prop::collection::vec(any_act(), 0..16),
        shuffle in any::<prop::sample::Index>(),
    ) {
        let world = after(spec, false, &acts);
        let kinds = [
            mainstay_model::Kind::Pod,
            mainstay_model::Kind::ControllerRevision,
            mainstay_model::Kind::SidecarWorkload,
            mainstay_model::Kind::Node,
        ];
        let mut objects: Vec<_> = kinds.iter().flat_map(|kind| world.store.all(*kind)).collect();
        let count = objects.len();
        objects.rotate_left(shuffle.index(count));
        objects[..count / 2].reverse();
        let mut store = mainstay_engine::Store::default();
        for object in objects {
            store.apply(object);
        }
        let plan = world.plan();
        let mut other = world;
        other.store = store;
        prop_assert_eq!(other.plan(), plan);
    }
}
