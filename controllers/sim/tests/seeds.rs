//! Whole runs, from seeds. Each failure names the command that replays it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Fresh seeds come from the time of the day.
#![allow(clippy::disallowed_methods)]

mod runs;

use mainstay_sim::injection::Injection;
use mainstay_sim::mutant::{Mutant, mutant_options};
use mainstay_sim::{Fault, Faults, Options, Stage, run};
use runs::{check, check_coverage, check_determinism, check_fresh, check_strikes};

/// As many as it takes for 2000 plans.
const SCENARIOS: u64 = 8;

fn options(managers: usize, faults: &str) -> Options {
    Options { managers, faults: Faults::parse(faults).unwrap(), ..Options::default() }
}

#[test]
fn a_fixed_set_of_seeds_keeps_every_promise() {
    let mut coverage = check(0..400, &options(2, "all"));
    coverage.add(&check(1000..1060, &options(3, "all")));
    coverage.add(&check(3000..3010, &Options { length: 5, ..options(2, "all") }));
    coverage.add(&check(2000..2100, &options(2, "all,restore")));
    check(4000..4060, &Options { auto: true, length: 3, ..options(2, "all") });
    check_coverage(&coverage, &["create", "status"]);
    for fault in Fault::OF_THE_LEASE {
        assert!(coverage.of(*fault, "lease") > 0, "{fault}\n{coverage}");
    }
}

#[test]
fn fresh_seeds_keep_every_promise() {
    check_fresh(100, &options(2, "all"));
}

#[test]
fn the_same_seed_gives_the_same_log() {
    check_determinism(&options(2, "all"));
}

#[test]
fn a_strike_at_every_write_and_every_event_of_a_scenario_breaks_no_promise() {
    let plans = check_strikes(Stage::Replication, SCENARIOS, 1);
    assert!(plans >= 2000, "only {plans} plans");
}

#[test]
fn each_manager_that_is_wrong_on_purpose_is_caught_as_its_table_says() {
    let page = include_str!("../src/mutant/mod.rs");
    for mutant in Mutant::ALL {
        let begin = format!("//! | `{}` | `", mutant.name());
        let row = page
            .lines()
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or_else(|| panic!("{} is not in the table", mutant.name()));
        let (oracle, rest) = row.split_once("` | ").unwrap();
        let seeds: u64 = rest.trim_end_matches(" |").parse().unwrap();
        let found = run(seeds - 1, &mutant_options(*mutant)).violations;
        let found = found.first().map(|violation| violation.oracle);
        assert_eq!(found, Some(oracle), "{}; `cargo xtask sim --mutants` prints the table", mutant.name());
    }
}

#[test]
fn without_faults_all_ends_well() {
    check(0..10, &options(1, "none"));
    check(0..10, &options(2, "hostile,quota"));
}

#[test]
fn a_fault_that_is_put_at_a_place_happens_there_and_nowhere_else() {
    for (injection, fault, place) in [
        ("answer-lost@create:2", Fault::AnswerLost, "create"),
        ("event-lost@watch:5", Fault::EventLost, "watch"),
        ("crash-after-send@lease:1", Fault::CrashAfterSend, "lease"),
        ("two-leaders@20:15", Fault::TwoLeaders, "world"),
    ] {
        let injections = vec![Injection::parse(injection).unwrap()];
        let coverage = check(7..8, &Options { injections, ..options(2, "none") });
        assert_eq!(coverage.of(fault, place), 1, "{injection}\n{coverage}");
    }
}
