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
//! | `terminating-stays-ready` | `plan` | 1 |
//! | `unwanted-stays` | `plan` | 1 |
//! | `deleted-slices-ignored` | `end` | 47 |
//! | `writes-without-change` | `idle` | 1 |
//! | `old-service-missed` | `end` | 353 |
//! | `zones-ignored` | `end` | 4 |
//! | `moves-at-once` | `gap` | 108 |
//! | `never-compacts` | `end` | 2 |
//! | `no-placeholder` | `end` | 7 |
//! | `foreign-endpoints-deleted` | `ownership` | 4 |
//! | `foreign-slices-deleted` | `plan` | 1 |
//! | `skip-ignored` | `plan` | 12 |
//! | `selector-loss-ignored` | `end` | 8 |
//! | `no-versions` | `idle` | 1 |
//! | `strangers-published` | `stranger` | 1 |
//! | `ready-at-once` | `readiness` | 2 |
//! | `no-gate-for-services` | `gate` | 1 |
//! | `rests-for-hours` | `end` | 1 |
//! | `rest-forgets` | `end` | 6 |
//! | `truncation-stays` | `plan` | 25 |
//! | `no-truncation` | `plan` | 3 |
//! | `hints-left-out` | `end` | 1 |
//! | `hints-for-one-zone` | `end` | 1 |
//! | `hints-stay` | `plan` | 1 |
//! | `late-nodes-missed` | `end` | 12 |
//! | `weights-ignored` | `end` | 268 |
//! | `moves-for-nothing` | `idle` | 2 |
//! | `said-twice` | `plan` | 1 |
//! | `steps-ignored` | `availability` | 18 |
//! | `surge-off-by-one` | `surge` | 34 |
//! | `partition-off-by-one` | `partition` | 46 |
//! | `min-ready-ignored` | `availability` | 2 |
//! | `tries-again` | `ping-pong` | 1 |
//! | `completes-by-image` | `step` | 14 |
//! | `gates-ignored` | `drain` | 3 |
//! | `rolls-back-to-anything` | `idle` | 1 |
//! | `no-first-pod` | `first` | 1 |
//! | `budgets-ignored` | `budget` | 45 |
//! | `old-kubelets-patched` | `kubelet` | 82 |
//! | `never-reverts` | `end` | 109 |
//! | `two-at-once` | `step` | 1 |
//! | `main-for-a-sidecar` | `image` | 29 |
//! | `marks-too-early` | `health` | 1 |
//! | `trims-what-lives` | `revision` | 1 |
//! | `clock-restarts` | `idle` | 1 |
//! | `no-gate-for-workloads` | `gate` | 1 |
//!
//! [`Bent`] puts a mutant around a real controller. `replication`, `services` and `workloads` have those that are wrong in one call, `wrong_controller`
//! and [`CountingGate`] those that need a memory of their own.
//!
//! Not among them, since audits make up for it: a watch that is tried again after 410 from the same version.

mod bent;
mod counting_gate;
mod replication;
mod services;
mod workloads;
mod wrong_controller;

use std::time::Duration;

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_engine::{BackOff, BrainSettings, Change, Input, Memory, Now, Plan, SourceEvent, Store, View};
use mainstay_model::{Found, ObjectName, ReadOutcome, ResourceVersion, WriteOutcome};

use crate::fault::{Fault, Faults};
use crate::options::Options;
use crate::stage::Stage;

