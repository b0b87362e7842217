//! The commands of `cargo xtask`, one module each.

mod cluster;
mod image;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::interrupt;

/// The developer's commands of Mainstay
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start, stop and look at real clusters on this machine
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Build the image of the manager, as an archive that every container runtime loads
    Image,
}

/// Reads the command line and does what it says.
pub fn run() -> Result<()> {
    let line = CommandLine::parse();
    interrupt::listen()?;
    match line.command {
        Command::Cluster(command) => cluster::run(command),
        Command::Image => image::run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
