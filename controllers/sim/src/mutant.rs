//! Managers that are wrong on purpose: each must be caught, or the net has a hole.
//!
//! The production code is not touched. What it is told, or what it wants, is bent on the way, so that it behaves as if it had been
//! written wrongly. `cargo xtask sim --mutants` prints the table below, and a test holds it against what is found; the number is that
//! of seeds until the first that fails, with two managers and the faults of [`mutant_options`].
//!
//! | mutant | caught by | seeds |
//! |---|---|---|
//! | `random-names` | `count` | 23 |
//! | `one-too-many` | `count` | 2 |
//! | `strays-deleted` | `ownership` | 2 |
//! | `no-release` | `end` | 2 |
//! | `old-owner-missed` | `end` | 6 |
//! | `keys-forgotten` | `end` | 3 |
//! | `no-generation` | `rest` | 2 |
//! | `no-audits` | `leak` | 29 |
//! | `no-retries` | `end` | 6 |
//! | `leads-on` | `dispatch` | 20 |
//! | `lease-without-version` | `leader` | 142 |
//! | `lease-by-wall-clock` | `leader` | 7 |
//! | `list-without-deletes` | `end` | 8 |
//! | `never-stale` | `count` | 49 |
//! | `delete-without-uid` | `ownership` | 236 |
//! | `restore-ignored` | `end` | 19 |
//!
//! Not among them, since audits make up for it: a watch that is tried again after 410 from the same version.

use std::time::Duration;

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_engine::{BackOff, BrainSettings, Change, Input, Memory, Now, Plan, SourceEvent, Store, View};
use mainstay_model::{DeletePod, Kind, ObjectName, ResourceVersion, Write};

use crate::fault::{Fault, Faults};
use crate::options::Options;

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
    pub fn memory(self, memory: &Memory) -> Memory {
        let mut memory = memory.clone();
        if self == Mutant::RandomNames {
            memory.unsettled.clear();
        }
        memory
    }

    /// Bends what a controller is told of a change; answers whether it is told.
    pub fn change(self, change: &mut Change, number: u64) -> bool {
        if self == Mutant::OldOwnerMissed && change.new.is_some() {
            change.old = None;
        }
        self != Mutant::KeysForgotten || !number.is_multiple_of(5)
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
            Mutant::StraysDeleted => plan.writes.extend(strays(key, view.store)),
            Mutant::NoRelease => plan.writes.retain(|write| !matches!(write, Write::ReleasePod(_))),
            Mutant::NoGeneration => {
                for write in &mut plan.writes {
                    if let Write::PatchReplicationControllerStatus(patch) = write {
                        patch.status.observed_generation = 0;
                    }
                }
            }
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
            (Mutant::NeverStale, Input::NewestVersion(source, _)) => {
                Input::NewestVersion(source, Some(ResourceVersion(1)))
            }
            (Mutant::RestoreIgnored, Input::NewestVersion(source, Some(version))) => {
                let known = store.all(source.kind);
                let newest = known.iter().map(|object| object.meta().version).max();
                Input::NewestVersion(source, newest.max(Some(version)))
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
        Mutant::OldOwnerMissed => Faults::NONE.with(Fault::Hostile),
        Mutant::RestoreIgnored => Faults::all().with(Fault::Restore),
        _ => Faults::all(),
    };
    Options { faults, mutant: Some(mutant), ..Options::default() }
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
