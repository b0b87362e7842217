//! One life of one manager: the real brain, sources and election, as one process with clocks of its own.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mainstay_endpoints::{EndpointSliceMirroring, EndpointSlices, Endpoints, mirroring, slices, subsets};
use mainstay_engine::election::{Election, ElectionSettings};
use mainstay_engine::list_watch::ListWatch;
use mainstay_engine::{Brain, BrainSettings, Controller, NoMeter, Now, Plan, RivalSettings, Source, View};
use mainstay_model::{Kind, ObjectName, Write};
use mainstay_replication::ReplicationControllers;
use mainstay_sidecars::SidecarWorkloads;

use crate::clock::{ProcessClock, Time};
use crate::dice::Dice;
use crate::happening::{ProcessId, Signal};
use crate::mutant::{Bent, CountingGate, Mutant};
use crate::oracles::publishing::{Judged, judge};
use crate::oracles::sidecars;
use crate::oracles::{PlanSummary, summarise};
use crate::services::MOST_PER_SLICE;
use crate::stage::Stage;

/// A manager.
pub struct Process {
    /// Which, and which life of it.
    pub id: ProcessId,
    /// Its clocks.
    pub clock: ProcessClock,
    /// What decides.
    pub brain: Brain,
    /// What decides whether it may.
    pub election: Election,
    /// Counts the questions to the election, so that old answers are known as such.
    pub turn: u64,
    /// Whether it runs, or could if it were not frozen.
    pub is_alive: bool,
    /// Until when it is frozen, if it is, and what has reached it since.
    pub frozen: Option<(Time, Vec<Signal>)>,
    /// Until when it believes that it leads, whatever its election says.
    pub usurps_until: Option<Time>,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    /// When the brain is called again; in the past if it is not.
    pub wakes: Time,
    seed: u64,
    streams: BTreeMap<Kind, Stream>,
    /// The names that each key's last plan gives to creates.
    pub batches: BTreeMap<ObjectName, Vec<ObjectName>>,
    /// Where the acknowledgements of a mutant wait.
    pub counting_gate: CountingGate,
    planned: Receiver<Planned>,
    judged: Receiver<Judged>,
    rolled: Receiver<sidecars::Judged>,
}

/// A key was planned.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The key.
    pub key: ObjectName,
    /// Pods that counted as perhaps there.
    pub unsettled: Vec<ObjectName>,
    /// The plan, as far as the oracles judge it.
    pub summary: PlanSummary,
}

/// What a process has of a source.
pub struct Stream {
    /// What decides.
    pub list_watch: ListWatch,
    /// Counts the connections, so that what comes from an old one is known as such.
    pub connection: u64,
    /// Up to where the connection has delivered.
    pub position: u64,
    /// Whether a watch is open on it.
    pub is_open: bool,
    /// Whether a delivery is on its way.
    pub is_delivering: bool,
    /// Whether nothing comes through any more.
    pub is_silent: bool,
    /// When the request was sent.
    pub since: Time,
    /// Which of the server's front ends it leads to.
    pub front_end: u64,
}

impl Process {
    /// A process that knows nothing.
    pub fn new(
        id: ProcessId,
        clock: ProcessClock,
        seed: u64,
        stage: Stage,
        mutant: Option<Mutant>,
        rivals: Option<RivalSettings>,
    ) -> Process {
        let (sender, planned) = channel();
        let (judge_sender, judged) = channel();
        let (roll_sender, rolled) = channel();
        // Nobody listens once the process has ended, and then nobody minds.
        let controllers: Vec<Box<dyn Controller + Send>> = match stage {
            Stage::Replication => {
                let bent = Bent::new(ReplicationControllers::default(), mutant);
                let observed = bent.observed_by(move |_, key, view, plan, now| {
                    let _ = sender.send(planned_on(key, view, plan, now));
                });
                vec![observed.boxed()]
            }
            Stage::Sidecars => {
                let bent = Bent::new(SidecarWorkloads::default(), mutant);
                let observed = bent.observed_by(move |_, key, view, plan, now| {
                    let _ = sender.send(planned_on(key, view, plan, now));
                    let _ = roll_sender.send(sidecars::judge(key, view, plan, now));
                });
                vec![observed.boxed()]
            }
            Stage::Endpoints => publishers(seed, mutant)
                .map(|bent| {
                    let sender = judge_sender.clone();
                    let observed = bent.observed_by(move |controller, key, view, plan, _| {
                        let _ = sender.send(judge(controller, key, view, plan));
                    });
                    observed.boxed()
                })
                .into(),
        };
        let sources = stage.kinds().iter().map(|kind| Source::everywhere(*kind)).collect();
        let mut settings = BrainSettings { seed, rivals, ..BrainSettings::default() };
        if let Some(mutant) = mutant {
            mutant.settings(&mut settings);
        }
        Process {
            id,
            clock,
            brain: Brain::new(settings, controllers, sources, Box::new(NoMeter)),
            election: Election::new(ElectionSettings::default(), id.to_string(), seed),
            turn: 0,
            is_alive: true,
            frozen: None,
            usurps_until: None,
            is_stopping: false,
            wakes: Time::default(),
            seed,
            streams: BTreeMap::new(),
            batches: BTreeMap::new(),
            counting_gate: CountingGate::default(),
            planned,
            judged,
            rolled,
        }
    }

