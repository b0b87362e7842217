//! What can be wrong with a configuration, in words for the one who wrote it.

use std::fmt::{Display, Formatter};
use std::path::PathBuf;

use thiserror::Error;

/// All that is wrong, so that nobody has to find it one start at a time.
#[derive(Debug, Error)]
pub struct ConfigError(pub Vec<Problem>);

impl Display for ConfigError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the configuration is refused:")?;
        for problem in &self.0 {
            write!(formatter, "\n  {problem}")?;
        }
        write!(formatter, "\n`mainstay manager --help` lists every setting")
    }
}

/// One thing that is wrong.
#[derive(Debug, Error)]
pub enum Problem {
    /// A value that cannot be used.
    #[error("{origin}: {} {reason}", show_value(.value))]
    Value { origin: Origin, value: String, reason: String },
    /// Values that cannot be used together.
    #[error("{0}")]
    Contradiction(String),
    /// A value that nobody gave and that cannot be found.
    #[error("{setting}: {reason}")]
    Missing { setting: &'static str, reason: &'static str },
    /// A key that no setting has.
    #[error("{}, line {line}: unknown key {key:?}; the keys are: {valid}", .path.display())]
    UnknownKey { path: PathBuf, line: u64, key: String, valid: String },
    /// A file that is not there or not allowed.
    #[error("{origin}: cannot read {}: {error}", .path.display())]
    UnreadableFile { origin: Origin, path: PathBuf, error: std::io::Error },
    /// A file that is no list of settings.
    #[error("{}: {error}", .path.display())]
    MalformedFile { path: PathBuf, error: String },
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    Flag(&'static str),
    Variable(String),
    File { path: PathBuf, line: u64, key: &'static str },
    Default(&'static str),
}

impl Display for Origin {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Flag(name) => write!(formatter, "flag --{name}"),
            Origin::Variable(name) => write!(formatter, "environment variable {name}"),
            Origin::File { path, line, key } => {
                write!(formatter, "{}, line {line}, key {key}", path.display())
            }
            Origin::Default(name) => write!(formatter, "default of --{name}"),
        }
    }
}

/// The value in quotes; credentials in an address are left out, because errors end up in logs.
fn show_value(value: &str) -> String {
    match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let (before, after) = (value.get(..scheme), value.get(at..));
            format!("\"{}://...{}\"", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => format!("{value:?}"),
    }
}
