//! One manager in one round: up to all pods, down to none, and changes of pods that already stand.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Options;
use crate::bench::etcd::Etcd;
use crate::bench::load::{Account, Load, figure};
use crate::bench::managers::{Manager, Managers};
use crate::bench::metrics::{Histogram, of_manager, requests};
use crate::bench::namespace;
use crate::bench::usage::{peak_memory, processor_time, processor_time_of_all};
use crate::cluster::Cluster;
use crate::interrupt;

/// What is measured, and what shows that a manager works.
const SUBJECT: &str = "subject";
const WARM_UP: &str = "warm-up";
const WARM_UP_PODS: u64 = 10;
/// ReplicationControllers of one pod each, whose pods change in turn, for so many seconds.
const CHANGING: &str = "changing";
pub(super) const CHANGING_OWNERS: u64 = 500;
const CHANGES_LAST: u32 = 10;
/// The manager's own histogram of how soon it answers.
const ANSWERS: &str = "mainstay_change_to_write_seconds";
/// Between two looks at etcd: a hundredth of what is measured, or less.
const GLANCE: Duration = Duration::from_millis(20);
/// All is done when so long nothing was written.
const REST: Duration = Duration::from_secs(2);

/// What one manager took to bring the pods to a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// From the write of the new number until the last pod.
    pub(super) took: Duration,
    /// The manager's, until all was at rest.
    pub(super) manager: Duration,
    /// The apiserver's in the same time.
    pub(super) apiserver: Duration,
    /// Everybody else's on this machine, etcd left out.
    pub(super) others: Duration,
    /// The manager's requests in the same time, reads and events among them.
    pub(super) requests: f64,
    /// Writes of events in the same time.
    pub(super) events: u64,
    /// Writes of statuses in the same time.
    pub(super) statuses: u64,
}

/// How soon changes of pods were answered by a write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    /// Half of the answers, and all but one in a hundred, came within so many milliseconds, as a watch of somebody else sees it.
    pub(super) seen: [f64; 2],
    /// The same as the manager itself counts it, which the peer does not.
    pub(super) counted: Option<[f64; 2]>,
    /// Changes a second that there really were.
    pub(super) rate: f64,
    /// Answers that were not there when the next change of the same pod came.
    pub(super) late: f64,
}

/// What one manager took in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) up: Cost,
    pub(super) down: Cost,
    /// In bytes, after both.
    pub(super) peak_memory: u64,
    /// `None` where the peer keeps to a rate that is far below that of the changes.
    pub(super) answers: Option<Answers>,
}