    /// What it has of a source.
    pub fn stream(&mut self, kind: Kind) -> &mut Stream {
        let seed = self.seed;
        self.streams.entry(kind).or_insert_with(|| Stream::new(seed ^ salt(kind)))
    }

    /// What was planned since this was asked last.
    pub fn take_planned(&mut self) -> Vec<Planned> {
        self.planned.try_iter().collect()
    }

    /// The plans of services that were made since this was asked last.
    pub fn take_judged(&mut self) -> Vec<Judged> {
        self.judged.try_iter().collect()
    }

    /// The plans of SidecarWorkloads that were made since this was asked last.
    pub fn take_rolled(&mut self) -> Vec<sidecars::Judged> {
        self.rolled.try_iter().collect()
    }
}

impl Stream {
    /// One that was never asked for.
    fn new(seed: u64) -> Stream {
        Stream {
            list_watch: ListWatch::new(Default::default(), seed),
            connection: 0,
            position: 0,
            is_open: false,
            is_delivering: false,
            is_silent: false,
            since: Time::default(),
            front_end: 0,
        }
    }
}

/// A plan of a controller of pods, as far as the oracles judge it.
fn planned_on(key: &ObjectName, view: &View<'_>, plan: &Plan, now: Now) -> Planned {
    // A revision is sent again under the name that its content has, so nothing is remembered of one that could not be confirmed.
    let revisions = plan.writes.iter().filter_map(|write| match write {
        Write::CreateControllerRevision(create) => Some(create.revision.clone()),
        _ => None,
    });
    let unsettled = view.memory.unsettled.iter().map(|create| create.pod.clone()).chain(revisions).collect();
    Planned { key: key.clone(), unsettled, summary: summarise(key, view, plan, now) }
}

/// The controllers of services, with the flags of one life of a process: whoever sets others starts it anew. Most who install it leave
/// batch periods as they are.
fn publishers(seed: u64, mutant: Option<Mutant>) -> [Bent; 3] {
    let mut dice = Dice::new(seed ^ 0x0066_6c61_6773);
    let periods = [Duration::ZERO, Duration::ZERO, Duration::from_millis(500), Duration::from_secs(3)];
    let mut batch_period = || dice.one_of(&periods).copied().unwrap_or_default();
    let (for_endpoints, for_slices, for_mirrors) = (batch_period(), batch_period(), batch_period());
    let of_slices = slices::Settings { max_endpoints_per_slice: MOST_PER_SLICE, batch_period: for_slices };
    let of_mirrors = mirroring::Settings { batch_period: for_mirrors, ..mirroring::Settings::default() };
    [
        Bent::new(Endpoints::new(subsets::Settings { batch_period: for_endpoints }), mutant),
        Bent::new(EndpointSlices::new(of_slices), mutant),
        Bent::new(EndpointSliceMirroring::new(of_mirrors), mutant),
    ]
}

/// What tells the kinds' draws apart.
fn salt(kind: Kind) -> u64 {
    match kind {
        Kind::Pod => 1,
        Kind::ReplicationController => 2,
        Kind::ResourceQuota => 3,
        Kind::Service => 4,
        Kind::Node => 5,
        Kind::Endpoints => 6,
        Kind::EndpointSlice => 7,
        Kind::SidecarWorkload => 8,
        Kind::ControllerRevision => 9,
        Kind::PodDisruptionBudget => 10,
    }
}
