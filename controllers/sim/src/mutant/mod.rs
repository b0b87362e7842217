//! Managers that are wrong on purpose: each must be caught, or the net has a hole.
//!
//! The production code is not touched. What it is told, or what it wants, is bent on the way, so that it behaves as if it had been
//! written wrongly. `cargo xtask sim --mutants` prints the table below, and a test holds it against what is found; the number is that
//! of seeds until the first that fails, with two managers and the faults of [`mutant_options`].
//!
//! | mutant | caught by | seeds |
//! |---|---|---|
//! | `random-names` | `names` | 3 |
//! | `one-too-many` | `count` | 1 |
//! | `one-too-few` | `shortage` | 25 |
//! | `strays-deleted` | `plan` | 3 |
//! | `no-release` | `end` | 5 |
//! | `old-owner-missed` | `end` | 8 |
//! | `keys-forgotten` | `end` | 2 |
//! | `no-generation` | `idle` | 1 |
//! | `no-audits` | `end` | 32 |
//! | `no-retries` | `end` | 3 |
//! | `leads-on` | `dispatch` | 9 |
//! | `lease-without-version` | `leader` | 93 |
//! | `lease-by-wall-clock` | `leader` | 4 |
//! | `list-without-deletes` | `gate` | 17 |
//! | `never-stale` | `count` | 14 |
//! | `delete-without-uid` | `ownership` | 1082 |
//! | `restore-ignored` | `leak` | 66 |
//! | `no-gate` | `gate` | 2 |
//! | `gate-by-count` | `gate` | 1 |
//! | `adopt-from-cache` | `adoption` | 151 |
//! | `status-before-claim` | `plan` | 3 |
//! | `transport-retries` | `dispatch` | 3 |
//! | `queue-forgets` | `end` | 12 |
//! | `back-off-never-resets` | `end` | 2 |
//! | `window-never-shrinks` | `window` | 3 |
//! | `lists-from-cache` | `gate` | 11 |
//! | `no-delay` | `pace` | 25 |
//! | `orphans-when-terminating` | `plan` | 1 |
//! | `terminating-stays-ready` | `plan` | 3 |
//! | `unwanted-stays` | `plan` | 1 |
//! | `deleted-slices-ignored` | `end` | 22 |
//! | `writes-without-change` | `idle` | 1 |
//! | `old-service-missed` | `end` | 200 |
//! | `zones-ignored` | `end` | 13 |
//! | `moves-at-once` | `gap` | 90 |
//! | `never-compacts` | `plan` | 80 |
//! | `no-placeholder` | `end` | 2 |
//! | `foreign-endpoints-deleted` | `ownership` | 6 |
//! | `foreign-slices-deleted` | `plan` | 2 |
//! | `skip-ignored` | `plan` | 6 |
//! | `selector-loss-ignored` | `end` | 4 |
//! | `no-versions` | `idle` | 3 |
//! | `strangers-published` | `stranger` | 1 |
//! | `ready-at-once` | `idle` | 1 |
//! | `no-gate-for-services` | `gate` | 1 |
//!
//! `wrong_controller` and [`CountingGate`] have those that need a memory of their own; [`Bent`] and
//! [`Publisher`] put a mutant around the real ones.
//!
//! Not among them, since audits make up for it: a watch that is tried again after 410 from the same version.

mod bent;
mod counting_gate;
mod publisher;
mod wrong_controller;

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_engine::{BackOff, BrainSettings, Input, Memory, Now, Plan, SourceEvent, Store, View};
use mainstay_model::{
    DeletePod, Found, Kind, Meta, Object, ObjectName, Pod, Read, ReadOutcome, ReleasePod, ResourceVersion,
    StatusPatch, Write, WriteOutcome,
};

use crate::fault::{Fault, Faults};
use crate::options::Options;
use crate::stage::Stage;

pub use bent::Bent;
pub use counting_gate::{CountingGate, EXPIRES_AFTER};
pub use publisher::Publisher;

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// One way to be wrong.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Mutant] = &[$(Mutant::$variant,)+];

            /// The name, for command lines and tables.
            pub const fn name(self) -> &'static str {
                match self { $(Mutant::$variant => $name,)+ }
            }
        }
    };
}

