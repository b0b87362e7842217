//! What tests of a real cluster share: one cluster for all tests of a target, and what they look at it with.
//!
//! [`shared`] starts the cluster when the first test needs it and takes it down at the end. [`World`] is one with the chart in
//! it, in which each test has a [`Namespace`]; [`Managers`] are the pods of the chart, [`Crowd`] watches pods,
//! [`templates`] are ReplicationControllers, and [`traffic`] asks services.

#![allow(
    clippy::indexing_slicing,
    reason = "only objects in JSON are indexed, where what is missing reads as null"
)]

mod crowd;
mod managers;
mod namespace;
pub mod shared;
mod signals;
pub mod templates;
pub mod traffic;
mod world;

use std::time::Duration;

pub use crowd::{Crowd, Seen};
pub use managers::{Manager, Managers, Settled};
pub use namespace::{Namespace, condition_of, controller_of, is_active, is_ready, name_of, uid_of};
pub use signals::{Frozen, Slowed};
pub use world::{Body, Test, World, alone, test};

/// The release of the chart.
pub const RELEASE: &str = "mainstay";
/// Its namespace.
pub const SYSTEM: &str = "mainstay-system";

/// For what takes a moment. Deadlines are generous, because the machine may have much else to do.
pub const SOON: Duration = Duration::from_secs(60);
/// For what takes containers that start, or a lease that runs out.
pub const LATER: Duration = Duration::from_secs(150);
