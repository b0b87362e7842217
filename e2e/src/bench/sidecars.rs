//! `cargo xtask bench sidecars`: SidecarWorkloads beside Deployments, whose pods have one main container and one native sidecar each.
//!
//! Two things are measured, one after the other, each round by both:
//! - the number of pods goes from none to thousands and back. Nothing else is at work: no scheduler and no kubelet, so the pods stay pending, and
//!   all that the apiserver can do goes into creating and deleting them;
//! - the sidecar of pods that run gets another image. A Deployment replaces the pods, a SidecarWorkload the sidecar in them, both with a quarter of
//!   the pods missing and a quarter beyond at most. A scheduler is there, and kwok plays the kubelets.

mod measures;
mod round;
mod seen;

use anyhow::Result;

use super::ground::Ground;
use super::load::Load;
use super::managers::{Manager, Managers};
use super::report::Report;
use crate::cluster::Cluster;
use crate::{control_plane, fake_nodes};
use measures::Measured;
use round::Round;

/// The cluster of this benchmark, so that it needs none and disturbs none.
const CLUSTER: &str = "bench-sidecars";
/// The nodes that share the pods.
const NODES: u32 = 20;
/// Who does the work, in the words of either.
const OURS: &str = "sidecarworkload-controller=on";
const PEER: &[&str] = &["deployment-controller", "replicaset-controller"];
/// The most pods of the rounds that are not counted, in which everybody gets warm.
const UNCOUNTED_PODS: u64 = 500;
const UNCOUNTED_CHANGES: u64 = 100;

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Pods whose sidecar gets another image.
    pub pods: u64,
    /// Pods that are made from none, and deleted again.
    pub scale: u64,
    /// How often, each time by both.
    pub rounds: usize,
    /// Whether the chart's admission policy is in force, which the apiserver asks about each pod of a SidecarWorkload and about no other.
    pub with_policy: bool,
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
        values: if options.with_policy { &["singleMain=Warn"] } else { &[] },
        peer_defaults: options.peer_defaults,
    };
    ground.measure(|cluster, managers, load| measure(cluster, managers, load, options))
}

fn measure(cluster: &Cluster, managers: &Managers<'_>, load: &Load<'_>, options: Options) -> Result<Report> {
    let round = |manager: Manager, namespace: String| Round::new(cluster, managers, load, manager, namespace);
    let uncounted = UNCOUNTED_PODS.min(options.scale);
    eprintln!("a round of {uncounted} pods that is not counted");
    for manager in Manager::in_turn(0) {
        round(manager, format!("scale-0-{}", manager.word()))?.scale(uncounted)?;
    }
    let mut measured = Measured::default();
    for number in 1..=options.rounds {
        for manager in Manager::in_turn(number) {
            let scaling =
                round(manager, format!("scale-{number}-{}", manager.word()))?.scale(options.scale)?;
            let told = measures::tell_scaling(&scaling, options);
            eprintln!("scale, round {number} of {}, {:8}: {told}", options.rounds, manager.word());
            measured.scalings(manager).push(scaling);
        }
    }
    control_plane::start_scheduler(cluster)?;
    fake_nodes::start_kwok(cluster)?;
    fake_nodes::wait_for_nodes(cluster)?;
    let uncounted = UNCOUNTED_CHANGES.min(options.pods);
    eprintln!("a change of {uncounted} pods that is not counted");
    for manager in Manager::in_turn(0) {
        round(manager, format!("image-0-{}", manager.word()))?.change_image(uncounted)?;
    }
    for number in 1..=options.rounds {
        for manager in Manager::in_turn(number) {
            let change =
                round(manager, format!("image-{number}-{}", manager.word()))?.change_image(options.pods)?;
            let told = measures::tell_change(&change, options);
            eprintln!("image, round {number} of {}, {:8}: {told}", options.rounds, manager.word());
            measured.changes(manager).push(change);
        }
    }
    Ok(measures::report(options, &measured))
}
