//! `cargo xtask bench`: benchmarks beside kube-controller-manager.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::bench::replication;
use crate::bench::report::Report;

/// What to measure.
#[derive(Subcommand)]
pub enum BenchCommand {
    /// One ReplicationController from 0 to many pods and back
    Replication(Replication),
}

/// What the benchmark of replication is to do.
#[derive(Args)]
pub struct Replication {
    /// Pods of the ReplicationController
    #[arg(long, value_name = "N", default_value = "3000", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pods: u64,
    /// How often, each time by both
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    #[command(flatten)]
    outcome: Outcome,
}

/// What is done with the result of any benchmark.
#[derive(Args)]
struct Outcome {
    /// Write the result as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail when an aim is missed
    #[arg(long)]
    check: bool,
}

/// Does what the command says.
pub fn run(command: BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Replication(line) => {
            let options = replication::Options { pods: line.pods, rounds: usize::from(line.rounds) };
            finish(&replication::run(options)?, &line.outcome)
        }
    }
}

fn finish(report: &Report, outcome: &Outcome) -> Result<()> {
    println!("{report}");
    if let Some(file) = &outcome.json {
        report.write_json(file)?;
    }
    if outcome.check && !report.all_aims_are_met() {
        bail!("not all aims are met");
    }
    Ok(())
}
