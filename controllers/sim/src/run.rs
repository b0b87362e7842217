//! A run: from a seed to what was found.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Time;
use crate::coverage::Coverage;
use crate::fault::Fault;
use crate::options::Options;
use crate::oracles::Violation;
use crate::script::{Script, faults_end};
use crate::stage::Stage;
use crate::world::{EndState, World};

/// How long after the last fault everybody may still be busy: two audits, a list, and the longest back-off.
pub const REST_WITHIN: Duration = Duration::from_secs(900);
/// For how long they are watched at rest.
const REST_IS_WATCHED: Duration = Duration::from_secs(600);

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The promises that were broken; empty when all is well.
    pub violations: Vec<Violation>,
    /// Which faults happened.
    pub coverage: Coverage,
    /// How many places there were for the strike, if there was to be one.
    pub places: u64,
    /// How many steps there were, also in the run without faults that this one was compared with.
    pub steps: u64,
    /// What happened, if that was to be kept.
    pub log: Option<String>,
}

/// Runs a world, and once more without faults, and compares how they end.
pub fn run(seed: u64, options: &Options) -> Outcome {
    let script = Script::draw(seed, options);
    let (end, mut outcome) = run_script(seed, options, script);
    let plain_options = options.without_faults();
    // What a restore undoes, users do not ask for again. Where services find their pods, the objects alone say how it is to end.
    let is_comparable = plain_options != Options { log: false, ..options.clone() }
        && !options.faults.has(Fault::Restore)
        && options.stage == Stage::Replication;
    if outcome.violations.is_empty() && is_comparable {
        // The numbers of steps that are left out are those of the whole script, whose users come first.
        let (plain_end, plain) = run_script(seed, &plain_options, Script::draw(seed, &plain_options));
        outcome.steps += plain.steps;
        outcome.violations.extend(plain.violations);
        for name in end.keys().chain(plain_end.keys()).collect::<BTreeSet<_>>() {
            let (with, without) = (end.get(name), plain_end.get(name));
            if with != without {
                let message = format!("{name} ends as {with:?}, and without faults as {without:?}");
                outcome.violations.push(Violation { time: faults_end(options), oracle: "end", message });
            }
        }
    }
    outcome
}

/// Leaves out steps of the script for as long as the same oracle complains; answers which steps were not needed.
pub fn shrink(seed: u64, options: &Options) -> Options {
    let oracle = |options: &Options| run(seed, options).violations.first().map(|violation| violation.oracle);
    let Some(wanted) = oracle(options) else { return options.clone() };
    let mut shrunk = options.clone();
    for number in 0..Script::draw(seed, options).0.len() {
        let mut shorter = shrunk.clone();
        if shorter.without.insert(number) && oracle(&shorter) == Some(wanted) {
            shrunk = shorter;
        }
    }
    shrunk
}

fn run_script(seed: u64, options: &Options, script: Script) -> (EndState, Outcome) {
    let mut world = World::new(seed, options, script);
    let faults_end = faults_end(options);
    world.run_until(faults_end);
    world.calm_down(REST_WITHIN);
    let end: Time = faults_end.after(REST_WITHIN).after(REST_IS_WATCHED);
    world.run_until(end);
    let end = world.check_end();
    let (steps, places) = (world.steps(), world.places());
    let (violations, coverage, log) = world.into_findings();
    (end, Outcome { violations, coverage, places, steps, log })
}
