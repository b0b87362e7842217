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
use mainstay_runtime::connection::AnswerStream;
use mainstay_wire::{Frame, FrameDecoder};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::client::Client;

/// How many changes are on their way at most. An apiserver that is asked for more than it bears serves nobody any more, the
/// manager least of all; so it gets fewer then.
const WIDTH: usize = 32;
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
        tokio::spawn(watch(client.watch(kind).await?, kind, tell.clone()));
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

/// Tells what a watch shows, and when.
async fn watch(
    mut stream: AnswerStream,
    kind: Kind,
    tell: mpsc::UnboundedSender<(Instant, Frame)>,
) -> Result<()> {
    let mut decoder = FrameDecoder::new(kind);
    while let Some(bytes) = stream.next().await? {
        let at = Instant::now();
        decoder.push(bytes);
        while let Some(frame) = decoder.next()? {
            tell.send((at, frame))?;
        }
    }
    Ok(())
}

/// Sends so many changes at that rate. Of those that call for a write, all pods become ready in turn, then unready, and so on.
async fn turn_all(client: Client, pods: Vec<Name>, rate: u32, total: u32) -> Result<()> {
    let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
    // Those that were a little late are made up for, so that the rate holds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    for number in 0..total as usize {
        let pod = |number: usize| pods.get(number % pods.len()).cloned().unwrap_or_default();
        ticks.tick().await;
        if requests.len() >= WIDTH
            && let Some(answered) = requests.join_next().await
        {
            answered.context("a request has ended")??;
        }
        let call = number / ONE_IN;
        let change = match number.is_multiple_of(ONE_IN) {
            true => (pod(call), readiness((call / pods.len()).is_multiple_of(2))),
            false => (pod(number), heartbeat(number)),
        };
        requests.spawn(set_status(client.clone(), change));
    }
    while let Some(answered) = requests.join_next().await {
        answered.context("a request has ended")??;
    }
    Ok(())
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
        let at = |share: f64| {
            let index = (self.answered.len() as f64 * share) as usize;
            self.answered.get(index).map(|took| took.as_secs_f64() * 1000.0)
        };
        let took = self.first.zip(self.last).map(|(first, last)| last.duration_since(first).as_secs_f64());
        json!({
            "changes": self.events,
            "changes_a_second": took.map(|took| f64::from(self.events.saturating_sub(1)) / took),
            "late": late,
            "p50_milliseconds": at(0.5),
            "p99_milliseconds": at(0.99),
        })
    }
}