pub use bent::Bent;
pub use counting_gate::{CountingGate, EXPIRES_AFTER};

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
    /// A service whose writes were carried out rests for hours.
    RestsForHours = "rests-for-hours",
    /// What changes while a service rests is not looked at afterwards.
    RestForgets = "rest-forgets",
    /// The word that an Endpoints is over its capacity stays when it is not any more.
    TruncationStays = "truncation-stays",
    /// An Endpoints says all that there is, however much.
    NoTruncation = "no-truncation",
    /// Where zones get shares, one endpoint is for nobody's zone.
    HintsLeftOut = "hints-left-out",
    /// Where zones get shares, each endpoint is for the same one.
    HintsForOneZone = "hints-for-one-zone",
    /// Endpoints that are not ready keep what zone they were for.
    HintsStay = "hints-stay",
    /// A node that comes when its pods are there already is not looked at.
    LateNodesMissed = "late-nodes-missed",
    /// How many CPUs nodes have is asked for once.
    WeightsIgnored = "weights-ignored",
    /// With each write, one more endpoint is moved.
    MovesForNothing = "moves-for-nothing",
    /// An endpoint stands in its slice twice.
    SaidTwice = "said-twice",
    /// Pods that are being updated in place do not count as missing.
    StepsIgnored = "steps-ignored",
    /// One pod more than there may be is made.
    SurgeOffByOne = "surge-off-by-one",
    /// One pod fewer than asked for stays with the revision before.
    PartitionOffByOne = "partition-off-by-one",
    /// A pod is available as soon as it is ready.
    MinReadyIgnored = "min-ready-ignored",
    /// A revision that has failed is tried again at once.
    TriesAgain = "tries-again",
    /// A container counts as replaced when the pod's spec has its image.
    CompletesByImage = "completes-by-image",
    /// A sidecar is replaced before its pod is out of its services.
    GatesIgnored = "gates-ignored",
    /// A rollback leads to the newest revision, whether it was ever healthy or not.
    RollsBackToAnything = "rolls-back-to-anything",
    /// A revision that nobody has seen at work begins with as many pods as may be missing.
    NoFirstPod = "no-first-pod",
    /// Nobody asks what PodDisruptionBudgets allow.
    BudgetsIgnored = "budgets-ignored",
    /// Sidecars are patched whatever kubelet their pod has.
    OldKubeletsPatched = "old-kubelets-patched",
    /// What does not come up is not taken back.
    NeverReverts = "never-reverts",
    /// All containers of a pod get their images at once.
    TwoAtOnce = "two-at-once",
    /// Main gets another image where a sidecar is to have one.
    MainForASidecar = "main-for-a-sidecar",
    /// A revision is marked as healthy before all its pods are available.
    MarksTooEarly = "marks-too-early",
    /// The oldest revision goes, whoever is of it.
    TrimsWhatLives = "trims-what-lives",
    /// Each new leader counts the deadline of a rollout from its own beginning.
    ClockRestarts = "clock-restarts",
    /// A rollout is planned again at once, whether the cache shows what was written or not.
    NoGateForWorkloads = "no-gate-for-workloads",
}

impl Mutant {
    /// The world that it is wrong in.
    pub fn stage(self) -> Stage {
        match self {
            mutant if mutant < Mutant::TerminatingStaysReady => Stage::Replication,
            mutant if mutant < Mutant::StepsIgnored => Stage::Endpoints,
            _ => Stage::Sidecars,
        }
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

    /// Bends what a controller is told of a change; answers whether it is told.
    fn change(self, told: &mut Change) -> bool {
        services::change(self, told)
    }

    /// Bends what a controller remembers.
    fn memory(self, memory: &Memory, key: &ObjectName, store: &Store) -> Memory {
        replication::memory(self, memory, key, store)
    }

    /// Bends the objects that a controller sees, if so.
    fn store(self, key: &ObjectName, store: &Store) -> Option<Store> {
        match self.stage() {
            Stage::Replication => replication::store(self, store),
            Stage::Endpoints => services::store(self, store),
            Stage::Sidecars => workloads::store(self, key, store),
        }
    }

    /// Bends a plan of that controller.
    fn plan(self, controller: &str, plan: &mut Plan, key: &ObjectName, view: &View<'_>, now: Now) {
        match self.stage() {
            Stage::Replication => replication::plan(self, plan, key, view, now),
            Stage::Endpoints => services::plan(self, controller, plan, key, view.store),
            Stage::Sidecars => workloads::plan(self, plan, key, view, now),
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
            (
                Mutant::NoGate | Mutant::GateByCount | Mutant::NoGateForServices | Mutant::NoGateForWorkloads,
                input,
            ) => without_versions(input),
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
        Mutant::OldOwnerMissed
        | Mutant::OldServiceMissed
        | Mutant::ZonesIgnored
        | Mutant::LateNodesMissed
        | Mutant::WeightsIgnored => Faults::NONE.with(Fault::Hostile),
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
    let crowd = matches!(mutant, Mutant::TruncationStays | Mutant::NoTruncation);
    Options { stage: mutant.stage(), faults, length, crowd, mutant: Some(mutant), ..Options::default() }
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
