//! Ways to a broken promise that a person can read: a shortest one, or one without what is not needed.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::{TinyWorld, Violation, broken};

/// So many states are looked at for a shortest way; where that is not enough, only what is not needed is left out.
const MOST_STATES: usize = 60_000;

/// A shorter way to a broken promise.
pub fn shorten<W: TinyWorld>(begin: impl Fn() -> W, violation: Violation) -> Violation {
    let is_broken = |world: &W, _: u128| broken(world, &world.choices());
    nearest(&begin, is_broken).unwrap_or_else(|| leave_out(&begin, violation))
}

/// A shortest way to the state with that digest.
pub fn way_to_state<W: TinyWorld>(begin: impl Fn() -> W, digest: Option<u128>) -> Option<Vec<String>> {
    let is_it = |_: &W, other: u128| (Some(other) == digest).then(String::new);
    nearest(&begin, is_it).map(|found| found.path)
}

/// A state that was reached, how it was, and from which other one.
struct Reached<C> {
    from: usize,
    choice: Option<C>,
}

/// Tries everything, nearest first, until there is something to say of a state.
fn nearest<W: TinyWorld>(
    begin: impl Fn() -> W,
    say: impl Fn(&W, u128) -> Option<String>,
) -> Option<Violation> {
    let first = begin();
    let mut seen: HashSet<u128, FixedState> = HashSet::default();
    seen.insert(first.digest());
    let mut reached = vec![Reached { from: 0, choice: None }];
    let mut border = vec![(0, first)];
    while !border.is_empty() && reached.len() < MOST_STATES {
        for (from, world) in std::mem::take(&mut border) {
            for choice in world.choices() {
                let mut next = world.double();
                next.take(&choice);
                let digest = next.digest();
                if !seen.insert(digest) {
                    continue;
                }
                let place = reached.len();
                reached.push(Reached { from, choice: Some(choice) });
                if let Some(message) = say(&next, digest) {
                    return Some(Violation { message, path: in_words(&begin, &way_to(&reached, place)) });
                }
                border.push((place, next));
            }
        }
    }
    None
}

fn way_to<C: Clone>(reached: &[Reached<C>], mut place: usize) -> Vec<C> {
    let mut way = Vec::new();
    while let Some(Reached { from, choice: Some(choice) }) = reached.get(place) {
        way.push(choice.clone());
        place = *from;
    }
    way.reverse();
    way
}

/// A way in words.
pub fn in_words<W: TinyWorld>(begin: impl Fn() -> W, way: &[W::Choice]) -> Vec<String> {
    let mut world = begin();
    let step = |choice: &W::Choice| {
        let words = world.in_words(choice);
        world.take(choice);
        words
    };
    way.iter().map(step).collect()
}

/// Leaves out choices for as long as a promise is still broken in the end.
fn leave_out<W: TinyWorld>(begin: impl Fn() -> W, violation: Violation) -> Violation {
    let mut shortest = violation;
    let mut chunk = shortest.path.len();
    while chunk > 0 {
        let mut from = 0;
        while from < shortest.path.len() {
            let (before, after) = shortest.path.split_at(from);
            let without: Vec<String> = before.iter().chain(after.iter().skip(chunk)).cloned().collect();
            match replay(&begin, &without) {
                Some(shorter) => shortest = shorter,
                None => from += chunk,
            }
        }
        chunk /= 2;
    }
    shortest
}

/// Goes a way as far as it leads; choices that there are not are left out. Answers what is broken, and where.
pub fn replay<W: TinyWorld>(begin: impl Fn() -> W, path: &[String]) -> Option<Violation> {
    let mut world = begin();
    let mut gone = Vec::new();
    for words in path {
        let choices = world.choices();
        let Some(choice) = choices.iter().find(|choice| world.in_words(choice) == *words) else { continue };
        world.take(choice);
        gone.push(words.clone());
        if let Some(message) = broken(&world, &world.choices()) {
            return Some(Violation { message, path: gone });
        }
    }
    None
}
