//! Whole runs of the world of SidecarWorkloads, from seeds. Each failure names the command that replays it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Fresh seeds come from the time of the day.
#![allow(clippy::disallowed_methods)]

mod runs;

use mainstay_sim::{Faults, Options, Stage};
use runs::{check, check_coverage, check_determinism, check_fresh, check_strikes};

/// Of so many scenarios, one place in so many is struck at: not the same ones in any two of them.
const SCENARIOS: u64 = 3;
const EVERY: usize = 5;

fn options(managers: usize, faults: &str) -> Options {
    Options { stage: Stage::Sidecars, managers, faults: Faults::parse(faults).unwrap(), ..Options::default() }
}

#[test]
fn workloads_are_rolled_out_under_a_fixed_set_of_seeds() {
    let mut coverage = check(0..200, &options(2, "all"));
    coverage.add(&check(1000..1030, &options(3, "all")));
    coverage.add(&check(2000..2050, &options(2, "all,restore")));
    coverage.add(&check(3000..3005, &Options { length: 5, ..options(2, "all") }));
    check(4000..4020, &Options { auto: true, length: 3, ..options(2, "all") });
    check_coverage(&coverage, &["create", "patch", "delete", "status"]);
}

#[test]
fn workloads_are_rolled_out_under_fresh_seeds() {
    check_fresh(60, &options(2, "all"));
}

#[test]
fn the_same_seed_gives_the_same_log_with_workloads() {
    check_determinism(&options(2, "all"));
}

#[test]
fn a_strike_at_a_write_or_an_event_breaks_no_rollout() {
    let plans = check_strikes(Stage::Sidecars, SCENARIOS, EVERY);
    assert!(plans >= 200, "only {plans} plans");
}

#[test]
fn without_faults_workloads_are_rolled_out() {
    check(0..80, &options(1, "none"));
    check(0..60, &options(2, "hostile,quota"));
}
