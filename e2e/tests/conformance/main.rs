//! The model of the apiserver that the simulated cluster runs on, beside a real kube-apiserver: the same requests go to both,
//! and what they answer, what they have then and what their watches tell must be the same, up to UIDs, times and versions.
//!
//! One cluster of etcd and kube-apiserver serves all. Each sequence has a namespace of its own and a model of its own.
//! Where no cluster can be had the tests are ignored, with the reason; `MAINSTAY_TESTS_NO_SKIP=1` makes that a failure.
//!
//! Map: [`operation`] is what is asked, [`drawing`] draws it, [`pair`] holds the two sides, [`perform`] asks both, [`production`]
//! in the words of our own clients, [`words`] are the answers, [`watches`] compares streams, [`sequences`] runs and shortens, [`fixed`] has what no sequence can do, [`server`] is the client,
//! [`bodies`] the JSON of others, [`tally`] counts. [`desk`] does all of that for kinds that come as sets: [`whole`] has services, Endpoints and EndpointSlices, of which
//! [`contents`] draws what they say, [`workloads`] SidecarWorkloads with their revisions and pods. [`pod_specs`] has no model: it holds protobuf against JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]

mod bodies;
mod contents;
mod desk;
mod drawing;
mod fixed;
mod operation;
mod pair;
mod perform;
mod pod_specs;
mod production;
mod sequences;
mod server;
mod tally;
mod watches;
mod whole;
mod words;
mod workloads;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::prerequisites;
use mainstay_e2e::testbed::shared::{self, Shared};

use server::Server;
use tally::Tally;

/// What a test does.
type Body = for<'a> fn(&'a Server, &'a Tally, &'a Cluster) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// The last one has the cluster forget what was.
const TESTS: &[(&str, Body)] = &[
    ("random_sequences_of_requests_are_answered_alike", |server, tally, _| {
        Box::pin(sequences::random_sequences_of_requests_are_answered_alike(server, tally))
    }),
    ("random_sequences_of_whole_objects_are_answered_alike", |server, tally, _| {
        Box::pin(whole::random_sequences_of_whole_objects_are_answered_alike(server, tally))
    }),
    ("random_sequences_of_workloads_are_answered_alike", |server, tally, _| {
        Box::pin(workloads::random_sequences_of_workloads_are_answered_alike(server, tally))
    }),
    ("a_pod_in_protobuf_is_the_pod_in_json", |server, _, _| {
        Box::pin(pod_specs::a_pod_in_protobuf_is_the_pod_in_json(server))
    }),
    ("the_fields_of_a_pod_spec_are_those_of_kubernetes", |_, _, _| {
        Box::pin(async { pod_specs::the_fields_of_a_pod_spec_are_those_of_kubernetes() })
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
    let shared = Shared {
        name: "conformance",
        check: prerequisites::check_for_control_plane,
        up: |name| {
            let (name, nodes) = (name.to_owned(), Nodes::Fake(0));
            Cluster::up(&ClusterOptions { name, nodes, in_tree: InTree::None, audit: false })
        },
        cluster: |cluster| cluster,
    };
    let tally = Arc::new(Tally::default());
    let with_tally = |(name, body): &(&'static str, Body)| -> shared::Test<Cluster> {
        let (tally, body) = (Arc::clone(&tally), *body);
        shared::Test::alone(name, move |cluster| run(body, &tally, cluster))
    };
    let outcome = shared::run(shared, TESTS.iter().map(with_tally).collect());
    if !outcome.any_ran {
        return outcome.exit_code;
    }
    println!("{tally}");
    let missed = tally.missed();
    // A sequence that is repeated need not meet everything.
    if outcome.all_passed && sequences::wanted() >= 100 && !missed.is_empty() {
        eprintln!("never met: {}", missed.join(", "));
        return ExitCode::FAILURE;
    }
    outcome.exit_code
}

fn run(body: Body, tally: &Tally, cluster: &Cluster) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::open(cluster.kubeconfig_path()).await?;
        body(&server, tally, cluster).await
    })
}
