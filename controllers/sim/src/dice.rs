//! Chance, from a seed.

use std::time::Duration;

use mainstay_engine::random::Random;

/// Draws what is left to chance.
#[derive(Clone, Debug)]
pub struct Dice(Random);

impl Dice {
    /// The same seed draws the same.
    pub fn new(seed: u64) -> Dice {
        Dice(Random::new(seed))
    }

    /// A number from 0 up to, but not including, `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.below(limit)
    }

    /// Whether it happens, that often in a hundred times.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time shorter than `limit`.
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long a packet takes.
    pub fn latency(&mut self) -> Duration {
        Duration::from_micros(500) + self.up_to(Duration::from_millis(8))
    }

    /// One of these.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(usize::try_from(self.below(choices.len() as u64)).ok()?)
    }
}
