//! The SidecarWorkload: pods of one main container, init steps that run and end, and sidecars that can be replaced in running pods.
//!
//! Two pure functions, `route` and `plan`, behind [`mainstay_engine::Controller`].
//!
//! Invariants, as absences:
//! - no memory of its own: a rollout is in the objects alone (labels and one annotation of the pods, revisions, status), so a new process goes
//!   on where the one before has stopped;
//! - no write to the spec of a SidecarWorkload: it is the user's, or his Git's;
//! - no write to a pod that it neither controls nor may adopt, and none without the pod's UID;
//! - no image of main changes for a sidecar's sake.
//!
//! A plan goes through the modules in this order: the engine's `claim` says which pods are its own, `history` which revision the spec asks for
//! (`render` makes a `pod_shape` of its template), `course` where the pods are to go, `rollout` what is done to how many of them (within the
//! `budget`, each on its way by `in_place` in `step`s, in some once it is no longer `published`, surplus ones as `victims`), `failure` whether a
//! revision has failed, `status` what to publish. `route` says which keys a change touches, `events` what users are told, `metrics` what is counted.

mod budget;
mod course;
mod events;
mod failure;
mod history;
mod in_place;
mod members;
mod metrics;
mod plan;
mod pod_shape;
mod published;
mod render;
mod rollout;
mod route;
mod status;
mod step;
mod victims;

use mainstay_engine::{Change, Controller, Metric, Now, Plan, PodOwner, Store, View};
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{Event, Kind, LabelSet, ObjectName, Selector, SidecarWorkload, Write, WriteOutcome};

/// The controller's name.
pub const NAME: &str = "sidecarworkload-controller";

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The most pods that one plan makes, deletes or changes; 0 counts as 1.
    pub burst: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { burst: 500 }
    }
}

/// The controller of all SidecarWorkloads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SidecarWorkloads {
    burst: usize,
}

impl SidecarWorkloads {
    /// A controller with these settings.
    pub fn new(settings: Settings) -> SidecarWorkloads {
        SidecarWorkloads { burst: settings.burst.max(1) }
    }
}

impl Default for SidecarWorkloads {
    fn default() -> SidecarWorkloads {
        SidecarWorkloads::new(Settings::default())
    }
}

impl Controller for SidecarWorkloads {
    fn name(&self) -> &'static str {
        NAME
    }

    fn queue(&self) -> &'static str {
        "sidecarworkload"
    }

    fn metrics(&self) -> &'static [Metric] {
        metrics::METRICS
    }

    fn primary(&self) -> Kind {
        Kind::SidecarWorkload
    }

    fn kinds(&self) -> &'static [Kind] {
        &[
            Kind::SidecarWorkload,
            Kind::ControllerRevision,
            Kind::Pod,
            Kind::Node,
            Kind::PodDisruptionBudget,
            Kind::EndpointSlice,
        ]
    }

    fn helpful_kinds(&self) -> &'static [Kind] {
        &[Kind::ResourceQuota]
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        route::route(store, change, keys);
    }

    fn relieve(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        let workloads =
            change.made_room().into_iter().flat_map(|room| store.sidecar_workloads().in_namespace(room));
        keys.extend(workloads.map(|workload| workload.meta.name.clone()));
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        match view.store.sidecar_workloads().get(key) {
            Some(workload) => plan::plan(workload, view, now, self.burst),
            // Its pods and revisions go with it: they carry its reference.
            None => Plan::default(),
        }
    }

    /// A pod that somebody else controls by now, or nobody, is not deleted.
    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        let Write::DeletePod(delete) = write else { return false };
        let Some(pod) = store.pods().get(&delete.pod).filter(|pod| pod.meta.uid == delete.uid) else {
            return false;
        };
        let Some(workload) = store.sidecar_workloads().get(key) else { return true };
        !owner(workload, &selector(workload)).controls(pod)
    }

    fn accepted(&self, write: &Write) -> Option<(&'static str, &'static str)> {
        metrics::accepted(write)
    }

    fn report(
        &self,
        store: &Store,
        key: &ObjectName,
        write: &Write,
        outcome: &WriteOutcome,
    ) -> Option<Event> {
        events::report(store, key, write, outcome)
    }
}

/// Which pods a SidecarWorkload may have: those with its name on their label. No user writes that selector, so no two can overlap.
pub(crate) fn selector(workload: &SidecarWorkload) -> Selector {
    Selector(LabelSet::new([(WORKLOAD_LABEL.into(), workload.meta.name.name.clone())]))
}

/// A SidecarWorkload as the owner of its pods.
pub(crate) fn owner<'a>(workload: &'a SidecarWorkload, selector: &'a Selector) -> PodOwner<'a> {
    PodOwner { kind: Kind::SidecarWorkload, meta: &workload.meta, selector }
}

/// The reference that what belongs to a SidecarWorkload carries.
pub(crate) fn reference(workload: &SidecarWorkload) -> mainstay_model::ControllerReference {
    let name = workload.meta.name.name.clone();
    mainstay_model::ControllerReference { kind: Kind::SidecarWorkload, name, uid: workload.meta.uid }
}
