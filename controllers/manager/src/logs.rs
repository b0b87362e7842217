//! Log lines, on standard error.

use std::io::{IsTerminal, stderr};

use thiserror::Error;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

/// Why nothing can be logged.
#[derive(Debug, Error)]
pub enum LogError {
    /// The filter was not checked before.
    #[error("bad filter: {0}")]
    Filter(#[from] ParseError),
    /// Logs were started twice.
    #[error(transparent)]
    Started(#[from] TryInitError),
}

/// Starts logging as the configuration says.
pub fn start(config: &Config) -> Result<(), LogError> {
    let registry = tracing_subscriber::registry().with(EnvFilter::builder().parse(&config.log_level)?);
    match config.log_format {
        LogFormat::Text => {
            let lines = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
            registry.with(lines).try_init()?;
        }
        LogFormat::Json => {
            let lines = fmt::layer().with_writer(stderr).json().flatten_event(true);
            registry.with(lines).try_init()?;
        }
    }
    log_panics();
    Ok(())
}

/// A panic of one plan does not end the process; it is told in the same form as everything else.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panic: {}", panic.payload_as_str().unwrap_or("no message"));
    }));
}
