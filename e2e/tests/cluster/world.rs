//! The cluster of the tests with the manager in it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes, names};
use mainstay_e2e::in_tree::{InTree, MAINSTAY_ACTS};
use mainstay_e2e::{image, shell};
use serde_json::Value;

use crate::managers::Managers;
use crate::namespace::Namespace;

/// Never the cluster that a person works with.
const NAME: &str = "e2e-test";
/// The release and its namespace.
pub const RELEASE: &str = "mainstay";
pub const SYSTEM: &str = "mainstay-system";

/// The ceiling of concurrent writes where a test counts pods: so many may be on their way when a leader is lost.
pub const CONCURRENT_WRITES: usize = 4;

/// For what takes a moment. Deadlines are generous, because the machine may have much else to do.
pub const SOON: Duration = Duration::from_secs(60);
/// For what takes containers that start, or a lease that runs out.
pub const LATER: Duration = Duration::from_secs(150);

/// The cluster with the chart installed.
pub struct World {
    pub cluster: Cluster,
}

impl World {
    /// Starts the cluster and installs the chart, with the image that is built now.
    pub fn up() -> Result<World> {
        if names()?.iter().any(|name| name == NAME) {
            eprintln!("taking down what an earlier run has left");
            Cluster::open(NAME)?.down()?;
        }
        let image = image::build()?;
        let nodes = Nodes::Mixed { real: 2, fake: 10 };
        let cluster =
            Cluster::up(&ClusterOptions { name: NAME.to_owned(), nodes, in_tree: InTree::default() })?;
        let world = World { cluster };
        world.install(&image.archive).inspect_err(|error| {
            eprintln!("{error:#}\n{}", world.describe_managers());
            if let Err(error) = world.cluster.down() {
                eprintln!("{error:#}");
            }
        })?;
        Ok(world)
    }

    fn install(&self, archive: &Path) -> Result<()> {
        let start = Instant::now();
        self.cluster.load_image(archive)?;
        let chart = repository().join("charts/mainstay").display().to_string();
        let controllers = format!("controllers={MAINSTAY_ACTS}");
        let concurrent_writes = format!("concurrentWrites={CONCURRENT_WRITES}");
        self.cluster.helm(&[
            "install",
            RELEASE,
            &chart,
            "--namespace",
            SYSTEM,
            "--create-namespace",
            "--set",
            &concurrent_writes,
            "--set",
            &controllers,
            "--wait",
            "--timeout",
            "150s",
        ])?;
        eprintln!("the chart was installed and ready after {:.1} s", start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Brings the cluster back to health after a test that has broken it, and waits until the managers are well.
    pub fn mend(&self) -> Result<()> {
        if self.cluster.daemon("kube-apiserver").pid().is_none() {
            self.cluster.start_apiserver()?;
        }
        self.managers().settled().map(|_all_well| ())
    }

    pub fn managers(&self) -> Managers<'_> {
        Managers::new(self)
    }

    /// kubectl in a namespace.
    pub fn kubectl(&self, namespace: &str, arguments: &[&str]) -> Result<String> {
        let mut command = self.cluster.kubectl_command()?;
        shell::run_command(command.arg("--namespace").arg(namespace).args(arguments), None)
    }

    /// kubectl in a namespace, with its output read as JSON.
    pub fn json(&self, namespace: &str, arguments: &[&str]) -> Result<Value> {
        let mut words = vec!["--namespace", namespace];
        words.extend_from_slice(arguments);
        self.cluster.kubectl_json(&words)
    }

    /// All that helps to understand why a test has failed.
    pub fn describe(&self, namespace: &Namespace<'_>) -> String {
        let mut text = format!("--- how things are after {namespace}\n");
        if self.cluster.daemon("kube-apiserver").pid().is_none() {
            text.push_str("the apiserver does not run; it is started for this\n");
            if let Err(error) = self.cluster.start_apiserver() {
                return format!("{text}{error:#}");
            }
        }
        for arguments in [
            &["get", "replicationcontrollers,pods,resourcequotas", "--output", "wide"][..],
            &["describe", "replicationcontrollers"],
            &["get", "events", "--sort-by", ".lastTimestamp", "--field-selector", "type!=Normal"],
        ] {
            let answer = self.kubectl(namespace.name(), arguments);
            show(&mut text, &arguments.join(" "), &answer);
        }
        text.push_str(&self.describe_managers());
        text
    }

    fn describe_managers(&self) -> String {
        let mut text = String::new();
        let ask = |arguments: &[&str]| self.kubectl(SYSTEM, arguments);
        show(&mut text, "the managers", &ask(&["get", "pods,leases", "--output", "wide"]));
        show(&mut text, "events", &ask(&["get", "events", "--sort-by", ".lastTimestamp"]));
        let pods =
            ask(&["get", "pods", "--output", "jsonpath={.items[*].metadata.name}"]).unwrap_or_default();
        for pod in pods.split_whitespace() {
            show(&mut text, &format!("log of {pod}"), &ask(&["logs", pod, "--tail", "80"]));
            if let Ok(log) = ask(&["logs", pod, "--tail", "40", "--previous"]) {
                show(&mut text, &format!("log of {pod} before its restart"), &Ok(log));
            }
        }
        text
    }
}

/// The end of long answers is what matters.
const LONGEST: usize = 60;

fn show(text: &mut String, title: &str, answer: &Result<String>) {
    let words = match answer {
        Ok(words) => words.clone(),
        Err(error) => format!("{error:#}"),
    };
    let lines: Vec<&str> = words.lines().collect();
    let end = &lines[lines.len().saturating_sub(LONGEST)..];
    writeln!(text, "--- {title}\n{}", end.join("\n")).unwrap();
}

/// The folder of the workspace.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
