//! Ctrl-C: a flag that every wait of the fixture looks at.
//!
//! Nothing is torn down in a signal handler. A wait that sees the flag ends with an error, that error goes up
//! the call stack like any other, and the one place that cleans up after errors cleans up after this one too.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
static HELD_BACK: AtomicBool = AtomicBool::new(false);

/// From now on SIGINT, SIGTERM and SIGHUP set the flag instead of ending the process.
///
/// Without this call (in tests, for example) signals do what they always do and [`check`] never fails.
pub fn listen() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(|| Arc::new(AtomicBool::new(false)));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(flag)).context("cannot listen for signals")?;
    }
    Ok(())
}

/// Whether a signal has come since [`listen`], and is not to be held back.
pub fn is_set() -> bool {
    !are_held_back() && INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// An error when a signal has come.
pub fn check() -> Result<()> {
    if is_set() {
        bail!("interrupted");
    }
    Ok(())
}

/// Whether signals are held back just now.
pub fn are_held_back() -> bool {
    HELD_BACK.load(Ordering::Relaxed)
}

/// Runs something to its end whatever signals come: cleaning up, above all.
pub fn hold_back<T>(work: impl FnOnce() -> T) -> T {
    let before = HELD_BACK.swap(true, Ordering::Relaxed);
    let result = work();
    HELD_BACK.store(before, Ordering::Relaxed);
    result
}
