//! The chart beside a kube-controller-manager that does the same work: ours stays out of its way, gives way when it comes, and takes
//! over when it has gone.
//!
//! What is written by whom is read from the apiserver's audit log, which no manager can colour. One cluster serves all tests: a
//! real node with the managers and the static pod of kube-controller-manager, and fake ones for pods by the hundred. Where the
//! rival does only what ours does, another kube-controller-manager does all the rest: it shows neither pod nor lease and has
//! those controllers off.
//!
//! `MAINSTAY_TESTS_CHURN=3600` has the tests of [`passive`] go on for so many seconds each, instead of [`passive::CHURN`]:
//! `MAINSTAY_TESTS_CHURN=3600 cargo test --package mainstay-e2e --test rivals passive`. Where no cluster can be had the tests are
//! ignored, with the reason. `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure; `MAINSTAY_TEST_KEEP=1` leaves the cluster.
//!
//! Map: [`audit`] reads the log, [`rival`] starts and stops kube-controller-managers, [`standing`] asks our managers; the
//! others are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod arrival;
mod audit;
mod passive;
mod rival;
mod standing;
mod switches;
mod upgrade;

use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::cluster::{ClusterOptions, Nodes};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::shared::Shared;
use mainstay_e2e::testbed::{Test, World, alone};

const TESTS: &[Test] = &[
    alone("passive::beside_the_static_pod_of_kubeadm", passive::beside_the_static_pod_of_kubeadm),
    alone("passive::beside_a_process_without_pod_and_lease", passive::beside_a_process_without_pod_and_lease),
    alone("upgrade::of_a_static_pod", upgrade::of_a_static_pod),
    alone("upgrade::of_a_static_pod_whose_lease_another_one_takes", upgrade::whose_lease_another_one_takes),
    alone("arrival::of_a_static_pod", arrival::of_a_static_pod),
    alone("arrival::of_a_process_with_a_lease", arrival::of_a_process_with_a_lease),
    alone("arrival::of_a_process_without_a_lease", arrival::of_a_process_without_a_lease),
    alone("switches::twenty_under_churn_lose_nothing", switches::twenty_under_churn_lose_nothing),
];

fn main() -> ExitCode {
    let check = prerequisites::check_for_real_cluster;
    let shared = Shared { name: "e2e-rivals", check, up, cluster: |world: &World| &world.cluster };
    World::run(shared, mend, TESTS).exit_code
}

fn up(name: &str) -> Result<World> {
    let nodes = Nodes::Mixed { real: 1, fake: 10 };
    let options = ClusterOptions { name: name.to_owned(), nodes, in_tree: InTree::None, audit: true };
    World::up(&options, mend)
}

/// Ends every rival; what no test is about is done by somebody.
fn mend(world: &World) -> Result<()> {
    rival::end_all(&world.cluster)?;
    rival::all_the_rest(&world.cluster)
}
