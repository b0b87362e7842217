//! Every order of events, in worlds that are small enough for it.
//!
//! A [`TinyWorld`] says what may happen next; [`explore`] tries each of these things in each state that it comes to, once. So
//! it is a proof, within the budgets of the world, that no state breaks a promise, where runs from seeds are samples.
//!
//! Invariants, as absences:
//! - no state twice: states are known by a digest, which leaves out what decides nothing;
//! - no circle without a way out: from each state of a world that must come to rest, it can ([`rest`]);
//! - no claim beyond what was looked at: an exploration that was cut short says so.
//!
//! Map: [`digest`] makes equal states known as such, [`mod@shorten`] makes paths readable, [`replication`] is one
//! ReplicationController with two managers, [`lease`] the election alone, [`worlds`] says how much happens in them.

pub mod digest;
pub mod lease;
pub mod replication;
mod rest;
pub mod shorten;
pub mod worlds;

use std::fmt;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use rest::Rest;

/// A world with few enough states.
pub trait TinyWorld: Sized {
    /// Something that may happen.
    type Choice: Clone;

    /// Whether it must be able to come to rest from each of its states.
    const COMES_TO_REST: bool;

    /// A second world in the same state.
    fn double(&self) -> Self;

    /// All that may happen next.
    fn choices(&self) -> Vec<Self::Choice>;

    /// Lets it happen.
    fn take(&mut self, choice: &Self::Choice);

    /// A choice of this state in words; different choices have different words.
    fn in_words(&self, choice: &Self::Choice) -> String;

    /// Equal for states that go on in the same way, up to what decides nothing.
    fn digest(&self) -> u128;

    /// The promise that is broken in this state.
    fn violation(&self) -> Option<String>;

    /// Whether nothing happens any more if nothing is done to the world.
    fn is_at_rest(&self, choices: &[Self::Choice]) -> bool;

    /// The promise that is broken if the world stays in this state.
    fn violation_at_rest(&self) -> Option<String>;
}

/// What an exploration has found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exploration {
    /// How many states there are.
    pub states: u64,
    /// How many steps from one to another.
    pub transitions: u64,
    /// In how many states nothing happens any more.
    pub at_rest: u64,
    /// The longest way that was gone.
    pub depth: usize,
    /// Whether all states were looked at; false where there were too many, or where a violation ended it.
    pub is_complete: bool,
    /// The first promise that was found broken.
    pub violation: Option<Violation>,
}

/// A broken promise, and how it comes to that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// What is broken.
    pub message: String,
    /// The choices that lead there, in words.
    pub path: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, choice) in self.path.iter().enumerate() {
            writeln!(f, "{:>4}. {choice}", number + 1)?;
        }
        write!(f, "      {}", self.message)
    }
}

/// A state on the way to the present one.
struct Stop<W: TinyWorld> {
    number: u32,
    /// The state, as long as something in it is left to be tried.
    world: Option<W>,
    choices: Vec<W::Choice>,
    /// How many of them have been tried.
    tried: usize,
}

/// Tries everything, deepest first; gives up beyond so many states. A violation ends it, with a path that is as short as
/// [`shorten`] can make it.
pub fn explore<W: TinyWorld>(begin: impl Fn() -> W, most_states: u64) -> Exploration {
    let mut seen: HashMap<u128, u32, FixedState> = HashMap::default();
    let mut found = Exploration::default();
    let mut rest = Rest::default();
    let first = begin();
    seen.insert(first.digest(), 0);
    let mut way: Vec<Stop<W>> = Vec::new();
    let mut next = Some((0, first));
    loop {
        if let Some((number, world)) = next.take() {
            found.states += 1;
            let choices = world.choices();
            if world.is_at_rest(&choices) {
                found.at_rest += 1;
                rest.at_rest.push(number);
            }
            if let Some(message) = broken(&world, &choices) {
                let path: Vec<W::Choice> = way.iter().filter_map(Stop::last).collect();
                let path = shorten::in_words(&begin, &path);
                found.violation = Some(shorten::shorten(&begin, Violation { message, path }));
                return found;
            }
            if found.states >= most_states {
                return found;
            }
            way.push(Stop { number, world: Some(world), choices, tried: 0 });
            found.depth = found.depth.max(way.len() - 1);
        }
        let Some(stop) = way.last_mut() else { break };
        let Some(choice) = stop.choices.get(stop.tried) else {
            way.pop();
            continue;
        };
        stop.tried += 1;
        let is_last = stop.tried == stop.choices.len();
        let world = if is_last { stop.world.take() } else { stop.world.as_ref().map(W::double) };
        let Some(mut world) = world else { continue };
        world.take(choice);
        found.transitions += 1;
        let new = new_number(&seen);
        let number = *seen.entry(world.digest()).or_insert(new);
        if W::COMES_TO_REST {
            rest.steps.push((number, stop.number));
        }
        if number == new {
            next = Some((number, world));
        }
    }
    found.is_complete = true;
    if W::COMES_TO_REST
        && let Some(restless) = rest.first_without(new_number(&seen))
    {
        let digest = seen.iter().find(|(_, number)| **number == restless).map(|(digest, _)| *digest);
        let message = "from here the world never comes to rest".to_owned();
        let path = shorten::way_to_state(&begin, digest).unwrap_or_default();
        found.violation = Some(Violation { message, path });
    }
    found
}

/// The number that the next state gets.
fn new_number(seen: &HashMap<u128, u32, FixedState>) -> u32 {
    u32::try_from(seen.len()).unwrap_or(u32::MAX)
}

/// The promise that is broken in this state, or by staying in it.
fn broken<W: TinyWorld>(world: &W, choices: &[W::Choice]) -> Option<String> {
    let at_rest = || if world.is_at_rest(choices) { world.violation_at_rest() } else { None };
    world.violation().or_else(at_rest)
}

impl<W: TinyWorld> Stop<W> {
    fn last(&self) -> Option<W::Choice> {
        self.choices.get(self.tried.checked_sub(1)?).cloned()
    }
}
