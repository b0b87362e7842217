//! The developer's commands: `cargo xtask` lists them.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mainstay_e2e::commands::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
