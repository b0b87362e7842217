//! The program that puts load on the apiserver: `e2e/examples/load`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::managers::RELEASE;
use crate::cluster::Cluster;
use crate::shell;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// A user who may do everything and is never queued.
    Admin,
    /// The account of the manager.
    Manager,
}

/// The program, and the cluster that it puts under load.
pub struct Load<'a> {
    cluster: &'a Cluster,
    program: PathBuf,
}

impl<'a> Load<'a> {
    /// Takes the program that was built.
    pub fn new(cluster: &'a Cluster, program: PathBuf) -> Self {
        Load { cluster, program }
    }

    /// Does something to its end, for which nothing is measured.
    pub fn run(&self, namespace: &str, words: &[&str]) -> Result<()> {
        shell::run_command(&mut self.command(Account::Admin, namespace, words), None).map(|_| ())
    }

    /// Does something to its end and gives what was measured.
    pub fn measure(&self, account: Account, namespace: &str, words: &[&str]) -> Result<Value> {
        let said = shell::run_command(&mut self.command(account, namespace, words), None)?;
        serde_json::from_str(&said).context("the load says something that is no JSON")
    }

    /// Starts something that is to go on beside what is measured.
    pub fn start(&self, namespace: &str, words: &[&str]) -> Result<Child> {
        let mut command = self.command(Account::Admin, namespace, words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("cannot start the load")
    }

    fn command(&self, account: Account, namespace: &str, words: &[&str]) -> Command {
        let kubeconfig = match account {
            Account::Admin => self.cluster.kubeconfig_path(),
            Account::Manager => self.cluster.kubeconfig_of(RELEASE),
        };
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(kubeconfig).args(["--namespace", namespace]).args(words);
        command
    }
}

/// A figure in what was measured.
pub fn figure(measured: &Value, name: &str) -> Result<f64> {
    measured
        .get(name)
        .and_then(Value::as_f64)
        .with_context(|| format!("the load has not measured {name}: {measured}"))
}
