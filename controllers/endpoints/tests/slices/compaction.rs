//! Slices that have become many and nearly empty.

use mainstay_model::{Kind, Pod};

use crate::objects::{IntoObject, endpoint, pod, slice};
use crate::world::{World, verbs};

/// `web` with slices of these lengths.
fn fragmented(lengths: &[usize]) -> World {
    let mut world = World::with_pods(lengths.iter().sum());
    let mut numbers = 0..;
    for (position, length) in lengths.iter().enumerate() {
        let pods: Vec<Pod> = numbers.by_ref().take(*length).map(pod).collect();
        world.add([slice(&format!("web-{position:02}"), &pods).object()]);
    }
    world
}

#[test]
fn within_the_bound_nothing_moves() {
    for lengths in [&[1, 1][..], &[100, 1, 1], &[60, 60, 60], &[30; 2], &[80, 80, 80, 80, 80]] {
        assert!(fragmented(lengths).plan().writes.is_empty(), "{lengths:?}");
    }
}

#[test]
fn the_emptiest_slice_moves_into_the_one_that_it_fills_best() {
    let mut world = fragmented(&[10, 95, 90, 30]);
    let plans = world.settle();
    assert!(plans.is_empty(), "225 in four is allowed: {plans:?}");
    let mut world = fragmented(&[10, 30, 85, 30]);
    let plans = world.settle();
    assert_eq!(plans.iter().map(verbs).collect::<Vec<_>>(), [["update"], ["delete"]]);
    assert_eq!(world.lengths(), [30, 30, 95]);
}

#[test]
fn where_no_slice_takes_all_it_is_split() {
    let mut world = fragmented(&[60, 61, 62, 63, 64, 65, 66, 67]).max(80);
    // 508 need 7 slices, and may stand in 8.
    assert!(world.plan().writes.is_empty());
    world.remove_pods(0..30);
    world.settle();
    let mut world = fragmented(&[28, 61, 62, 63, 64, 65, 66, 67]).max(100);
    let plans = world.settle();
    assert_eq!(world.lengths().len(), 6, "476 need 5 and may stand in 6");
    assert!(plans.iter().all(|plan| plan.writes.len() <= 4));
    assert_eq!(world.published().len(), 476);
}

/// A shrink as of a service that was scaled down: few pods are left in each of 50 slices.
#[test]
fn after_a_shrink_the_bound_is_reached_one_slice_at_a_time() {
    let mut world = World::with_pods(5000);
    world.settle();
    assert_eq!(world.lengths(), [100; 50]);
    world.remove_pods((0..5000).filter(|number| number % 10 != 0));
    let plan = world.plan();
    assert_eq!(verbs(&plan), ["update"; 50]);
    plan.writes.iter().for_each(|write| world.write(write));
    let mut plans = 0;
    loop {
        let before = world.published();
        assert!(before.len() == 500 && before.values().all(|count| *count <= 2));
        let plan = world.plan();
        if plan.writes.is_empty() {
            break;
        }
        assert!(plan.writes.len() <= 2, "{:?}", verbs(&plan));
        for write in &plan.writes {
            world.write(write);
            assert_eq!(world.published().len(), 500, "all are there at every moment");
        }
        plans += 1;
    }
    assert_eq!(world.lengths().len(), 6);
    assert_eq!(plans, 2 * (50 - 6));
    assert!(world.published().values().all(|count| *count == 1));
}

#[test]
fn while_something_else_is_to_be_done_nothing_moves() {
    let mut world = fragmented(&[10, 30, 85, 30]);
    world.change_pod(150, |pod| pod.ready = false);
    let plan = world.plan();
    assert_eq!(verbs(&plan), ["update"]);
    let mainstay_model::Write::UpdateEndpointSlice(update) = &plan.writes[0] else { panic!() };
    assert_eq!(update.content.endpoints.len(), 30);
}

#[test]
fn of_what_is_there_twice_the_one_in_the_fuller_slice_stays() {
    let mut world = fragmented(&[10, 20]);
    let full = world.slices()[1].meta.name.clone();
    world.change_slice(&full, |slice| {
        let more = (0..5).map(|number| endpoint(&pod(number)));
        slice.endpoints = slice.endpoints.iter().cloned().chain(more).collect();
    });
    let plan = world.plan();
    assert_eq!(verbs(&plan), ["update"]);
    assert_ne!(plan.writes[0].object(), &full);
    world.settle();
    assert_eq!(world.lengths(), [5, 25]);
}

#[test]
fn slices_that_are_fuller_than_allowed_stay_and_receive_nothing() {
    let mut world = fragmented(&[90, 90, 90, 5, 5]).max(40);
    world.settle();
    assert_eq!(world.lengths(), [5, 5, 90, 90, 90]);
    world.remove(Kind::Pod, &pod(0).meta.name);
    world.add([pod(900).object()]);
    world.settle();
    assert_eq!(world.lengths(), [5, 6, 89, 90, 90]);
}
