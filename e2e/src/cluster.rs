//! A cluster of the fixture: its name, its folder and all that can be done with it.
//!
//! Everything about a cluster is in its folder, so any process can [`Cluster::open`] one that another has started, and
//! whatever a crash has left can be taken down by its name.

mod down;
mod record;
mod status;
mod up;

use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::addresses::Addresses;
use crate::cgroups::Cgroup;
use crate::in_tree::InTree;
use crate::node::Node;
use crate::process::{Daemon, Surroundings};
use crate::programs::{Programs, ensure};
use crate::{control_plane, controller_manager, prerequisites, shell};

pub use record::names;
pub use status::ComponentStatus;

/// The name of a cluster that was given none.
pub const DEFAULT_NAME: &str = "mainstay";

/// What a cluster is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterOptions {
    /// Tells it from other clusters of the same user: at most 20 small letters, digits and hyphens.
    pub name: String,
    /// How many nodes of which kind.
    pub nodes: Nodes,
    /// The controllers that run beside Mainstay.
    pub in_tree: InTree,
    /// Whether the apiserver keeps a log of who has written what, [`Cluster::audit_log`].
    #[serde(default)]
    pub audit: bool,
}

/// The nodes of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nodes {
    /// So many kubelets with containerd; this needs root.
    Real(u8),
    /// So many nodes that kwok plays. With none, there is nothing but etcd and kube-apiserver.
    Fake(u32),
    /// Both: containers that can be killed on the real ones, pods by the hundred on the fake ones.
    ///
    /// The fake nodes have a taint then, so that only what tolerates it is put there.
    Mixed {
        /// The real nodes.
        real: u8,
        /// The fake nodes.
        fake: u32,
    },
}

impl Nodes {
    /// How many real nodes there are.
    pub fn real(self) -> u8 {
        match self {
            Nodes::Real(count) | Nodes::Mixed { real: count, .. } => count,
            Nodes::Fake(_) => 0,
        }
    }

    /// How many fake nodes there are.
    pub fn fake(self) -> u32 {
        match self {
            Nodes::Fake(count) | Nodes::Mixed { fake: count, .. } => count,
            Nodes::Real(_) => 0,
        }
    }

    /// How many nodes there are.
    pub fn count(self) -> u32 {
        u32::from(self.real()) + self.fake()
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Nodes::Real(count) => write!(formatter, "{count} real nodes"),
            Nodes::Fake(count) => write!(formatter, "{count} fake nodes"),
            Nodes::Mixed { real, fake } => write!(formatter, "{real} real and {fake} fake nodes"),
        }
    }
}

impl Default for ClusterOptions {
    /// Two real nodes, or as many fake ones where we are not root.
    fn default() -> Self {
        let nodes = if prerequisites::is_root() { Nodes::Real(2) } else { Nodes::Fake(2) };
        ClusterOptions { name: DEFAULT_NAME.to_owned(), nodes, in_tree: InTree::default(), audit: false }
    }
}

/// A cluster. It need not run.
#[derive(Debug, Clone)]
pub struct Cluster {
    options: ClusterOptions,
    index: u8,
    folder: PathBuf,
}

impl Cluster {
    /// Starts a cluster, or takes the one of this name that runs with the same options.
    ///
    /// What is left of one that does not run, or not with these options, is taken down first. When it fails or Ctrl-C
    /// is pressed, nothing is left but the logs. What happens is told on standard error.
    pub fn up(options: &ClusterOptions) -> Result<Self> {
        up::up(options)
    }

    /// The cluster of this name, running or not.
    pub fn open(name: &str) -> Result<Self> {
        record::open(name)?
            .with_context(|| format!("there is no cluster `{name}`; `cargo xtask cluster up` starts one"))
    }

    /// Ends all that belongs to the cluster and removes every trace of it.
    pub fn down(&self) -> Result<()> {
        let _lock = record::lock(self.name())?;
        down::down(self)
    }

    /// What there still is of the cluster on this machine, a line each: after [`Cluster::down`] nothing.
    pub fn leftovers(&self) -> Vec<String> {
        down::leftovers(self)
    }

    /// The cluster's programs and nodes, and how they are.
    pub fn status(&self) -> Vec<ComponentStatus> {
        status::status(self)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.options.name
    }

    /// What it was started as.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// The folder of all its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its ports and subnets.
    pub fn addresses(&self) -> Addresses {
        Addresses::of(self.index)
    }

