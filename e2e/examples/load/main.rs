//! Puts load on an apiserver, for the benchmarks: what a user or a kubelet would do, as fast as is asked for, and the raw
//! creates that nothing can be faster than.
//!
//! It is a program of its own because `cargo xtask` is built to start quickly, while this one is built as the manager is:
//! both take from the same processors. It uses the manager's own connections and messages, so what it can do is
//! bounded by the apiserver and not by its client. Each command prints what it has measured as one line of JSON.

#![allow(clippy::disallowed_methods, reason = "it measures")]

mod client;
mod creates;
mod flips;
mod owners;
mod pace;
mod pairing;
mod percentile;
mod pods;
mod readiness;
mod rollout;
mod services;
mod watching;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use client::Client;
use services::Shape;
use workloads::WorkloadKind;

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
    /// Make services `s-0`, `s-1` and so on, and the pods that they select, all ready; measures how long that takes
    Services {
        /// How many
        #[arg(long)]
        services: usize,
        /// Pods of each
        #[arg(long)]
        pods_per_service: usize,
        /// The nodes that share the pods: `node-1` and so on
        #[arg(long)]
        nodes: usize,
    },
    /// Let pods of these services become unready and ready again, each time one of another service; measures how long it takes until slices
    /// say so
    Flips {
        /// How many services there are
        #[arg(long)]
        services: usize,
        /// Pods of each
        #[arg(long)]
        pods_per_service: usize,
        /// How many of them a second
        #[arg(long)]
        rate: u32,
        /// For how long
        #[arg(long)]
        seconds: u32,
    },
    /// Let pods of the service `s-0` come and replace those of the generation before; measures how long it takes until slices
    /// show them as ready
    Rollout {
        /// How many
        #[arg(long)]
        pods: usize,
        /// The nodes that share the pods
        #[arg(long)]
        nodes: usize,
        /// How many of them a second
        #[arg(long)]
        rate: u32,
        /// 0 where there are none before
        #[arg(long)]
        generation: u8,
    },
    /// See that the slices of the namespace have so many endpoints that are ready, each once
    CheckSlices {
        /// How many
        #[arg(long)]
        endpoints: usize,
    },
    /// Delete all services, pods, slices and Endpoints of the namespace
    ClearServices,
    /// Delete all slices and Endpoints of the namespace
    ClearWritten,
    /// Make a Deployment or SidecarWorkload whose pods have a sidecar
    CreateWorkload {
        /// What it is to be
        #[arg(long)]
        kind: WorkloadKind,
        /// Its name
        #[arg(long)]
        name: String,
        /// The pods that it wants
        #[arg(long)]
        pods: usize,
    },
    /// Set how many pods it wants
    ScaleWorkload {
        /// What it is
        #[arg(long)]
        kind: WorkloadKind,
        /// Its name
        #[arg(long)]
        name: String,
        /// The pods that it wants
        #[arg(long)]
        pods: usize,
    },
    /// Wait until its status says that all its pods are available
    AwaitWorkload {
        /// What it is
        #[arg(long)]
        kind: WorkloadKind,
        /// Its name
        #[arg(long)]
        name: String,
        /// For how many seconds at most
        #[arg(long)]
        patience: u64,
    },
    /// Give its sidecar another image; measures how long it takes until its status says that all pods have it and are available
    ChangeImage {
        /// What it is
        #[arg(long)]
        kind: WorkloadKind,
        /// Its name
        #[arg(long)]
        name: String,
        /// The image
        #[arg(long)]
        image: String,
        /// For how many seconds at most
        #[arg(long)]
        patience: u64,
    },
    /// Delete all Deployments and SidecarWorkloads of the namespace and all that is theirs
    ClearWorkloads,
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
            Command::Services { services, pods_per_service, nodes } => {
                let shape = Shape { services, pods_per_service };
                print(&services::create(&client, shape, nodes).await?)
            }
            Command::Flips { services, pods_per_service, rate, seconds } => {
                let shape = Shape { services, pods_per_service };
                print(&flips::run(&client, shape, rate, seconds).await?)
            }
            Command::Rollout { pods, nodes, rate, generation } => {
                print(&rollout::run(&client, pods, nodes, rate, generation).await?)
            }
            Command::CheckSlices { endpoints } => print(&services::check(&client, endpoints).await?),
            Command::ClearServices => services::clear(&client).await,
            Command::ClearWritten => services::clear_written(&client).await,
            Command::CreateWorkload { kind, name, pods } => {
                workloads::create(&client, kind, &name, pods).await
            }
            Command::ScaleWorkload { kind, name, pods } => workloads::scale(&client, kind, &name, pods).await,
            Command::AwaitWorkload { kind, name, patience } => {
                let patience = Duration::from_secs(patience);
                workloads::wait_until_done(&client, kind, &name, patience).await
            }
            Command::ChangeImage { kind, name, image, patience } => {
                let patience = Duration::from_secs(patience);
                print(&workloads::change_image(&client, kind, &name, &image, patience).await?)
            }
            Command::ClearWorkloads => workloads::clear(&client).await,
        }
    })
}

fn print(found: &serde_json::Value) -> Result<()> {
    println!("{found}");
    Ok(())
}
