//! Pods that a kubelet rejects, or evicts as soon as they run.

use std::time::Duration;

use mainstay_model::{Name, ObjectName};
use mainstay_sim::clock::Time;
use mainstay_sim::mutant::Mutant;
use mainstay_sim::script::{Script, Step, UserStep};
use mainstay_sim::world::World;
use mainstay_sim::{Fault, Faults, Options};

use crate::creates;

const HOUR: u64 = 3600;
const CAP: u64 = 300;
/// How long everybody needs to see a pod and to write the next one.
const PROMPT: u64 = 2;

fn user(second: u64, step: UserStep) -> (Time, Step) {
    (Time::seconds(second), Step::User(ObjectName::new("shop", "red"), step))
}

/// So many replicas at second 20, when somebody leads.
fn replicas(number: i32) -> (Time, Step) {
    user(20, UserStep::Scale(number, 0))
}

fn rejection(node: Option<&str>, from: u64, until: u64) -> (Time, Step) {
    let lasts = Duration::from_secs(until - from);
    (Time::seconds(from), Step::Rejection(node.map(Name::from), lasts))
}

/// Plays a script up to that second, and gives the log.
fn log(seed: u64, options: &Options, steps: Vec<(Time, Step)>, until: u64) -> String {
    let mut world = World::new(seed, options, Script(steps));
    world.run_until(Time::seconds(until));
    let (violations, _, log) = world.into_findings();
    assert!(violations.is_empty() || options.mutant.is_some(), "seed {seed}: {violations:?}");
    log.unwrap()
}

/// The same; when pods of `red` were made.
fn play(seed: u64, options: &Options, steps: Vec<(Time, Step)>, until: u64) -> Vec<f64> {
    creates(&log(seed, options, steps, until), "red", "done")
}

fn options() -> Options {
    Options { faults: Faults::NONE, log: true, ..Options::default() }
}

fn within(times: &[f64], from: u64, until: u64) -> usize {
    times.iter().filter(|time| (from as f64..until as f64).contains(*time)).count()
}

/// Three replicas and an hour without a node that takes them. Without the delay, there are more within the first minute.
#[test]
fn issue_72593_pods_that_are_rejected_for_an_hour_are_few() {
    for seed in 0..20 {
        let steps = || vec![rejection(None, 0, HOUR), replicas(3)];
        let made = play(seed, &options(), steps(), HOUR);
        assert!((54..=63).contains(&made.len()), "seed {seed}: {} pods: {made:?}", made.len());
        assert!(within(&made, 20, 80) <= 7 * 3, "seed {seed}: {made:?}");
        assert!(within(&made, HOUR - CAP, HOUR) <= 2 * 3, "seed {seed}: {made:?}");

        let without = Options { mutant: Some(Mutant::NoDelay), ..options() };
        let without = within(&play(seed, &without, steps(), 80), 20, 80);
        assert!(without > 70, "seed {seed}: only {without} without the delay");
    }
}

/// Users are told once in a round, however often it is planned meanwhile; once more where pods of a round say something else.
#[test]
fn issue_134712_the_delay_is_told_once_in_a_round() {
    for seed in 0..20 {
        let log = log(seed, &options(), vec![rejection(None, 0, HOUR), replicas(3)], HOUR);
        // Of many similar ones, the later ones are combined.
        let is_meant = |line: &&str| line.contains(" tells: ") && line.contains("Back-off ");
        let told = log.lines().filter(is_meant).count();
        assert!((17..=40).contains(&told), "seed {seed}: {told}");
        for delay in ["16s", "256s", "300s"] {
            let words =
                format!("Back-off {delay} before replacing pods that ended soon after they were made: ");
            assert!(log.contains(&words), "seed {seed}: {words}");
        }
    }
}

