//! `cargo xtask sim`: the simulated cluster, built with optimisation and run from seeds.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::test::{cargo, repository};
use crate::interrupt;
use crate::testbed::shared::NO_SKIP;

/// Read by the test `conformance`: how many sequences of requests it draws.
const SEQUENCES: &str = "MAINSTAY_CONFORMANCE_SEQUENCES";
/// So many are drawn where nothing else runs.
const MANY: u64 = 1000;

/// Where the table of the mutants stands.
const MUTANTS_PAGE: &str = "controllers/sim/src/mutant/mod.rs";

/// Which worlds to run.
#[derive(Args)]
pub struct Simulation {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    first: u64,
    /// Which controllers are in it: `rc`, the ReplicationController, or `endpoints`, those of Endpoints and EndpointSlices, or `sidecars`,
    /// the SidecarWorkload
    #[arg(long, value_name = "WORLD", default_value = "rc", value_parser = ["rc", "endpoints", "sidecars"])]
    world: String,
    /// How many managers compete
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=9))]
    managers: u8,
    /// What may go wrong, as in `all,-freeze,restore` or `answer-lost,crash`; a wrong name lists all
    #[arg(long, value_name = "LIST", default_value = "all", allow_hyphen_values = true)]
    faults: String,
    /// How many times as long as usual, which is two and a half minutes of virtual time, users act and things go wrong
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=500))]
    length: u32,
    /// Let the managers act only while nobody else does their work, and let others show up now and then
    #[arg(long)]
    auto: bool,
    /// A service has more pods for a while than its Endpoints can name
    #[arg(long)]
    crowd: bool,
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
    if simulation.conformance {
        return compare();
    }
    if simulation.mutants {
        return look_for_mutants(simulation);
    }
    let status = program(simulation)?.status().context("cannot start cargo")?;
    interrupt::check()?;
    if !status.success() {
        bail!("the simulation ended with {status}");
    }
    Ok(())
}

/// Holds the model of the apiserver against a real one.
fn compare() -> Result<()> {
    let mut command = cargo()?;
    command.args(["test", "--package", "mainstay-e2e", "--test", "conformance"]).env(NO_SKIP, "1");
    // The number, or the seed of one that is to be repeated, may have been set by hand.
    if std::env::var_os(SEQUENCES).is_none() {
        command.env(SEQUENCES, MANY.to_string());
    }
    let status = command.status().context("cannot start cargo")?;
    interrupt::check()?;
    if !status.success() {
        bail!("the comparison ended with {status}");
    }
    Ok(())
}

/// Looks for the seeds that catch the mutants, and writes the table into their page.
fn look_for_mutants(simulation: &Simulation) -> Result<()> {
    let output = program(simulation)?.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    interrupt::check()?;
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    if !output.status.success() {
        bail!("not every manager that is wrong on purpose was caught");
    }
    let page = repository()?.join(MUTANTS_PAGE);
    let text = std::fs::read_to_string(&page).with_context(|| format!("cannot read {MUTANTS_PAGE}"))?;
    let renewed = with_table(&text, &table).with_context(|| format!("{MUTANTS_PAGE} has no table"))?;
    if renewed == text {
        println!("{MUTANTS_PAGE} says so already");
        return Ok(());
    }
    std::fs::write(&page, renewed).with_context(|| format!("cannot write {MUTANTS_PAGE}"))?;
    println!("{MUTANTS_PAGE} says so now");
    Ok(())
}

/// The page with this table in the place of the one that it has.
fn with_table(page: &str, table: &str) -> Option<String> {
    let is_row = |line: &&str| line.starts_with("//! |");
    let before: Vec<&str> = page.lines().take_while(|line| !is_row(line)).collect();
    let after: Vec<&str> = page.lines().skip(before.len()).skip_while(is_row).collect();
    let rows: Vec<String> = table.lines().map(|row| format!("//! {row}")).collect();
    let lines =
        before.into_iter().map(str::to_owned).chain(rows).chain(after.iter().map(|line| (*line).to_owned()));
    let renewed = lines.map(|line| line + "\n").collect();
    (!after.is_empty()).then_some(renewed)
}

/// The program of the simulated cluster, built with optimisation.
fn program(simulation: &Simulation) -> Result<Command> {
    let mut command = cargo()?;
    command.args(["run", "--quiet", "--release", "--package", "mainstay-sim", "--"]);
    command.args(words(simulation));
    Ok(command)
}

/// The words that the program of the simulated cluster takes.
fn words(simulation: &Simulation) -> Vec<String> {
    let mut words =
        vec![format!("managers={}", simulation.managers), format!("faults={}", simulation.faults)];
    words.push(format!("world={}", simulation.world));
    words.push(format!("length={}", simulation.length));
    words.extend(simulation.auto.then(|| "auto=true".to_owned()));
    words.extend(simulation.crowd.then(|| "crowd=true".to_owned()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let page = "//! text\n//! | a |\n//! | 1 |\n//!\ncode\n";
        let renewed = with_table(page, "| a |\n| 2 |\n| 3 |\n");
        assert_eq!(renewed.as_deref(), Some("//! text\n//! | a |\n//! | 2 |\n//! | 3 |\n//!\ncode\n"));
        assert_eq!(with_table("no table\n", "| a |\n"), None);
    }
}
