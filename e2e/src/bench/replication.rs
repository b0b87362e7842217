//! `cargo xtask bench replication`: one ReplicationController from none to thousands of pods and back.
//!
//! The cluster has etcd and an apiserver and nothing else that works: no scheduler and no kubelet. So the pods stay pending, are
//! gone as soon as they are deleted, and all that the apiserver can do goes into creating and deleting them.
//! Before it is measured, each manager shows with a small ReplicationController that it works.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::etcd::{Counted, Etcd};
use super::managers::{Manager, Managers};
use super::report::{Aim, Measure, Report};
use super::usage::{peak_memory, processor_time, processor_time_of_all};
use crate::cluster::{Cluster, ClusterOptions, Nodes};
use crate::fake_nodes::KWOK;
use crate::in_tree::InTree;
use crate::{image, interrupt};

/// The cluster of this benchmark, so that it needs none and disturbs none.
const CLUSTER: &str = "bench-replication";
/// What is measured, and what shows that a manager works.
const SUBJECT: &str = "subject";
const WARM_UP: &str = "warm-up";
const WARM_UP_PODS: u64 = 10;
/// Pods of the round that is not counted, in which the apiserver gets warm.
const UNCOUNTED_PODS: u64 = 500;
/// Between two looks at etcd: a hundredth of what is measured, or less.
const GLANCE: Duration = Duration::from_millis(20);
/// All is done when so long nothing was written.
const REST: Duration = Duration::from_secs(2);

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Pods of the ReplicationController.
    pub pods: u64,
    /// How often, each time by both.
    pub rounds: usize,
}

/// What one manager took to bring the pods to a number.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// From the write of the new number until the last pod.
    took: Duration,
    /// The manager's, until all was at rest.
    manager: Duration,
    /// The apiserver's in the same time.
    apiserver: Duration,
    /// Everybody else's on this machine, etcd left out.
    others: Duration,
    /// Writes that etcd saw in the same time.
    writes: u64,
}

/// What one manager took in one round.
#[derive(Debug, Clone, Copy)]
struct Run {
    up: Cost,
    down: Cost,
    peak_memory: u64,
}

/// Measures, telling on standard error how it goes.
pub fn run(options: Options) -> Result<Report> {
    // Before there is a cluster that would stand and wait.
    let program = image::build()?.program;
    let cluster = Cluster::up(&ClusterOptions {
        name: CLUSTER.to_owned(),
        nodes: Nodes::Fake(1),
        in_tree: InTree::None,
        audit: false,
    })?;
    let measured = measure(&cluster, program, options);
    let down = interrupt::hold_back(|| cluster.down());
    let report = measured?;
    down?;
    Ok(report)
}

fn measure(cluster: &Cluster, program: PathBuf, options: Options) -> Result<Report> {
    for idle in [KWOK, "kube-scheduler"] {
        cluster.daemon(idle).stop()?;
    }
    let in_tree = InTree::List(vec!["replicationcontroller-controller".to_owned()]);
    let managers = Managers::prepare(cluster, program, in_tree)?;
    eprintln!("a round of {UNCOUNTED_PODS} pods that is not counted");
    for manager in Manager::in_turn(0) {
        Bench::new(cluster, &managers, manager, format!("uncounted-{}", manager.word()))?
            .run(UNCOUNTED_PODS)?;
    }
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        for manager in Manager::in_turn(round) {
            let namespace = format!("round-{}-{}", round + 1, manager.word());
            let run = Bench::new(cluster, &managers, manager, namespace)?.run(options.pods)?;
            eprintln!(
                "round {} of {}, {:8}: {}",
                round + 1,
                options.rounds,
                manager.word(),
                tell(&run, options)
            );
            match manager {
                Manager::Ours => ours.push(run),
                Manager::Peer => peer.push(run),
            }
        }
    }
    Ok(report(options, &ours, &peer))
}

/// One manager in one round.
struct Bench<'a> {
    cluster: &'a Cluster,
    managers: &'a Managers<'a>,
    manager: Manager,
    namespace: String,
    etcd: Etcd,
}

