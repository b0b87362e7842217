//! `cargo xtask cluster`: clusters on this machine.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::cluster::{Cluster, ClusterOptions, DEFAULT_NAME, Nodes, names};
use crate::in_tree::InTree;
use crate::programs::Programs;
use crate::shell::find_program;

/// What to do with clusters.
#[derive(Subcommand)]
pub enum ClusterCommand {
    /// Start a cluster: etcd, apiserver, scheduler, controllers and nodes
    Up(Up),
    /// End a cluster and remove every trace of it
    Down(Down),
    /// List clusters and how they are
    Status,
    /// Print what leads kubectl to a cluster: eval "$(cargo xtask cluster env)"
    Env(Named),
}

/// A cluster by its name.
#[derive(Args)]
pub struct Named {
    /// The cluster's name
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
}

/// What the cluster is to be.
#[derive(Args)]
pub struct Up {
    #[command(flatten)]
    cluster: Named,
    /// Real nodes: kubelets with containerd in namespaces of their own; needs root [default: 2, as root]
    #[arg(long, value_name = "N")]
    nodes: Option<u8>,
    /// Fake nodes, played by kwok [default: 2, if not root]. Beside real nodes, each has the taint
    /// kwok.x-k8s.io/node=fake:NoSchedule
    #[arg(long, value_name = "N")]
    fake_nodes: Option<u32>,
    /// In-tree controllers that run beside Mainstay: `all`, `none`, `default` (all but those that it does in tests),
    /// or a list as kube-controller-manager takes it. With `none`, pods are refused until something makes the
    /// default ServiceAccounts
    #[arg(long, value_name = "LIST", default_value = "default", allow_hyphen_values = true)]
    in_tree: InTree,
    /// Have the apiserver log who writes what, in audit.log in the cluster's folder
    #[arg(long)]
    audit: bool,
}

/// Which clusters to take down.
#[derive(Args)]
pub struct Down {
    #[command(flatten)]
    cluster: Named,
    /// All clusters of this user
    #[arg(long, conflicts_with = "name")]
    all: bool,
}

/// Does what the command says.
pub fn run(command: ClusterCommand) -> Result<()> {
    match command {
        ClusterCommand::Up(up) => start(up),
        ClusterCommand::Down(down) => stop(&down),
        ClusterCommand::Status => show_all(),
        ClusterCommand::Env(named) => print_environment(&named.name),
    }
}

fn start(up: Up) -> Result<()> {
    let mut options = ClusterOptions {
        name: up.cluster.name,
        in_tree: up.in_tree,
        audit: up.audit,
        ..ClusterOptions::default()
    };
    match (up.nodes, up.fake_nodes) {
        (Some(real), Some(fake)) => options.nodes = Nodes::Mixed { real, fake },
        (Some(count), None) => options.nodes = Nodes::Real(count),
        (None, Some(count)) => options.nodes = Nodes::Fake(count),
        (None, None) => {}
    }
    let cluster = Cluster::up(&options)?;
    let name = match cluster.name() {
        DEFAULT_NAME => String::new(),
        other => format!(" --name {other}"),
    };
    println!("Use it:      eval \"$(cargo xtask cluster env{name})\" && kubectl get nodes");
    println!("Take it down: cargo xtask cluster down{name}");
    Ok(())
}

fn stop(down: &Down) -> Result<()> {
    let names = if down.all { names()? } else { vec![down.cluster.name.clone()] };
    let existing = crate::cluster::names()?;
    for name in names {
        if existing.contains(&name) {
            Cluster::open(&name)?.down()?;
            println!("cluster {name} is gone");
        } else {
            println!("there is no cluster {name}");
        }
    }
    Ok(())
}

fn show_all() -> Result<()> {
    let names = names()?;
    if names.is_empty() {
        println!("there is no cluster; `cargo xtask cluster up` starts one");
    }
    let mut all_well = true;
    for name in names {
        let cluster = Cluster::open(&name)?;
        let options = cluster.options();
        println!("{name}: {}, in-tree controllers: {}, {}", options.nodes, options.in_tree, cluster.server());
        for component in cluster.status() {
            let pid = component.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            all_well &= component.problem.is_none();
            println!("  {}{pid}: {}", component.name, component.problem.as_deref().unwrap_or("well"));
        }
    }
    if !all_well {
        bail!("not all is well; `cargo xtask cluster up` starts a cluster anew");
    }
    Ok(())
}

fn print_environment(name: &str) -> Result<()> {
    let cluster = Cluster::open(name)?;
    println!("export KUBECONFIG='{}'", cluster.kubeconfig_path().display());
    // What kubectl keeps of one cluster is wrong for the next one with the same port.
    println!("export KUBECACHEDIR='{}'", cluster.folder().join("kubectl").display());
    println!("export NO_PROXY=\"{}${{NO_PROXY:+,$NO_PROXY}}\"", cluster.apiserver_address());
    for (name, programs) in [("kubectl", Programs::Kubernetes), ("helm", Programs::Helm)] {
        // helm is not built for every cluster.
        let folder = programs.folder()?;
        if find_program(name).is_none() && folder.exists() {
            println!("export PATH=\"$PATH:{}\"", folder.display());
        }
    }
    Ok(())
}
