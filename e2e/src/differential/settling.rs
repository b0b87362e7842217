//! When a step is over: what the script waits for has come, everybody is done, and nothing has changed for a while.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::acting::User;
use super::observation::{Observation, Pod};
use super::step::{Named, Step, Until, pods_of};
use super::view::{History, View};
use crate::interrupt;

/// So long nothing may have changed.
const REST: Duration = Duration::from_secs(1);
/// And so often it must have been looked at meanwhile.
const LOOKS: u32 = 4;
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(100);
/// A step that is not over then has failed. Mainstay waits for at most two minutes before it tries again what has failed.
const PATIENCE: Duration = Duration::from_secs(150);

/// Waits until the step is over, and gives the facts that there are then.
///
/// It is an error when who is at work has ended.
pub fn settle(user: &User<'_>, step: &Step, history: &mut History) -> Result<View> {
    let side = user.side;
    let start = Instant::now();
    let mut last = View::new();
    let (mut since, mut looks) = (Instant::now(), 0);
    loop {
        interrupt::check()?;
        user.switch.check()?;
        let observation = user.observe()?;
        let view = history.view(side, &observation);
        if view == last {
            looks += 1;
        } else {
            (since, looks) = (Instant::now(), 0);
            last = view;
        }
        let open = open(step, &observation);
        if open.is_empty() && looks >= LOOKS && since.elapsed() >= REST {
            return Ok(last);
        }
        if start.elapsed() > PATIENCE {
            let seen = last.iter().map(|(what, value)| format!("  {what} = {value}\n")).collect::<String>();
            let open = if open.is_empty() { vec!["it goes on changing".to_owned()] } else { open };
            bail!(
                "`{}` by {side} is not over after {} s: {}\n{seen}",
                step.name,
                PATIENCE.as_secs(),
                open.join("; ")
            );
        }
        sleep(GLANCE);
    }
}

/// What is not as it must be yet.
pub fn open(step: &Step, observation: &Observation) -> Vec<String> {
    let mut open: Vec<String> = step
        .until
        .iter()
        .filter(|until| !has_come(**until, observation))
        .map(|until| format!("{until:?}"))
        .collect();
    open.extend(unrest(observation));
    open
}

/// What shows that somebody still has something to do, whatever the step is.
fn unrest(observation: &Observation) -> Vec<String> {
    let mut unrest = Vec::new();
    for pod in &observation.pods {
        let metadata = &pod.metadata;
        let waits_for_a_node =
            pod.spec_text("/nodeName").is_empty() && pod.spec.get("nodeSelector").is_some();
        if pod.is_active() && pod.status.phase != "Running" && !waits_for_a_node {
            unrest.push(format!("pod {} does not run yet", metadata.name));
        }
        if metadata.deletion_timestamp.is_some() && metadata.finalizers.is_empty() {
            unrest.push(format!("pod {} is not gone yet", metadata.name));
        }
    }
    for controller in &observation.controllers {
        let (metadata, status) = (&controller.metadata, &controller.status);
        if metadata.deletion_timestamp.is_some() {
            continue;
        }
        let own = |pod: &&Pod| pod.controller() == Some(metadata.uid.as_str()) && pod.is_active();
        let active = observation.pods.iter().filter(own).count() as u64;
        let ready = observation.pods.iter().filter(own).filter(|pod| pod.is_ready()).count() as u64;
        if (status.replicas, status.ready_replicas) != (active, ready) {
            unrest.push(format!(
                "{} says {} replicas, {} ready; there are {active}, {ready} ready",
                metadata.name, status.replicas, status.ready_replicas
            ));
        }
        if status.observed_generation != metadata.generation {
            unrest.push(format!("{} has not seen its present spec", metadata.name));
        }
    }
    unrest
}

fn has_come(until: Until, observation: &Observation) -> bool {
    let find = |it: Named| observation.controller(it.room, it.name);
    let is_deleted = |it: Named| find(it).map(|it| it.metadata.deletion_timestamp.is_some());
    let room = |name: &str| {
        let room = observation.rooms.iter().find(|room| room.name == name);
        room.map(|room| room.deletion_timestamp.is_some())
    };
    match until {
        Until::Pods(it, active, ready) => {
            let pods = observation.pods(pods_of(it));
            pods.len() == active && pods.iter().filter(|pod| pod.is_ready()).count() == ready
        }
        Until::Available(it, number) => find(it).is_some_and(|it| it.status.available_replicas == number),
        Until::Count(pick, number) => observation.pods(pick).len() == number,
        Until::Gone(it) => find(it).is_none(),
        Until::Deleting(it) => is_deleted(it) == Some(true),
        Until::Failing(it, reason) => {
            find(it).and_then(|it| it.failure()).is_some_and(|it| it.status == "True" && it.reason == reason)
        }
        Until::Sound(it) => find(it).is_some_and(|it| it.failure().is_none()),
        Until::Counted(it) => {
            observation.quotas.iter().any(|quota| quota.namespace == it.room && quota.name == it.name)
        }
        Until::Accounted(name) => {
            observation.accounts.iter().any(|account| account.namespace == name && account.name == "default")
        }
        Until::RoomEnding(name) => room(name) == Some(true),
        Until::RoomGone(name) => room(name).is_none(),
    }
}
