//! What was planned, on which view.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Now, Plan, Store, View};
use mainstay_model::{Meta, ObjectName, Pod, ReplicationController, Write};

use super::Oracles;
use super::sending::OwnWrite;
use crate::api::ApiServer;
use crate::clock::Time;
use crate::happening::ProcessId;
use crate::process::Planned;

/// A pod that has ended is replaced that long after it was made, at the latest.
const REPLACED_WITHIN: Duration = Duration::from_secs(300);
/// So many pods are made by one plan at most.
const BURST: usize = 500;

/// What is to be known of a plan.
#[derive(Clone, Debug)]
pub struct PlanSummary {
    /// All that the names of creates may depend on, as a number.
    pub view: u64,
    /// The names of the creates, in order.
    pub names: Vec<ObjectName>,
    /// What the plan does that none may do on that view.
    pub breach: Option<&'static str>,
}

/// Sums a plan up.
pub fn summarise(key: &ObjectName, view: &View<'_>, plan: &Plan, now: Now) -> PlanSummary {
    let names: Vec<ObjectName> = plan.writes.iter().filter_map(created).cloned().collect();
    let controller = view.store.replication_controllers().get(key);
    let workload = view.store.sidecar_workloads().get(key).map(|found| &found.meta);
    let owner = controller.map(|found| &found.meta).or(workload);
    let view_digest = owner.filter(|_| !names.is_empty()).map(|owner| digest(owner, view));
    PlanSummary {
        view: view_digest.unwrap_or_default(),
        names,
        breach: controller.and_then(|controller| breach(controller, view, plan, now)),
    }
}

impl Oracles {
    /// A process has planned a key on this view.
    pub fn planned(
        &mut self,
        time: Time,
        process: ProcessId,
        planned: &Planned,
        view: &Store,
        server: &ApiServer,
    ) {
        if let Some(breach) = planned.summary.breach {
            self.report(time, "plan", format!("{process} plans {}: {breach}", planned.key));
        }
        self.check_names(time, process, planned);
        let Some(writes) = self.acknowledged.get_mut(&process) else { return };
        let key = &planned.key;
        let of_key: Vec<OwnWrite> = writes.extract_if(.., |own| own.key == *key).collect();
        for own in of_key {
            // Who sees versions go back opens gates, whatever was acknowledged in between.
            if is_behind(planned, &own, view, server) && !self.is_restored(time) {
                let message =
                    format!("{process} plans {key} before it has seen its {} of {}", own.verb, own.object);
                self.report(time, "gate", message);
            }
        }
    }

    /// The names of a view are the beginning of one list, whoever chooses them, and however many.
    fn check_names(&mut self, time: Time, process: ProcessId, planned: &Planned) {
        let PlanSummary { view, names, .. } = &planned.summary;
        if names.is_empty() {
            return;
        }
        let known = self.chosen.entry(*view).or_default();
        if known.iter().zip(names).any(|(known, name)| known != name) {
            let message = format!("{process} chooses {names:?} for {}, and before {known:?}", planned.key);
            return self.report(time, "names", message);
        }
        if names.len() > known.len() {
            *known = names.clone();
        }
    }
}

/// Whether a view does not show a write that was acknowledged.
fn is_behind(planned: &Planned, own: &OwnWrite, view: &Store, server: &ApiServer) -> bool {
    let seen = view.get(own.kind, &own.object).filter(|object| Some(object.meta().uid) == own.uid);
    match own.verb {
        "create" => {
            let exists = server.record(own.kind, &own.object).is_some_and(|record| {
                let controller = record.meta().controller();
                Some(record.meta().uid) == own.uid
                    && controller.is_some_and(|owner| owner.name == planned.key.name)
            });
            exists && seen.is_none() && !planned.unsettled.contains(&own.object)
        }
        "delete" => seen.is_some_and(|pod| !pod.meta().is_deleting()),
        _ => own.version.is_some_and(|version| seen.is_some_and(|object| object.meta().version < version)),
    }
}

fn created(write: &Write) -> Option<&ObjectName> {
    match write {
        Write::CreatePod(create) => Some(&create.pod),
        _ => None,
    }
}

/// The owner, all pods of its namespace by name, UID and controller, and what is remembered of earlier names.
fn digest(owner: &Meta, view: &View<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    owner.uid.hash(&mut hasher);
    let in_namespace = |pod: &&Arc<Pod>| pod.meta.name.namespace == owner.name.namespace;
    for pod in view.store.pods().iter().filter(in_namespace) {
        let owner = pod.meta.controller().and_then(|owner| owner.uid);
        (&pod.meta.name, pod.meta.uid, owner).hash(&mut hasher);
    }
    view.memory.taken.hash(&mut hasher);
    view.memory.unsettled.iter().for_each(|create| create.pod.hash(&mut hasher));
    hasher.finish()
}

/// What a plan does that none may do on that view.
fn breach(
    controller: &ReplicationController,
    view: &View<'_>,
    plan: &Plan,
    now: Now,
) -> Option<&'static str> {
    let store = view.store;
    if !plan.reads.is_empty() {
        return None;
    }
    let claims = plan.writes.iter().any(|write| matches!(write, Write::AdoptPod(_) | Write::ReleasePod(_)));
    let manages = plan.writes.iter().any(|write| matches!(write, Write::CreatePod(_) | Write::DeletePod(_)));
    let tells = plan.writes.iter().any(|write| matches!(write, Write::PatchReplicationControllerStatus(_)));
    if controller.meta.is_deleting() {
        return (claims || manages).then_some("pods are touched although it is being deleted");
    }
    let namespace = &controller.meta.name.namespace;
    let matches = |pod: &&Arc<Pod>| controller.selector.matches(&pod.meta.labels);
    let active = store.pods().controlled_by(controller.meta.uid).filter(|pod| pod.is_active());
    let (own, strays): (Vec<_>, Vec<_>) = active.partition(matches);
    let is_open = !strays.is_empty()
        || store.pods().uncontrolled(namespace, &controller.selector).any(|pod| pod.is_active());
    if is_open {
        let too_early = "pods are counted or managed while it is open whose they are";
        return (manages || tells).then_some(too_early);
    }
    if view.memory.backing_off || plan.fault.is_some() {
        return None;
    }
    let wanted = usize::try_from(controller.replicas).unwrap_or(0);
    if own.len() > wanted && !manages {
        return Some("pods are too many, and nothing is done");
    }
    // The next one may wait for a while where one has ended soon after it was made.
    let has_ended_early = |pod: &&Arc<Pod>| {
        let created = pod.meta.created.filter(|_| pod.phase.is_finished() && matches(pod));
        created.is_some_and(|created| created.after(REPLACED_WITHIN) > now.wall)
    };
    let ended = store.pods().controlled_by(controller.meta.uid).filter(has_ended_early).count();
    let created = plan.writes.iter().filter_map(created).count();
    let has_none_to_wait_for = own.len() + created + ended < wanted && created < BURST;
    has_none_to_wait_for.then_some("pods are missing, and not because those before them have ended early")
}
