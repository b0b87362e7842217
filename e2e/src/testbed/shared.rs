//! Runs tests that share one cluster, and takes that down however they end.
//!
//! It is started when the first test needs it. Where none can be had the tests are ignored, with the reason.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cluster::{Cluster, names};
use crate::{folders, interrupt};

/// Set to 1, a test that cannot be run counts as failed.
pub const NO_SKIP: &str = "MAINSTAY_TESTS_NO_SKIP";
/// Set to 1, the cluster stays.
const KEEP: &str = "MAINSTAY_TEST_KEEP";

/// What a test does. It fails by an error or a panic.
pub type Work<S> = Box<dyn Fn(&S) -> Result<()> + Send>;

/// A test.
pub struct Test<S> {
    /// Its name.
    pub name: &'static str,
    /// Whether it breaks something for the others, or is broken by them: it runs while no other does.
    pub is_alone: bool,
    /// What it does.
    pub body: Work<S>,
}

impl<S> Test<S> {
    /// A test that runs while no other does.
    pub fn alone(name: &'static str, body: impl Fn(&S) -> Result<()> + Send + 'static) -> Test<S> {
        Test { name, is_alone: true, body: Box::new(body) }
    }
}

/// So many tests run side by side: they wait for the most part.
const SIDE_BY_SIDE: usize = 3;

/// What the tests of a target share.
pub struct Shared<S> {
    /// The name of its cluster: never that of one which a person works with.
    pub name: &'static str,
    /// Whether this machine can have it.
    pub check: fn() -> Result<()>,
    /// Starts it, under the name.
    pub up: fn(&'static str) -> Result<S>,
    /// Its cluster.
    pub cluster: fn(&S) -> &Cluster,
}

/// How the tests went.
pub struct Outcome {
    /// What to end with.
    pub exit_code: ExitCode,
    /// Whether all tests of the target have run, and passed.
    pub all_passed: bool,
    /// Whether any has run.
    pub any_ran: bool,
}

/// What is shared, as far as it has come.
enum Place<S> {
    NotNeededYet,
    Ready(S),
    /// It cannot be had here.
    None(String),
    /// It did not start, or a person does not want to wait for it.
    Failed(String),
}

/// Runs those tests that the command line selects, some side by side where they may.
pub fn run<S: Send + Sync + 'static>(shared: Shared<S>, tests: Vec<Test<S>>) -> Outcome {
    let mut arguments = Arguments::from_args();
    let at_once = if tests.iter().all(|test| test.is_alone) { 1 } else { SIDE_BY_SIDE };
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(at_once));
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return Outcome { exit_code: ExitCode::FAILURE, all_passed: false, any_ran: false };
    }
    let _lock = (!arguments.list).then(|| wait_for_other_runs(shared.name));
    let name_and_cluster = (shared.name, shared.cluster);
    let shared = Arc::new(shared);
    let place = Arc::new(RwLock::new(Place::NotNeededYet));
    let trials = tests.into_iter().map(|test| {
        let (shared, place) = (Arc::clone(&shared), Arc::clone(&place));
        Trial::ignorable_test(test.name, move || {
            start_if_needed(&shared, &place);
            if test.is_alone {
                run_one(&place.write().unwrap_or_else(PoisonError::into_inner), &test.body)
            } else {
                run_one(&place.read().unwrap_or_else(PoisonError::into_inner), &test.body)
            }
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let place = &*place.read().unwrap_or_else(PoisonError::into_inner);
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let mut outcome = Outcome {
        exit_code: conclusion.exit_code(),
        all_passed: is_whole && !conclusion.has_failed() && conclusion.num_ignored == 0,
        any_ran: matches!(place, Place::Ready(_)),
    };
    let (name, cluster) = name_and_cluster;
    if let Place::Ready(ready) = place
        && let Err(error) = take_down(name, cluster(ready))
    {
        eprintln!("{error:#}");
        outcome.exit_code = ExitCode::FAILURE;
    }
    outcome
}

/// Two runs of one user would take down each other's cluster. The lock ends with the value.
fn wait_for_other_runs(name: &str) -> Option<File> {
    let folder = folders::cache().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    let file = File::create(folder.join(format!("{name}-tests.lock"))).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn run_one<S>(place: &Place<S>, body: &dyn Fn(&S) -> Result<()>) -> Result<Completion, Failed> {
    let ready = match place {
        Place::Ready(ready) => ready,
        Place::None(reason) if std::env::var_os(NO_SKIP).is_none_or(|value| value != "1") => {
            return Ok(Completion::ignored_with(reason));
        }
        Place::None(reason) | Place::Failed(reason) => return Err(Failed::from(reason)),
        Place::NotNeededYet => return Err(Failed::from("there is no cluster")),
    };
    interrupt::check().map_err(Failed::from)?;
    match problem(|| body(ready)) {
        None => Ok(Completion::Completed),
        Some(problem) => Err(Failed::from(problem)),
    }
}

/// What goes wrong in this work, which fails by an error or a panic.
pub(super) fn problem(work: impl FnOnce() -> Result<()>) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(panic) => Some(words(panic.as_ref())),
    }
}

fn start_if_needed<S>(shared: &Shared<S>, place: &RwLock<Place<S>>) {
    let is_needed = |place: &Place<S>| matches!(place, Place::NotNeededYet);
    if !is_needed(&place.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
    if is_needed(&place) {
        *place = start(shared);
    }
}

fn start<S>(shared: &Shared<S>) -> Place<S> {
    if let Err(error) = (shared.check)() {
        return Place::None(format!("no cluster can be had here: {error:#}"));
    }
    match take_down_former(shared.name).and_then(|()| (shared.up)(shared.name)) {
        Ok(ready) => Place::Ready(ready),
        Err(error) => Place::Failed(format!("{error:#}")),
    }
}

fn take_down_former(name: &str) -> Result<()> {
    if names()?.iter().any(|found| found == name) {
        eprintln!("taking down what an earlier run has left");
        Cluster::open(name)?.down()?;
    }
    Ok(())
}

/// Whether a person wants to look at what is left.
pub(super) fn is_kept() -> bool {
    std::env::var_os(KEEP).is_some_and(|value| value == "1")
}

fn take_down(name: &str, cluster: &Cluster) -> Result<()> {
    if is_kept() && !interrupt::is_set() {
        eprintln!("the cluster stays, as {KEEP}=1: cargo xtask cluster env --name {name}");
        return Ok(());
    }
    cluster.down().context("the cluster of the tests could not be taken down")
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}
