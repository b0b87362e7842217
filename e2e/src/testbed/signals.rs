//! Processes that are made to stand still or to be slow. No test leaves one behind that is.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;

use crate::process;

/// A process that is stopped, and goes on when the value is gone.
pub struct Frozen(i32);

impl Frozen {
    /// Stops it.
    pub fn freeze(pid: i32) -> Self {
        process::send(pid, Signal::STOP);
        Frozen(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        process::send(self.0, Signal::CONT);
    }
}

/// A process that runs a small part of the time, as one with little of a processor does. Two hundred pods are made in half a
/// second otherwise, in which a watch may be late.
pub struct Slowed {
    stop: Sender<()>,
    pulse: Option<JoinHandle<()>>,
}

impl Slowed {
    /// Lets it run a tenth of the time.
    pub fn slow(pid: i32) -> Self {
        Self::pulsing(pid, Duration::from_millis(5), Duration::from_millis(45))
    }

    /// Lets it run for so long between two pauses.
    pub fn pulsing(pid: i32, run: Duration, pause: Duration) -> Self {
        let (stop, stopped) = channel();
        let pulse = std::thread::spawn(move || {
            loop {
                let frozen = Frozen::freeze(pid);
                let ends = stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout);
                drop(frozen);
                if ends || stopped.recv_timeout(run) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Slowed { stop, pulse: Some(pulse) }
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        // Nobody listens where the pulse has ended.
        let _ended = self.stop.send(());
        if let Some(pulse) = self.pulse.take() {
            let _its_panic_was_printed = pulse.join();
        }
    }
}
