//! Pods that change, at a fixed rate: each change is one watch event for the manager. Most are heartbeats, which call for nothing; one in
//! [`ONE_IN`] is a pod that becomes ready or unready and calls for one write, the new count in the status of the
//! ReplicationController. What kubelets do all day, and the least work for the apiserver of all that makes a manager write.
//!
//! What is measured is seen from outside, by a watch that has nothing to do with the manager: from the moment when it shows the
//! pod until the moment when it shows the status.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mainstay_model::{Kind, Name, Object};
use mainstay_wire::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::client::Client;
use crate::percentile::milliseconds;
use crate::{pace, watching};

/// Of so many changes, one calls for a write. An apiserver that shares two cores with everybody bears no more writes beside these.
const ONE_IN: usize = 4;
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ReplicationController with one pod.
struct Owner {
    pod: Name,
    is_ready: bool,
    /// Since when its status is to say something else.
    changed: Option<Instant>,
}

/// What has been seen.
#[derive(Default)]
struct Seen {
    owners: BTreeMap<Name, Owner>,
    answered: Vec<Duration>,
    /// Changes whose answer was not there when the next change came, or at the end. They count as answered then.
    late: usize,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Events of pods.
    events: u32,
    /// Those that called for a write.
    calls: u32,
}

/// Lets the pods of the namespace become ready and unready in turn.
pub async fn run(client: &Client, rate: u32, seconds: u32) -> Result<Value> {
    let (tell, mut frames) = mpsc::unbounded_channel();
    // The ReplicationControllers' first, so that no answer is missed.
    for kind in [Kind::ReplicationController, Kind::Pod] {
        tokio::spawn(watching::tell(client.watch(kind).await?, kind, tell.clone()));
    }
    let mut seen = Seen::default();
    let mut beginnings = 0;
    while beginnings < 2 {
        match frames.recv().await.context("a watch has ended")? {
            (_, Frame::Bookmark { initial_events_end: true, .. }) => beginnings += 1,
            (at, frame) => seen.take(at, frame)?,
        }
    }
    let pods: Vec<Name> = seen.owners.values().map(|owner| owner.pod.clone()).collect();
    ensure!(!pods.is_empty(), "there are no pods");
    seen = Seen { owners: seen.owners, ..Seen::default() };

    let total = rate * seconds;
    let calls = total.div_ceil(ONE_IN as u32);
    let load = tokio::spawn(turn_all(client.clone(), pods, rate, total));
    while seen.events < total || seen.calls < calls || seen.is_waiting() {
        match timeout(PATIENCE, frames.recv()).await {
            Ok(frame) => {
                let (at, frame) = frame.context("a watch has ended")?;
                seen.take(at, frame)?;
            }
            Err(_silence) => break,
        }
    }
    load.await.context("the load has ended")??;
    Ok(seen.found())
}

/// Sends so many changes at that rate. Of those that call for a write, all pods become ready in turn, then unready, and so on.
async fn turn_all(client: Client, pods: Vec<Name>, rate: u32, total: u32) -> Result<()> {
    let pod = |number: usize| pods.get(number % pods.len()).cloned().unwrap_or_default();
    pace::keep(rate, total as usize, |number| {
        let call = number / ONE_IN;
        let change = match number.is_multiple_of(ONE_IN) {
            true => (pod(call), readiness((call / pods.len()).is_multiple_of(2))),
            false => (pod(number), heartbeat(number)),
        };
        set_status(client.clone(), change)
    })
    .await
}

/// The status of a pod that becomes ready or unready.
fn readiness(ready: bool) -> Value {
    let status = if ready { "True" } else { "False" };
    json!({"status": {"conditions": [{"type": "Ready", "status": status}]}})
}

/// A change of the status that nobody counts.
fn heartbeat(number: usize) -> Value {
    json!({"status": {"message": format!("beat {number}")}})
}

async fn set_status(client: Client, (pod, change): (Name, Value)) -> Result<()> {
    let path = format!("pods/{pod}/status");
    client.send_json("PATCH", &path, "application/merge-patch+json", &change).await.map(|_| ())
}

impl Seen {
    fn take(&mut self, at: Instant, frame: Frame) -> Result<()> {
        match frame {
            Frame::Applied(Object::Pod(pod)) => {
                let Some(owner) = pod.meta.controller() else { return Ok(()) };
                let known = self.owners.entry(owner.name.clone());
                let known = known.or_insert_with(|| Owner {
                    pod: pod.meta.name.name.clone(),
                    is_ready: pod.ready,
                    changed: None,
                });
                self.events += 1;
                self.first.get_or_insert(at);
                self.last = Some(at);
                if known.is_ready != pod.ready {
                    known.is_ready = pod.ready;
                    self.calls += 1;
                    if let Some(changed) = known.changed.replace(at) {
                        self.late += 1;
                        self.answered.push(at.saturating_duration_since(changed));
                    }
                }
            }
            Frame::Applied(Object::ReplicationController(controller)) => {
                let Some(owner) = self.owners.get_mut(&controller.meta.name.name) else { return Ok(()) };
                if controller.status.ready_replicas == i32::from(owner.is_ready)
                    && let Some(changed) = owner.changed.take()
                {
                    // The two come on streams of their own: the answer may be read first.
                    self.answered.push(at.saturating_duration_since(changed));
                }
            }
            Frame::Error(status) => bail!("a watch has ended: {}", status.message),
            Frame::Applied(_) | Frame::Deleted(_) | Frame::Bookmark { .. } | Frame::Unreadable { .. } => {}
        }
        Ok(())
    }

    fn is_waiting(&self) -> bool {
        self.owners.values().any(|owner| owner.changed.is_some())
    }

    fn found(mut self) -> Value {
        let waiting = self.owners.values().filter_map(|owner| owner.changed);
        let before = self.answered.len();
        self.answered.extend(waiting.map(|changed| changed.elapsed()));
        let late = self.late + self.answered.len() - before;
        self.answered.sort();
        let took = self.first.zip(self.last).map(|(first, last)| last.duration_since(first).as_secs_f64());
        json!({
            "changes": self.events,
            "changes_a_second": took.map(|took| f64::from(self.events.saturating_sub(1)) / took),
            "late": late,
            "p50_milliseconds": milliseconds(&self.answered, 0.5),
            "p99_milliseconds": milliseconds(&self.answered, 0.99),
        })
    }
}
