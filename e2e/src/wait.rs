//! Waiting for conditions. Nothing in the fixture sleeps for a fixed time and hopes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::interrupt;

/// Polls `condition` until it gives a value, and fails when `timeout` has passed or Ctrl-C was pressed.
///
/// `what` completes the sentence "gave up waiting for ...". An error of `condition` ends the wait at once, so
/// a condition says `Ok(None)` for what may still come and `Err` for what never will.
pub fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    // Short at first for what takes milliseconds, longer later so that polling does not slow down what it waits for.
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(value) = condition()? {
            return Ok(value);
        }
        interrupt::check()?;
        if start.elapsed() > timeout {
            bail!("gave up waiting for {what} after {} s", timeout.as_secs());
        }
        sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_the_wait() {
        let mut calls = 0;
        let value = wait_for("three calls", Duration::from_secs(5), || {
            calls += 1;
            Ok((calls == 3).then_some("done"))
        });
        assert_eq!(value.unwrap(), "done");
    }

    #[test]
    fn time_ends_the_wait_with_what_was_waited_for() {
        let error = wait_for::<()>("the moon", Duration::ZERO, || Ok(None)).unwrap_err();
        assert!(error.to_string().contains("the moon"), "{error}");
    }

    #[test]
    fn an_error_ends_the_wait() {
        let error = wait_for::<()>("x", Duration::from_secs(5), || bail!("broken")).unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }
}
