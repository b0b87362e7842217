//! What was met on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every answer that must have been met when the tests are through, in the words of [`crate::words`].
const MUST_MEET: [&str; 9] = [
    "400 BadRequest",
    "403 Forbidden",
    "403 Forbidden NamespaceTerminating",
    "404 NotFound",
    "409 AlreadyExists",
    "409 Conflict",
    "410 Expired",
    "422 Invalid",
    "504 Timeout ResourceVersionTooLarge",
];

/// Counts.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sequences: u64,
    events: u64,
    deleting: u64,
    operations: BTreeMap<&'static str, u64>,
    answers: BTreeMap<String, u64>,
}

impl Tally {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sequence(&self) {
        self.counts().sequences += 1;
    }

    pub fn events(&self, count: usize) {
        self.counts().events += count as u64;
    }

    /// An object that is being deleted was looked at.
    pub fn deleting(&self) {
        self.counts().deleting += 1;
    }

    pub fn operation(&self, verb: &'static str) {
        *self.counts().operations.entry(verb).or_default() += 1;
    }

    pub fn answer(&self, words: &str) {
        *self.counts().answers.entry(words.to_owned()).or_default() += 1;
    }

    /// Refusals that the model knows and nobody has met.
    pub fn missed(&self) -> Vec<&'static str> {
        let counts = self.counts();
        MUST_MEET.into_iter().filter(|words| !counts.answers.contains_key(*words)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { sequences, events, deleting, operations, answers } = &*self.counts();
        let all: u64 = operations.values().sum();
        let verbs: Vec<String> = operations.iter().map(|(verb, count)| format!("{verb} {count}")).collect();
        let refused =
            answers.iter().filter(|(words, _)| words.starts_with(|first: char| first.is_ascii_digit()));
        let refused: Vec<String> = refused.map(|(words, count)| format!("{words} {count}")).collect();
        writeln!(formatter, "{sequences} sequences, {all} operations: {}", verbs.join(", "))?;
        writeln!(formatter, "refusals: {}", refused.join(", "))?;
        write!(formatter, "{events} watch events compared, {deleting} looks at what was being deleted")
    }
}