impl<'a> Bench<'a> {
    fn new(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        manager: Manager,
        namespace: String,
    ) -> Result<Self> {
        let etcd = Etcd::connect(cluster.addresses().etcd_port())?;
        Ok(Bench { cluster, managers, manager, namespace, etcd })
    }

    fn run(mut self, pods: u64) -> Result<Run> {
        self.cluster.kubectl_apply(&objects(&self.namespace).to_string())?;
        self.managers.start(self.manager)?;
        self.scale(WARM_UP, WARM_UP_PODS)?;
        self.scale(WARM_UP, 0)?;
        let up = self.scale(SUBJECT, pods)?;
        let down = self.scale(SUBJECT, 0)?;
        let peak_memory = peak_memory(self.managers.pid(self.manager)?)?;
        self.managers.stop(self.manager)?;
        // The next manager is not to find it.
        let all = ["delete", "replicationcontrollers", "--all", "--namespace", &self.namespace];
        self.cluster.kubectl(&all)?;
        Ok(Run { up, down, peak_memory })
    }

    /// Sets the number of replicas, waits until there are as many pods and then until all is at rest.
    fn scale(&mut self, controller: &str, pods: u64) -> Result<Cost> {
        let manager = self.managers.pid(self.manager)?;
        let apiserver = self.cluster.daemon("kube-apiserver").pid().context("the apiserver has ended")?;
        let etcd = self.cluster.daemon("etcd").pid().context("etcd has ended")?;
        let taken = || -> Result<[Duration; 4]> {
            Ok([
                processor_time(manager)?,
                processor_time(apiserver)?,
                processor_time(etcd)?,
                processor_time_of_all()?,
            ])
        };
        let Counted { keys: pods_before, revision: writes_before } =
            self.etcd.count("pods", &self.namespace)?;
        let written = self.etcd.writes_of("controllers", &self.namespace, controller)?;
        let before = taken()?;

        let patience = Duration::from_secs(60 + pods.max(pods_before) / 10);
        let kubectl = self.start_kubectl_scale(controller, pods)?;
        let begun = self.watch("kubectl scale", patience, Duration::from_millis(1), |bench| {
            Ok(bench.etcd.writes_of("controllers", &bench.namespace, controller)? > written)
        });
        let succeeded = has_succeeded(kubectl, begun.is_err())?;
        let start = begun?;
        if !succeeded {
            bail!("kubectl scale has failed");
        }
        let end = self.watch(&format!("{pods} pods"), patience, GLANCE, |bench| {
            Ok(bench.etcd.count("pods", &bench.namespace)?.keys == pods)
        })?;
        self.wait_for_rest(controller, pods)?;

        let [manager, apiserver, etcd, all] = difference(before, taken()?);
        Ok(Cost {
            took: end.duration_since(start),
            manager,
            apiserver,
            others: all.saturating_sub(manager + apiserver + etcd),
            writes: self.etcd.count("pods", &self.namespace)?.revision.saturating_sub(writes_before),
        })
    }

    /// Beside what it starts: the manager acts before kubectl has ended.
    fn start_kubectl_scale(&self, controller: &str, pods: u64) -> Result<Child> {
        let (object, replicas) =
            (format!("replicationcontroller/{controller}"), format!("--replicas={pods}"));
        let words = ["scale", &object, &replicas, "--namespace", &self.namespace];
        let mut command = self.cluster.kubectl_command()?;
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        command.spawn().context("cannot start kubectl")
    }

