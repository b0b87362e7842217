//! `cargo xtask test`: every test, from the pure crates to a real cluster.
//!
//! The runners' own output is passed on as it comes. What their closing lines say is added up at the end, so that nobody
//! has to scroll to know how it went.

mod groups;
mod tally;

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use rustix::process::{Pid, Signal};

use crate::interrupt;
use crate::testbed::shared::NO_SKIP;
use groups::Group;
use tally::Tally;

/// Which tests to run.
#[derive(Args)]
pub struct Tests {
    /// Leave out what needs a cluster or the image
    #[arg(long)]
    fast: bool,
    /// Only the tests of this crate, as in `--package mainstay-engine`; may be given again
    #[arg(long, short, value_name = "NAME")]
    package: Vec<String>,
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// How the tests of one group went.
struct Outcome {
    title: &'static str,
    result: std::result::Result<Tally, String>,
    time: Duration,
}

/// Runs the tests; an error says which have failed.
pub fn run(tests: &Tests) -> Result<()> {
    let no_skip = std::env::var_os(NO_SKIP).is_some_and(|value| value == "1");
    run_groups(tests, no_skip)
}

/// Runs all tests, none of which may be left out.
pub fn run_all() -> Result<()> {
    run_groups(&Tests { fast: false, package: Vec::new(), filter: None }, true)
}

/// The folder of the workspace.
pub(super) fn repository() -> Result<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    parent.map(Path::to_path_buf).context("this crate is in no workspace")
}

/// The cargo that runs us, in the folder of the workspace.
pub(super) fn cargo() -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository()?);
    Ok(command)
}

fn run_groups(tests: &Tests, no_skip: bool) -> Result<()> {
    let mut outcomes = Vec::new();
    for group in groups::groups(tests)? {
        let start = Instant::now();
        println!("\n=== {}", group.title);
        let result = match &group.cannot_run {
            Some(reason) => {
                println!("skipped: {reason}");
                let skipped = Tally { skipped: Some(reason.clone()), ..Tally::default() };
                Ok(skipped)
            }
            None => run_group(&group, no_skip)?,
        };
        outcomes.push(Outcome { title: group.title, result, time: start.elapsed() });
    }
    summarise(&outcomes, no_skip && !tests.fast)
}

/// A text instead of a tally is what went wrong before any test could fail.
fn run_group(group: &Group, no_skip: bool) -> Result<std::result::Result<Tally, String>> {
    let call = |arguments: &[String], is_shown| {
        let mut command = cargo()?;
        command.arg("test").args(arguments);
        if no_skip {
            command.env(NO_SKIP, "1");
        }
        run_and_keep(&mut command, is_shown)
    };
    let mut ran = Vec::new();
    std::thread::scope(|scope| {
        let beside = group.beside.as_ref().map(|arguments| scope.spawn(|| call(arguments, false)));
        ran.push(call(&group.arguments, true)?);
        if let Some(beside) = beside {
            let (status, output) = beside.join().map_err(|_| panicked())??;
            // Two at once would be read by nobody.
            show(output.as_bytes());
            ran.push((status, output));
        }
        anyhow::Ok(())
    })?;
    let mut all = Tally { skipped: group.leaves_out.clone(), ..Tally::default() };
    for (status, output) in ran {
        let tally = Tally::read(&output);
        if !status.success() && tally.failed == 0 {
            return Ok(Err(format!("cargo test: {status}; its last lines say why")));
        }
        all.add(tally);
    }
    Ok(Ok(all))
}

/// Runs a program whose output is kept, and may be shown as it comes. Ctrl-C reaches all that it has started.
fn run_and_keep(command: &mut Command, is_shown: bool) -> Result<(ExitStatus, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().context("cannot start cargo")?;
    let pipe = child.stdout.take().context("cargo has no standard output")?;
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| keep(pipe, is_shown));
        let status = wait(&mut child)?;
        let output = reader.join().map_err(|_| panicked())?;
        Ok((status, output))
    })
}

fn panicked() -> anyhow::Error {
    anyhow!("a thread that reads cargo's output has panicked")
}

fn keep(mut pipe: ChildStdout, is_shown: bool) -> String {
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = pipe.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        output.extend_from_slice(bytes);
        if is_shown {
            show(bytes);
        }
    }
    String::from_utf8_lossy(&output).into_owned()
}

fn show(output: &[u8]) {
    let mut screen = std::io::stdout().lock();
    // Nobody may be reading any more; the tests go on, and their result is in the exit code.
    let _unread = screen.write_all(output).and_then(|()| screen.flush());
}

fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for cargo")? {
            interrupt::check()?;
            return Ok(status);
        }
        if interrupt::is_set() {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _gone = rustix::process::kill_process_group(group, Signal::INT);
            }
            child.wait().context("cannot wait for cargo")?;
            interrupt::check()?;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn summarise(outcomes: &[Outcome], no_skip: bool) -> Result<()> {
    let mut problems = Vec::new();
    println!("\n=== summary");
    for Outcome { title, result, time } in outcomes {
        let seconds = time.as_secs();
        match result {
            Ok(tally) => {
                println!("{title:<40} {tally}, {seconds} s");
                problems.extend(tally.failures.iter().map(|test| format!("{test} has failed")));
                if let Some(reason) = &tally.skipped {
                    println!("{:<40} skipped: {reason}", "");
                    problems.extend(no_skip.then(|| format!("{title}: skipped: {reason}")));
                }
                if no_skip && tally.ignored > 0 {
                    problems.push(format!("{title}: {} ignored, and none may be", tally.ignored));
                }
                if tally.failed > 0 && tally.failures.is_empty() {
                    problems.push(format!("{title}: {} failed", tally.failed));
                }
            }
            Err(error) => {
                println!("{title:<40} {error}");
                problems.push(format!("{title}: {error}"));
            }
        }
    }
    if problems.is_empty() {
        println!("all is well");
        return Ok(());
    }
    bail!("not all is well:\n  {}", problems.join("\n  "))
}
