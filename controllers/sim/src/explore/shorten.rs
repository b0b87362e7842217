//! Ways to a broken promise that a person can read: what is not needed is left out.

use super::{TinyWorld, Violation};

/// Leaves out choices for as long as a promise is still broken in the end.
pub fn shorten<W: TinyWorld>(begin: impl Fn() -> W, violation: Violation) -> Violation {
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

/// Goes the way as far as it leads; choices that there are not are left out. Answers what is broken, and where.
pub fn replay<W: TinyWorld>(begin: impl Fn() -> W, path: &[String]) -> Option<Violation> {
    let mut world = begin();
    let mut gone = Vec::new();
    for words in path {
        let choices = world.choices();
        let Some(choice) = choices.iter().find(|choice| world.in_words(choice) == *words) else { continue };
        world.take(choice);
        gone.push(words.clone());
        let is_at_rest = world.is_at_rest(&world.choices());
        let at_rest = || if is_at_rest { world.violation_at_rest() } else { None };
        if let Some(message) = world.violation().or_else(at_rest) {
            return Some(Violation { message, path: gone });
        }
    }
    None
}
