//! The cluster that the demonstration works on: one of the fixture, or one that a kubeconfig's context leads to.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::page;
use crate::cluster::Cluster;
use crate::image::repository;
use crate::programs::{Programs, ensure};
use crate::shell::{find_program, run_command};

/// The namespace and the name of the chart's release.
pub const MANAGER_NAMESPACE: &str = "mainstay-system";
/// The name of the release, and so of its Deployment, ServiceAccount and Lease.
pub const RELEASE: &str = "mainstay";

/// The cluster that is used.
#[derive(Debug)]
pub struct Target {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Fixture(Box<Cluster>),
    Context { name: String, kubectl: PathBuf, helm: PathBuf },
}

impl Target {
    /// A cluster of the fixture.
    pub fn fixture(cluster: Cluster) -> Self {
        Target { kind: Kind::Fixture(Box::new(cluster)) }
    }

    /// The cluster of a context. The person's own kubectl and helm are used; what is missing is built.
    pub fn context(name: &str) -> Result<Self> {
        let find = |name: &str, programs: Programs| match find_program(name) {
            Some(path) => Ok(path),
            None => ensure(&[programs]).and_then(|()| programs.program(name)),
        };
        let kubectl = find("kubectl", Programs::Kubernetes)?;
        let helm = find("helm", Programs::Helm)?;
        Ok(Target { kind: Kind::Context { name: name.to_owned(), kubectl, helm } })
    }

    /// The fixture's cluster, if it is one.
    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.kind {
            Kind::Fixture(cluster) => Some(cluster),
            Kind::Context { .. } => None,
        }
    }

    /// Whether the manager's pods run here: fake nodes play pods, they do not run them.
    pub fn runs_pods(&self) -> bool {
        self.cluster().is_none_or(|cluster| !cluster.nodes().is_empty())
    }

    /// Where the sample is: in a namespace of its own where the cluster is not ours.
    pub fn sample_namespace(&self) -> &'static str {
        match &self.kind {
            Kind::Fixture(_) => "default",
            Kind::Context { .. } => "mainstay-demo",
        }
    }

    /// A command of kubectl, as a person types it.
    pub fn kubectl_line(&self, arguments: &[&str]) -> String {
        self.line("kubectl", "--context", arguments)
    }

    /// A command of kubectl about the sample, as a person types it.
    pub fn sample_line(&self, arguments: &[&str]) -> String {
        self.kubectl_line(&self.in_sample_namespace(arguments))
    }

    /// A command of helm, as a person types it.
    pub fn helm_line(&self, arguments: &[&str]) -> String {
        self.line("helm", "--kube-context", arguments)
    }

    /// Runs kubectl and says nothing.
    pub fn ask(&self, arguments: &[&str]) -> Result<String> {
        run_command(self.kubectl_command()?.args(arguments), None)
    }

    /// As [`Target::ask`], with the answer read as JSON.
    pub fn ask_json(&self, arguments: &[&str]) -> Result<Value> {
        let mut words = arguments.to_vec();
        words.extend(["--output", "json"]);
        serde_json::from_str(&self.ask(&words)?).context("kubectl answers something that is no JSON")
    }

    /// As [`Target::ask_json`], about the sample.
    pub fn ask_sample_json(&self, arguments: &[&str]) -> Result<Value> {
        self.ask_json(&self.in_sample_namespace(arguments))
    }

    /// Shows a command of kubectl, runs it, and shows its answer.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<()> {
        page::command(&self.kubectl_line(arguments));
        page::answer(&self.ask(arguments)?);
        Ok(())
    }

    /// As [`Target::kubectl`], about the sample.
    pub fn sample(&self, arguments: &[&str]) -> Result<()> {
        self.kubectl(&self.in_sample_namespace(arguments))
    }

    /// Objects as they were given, into kubectl, without a word.
    pub fn apply(&self, objects: &Value) -> Result<String> {
        let mut command = self.kubectl_command()?;
        command.args(["apply", "--filename", "-"]);
        run_command(&mut command, Some(&objects.to_string()))
    }

    /// kubectl, ready for further arguments, in the folder of the repository.
    pub fn kubectl_command(&self) -> Result<Command> {
        let mut command = match &self.kind {
            Kind::Fixture(cluster) => cluster.kubectl_command()?,
            Kind::Context { name, kubectl, .. } => {
                let mut command = Command::new(kubectl);
                command.args(["--context", name]);
                command
            }
        };
        command.current_dir(repository()?);
        Ok(command)
    }

    /// helm, ready for further arguments, in the folder of the repository.
    pub fn helm_command(&self) -> Result<Command> {
        let mut command = match &self.kind {
            Kind::Fixture(cluster) => cluster.helm_command()?,
            Kind::Context { name, helm, .. } => {
                let mut command = Command::new(helm);
                command.args(["--kube-context", name]);
                command
            }
        };
        command.current_dir(repository()?);
        Ok(command)
    }

    fn line(&self, program: &str, flag: &str, arguments: &[&str]) -> String {
        let mut words = vec![program];
        if let Kind::Context { name, .. } = &self.kind {
            words.extend([flag, name]);
        }
        words.extend_from_slice(arguments);
        page::shell_line(&words)
    }

    fn in_sample_namespace<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut words = arguments.to_vec();
        if self.cluster().is_none() {
            words.extend(["--namespace", self.sample_namespace()]);
        }
        words
    }
}
