//! `cargo xtask demo`: see Mainstay at work.

use anyhow::Result;
use clap::Args;

use crate::demo::{self, DEFAULT_NAME, DemoOptions};

/// What is to be shown, and where.
#[derive(Args)]
pub struct Demo {
    /// The name of the cluster that is started
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
    /// Use fake nodes, and the manager as a process of this machine; without root that is the default
    #[arg(long, conflicts_with = "context")]
    fake_nodes: bool,
    /// Take the cluster down at the end
    #[arg(long, conflicts_with = "context")]
    down: bool,
    /// Start no cluster: use that of a kubeconfig's context. It is refused while the in-tree replicationcontroller
    /// runs there
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    context: Option<String>,
    /// The image is on that cluster's nodes; without this, it is built and the command that loads it is shown
    #[arg(long, requires = "context")]
    image_loaded: bool,
    /// Do not look whether the in-tree replicationcontroller runs there. Two that do the same undo each other's work
    #[arg(long, requires = "context")]
    allow_in_tree: bool,
}

/// Shows it.
pub fn run(demo: Demo) -> Result<()> {
    let Demo { name, fake_nodes, down, context, image_loaded, allow_in_tree } = demo;
    demo::run(&DemoOptions { name, fake_nodes, down, context, image_loaded, allow_in_tree })
}