/// Who takes over goes on with the delay where it was, and so does who starts again.
#[test]
fn issue_38806_neither_a_crash_nor_another_leader_forgets_the_delay() {
    for (seed, fault) in (0..20).zip([Fault::Crash, Fault::Stop, Fault::ConnectionsBreak].into_iter().cycle())
    {
        for managers in [1, 2] {
            let mut steps = vec![rejection(None, 0, HOUR), replicas(3)];
            let faults = (1..120).map(|number| Time::seconds(number * 30));
            steps.extend(faults.map(|time| (time, Step::Fault(fault, Duration::ZERO))));
            let made = play(seed, &Options { managers, ..options() }, steps, HOUR);
            // The longer nobody leads, the fewer.
            assert!((36..=63).contains(&made.len()), "seed {seed}, {fault}: {} pods: {made:?}", made.len());
            for from in (600..HOUR - CAP).step_by(30) {
                let rounds = within(&made, from, from + CAP - 5);
                assert!(rounds <= 3, "seed {seed}, {fault}: {rounds} within the cap after {from}: {made:?}");
            }
        }
    }
}

/// One of two nodes takes nothing. What is healthy on the other is drained now and then, and made again at once each time, and whatever was
/// rejected waits on.
#[test]
fn issue_134712_what_is_healthy_is_replaced_at_once_beside_pods_that_are_rejected() {
    for seed in 0..20 {
        let drains = (1..12).map(|number| number * CAP);
        let mut steps = vec![rejection(Some("north"), 0, HOUR), replicas(10)];
        steps.extend(drains.clone().map(|second| user(second, UserStep::Drain)));
        let mut world = World::new(seed, &options(), Script(steps));
        let mut made_before = 0;
        for second in drains {
            world.run_until(Time::seconds(second));
            let healthy = world.ready_pods(&ObjectName::new("shop", "red"));
            assert!(healthy > 0, "seed {seed}: nobody is healthy at {second}");
            world.run_until(Time::seconds(second + PROMPT));
            let made = creates(world.log(), "red", "done");
            let again = within(&made, second, second + PROMPT);
            assert!(again >= healthy, "seed {seed}: {again} of {healthy} are made again at {second}");
            assert!(made.len() - made_before < 80, "seed {seed}: {made:?}");
            made_before = made.len();
        }
        assert!(world.into_findings().0.is_empty(), "seed {seed}");
    }
}

/// The nodes heal after half an hour: all replicas are there within the cap, and all is at rest.
#[test]
fn issue_72593_when_nodes_heal_all_replicas_are_there_within_the_cap() {
    let healed = HOUR / 2;
    for seed in 0..20 {
        let steps = vec![rejection(None, 0, healed), replicas(5)];
        let mut world = World::new(seed, &options(), Script(steps));
        world.run_until(Time::seconds(healed + CAP + 20));
        assert_eq!(world.ready_pods(&ObjectName::new("shop", "red")), 5, "seed {seed}");
        world.check_end();
        let (violations, ..) = world.into_findings();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    }
}

/// Whoever mends the template, or scales, sees at once what comes of it.
#[test]
fn issue_38806_a_mended_template_is_tried_at_once() {
    let mended = HOUR / 2;
    for seed in 0..20 {
        for (step, wanted) in [(UserStep::EditTemplate, 5), (UserStep::Scale(7, 0), 7)] {
            let steps = vec![rejection(None, 0, mended), replicas(5), user(mended, step)];
            let made = play(seed, &options(), steps, mended + CAP + 20);
            assert_eq!(within(&made, mended, mended + 1), wanted, "seed {seed}: {made:?}");
            assert_eq!(within(&made, mended + 1, HOUR), 0, "seed {seed}: {made:?}");
        }
    }
}

/// The first that is rejected is made again within about a second, so that a scheduler that was behind costs hardly anything.
#[test]
fn issue_134712_a_single_rejection_is_hardly_felt() {
    for seed in 0..20 {
        let steps = vec![rejection(None, 0, 21), replicas(1)];
        let made = play(seed, &options(), steps, 60);
        assert!(made.iter().all(|time| *time < 25.0), "seed {seed}: {made:?}");
    }
}
