//! The clocks, as the brain and the elector see them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mainstay_engine::{Moment, Now};
use mainstay_model::Timestamp;

/// The monotonic and the wall clock of this process. Copies count from the same origin.
///
/// The monotonic clock goes on while the process is stopped, so whoever thaws finds its deadlines passed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose origin is now.
    pub fn start() -> Clock {
        Clock { origin: Instant::now() }
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        // A wall clock that stands before 1970 is as good as one that stands there.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Timestamp(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX));
        Now { moment: self.moment(), wall }
    }

    /// The monotonic clock.
    pub fn moment(&self) -> Moment {
        Moment(self.origin.elapsed())
    }

    /// A moment as the standard library counts.
    pub fn instant(&self, moment: Moment) -> Instant {
        // What no clock reaches stands for the far future, and a century is far enough.
        let century = Duration::from_secs(100 * 365 * 86_400);
        self.origin.checked_add(moment.0.min(century)).unwrap_or(self.origin)
    }

    /// Waits until that moment; not at all if it has passed.
    pub async fn sleep_until(&self, moment: Moment) {
        tokio::time::sleep_until(self.instant(moment).into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_count_from_the_same_origin_and_never_go_back() {
        let clock = Clock::start();
        let copy = clock;
        let first = clock.now();
        let second = copy.now();
        assert!(second.moment >= first.moment);
        assert!(first.wall > Timestamp::from_seconds(1_700_000_000));
    }

    #[tokio::test]
    async fn sleeping_ends_after_the_moment() {
        let clock = Clock::start();
        let until = clock.moment().after(Duration::from_millis(5));
        clock.sleep_until(until).await;
        assert!(clock.moment() >= until);
        clock.sleep_until(Moment::default()).await;
    }
}
