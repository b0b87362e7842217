//! `cargo xtask sim`: the simulated cluster, built with optimisation and run from seeds.

use anyhow::{Context, Result, bail};
use clap::Args;

use super::test::cargo;
use crate::interrupt;

/// Read by the test `conformance`: how many sequences of requests it draws.
const SEQUENCES: &str = "MAINSTAY_CONFORMANCE_SEQUENCES";
/// So many are drawn where nothing else runs.
const MANY: u64 = 1000;
/// Set to 1, a test that cannot be run counts as failed.
const NO_SKIP: &str = "MAINSTAY_TESTS_NO_SKIP";

/// Which worlds to run.
#[derive(Args)]
pub struct Simulation {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    first: u64,
    /// Which controllers are in it: `rc`, the ReplicationController
    #[arg(long, value_name = "WORLD", default_value = "rc", value_parser = ["rc"])]
    world: String,
    /// How many managers compete
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=9))]
    managers: u8,
    /// What may go wrong, as in `all,-freeze,restore` or `answer-lost,crash`; a wrong name lists all
    #[arg(long, value_name = "LIST", default_value = "all", allow_hyphen_values = true)]
    faults: String,
    /// Steps of the script to leave out, as a failed run names them
    #[arg(long, value_name = "LIST")]
    without: Option<String>,
    /// Instead of drawing faults, strike at every write and every event of so many scenarios in turn
    #[arg(long, value_name = "SCENARIOS", conflicts_with_all = ["seeds", "faults"])]
    patterns: Option<u64>,
    /// One more fault at one place, as a failed plan names it
    #[arg(long, value_name = "PATTERN:PLACE")]
    strike: Option<String>,
    /// Put a fault at a place, as in `answer-lost@create:3` or, in seconds, `freeze@30:20`; may be given again
    #[arg(long, value_name = "FAULT@PLACE")]
    inject: Vec<String>,
    /// Instead, look for the first seed that catches each manager that is wrong on purpose
    #[arg(long, conflicts_with_all = ["faults", "patterns"])]
    mutants: bool,
    /// Instead, send random requests to the simulated apiserver and to a real one, and compare
    #[arg(
        long,
        conflicts_with_all = ["seeds", "first", "managers", "faults", "without", "patterns", "strike", "mutants", "mutant", "replay"]
    )]
    conformance: bool,
    /// Make the managers wrong in this way
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
    /// Instead, try every order of events in tiny worlds: around one ReplicationController, around the lease alone, or both
    #[arg(
        long,
        value_name = "WORLDS",
        num_args = 0..=1,
        default_missing_value = "all",
        value_parser = ["rc", "lease", "all"],
        conflicts_with_all = ["seeds", "first", "faults", "patterns", "mutants", "replay"],
    )]
    explore: Option<String>,
    /// With `--explore`: give up a world with more states than this
    #[arg(long, value_name = "N", requires = "explore")]
    most_states: Option<u64>,
    /// Run this seed only, and print its log
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "first"])]
    replay: Option<u64>,
}

/// Runs them; an error says that a promise was broken.
pub fn run(simulation: &Simulation) -> Result<()> {
    let mut command = cargo()?;
    if simulation.conformance {
        command.args(["test", "--package", "mainstay-e2e", "--test", "conformance"]);
        // The number, or the seed of one that is to be repeated, may have been set by hand.
        if std::env::var_os(SEQUENCES).is_none() {
            command.env(SEQUENCES, MANY.to_string());
        }
        command.env(NO_SKIP, "1");
    } else {
        command.args(["run", "--quiet", "--release", "--package", "mainstay-sim", "--"]);
        command.args(words(simulation));
    }
    let status = command.status().context("cannot start cargo")?;
    interrupt::check()?;
    if !status.success() {
        bail!(
            "{} ended with {status}",
            if simulation.conformance { "the comparison" } else { "the simulation" }
        );
    }
    Ok(())
}

/// The words that the program of the simulated cluster takes.
fn words(simulation: &Simulation) -> Vec<String> {
    let mut words =
        vec![format!("managers={}", simulation.managers), format!("faults={}", simulation.faults)];
    words.push(format!("world={}", simulation.world));
    words.extend(simulation.inject.iter().map(|injection| format!("inject={injection}")));
    words.extend(simulation.without.as_ref().map(|numbers| format!("without={numbers}")));
    words.extend(simulation.strike.as_ref().map(|strike| format!("strike={strike}")));
    words.extend(simulation.mutant.as_ref().map(|name| format!("mutant={name}")));
    words.extend(simulation.explore.as_ref().map(|group| format!("explore={group}")));
    words.extend(simulation.most_states.map(|number| format!("most-states={number}")));
    if simulation.mutants {
        words.push(format!("mutants={}", simulation.seeds));
    }
    words.extend(simulation.patterns.map(|scenarios| format!("patterns={scenarios}")));
    match simulation.replay {
        Some(seed) => words.push(format!("replay={seed}")),
        None => {
            words.extend([format!("seeds={}", simulation.seeds), format!("first={}", simulation.first)]);
        }
    }
    words
}
