//! Every order of events in worlds that are small enough for a test. `cargo xtask sim --explore` does more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use mainstay_sim::explore::lease::{LeaseBudgets, LeaseMutant, LeaseWorld};
use mainstay_sim::explore::replication::{PodLife, ReplicationBudgets, ReplicationWorld};
use mainstay_sim::explore::{Exploration, Violation, explore};
use mainstay_sim::mutant::Mutant;

const MOST_STATES: u64 = 200_000;

const ONE_CRASH: ReplicationBudgets = ReplicationBudgets { lost_answers: 0, ..ReplicationBudgets::WHOLE };
const ONE_LOST_ANSWER: ReplicationBudgets = ReplicationBudgets { crashes: 0, ..ReplicationBudgets::WHOLE };
const TWO_CANDIDATES: LeaseBudgets = LeaseBudgets {
    candidates: 2,
    late_writes: 1,
    crashes: true,
    fair_from_one_in: 16,
    ..LeaseBudgets::WHOLE
};

fn replication(budgets: ReplicationBudgets) -> Exploration {
    explore(|| ReplicationWorld::new(budgets), MOST_STATES)
}

fn lease(budgets: LeaseBudgets) -> Exploration {
    explore(|| LeaseWorld::new(budgets), MOST_STATES)
}

/// All states were seen, and there are some.
fn check(found: &Exploration, at_least: u64) {
    if let Some(violation) = &found.violation {
        panic!("{violation}");
    }
    assert!(found.is_complete, "cut short: {found:?}");
    assert!(found.states >= at_least, "too few states to mean anything: {found:?}");
}

fn violation(found: Exploration) -> Violation {
    found.violation.unwrap_or_else(|| panic!("not caught in {} states", found.states))
}

#[test]
fn every_order_of_events_with_one_crash_keeps_every_promise() {
    let found = replication(ONE_CRASH);
    check(&found, 10_000);
    assert!(found.at_rest > 100);
}

#[test]
fn every_order_of_events_with_one_lost_answer_keeps_every_promise() {
    check(&replication(ReplicationBudgets { pods: PodLife::StartsAtOnce, ..ONE_LOST_ANSWER }), 20_000);
}

#[test]
fn every_order_of_events_around_one_pod_keeps_every_promise() {
    let one = ReplicationBudgets { replicas: 1, ..ReplicationBudgets::WHOLE };
    check(&replication(one), 5_000);
}

#[test]
fn no_two_lead_at_once_in_any_order_and_without_faults_one_does() {
    check(&lease(TWO_CANDIDATES), 50_000);
}

#[test]
fn managers_that_are_wrong_on_purpose_are_caught_on_a_short_way() {
    let table = [
        (Mutant::OneTooMany, ONE_LOST_ANSWER, "there are 3 active pods of 2"),
        (Mutant::RandomNames, ONE_LOST_ANSWER, "there are 3 active pods of 2"),
        (Mutant::NeverStale, ONE_CRASH, "there are 3 active pods of 2"),
        (Mutant::NoGeneration, ONE_LOST_ANSWER, "the status is left as"),
    ];
    for (mutant, budgets, message) in table {
        let budgets = ReplicationBudgets { mutant: Some(mutant), ..budgets };
        let violation = violation(replication(budgets));
        assert!(violation.message.starts_with(message), "{}: {violation}", mutant.name());
        assert!(violation.path.len() < 40, "{}: {violation}", mutant.name());
    }
}

#[test]
fn leases_that_are_handled_wrongly_are_caught_on_a_short_way() {
    for mutant in [LeaseMutant::WithoutVersion, LeaseMutant::RunsOutTooEarly] {
        let budgets = LeaseBudgets { mutant: Some(mutant), fair_from_one_in: 0, ..TWO_CANDIDATES };
        let violation = violation(lease(budgets));
        assert!(violation.message.ends_with("lead at the same time"), "{violation}");
        assert!(violation.path.len() < 25, "{violation}");
    }
}

#[test]
fn an_exploration_that_is_cut_short_says_so() {
    let found = explore(|| ReplicationWorld::new(ONE_CRASH), 100);
    assert_eq!((found.states, found.is_complete, found.violation), (100, false, None));
}

#[test]
fn the_same_world_has_the_same_states_each_time() {
    let small = ReplicationBudgets { crashes: 0, lost_answers: 0, ..ReplicationBudgets::WHOLE };
    assert_eq!(replication(small), replication(small));
}
