//! `cargo xtask demo`: a newcomer types one command and watches Mainstay bring up pods, heal and scale them.
//!
//! Everything is done by commands that a person could type, and each is shown before it is run. Plain lines are
//! written, one after the other, so that they can be kept in a file or read later.
//!
//! - [`target`]: the cluster, one of the fixture or a given one. `given_cluster` and `in_tree_check` look at one that is not ours
//!   before anything is done to it.
//! - `install`, `local_manager`: the manager as pods, or as a process where nodes only play pods.
//! - `sample`: what there is to see; `live`, `objects` and `page` show it.
//! - `diagnosis`: what to look at when it fails.

mod diagnosis;
mod given_cluster;
mod in_tree_check;
mod install;
mod live;
mod local_manager;
mod objects;
mod page;
mod sample;
pub mod target;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::cluster::{Cluster, ClusterOptions, Nodes};
use crate::in_tree::InTree;
use crate::programs::{Programs, ensure};
use crate::{image, interrupt, prerequisites};
use sample::{SAMPLE, SAMPLE_LABELS};
use target::{MANAGER_NAMESPACE, RELEASE, Target};

/// The name of the demonstration's cluster.
pub const DEFAULT_NAME: &str = "demo";

/// How many nodes it has.
const NODES: u8 = 2;

/// What is to be shown, and where.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// The name of the cluster that is started.
    pub name: String,
    /// Fake nodes, also where real ones are possible.
    pub fake_nodes: bool,
    /// Whether that cluster is taken down at the end.
    pub down: bool,
    /// The context of a cluster that is used instead.
    pub context: Option<String>,
    /// Whether the image is on that cluster's nodes.
    pub image_loaded: bool,
    /// Whether it is used even where the in-tree controllers are on.
    pub allow_in_tree: bool,
}

/// Runs the demonstration from its first line to its last.
pub fn run(options: &DemoOptions) -> Result<()> {
    let start = Instant::now();
    let (target, program) = match &options.context {
        Some(context) => (given_cluster::prepare(context, options)?, None),
        None => {
            let (cluster, program) = start_cluster(options)?;
            (Target::fixture(cluster), Some(program))
        }
    };
    if let Err(error) = show(&target, program.as_deref()) {
        if interrupt::is_set() {
            page::heading("Interrupted");
        } else {
            diagnosis::show(&target);
        }
        say_how_to_take_it_down(&target);
        return Err(error);
    }
    finish(&target, options, start)
}

/// Gives the cluster, and the manager's program as a file of this machine.
fn start_cluster(options: &DemoOptions) -> Result<(Cluster, PathBuf)> {
    let real = prerequisites::is_root() && !options.fake_nodes;
    page::heading("A cluster");
    page::say(
        "etcd, kube-apiserver, kube-scheduler, and kube-controller-manager with all its controllers but the",
    );
    page::say(
        "replicationcontroller: that one is Mainstay here. The first time, the programs are built from their Go",
    );
    page::say("modules, which takes about ten minutes; they are kept.");
    let (nodes, words) = if real {
        page::say("Two real nodes: kubelets with containerd, in network namespaces of this machine.");
        (Nodes::Real(NODES), format!("--nodes {NODES}"))
    } else {
        let why = if options.fake_nodes { "As --fake-nodes says" } else { "Real nodes need root, so" };
        page::say(&format!("{why}: two fake nodes, whose pods run in their status only."));
        (Nodes::Fake(u32::from(NODES)), format!("--fake-nodes {NODES}"))
    };
    page::command(&format!("cargo xtask cluster up --name {} {words}", options.name));
    let cluster = Cluster::up(&ClusterOptions {
        name: options.name.clone(),
        nodes,
        in_tree: InTree::default(),
        audit: false,
    })?;
    // Now, so that what takes minutes is over before there is something to watch.
    match ensure(&[Programs::Helm]).and_then(|()| build_image(&cluster)) {
        Ok(program) => Ok((cluster, program)),
        Err(error) => {
            say_how_to_take_it_down(&Target::fixture(cluster));
            Err(error)
        }
    }
}

fn show(target: &Target, program: Option<&Path>) -> Result<()> {
    if let Some(cluster) = target.cluster() {
        page::say("The commands below find this cluster when you first type:");
        page::command(&environment_line(cluster));
    }

    page::heading("Mainstay, from its chart");
    match program {
        Some(program) if !target.runs_pods() => install::as_a_process(target, program)?,
        _ => install::as_pods(target)?,
    }
    install::show_leader(target)?;

    page::heading("A ReplicationController comes up");
    let mut live = sample::bring_up(target)?;
    sample::show_who_did_what(target, &live)?;

    page::heading("A pod dies, and is replaced");
    sample::kill_a_pod(target, &mut live)?;

    page::heading("Scaled up, and down again");
    sample::scale(target, &mut live, 5)?;
    sample::scale(target, &mut live, 2)?;
    page::say("Its events, from the beginning:");
    sample::show_events(target)
}

