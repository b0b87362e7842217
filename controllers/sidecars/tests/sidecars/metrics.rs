//! What is counted.

use std::time::Duration;

use mainstay_model::OnFailure;

use crate::kubelet::Fate;
use crate::objects::workload;
use crate::world::World;

/// The figures of a plan that are not zero, as `metric label value`.
fn figures(world: &World) -> Vec<String> {
    let figures = world.plan().figures;
    let told = figures.iter().filter(|figure| figure.value > 0);
    told.map(|figure| [&[figure.metric], &*figure.labels].concat().join(" ") + &format!(" {}", figure.value))
        .collect()
}

#[test]
fn a_workload_at_rest_is_complete_with_all_its_pods() {
    assert_eq!(
        figures(&World::at_rest(workload(3))),
        [
            "mainstay_rollout_workloads complete 1",
            "mainstay_rollout_pods wanted 3",
            "mainstay_rollout_pods present 3",
            "mainstay_rollout_pods updated 3",
            "mainstay_rollout_pods available 3",
        ]
    );
}

#[test]
fn each_pod_that_is_updated_in_place_is_counted_once() {
    let mut world = World::at_rest(workload(4));
    world.set_sidecar("proxy:2");
    world.run();
    assert_eq!(world.counts[&("mainstay_inplace_total", "started")], 4, "{}", world.story());
    assert_eq!(world.counts[&("mainstay_inplace_total", "completed")], 4);
    assert!(!world.counts.contains_key(&("mainstay_inplace_total", "reverted")));
    assert!(figures(&world).contains(&"mainstay_rollout_workloads complete 1".to_owned()));
}

#[test]
fn the_way_to_a_revision_is_told_when_it_is_healthy_for_the_first_time() {
    let mut world = World::at_rest(workload(4));
    let start = world.now;
    let tells = |world: &World| -> Vec<usize> {
        let told = world.figures.iter().filter(|figure| figure.metric == "mainstay_rollout_seconds");
        told.map(|figure| figure.value).collect()
    };
    assert_eq!(tells(&world).len(), 1, "the first revision");
    world.set_sidecar("proxy:2");
    world.run();
    let took = usize::try_from(world.now.seconds() - start.seconds()).unwrap();
    assert_eq!(tells(&world).len(), 2);
    assert!((1..=took).contains(&tells(&world)[1]), "{:?} of {took}", tells(&world));
    world.edit(|workload| workload.replicas = 5);
    world.run();
    assert_eq!(tells(&world).len(), 2, "each revision once");
}

#[test]
fn what_has_failed_is_counted_as_stalled_or_rolled_back_and_its_image_as_taken_back() {
    for (on_failure, stand) in [(OnFailure::Pause, "stalled"), (OnFailure::Rollback, "rolled_back")] {
        let mut spec = workload(5);
        spec.rollout.on_failure = on_failure;
        let mut world = World::at_rest(spec);
        world.fate("proxy:2", Fate::NoImage);
        world.set_sidecar("proxy:2");
        world.run();
        assert_eq!(world.counts[&("mainstay_inplace_total", "reverted")], 1, "{}", world.story());
        let told = figures(&world);
        assert!(told.contains(&format!("mainstay_rollout_workloads {stand} 1")), "{told:?}");
    }
}

#[test]
fn a_rollout_under_way_says_how_many_pods_are_where() {
    let mut world = World::at_rest(workload(4));
    world.set_sidecar("proxy:2");
    world.act();
    let told = figures(&world);
    assert!(told.contains(&"mainstay_rollout_workloads progressing 1".to_owned()), "{told:?}");
    assert!(told.contains(&"mainstay_rollout_pods in_place 1".to_owned()), "{told:?}");
    assert!(told.contains(&"mainstay_rollout_pods available 3".to_owned()), "{told:?}");
    world.now = world.now.after(Duration::from_secs(1));
    world.edit(|workload| workload.rollout.paused = true);
    world.run();
    assert!(figures(&world).contains(&"mainstay_rollout_workloads paused 1".to_owned()), "{}", world.story());
}
