//! What is printed.

use std::io::{ErrorKind, Write, stdout};

use serde::Serialize;

use crate::command_line::Format;
use crate::problem::Problem;

/// Prints a text as it is. Somebody who has read enough, such as `head`, is no problem.
pub(super) fn print(text: &str) -> Result<(), Problem> {
    let mut output = stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Problem::Output(error.to_string())),
        _ => Ok(()),
    }
}

/// Prints something in a form.
pub(super) fn show<T: Serialize>(
    value: &T,
    format: Format,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Problem> {
    let text = match format {
        Format::Text => text(value),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default()),
        Format::Yaml => serde_saphyr::to_string(value).unwrap_or_default(),
    };
    print(&text)
}

/// Prints one of many that follow each other: a line of JSON, or a document of YAML.
pub(super) fn show_next<T: Serialize>(
    value: &T,
    format: Format,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Problem> {
    match format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(value).unwrap_or_default())),
        Format::Yaml => print("---\n").and_then(|()| show(value, format, text)),
        Format::Text => show(value, format, text),
    }
}
