//! `cargo xtask differential`: the same script by kube-controller-manager and by Mainstay.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::differential::{self, Options};

/// Whose work to compare.
#[derive(Subcommand)]
pub enum DifferentialCommand {
    /// ReplicationControllers: status, pods and events after each step of a script
    Replication(Replication),
}

/// Which steps, and what is left.
#[derive(Args)]
pub struct Replication {
    /// Only this chapter of the script; may be given again
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(differential::chapter_names()))]
    chapter: Vec<String>,
    /// Leave the cluster as it is at the end
    #[arg(long)]
    keep: bool,
}

/// Does what the command says.
pub fn run(command: DifferentialCommand) -> Result<()> {
    match command {
        DifferentialCommand::Replication(line) => {
            differential::run(&Options { chapters: line.chapter, keep: line.keep })
        }
    }
}
