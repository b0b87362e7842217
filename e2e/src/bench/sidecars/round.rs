//! One manager in one round: up to all pods and down to none, or another image for the sidecar of pods that run.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::seen::{New, Seen};
use crate::bench::load::{Account, Load, figure};
use crate::bench::managers::{Manager, Managers};
use crate::bench::usage::peak_memory;
use crate::bench::work::{Cost, Work};
use crate::cluster::Cluster;

/// What is measured, and what shows that a manager works.
const SUBJECT: &str = "subject";
const WARM_UP: &str = "warm-up";
const WARM_UP_PODS: u64 = 10;
/// The sidecar's image after the change.
const IMAGE: &str = "localhost/sidecar:2";

/// What one manager took to make all pods and to delete them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaling {
    pub(super) up: Cost,
    pub(super) down: Cost,
    /// In bytes, after both.
    pub(super) peak_memory: u64,
}

/// What one manager took to bring an image to all pods.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) cost: Cost,
    /// What was started for it.
    pub(super) new: New,
    /// In bytes, after it.
    pub(super) peak_memory: u64,
}

/// One manager in one round.
pub(super) struct Round<'a> {
    work: Work<'a>,
    kind: &'static str,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        load: &'a Load<'a>,
        manager: Manager,
        namespace: String,
    ) -> Result<Self> {
        let (kind, owners): (&str, &[&str]) = match manager {
            Manager::Ours => ("sidecar-workload", &["mainstay.dev/sidecarworkloads", "controllerrevisions"]),
            Manager::Peer => ("deployment", &["deployments", "replicasets"]),
        };
        Ok(Round { work: Work::new(cluster, managers, load, manager, namespace, owners)?, kind })
    }

    /// Up to so many pods, and down to none.
    pub(super) fn scale(mut self, pods: u64) -> Result<Scaling> {
        self.begin()?;
        let up = self.scale_to(SUBJECT, pods)?;
        let down = self.scale_to(SUBJECT, 0)?;
        let peak_memory = self.peak_memory()?;
        self.end()?;
        Ok(Scaling { up, down, peak_memory })
    }

    /// Another image for the sidecars of pods that run.
    pub(super) fn change_image(mut self, pods: u64) -> Result<Change> {
        // The peer's default rate is 20 requests a second, and a pod takes two and more.
        let patience = (120 + pods / 4).to_string();
        self.begin()?;
        self.scale_to(SUBJECT, pods)?;
        self.load(&["await-workload", "--name", SUBJECT, "--patience", &patience])?;
        self.work.wait_for_rest(pods)?;
        let seen_before = self.look(pods)?;
        let before = self.work.before()?;
        let words = ["--name", SUBJECT, "--image", IMAGE, "--patience", &patience];
        let words = [["change-image", "--kind", self.kind].as_slice(), &words].concat();
        let measured = self.work.load.measure(Account::Admin, &self.work.namespace, &words)?;
        // What is beyond is deleted before all is said to be done, but by a kubelet that takes its time.
        self.work.wait_for_rest(pods)?;
        let cost = self.work.since(&before, Duration::from_secs_f64(figure(&measured, "seconds")?), 1)?;
        let new = self.look(pods)?.since(&seen_before);
        ensure!(new.sidecars as u64 == pods, "of {pods} sidecars only {} were replaced", new.sidecars);
        let peak_memory = self.peak_memory()?;
        self.end()?;
        Ok(Change { cost, new, peak_memory })
    }

    fn begin(&mut self) -> Result<()> {
        for name in [WARM_UP, SUBJECT] {
            self.load(&["create-workload", "--name", name, "--pods", "0"])?;
        }
        self.work.managers.start(self.work.manager)?;
        self.scale_to(WARM_UP, WARM_UP_PODS)?;
        self.scale_to(WARM_UP, 0)?;
        Ok(())
    }

    /// The next manager is not to find anything.
    fn end(&mut self) -> Result<()> {
        self.work.managers.stop(self.work.manager)?;
        self.work.load.run(&self.work.namespace, &["clear-workloads"])
    }

    fn scale_to(&mut self, name: &str, pods: u64) -> Result<Cost> {
        let pods_in_words = pods.to_string();
        let words = ["scale-workload", "--kind", self.kind, "--name", name, "--pods", &pods_in_words];
        self.work.scale(&words, 1, pods)
    }

    fn load(&self, words: &[&str]) -> Result<()> {
        let words = [words, &["--kind", self.kind]].concat();
        self.work.load.run(&self.work.namespace, &words)
    }

    fn look(&self, pods: u64) -> Result<Seen> {
        let seen = Seen::look(self.work.cluster, &self.work.namespace)?;
        ensure!(seen.is_complete(pods), "not all of {pods} pods have a main container and a sidecar");
        Ok(seen)
    }

    fn peak_memory(&self) -> Result<u64> {
        peak_memory(self.work.managers.pid(self.work.manager)?)
    }
}
