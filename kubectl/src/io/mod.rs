//! All that talks to a server, the terminal, files and the clock. What it says and sends is decided elsewhere.

#![allow(clippy::disallowed_methods, reason = "the clock comes in here")]

mod changes;
mod cluster;
mod kubeconfig;
mod output;
mod reading;

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::aot;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::command_line::{Command, CommandLine, Format, Settable, Shell};
use crate::completion::{Ask, Completion};
use crate::exit::Exit;
use crate::lint::{Linter, Report, Severity};
use crate::problem::Problem;
use changes::Doing;
use cluster::Cluster;

/// Reads the command line of the plugin, whose first word is the program.
pub fn parse(words: &[std::ffi::OsString]) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(words)
}

/// Does what the command line says.
pub fn run(line: &CommandLine) -> ExitCode {
    let result = runtime().and_then(|runtime| runtime.block_on(perform(line)));
    let exit = result.unwrap_or_else(|problem| {
        // Where not even that can be said, the exit code has to do.
        let _unsaid = writeln!(stderr(), "error: {problem}");
        if matches!(problem, Problem::NotInTime(_)) { Exit::TimedOut } else { Exit::Error }
    });
    ExitCode::from(exit.code())
}

/// Prints how the last of these words may go on, as kubectl reads it. What cannot be asked for is left out.
pub fn complete(words: &[String]) -> ExitCode {
    let completion = Completion::of(words);
    let partial = words.last().cloned().unwrap_or_default();
    let names = match (&completion.ask, runtime()) {
        (Some(ask), Ok(runtime)) => runtime.block_on(names(ask, &completion)).unwrap_or_default(),
        _ => Vec::new(),
    };
    match output::print(&completion.with(names, &partial).text()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn runtime() -> Result<Runtime, Problem> {
    Builder::new_current_thread().enable_all().build().map_err(|error| Problem::Start(error.to_string()))
}

async fn names(ask: &Ask, completion: &Completion) -> Result<Vec<String>, Problem> {
    if *ask == Ask::Contexts {
        return kubeconfig::contexts(&completion.connection);
    }
    let cluster = Cluster::open(&completion.connection).await?;
    match ask {
        Ask::Workloads => {
            let found = cluster.workloads(false).await?;
            Ok(found.into_iter().map(|workload| workload.metadata.name).collect())
        }
        Ask::Containers(name) => Ok(crate::change::image::names(&cluster.workload(name).await?)),
        Ask::Revisions(name) => {
            let revisions = cluster.revisions(&cluster.workload(name).await?).await?;
            Ok(revisions.into_iter().map(|revision| revision.revision.to_string()).collect())
        }
        Ask::Namespaces => cluster.namespaces().await,
        Ask::Contexts => Ok(Vec::new()),
    }
}

async fn perform(line: &CommandLine) -> Result<Exit, Problem> {
    let open = || Cluster::open(&line.connection);
    match &line.command {
        Command::Get { name: Some(name), told, .. } => reading::tree(&open().await?, name, told.output).await,
        Command::Get { name: None, all_namespaces, told } => {
            reading::list(&open().await?, *all_namespaces, told.output).await
        }
        Command::Status { name, watch, timeout, told } => {
            let timeout = (!timeout.is_zero()).then_some(*timeout);
            reading::status(&open().await?, name, *watch, timeout, told.output).await
        }
        Command::History { name, revision, told } => {
            reading::history(&open().await?, name, revision.as_deref(), told.output).await
        }
        Command::Undo { name, to_revision, off, write } => {
            let doing = if *off { Doing::Unpin } else { Doing::Pin(to_revision.as_deref()) };
            changes::perform(&open().await?, name, doing, *write).await
        }
        Command::Pause(target) => {
            changes::perform(&open().await?, &target.name, Doing::Pause(true), target.write).await
        }
        Command::Resume(target) => {
            changes::perform(&open().await?, &target.name, Doing::Pause(false), target.write).await
        }
        Command::Restart(target) => {
            changes::perform(&open().await?, &target.name, Doing::Restart, target.write).await
        }
        Command::Retry(target) => {
            changes::perform(&open().await?, &target.name, Doing::Retry, target.write).await
        }
        Command::Set { what: Settable::Image { name, images, write } } => {
            changes::perform(&open().await?, name, Doing::SetImages(images), *write).await
        }
        Command::Lint { files, strict, told } => lint(files, *strict, told.output),
        Command::Completion { shell } => script(*shell),
    }
}

fn lint(files: &[PathBuf], strict: bool, format: Format) -> Result<Exit, Problem> {
    let linter = Linter::new();
    let mut report = Report::default();
    for file in files {
        let text =
            read(file).map_err(|error| Problem::File { file: file.clone(), why: error.to_string() })?;
        linter.file(&file.display().to_string(), &text, &mut report);
    }
    output::show(&report, format, Report::text)?;
    let refused = if strict { Severity::Warning } else { Severity::Error };
    Ok(if report.has(refused) { Exit::Error } else { Exit::Done })
}

fn read(file: &Path) -> std::io::Result<String> {
    if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    }
}

fn script(shell: Shell) -> Result<Exit, Problem> {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    let mut text = Vec::new();
    aot::generate(shell, &mut CommandLine::command(), "kubectl-mainstay", &mut text);
    output::print(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
}

/// The present time.
fn now() -> Timestamp {
    Timestamp::now()
}
