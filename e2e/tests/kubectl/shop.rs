//! The cluster, and the plugin in it.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::process::{Daemon, Surroundings};
use mainstay_e2e::shell::run_command;
use mainstay_e2e::testbed::{Namespace, SOON};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

/// A SidecarWorkload whose pods are replaced: a node that only plays pods replaces no containers in them.
pub const WEB: &str = r#"
apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata: {name: web}
spec:
  replicas: 2
  rollout: {inPlace: Never}
  template:
    main: {name: app, image: "app:1"}
    init: [{name: migrate, image: "app:1"}]
    sidecars: [{name: logs, image: "logs:1"}]
"#;

/// The cluster, and the program under its names.
pub struct Shop {
    cluster: Cluster,
    program: PathBuf,
    links: PathBuf,
}

/// What a run of the plugin has come to.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// What it has printed.
    pub out: String,
    /// What it has complained of.
    pub error: String,
}

impl Said {
    /// What it has printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts how it ended.
    #[track_caller]
    pub fn ends(self, code: i32) -> Said {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Asserts that it has said this, wherever.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Said {
        for word in words {
            assert!(self.out.contains(word) || self.error.contains(word), "{word:?} is not in {self:?}");
        }
        self
    }
}

impl Shop {
    /// Starts the cluster with the definition in it and a manager beside it.
    pub fn up(name: &'static str) -> Result<Shop> {
        let program = build()?;
        let options = ClusterOptions {
            name: name.to_owned(),
            nodes: Nodes::Fake(1),
            in_tree: InTree::Default,
            audit: false,
        };
        let cluster = Cluster::up(&options)?;
        let links = cluster.folder().join("links");
        std::fs::create_dir_all(&links)?;
        for link in ["kubectl-mainstay", "kubectl_complete-mainstay"] {
            let link = links.join(link);
            if !link.exists() {
                symlink(&program, link)?;
            }
        }
        let shop = Shop { cluster, program, links };
        shop.install_definition()?;
        shop.start_manager()?;
        Ok(shop)
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Makes the cluster know SidecarWorkloads.
    pub fn install_definition(&self) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/yaml");
        self.cluster.kubectl(&["apply", "--filename", folder.to_str().unwrap()])?;
        let definition = "crd/sidecarworkloads.mainstay.dev";
        self.cluster.kubectl(&["wait", "--for=condition=Established", definition, "--timeout=30s"])?;
        Ok(())
    }

    /// Starts the manager, and waits until it listens.
    pub fn start_manager(&self) -> Result<()> {
        let address = (Ipv4Addr::LOCALHOST, self.cluster.addresses().mainstay_port());
        let words = [
            self.program.display().to_string(),
            "manager".to_owned(),
            format!("--kubeconfig={}", self.cluster.kubeconfig_path().display()),
            "--leader-elect=false".to_owned(),
            "--controllers=sidecarworkload-controller=on".to_owned(),
            format!("--listen-address={}:{}", address.0, address.1),
        ];
        self.manager().start(&Surroundings::default(), &words)?;
        wait_for("the manager to listen", SOON, || {
            self.manager().check()?;
            Ok(TcpStream::connect(address).ok().map(|_stream| ()))
        })
    }

    /// The manager's process.
    pub fn manager(&self) -> Daemon {
        self.cluster.daemon("mainstay")
    }

    /// The plugin in a namespace.
    pub fn plugin(&self, namespace: &Namespace<'_>, words: &[&str]) -> Said {
        let mut command = self.command(words);
        command.env("KUBECONFIG", self.cluster.kubeconfig_path()).args(["--namespace", namespace.name()]);
        run(&mut command)
    }

    /// The plugin with nothing in its environment.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(self.links.join("kubectl-mainstay"));
        command.env_clear().args(words);
        command
    }

    /// kubectl, which finds the plugin.
    pub fn kubectl(&self, namespace: &Namespace<'_>, words: &[&str]) -> Result<Said> {
        let mut command = self.cluster.kubectl_command()?;
        command.env("PATH", self.path()?).args(words).args(["--namespace", namespace.name()]);
        Ok(run(&mut command))
    }

    /// A PATH on which kubectl finds the plugin.
    pub fn path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.links.clone()).chain(std::env::split_paths(&path));
        Ok(std::env::join_paths(folders)?)
    }
}

/// Builds the program with the plugin, as users do who link it; optimising it would take longer than all tests.
fn build() -> Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    command.current_dir(root).args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "mainstay",
        "--message-format=json",
    ]);
    let messages = run_command(&mut command, None)?;
    let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built.filter_map(|message| Some(message["executable"].as_str()?.into())).next_back();
    program.context("cargo has built no program")
}

/// Runs to the end.
pub fn run(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}
