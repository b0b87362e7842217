//! How long to wait before trying again.

use std::time::Duration;

/// Exponential back-off: doubles from `base` with each failure in a row, up to `cap`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackOff {
    /// The first delay.
    pub base: Duration,
    /// The longest delay.
    pub cap: Duration,
}

impl BackOff {
    /// The delay after so many failures in a row; the first failure is 1.
    pub fn delay(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_cap() {
        let back_off = BackOff { base: Duration::from_millis(5), cap: Duration::from_secs(60) };
        let delays: Vec<_> =
            [1, 2, 3, 14, 15, 1000].map(|failures| back_off.delay(failures).as_millis()).into();
        assert_eq!(delays, [5, 10, 20, 40_960, 60_000, 60_000]);
    }
}
