//! The I/O around the brain: watches, writes, leader election, events, metrics and health.
//!
//! Invariants, as absences:
//! - no decision about an object: what to write is planned by controllers, when is the brain's, and what follows a failed
//!   request is decided by state machines of the engine that have no I/O;
//! - no retry of a write: a request that may have been sent is never sent again from here;
//! - no flag and no environment variable is read: settings come in as values.
//!
//! Map: [`connection`] sends requests, [`source`] lists and watches, [`executor`] performs what the brain wants done,
//! [`elector`] finds out who leads, [`brain_loop`] is the brain's thread, [`threads`] are the others, [`metrics`] and `health` tell how things stand,
//! [`mod@run`] ties it all together from [`settings`], and [`clock`] is the only place that reads a clock for the brain.

#![allow(clippy::disallowed_methods, reason = "clocks and threads are what this crate is for")]

pub mod brain_loop;
pub mod clock;
pub mod connection;
pub mod elector;
pub mod executor;
mod health;
pub mod metrics;
pub mod run;
pub mod settings;
pub mod source;
pub mod threads;

pub use brain_loop::Ended;
pub use run::{RunError, run};
pub use settings::{LeaderElection, Settings};
