//! The cluster of the tests with the chart in it.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;

use super::shared::{self, Shared, problem};
use super::{Managers, Namespace, RELEASE, SYSTEM};
use crate::cluster::{Cluster, ClusterOptions};
use crate::image::{self, repository};
use crate::interrupt;

/// A cluster that the chart is installed in.
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
}

/// What a test does in its namespace. It fails by an error or a panic.
pub type Body = fn(&World, &Namespace<'_>) -> Result<()>;

/// A test by its name.
pub struct Test {
    name: &'static str,
    is_alone: bool,
    body: Body,
}

/// A test that others may run beside: it breaks nothing outside its namespace, and asks nothing of what is there.
pub const fn test(name: &'static str, body: Body) -> Test {
    Test { name, is_alone: false, body }
}

/// A test that runs while no other does: it breaks the cluster or its managers, or measures them.
pub const fn alone(name: &'static str, body: Body) -> Test {
    Test { name, is_alone: true, body }
}

impl World {
    /// Starts the cluster, with the image that is built now on its nodes, and does what else is wanted before the first test.
    pub fn up(options: &ClusterOptions, prepare: impl FnOnce(&World) -> Result<()>) -> Result<World> {
        let image = image::build()?;
        let world = World { cluster: Cluster::up(options)? };
        world.cluster.load_image(&image.archive).and_then(|()| prepare(&world)).inspect_err(|error| {
            eprintln!("{error:#}\n{}", world.describe_managers());
            if let Err(error) = world.cluster.down() {
                eprintln!("{error:#}");
            }
        })?;
        Ok(world)
    }

    /// Installs the chart, or has it upgraded, with these values, and waits until its pods are ready: in the mode auto a minute for
    /// each where nobody else acts.
    pub fn install(&self, values: &[String]) -> Result<()> {
        let start = Instant::now();
        let chart = repository()?.join("charts/mainstay").display().to_string();
        let mut words = vec!["upgrade", "--install", RELEASE, &chart, "--namespace", SYSTEM];
        words.extend(["--create-namespace", "--reset-values", "--wait", "--timeout", "300s"]);
        words.extend(values.iter().flat_map(|value| ["--set", value]));
        self.cluster.helm(&words)?;
        eprintln!("    the chart was installed and ready after {:.1} s", start.elapsed().as_secs_f64());
        Ok(())
    }

    /// The managers of the chart.
    pub fn managers(&self) -> Managers<'_> {
        Managers::new(&self.cluster)
    }

    /// The namespace of the chart.
    pub fn system(&self) -> Namespace<'_> {
        Namespace::named(&self.cluster, SYSTEM)
    }

    /// Runs tests that share such a cluster, each in a namespace of its own. `mend` brings the cluster back to health before and after each one that
    /// runs alone.
    pub fn run(
        shared: Shared<World>,
        mend: fn(&World) -> Result<()>,
        tests: &'static [Test],
    ) -> shared::Outcome {
        let run = |test: &'static Test| -> shared::Test<World> {
            let body = move |world: &World| world.run_in_namespace(test, mend);
            shared::Test { name: test.name, is_alone: test.is_alone, body: Box::new(body) }
        };
        shared::run(shared, tests.iter().map(run).collect())
    }

    fn run_in_namespace(&self, test: &Test, mend: fn(&World) -> Result<()>) -> Result<()> {
        let start = Instant::now();
        let namespace = Namespace::named_after(&self.cluster, test.name);
        let mend = || if test.is_alone { mend(self) } else { Ok(()) };
        let problem = problem(|| {
            mend()?;
            namespace.create()?;
            (test.body)(self, &namespace)
        });
        eprintln!("    {} took {:.1} s", test.name, start.elapsed().as_secs_f64());
        let Some(problem) = problem else {
            namespace.remove();
            return mend();
        };
        if !interrupt::is_set() {
            // Here and not in the message, which is shown again at the end.
            eprintln!("{problem}\n{}", self.describe(&namespace));
            // What is left there, such as a full quota or a budget that lets nobody go, is not to break the tests after it.
            if !shared::is_kept() {
                namespace.remove();
            }
            if let Err(error) = mend() {
                eprintln!("{error:#}");
            }
        }
        Err(anyhow::Error::msg(problem))
    }

    /// All that helps to understand why a test has failed.
    fn describe(&self, namespace: &Namespace<'_>) -> String {
        let mut text = format!("--- how things are after {namespace}\n");
        if self.cluster.daemon("kube-apiserver").pid().is_none() {
            text.push_str("the apiserver does not run; it is started for this\n");
            if let Err(error) = self.cluster.start_apiserver() {
                return format!("{text}{error:#}");
            }
        }
        for arguments in [
            &["get", "replicationcontrollers,pods,resourcequotas", "--output", "wide"][..],
            &["get", "services,endpoints,endpointslices", "--output", "wide"],
            &["get", "sidecarworkloads", "--output", "jsonpath={.items[*].status}"],
            &["describe", "replicationcontrollers"],
            &["get", "events", "--sort-by", ".lastTimestamp", "--field-selector", "type!=Normal"],
        ] {
            show(&mut text, &arguments.join(" "), &namespace.kubectl(arguments));
        }
        text.push_str(&self.describe_managers());
        text
    }

    fn describe_managers(&self) -> String {
        let mut text = String::new();
        let ask = |arguments: &[&str]| self.system().kubectl(arguments);
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
    let end = lines.get(lines.len().saturating_sub(LONGEST)..).unwrap_or_default();
    // Writing to a text does not fail.
    let _written = writeln!(text, "--- {title}\n{}", end.join("\n"));
}
