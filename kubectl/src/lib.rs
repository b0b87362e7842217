//! `kubectl mainstay`: what users see of SidecarWorkloads, what they change, and what they check before.
//!
//! kubectl runs the program `kubectl-mainstay` for it, which is the binary `mainstay` under another name. What it prints, patches and ends with
//! is decided by functions of objects: no clock, no connection and no file outside of `io`.
//!
//! Invariants, as absences:
//! - nothing is written but the field that the user has asked for, and nothing that an autoscaler owns;
//! - no write is sent again but after the object was read again;
//! - nothing of the manager: it need not run, and is not asked.
//!
//! Map: [`command_line`] is what can be said; [`list`], [`tree`], [`progress`] and [`history`] are what is shown, from [`objects`] by way of
//! [`containers`]; [`change`] is what is written; [`lint`] judges files without a cluster; [`completion`] says how a word may go on; [`problem`]
//! has the words for what goes wrong, [`exit`] the numbers. `io` talks to the server and the terminal.

mod age;
pub mod change;
pub mod command_line;
pub mod completion;
pub mod containers;
pub mod exit;
pub mod history;
mod io;
pub mod lint;
pub mod list;
pub mod objects;
pub mod problem;
pub mod progress;
mod table;
pub mod tree;

pub use command_line::{CommandLine, StartedAs};
pub use io::{complete, parse, run};

/// The name under which fields are written.
pub const MANAGER: &str = "kubectl-mainstay";
