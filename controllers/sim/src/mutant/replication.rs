//! The ReplicationController, made wrong: what it remembers, what it sees, and what it wants.

use std::sync::Arc;

use mainstay_engine::{Memory, Now, Plan, Store, View};
use mainstay_model::{
    DeletePod, Found, Kind, Meta, Object, ObjectName, Pod, Read, ReadOutcome, ReleasePod, StatusPatch, Write,
};

use super::Mutant;

/// Bends what a controller remembers.
pub(super) fn memory(mutant: Mutant, memory: &Memory, key: &ObjectName, store: &Store) -> Memory {
    let mut memory = memory.clone();
    match (mutant, store.replication_controllers().get(key)) {
        (Mutant::RandomNames, _) => memory.unsettled.clear(),
        (Mutant::AdoptFromCache, Some(controller)) => {
            let read = Read { kind: Kind::ReplicationController, object: key.clone() };
            let found = Found {
                uid: controller.meta.uid,
                version: controller.meta.version,
                deleting: controller.meta.is_deleting(),
                controller: None,
            };
            memory.answers = vec![(read, ReadOutcome::Found(found))];
        }
        _ => {}
    }
    memory
}

/// Bends the objects that a controller sees, if so.
pub(super) fn store(mutant: Mutant, store: &Store) -> Option<Store> {
    let mut bent = (mutant == Mutant::NoDelay).then(|| store.clone())?;
    for pod in store.pods().iter().filter(|pod| pod.phase.is_finished()) {
        let meta = Meta { created: None, ..pod.meta.clone() };
        bent.apply(Object::Pod(Arc::new(Pod { meta, ..Pod::clone(pod) })));
    }
    Some(bent)
}

/// Bends a plan.
pub(super) fn plan(mutant: Mutant, plan: &mut Plan, key: &ObjectName, view: &View<'_>, now: Now) {
    match mutant {
        Mutant::RandomNames => {
            for write in &mut plan.writes {
                if let Write::CreatePod(create) = write {
                    let name = format!("{}-{}", create.pod.name, now.moment.0.as_micros() % 100_000);
                    create.pod.name = name.into();
                }
            }
        }
        Mutant::OneTooMany => {
            let first = plan.writes.iter().find_map(|write| match write {
                Write::CreatePod(create) => Some(create.clone()),
                _ => None,
            });
            if let Some(mut create) = first {
                create.pod.name = format!("{}x", create.pod.name).into();
                plan.writes.push(Write::CreatePod(create));
            }
        }
        Mutant::OneTooFew => plan.writes.extend(another_victim(key, view.store, plan)),
        Mutant::StraysDeleted => plan.writes.extend(strays(key, view.store)),
        Mutant::NoRelease => plan.writes.retain(|write| !matches!(write, Write::ReleasePod(_))),
        Mutant::NoGeneration => {
            for write in &mut plan.writes {
                if let Write::PatchReplicationControllerStatus(patch) = write {
                    patch.status.observed_generation = 0;
                }
            }
        }
        Mutant::StatusBeforeClaim => plan.writes.extend(early_status(key, view.store, plan)),
        Mutant::OrphansWhenTerminating => plan.writes.extend(abandoned(key, view.store)),
        _ => {}
    }
}

fn strays<'a>(key: &ObjectName, store: &'a Store) -> impl Iterator<Item = Write> + use<'a> {
    let controller = store.replication_controllers().get(key);
    let selector = controller.map(|controller| controller.selector.clone());
    let is_stray = move |object: &mainstay_model::Object| {
        let meta = object.meta();
        meta.owners.is_empty() && selector.as_ref().is_some_and(|selector| selector.matches(&meta.labels))
    };
    let strays = store.all(Kind::Pod).into_iter().filter(is_stray);
    strays.map(|pod| Write::DeletePod(DeletePod { pod: pod.meta().name.clone(), uid: pod.meta().uid }))
}

/// The status as it is before anything was claimed, if something is about to be.
fn early_status(key: &ObjectName, store: &Store, plan: &Plan) -> Option<Write> {
    let controller = store.replication_controllers().get(key)?;
    let claims = plan.writes.iter().any(|write| matches!(write, Write::AdoptPod(_) | Write::ReleasePod(_)));
    let mut status = controller.status.clone();
    status.replicas = i32::try_from(store.pods().controlled_by(controller.meta.uid).count()).ok()?;
    let patch = StatusPatch {
        object: key.clone(),
        uid: controller.meta.uid,
        version: controller.meta.version,
        status,
    };
    (claims && plan.reads.is_empty()).then_some(Write::PatchReplicationControllerStatus(patch))
}

/// A delete of one more pod, if some are deleted.
fn another_victim(key: &ObjectName, store: &Store, plan: &Plan) -> Option<Write> {
    let controller = store.replication_controllers().get(key)?;
    let victims: Vec<_> = plan.writes.iter().filter(|write| write.verb() == "delete").collect();
    let is_spared =
        |pod: &&Arc<Pod>| pod.is_active() && !victims.iter().any(|write| write.uid() == Some(pod.meta.uid));
    let pod = store.pods().controlled_by(controller.meta.uid).find(is_spared)?;
    let delete = DeletePod { pod: pod.meta.name.clone(), uid: pod.meta.uid };
    (!victims.is_empty()).then_some(Write::DeletePod(delete))
}

/// Releases of all pods of an owner that is being deleted.
fn abandoned(key: &ObjectName, store: &Store) -> Vec<Write> {
    let controller = store.replication_controllers().get(key).filter(|found| found.meta.is_deleting());
    let Some(owner) = controller.map(|controller| controller.meta.uid) else { return Vec::new() };
    let pods = store.pods().controlled_by(owner).filter(|pod| pod.is_active());
    let release = |pod: &Arc<Pod>| {
        Write::ReleasePod(ReleasePod { pod: pod.meta.name.clone(), uid: pod.meta.uid, owner })
    };
    pods.map(release).collect()
}
