//! What is printed, patched and refused, by tables of objects; the command line; files that are judged without a cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../crds/tests/cases/mod.rs"]
mod cases;
mod changes;
mod command_line;
mod lint;
mod objects;
mod problems;
mod shown;
mod statuses;
