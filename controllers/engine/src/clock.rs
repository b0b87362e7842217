//! Time as an input.

use std::time::Duration;

use mainstay_model::Timestamp;

/// A point on this process' monotonic clock, counted from an origin of its own. Deadlines, back-off and leadership go by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Moment(pub Duration);

impl Moment {
    /// This moment, later by `delay`.
    pub fn after(self, delay: Duration) -> Moment {
        Moment(self.0.saturating_add(delay))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Both clocks, read together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// The monotonic clock.
    pub moment: Moment,
    /// The wall clock: only for what stands in objects, such as how long a pod has been ready.
    pub wall: Timestamp,
}
