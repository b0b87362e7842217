//! One manager in one round: up to all pods, down to none, and changes of pods that already stand.

use std::time::Duration;

use anyhow::Result;

use super::Options;
use crate::bench::load::{Account, Load, figure};
use crate::bench::managers::{Manager, Managers};
use crate::bench::metrics::{Histogram, of_manager};
use crate::bench::usage::peak_memory;
use crate::bench::work::{Cost, GLANCE, Work};
use crate::cluster::Cluster;

/// What is measured, and what shows that a manager works.
const SUBJECT: &str = "subject";
const WARM_UP: &str = "warm-up";
const WARM_UP_PODS: u64 = 10;
/// ReplicationControllers by their name in etcd.
const OWNERS: &[&str] = &["controllers"];
/// ReplicationControllers of one pod each, whose pods change in turn, for so many seconds.
const CHANGING: &str = "changing";
pub(super) const CHANGING_OWNERS: u64 = 500;
const CHANGES_LAST: u32 = 10;
/// The manager's own histogram of how soon it answers.
const ANSWERS: &str = "mainstay_change_to_write_seconds";

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
    work: Work<'a>,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        load: &'a Load<'a>,
        manager: Manager,
        namespace: String,
    ) -> Result<Self> {
        Ok(Round { work: Work::new(cluster, managers, load, manager, namespace, OWNERS)? })
    }

    /// All that is measured in a round.
    pub(super) fn run(mut self, options: Options) -> Result<Run> {
        let [up, down] = self.begin(options)?;
        let peak_memory = peak_memory(self.work.managers.pid(self.work.manager)?)?;
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
        self.owners(WARM_UP, 1, 0)?;
        self.owners(SUBJECT, owners, 0)?;
        self.work.managers.start(self.work.manager)?;
        self.scale(WARM_UP, 1, WARM_UP_PODS)?;
        self.scale(WARM_UP, 1, 0)?;
        Ok([self.scale(SUBJECT, owners, pods)?, self.scale(SUBJECT, owners, 0)?])
    }

    /// The next manager is not to find anything.
    fn end(&mut self) -> Result<()> {
        self.work.managers.stop(self.work.manager)?;
        self.work.load.run(&self.work.namespace, &["clear"])
    }

    fn owners(&self, name: &str, count: u64, replicas: u64) -> Result<()> {
        let (count, replicas) = (count.to_string(), replicas.to_string());
        let words = ["owners", "--name", name, "--count", &count, "--replicas", &replicas];
        self.work.load.run(&self.work.namespace, &words)
    }

    /// Sets the number of pods, waits until there are as many and then until all is at rest.
    fn scale(&mut self, name: &str, owners: u64, pods: u64) -> Result<Cost> {
        let (count, wanted) = (owners.to_string(), pods.to_string());
        let words = ["scale", "--name", name, "--count", &count, "--pods", &wanted];
        self.work.scale(&words, owners, pods)
    }

    /// Lets pods change, some of them so that they become ready or unready, and looks how soon the status of their ReplicationControllers says so.
    fn answers(&mut self, rate: u32) -> Result<Answers> {
        self.owners(CHANGING, CHANGING_OWNERS, 1)?;
        self.work.watch("a pod each", Duration::from_secs(120), GLANCE, |work| {
            Ok(work.etcd.count("pods", &work.namespace)? == CHANGING_OWNERS)
        })?;
        self.work.wait_for_rest(CHANGING_OWNERS)?;

        let port = self.work.cluster.addresses().mainstay_port();
        let counted = || Ok::<_, anyhow::Error>(Histogram::read(&of_manager(port)?, ANSWERS));
        let is_counted = self.work.manager == Manager::Ours;
        let before = is_counted.then(counted).transpose()?;
        let (rate, seconds) = (rate.to_string(), CHANGES_LAST.to_string());
        let words = ["readiness", "--rate", &rate, "--seconds", &seconds];
        let measured = self.work.load.measure(Account::Admin, &self.work.namespace, &words)?;
        let after = is_counted.then(counted).transpose()?;
        let new = after.zip(before).map(|(after, before)| after.since(&before));
        Ok(Answers {
            seen: [figure(&measured, "p50_milliseconds")?, figure(&measured, "p99_milliseconds")?],
            counted: new.map(|new| [0.5, 0.99].map(|share| new.quantile(share) * 1000.0)),
            rate: figure(&measured, "changes_a_second")?,
            late: figure(&measured, "late")?,
        })
    }
}
