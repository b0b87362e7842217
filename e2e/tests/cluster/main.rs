//! The manager as a pod of its chart in a real cluster: what users see, and what happens when something breaks.
//!
//! One cluster serves all tests, some of them side by side: two real nodes, whose containers can be killed and frozen, and fake
//! ones for pods by the hundred. It is started when the first test needs it and taken down at the end, also after Ctrl-C.
//! Each test has a namespace of its own.
//!
//! Where no cluster can be had the tests are ignored, with the reason. `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure;
//! `MAINSTAY_TEST_KEEP=1` leaves the cluster for a look at it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod cascade;
mod claims;
mod install;
mod leadership;
mod lifecycle;
mod outages;
mod quota;
mod rights;

use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::cluster::{ClusterOptions, Nodes};
use mainstay_e2e::in_tree::MAINSTAY_ACTS;
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::shared::Shared;
use mainstay_e2e::testbed::{Test, World, alone, test};

/// The ceiling of concurrent writes where a test counts pods: so many may be on their way when a leader is lost.
pub const CONCURRENT_WRITES: usize = 4;

/// The cheap ones first; each may leave the managers restarting, and the next one waits until they are well again.
const TESTS: &[Test] = &[
    test("install::a_helm_test_passes", install::a_helm_test_passes),
    test("install::both_replicas_are_ready_and_say_why", install::both_replicas_are_ready_and_say_why),
    alone("install::metrics_have_the_names_of_upstream", install::metrics_have_the_names_of_upstream),
    test(
        "claims::a_relabelled_pod_is_released_and_replaced",
        claims::a_relabelled_pod_is_released_and_replaced,
    ),
    test("cascade::foreground_takes_the_pods_first", cascade::foreground_takes_the_pods_first),
    test("cascade::background_takes_the_pods_after", cascade::background_takes_the_pods_after),
    test("cascade::orphans_survive_and_are_adopted", cascade::orphans_survive_and_are_adopted),
    test("lifecycle::the_sample_comes_up_heals_and_scales", lifecycle::the_sample_comes_up_heals_and_scales),
    test("quota::a_full_quota_is_said_and_recovered_from", quota::a_full_quota_is_said_and_recovered_from),
    alone(
        "rights::missing_rights_are_said_and_recovered_from",
        rights::missing_rights_are_said_and_recovered_from,
    ),
    alone("leadership::a_leader_that_is_asked_to_stop_hands_over_at_once", leadership::asked_to_stop),
    alone("leadership::a_leader_that_is_killed_is_replaced_without_a_pod_too_many", leadership::killed),
    alone("leadership::a_leader_that_was_frozen_does_not_write_again", leadership::frozen),
    alone("outages::the_apiserver_restarts_in_the_middle", outages::the_apiserver_restarts_in_the_middle),
    alone("outages::the_apiserver_is_away_for_a_minute", outages::the_apiserver_is_away_for_a_minute),
];

fn main() -> ExitCode {
    let check = prerequisites::check_for_real_cluster;
    let shared = Shared { name: "e2e-test", check, up, cluster: |world: &World| &world.cluster };
    World::run(shared, mend, TESTS).exit_code
}

fn up(name: &str) -> Result<World> {
    let nodes = Nodes::Mixed { real: 2, fake: 10 };
    let options = ClusterOptions { name: name.to_owned(), nodes, ..ClusterOptions::default() };
    let values = [format!("controllers={MAINSTAY_ACTS}"), format!("concurrentWrites={CONCURRENT_WRITES}")];
    World::up(&options, |world| world.install(&values))
}

/// Brings the cluster back to health after a test that has broken it, and waits until the managers are well.
fn mend(world: &World) -> Result<()> {
    if world.cluster.daemon("kube-apiserver").pid().is_none() {
        world.cluster.start_apiserver()?;
    }
    world.managers().settled().map(|_all_well| ())
}
