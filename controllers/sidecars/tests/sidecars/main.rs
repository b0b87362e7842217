//! Tables and properties of the SidecarWorkload, through its public functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod failures;
mod golden;
mod history;
mod in_place;
mod kubelet;
mod metrics;
mod objects;
mod properties;
mod rollouts;
mod routes;
mod world;