mutants! {
    /// Each try of a create has a new name, and creates without an answer are forgotten.
    RandomNames = "random-names",
    /// One pod more is created than is missing.
    OneTooMany = "one-too-many",
    /// One pod more is deleted than is too many.
    OneTooFew = "one-too-few",
    /// Pods that match and are nobody's are deleted.
    StraysDeleted = "strays-deleted",
    /// Pods whose labels do not match any more are not released.
    NoRelease = "no-release",
    /// A change of a pod is routed to its new owner only.
    OldOwnerMissed = "old-owner-missed",
    /// One in five changes does not reach its key.
    KeysForgotten = "keys-forgotten",
    /// The status does not say of which generation it speaks.
    NoGeneration = "no-generation",
    /// What a watch has lost is not looked for.
    NoAudits = "no-audits",
    /// The first wait after a failure takes an hour.
    NoRetries = "no-retries",
    /// A leader goes on after its lease has run out.
    LeadsOn = "leads-on",
    /// The lease is written whatever version it has.
    LeaseWithoutVersion = "lease-without-version",
    /// Whether a lease has run out is told by the time in it.
    LeaseByWallClock = "lease-by-wall-clock",
    /// A list adds and changes objects, and takes none away.
    ListWithoutDeletes = "list-without-deletes",
    /// A new leader takes its caches for fresh.
    NeverStale = "never-stale",
    /// Deletes name no UID.
    DeleteWithoutUid = "delete-without-uid",
    /// Nobody asks whether versions have gone back.
    RestoreIgnored = "restore-ignored",
    /// A key is planned again at once, whether the cache shows its writes or not.
    NoGate = "no-gate",
    /// A key is planned again when as many pods have appeared as were created, or after a while.
    GateByCount = "gate-by-count",
    /// Whether the owner of an orphan still exists is asked of the cache.
    AdoptFromCache = "adopt-from-cache",
    /// A status is written while it is open whose the pods are.
    StatusBeforeClaim = "status-before-claim",
    /// The transport sends creates again by itself.
    TransportRetries = "transport-retries",
    /// What changes while a key is at work is not looked at afterwards.
    QueueForgets = "queue-forgets",
    /// The back-off of a key only grows.
    BackOffNeverResets = "back-off-never-resets",
    /// All creates of a plan are sent at once, however many have failed before.
    WindowNeverShrinks = "window-never-shrinks",
    /// Lists are taken from the front end's cache, however old.
    ListsFromCache = "lists-from-cache",
    /// Pods that end soon after they were made are replaced at once.
    NoDelay = "no-delay",
    /// An owner that is being deleted lets its pods go.
    OrphansWhenTerminating = "orphans-when-terminating",
    /// A pod on its way out is said to be ready.
    TerminatingStaysReady = "terminating-stays-ready",
    /// Endpoints that are not wanted any more stay in their slice.
    UnwantedStays = "unwanted-stays",
    /// Nobody minds that a slice was deleted.
    DeletedSlicesIgnored = "deleted-slices-ignored",
    /// What is there is written again.
    WritesWithoutChange = "writes-without-change",
    /// A change of a pod is routed to the services that select it now only.
    OldServiceMissed = "old-service-missed",
    /// Where nodes are is asked for once.
    ZonesIgnored = "zones-ignored",
    /// What is merged goes from where it was while it is written where it goes.
    MovesAtOnce = "moves-at-once",
    /// Slices that are many and nearly empty are not merged.
    NeverCompacts = "never-compacts",
    /// Where there are no endpoints, there is no slice either.
    NoPlaceholder = "no-placeholder",
    /// An Endpoints without a service goes, whoever wrote it.
    ForeignEndpointsDeleted = "foreign-endpoints-deleted",
    /// A service's slices go, whoever wrote them.
    ForeignSlicesDeleted = "foreign-slices-deleted",
    /// An Endpoints is mirrored although it asks to be left out.
    SkipIgnored = "skip-ignored",
    /// A service that has lost its selector keeps its slices.
    SelectorLossIgnored = "selector-loss-ignored",
    /// Slices and Endpoints are written and deleted whatever version they have.
    NoVersions = "no-versions",
    /// Pods of another namespace are published, too.
    StrangersPublished = "strangers-published",
    /// Each pod is said to be ready from the moment it has an address.
    ReadyAtOnce = "ready-at-once",
    /// A service is planned again at once, whether the cache shows what was written or not.
    NoGateForServices = "no-gate-for-services",
}

impl Mutant {
    /// The world that it is wrong in.
    pub fn stage(self) -> Stage {
        if self < Mutant::TerminatingStaysReady { Stage::Replication } else { Stage::Endpoints }
    }

    /// Whether what is sent is not what is planned: then those who look at the server only have to see it.
    pub(crate) fn is_behind_the_plan(self) -> bool {
        matches!(
            self,
            Mutant::MovesAtOnce
                | Mutant::ForeignEndpointsDeleted
                | Mutant::StrangersPublished
                | Mutant::ReadyAtOnce
        )
    }
}

impl Mutant {
    /// Bends what is set.
    pub fn settings(self, settings: &mut BrainSettings) {
        let hour = Duration::from_secs(3600);
        match self {
            Mutant::NoAudits => settings.audit_interval = None,
            Mutant::NoRetries => settings.back_off = BackOff { base: hour, cap: hour },
            _ => {}
        }
    }

