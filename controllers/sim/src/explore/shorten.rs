//! Ways to a broken promise that a person can read: a shortest one, or one without what is not needed.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::{TinyWorld, Violation, broken};

/// So many states are looked at for a shortest way; where that is not enough, only what is not needed is left out.
const MOST_STATES: usize = 60_000;

/// A shorter way to a broken promise.
pub fn shorten<W: TinyWorld>(begin: impl Fn() -> W, violation: Violation) -> Violation {
    shortest(&begin).unwrap_or_else(|| leave_out(&begin, violation))
}

/// A state that was reached, how it was, and from which other one.
struct Reached<C> {
    from: usize,
    choice: Option<C>,
}

/// Tries everything, nearest first.
fn shortest<W: TinyWorld>(begin: impl Fn() -> W) -> Option<Violation> {
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
                if !seen.insert(next.digest()) {
                    continue;
                }
                let place = reached.len();
                reached.push(Reached { from, choice: Some(choice) });
                if let Some(message) = broken(&next, &next.choices()) {
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
