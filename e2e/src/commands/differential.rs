//! `cargo xtask differential`: the same script by kube-controller-manager and by Mainstay.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use crate::differential::endpoints::Endpoints;
use crate::differential::replication::Replication;
use crate::differential::{self, Options, chapter_names};

/// Whose work to compare.
#[derive(Subcommand)]
pub enum DifferentialCommand {
    /// ReplicationControllers: status, pods and events after each step of a script
    Replication(ReplicationScript),
    /// Services: Endpoints, EndpointSlices, mirrored ones and events after each step of a script
    ///
    /// How endpoints are spread over slices, and how slices are called, is not compared.
    Endpoints(EndpointsScript),
}

/// Which steps, and what is left.
#[derive(Args)]
pub struct ReplicationScript {
    /// Only this chapter of the script; may be given again
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(chapter_names::<Replication>()))]
    chapter: Vec<String>,
    #[command(flatten)]
    rest: Rest,
}

/// Which steps, and what is left.
#[derive(Args)]
pub struct EndpointsScript {
    /// Only this chapter of the script; may be given again
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(chapter_names::<Endpoints>()))]
    chapter: Vec<String>,
    #[command(flatten)]
    rest: Rest,
}

#[derive(Args)]
struct Rest {
    /// Leave the cluster as it is at the end
    #[arg(long)]
    keep: bool,
}

/// Does what the command says.
pub fn run(command: DifferentialCommand) -> Result<()> {
    let options = |chapters, rest: Rest| Options { chapters, keep: rest.keep };
    match command {
        DifferentialCommand::Replication(line) => {
            differential::run::<Replication>(&options(line.chapter, line.rest))
        }
        DifferentialCommand::Endpoints(line) => {
            differential::run::<Endpoints>(&options(line.chapter, line.rest))
        }
    }
}
