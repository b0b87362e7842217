//! How many pods: creates for those that are missing, deletes for those that are too many
//! (upstream: `manageReplicas` in pkg/controller/replicaset/replica_set.go).

use std::cmp::Ordering;
use std::sync::Arc;

use mainstay_engine::names::generate_name;
use mainstay_engine::replacement;
use mainstay_engine::{Claims, Delayed, Memory, Now, View};
use mainstay_model::{CreatePod, DeletePod, Pod, PodTemplate, ReplicationController, Write};

use crate::{owner, victims};

/// What to do about the number of pods.
#[derive(Default)]
pub(crate) struct Managed {
    /// Creates or deletes, never both.
    pub(crate) writes: Vec<Write>,
    /// What the condition `ReplicaFailure` says; `None` when it must not be there.
    pub(crate) failure: Option<ReplicaFailure>,
    /// What keeps pods from being created, where no write can mend it.
    pub(crate) fault: Option<String>,
    /// Replicas that are missing and left for later.
    pub(crate) delayed: Option<Delayed>,
}

/// The content of the condition `ReplicaFailure`.
pub(crate) struct ReplicaFailure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// Plans for these claimed pods.
pub(crate) fn plan(
    controller: &ReplicationController,
    claims: &Claims<'_>,
    view: &View<'_>,
    now: Now,
    burst: usize,
) -> Managed {
    if controller.meta.is_deleting() {
        return Managed::default();
    }
    let claimed = &*claims.claimed;
    let wanted = usize::try_from(controller.replicas).unwrap_or(0);
    let held_back = view.memory.backing_off;
    match claimed.len().cmp(&wanted) {
        Ordering::Equal => Managed::default(),
        Ordering::Less => match usable_template(controller) {
            Err(fault) => Managed {
                failure: Some(ReplicaFailure { reason: "FailedCreate", message: fault.to_owned() }),
                fault: Some(fault.to_owned()),
                ..Managed::default()
            },
            Ok(template) => {
                let missing = wanted.saturating_sub(claimed.len());
                let is_new = controller.meta.generation != controller.status.observed_generation;
                let delayed = || replacement::delayed(claims, missing, view.store, now);
                let delayed = (!is_new).then(delayed).flatten();
                let due = missing.saturating_sub(delayed.as_ref().map_or(0, |delayed| delayed.count));
                let due = if held_back { 0 } else { due };
                Managed {
                    writes: creates(controller, template, view, due, burst),
                    failure: failed_create(controller, view.memory),
                    fault: None,
                    delayed,
                }
            }
        },
        Ordering::Greater => {
            let surplus = if held_back { 0 } else { claimed.len().saturating_sub(wanted) };
            Managed {
                writes: deletes(claimed, view.memory, now, surplus.min(burst)),
                failure: failed_delete(view.memory),
                ..Managed::default()
            }
        }
    }
}

/// The template, if pods made from it would be ours. Upstream creates pods that its own selector does not match, lets
/// them go and creates more, without end; the API refuses such an object today, but old ones may be stored.
fn usable_template(controller: &ReplicationController) -> Result<&Arc<PodTemplate>, &'static str> {
    let template = controller.template.as_ref().ok_or("there is no pod template")?;
    if template.labels.is_empty() {
        return Err("the pod template has no labels");
    }
    if !controller.selector.matches(&template.labels) {
        return Err("the pod template's labels do not match the selector");
    }
    Ok(template)
}

fn failed_create(controller: &ReplicationController, memory: &Memory) -> Option<ReplicaFailure> {
    let failure = memory.failure.as_ref()?;
    match &failure.write {
        Write::CreatePod(create) if create.owner.uid == controller.meta.uid => {
            Some(ReplicaFailure { reason: "FailedCreate", message: failure.message.clone() })
        }
        _ => None,
    }
}

fn failed_delete(memory: &Memory) -> Option<ReplicaFailure> {
    let failure = memory.failure.as_ref()?;
    matches!(failure.write, Write::DeletePod(_))
        // Upstream's words: `DeletePod` in pkg/controller/controller_utils.go.
        .then(|| ReplicaFailure {
            reason: "FailedDelete",
            message: format!("unable to delete pods: {}", failure.message),
        })
}

/// First the pods whose fate is unknown, under the names they have; they may exist already, so new names are only for
/// what would be missing if all of them did.
fn creates(
    controller: &ReplicationController,
    template: &Arc<PodTemplate>,
    view: &View<'_>,
    missing: usize,
    burst: usize,
) -> Vec<Write> {
    if missing == 0 {
        return Vec::new();
    }
    let unsettled: Vec<_> = view
        .memory
        .unsettled
        .iter()
        .filter(|create| create.owner.uid == controller.meta.uid)
        .map(|create| create.pod.clone())
        .filter(|pod| view.store.pods().get(pod).is_none())
        .collect();
    let new = missing.saturating_sub(unsettled.len());
    let generate_name = generate_name(&controller.meta.name.name);
    unsettled
        .into_iter()
        .take(missing)
        .chain(owner(controller).unused_names(view).take(new))
        .take(burst)
        .map(|pod| {
            Write::CreatePod(CreatePod {
                pod,
                generate_name: generate_name.clone(),
                owner: owner(controller).reference(),
                template: template.clone(),
            })
        })
        .collect()
}

/// First the pods whose deletion was asked for before: they may be on their way out, and another victim in their place
/// would be one too many.
fn deletes(claimed: &[&Arc<Pod>], memory: &Memory, now: Now, count: usize) -> Vec<Write> {
    if count == 0 {
        return Vec::new();
    }
    let (mut doomed, others): (Vec<&Arc<Pod>>, Vec<&Arc<Pod>>) =
        claimed.iter().partition(|pod| memory.doomed.contains(&pod.meta.uid));
    doomed.sort_by_key(|pod| memory.doomed.iter().position(|uid| *uid == pod.meta.uid));
    doomed
        .into_iter()
        .chain(victims::in_order(&others, now.wall))
        .take(count)
        .map(|pod| Write::DeletePod(DeletePod { pod: pod.meta.name.clone(), uid: pod.meta.uid }))
        .collect()
}
