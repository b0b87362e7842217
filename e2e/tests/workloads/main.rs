//! SidecarWorkloads in a real cluster: what is replaced, what is not, and what happens when something breaks meanwhile.
//!
//! One cluster serves all tests, some of them side by side: three real nodes with the managers of the chart, and all controllers of
//! kube-controller-manager but those that Mainstay has by default. Each test has a namespace of its own, in which one workload is changed while
//! a watch counts its pods. At the end all must be as the spec wants, no main container may have been restarted but for main's sake, and
//! there must never have been fewer pods ready, or more pods, than the rollout allows.
//!
//! Where no cluster can be had the tests are ignored, with the reason. `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure;
//! `MAINSTAY_TEST_KEEP=1` leaves the cluster for a look at it.
//!
//! Map: [`samples`] are those of the chart; [`template`] is the workload of the others, [`trial`] changes it and looks at it, [`metrics`] serves what
//! autoscalers go by; the others are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod autoscaling;
mod disruption;
mod failures;
mod leaders;
mod metrics;
mod nodes;
mod outages;
mod quota;
mod releases;
mod samples;
mod template;
mod trial;
mod updates;

use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::cluster::{ClusterOptions, Nodes};
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::shared::Shared;
use mainstay_e2e::testbed::{LATER, Test, World, alone, test};
use mainstay_e2e::wait::wait_for;

/// The cheap ones first; those at the end leave the managers restarting, and the next one waits until they are well again.
const TESTS: &[Test] = &[
    test("samples::a_proxy_answers_for_main", samples::a_proxy_answers_for_main),
    test("samples::a_log_is_streamed", samples::a_log_is_streamed),
    test("samples::migrations_run_before_main", samples::migrations_run_before_main),
    test("samples::an_agent_exports_what_main_tells", samples::an_agent_exports_what_main_tells),
    test("samples::replacement::a_log_streamer", samples::replacement::a_log_streamer),
    test("samples::replacement::a_monitoring_agent", samples::replacement::a_monitoring_agent),
    test("samples::replacement::a_proxy_that_is_drained", samples::replacement::a_proxy_that_is_drained),
    test(
        "updates::it_scales_and_is_collected_with_all_that_is_its",
        updates::it_scales_and_is_collected_with_all_that_is_its,
    ),
    test("updates::a_sidecar_is_replaced_and_main_runs_on", updates::a_sidecar_is_replaced_and_main_runs_on),
    test(
        "failures::a_sidecar_image_that_is_not_there_reaches_one_pod",
        failures::a_sidecar_image_that_is_not_there_reaches_one_pod,
    ),
    test(
        "failures::a_bad_image_that_is_taken_back_at_once_leaves_nothing",
        failures::a_bad_image_that_is_taken_back_at_once_leaves_nothing,
    ),
    test(
        "failures::a_sidecar_that_exits_at_once_is_rolled_back_and_the_spec_stays",
        failures::a_sidecar_that_exits_at_once_is_rolled_back_and_the_spec_stays,
    ),
    test("failures::a_bad_image_of_main_reaches_one_pod", failures::a_bad_image_of_main_reaches_one_pod),
    test(
        "failures::on_delete_leaves_each_pod_until_somebody_deletes_it",
        failures::on_delete_leaves_each_pod_until_somebody_deletes_it,
    ),
    test(
        "quota::a_surge_that_is_refused_gives_way_to_what_may_be_missing",
        quota::a_surge_that_is_refused_gives_way_to_what_may_be_missing,
    ),
    test(
        "quota::what_a_full_quota_holds_up_goes_on_as_soon_as_there_is_room",
        quota::what_a_full_quota_holds_up_goes_on_as_soon_as_there_is_room,
    ),
    test("disruption::steps_in_place_keep_to_a_budget", disruption::steps_in_place_keep_to_a_budget),
    alone(
        "disruption::evictions_are_refused_and_allowed_as_a_budget_says",
        disruption::evictions_are_refused_and_allowed_as_a_budget_says,
    ),
    alone(
        "disruption::a_drain_in_the_middle_is_no_fault_of_the_revision",
        disruption::a_drain_in_the_middle_is_no_fault_of_the_revision,
    ),
    test(
        "autoscaling::an_autoscaler_keeps_the_replicas_within_its_bounds",
        autoscaling::an_autoscaler_keeps_the_replicas_within_its_bounds,
    ),
    test(
        "autoscaling::an_autoscaler_follows_the_load_also_during_a_rollout",
        autoscaling::an_autoscaler_follows_the_load_also_during_a_rollout,
    ),
    alone("nodes::a_kubelet_is_killed_in_the_middle", nodes::a_kubelet_is_killed_in_the_middle),
    alone(
        "nodes::a_node_that_is_lost_is_no_fault_of_the_revision",
        nodes::a_node_that_is_lost_is_no_fault_of_the_revision,
    ),
    alone("leaders::killed_while_sidecars_are_replaced", leaders::killed_while_sidecars_are_replaced),
    alone("leaders::killed_while_pods_are_replaced", leaders::killed_while_pods_are_replaced),
    alone("outages::the_apiserver_is_away_for_a_minute", outages::the_apiserver_is_away_for_a_minute),
    alone(
        "releases::nothing_is_lost_by_an_upgrade_and_by_uninstalling",
        releases::nothing_is_lost_by_an_upgrade_and_by_uninstalling,
    ),
];

fn main() -> ExitCode {
    let check = prerequisites::check_for_real_cluster;
    let shared = Shared { name: "e2e-workloads", check, up, cluster: |world: &World| &world.cluster };
    World::run(shared, mend, TESTS).exit_code
}

fn up(name: &str) -> Result<World> {
    let options =
        ClusterOptions { name: name.to_owned(), nodes: Nodes::Real(3), ..ClusterOptions::default() };
    World::up(&options, |world| world.install(&values()))
}

/// What the chart is told: the custom resource is nobody else's, and all else is left to others.
fn values() -> Vec<String> {
    vec!["controllers=sidecarworkload-controller".to_owned()]
}

/// Brings the cluster back to health after a test that has broken it, and waits until nodes and managers are well.
fn mend(world: &World) -> Result<()> {
    let cluster = &world.cluster;
    if cluster.daemon("kube-apiserver").pid().is_none() {
        cluster.start_apiserver()?;
    }
    for node in cluster.nodes() {
        if node.daemon("kubelet").pid().is_none() {
            node.start_kubelet()?;
        }
        cluster.kubectl(&["uncordon", &node.name()])?;
    }
    if world.managers().all()?.is_empty() {
        world.install(&values())?;
    }
    wait_for("all nodes to be ready", LATER, || {
        Ok((cluster.ready_nodes()?.len() == cluster.nodes().len()).then_some(()))
    })?;
    world.managers().settled().map(|_all_well| ())
}
