//! One manager at one piece of work after another, each from the word that starts it until all is at rest.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::etcd::Etcd;
use super::load::Load;
use super::managers::{Manager, Managers};
use super::metrics::{let_in, of_apiserver, of_scheduler};
use super::namespace;
use super::usage::{processor_time, processor_time_of_all};
use crate::cluster::Cluster;
use crate::interrupt;

/// Between two looks at etcd: a hundredth of what is measured, or less.
pub(super) const GLANCE: Duration = Duration::from_millis(20);
/// All is done when so long nothing was written.
const REST: Duration = Duration::from_secs(2);

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// From the word that started it until it was done.
    pub(super) took: Duration,
    /// The manager's processor time, until all was at rest.
    pub(super) manager: Duration,
    /// The apiserver's in the same time.
    pub(super) apiserver: Duration,
    /// Everybody else's on this machine, etcd left out.
    pub(super) others: Duration,
    /// The manager's requests in the same time, reads and events among them.
    pub(super) requests: f64,
    /// The scheduler's, where it runs.
    pub(super) scheduler: f64,
    /// Writes of events in the same time.
    pub(super) events: u64,
    /// Writes of statuses, and of what stands between an owner and its pods.
    pub(super) statuses: u64,
}

/// One manager, and all that its work is done with.
pub(super) struct Work<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) managers: &'a Managers<'a>,
    pub(super) load: &'a Load<'a>,
    pub(super) manager: Manager,
    /// Where it is done. Nothing else is there.
    pub(super) namespace: String,
    pub(super) etcd: Etcd,
    /// What it is done for, by the names that these have in etcd: whose pods are counted comes first.
    owners: &'static [&'static str],
}

/// What had been taken and written when a piece of work began.
pub(super) struct Before {
    times: [Duration; 4],
    requests: f64,
    scheduler: f64,
    events: u64,
    owners: u64,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        load: &'a Load<'a>,
        manager: Manager,
        namespace: String,
        owners: &'static [&'static str],
    ) -> Result<Self> {
        let etcd = Etcd::connect(cluster.addresses().etcd_port())?;
        namespace::create(cluster, &namespace)?;
        Ok(Work { cluster, managers, load, manager, namespace, etcd, owners })
    }

    /// Lets the load set how many pods its owners want, waits until there are as many and then until all is at rest. Its words write each of
    /// `count` owners once.
    pub(super) fn scale(&mut self, words: &[&str], count: u64, pods: u64) -> Result<Cost> {
        let pods_before = self.etcd.count("pods", &self.namespace)?;
        let before = self.before()?;
        // The peer's default rate is 20 requests a second.
        let patience = Duration::from_secs(60 + pods.max(pods_before) / 10);
        // Beside what it starts: the manager acts before all is said.
        let load = self.load.start(&self.namespace, words)?;
        let begun = self.watch("the new number", patience, Duration::from_millis(1), |work| {
            Ok(work.writes_of_owners()? > before.owners)
        });
        let succeeded = has_succeeded(load, begun.is_err())?;
        let start = begun?;
        ensure!(succeeded, "the number of pods could not be set");
        let end = self.watch(&format!("{pods} pods"), patience, GLANCE, |work| {
            Ok(work.etcd.count("pods", &work.namespace)? == pods)
        })?;
        self.wait_for_rest(pods)?;
        self.since(&before, end.duration_since(start), count)
    }

    /// What has been taken and written by now.
    pub(super) fn before(&mut self) -> Result<Before> {
        let said = of_apiserver(self.cluster)?;
        Ok(Before {
            requests: let_in(&said),
            scheduler: of_scheduler(&said),
            events: self.etcd.writes_of("events", &self.namespace)?,
            owners: self.writes_of_owners()?,
            times: self.taken()?,
        })
    }

    /// What was taken and written since then; `own_writes` of the owners were the load's.
    pub(super) fn since(&mut self, before: &Before, took: Duration, own_writes: u64) -> Result<Cost> {
        let [manager, apiserver, etcd, all] = difference(before.times, self.taken()?);
        let said = of_apiserver(self.cluster)?;
        let scheduler = of_scheduler(&said) - before.scheduler;
        Ok(Cost {
            took,
            manager,
            apiserver,
            others: all.saturating_sub(manager + apiserver + etcd),
            requests: let_in(&said) - before.requests - scheduler,
            scheduler,
            events: self.etcd.writes_of("events", &self.namespace)?.saturating_sub(before.events),
            statuses: self.writes_of_owners()?.saturating_sub(before.owners + own_writes),
        })
    }

    fn writes_of_owners(&mut self) -> Result<u64> {
        self.owners.iter().map(|owners| self.etcd.writes_of(owners, &self.namespace)).sum()
    }

    /// The processor time of the manager, of the apiserver, of etcd and of everybody.
    fn taken(&self) -> Result<[Duration; 4]> {
        let of = |name: &str| {
            processor_time(self.cluster.daemon(name).pid().with_context(|| format!("{name} has ended"))?)
        };
        Ok([
            processor_time(self.managers.pid(self.manager)?)?,
            of("kube-apiserver")?,
            of("etcd")?,
            processor_time_of_all()?,
        ])
    }

    /// Looks again and again until something is so, and gives the moment when it was seen.
    pub(super) fn watch(
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

    /// Waits until there are so many pods, and neither pods nor events nor owners have changed for a while.
    pub(super) fn wait_for_rest(&mut self, pods: u64) -> Result<()> {
        let mut last = None;
        let mut since = Instant::now();
        self.watch("rest", Duration::from_secs(120), GLANCE * 5, |work| {
            let counted = work.etcd.count("pods", &work.namespace)?;
            let events = work.etcd.count("events", &work.namespace)?;
            let seen = Some((counted, events, work.writes_of_owners()?));
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