fn build_image(cluster: &Cluster) -> Result<PathBuf> {
    page::heading("The image");
    page::say(
        "One static program and nothing else, put together without a container engine. The first build takes minutes.",
    );
    page::command("cargo xtask image");
    let built = image::build()?;
    page::answer(&format!(
        "{}, {:.1} MB, {}",
        image::NAME,
        built.bytes as f64 / 1e6,
        built.archive.display()
    ));
    if !cluster.nodes().is_empty() {
        page::say("Each node's containerd gets it:");
        page::command(&format!("ctr --namespace k8s.io images import {}", built.archive.display()));
        cluster.load_image(&built.archive).context("cannot load the image")?;
    }
    Ok(built.program)
}

fn finish(target: &Target, options: &DemoOptions, start: Instant) -> Result<()> {
    let seconds = start.elapsed().as_secs();
    match target.cluster() {
        Some(cluster) if options.down => {
            page::heading(&format!("That was it, after {seconds} s"));
            page::command(&down_line(cluster));
            cluster.down()?;
            page::say("The cluster is gone.");
        }
        _ => {
            page::heading(&format!("That was it, after {seconds} s. Now you"));
            suggest(target);
            say_how_to_take_it_down(target);
        }
    }
    Ok(())
}

fn suggest(target: &Target) {
    if let Some(cluster) = target.cluster() {
        page::suggestion(&environment_line(cluster), "leads kubectl and helm to this cluster");
    }
    page::suggestion(&target.sample_line(&["get", "rc"]), "the ReplicationController");
    page::suggestion(&target.sample_line(&["describe", "rc", SAMPLE]), "the same, with its events");
    let scale = ["scale", "rc", SAMPLE, "--replicas=20"];
    page::suggestion(&target.sample_line(&scale), "more of them; watch with the next one");
    let watch = ["get", "pods", "--selector", SAMPLE_LABELS, "--watch"];
    page::suggestion(&target.sample_line(&watch), "its pods, as they change");
    match target.cluster() {
        Some(cluster) if !target.runs_pods() => {
            let address = local_manager::address(cluster);
            page::suggestion(&format!("curl 'http://{address}/readyz?verbose'"), "how the manager is");
            page::suggestion(&format!("curl http://{address}/metrics"), "its figures");
            let log = local_manager::daemon(cluster).log();
            page::suggestion(&format!("less {}", log.display()), "its log");
        }
        _ => suggest_for_pods(target),
    }
}

fn suggest_for_pods(target: &Target) {
    let deployment = format!("deployment/{RELEASE}");
    let logs = ["logs", &deployment, "--namespace", MANAGER_NAMESPACE, "--all-pods", "--prefix"];
    page::suggestion(&target.kubectl_line(&logs), "what the managers have logged");
    let forward = ["port-forward", &deployment, "8080", "--namespace", MANAGER_NAMESPACE];
    page::suggestion(
        &format!("{} &\n   curl 'http://localhost:8080/readyz?verbose'", target.kubectl_line(&forward)),
        "how a manager is: its caches, its controllers; /metrics has its figures",
    );
    let test = ["test", RELEASE, "--namespace", MANAGER_NAMESPACE, "--logs"];
    page::suggestion(&target.helm_line(&test), "the chart's own test");
    let leader = "$(kubectl get lease mainstay --namespace mainstay-system --output jsonpath={.spec.holderIdentity} | cut -d_ -f1)";
    if target.cluster().is_some() {
        page::suggestion(
            &format!("kubectl delete pod --namespace {MANAGER_NAMESPACE} \"{leader}\""),
            "end the leader: another one takes over",
        );
    }
}

fn say_how_to_take_it_down(target: &Target) {
    match target.cluster() {
        Some(cluster) => {
            page::gap();
            page::say(&format!("The cluster {} is still up. To take it down:", cluster.name()));
            page::command(&down_line(cluster));
        }
        None => {
            page::gap();
            page::say("To remove what was made, and nothing else:");
            page::command(&target.kubectl_line(&["delete", "namespace", target.sample_namespace()]));
            page::command(&target.helm_line(&["uninstall", RELEASE, "--namespace", MANAGER_NAMESPACE]));
            page::command(&target.kubectl_line(&["delete", "namespace", MANAGER_NAMESPACE]));
        }
    }
}

fn environment_line(cluster: &Cluster) -> String {
    format!("eval \"$(cargo xtask cluster env --name {})\"", cluster.name())
}

fn down_line(cluster: &Cluster) -> String {
    format!("cargo xtask cluster down --name {}", cluster.name())
}
