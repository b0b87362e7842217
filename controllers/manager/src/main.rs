//! The mainstay binary: flags, environment and file to one configuration, then start.
//!
//! Started under the name `kubectl-mainstay`, or with the word `kubectl`, it is kubectl's plugin instead, which is a crate of its own.
//!
//! It decides nothing about a cluster. It is the only crate that reads flags and environment: [`config`] makes one
//! checked value of them, [`manager`] hands that to the runtime, and the process ends with a code that says why:
//! 0 after a signal to stop, 1 when the lease was lost or the start failed, 2 for a bad configuration.

#![allow(clippy::disallowed_methods, reason = "flags, environment, clocks and randomness come in here")]

mod command_line;
mod config;
mod logs;
mod manager;
mod probe;
mod signals;

#[cfg(feature = "kubectl")]
use std::ffi::OsString;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::command_line::{CommandLine, Subcommands};
use crate::config::surroundings;

fn main() -> ExitCode {
    let words = surroundings::command_line();
    #[cfg(feature = "kubectl")]
    if let Some(code) = plugin(&words) {
        return code;
    }
    let line = match CommandLine::try_parse_from(&words) {
        Ok(line) => line,
        Err(error) => return command_line::tell_of(&error, &words),
    };
    match line.command {
        #[cfg(feature = "kubectl")]
        Subcommands::Kubectl(line) => mainstay_kubectl::run(&line),
        Subcommands::Manager(flags) => manager::main(&flags),
        Subcommands::Probe { url, timeout } => probe(&url, timeout),
        Subcommands::Version => {
            print(stdout(), concat!("mainstay ", env!("CARGO_PKG_VERSION")), ExitCode::SUCCESS)
        }
    }
}

/// What the plugin of kubectl does, if it is what was started.
#[cfg(feature = "kubectl")]
fn plugin(words: &[OsString]) -> Option<ExitCode> {
    use mainstay_kubectl::StartedAs;

    Some(match StartedAs::of(words.first().map(OsString::as_os_str))? {
        StartedAs::Plugin => match mainstay_kubectl::parse(words) {
            Ok(line) => mainstay_kubectl::run(&line),
            Err(error) => command_line::tell(&error),
        },
        StartedAs::Completer => {
            let words = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
            mainstay_kubectl::complete(&words.collect::<Vec<_>>())
        }
    })
}

fn probe(url: &str, timeout: Duration) -> ExitCode {
    match probe::get(url, timeout) {
        Ok(answer) if (200..300).contains(&answer.code) => print(stdout(), &answer.body, ExitCode::SUCCESS),
        Ok(answer) => {
            print(stderr(), &format!("{url} answers {}\n{}", answer.code, answer.body), ExitCode::FAILURE)
        }
        Err(error) => print(stderr(), &error.to_string(), ExitCode::FAILURE),
    }
}

/// Prints a text with one line end behind it; the code says the rest to whoever does not read it.
fn print(mut output: impl Write, text: &str, code: ExitCode) -> ExitCode {
    match writeln!(output, "{}", text.trim_end()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}
