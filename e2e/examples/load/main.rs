//! Puts load on an apiserver, for the benchmarks: what a user or a kubelet would do, as fast as is asked for, and the raw
//! creates that nothing can be faster than.
//!
//! It is a program of its own because `cargo xtask` is built to start quickly, while this one is built as the manager is:
//! both take from the same processors. It uses the manager's own connections and messages, so what it can do is
//! bounded by the apiserver and not by its client. Each command prints what it has measured as one line of JSON.

#![allow(clippy::disallowed_methods, reason = "it measures")]

mod client;
mod creates;
mod owners;
mod readiness;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use client::Client;

/// Puts load on an apiserver
#[derive(Parser)]
struct CommandLine {
    /// Where the apiserver is, and who asks
    #[arg(long)]
    kubeconfig: PathBuf,
    /// The namespace of all that is done
    #[arg(long)]
    namespace: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make ReplicationControllers `NAME-0`, `NAME-1` and so on
    Owners {
        /// The beginning of their names
        #[arg(long)]
        name: String,
        /// How many
        #[arg(long)]
        count: usize,
        /// The pods that each wants
        #[arg(long)]
        replicas: usize,
    },
    /// Set how many pods these ReplicationControllers want, all together
    Scale {
        /// The beginning of their names
        #[arg(long)]
        name: String,
        /// How many there are
        #[arg(long)]
        count: usize,
        /// The pods that they want, all together
        #[arg(long)]
        pods: usize,
    },
    /// Delete all ReplicationControllers and pods of the namespace
    Clear,
    /// Create the pods that a ReplicationController of the namespace would have, and delete them again; measures the creates
    Creates {
        /// How many
        #[arg(long)]
        pods: usize,
        /// How many creates are on their way at any time
        #[arg(long)]
        width: usize,
    },
    /// Let pods become ready and unready; measures how long it takes until their ReplicationControllers say so
    Readiness {
        /// How many of them a second
        #[arg(long)]
        rate: u32,
        /// For how long
        #[arg(long)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread: another would only be woken by this one.
fn run(line: CommandLine) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(async {
        let client = Client::open(line.kubeconfig, line.namespace).await?;
        match line.command {
            Command::Owners { name, count, replicas } => {
                owners::create(&client, &name, count, replicas).await
            }
            Command::Scale { name, count, pods } => owners::scale(&client, &name, count, pods).await,
            Command::Clear => owners::clear(&client).await,
            Command::Creates { pods, width } => print(&creates::run(&client, pods, width).await?),
            Command::Readiness { rate, seconds } => print(&readiness::run(&client, rate, seconds).await?),
        }
    })
}

fn print(found: &serde_json::Value) -> Result<()> {
    println!("{found}");
    Ok(())
}
