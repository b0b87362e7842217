//! What is published: counts, revisions, sidecars, and conditions that `kubectl wait`, kstatus and Argo CD understand.

use mainstay_engine::Now;
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{
    Condition, ContainerRole, SidecarStatus, SidecarWorkload, SidecarWorkloadStatus, StatusPatch, Timestamp,
    Write,
};

use crate::budget::Budget;
use crate::history::Revision;
use crate::members::Member;

/// Where a rollout is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    /// All replicas are of the revision that the spec asks for, and available.
    Complete,
    /// On the way, in words.
    Progressing(String),
    /// On the way, but no pod may be taken down before others are healthy or somebody changes a PodDisruptionBudget, in words. That is no
    /// failure: budgets are there to be waited for, and how long is for users to judge.
    WaitsForBudget(String),
    /// It stands still since the user has said so.
    Paused,
    /// Nothing will change before somebody does something: a reason in CamelCase, and a sentence.
    Stalled(&'static str, String),
    /// All replicas are of an older revision again.
    RolledBack(String),
}

/// The counts and marks of a status, but for the conditions; `wanted` is the revision that the spec asks for, if it can be had.
pub(crate) fn counted(
    workload: &SidecarWorkload,
    wanted: Option<&Revision>,
    members: &[Member<'_>],
) -> SidecarWorkloadStatus {
    let count = |counts: &dyn Fn(&Member<'_>) -> bool| {
        i32::try_from(members.iter().filter(|member| counts(member)).count()).unwrap_or(i32::MAX)
    };
    SidecarWorkloadStatus {
        observed_generation: workload.meta.generation,
        replicas: count(&|_| true),
        ready_replicas: count(&|member| member.pod.ready),
        available_replicas: count(&|member| member.is_available),
        updated_replicas: count(&|member| {
            wanted.is_some_and(|wanted| member.is_of(&wanted.name)) && !member.is_in_step()
        }),
        selector: Some(format!("{WORKLOAD_LABEL}={}", workload.meta.name.name).into()),
        update_revision: wanted.map(|wanted| wanted.name.clone()),
        current_revision: workload.status.current_revision.clone(),
        sidecars: wanted.map(|wanted| sidecars(wanted, members)).unwrap_or_default(),
        conditions: workload.status.conditions.clone(),
        ..SidecarWorkloadStatus::default()
    }
}

/// When the rollout has last come nearer to its end; `None` while no clock runs. What a process has noted whose clock was ahead counts as now.
pub(crate) fn progressed_at(
    old: &SidecarWorkloadStatus,
    new: &SidecarWorkloadStatus,
    is_running: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let behind = |status: &SidecarWorkloadStatus| status.replicas.saturating_sub(status.updated_replicas);
    let is_nearer = new.updated_replicas > old.updated_replicas
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
        || behind(new) < behind(old)
        || new.update_revision != old.update_revision;
    let now = Timestamp::from_seconds(now.seconds());
    let last = old.progressed_at.filter(|_| !is_nearer);
    is_running.then(|| last.map_or(now, |last| last.min(now)))
}

/// Whether all replicas are of a revision and available, and there is nothing else.
pub(crate) fn is_complete(members: &[Member<'_>], revision: &Revision, budget: &Budget) -> bool {
    members.len() == budget.replicas
        && members.iter().all(|member| member.is_of(&revision.name) && member.is_available)
}

/// The conditions for a stand; those of others stay as they are.
pub(crate) fn conditions(
    status: &SidecarWorkloadStatus,
    budget: &Budget,
    stand: &Stand,
    foreign: Option<String>,
    now: Now,
) -> Vec<Condition> {
    let mut conditions = status.conditions.clone();
    let mut set = |kind: &str, is_true: Option<bool>, reason: &str, message: String| {
        let status = match is_true {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        put(&mut conditions, kind, status, reason, message, now.wall);
    };
    let available = usize::try_from(status.available_replicas).unwrap_or(0);
    let counts = format!(
        "{} of {} replicas are available, {} are of revision {}",
        status.available_replicas,
        budget.replicas,
        status.updated_replicas,
        status.update_revision.as_deref().unwrap_or_default()
    );
    let is_available = available >= budget.least_available();
    let reason = if is_available { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" };
    set("Available", Some(is_available), reason, counts.clone());

    let (ready, progressing, reconciling, stalled) = match stand {
        Stand::Complete => (true, (Some(true), "NewPodsAvailable", counts.clone()), false, None),
        Stand::Progressing(message) => (false, (Some(true), "PodsAreUpdated", message.clone()), true, None),
        Stand::WaitsForBudget(message) => {
            (false, (Some(true), "WaitsForDisruptionBudget", message.clone()), true, None)
        }
        Stand::Paused => (false, (None, "Paused", "spec.rollout.paused is true".to_owned()), false, None),
        Stand::Stalled(reason, message) => {
            (false, (Some(false), *reason, message.clone()), false, Some((*reason, message.clone())))
        }
        Stand::RolledBack(message) => {
            let stalled = Some(("RolledBack", message.clone()));
            (false, (Some(false), "RolledBack", message.clone()), false, stalled)
        }
    };
    let (is_progressing, reason, message) = progressing;
    set(
        "Ready",
        Some(ready),
        if ready { "Ready" } else { reason },
        if ready { counts } else { message.clone() },
    );
    set("Progressing", is_progressing, reason, message.clone());
    set("Reconciling", Some(reconciling), if reconciling { reason } else { "AtRest" }, String::new());
    let is_rolled_back = matches!(stand, Stand::RolledBack(_));
    match stalled {
        Some((reason, message)) => set("Stalled", Some(true), reason, message),
        None => set("Stalled", Some(false), "NotStalled", String::new()),
    }
    set(
        "RolledBack",
        Some(is_rolled_back),
        if is_rolled_back { "RevisionFailed" } else { "NotRolledBack" },
        if is_rolled_back { message } else { String::new() },
    );
    let is_single = foreign.is_none();
    let reason = if is_single { "OneMainContainer" } else { "ForeignContainer" };
    set("SingleMain", Some(is_single), reason, foreign.unwrap_or_default());
    conditions
}

/// The write that publishes a status, if it says anything new. The server ignores the UID in it: what keeps it off another SidecarWorkload
/// of that name is the version, which is why it never goes without.
pub(crate) fn patch(workload: &SidecarWorkload, status: SidecarWorkloadStatus) -> Option<Write> {
    let patch = |status| {
        Write::PatchSidecarWorkloadStatus(StatusPatch {
            object: workload.meta.name.clone(),
            uid: workload.meta.uid,
            version: workload.meta.version,
            status,
        })
    };
    (status != workload.status).then(|| patch(status))
}

/// Sets a condition. Its time is that of the last change of its status.
fn put(
    conditions: &mut Vec<Condition>,
    kind: &str,
    status: &str,
    reason: &str,
    message: String,
    now: Timestamp,
) {
    let known = conditions.iter_mut().find(|condition| condition.kind == kind);
    match known {
        Some(condition) => {
            if condition.status != status {
                status.clone_into(&mut condition.status);
                condition.last_transition = Some(Timestamp::from_seconds(now.seconds()));
            }
            reason.clone_into(&mut condition.reason);
            condition.message = message;
        }
        None => conditions.push(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            last_transition: Some(Timestamp::from_seconds(now.seconds())),
            reason: reason.to_owned(),
            message,
        }),
    }
}

fn sidecars(wanted: &Revision, members: &[Member<'_>]) -> Vec<SidecarStatus> {
    let sidecars = wanted.replaceable.iter().filter(|container| container.role == ContainerRole::Sidecar);
    sidecars
        .map(|sidecar| {
            let mut status = SidecarStatus {
                name: sidecar.name.clone(),
                from: "workload".into(),
                image: sidecar.image.clone(),
                updated: 0,
                ready: 0,
                restarts: 0,
            };
            for state in members.iter().filter_map(|member| member.container(&sidecar.name)) {
                status.updated += i32::from(state.image == sidecar.image);
                status.ready += i32::from(state.ready);
                status.restarts = status.restarts.saturating_add(state.restarts);
            }
            status
        })
        .collect()
}
