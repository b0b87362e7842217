//! The EndpointSlice controller: tables, upstream's scenarios by their names, issues, and what holds whatever the store contains.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod compaction;
mod hints;
mod issues;
mod metrics;
mod objects;
mod peer;
mod plans;
mod properties;
mod reports;
mod routes;
mod upstream;
mod world;
