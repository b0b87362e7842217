//! The cluster of the tests, which is etcd and kube-apiserver, and the tests that run on it.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes, names};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::{folders, interrupt, prerequisites};

use crate::server::Server;
use crate::tally::Tally;

/// Set to 1, a test that cannot be run counts as failed.
const NO_SKIP: &str = "MAINSTAY_TESTS_NO_SKIP";
/// Never the cluster that a person works with.
const NAME: &str = "conformance";

/// What a test does.
pub type Body =
    for<'a> fn(&'a Server, &'a Tally, &'a Cluster) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// The cluster, as far as it has come.
enum Place {
    NotNeededYet,
    Ready(Cluster),
    /// None can be had here.
    None(String),
    /// It did not start, or a person does not want to wait for it.
    Failed(String),
}

/// Runs those tests that the command line selects. With `must_meet`, all refusals must have been met in the end.
pub fn run(tests: &'static [(&'static str, Body)], must_meet: bool) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share the cluster, and one of them has it forget what was.
    arguments.test_threads = Some(1);
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let place = Arc::new(Mutex::new(Place::NotNeededYet));
    let tally = Arc::new(Tally::default());
    let trials = tests.iter().map(|(name, body)| {
        let (place, tally) = (Arc::clone(&place), Arc::clone(&tally));
        Trial::ignorable_test(*name, move || {
            run_one(*body, &tally, &mut place.lock().unwrap_or_else(PoisonError::into_inner))
        })
    });
    let _lock = (!arguments.list).then(wait_for_other_runs);
    let all = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let place = place.lock().unwrap_or_else(PoisonError::into_inner);
    let Place::Ready(cluster) = &*place else { return conclusion.exit_code() };
    if let Err(error) = cluster.down().context("the cluster of the tests could not be taken down") {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    println!("{tally}");
    let missed = tally.missed();
    if all && must_meet && !conclusion.has_failed() && !missed.is_empty() {
        eprintln!("never met: {}", missed.join(", "));
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Two runs of one user would take down each other's cluster. The lock ends with the value.
fn wait_for_other_runs() -> Option<File> {
    let folder = folders::cache().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    let file = File::create(folder.join("conformance-tests.lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn run_one(body: Body, tally: &Tally, place: &mut Place) -> Result<Completion, Failed> {
    if matches!(place, Place::NotNeededYet) {
        *place = start();
    }
    let cluster = match place {
        Place::Ready(cluster) => &*cluster,
        Place::None(reason) if std::env::var_os(NO_SKIP).is_none_or(|value| value != "1") => {
            return Ok(Completion::ignored_with(reason));
        }
        Place::None(reason) | Place::Failed(reason) => return Err(Failed::from(reason)),
        Place::NotNeededYet => return Err(Failed::from("there is no cluster")),
    };
    let work = || {
        interrupt::check()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = Server::open(cluster.kubeconfig_path()).await?;
            body(&server, tally, cluster).await
        })
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => Ok(Completion::Completed),
        Ok(Err(error)) => Err(Failed::from(format!("{error:#}"))),
        Err(panic) => Err(Failed::from(words(panic.as_ref()))),
    }
}

fn start() -> Place {
    if let Err(error) = prerequisites::check_for_control_plane() {
        return Place::None(format!("no cluster can be had here: {error:#}"));
    }
    match up() {
        Ok(cluster) => Place::Ready(cluster),
        Err(error) => Place::Failed(format!("{error:#}")),
    }
}

fn up() -> Result<Cluster> {
    if names()?.iter().any(|name| name == NAME) {
        eprintln!("taking down what an earlier run has left");
        Cluster::open(NAME)?.down()?;
    }
    Cluster::up(&ClusterOptions { name: NAME.to_owned(), nodes: Nodes::Fake(0), in_tree: InTree::None })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}
