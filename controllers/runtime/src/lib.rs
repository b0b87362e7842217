//! The I/O around the brain: watches, writes, leader election, events, metrics and health.
//!
//! Invariants, as absences:
//! - no decision about an object: what to write is planned by controllers, when is the brain's, and what follows a failed
//!   request is decided by state machines of the engine that have no I/O;
//! - no retry of a write: a request that may have been sent is never sent again from here;
//! - no flag and no environment variable is read: settings come in as values.
//!
//! Map: [`connection`] sends requests, [`source`] lists and watches, [`executor`] performs what the brain wants done.

pub mod clock;
pub mod connection;
pub mod executor;
pub mod source;
