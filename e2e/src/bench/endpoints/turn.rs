//! One manager in one round: a start among all that stands, changes of many services, one service with many pods, and another start.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::cost::{Cost, Taken};
use super::stage::{MANY, Stage};
use super::start::{Start, Wait};
use super::{NODES, Options};
use crate::bench::load::{Account, figure};
use crate::bench::managers::Manager;
use crate::bench::metrics::{Histogram, of_manager};
use crate::bench::namespace;
use crate::bench::usage::peak_memory;

/// Pods that come, or are replaced, in a second. Each takes the apiserver two or three requests beside those of the manager.
const PACE: u32 = 150;
/// The manager's own histogram of how soon it answers.
const ANSWERS: &str = "mainstay_change_to_write_seconds";

/// Changes of pods, and how they were answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changes {
    /// What it took from the first change until rest.
    pub(super) cost: Cost,
    /// Changes that call for a write: pods that come, go, or become ready or unready.
    pub(super) changes: f64,
    /// Changes a second that there really were.
    pub(super) rate: f64,
    /// Half of the answers, and all but one in a hundred, came within so many milliseconds, as a watch of somebody else sees it.
    pub(super) seen: [f64; 2],
    /// The same as the manager itself counts it, which the peer does not.
    pub(super) counted: Option<[f64; 2]>,
    /// Changes that had no answer when the next one of the same pod came.
    pub(super) late: f64,
    /// Changes that needed none, since they took back one that had none.
    pub(super) moot: f64,
}

/// What one manager took in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The start among all that stands.
    pub(super) start: Start,
    /// Pods of many services that become unready and ready.
    pub(super) flips: Changes,
    /// The pods of one service that come.
    pub(super) coming: Changes,
    /// The same pods as they are replaced.
    pub(super) rolling: Changes,
    /// In bytes, after all that.
    pub(super) peak_memory: u64,
    /// The start after itself, with all that in place. The peer needs minutes for one, and none is set an aim.
    pub(super) restart: Option<Start>,
}

impl Stage<'_> {
    /// All that is measured in a round.
    pub(super) fn turn(&mut self, manager: Manager, round: usize) -> Result<Run> {
        let start = self.start(manager, Wait::One)?;
        // Up to here it was part of what stands.
        self.clear_round(manager)?;
        let flips = self.flips(manager)?;
        self.check_slices()?;
        let namespace = format!("round-{round}-{}", manager.word());
        namespace::create(self.cluster, &namespace)?;
        self.last_round = Some(namespace.clone());
        let nodes = NODES.to_string();
        let words = ["services", "--services", "1", "--pods-per-service", "0", "--nodes", &nodes];
        self.load.run(&namespace, &words)?;
        self.rest(manager)?;
        let coming = self.rollout(manager, &namespace, 0)?;
        let rolling = self.rollout(manager, &namespace, 1)?;
        let peak_memory = peak_memory(self.managers.pid(manager)?)?;
        self.managers.stop(manager)?;
        let restart = match manager {
            Manager::Ours => {
                let restart = self.start(manager, Wait::One)?;
                self.managers.stop(manager)?;
                Some(restart)
            }
            Manager::Peer => None,
        };
        self.check_slices()?;
        Ok(Run { start, flips, coming, rolling, peak_memory, restart })
    }

    /// Takes away the one service with its many pods, and waits until what that causes is over.
    fn clear_round(&mut self, manager: Manager) -> Result<()> {
        if let Some(namespace) = self.last_round.take() {
            self.load.run(&namespace, &["clear-services"])?;
            self.rest(manager)?;
        }
        Ok(())
    }

    fn flips(&mut self, manager: Manager) -> Result<Changes> {
        let Options { services, pods_per_service, changes, seconds, .. } = self.options;
        let [services, pods] = [services, pods_per_service].map(|number| number.to_string());
        let [changes, seconds] = [changes, seconds].map(|number| number.to_string());
        let words = [
            "flips",
            "--services",
            &services,
            "--pods-per-service",
            &pods,
            "--rate",
            &changes,
            "--seconds",
            &seconds,
        ];
        self.changes(manager, MANY, &words, 1.0)
    }

    /// Where pods are replaced, each that comes lets another one go.
    fn rollout(&mut self, manager: Manager, namespace: &str, generation: u8) -> Result<Changes> {
        let [pods, nodes] = [self.options.pods, u64::from(NODES)].map(|number| number.to_string());
        let [pace, generation_word] = [PACE, u32::from(generation)].map(|number| number.to_string());
        let words = [
            "rollout",
            "--pods",
            &pods,
            "--nodes",
            &nodes,
            "--rate",
            &pace,
            "--generation",
            &generation_word,
        ];
        let changes = self.changes(manager, namespace, &words, if generation == 0 { 1.0 } else { 2.0 })?;
        self.load.run(namespace, &["check-slices", "--endpoints", &pods])?;
        Ok(changes)
    }

    /// Lets the load change pods and waits for rest. Each change that it measures stands for so many.
    fn changes(&mut self, manager: Manager, namespace: &str, words: &[&str], each: f64) -> Result<Changes> {
        let pid = self.managers.pid(manager)?;
        let port = self.cluster.addresses().mainstay_port();
        let counted = || Ok::<_, anyhow::Error>(Histogram::read(&of_manager(port)?, ANSWERS));
        let is_counted = manager == Manager::Ours;
        let counted_before = is_counted.then(counted).transpose()?;
        let before = Taken::by(self.cluster, Some(pid))?;
        let measured = self.load.measure(Account::Admin, namespace, words)?;
        self.rest(manager)?;
        let cost = Taken::by(self.cluster, Some(pid))?.since(before);
        let counted_after = is_counted.then(counted).transpose()?;
        let new = counted_after.zip(counted_before).map(|(after, before)| after.since(&before));
        found(&measured, cost, new.as_ref(), each)
    }
}

fn found(measured: &Value, cost: Cost, counted: Option<&Histogram>, each: f64) -> Result<Changes> {
    let milliseconds = |seconds: f64| Duration::from_secs_f64(seconds.max(0.0)).as_secs_f64() * 1000.0;
    Ok(Changes {
        cost,
        changes: figure(measured, "changes")? * each,
        rate: figure(measured, "changes_a_second")?,
        seen: [figure(measured, "p50_milliseconds")?, figure(measured, "p99_milliseconds")?],
        counted: counted.map(|counted| [0.5, 0.99].map(|share| milliseconds(counted.quantile(share)))),
        late: figure(measured, "late")?,
        moot: figure(measured, "moot")?,
    })
}