    /// Bends what a controller remembers.
    pub fn memory(self, memory: &Memory, key: &ObjectName, store: &Store) -> Memory {
        let mut memory = memory.clone();
        match (self, store.replication_controllers().get(key)) {
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
    pub fn store(self, store: &Store) -> Option<Store> {
        let mut bent = (self == Mutant::NoDelay).then(|| store.clone())?;
        for pod in store.pods().iter().filter(|pod| pod.phase.is_finished()) {
            let meta = Meta { created: None, ..pod.meta.clone() };
            bent.apply(Object::Pod(Arc::new(Pod { meta, ..Pod::clone(pod) })));
        }
        Some(bent)
    }

    /// Bends a plan.
    pub fn plan(self, plan: &mut Plan, key: &ObjectName, view: &View<'_>, now: Now) {
        match self {
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

    /// Bends what a brain is told.
    pub fn input(self, input: Input, store: &Store) -> Input {
        match (self, input) {
            (Mutant::ListWithoutDeletes, Input::Source(source, SourceEvent::Listed(mut listing))) => {
                let known = store.all(source.kind);
                listing.unreadable = known.iter().map(|object| object.meta().name.clone()).collect();
                Input::Source(source, SourceEvent::Listed(listing))
            }
            (Mutant::NeverStale, Input::NewestVersion { source, asked, .. }) => {
                Input::NewestVersion { source, asked, version: Some(ResourceVersion(1)) }
            }
            (Mutant::RestoreIgnored, Input::NewestVersion { source, asked, version: Some(version) }) => {
                let known = store.all(source.kind);
                let newest = known.iter().map(|object| object.meta().version).max();
                Input::NewestVersion { source, asked, version: newest.max(Some(version)) }
            }
            (Mutant::NoGate | Mutant::GateByCount | Mutant::NoGateForServices, input) => {
                without_versions(input)
            }
            (_, input) => input,
        }
    }

    /// Bends a request about the lease; `newest` is the lease's version.
    pub fn lease_request(self, request: LeaseRequest, newest: Option<ResourceVersion>) -> LeaseRequest {
        match (self, request, newest) {
            (Mutant::LeaseWithoutVersion, LeaseRequest::Update(record, _), Some(newest)) => {
                LeaseRequest::Update(record, newest)
            }
            (_, request, _) => request,
        }
    }

    /// Bends what an election is told.
    pub fn lease_answer(self, answer: LeaseAnswer, now: Now) -> LeaseAnswer {
        match (self, answer) {
            (Mutant::LeaseByWallClock, LeaseAnswer::Lease(mut lease)) => {
                let lasts = Duration::from_secs(15);
                if lease.record.renewed.is_some_and(|renewed| renewed.after(lasts) < now.wall) {
                    lease.record.holder.clear();
                }
                LeaseAnswer::Lease(lease)
            }
            (_, answer) => answer,
        }
    }
}

/// A world that is to catch it.
pub fn mutant_options(mutant: Mutant) -> Options {
    let faults = match mutant {
        // Other faults make up for it: each new leader plans everything anew.
        Mutant::OldOwnerMissed | Mutant::OldServiceMissed | Mutant::ZonesIgnored => {
            Faults::NONE.with(Fault::Hostile)
        }
        // Creates that fail would slow it down, too.
        Mutant::NoDelay => Faults::NONE.with(Fault::Rejection),
        Mutant::RestoreIgnored => Faults::all().with(Fault::Restore),
        // Who starts anew has forgotten how often it failed.
        Mutant::BackOffNeverResets => {
            let faults = [Fault::ServerError, Fault::Forbidden, Fault::Kubelet, Fault::Quota];
            faults.into_iter().fold(Faults::NONE, Faults::with)
        }
        _ => Faults::all(),
    };
    // Back-off that only grows has to become longer than what rest may take.
    let length = if mutant == Mutant::BackOffNeverResets { 10 } else { 1 };
    Options { stage: mutant.stage(), faults, length, mutant: Some(mutant), ..Options::default() }
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

/// An answer to a write without its version, and a pod that is there as if it were not: nothing to wait for.
fn without_versions(input: Input) -> Input {
    match input {
        Input::Write { id, outcome: WriteOutcome::Acknowledged { .. }, took } => {
            Input::Write { id, outcome: WriteOutcome::Acknowledged { version: None }, took }
        }
        Input::Read { id, outcome: ReadOutcome::Found(Found { controller: Some(_), .. }) } => {
            Input::Read { id, outcome: ReadOutcome::NotFound }
        }
        input => input,
    }
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
