//! The model of the apiserver that the simulated cluster runs on, beside a real kube-apiserver: the same requests go to both,
//! and what they answer, what they have then and what their watches tell must be the same, up to UIDs, times and versions.
//!
//! One cluster of etcd and kube-apiserver serves all. Each sequence has a namespace of its own and a model of its own.
//! Where no cluster can be had the tests are ignored, with the reason; `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure.
//!
//! Map: [`operation`] is what is asked, [`drawing`] draws it, [`pair`] holds the two sides, [`perform`] asks both, [`production`]
//! in the words of our own clients, [`words`] are the answers, [`watches`] compares streams, [`sequences`] runs and shortens, [`fixed`] has what no sequence can do, [`server`] is the client,
//! [`bodies`] the JSON of others, [`tally`] counts, [`harness`] has the cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod bodies;
mod drawing;
mod fixed;
mod harness;
mod operation;
mod pair;
mod perform;
mod production;
mod sequences;
mod server;
mod tally;
mod watches;
mod words;

use std::process::ExitCode;

use harness::Body;

/// The last one has the cluster forget what was.
const TESTS: &[(&str, Body)] = &[
    ("random_sequences_of_requests_are_answered_alike", |server, tally, _| {
        Box::pin(sequences::random_sequences_of_requests_are_answered_alike(server, tally))
    }),
    ("a_full_quota_is_told_before_a_name_in_use", |server, tally, cluster| {
        Box::pin(fixed::a_full_quota_is_told_before_a_name_in_use(server, tally, cluster))
    }),
    ("nothing_is_created_in_a_namespace_that_ends_and_all_else_goes_on", |server, tally, cluster| {
        Box::pin(fixed::nothing_is_created_in_a_namespace_that_ends_and_all_else_goes_on(
            server, tally, cluster,
        ))
    }),
    ("a_watch_from_a_version_that_is_not_there_yet_begins_after_it", |server, tally, cluster| {
        Box::pin(fixed::a_watch_from_a_version_that_is_not_there_yet_begins_after_it(server, tally, cluster))
    }),
    (
        "a_version_that_is_forgotten_is_expired_and_one_that_is_not_there_yet_too_large",
        |server, tally, cluster| {
            Box::pin(fixed::a_version_that_is_forgotten_is_expired_and_one_that_is_not_there_yet_too_large(
                server, tally, cluster,
            ))
        },
    ),
];

fn main() -> ExitCode {
    // A sequence that is repeated need not meet everything.
    harness::run(TESTS, sequences::wanted() >= 100)
}
