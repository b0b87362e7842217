//! When ReplicationControllers are at rest: their pods are as many and as ready as they say, and what the step waits for has come.

use super::observation::{Observation, Pod};
use super::step::{Named, Until, pods_of};

/// What shows that somebody still has something to do, whatever the step is.
pub fn unrest(observation: &Observation) -> Vec<String> {
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

/// Whether this has come.
pub fn has_come(until: Until, observation: &Observation) -> bool {
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
