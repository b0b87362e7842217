//! How far a rollout is, and why it is no further.

use serde::Serialize;

use crate::containers::faults;
use crate::exit::Exit;
use crate::objects::{Pod, Workload};

/// How many pods are named that keep a rollout from going on.
const MOST_FAULTS: usize = 5;

/// Where a rollout is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum State {
    /// All pods that are to move have, and are available.
    Done,
    /// It goes on by itself.
    Underway,
    /// The revision has failed.
    Failed,
    /// It cannot go on, for a reason that is not the revision's.
    Stalled,
    /// The revision has failed, and all pods are of an older one again.
    RolledBack,
    /// It waits for its user: it is paused, or each pod for its deletion.
    Held,
}

impl State {
    /// What `status` ends with.
    pub fn exit(self) -> Exit {
        match self {
            State::Done => Exit::Done,
            State::Underway => Exit::Underway,
            State::Failed => Exit::Failed,
            State::Stalled => Exit::Stalled,
            State::RolledBack => Exit::RolledBack,
            State::Held => Exit::Held,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Underway => "underway",
            State::Failed => "failed",
            State::Stalled => "stalled",
            State::RolledBack => "rolled back",
            State::Held => "held",
        }
    }
}

/// How far a rollout is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The namespace.
    pub namespace: String,
    /// The SidecarWorkload.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// That in a sentence.
    pub message: String,
    /// The generation of the spec.
    pub generation: i64,
    /// The generation that Mainstay has seen.
    pub observed_generation: i64,
    /// How many pods are wanted.
    pub desired: i64,
    /// How many there are.
    pub replicas: i64,
    /// How many of them are of the revision that is asked for.
    pub updated: i64,
    /// How many of them are ready.
    pub ready: i64,
    /// How many of them have been ready for long enough.
    pub available: i64,
    /// The revision that is asked for.
    pub revision: Option<String>,
    /// What is wrong with pods that are not ready.
    pub faults: Vec<String>,
}

impl Progress {
    /// Looks at a SidecarWorkload and its pods.
    pub fn of(workload: &Workload, pods: &[Pod]) -> Progress {
        let (state, message) = judge(workload);
        let status = &workload.status;
        let main = main_name(workload);
        let mut faults: Vec<String> =
            pods.iter().filter(|pod| !pod.is_ready()).flat_map(|pod| faults(pod, main)).collect();
        let others = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        if others > 0 {
            faults.push(format!("and {others} more"));
        }
        Progress {
            namespace: workload.metadata.namespace.clone(),
            name: workload.metadata.name.clone(),
            state,
            message,
            generation: workload.metadata.generation,
            observed_generation: status.observed_generation,
            desired: workload.spec.replicas,
            replicas: status.replicas,
            updated: status.updated_replicas,
            ready: status.ready_replicas,
            available: status.available_replicas,
            revision: status.update_revision.clone(),
            faults,
        }
    }

    /// For people. The first line says all in one.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {}: {} of {} updated, {} available: {}\n",
            self.name,
            self.state.word(),
            self.updated,
            self.desired,
            self.available,
            self.message
        );
        for fault in &self.faults {
            text.push_str(&format!("  {fault}\n"));
        }
        if self.state == State::Failed {
            text.push_str(&format!(
                "To go back: kubectl mainstay undo {0}. To try once more: kubectl mainstay retry {0}\n",
                self.name
            ));
        }
        text
    }
}

/// The name of the container that does the work.
pub fn main_name(workload: &Workload) -> Option<&str> {
    workload.spec.template.get("main")?.get("name")?.as_str()
}

fn judge(workload: &Workload) -> (State, String) {
    let (spec, status) = (&workload.spec, &workload.status);
    if workload.metadata.deletion_timestamp.is_some() {
        return (State::Stalled, "its deletion was asked for".to_owned());
    }
    if status.observed_generation < workload.metadata.generation {
        let message = format!(
            "Mainstay has not looked at generation {} of the spec yet; is it running?",
            workload.metadata.generation
        );
        return (State::Underway, message);
    }
    if let Some(stalled) = workload.is_true("Stalled") {
        let state = match stalled.reason.as_str() {
            "RolledBack" => State::RolledBack,
            "ProgressDeadlineExceeded" | "RollbackFailed" => State::Failed,
            _ => State::Stalled,
        };
        return (state, format!("{}: {}", stalled.reason, stalled.message));
    }
    let told =
        |kind: &str| workload.condition(kind).map_or(String::new(), |condition| condition.message.clone());
    if workload.is_true("Ready").is_some() {
        return (State::Done, told("Ready"));
    }
    if workload.condition("Progressing").is_some_and(|condition| condition.reason == "Paused") {
        let message = format!("the rollout is paused: kubectl mainstay resume {}", workload.metadata.name);
        return (State::Held, message);
    }
    let is_whole = status.replicas == spec.replicas && status.available_replicas >= spec.replicas;
    if is_whole && spec.rollout.kind == "OnDelete" {
        return (
            State::Held,
            "rollout.type is OnDelete: pods stay as they are until they are deleted".to_owned(),
        );
    }
    let kept = workload.partition();
    let is_failed = status.failed_revision.is_some() && status.failed_revision == status.update_revision;
    if is_whole && kept > 0 && !is_failed && status.updated_replicas >= spec.replicas.saturating_sub(kept) {
        return (State::Done, format!("rollout.partition keeps {kept} pods on the revision before"));
    }
    (State::Underway, told("Progressing"))
}
