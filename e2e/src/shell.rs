//! Running other programs to their end.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// Runs a program and gives its standard output; what it wrote to standard error becomes the error.
pub fn run<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Result<String> {
    run_command(Command::new(program).args(arguments), None)
}

/// As [`run`], for a command that is already composed, and with something for its standard input.
pub fn run_command(command: &mut Command, input: Option<&str>) -> Result<String> {
    let line = describe(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    if interrupt::are_held_back() {
        // Away from the terminal, whose Ctrl-C would end a program that cleans up.
        command.process_group(0);
    }
    let mut child = command.spawn().with_context(|| format!("cannot start {line}"))?;
    // A thread of its own: a program that answers before it has read everything would block both sides.
    let output: Output = std::thread::scope(|scope| {
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            // A program that does not read its input to the end says why on standard error.
            scope.spawn(move || pipe.write_all(text.as_bytes()).is_ok());
        }
        child.wait_with_output()
    })
    .with_context(|| format!("cannot wait for {line}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
        bail!("{line}: {}\n{said}", output.status);
    }
    Ok(stdout)
}

/// The whole file name of a program on the PATH, or in the folders where administrators' programs live.
pub fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(Into::into))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_returned_and_errors_carry_what_was_said() {
        assert_eq!(run("echo", ["hello"]).unwrap(), "hello\n");
        let error = run("sh", ["-c", "echo bad >&2; exit 3"]).unwrap_err().to_string();
        assert!(error.contains("bad") && error.contains('3'), "{error}");
    }

    #[test]
    fn input_is_passed_on() {
        assert_eq!(run_command(&mut Command::new("cat"), Some("text")).unwrap(), "text");
    }
}
