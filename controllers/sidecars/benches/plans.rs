//! What a plan costs where there are thousands of pods: `cargo bench --package mainstay-sidecars`.
//!
//! It prints and judges nothing: times are the machine's. What counts is how they grow with the pods, and what a change of the code does to them
//! on the same machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "it measures")]
#![allow(dead_code, reason = "the world of the tests can do more than is needed here")]

#[path = "../tests/sidecars/kubelet.rs"]
mod kubelet;
#[path = "../tests/sidecars/objects.rs"]
mod objects;
#[path = "../tests/sidecars/world.rs"]
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_model::{Object, Pod, Share, Uid};
use objects::{disruption_budget, name, workload};
use world::World;

/// Pods that go through what is measured, before there are many of each.
const FEW: i32 = 20;
/// For how long a plan is made again and again.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

fn main() {
    println!("{:32} {:>6} {:>12} {:>8}", "", "pods", "ms a plan", "writes");
    for factor in [25, 150] {
        let rest = at_rest();
        measure("at rest", &rest, factor);

        let mut begun = at_rest();
        begun.set_sidecar("proxy:2");
        begun.act();
        begun.run_until(|world| world.status().updated_replicas > 0);
        measure("a quarter on the way", &begun, factor);

        let mut healthy = at_rest();
        healthy.set_sidecar("proxy:2");
        healthy.run();
        healthy.set_sidecar("proxy:1");
        measure("all are to be patched", &healthy, factor);

        let budget = disruption_budget(0, FEW);
        healthy.store.apply(Object::PodDisruptionBudget(Arc::new(budget)));
        measure("the same with a budget", &healthy, factor);

        let mut scaled = at_rest();
        scaled.edit(|workload| workload.replicas = 2 * FEW);
        measure("as many are to be made", &scaled, factor);
    }
}

fn at_rest() -> World {
    let mut workload = workload(FEW);
    workload.rollout.max_surge = Share::Percent(25);
    workload.rollout.max_unavailable = Share::Percent(25);
    World::at_rest(workload)
}

/// Measures the plan for so many times the pods.
fn measure(what: &str, world: &World, factor: u32) {
    let world = crowd(world, factor);
    let begin = Instant::now();
    // The fastest, since others may want the processor too.
    let mut fastest = Duration::MAX;
    let mut writes = 0;
    while begin.elapsed() < LONG_ENOUGH {
        let planned = Instant::now();
        writes = world.plan().writes.len();
        fastest = fastest.min(planned.elapsed());
    }
    let milliseconds = fastest.as_secs_f64() * 1000.0;
    println!("{what:32} {:6} {milliseconds:12.3} {writes:8}", world.pods().len());
}

/// A world with so many pods for each, and as many more replicas.
fn crowd(world: &World, factor: u32) -> World {
    let mut crowded = World::new(world.workload().clone());
    crowded.store = world.store.clone();
    crowded.now = world.now;
    for (index, pod) in world.pods().into_iter().enumerate() {
        for copy in 1..factor {
            let mut pod = Pod::clone(pod);
            pod.meta.name = name(&format!("{}-{copy}", pod.meta.name.name));
            pod.meta.uid = Uid(pod.meta.uid.0 + (u128::from(copy) << 64) + index as u128);
            crowded.store.apply(Object::Pod(Arc::new(pod)));
        }
    }
    let mut workload = world.workload().clone();
    workload.replicas *= i32::try_from(factor).unwrap();
    workload.meta.version.0 += 1_000_000;
    crowded.store.apply(Object::SidecarWorkload(Arc::new(workload)));
    crowded
}
