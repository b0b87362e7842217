//! The command behind `cargo xtask sim`: many seeds, or one with its log. Takes words like `seeds=1000 faults=all,-freeze`.
//!
//! The one file of this crate that knows a clock, a command line and an output.
#![allow(clippy::disallowed_methods)]

use std::io::{IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mainstay_sim::coverage::Coverage;
use mainstay_sim::explore::worlds::{GROUPS, WORLDS};
use mainstay_sim::mutant::{Mutant, mutant_options};
use mainstay_sim::pattern::{Pattern, plans};
use mainstay_sim::run::{run, shrink};
use mainstay_sim::script::Script;
use mainstay_sim::{Options, Outcome, Stage};

/// After so many seeds that fail, more of them teach nothing.
const ENOUGH_FAILURES: usize = 5;

/// More states than any world that is meant to be explored has; twice that many do not fit into the memory of a small machine.
const MOST_STATES: u64 = 8_000_000;

fn main() -> ExitCode {
    match command() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<bool, String> {
    let mut options = Options::default();
    let (mut seeds, mut first, mut replayed, mut patterns) = (1000, 0, None, None);
    let (mut explored, mut most_states) = (None, MOST_STATES);
    for word in std::env::args().skip(1) {
        let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{word}: {error}"));
        match word.split_once('=') {
            Some(("seeds", text)) => seeds = number(text)?,
            Some(("first", text)) => first = number(text)?,
            Some(("replay", text)) => replayed = Some(number(text)?),
            Some(("mutants", text)) => return Ok(run_mutants(number(text)?)),
            Some(("explore", group)) if group == "all" || GROUPS.contains(&group) => {
                explored = Some(group.to_owned());
            }
            Some(("most-states", text)) => most_states = number(text)?,
            Some(("patterns", text)) => patterns = Some(number(text)?),
            _ if options.set(&word)? => {}
            _ => return Err(format!("unknown word {word}")),
        }
    }
    if let Some(group) = explored {
        return Ok(explore(&group, most_states));
    }
    match (replayed, patterns) {
        (Some(seed), _) => Ok(replay(seed, options)),
        (None, Some(scenarios)) => Ok(run_patterns(first..first.saturating_add(scenarios), &options)),
        (None, None) => Ok(run_many(first..first.saturating_add(seeds), &options)),
    }
}

/// A run of a seed; a panic is told with the seed that led to it.
fn run_one(seed: u64, options: &Options) -> Result<Outcome, String> {
    let replayable = || format!("seed {seed} panics; to see it: cargo xtask sim --replay {seed} {options}");
    catch_unwind(AssertUnwindSafe(|| run(seed, options))).map_err(|_| replayable())
}

fn replay(seed: u64, mut options: Options) -> bool {
    options.log = true;
    let outcome = run(seed, &options);
    let mut text = outcome.log.unwrap_or_default();
    text += &format!("{} steps, {} violations\n", outcome.steps, outcome.violations.len());
    for violation in &outcome.violations {
        text += &format!("{violation}\n");
    }
    // Who reads only the beginning closes the pipe, and that is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    outcome.violations.is_empty()
}

fn run_many(seeds: std::ops::Range<u64>, options: &Options) -> bool {
    println!("seeds {} to {}, {options}", seeds.start, seeds.end.saturating_sub(1));
    let start = Instant::now();
    let mut told = start;
    let (mut coverage, mut steps, mut failures, mut done) = (Coverage::default(), 0, 0, 0);
    let all = seeds.end - seeds.start;
    for seed in seeds {
        match run_one(seed, options) {
            Ok(outcome) => {
                coverage.add(&outcome.coverage);
                steps += outcome.steps;
                if !outcome.violations.is_empty() {
                    failures += 1;
                    tell_failure(seed, options, &outcome);
                }
            }
            Err(message) => {
                failures += 1;
                println!("{message}");
            }
        }
        done += 1;
        if told.elapsed() > Duration::from_millis(200) && std::io::stderr().is_terminal() {
            told = Instant::now();
            let pace = done as f64 / start.elapsed().as_secs_f64();
            eprint!("\r[{}] {done} of {all} seeds, {pace:.0} a second, {failures} failed ", bar(done, all));
            // Progress that cannot be shown is no reason to stop.
            let _ = std::io::stderr().flush();
        }
        if failures >= ENOUGH_FAILURES {
            println!("that is enough");
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    println!("{coverage}");
    let (seed_pace, step_pace) = (done as f64 / seconds, steps as f64 / seconds);
    println!("{done} seeds, {failures} failed; {steps} steps in {seconds:.1} s");
    let twice = if options.stage == Stage::Replication { ", each seed also without faults" } else { "" };
    println!("{seed_pace:.0} seeds and {step_pace:.0} steps a second{twice}");
    failures == 0
}

/// So much of so much, in twenty characters.
fn bar(done: u64, all: u64) -> String {
    let full = usize::try_from(done.saturating_mul(20) / all.max(1)).unwrap_or(20).min(20);
    format!("{}{}", "#".repeat(full), ".".repeat(20 - full))
}

/// Strikes at each place of some scenarios.
fn run_patterns(seeds: std::ops::Range<u64>, wanted: &Options) -> bool {
    let start = Instant::now();
    let (mut all, mut failures) = (0, 0);
    for pattern in Pattern::ALL {
        let mut count = 0;
        for seed in seeds.clone() {
            for options in plans(seed, wanted.stage, wanted.managers, pattern) {
                count += 1;
                let outcome = run(seed, &options);
                if !outcome.violations.is_empty() && failures < ENOUGH_FAILURES {
                    failures += 1;
                    tell_failure(seed, &options, &outcome);
                }
            }
        }
        println!("{:<14}{count:>7} plans", pattern.name());
        all += count;
    }
    println!("{all} plans, {failures} failed, in {:.1} s", start.elapsed().as_secs_f64());
    failures == 0
}

/// Tries every order of events in the worlds of a group; a world with more than so many states is given up.
fn explore(group: &str, most_states: u64) -> bool {
    let mut all_well = true;
    println!(
        "{:<24}{:>10}{:>13}{:>9}{:>9}{:>9}{:>10}  violations",
        "world", "states", "transitions", "at rest", "depth", "seconds", "states/s"
    );
    for world in WORLDS.iter().filter(|world| group == "all" || world.is_in(group)) {
        let start = Instant::now();
        let found = world.explore(most_states);
        let seconds = start.elapsed().as_secs_f64();
        let pace = found.states as f64 / seconds;
        let verdict = match (&found.violation, found.is_complete) {
            (Some(_), _) => "1 or more",
            (None, true) => "0",
            (None, false) => "NOT COMPLETE, none so far",
        };
        println!(
            "{:<24}{:>10}{:>13}{:>9}{:>9}{seconds:>9.1}{pace:>10.0}  {verdict}",
            world.name, found.states, found.transitions, found.at_rest, found.depth
        );
        if let Some(violation) = &found.violation {
            println!("{violation}");
        }
        all_well &= found.is_complete && found.violation.is_none();
    }
    all_well
}

/// Looks for the first seed that catches each mutant.
fn run_mutants(most: u64) -> bool {
    let mut all_caught = true;
    println!("| mutant | caught by | seeds |\n|---|---|---|");
    for mutant in Mutant::ALL {
        let options = mutant_options(*mutant);
        let caught = (0..most).find_map(|seed| Some((seed, run(seed, &options).violations.first()?.oracle)));
        match caught {
            Some((seed, oracle)) => println!("| `{}` | `{oracle}` | {} |", mutant.name(), seed + 1),
            None => println!("| `{}` | nobody | more than {most} |", mutant.name()),
        }
        all_caught &= caught.is_some();
    }
    all_caught
}

fn tell_failure(seed: u64, options: &Options, outcome: &Outcome) {
    println!("\nseed {seed} fails:");
    for violation in outcome.violations.iter().take(3) {
        println!("  {violation}");
    }
    let shrunk = shrink(seed, options);
    println!("  it takes no more than this script:");
    for (number, (time, step)) in Script::draw(seed, &shrunk).0.iter().enumerate() {
        if !shrunk.without.contains(&number) {
            println!("    {time} {step:?}");
        }
    }
    println!("  cargo xtask sim --replay {seed} {shrunk}");
}
