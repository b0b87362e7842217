//! `kubectl mainstay` at a real apiserver: the program that users link, under the names by which kubectl finds it.
//!
//! There are a control plane, one node that only plays pods, and a manager as a process. Where no cluster can be had the tests are
//! ignored, with the reason; `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure.
//!
//! Map: [`shop`] is the cluster and the plugin, [`rollouts`] goes through the commands while the manager works, [`verdicts`] has what `status` says of
//! statuses that are written by hand, [`errors`] what is said when something is missing, [`judging`] compares `lint` with the apiserver.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

#[path = "../../../crds/tests/cases/mod.rs"]
mod cases;
mod errors;
mod judging;
mod rollouts;
mod shop;
mod verdicts;

use std::process::ExitCode;

use anyhow::Result;
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::Namespace;
use mainstay_e2e::testbed::shared::{self, Shared};

use shop::Shop;

/// What a test does in its namespace.
type Body = fn(&Shop, &Namespace<'_>) -> Result<()>;

const TESTS: &[(&str, Body)] = &[
    ("a_rollout_is_followed_undone_and_restarted", rollouts::a_rollout_is_followed_undone_and_restarted),
    ("a_rollout_stands_still_and_goes_on", rollouts::a_rollout_stands_still_and_goes_on),
    ("many_who_write_at_once_all_come_through", rollouts::many_who_write_at_once_all_come_through),
    (
        "kubectl_finds_the_plugin_and_completes_its_words",
        rollouts::kubectl_finds_the_plugin_and_completes_its_words,
    ),
    ("status_ends_as_the_rollout_does", verdicts::status_ends_as_the_rollout_does),
    ("what_is_missing_is_said", errors::what_is_missing_is_said),
    ("rights_that_are_missing_are_named", errors::rights_that_are_missing_are_named),
    (
        "without_the_definition_it_says_what_to_install",
        errors::without_the_definition_it_says_what_to_install,
    ),
    ("lint_says_what_the_apiserver_says", judging::lint_says_what_the_apiserver_says),
];

fn main() -> ExitCode {
    let shared = Shared {
        name: "kubectl",
        check: prerequisites::check_for_control_plane,
        up: Shop::up,
        cluster: |shop| shop.cluster(),
    };
    let run = |(name, body): &(&'static str, Body)| -> shared::Test<Shop> {
        let (name, body) = (*name, *body);
        shared::Test::alone(name, move |shop: &Shop| {
            let namespace = Namespace::named_after(shop.cluster(), name);
            namespace.create()?;
            body(shop, &namespace)?;
            namespace.remove();
            Ok(())
        })
    };
    shared::run(shared, TESTS.iter().map(run).collect()).exit_code
}
