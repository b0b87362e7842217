//! Runs the tests on the one cluster, and takes that down however they end.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mainstay_e2e::{folders, interrupt, prerequisites};

use crate::namespace::Namespace;
use crate::world::World;

/// Set to 1, a test that cannot be run counts as failed.
const NO_SKIP: &str = "MAINSTAY_TESTS_NO_SKIP";
/// Set to 1, the cluster stays.
const KEEP: &str = "MAINSTAY_TEST_KEEP";

/// What a test does in its namespace. It fails by an error or a panic.
type Body = fn(&World, &Namespace<'_>) -> Result<()>;

/// A test by its name.
pub struct Test {
    name: &'static str,
    body: Body,
}

pub const fn test(name: &'static str, body: Body) -> Test {
    Test { name, body }
}

/// The cluster, as far as it has come.
enum Place {
    NotNeededYet,
    Ready(Box<World>),
    /// None can be had here.
    None(String),
    /// It did not start, or a person does not want to wait for it.
    Failed(String),
}

/// Runs those tests that the command line selects.
pub fn run(tests: &'static [Test]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share the managers, and some of them break these.
    arguments.test_threads = Some(1);
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let place = Arc::new(Mutex::new(Place::NotNeededYet));
    let trials = tests.iter().map(|test| {
        let place = Arc::clone(&place);
        Trial::ignorable_test(test.name, move || {
            run_one(test, &mut place.lock().unwrap_or_else(PoisonError::into_inner))
        })
    });
    let _lock = (!arguments.list).then(wait_for_other_runs);
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let down = take_down(&place.lock().unwrap_or_else(PoisonError::into_inner));
    if let Err(error) = down {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Two runs of one user would take down each other's cluster. The lock ends with the value.
fn wait_for_other_runs() -> Option<File> {
    let folder = folders::cache().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    let file = File::create(folder.join("cluster-tests.lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn run_one(test: &Test, place: &mut Place) -> Result<Completion, Failed> {
    if matches!(place, Place::NotNeededYet) {
        *place = start();
    }
    match place {
        Place::Ready(world) => run_in(world, test).map(|()| Completion::Completed),
        Place::None(reason) if std::env::var_os(NO_SKIP).is_none_or(|value| value != "1") => {
            Ok(Completion::ignored_with(reason))
        }
        Place::None(reason) | Place::Failed(reason) => Err(Failed::from(reason)),
        Place::NotNeededYet => Err(Failed::from("there is no cluster")),
    }
}

fn start() -> Place {
    let possible =
        prerequisites::check_for_control_plane().and_then(|()| prerequisites::check_for_real_nodes());
    if let Err(error) = possible {
        return Place::None(format!("no cluster of real nodes can be had here: {error:#}"));
    }
    match World::up() {
        Ok(world) => Place::Ready(Box::new(world)),
        Err(error) => Place::Failed(format!("{error:#}")),
    }
}

fn run_in(world: &World, test: &Test) -> Result<(), Failed> {
    interrupt::check().map_err(Failed::from)?;
    let start = Instant::now();
    let namespace = Namespace::named_after(world, test.name);
    let body = || {
        world.mend()?;
        namespace.create()?;
        (test.body)(world, &namespace)
    };
    let problem = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(panic) => Some(words(panic.as_ref())),
    };
    eprintln!("    {} took {:.1} s", test.name, start.elapsed().as_secs_f64());
    match problem {
        None => {
            namespace.remove();
            Ok(())
        }
        Some(problem) if interrupt::is_set() => Err(Failed::from(problem)),
        Some(problem) => {
            // Here and not in the message, which is shown again at the end.
            eprintln!("{problem}\n{}", world.describe(&namespace));
            Err(Failed::from(problem))
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

fn take_down(place: &Place) -> Result<()> {
    let Place::Ready(world) = place else { return Ok(()) };
    if std::env::var_os(KEEP).is_some_and(|value| value == "1") && !interrupt::is_set() {
        eprintln!("the cluster stays, as {KEEP}=1: cargo xtask cluster env --name {}", world.cluster.name());
        return Ok(());
    }
    world.cluster.down().context("the cluster of the tests could not be taken down")
}
