//! Every order of events, in worlds that are small enough for it.
//!
//! A [`TinyWorld`] says what may happen next; [`explore`] tries each of these things in each state that it comes to, once. So
//! it is a proof, within the budgets of the world, that no state breaks a promise, where runs from seeds are samples.
//!
//! Invariants, as absences:
//! - no state twice: states are known by a digest, which leaves out what decides nothing;
//! - no claim beyond what was looked at: an exploration that was cut short says so.
//!
//! Map: [`digest`] makes equal states known as such, [`replication`] is one ReplicationController with two managers, [`lease`] the
//! election alone.

pub mod digest;
pub mod lease;
pub mod replication;
pub mod shorten;

use std::fmt;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// A world with few enough states.
pub trait TinyWorld: Sized {
    /// Something that may happen.
    type Choice: Clone;

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
    world: W,
    choices: Vec<W::Choice>,
    /// How many of them have been tried.
    tried: usize,
}

/// Tries everything, deepest first; gives up beyond so many states. A violation ends it, with a path that is as short as
/// leaving out choices makes it.
pub fn explore<W: TinyWorld>(begin: impl Fn() -> W, most_states: u64) -> Exploration {
    let mut seen: HashSet<u128, FixedState> = HashSet::default();
    let mut found = Exploration::default();
    let first = begin();
    seen.insert(first.digest());
    let mut way: Vec<Stop<W>> = Vec::new();
    let mut next = Some(first);
    loop {
        if let Some(world) = next.take() {
            found.states += 1;
            let choices = world.choices();
            let is_at_rest = world.is_at_rest(&choices);
            found.at_rest += u64::from(is_at_rest);
            let at_rest = || if is_at_rest { world.violation_at_rest() } else { None };
            if let Some(message) = world.violation().or_else(at_rest) {
                let path = way.iter().filter_map(Stop::last_in_words).collect();
                found.violation = Some(shorten::shorten(&begin, Violation { message, path }));
                return found;
            }
            if found.states >= most_states {
                return found;
            }
            way.push(Stop { world, choices, tried: 0 });
            found.depth = found.depth.max(way.len() - 1);
        }
        let Some(stop) = way.last_mut() else { break };
        let Some(choice) = stop.choices.get(stop.tried) else {
            way.pop();
            continue;
        };
        stop.tried += 1;
        let mut world = stop.world.double();
        world.take(choice);
        found.transitions += 1;
        if seen.insert(world.digest()) {
            next = Some(world);
        }
    }
    found.is_complete = true;
    found
}

impl<W: TinyWorld> Stop<W> {
    fn last_in_words(&self) -> Option<String> {
        self.choices.get(self.tried.checked_sub(1)?).map(|choice| self.world.in_words(choice))
    }
}
