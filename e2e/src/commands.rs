//! The commands of `cargo xtask`, one module each.

mod bench;
mod ci;
mod cluster;
mod crds;
mod demo;
mod differential;
mod image;
mod sim;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{interrupt, pod_fields};

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
    /// Measure Mainstay beside kube-controller-manager
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Start, stop and look at real clusters on this machine
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Write what is made from the types of the custom resources: crds/yaml and the chart's template
    Crds,
    /// See Mainstay at work: a cluster, its chart, a ReplicationController that comes up, heals and scales
    Demo(demo::Demo),
    /// Run one script by kube-controller-manager and by Mainstay, and compare what each step comes to
    #[command(subcommand)]
    Differential(differential::DifferentialCommand),
    /// Build the image of the manager, as an archive that every container runtime loads
    Image,
    /// Write what is made from Kubernetes' own types: the fields of a pod spec, in controllers/wire
    PodFields,
    /// Run the simulated cluster: many seeds, or one with its log
    Sim(sim::Simulation),
    /// Run every test, from the pure crates to a real cluster
    Test(test::Tests),
    /// Do all that a change must pass: format, lints, dependencies, documentation and tests
    Ci,
}

/// Reads the command line and does what it says.
pub fn run() -> Result<()> {
    let line = CommandLine::parse();
    interrupt::listen()?;
    match line.command {
        Command::Bench(command) => bench::run(command),
        Command::Cluster(command) => cluster::run(command),
        Command::Crds => crds::run(),
        Command::Demo(demo) => demo::run(demo),
        Command::Differential(command) => differential::run(command),
        Command::Image => image::run(),
        Command::PodFields => pod_fields::write(),
        Command::Sim(simulation) => sim::run(&simulation),
        Command::Test(tests) => test::run(&tests),
        Command::Ci => ci::run(),
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
