//! A real node: kubelet, containerd and kube-proxy in network and mount namespaces of their own.
//!
//! The namespaces have no names; a process that does nothing else holds them, and they vanish with the last
//! process of the node. So do the pods' namespaces, mounts, firewall rules and interfaces, which are all inside. In the mount
//! namespace the folders whose place containerd, the kubelet and the network plugins have fixed in their code (`/run` and some
//! in `/var`) are the node's own, so nodes do not meet there, and nothing is left on the machine.

mod containerd;
mod kubelet;
mod namespaces;
mod network;

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cgroups::Cgroup;
use crate::cluster::Cluster;
use crate::process::{Daemon, Surroundings};
use crate::shell;

pub use containerd::{BROKEN_SAMPLE_IMAGE, NEXT_SAMPLE_IMAGE, SAMPLE_IMAGE, write_images};
pub use kubelet::DNS_SERVICE_ADDRESS;
pub use network::{create_bridge, has_firewall_rule, remove_links};

/// The programs of a node, in the order in which they start.
pub const NODE_PROGRAMS: &[&str] = &["namespaces", "containerd", "kubelet", "kube-proxy"];

/// A real node of a cluster. It need not run.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    cluster: &'a Cluster,
    number: u8,
}

impl<'a> Node<'a> {
    /// Names the node; nodes are counted from 1.
    pub(crate) fn new(cluster: &'a Cluster, number: u8) -> Self {
        Node { cluster, number }
    }

    /// The name of its Node object.
    pub fn name(&self) -> String {
        format!("node-{}", self.number)
    }

    /// Its address, reachable from the machine and from the other nodes.
    pub fn address(&self) -> Ipv4Addr {
        self.cluster.addresses().node(self.number)
    }

    /// The folder of all its files.
    pub fn folder(&self) -> PathBuf {
        self.cluster.folder().join(self.name())
    }

    /// Where its kubelet looks for static pods.
    pub fn static_pod_folder(&self) -> PathBuf {
        self.folder().join("manifests")
    }

    /// One of [`NODE_PROGRAMS`].
    pub fn daemon(&self, name: &str) -> Daemon {
        Daemon::new(self.folder(), name)
    }

    /// The first step: namespaces, network and containerd with its images. It needs no apiserver.
    pub(crate) fn prepare(&self, archives: &[PathBuf]) -> Result<()> {
        self.prepare_steps(archives).with_context(|| format!("cannot prepare {}", self.name()))
    }

    fn prepare_steps(&self, archives: &[PathBuf]) -> Result<()> {
        fs::create_dir_all(self.static_pod_folder()).context("cannot create the node's folder")?;
        self.cgroup().create()?;
        self.services_cgroup().create()?;
        namespaces::start(self)?;
        network::connect(self)?;
        containerd::start(self)?;
        self.load_images(archives)
    }

    /// The second step, when the apiserver is ready: the kubelet and kube-proxy.
    pub(crate) fn start(&self) -> Result<()> {
        kubelet::start(self)?;
        kubelet::start_proxy(self)
    }

    /// Starts the kubelet again after it was stopped or killed. Its containers have run on without it.
    pub fn start_kubelet(&self) -> Result<()> {
        kubelet::start(self)
    }

    /// Waits until the node's pods reach services.
    pub(crate) fn wait_for_proxy(&self) -> Result<()> {
        kubelet::wait_for_proxy(self)
    }

    /// Makes the images of an OCI archive available to the node's pods.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        let file = archive.display().to_string();
        self.ctr(&["images", "import", &file]).map(|_answer| ())
    }

    fn load_images(&self, archives: &[PathBuf]) -> Result<()> {
        archives.iter().try_for_each(|archive| self.load_image(archive))
    }

    /// Runs containerd's own client against this node.
    pub fn ctr(&self, arguments: &[&str]) -> Result<String> {
        let socket = containerd::socket(self).display().to_string();
        let mut words = vec!["--address", &socket, "--namespace", "k8s.io"];
        words.extend_from_slice(arguments);
        shell::run("ctr", words)
    }

    /// Runs a program in the node's network and mount namespaces.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let pid = self.holder()?.to_string();
        let mut words = vec!["--target", &pid, "--net", "--mount", "--"];
        words.extend_from_slice(arguments);
        shell::run("nsenter", words)
    }

    /// The process ids of everything that runs on the node: its own programs, the containers and their shims.
    pub fn processes(&self) -> Vec<i32> {
        self.cgroup().processes()
    }

    /// The command lines of all that runs on the node, their words joined by spaces.
    pub fn command_lines(&self) -> Vec<String> {
        let read = |pid: i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).ok();
        self.processes().into_iter().filter_map(read).map(|line| line.replace('\0', " ")).collect()
    }

    /// The control group of all that runs on the node.
    pub(crate) fn cgroup(&self) -> Cgroup {
        self.cluster.cgroup().child(&self.name())
    }

    /// The control group of the node's own programs.
    fn services_cgroup(&self) -> Cgroup {
        self.cgroup().child("services")
    }

    /// The process that holds the namespaces.
    fn holder(&self) -> Result<i32> {
        self.daemon("namespaces").pid().with_context(|| format!("{} does not run", self.name()))
    }

    fn start_program(&self, name: &str, arguments: &[String]) -> Result<()> {
        let surroundings =
            Surroundings { cgroup: Some(self.services_cgroup()), namespaces_of: Some(self.holder()?) };
        self.daemon(name).start(&surroundings, arguments).with_context(|| format!("cannot start {name}"))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder().join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}
