//! What the controllers of this crate plan, against a store and a server that does what it is asked to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod brain;
mod metrics;
mod mirroring;
mod mirroring_upstream;
mod objects;
mod properties;
mod reports;
mod routes;
mod subsets;
mod subsets_issues;
mod subsets_upstream;
mod truncation;
mod world;
