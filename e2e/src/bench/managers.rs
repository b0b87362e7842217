//! The two that are compared, each as a process under its own account.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::certificates::CertificateFolder;
use crate::cluster::Cluster;
use crate::controller_manager::CONTROLLER_MANAGER;
use crate::in_tree::{InTree, MAINSTAY_ACTS};
use crate::private_file;
use crate::process::{Daemon, Surroundings};

/// The release of the chart, and with it the account of the manager.
pub const RELEASE: &str = "mainstay";
const NAMESPACE: &str = "mainstay-system";

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// Mainstay.
    Ours,
    /// kube-controller-manager.
    Peer,
}

/// What is needed to start either.
pub struct Managers<'a> {
    cluster: &'a Cluster,
    program: PathBuf,
    /// The controllers of kube-controller-manager, where it does the work.
    in_tree: InTree,
    /// What Mainstay is told of its controllers.
    controllers: &'static str,
    /// Whether kube-controller-manager keeps to its default rate of requests.
    default_rate: bool,
}

impl Manager {
    /// The order of a round. It changes with each, so that neither always has the fuller etcd.
    pub fn in_turn(round: usize) -> [Manager; 2] {
        if round.is_multiple_of(2) { [Manager::Ours, Manager::Peer] } else { [Manager::Peer, Manager::Ours] }
    }

    /// A word for names of objects.
    pub fn word(self) -> &'static str {
        match self {
            Manager::Ours => "mainstay",
            Manager::Peer => "peer",
        }
    }
}

impl<'a> Managers<'a> {
    /// Gives `program`, the one that is shipped, the account, the rights and the place in the apiserver's queues that
    /// the chart gives it, with these values of it. The Deployment stays an object: nobody here makes pods of it.
    pub fn prepare(cluster: &'a Cluster, program: PathBuf, in_tree: InTree, values: &[&str]) -> Result<Self> {
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/mainstay");
        let chart = chart.to_str().context("the repository's path is no text")?;
        let mut words = vec!["install", RELEASE, chart, "--namespace", NAMESPACE, "--create-namespace"];
        words.extend(values.iter().flat_map(|value| ["--set", value]));
        cluster.helm(&words)?;
        write_kubeconfig(cluster)?;
        Ok(Managers { cluster, program, in_tree, controllers: MAINSTAY_ACTS, default_rate: false })
    }

    /// The same with a Mainstay that is told this of its controllers.
    pub fn with_controllers(self, controllers: &'static str) -> Self {
        Managers { controllers, ..self }
    }

    /// The same with a kube-controller-manager that sends no more requests than it does by default.
    pub fn with_default_rate(self) -> Self {
        Managers { default_rate: true, ..self }
    }

    /// Starts one of them. Both are alone, so neither waits for a lease; neither has a fixed rate of requests, unless that is
    /// what the peer is to be measured with.
    pub fn start(&self, manager: Manager) -> Result<()> {
        match manager {
            Manager::Ours => {
                let mut words = vec![self.program.display().to_string(), "manager".to_owned()];
                words.push(format!("--controllers={}", self.controllers));
                words.push(format!("--kubeconfig={}", self.cluster.kubeconfig_of(RELEASE).display()));
                let port = self.cluster.addresses().mainstay_port();
                words.extend([
                    "--leader-elect=false".to_owned(),
                    format!("--listen-address=127.0.0.1:{port}"),
                ]);
                self.daemon(manager).start(&Surroundings::default(), &words)
            }
            Manager::Peer if self.default_rate => self.cluster.controller_manager_start(&self.in_tree, &[]),
            Manager::Peer => self.cluster.controller_manager_start(&self.in_tree, &Managers::unlimited()),
        }
    }

    /// The flags that let kube-controller-manager send as many requests as it wants.
    pub fn unlimited() -> [String; 2] {
        ["--kube-api-qps=100000", "--kube-api-burst=100000"].map(String::from)
    }

    /// Stops it and waits until it has ended.
    pub fn stop(&self, manager: Manager) -> Result<()> {
        self.daemon(manager).stop()
    }

    /// Its process. An error with the end of its log when it has ended.
    pub fn pid(&self, manager: Manager) -> Result<i32> {
        let daemon = self.daemon(manager);
        daemon.check()?;
        daemon.pid().context("it has just ended")
    }

    fn daemon(&self, manager: Manager) -> Daemon {
        self.cluster.daemon(match manager {
            Manager::Ours => RELEASE,
            Manager::Peer => CONTROLLER_MANAGER,
        })
    }
}

/// The account's token in a kubeconfig, as kube-controller-manager has one of its controller's account. A client
/// certificate would be another thing to check with each request, and one of an administrator is never queued.
fn write_kubeconfig(cluster: &Cluster) -> Result<()> {
    let words = ["create", "token", RELEASE, "--namespace", NAMESPACE, "--duration", "24h"];
    let token = cluster.kubectl(&words)?;
    let authority = CertificateFolder::open(cluster.folder().join("pki")).certificate("ca");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": {
            "server": cluster.server(),
            "certificate-authority": authority,
        }}],
        "users": [{"name": "it", "user": {"token": token.trim()}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    });
    private_file::write(&cluster.kubeconfig_of(RELEASE), &serde_json::to_string_pretty(&config)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_take_turns_in_being_first() {
        assert_eq!(Manager::in_turn(0), [Manager::Ours, Manager::Peer]);
        assert_eq!(Manager::in_turn(1), [Manager::Peer, Manager::Ours]);
    }
}
