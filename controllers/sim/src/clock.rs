//! Virtual time, and the clocks that processes make of it.

use std::fmt;
use std::time::Duration;

use mainstay_engine::{Moment, Now};
use mainstay_model::Timestamp;

/// True time, in microseconds since the world began. No process ever sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Time(pub u64);

/// The world's wall clock when it begins: late in 2023.
const WALL_ORIGIN: i64 = 1_700_000_000_000_000;

impl Time {
    /// So many seconds after the beginning.
    pub const fn seconds(seconds: u64) -> Time {
        Time(seconds.saturating_mul(1_000_000))
    }

    /// This time, later by `delay`.
    pub fn after(self, delay: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// What a right wall clock shows.
    pub fn wall(self) -> Timestamp {
        Timestamp(WALL_ORIGIN.saturating_add(i64::try_from(self.0).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// The two clocks of a machine: a monotonic one that starts anywhere and drifts, and a wall clock that is off by some time.
#[derive(Clone, Copy, Debug)]
pub struct ProcessClock {
    /// What the monotonic clock showed when the world began, in microseconds.
    pub origin: u64,
    /// By how much it is too fast, in millionths; negative if too slow.
    pub drift: i64,
    /// What is added to the wall clock, in microseconds.
    pub step: i64,
}

impl ProcessClock {
    /// Both clocks at that time.
    pub fn now(&self, time: Time) -> Now {
        let wall = Timestamp(time.wall().0.saturating_add(self.step));
        Now { moment: Moment(Duration::from_micros(self.shown(time))), wall }
    }

    /// The first time at which the monotonic clock shows that moment or a later one.
    pub fn when(&self, moment: Moment) -> Time {
        let shown = u64::try_from(moment.0.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
        let elapsed = i128::from(shown.saturating_sub(self.origin));
        let rate = 1_000_000 + i128::from(self.drift);
        let mut time = Time(u64::try_from(elapsed * 1_000_000 / rate.max(1)).unwrap_or(u64::MAX));
        while self.shown(time) < shown && time.0 < u64::MAX {
            time.0 += 1;
        }
        time
    }

    fn shown(&self, time: Time) -> u64 {
        let drifted = i128::from(time.0) * (1_000_000 + i128::from(self.drift)) / 1_000_000;
        self.origin.saturating_add(u64::try_from(drifted).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_when_it_is_due_and_not_before() {
        for drift in [-50_000, -7, 0, 7, 50_000] {
            let clock = ProcessClock { origin: 3_000_000, drift, step: 0 };
            for nanos in [3_000_000_000, 3_000_000_001, 4_234_567_891, 900_000_000_000] {
                let moment = Moment(Duration::from_nanos(nanos));
                let time = clock.when(moment);
                assert!(clock.now(time).moment >= moment);
                assert!(time.0 == 0 || clock.now(Time(time.0 - 1)).moment < moment);
            }
        }
    }
}
