//! `mainstay manager`: from the configuration to the end of the process.

use std::io::stderr;
use std::process::ExitCode;

use crate::command_line::Flags;
use crate::config::surroundings::Surroundings;
use crate::config::{self, Loaded};
use crate::logs;

/// Exit code of a process whose configuration was refused.
const BAD_CONFIGURATION: u8 = 2;

/// Runs until there is a reason to end.
pub fn main(flags: &Flags) -> ExitCode {
    let Loaded { config, warnings } = match config::load(&flags.0, &Surroundings::look()) {
        Ok(loaded) => loaded,
        Err(error) => {
            return crate::print(stderr(), &format!("mainstay: {error}"), ExitCode::from(BAD_CONFIGURATION));
        }
    };
    if let Err(error) = logs::start(&config) {
        return crate::print(stderr(), &format!("mainstay: cannot log: {error}"), ExitCode::FAILURE);
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    ExitCode::SUCCESS
}
