//! Tables and properties of the ReplicationController, through its public functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod back_off;
mod brain;
mod objects;
mod plans;
mod properties;
mod relief;
mod reports;
mod routes;
mod scale_down;
mod upstream;
mod world;