    /// The kubeconfig of a user who may do everything.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.kubeconfig_of("admin")
    }

    /// The kubeconfig of a component or node.
    pub fn kubeconfig_of(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{user}.kubeconfig"))
    }

    /// The name of its kubeconfigs' context.
    pub fn context(&self) -> String {
        format!("mainstay-{}", self.name())
    }

    /// The apiserver's address: the bridge's, where there are nodes that cannot reach loopback.
    pub fn apiserver_address(&self) -> Ipv4Addr {
        if self.options.nodes.real() > 0 { self.addresses().bridge() } else { Ipv4Addr::LOCALHOST }
    }

    /// The apiserver's URL.
    pub fn server(&self) -> String {
        format!("https://{}:{}", self.apiserver_address(), self.addresses().apiserver_port())
    }

    /// The real nodes.
    pub fn nodes(&self) -> Vec<Node<'_>> {
        (1..=self.options.nodes.real()).map(|number| Node::new(self, number)).collect()
    }

    /// A program of the control plane, kwok, or kube-controller-manager where it is a process.
    pub fn daemon(&self, name: &str) -> Daemon {
        Daemon::new(&self.folder, name)
    }

    /// The log of who has written what, one JSON object a line, where the cluster has one.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// Runs kubectl, of the apiserver's version, as the user who may do everything.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        shell::run_command(self.kubectl_command()?.args(arguments), None)
    }

    /// As [`Cluster::kubectl`], with its output read as JSON: pass `get ... -o json`.
    pub fn kubectl_json(&self, arguments: &[&str]) -> Result<Value> {
        let mut words = arguments.to_vec();
        words.extend(["-o", "json"]);
        serde_json::from_str(&self.kubectl(&words)?).context("kubectl answers something that is no JSON")
    }

    /// Applies objects, written in YAML or JSON, on the server's side.
    pub fn kubectl_apply(&self, objects: &str) -> Result<String> {
        let mut command = self.kubectl_command()?;
        command.args(["apply", "--server-side", "--filename", "-"]);
        shell::run_command(&mut command, Some(objects))
    }

    /// kubectl, ready for further arguments.
    pub fn kubectl_command(&self) -> Result<Command> {
        let mut command = Command::new(Programs::Kubernetes.program("kubectl")?);
        self.set_environment(&mut command);
        Ok(command)
    }

    /// Runs helm, which is built when it is first needed.
    pub fn helm(&self, arguments: &[&str]) -> Result<String> {
        shell::run_command(self.helm_command()?.args(arguments), None)
    }

    /// helm, ready for further arguments.
    pub fn helm_command(&self) -> Result<Command> {
        ensure(&[Programs::Helm])?;
        let mut command = Command::new(Programs::Helm.program("helm")?);
        self.set_environment(&mut command);
        Ok(command)
    }

    /// Makes the images of an OCI archive available on all real nodes.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        if !archive.is_file() {
            bail!("there is no image archive {}", archive.display());
        }
        up::in_parallel(&self.nodes(), |node| node.load_image(archive))
    }

    /// Stops the apiserver, as a machine does that is shut down in order.
    pub fn stop_apiserver(&self) -> Result<()> {
        self.daemon("kube-apiserver").stop()
    }

    /// Starts the apiserver again, with the same flags and port, and waits until it is ready.
    pub fn start_apiserver(&self) -> Result<()> {
        control_plane::start_apiserver(self)?;
        control_plane::wait_for_apiserver(self)
    }

    /// Starts kube-controller-manager with these controllers and further flags, and waits until it works.
    pub fn controller_manager_start(&self, in_tree: &InTree, extra_arguments: &[String]) -> Result<()> {
        controller_manager::check_list(in_tree)?;
        controller_manager::start(self, in_tree, extra_arguments)?;
        controller_manager::wait_until_it_works(self, in_tree)
    }

    /// Starts kube-controller-manager as a process of this machine that no pod shows, also where there are real nodes: as in k3s.
    /// It is [`Cluster::daemon`] by this name, of which there may be several.
    pub fn controller_manager_process(
        &self,
        name: &str,
        in_tree: &InTree,
        extra_arguments: &[String],
    ) -> Result<()> {
        controller_manager::check_list(in_tree)?;
        controller_manager::start_hidden_process(self, name, in_tree, extra_arguments)?;
        controller_manager::wait_until_it_works(self, in_tree)
    }

    /// Stops kube-controller-manager and waits until it has ended.
    pub fn controller_manager_stop(&self) -> Result<()> {
        controller_manager::stop(self)
    }

    /// The names of the nodes that are Ready.
    pub fn ready_nodes(&self) -> Result<Vec<String>> {
        let template = "jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type==\"Ready\")].status}\n{end}";
        let answer = self.kubectl(&["get", "nodes", "--output", template])?;
        Ok(answer.lines().filter_map(|line| line.strip_suffix(" True")).map(String::from).collect())
    }

    /// The processes of a pod on a real node, each with its command line: to freeze or kill them from outside.
    pub fn processes_of_pod(&self, namespace: &str, pod: &str) -> Result<Vec<(i32, String)>> {
        let uid = self.kubectl(&[
            "get",
            "pod",
            pod,
            "--namespace",
            namespace,
            "--output",
            "jsonpath={.metadata.uid}",
        ])?;
        let folder = format!("/pod{uid}/");
        let read =
            |pid: i32, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let pids = self.nodes().into_iter().flat_map(|node| node.processes());
        let of_the_pod = pids.filter(|pid| read(*pid, "cgroup").contains(&folder));
        Ok(of_the_pod.map(|pid| (pid, read(pid, "cmdline").replace('\0', " ").trim().to_owned())).collect())
    }

    /// The control group of the whole cluster. With fake nodes only, there is none.
    pub(crate) fn cgroup(&self) -> Cgroup {
        Cgroup::new(&format!("/mainstay-{}", self.name()))
    }

    /// Where the programs of the control plane are started.
    pub(crate) fn control_plane_surroundings(&self) -> Surroundings {
        let cgroup = (self.options.nodes.real() > 0).then(|| self.cgroup().child("control-plane"));
        Surroundings { cgroup, namespaces_of: None }
    }

    /// Leads a client to this cluster, and nothing of it to other folders or through a proxy.
    fn set_environment(&self, command: &mut Command) {
        command.env("KUBECONFIG", self.kubeconfig_path()).env("KUBECACHEDIR", self.folder.join("kubectl"));
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(proxy);
        }
    }
}
