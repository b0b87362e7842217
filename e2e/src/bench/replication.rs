//! `cargo xtask bench replication`: ReplicationControllers from none to thousands of pods and back, and how soon a change of a
//! pod is answered.
//!
//! The cluster has etcd and an apiserver and nothing else that works: no scheduler and no kubelet. So the pods stay pending, are
//! gone as soon as they are deleted, and all that the apiserver can do goes into creating and deleting them.
//! Before it is measured, each manager shows with a small ReplicationController that it works.

mod ceiling;
mod measures;
mod round;

use anyhow::Result;

use super::ground::Ground;
use super::load::Load;
use super::managers::{Manager, Managers};
use super::report::Report;
use crate::cluster::Cluster;
use crate::in_tree::MAINSTAY_ACTS;
use ceiling::Ceiling;
use round::Round;

/// The cluster of this benchmark, so that it needs none and disturbs none.
const CLUSTER: &str = "bench-replication";
/// Pods of the round that is not counted, in which the apiserver gets warm.
const UNCOUNTED_PODS: u64 = 500;

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Pods of all ReplicationControllers together.
    pub pods: u64,
    /// ReplicationControllers.
    pub owners: u64,
    /// How often, each time by both.
    pub rounds: usize,
    /// Pods that change in a second, one in four so that a write is called for, where it is measured how soon that is answered.
    pub changes: u32,
    /// Whether the peer keeps to the rate of requests that it has by default.
    pub peer_defaults: bool,
}

/// Measures, telling on standard error how it goes.
pub fn run(options: Options) -> Result<Report> {
    let ground = Ground {
        cluster: CLUSTER,
        nodes: 1,
        ours: MAINSTAY_ACTS,
        peer: &["replicationcontroller-controller"],
        values: &[],
        peer_defaults: options.peer_defaults,
    };
    ground.measure(|cluster, managers, load| measure(cluster, managers, load, options))
}

fn measure(cluster: &Cluster, managers: &Managers<'_>, load: &Load<'_>, options: Options) -> Result<Report> {
    let round = |manager: Manager, name: String| Round::new(cluster, managers, load, manager, name);
    let uncounted = Options { pods: UNCOUNTED_PODS.min(options.pods), ..options };
    eprintln!("a round of {} pods that is not counted", uncounted.pods);
    for manager in Manager::in_turn(0) {
        round(manager, format!("uncounted-{}", manager.word()))?.scale_up_and_down(uncounted)?;
    }
    let mut ceiling = Ceiling::find(cluster, load, options.pods)?;
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for number in 1..=options.rounds {
        for manager in Manager::in_turn(number) {
            let namespace = format!("round-{number}-{}", manager.word());
            let run = round(manager, namespace)?.run(options)?;
            let told = measures::tell(&run, options);
            eprintln!("round {number} of {}, {:8}: {told}", options.rounds, manager.word());
            match manager {
                Manager::Ours => ours.push(run),
                Manager::Peer => peer.push(run),
            }
        }
        ceiling.measure_again()?;
    }
    Ok(measures::report(options, &ours, &peer, &ceiling))
}