/// One manager in one round.
pub(super) struct Round<'a> {
    cluster: &'a Cluster,
    managers: &'a Managers<'a>,
    load: &'a Load<'a>,
    manager: Manager,
    namespace: String,
    etcd: Etcd,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        load: &'a Load<'a>,
        manager: Manager,
        namespace: String,
    ) -> Result<Self> {
        let etcd = Etcd::connect(cluster.addresses().etcd_port())?;
        Ok(Round { cluster, managers, load, manager, namespace, etcd })
    }

    /// All that is measured in a round.
    pub(super) fn run(mut self, options: Options) -> Result<Run> {
        let [up, down] = self.begin(options)?;
        let peak_memory = peak_memory(self.managers.pid(self.manager)?)?;
        let answers = if options.peer_defaults { None } else { Some(self.answers(options.changes)?) };
        self.end()?;
        Ok(Run { up, down, peak_memory, answers })
    }

    /// Nothing but up and down.
    pub(super) fn scale_up_and_down(mut self, options: Options) -> Result<()> {
        self.begin(options)?;
        self.end()
    }

    fn begin(&mut self, Options { pods, owners, .. }: Options) -> Result<[Cost; 2]> {
        namespace::create(self.cluster, &self.namespace)?;
        self.owners(WARM_UP, 1, 0)?;
        self.owners(SUBJECT, owners, 0)?;
        self.managers.start(self.manager)?;
        self.scale(WARM_UP, 1, WARM_UP_PODS)?;
        self.scale(WARM_UP, 1, 0)?;
        Ok([self.scale(SUBJECT, owners, pods)?, self.scale(SUBJECT, owners, 0)?])
    }

    /// The next manager is not to find anything.
    fn end(&mut self) -> Result<()> {
        self.managers.stop(self.manager)?;
        self.load.run(&self.namespace, &["clear"])
    }

    fn owners(&self, name: &str, count: u64, replicas: u64) -> Result<()> {
        let (count, replicas) = (count.to_string(), replicas.to_string());
        self.load
            .run(&self.namespace, &["owners", "--name", name, "--count", &count, "--replicas", &replicas])
    }

    /// Sets the number of pods, waits until there are as many and then until all is at rest.
    fn scale(&mut self, name: &str, owners: u64, pods: u64) -> Result<Cost> {
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
        let pods_before = self.etcd.count("pods", &self.namespace)?;
        let requests_before = requests(self.cluster)?;
        let written = self.etcd.writes_of("controllers", &self.namespace)?;
        let told = self.etcd.writes_of("events", &self.namespace)?;
        let before = taken()?;

        // The peer's default rate is 20 requests a second.
        let patience = Duration::from_secs(60 + pods.max(pods_before) / 10);
        let (count, wanted) = (owners.to_string(), pods.to_string());
        let words = ["scale", "--name", name, "--count", &count, "--pods", &wanted];
        // Beside what it starts: the manager acts before all is said.
        let load = self.load.start(&self.namespace, &words)?;
        let begun = self.watch("the new number", patience, Duration::from_millis(1), |round| {
            Ok(round.etcd.writes_of("controllers", &round.namespace)? > written)
        });
        let succeeded = has_succeeded(load, begun.is_err())?;
        let start = begun?;
        ensure!(succeeded, "the ReplicationControllers could not be scaled");
        let end = self.watch(&format!("{pods} pods"), patience, GLANCE, |round| {
            Ok(round.etcd.count("pods", &round.namespace)? == pods)
        })?;
        self.wait_for_rest(pods)?;

        let [manager, apiserver, etcd, all] = difference(before, taken()?);
        Ok(Cost {
            took: end.duration_since(start),
            manager,
            apiserver,
            others: all.saturating_sub(manager + apiserver + etcd),
            requests: requests(self.cluster)? - requests_before,
            events: self.etcd.writes_of("events", &self.namespace)?.saturating_sub(told),
            // The load has written each of them once.
            statuses: self.etcd.writes_of("controllers", &self.namespace)?.saturating_sub(written + owners),
        })
    }

    /// Lets pods change, some of them so that they become ready or unready, and looks how soon the status of their ReplicationControllers says so.
    fn answers(&mut self, rate: u32) -> Result<Answers> {
        self.owners(CHANGING, CHANGING_OWNERS, 1)?;
        self.watch("a pod each", Duration::from_secs(120), GLANCE, |round| {
            Ok(round.etcd.count("pods", &round.namespace)? == CHANGING_OWNERS)
        })?;
        self.wait_for_rest(CHANGING_OWNERS)?;

        let port = self.cluster.addresses().mainstay_port();
        let counted = || Ok::<_, anyhow::Error>(Histogram::read(&of_manager(port)?, ANSWERS));
        let is_counted = self.manager == Manager::Ours;
        let before = is_counted.then(counted).transpose()?;
        let (rate, seconds) = (rate.to_string(), CHANGES_LAST.to_string());
        let words = ["readiness", "--rate", &rate, "--seconds", &seconds];
        let measured = self.load.measure(Account::Admin, &self.namespace, &words)?;
        let after = is_counted.then(counted).transpose()?;
        let new = after.zip(before).map(|(after, before)| after.since(&before));
        Ok(Answers {
            seen: [figure(&measured, "p50_milliseconds")?, figure(&measured, "p99_milliseconds")?],
            counted: new.map(|new| [0.5, 0.99].map(|share| new.quantile(share) * 1000.0)),
            rate: figure(&measured, "changes_a_second")?,
            late: figure(&measured, "late")?,
        })
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

    /// Waits until neither pods nor events nor ReplicationControllers have changed for a while.
    fn wait_for_rest(&mut self, pods: u64) -> Result<()> {
        let mut last = None;
        let mut since = Instant::now();
        self.watch("rest", Duration::from_secs(120), GLANCE * 5, |round| {
            let counted = round.etcd.count("pods", &round.namespace)?;
            let seen = Some((
                counted,
                round.etcd.count("events", &round.namespace)?,
                round.etcd.writes_of("controllers", &round.namespace)?,
            ));
            if seen != last {
                (last, since) = (seen, Instant::now());
            }
            Ok(counted == pods && since.elapsed() >= REST)
        })?;
        Ok(())
    }
}

/// Waits for the end of the load and says whether it was a good one; ends it at once when there is no use in it any more.
fn has_succeeded(mut load: Child, is_useless: bool) -> Result<bool> {
    if is_useless {
        // It may have ended by itself.
        let _ended = load.kill();
    }
    Ok(load.wait().context("cannot wait for the load")?.success())
}

fn difference(before: [Duration; 4], after: [Duration; 4]) -> [Duration; 4] {
    let mut all = after;
    all.iter_mut().zip(before).for_each(|(after, before)| *after = after.saturating_sub(before));
    all
}
