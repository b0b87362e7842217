//! The I/O around the brain: watches, writes, leader election, events, metrics and health.
