//! `cargo xtask bench endpoints`: services and their pods, by kube-controller-manager's three controllers and by ours.
//!
//! The cluster has etcd and an apiserver and nothing else that works: pods are put on nodes, get addresses and become ready by the load.
//! Two things are measured, and what a restart costs among both:
//! - one service with thousands of pods that come and are replaced, as in a rollout: many changes, few objects to write;
//! - thousands of services of which one pod after another becomes unready or ready: each change calls for writes of its own.
//!
//! The services stand from the beginning to the end. Both managers write slices under the same label, so each goes on with what the other
//! one has left, and both find the same.

mod cost;
mod measures;
mod stage;
mod start;
mod turn;

use anyhow::Result;

use super::ground::Ground;
use super::load::Load;
use super::managers::{Manager, Managers};
use super::report::Report;
use crate::cluster::Cluster;
use measures::Measured;
use stage::Stage;

/// The cluster of this benchmark, so that it needs none and disturbs none.
const CLUSTER: &str = "bench-endpoints";
/// The nodes that share the pods.
const NODES: u32 = 100;
/// Who does the work, in the words of either.
const OURS: &str = "endpoint=on,endpointslice=on,endpointslicemirroring=on";
const PEER: &[&str] =
    &["endpoints-controller", "endpointslice-controller", "endpointslice-mirroring-controller"];

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Services in one namespace.
    pub services: u64,
    /// Pods of each of them.
    pub pods_per_service: u64,
    /// Pods of the one service that has many.
    pub pods: u64,
    /// Pods of the many services that change in a second.
    pub changes: u32,
    /// For how many seconds they do.
    pub seconds: u32,
    /// How often, each time by both.
    pub rounds: usize,
    /// Whether the peer keeps to the rate of requests that it has by default.
    pub peer_defaults: bool,
}

/// Measures, telling on standard error how it goes.
pub fn run(options: Options) -> Result<Report> {
    let ground = Ground {
        cluster: CLUSTER,
        nodes: NODES,
        ours: OURS,
        peer: PEER,
        values: &[],
        peer_defaults: options.peer_defaults,
    };
    ground.measure(|cluster, managers, load| measure(cluster, managers, load, options))
}

fn measure(cluster: &Cluster, managers: &Managers<'_>, load: &Load<'_>, options: Options) -> Result<Report> {
    let mut stage = Stage::open(cluster, managers, load, options)?;
    stage.set()?;
    // The peer looks through all services for each pod, so its starts are what takes most of the time here: it has none too many.
    let built = stage.build(Manager::Ours)?;
    eprintln!("mainstay: all slices from none: {}", measures::tell_start(&built));
    let mut measured = Measured::new(built);
    for number in 1..=options.rounds {
        for manager in Manager::in_turn(number) {
            let run = stage.turn(manager, number)?;
            for line in measures::tell(&run) {
                eprintln!("round {number} of {}, {:8}: {line}", options.rounds, manager.word());
            }
            measured.of(manager).push(run);
        }
    }
    Ok(measures::report(options, &measured))
}