    /// Looks again and again until something is so, and gives the moment when it was seen.
    fn watch(
        &mut self,
        what: &str,
        patience: Duration,
        glance: Duration,
        mut is_so: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<Instant> {
        let start = Instant::now();
        while !is_so(self)? {
            interrupt::check()?;
            self.managers.pid(self.manager)?;
            if start.elapsed() > patience {
                bail!("gave up waiting for {what} after {} s", patience.as_secs());
            }
            sleep(glance);
        }
        Ok(Instant::now())
    }

    /// Waits until neither pods nor events nor the ReplicationController have changed for a while.
    fn wait_for_rest(&mut self, controller: &str, pods: u64) -> Result<()> {
        let mut last = None;
        let mut since = Instant::now();
        self.watch("rest", Duration::from_secs(120), GLANCE * 5, |bench| {
            let counted = bench.etcd.count("pods", &bench.namespace)?.keys;
            let seen = Some((
                counted,
                bench.etcd.count("events", &bench.namespace)?.keys,
                bench.etcd.writes_of("controllers", &bench.namespace, controller)?,
            ));
            if seen != last {
                (last, since) = (seen, Instant::now());
            }
            Ok(counted == pods && since.elapsed() >= REST)
        })?;
        Ok(())
    }
}

/// Waits for the end of kubectl and says whether it was a good one; ends it at once when there is no use in it any more.
fn has_succeeded(mut kubectl: Child, is_useless: bool) -> Result<bool> {
    if is_useless {
        // It may have ended by itself.
        let _ended = kubectl.kill();
    }
    Ok(kubectl.wait().context("cannot wait for kubectl")?.success())
}

fn difference(before: [Duration; 4], after: [Duration; 4]) -> [Duration; 4] {
    let mut all = after;
    all.iter_mut().zip(before).for_each(|(after, before)| *after = after.saturating_sub(before));
    all
}

/// The namespace with all that pods need, and both ReplicationControllers without any.
fn objects(namespace: &str) -> Value {
    let controller = |name: &str| {
        json!({
            "apiVersion": "v1",
            "kind": "ReplicationController",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "replicas": 0,
                "selector": {"app": name},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": "localhost/none"}]},
                },
            },
        })
    };
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        // No controller runs that would make it.
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}},
        controller(WARM_UP),
        controller(SUBJECT),
    ]})
}

fn tell(run: &Run, options: Options) -> String {
    format!(
        "{:.0} pods/s up, {:.0} down; processor seconds up: {:.2}, apiserver {:.2}, other programs {:.2}; {:.1} MiB",
        rate(options, &run.up),
        rate(options, &run.down),
        run.up.manager.as_secs_f64(),
        run.up.apiserver.as_secs_f64(),
        run.up.others.as_secs_f64(),
        mebibytes(run)
    )
}

fn report(options: Options, ours: &[Run], peer: &[Run]) -> Report {
    let measure = |name, digits, aim, value: &dyn Fn(&Run) -> f64| Measure {
        name,
        digits,
        ours: ours.iter().map(value).collect(),
        peer: peer.iter().map(value).collect(),
        aim,
    };
    let pods = options.pods as f64;
    Report {
        benchmark: "replication",
        options: json!({"pods": options.pods, "rounds": options.rounds}),
        measures: vec![
            measure("pods created a second", 0, Some(Aim::AtLeast(0.9)), &|run| rate(options, &run.up)),
            measure("CPU seconds, creating", 2, Some(Aim::AtMost(1.0 / 3.0)), &|run| {
                run.up.manager.as_secs_f64()
            }),
            measure("peak memory, MiB", 1, Some(Aim::AtMost(0.1)), &mebibytes),
            measure("pods deleted a second", 0, None, &|run| rate(options, &run.down)),
            measure("CPU seconds, deleting", 2, None, &|run| run.down.manager.as_secs_f64()),
            measure("apiserver's CPU seconds, creating", 2, None, &|run| run.up.apiserver.as_secs_f64()),
            measure("apiserver's CPU seconds, deleting", 2, None, &|run| run.down.apiserver.as_secs_f64()),
            measure("writes per pod, creating", 3, None, &|run| run.up.writes as f64 / pods),
        ],
    }
}

fn rate(options: Options, cost: &Cost) -> f64 {
    options.pods as f64 / cost.took.as_secs_f64()
}

fn mebibytes(run: &Run) -> f64 {
    run.peak_memory as f64 / f64::from(1 << 20)
}
