//! Watches that are late, or lose something: no pod twice, and none that is waited for in vain.

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::ObjectName;
use mainstay_sim::clock::Time;
use mainstay_sim::injection::Injection;
use mainstay_sim::script::{Script, Step, UserStep};
use mainstay_sim::world::World;
use mainstay_sim::{Fault, Faults, Options};

use crate::creates;

/// What a watch may be behind, in seconds: around each patience that anybody has, and beyond.
const DELAYS: &[f64] = &[
    0.0, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 28.0, 30.0, 32.0, 45.0, 60.0, 90.0, 150.0, 240.0, 300.0,
    600.0,
];

fn red() -> ObjectName {
    ObjectName::new("shop", "red")
}

fn user(second: u64, step: UserStep) -> (Time, Step) {
    (Time::seconds(second), Step::User(red(), step))
}

fn options() -> Options {
    Options { faults: Faults::NONE, log: true, ..Options::default() }
}

/// The seconds at which pods were made, in a world whose watches are that late.
fn play(seed: u64, options: &Options, delay: f64, steps: Vec<(Time, Step)>, until: u64) -> Vec<f64> {
    let mut world = World::new(seed, options, Script(steps));
    world.delay_watches(Duration::from_secs_f64(delay));
    world.run_until(Time::seconds(until));
    let (violations, _, log) = world.into_findings();
    assert!(violations.is_empty(), "seed {seed}, {delay} s behind: {violations:?}");
    creates(&log.unwrap(), "red", "done")
}

/// Groups of so many pods, each wanted at a second: whether all of a group are there in time, and nobody else is made.
#[track_caller]
fn check(made: &[f64], wanted: &[(f64, usize)], patience: f64, what: &str) {
    let mut rest = made;
    for (second, number) in wanted {
        assert!(rest.len() >= *number, "{what}: too few for {second}: {made:?}");
        let (group, later) = rest.split_at(*number);
        let in_time = |time: &f64| (*second..second + patience).contains(time);
        assert!(group.iter().all(in_time), "{what}: wanted at {second}: {group:?}");
        rest = later;
    }
    assert!(rest.is_empty(), "{what}: too many: {rest:?}");
}

/// Never more than are wanted, and all that are wanted as soon as the wish is known. Upstream's expectations run out after five minutes,
/// whether the watch has shown the pods or not.
#[test]
fn issue_129795_a_watch_that_is_late_makes_no_pod_twice_and_keeps_nobody_waiting() {
    for delay in DELAYS {
        for seed in 0..5 {
            let steps = vec![user(100, UserStep::Scale(8, 0)), user(1000, UserStep::Scale(12, 0))];
            let made = play(seed, &options(), *delay, steps, 3000);
            let wanted = [(100.0, 8), (1000.0, 4)];
            check(&made, &wanted, delay + 0.1, &format!("seed {seed}, {delay} s behind"));
        }
    }
}

/// Pods that go are replaced once, and what is made is not deleted again. While those that are gone come in one by one, the first are replaced
/// already: the others wait until these show, or for half a minute.
#[test]
fn issue_41675_nothing_is_made_and_deleted_again_however_late_the_watch_is() {
    for delay in DELAYS {
        for seed in 0..5 {
            let steps = vec![
                user(100, UserStep::Scale(6, 0)),
                user(1000, UserStep::Drain),
                user(2000, UserStep::Drain),
            ];
            let mut world = World::new(seed, &options(), Script(steps));
            world.delay_watches(Duration::from_secs_f64(*delay));
            world.run_until(Time::seconds(3000));
            let log = world.log();
            let what = format!("seed {seed}, {delay} s behind");
            let wanted = [(100.0, 6), (1000.0, 6), (2000.0, 6)];
            check(&creates(log, "red", "done"), &wanted, delay + delay.min(30.0) + 0.2, &what);
            assert!(!log.contains("server: delete"), "{what}");
            assert!(world.into_findings().0.is_empty(), "{what}");
        }
    }
}

/// Whichever event a watch loses, nobody waits for five minutes: audits come every four.
#[test]
fn issue_57191_whichever_event_is_lost_all_pods_are_there_before_five_minutes() {
    let mut lost = 0;
    for number in 0..150 {
        let injection = Injection::parse(&format!("event-lost@watch:{number}")).unwrap();
        let options = Options { injections: vec![injection], ..options() };
        let steps = vec![
            user(100, UserStep::Scale(6, 0)),
            user(1000, UserStep::Scale(9, 0)),
            user(2000, UserStep::Drain),
        ];
        let mut world = World::new(number, &options, Script(steps));
        world.run_until(Time::seconds(3000));
        let (violations, coverage, log) = world.into_findings();
        assert!(violations.is_empty(), "event {number}: {violations:?}");
        lost += coverage.of(Fault::EventLost, "watch");
        let log = log.unwrap();
        // Of what it has never heard of, an audit wants to see twice that the watch has lost it.
        let patience = if log.contains("event-lost, pods") { 290.0 } else { 490.0 };
        let wanted = [(100.0, 6), (1000.0, 3), (2000.0, 9)];
        check(&creates(&log, "red", "done"), &wanted, patience, &format!("event {number}"));
    }
    assert!(lost >= 100, "only {lost} events");
}

/// From none to many without a step: a create that is answered lets the next fly, up to the 500 of one plan. What comes after those goes on
/// as soon as the cache has shown them.
#[test]
fn issue_22599_pods_are_made_without_a_pause() {
    /// There and back.
    const ROUND_TRIP: f64 = 0.0175;
    for seed in 0..3 {
        let mut world = World::new(seed, &options(), Script(vec![user(100, UserStep::Scale(1200, 0))]));
        world.run_until(Time::seconds(200));
        let log = world.log();
        let made = creates(log, "red", "done");
        assert_eq!(made.len(), 1200, "seed {seed}");
        for burst in made.chunks(500) {
            let pauses = burst.windows(2).map(|pair| pair[1] - pair[0]);
            let longest = pauses.fold(0.0, f64::max);
            assert!(longest <= ROUND_TRIP, "seed {seed}: a pause of {longest} s");
            let took = burst.last().unwrap() - burst[0];
            assert!(took <= 10.0 * ROUND_TRIP, "seed {seed}: {took} s for {}", burst.len());
        }
        for number in [500, 1000] {
            let shown = shown(log, number);
            let pause = made[number] - shown;
            assert!((0.0..ROUND_TRIP).contains(&pause), "seed {seed}: {pause} s after pod {number} is shown");
        }
        assert!(world.into_findings().0.is_empty(), "seed {seed}");
    }
}

/// When the cache of the one that leads had shown so many pods for the first time.
fn shown(log: &str, number: usize) -> f64 {
    let sent = log.lines().find(|line| line.contains(" -> create shop/red-")).unwrap();
    let leader = sent.split_whitespace().nth(1).unwrap();
    let begin = format!("{leader} <- pods: shop/red-");
    let mut names = BTreeSet::new();
    let of_line = |line: &str| {
        let (time, words) = line.trim_start().split_once(' ')?;
        let name = words.strip_prefix(&begin)?.split_once(' ')?.0.to_owned();
        names.insert(name);
        (names.len() == number).then(|| time.parse().unwrap())
    };
    log.lines().find_map(of_line).unwrap()
}
