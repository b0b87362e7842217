//! The custom resources at a real apiserver: what it takes and what it refuses, in which words, and what the chart makes around them.
//!
//! There is an apiserver without nodes and without a manager. Where no cluster can be had the tests are ignored, with the reason;
//! `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure.
//!
//! Map: [`judging`] has the cases that `crds/tests` has too, [`fields`] sends every field that there is, [`handling`] is what users do
//! with kubectl, [`chart`] what they do with helm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

#[path = "../../../crds/tests/cases/mod.rs"]
mod cases;
mod chart;
mod fields;
mod handling;
mod judging;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::Namespace;
use mainstay_e2e::testbed::shared::{self, Shared};

/// What a test does in its namespace.
type Body = fn(&Namespace<'_>) -> Result<()>;

const TESTS: &[(&str, Body)] = &[
    ("what_is_in_order_is_accepted", judging::what_is_in_order_is_accepted),
    ("what_is_wrong_is_refused_in_words_that_help", judging::what_is_wrong_is_refused_in_words_that_help),
    ("every_field_comes_back_as_it_was_sent", fields::every_field_comes_back_as_it_was_sent),
    (
        "the_definition_can_be_applied_again_and_again",
        handling::the_definition_can_be_applied_again_and_again,
    ),
    ("it_is_listed_selected_and_scaled", handling::it_is_listed_selected_and_scaled),
    ("every_sample_can_be_applied", handling::every_sample_can_be_applied),
    (
        "a_second_main_container_is_warned_of_or_refused",
        chart::a_second_main_container_is_warned_of_or_refused,
    ),
    ("users_may_do_what_their_role_says", chart::users_may_do_what_their_role_says),
    ("helm_keeps_the_kind_and_every_object_of_it", chart::helm_keeps_the_kind_and_every_object_of_it),
];

fn main() -> ExitCode {
    let shared = Shared {
        name: "crds",
        check: prerequisites::check_for_control_plane,
        up: |name| {
            // The one makes the accounts without which there are no pods, the other puts roles together.
            let in_tree =
                ["serviceaccount-controller", "clusterrole-aggregation-controller"].map(str::to_owned);
            let cluster = Cluster::up(&ClusterOptions {
                name: name.to_owned(),
                nodes: Nodes::Fake(0),
                in_tree: InTree::List(in_tree.into()),
                audit: false,
            })?;
            handling::apply_definitions(&cluster)?;
            Ok(cluster)
        },
        cluster: |cluster| cluster,
    };
    let run = |(name, body): &(&'static str, Body)| -> shared::Test<Cluster> {
        let (name, body) = (*name, *body);
        shared::Test::alone(name, move |cluster| {
            let namespace = Namespace::named_after(cluster, name);
            namespace.create()?;
            body(&namespace)?;
            namespace.remove();
            Ok(())
        })
    };
    shared::run(shared, TESTS.iter().map(run).collect()).exit_code
}

/// A folder of the repository.
fn repository(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}
