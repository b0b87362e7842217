//! Services in a real cluster whose in-tree endpoints controllers are off: who finds whom, what heals, and what happens when
//! the leader goes.
//!
//! One cluster serves all tests, some of them side by side: two real nodes, where kube-proxy routes connections to pods that answer,
//! and fake ones for pods by the hundred. Each test has a namespace of its own.
//!
//! Where no cluster can be had the tests are ignored, with the reason. `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure;
//! `MAINSTAY_TEST_KEEP=1` leaves the cluster for a look at it.
//!
//! Map: [`wanted`] says of a namespace what is not as its pods are, [`objects`] are services and what is behind them; the
//! others are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod connections;
mod healing;
mod names;
mod objects;
mod ownership;
mod restarts;
mod wanted;

use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::cluster::{ClusterOptions, Nodes};
use mainstay_e2e::in_tree::{InTree, MAINSTAY_DOES_ALL};
use mainstay_e2e::prerequisites;
use mainstay_e2e::programs::{self, Programs};
use mainstay_e2e::testbed::shared::Shared;
use mainstay_e2e::testbed::{Test, World, alone, test};

/// The cheap ones first; those that kill a manager come last.
const TESTS: &[Test] = &[
    alone("ownership::all_controllers_act_and_say_so", ownership::all_controllers_act_and_say_so),
    test("healing::what_is_deleted_comes_back", healing::what_is_deleted_comes_back),
    test("healing::what_is_edited_is_put_right", healing::what_is_edited_is_put_right),
    test(
        "ownership::a_selector_that_goes_leaves_no_slices",
        ownership::a_selector_that_goes_leaves_no_slices,
    ),
    test("ownership::what_a_user_writes_is_mirrored", ownership::what_a_user_writes_is_mirrored),
    test("names::headless_names_lead_to_ready_pods", names::headless_names_lead_to_ready_pods),
    test(
        "names::a_pod_without_a_port_of_that_name_has_no_record",
        names::a_pod_without_a_port_of_that_name_has_no_record,
    ),
    alone(
        "connections::no_connection_fails_while_pods_are_replaced",
        connections::no_connection_fails_while_pods_are_replaced,
    ),
    alone(
        "restarts::a_users_endpoints_without_a_service_survive",
        restarts::a_users_endpoints_without_a_service_survive,
    ),
    alone(
        "restarts::a_leader_that_is_killed_while_services_roll_leaves_nothing_wrong",
        restarts::a_leader_that_is_killed_while_services_roll_leaves_nothing_wrong,
    ),
];

fn main() -> ExitCode {
    let check = prerequisites::check_for_real_cluster;
    let shared = Shared { name: "e2e-services", check, up, cluster: |world: &World| &world.cluster };
    World::run(shared, mend, TESTS).exit_code
}

fn up(name: &str) -> Result<World> {
    // Built here, where that may take its time.
    programs::ensure(&[Programs::CoreDns])?;
    let nodes = Nodes::Mixed { real: 2, fake: 10 };
    let options =
        ClusterOptions { name: name.to_owned(), nodes, in_tree: InTree::without_ours(), audit: false };
    // helm splits values at commas.
    let controllers = MAINSTAY_DOES_ALL.replace(',', "\\,");
    World::up(&options, |world| world.install(&[format!("controllers={controllers}")]))
}

/// Waits until the managers are well again.
fn mend(world: &World) -> Result<()> {
    world.managers().settled().map(|_all_well| ())
}
