//! The loop, and all that the world consists of.
//!
//! Map: [`requests`] carries what processes send, [`server`] answers it, [`streams`] carries what watches say, [`leases`] drives the
//! elections, [`rivals`] are others who may do the same work, [`agents`] are scheduler and kubelets, [`garbage`] is the garbage collector, [`quotas`] the quota controller, [`users`] do what the script says, [`faults`] too,
//! [`services`] and [`meddling`] are those who live in a world of services, [`workloads`], [`kubelets`], [`disruptions`] and [`slices`] those in one of SidecarWorkloads, and
//! [`end`] looks at what is left.

mod agents;
mod disruptions;
mod end;
mod faults;
mod garbage;
mod kubelets;
mod leases;
mod meddling;
mod quotas;
mod requests;
mod rivals;
mod server;
mod services;
mod slices;
mod streams;
mod users;
mod workloads;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use mainstay_engine::election::Standing;
use mainstay_engine::{Effect, Input};
use mainstay_model::{Name, ObjectName, ReadOutcome, ResourceVersion, Timestamp};

use crate::api::ApiServer;
use crate::clock::{ProcessClock, Time};
use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Schedule, Signal};
use crate::injection::Place;
use crate::mutant::{EXPIRES_AFTER, Mutant};
use crate::options::Options;
use crate::oracles::Oracles;
use crate::oracles::publishing::Publishing;
use crate::process::Process;
use crate::script::{Script, Step, UserStep};
use crate::stage::Stage;

pub use end::EndState;

/// A process that is told to stop and does not drain is killed after so long.
const STOP_TAKES_AT_MOST: Duration = Duration::from_secs(10);

/// A cluster.
pub struct World {
    seed: u64,
    options: Options,
    dice: Dice,
    schedule: Schedule,
    server: ApiServer,
    processes: Vec<Process>,
    oracles: Oracles,
    /// The oracles of a world of services, and what its users must remember.
    publishing: Publishing,
    estate: services::Estate,
    /// What runs on the nodes of a world of SidecarWorkloads, and how many pods of each somebody wants to stay healthy.
    fleet: kubelets::Fleet,
    budgets: BTreeMap<ObjectName, i32>,
    coverage: Coverage,
    log: Option<String>,
    steps: u64,
    /// How many places there were for the strike.
    places: u64,
    /// How often each injected fault could have happened.
    occasions: Vec<u64>,
    /// Whether the faults are over.
    calm: bool,
    /// Until when watches are slow.
    slow_until: Time,
    /// How late every event of a watch is, and which revision was reached when.
    watch_delay: Duration,
    reached: BTreeMap<u64, Time>,
    /// Front ends that hear of nothing beyond a version, until a time.
    lagging: BTreeMap<u64, (ResourceVersion, Time)>,
    /// Front ends that are so many revisions behind, for ever.
    behind: BTreeMap<u64, u64>,
    /// Nodes whose kubelet is cut off, until a time.
    cut_off: BTreeMap<Name, Time>,
    /// Nodes whose kubelet lets no new pod live, until a time.
    rejecting: BTreeMap<Name, Time>,
    /// Until when no apiserver runs, and until when those who live in the cluster have not found it again.
    down: Option<(Time, Time)>,
    /// Who else may do the managers' work.
    rivals: rivals::Others,
    /// What users will do about a ReplicationController once its deletion is over.
    postponed: BTreeMap<ObjectName, VecDeque<UserStep>>,
    /// When everybody must have come to rest.
    rest_from: Time,
}

impl World {
    /// A world before its first step.
    pub fn new(seed: u64, options: &Options, script: Script) -> World {
        let mut world = World {
            seed,
            options: options.clone(),
            dice: Dice::new(seed),
            schedule: Schedule::default(),
            server: ApiServer::default(),
            processes: Vec::new(),
            oracles: Oracles::new(options.stage),
            publishing: Publishing::default(),
            estate: services::Estate::default(),
            fleet: kubelets::Fleet::default(),
            budgets: BTreeMap::new(),
            coverage: Coverage::default(),
            log: options.log.then(String::new),
            steps: 0,
            places: 0,
            calm: false,
            slow_until: Time::default(),
            watch_delay: Duration::ZERO,
            reached: BTreeMap::new(),
            lagging: BTreeMap::new(),
            behind: BTreeMap::new(),
            occasions: vec![0; options.injections.len()],
            cut_off: BTreeMap::new(),
            rejecting: BTreeMap::new(),
            down: None,
            rivals: rivals::Others::default(),
            postponed: BTreeMap::new(),
            rest_from: Time(u64::MAX),
        };
        for (number, (time, step)) in script.0.into_iter().enumerate() {
            if !options.without.contains(&number) {
                world.schedule.at(time, Happening::Script(step));
            }
        }
        for injection in &options.injections {
            if let Place::Time { at, lasts } = injection.place {
                let step = Step::Fault(injection.fault, lasts);
                world.schedule.at(Time::default().after(at), Happening::Script(step));
            }
        }
        world.announce_rivals();
        world.schedule.at(Time::default(), Happening::GarbageIsCollected);
        world.schedule.at(Time::default(), Happening::NodesRenew);
        world.schedule.at(Time::default(), Happening::QuotasAreCounted);
        if options.stage == Stage::Sidecars {
            world.schedule.at(Time::default(), Happening::BudgetsAreCounted);
            world.schedule.at(Time::default(), Happening::SlicesAreWritten);
        }
        for index in 0..options.managers {
            world.start(ProcessId { index, life: 0 });
        }
        world
    }

    /// From now on, each watch tells what has happened that much later.
    pub fn delay_watches(&mut self, delay: Duration) {
        self.watch_delay = delay;
    }

    /// Lets happen what happens before `end`; stops early when there is more wrong than anybody wants to read.
    pub fn run_until(&mut self, end: Time) {
        while self.oracles.violations().len() < 5
            && let Some(happening) = self.schedule.next(end)
        {
            self.steps += 1;
            match happening {
                Happening::Arrives(..) if self.is_down() => {}
                Happening::Arrives(sender, request) => self.arrives(sender, request),
                Happening::Reaches(id, signal) => self.reaches(id, signal),
                Happening::PodLives(..)
                | Happening::GarbageIsCollected
                | Happening::NodesRenew
                | Happening::QuotasAreCounted
                | Happening::BudgetsAreCounted
                | Happening::SlicesAreWritten
                | Happening::NodeRestarts(_)
                | Happening::UserLooks(_)
                | Happening::Script(Step::User(..) | Step::Service(_) | Step::Workload(_))
                    if let Some(until) = self.others_are_away() =>
                {
                    self.schedule.at(until, happening);
                }
                Happening::PodLives(name, uid) => self.pod_lives(&name, uid),
                Happening::GarbageIsCollected => self.collect_garbage(),
                Happening::NodesRenew => self.renew_nodes(),
                Happening::QuotasAreCounted => self.count_quotas(),
                Happening::BudgetsAreCounted => self.count_budgets(),
                Happening::SlicesAreWritten => self.write_slices(),
                Happening::NodeRestarts(node) => self.restart_node(&node),
                Happening::Script(step) => self.script(step),
                Happening::UserLooks(name) => self.user_looks(&name),
                Happening::RivalComes(lasts) => self.rival_comes(lasts),
                Happening::Thaws(id) => self.thaw(id),
                Happening::StopTakesTooLong(id) => self.end_process(id, "it did not stop in time"),
                Happening::Restarts(index) => self.restart(index),
            }
            if self.options.stage == Stage::Endpoints {
                self.publishing.observe(&self.server, false);
            }
        }
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How many places there were for the strike that the options name.
    pub fn places(&self) -> u64 {
        self.places
    }

    fn now(&self) -> Time {
        self.schedule.now()
    }

    /// What a right wall clock shows, as objects say it: without what is less than a second.
    fn second(&self) -> Timestamp {
        Timestamp::from_seconds(self.now().wall().seconds())
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        self.schedule.at(self.schedule.now().after(delay), happening);
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            // Writing to a text cannot fail.
            let _ = writeln!(log, "{} {}", self.schedule.now(), what());
        }
    }

    /// Whether one of these faults happens now, that often in a hundred times, and which.
    fn draw(&mut self, percent: u64, choices: &[Fault], place: &'static str) -> Option<Fault> {
        if self.calm {
            return None;
        }
        if let Some(fault) = self.strike(place).or_else(|| self.injected(place, choices)) {
            self.coverage.count(fault, place);
            return Some(fault);
        }
        if !self.dice.percent(percent) {
            return None;
        }
        let possible = self.options.faults.among(choices);
        let fault = *self.dice.one_of(&possible)?;
        self.coverage.count(fault, place);
        Some(fault)
    }

    fn is_down(&self) -> bool {
        self.down.is_some_and(|(until, _)| self.now() < until)
    }

    fn others_are_away(&self) -> Option<Time> {
        self.down.map(|(_, until)| until).filter(|until| self.now() < *until)
    }

    /// That very life of that process, if it has not ended.
    fn live(&mut self, id: ProcessId) -> Option<&mut Process> {
        self.processes.get_mut(id.index).filter(|process| process.id == id && process.is_alive)
    }

    fn start(&mut self, id: ProcessId) {
        let clock = ProcessClock {
            origin: self.dice.below(1_000_000_000),
            drift: i64::try_from(self.dice.below(200)).unwrap_or(0) - 100,
            step: 0,
        };
        let seed = self.seed ^ (id.index as u64) << 40 ^ id.life << 20;
        let rivals = self.options.auto.then(|| rivals::settings(self.options.stage));
        let process = Process::new(id, clock, seed, self.options.stage, self.options.mutant, rivals);
        match self.processes.get_mut(id.index) {
            Some(place) => *place = process,
            None => self.processes.push(process),
        }
        self.say(|| format!("{id} starts"));
        for kind in self.options.stage.kinds() {
            self.next_request(id, *kind);
        }
        self.elect(id);
    }

    fn restart(&mut self, index: usize) {
        let ended = self.processes.get(index).filter(|process| !process.is_alive);
        if let Some(life) = ended.map(|process| process.id.life) {
            self.start(ProcessId { index, life: life + 1 });
        }
    }

    fn end_process(&mut self, id: ProcessId, why: &str) {
        let Some(process) = self.live(id) else { return };
        process.is_alive = false;
        process.frozen = None;
        self.say(|| format!("{id} ends: {why}"));
        let pause = Duration::from_secs(1) + self.dice.up_to(Duration::from_secs(10));
        self.after(pause, Happening::Restarts(id.index));
    }

    fn thaw(&mut self, id: ProcessId) {
        let Some((_, inbox)) = self.live(id).and_then(|process| process.frozen.take()) else { return };
        self.say(|| format!("{id} goes on, {} messages later", inbox.len()));
        for signal in inbox {
            self.reaches(id, signal);
        }
    }

    fn reaches(&mut self, id: ProcessId, signal: Signal) {
        let Some(process) = self.live(id) else { return };
        if let Some((_, inbox)) = &mut process.frozen {
            return inbox.push(signal);
        }
        match signal {
            Signal::Input(input) => self.input(id, input),
            Signal::Wake => self.input(id, Input::Tick),
            Signal::Elect(turn) => self.elect_again(id, turn),
            Signal::Lease(turn, answer) => self.lease_answered(id, turn, answer),
            Signal::SentAgain(id, write_id, write) => self.send_again(id, write_id, write),
            signal => self.stream_signal(id, signal),
        }
    }

    /// Tells a process' brain what has happened.
    fn input(&mut self, id: ProcessId, input: Input) {
        if !self.follow_leadership(id) {
            return;
        }
        if let Input::Write { id: write, outcome, .. } = &input {
            self.oracles.answered(id, *write, outcome);
            self.publishing.answered(id, *write, outcome);
        }
        if let Input::Read { id: read, outcome: ReadOutcome::Found(_) } = &input {
            self.oracles.found(id, *read);
        }
        self.say(|| format!("{id} <- {}", streams::summary(&input)));
        let (time, mutant) = (self.now(), self.options.mutant);
        let Some(process) = self.live(id) else { return };
        let inputs = match mutant {
            Some(Mutant::GateByCount) => process.counting_gate.pass(time, input),
            _ => vec![input],
        };
        if inputs.is_empty() {
            self.after(EXPIRES_AFTER, Happening::Reaches(id, Signal::Wake));
        }
        for input in inputs {
            let Some(process) = self.live(id) else { return };
            let input = match mutant {
                Some(mutant) => mutant.input(input, process.brain.store()),
                None => input,
            };
            process.brain.handle(process.clock.now(time), input);
            self.run_brain(id);
        }
    }

    /// Tells the brain where the election stands, as the elector does; answers whether the process goes on.
    fn follow_leadership(&mut self, id: ProcessId) -> bool {
        let (time, leads_on) = (self.now(), self.options.mutant == Some(Mutant::LeadsOn));
        let Some(process) = self.live(id) else { return false };
        let now = process.clock.now(time);
        let is_lost = matches!(process.election.standing(now.moment), Standing::Lost);
        if let Some(until) = process.usurps_until.filter(|_| !is_lost) {
            if until <= time {
                self.end_process(id, "it finds that it does not lead");
                return false;
            }
            let until = now.moment.after(until.since(time));
            process.brain.handle(now, Input::LeadingUntil(until));
            return true;
        }
        match process.election.standing(now.moment) {
            Standing::Lost if leads_on => {
                let until = now.moment.after(Duration::from_secs(10));
                process.brain.handle(now, Input::LeadingUntil(until));
                true
            }
            Standing::Lost => {
                self.end_process(id, "the lease is lost");
                false
            }
            Standing::Leading { until } => {
                process.brain.handle(now, Input::LeadingUntil(until));
                true
            }
            Standing::Following { .. } | Standing::Released => true,
        }
    }

    fn run_brain(&mut self, id: ProcessId) {
        let time = self.now();
        let Some(process) = self.processes.get_mut(id.index).filter(|process| process.is_alive) else {
            return;
        };
        let mut effects = Vec::new();
        process.brain.run(process.clock.now(time), &mut effects);
        for planned in process.take_planned() {
            self.oracles.planned(time, id, &planned, process.brain.store(), &self.server);
            if self.options.mutant == Some(Mutant::WindowNeverShrinks) {
                process.batches.insert(planned.key, planned.summary.names);
            }
        }
        for judged in process.take_judged() {
            let breaches = self.publishing.planned(time, id, judged, process.brain.store());
            breaches.into_iter().for_each(|breach| self.oracles.add(breach));
        }
        for judged in process.take_rolled() {
            for (oracle, what) in judged.breaches {
                let message = format!("{id}, {}: {what}", judged.key);
                self.oracles.report(time, oracle, message);
            }
        }
        if let Some(wake) = process.brain.wake_at() {
            let wake = process.clock.when(wake).max(Time(time.0 + 1));
            if process.wakes <= time || process.wakes > wake {
                process.wakes = wake;
                self.schedule.at(wake, Happening::Reaches(id, Signal::Wake));
            }
        }
        for effect in effects {
            match effect {
                Effect::Relist(source) => self.relist(id, source.kind),
                Effect::Notice(notice) => self.say(|| format!("{id} says: {notice}")),
                Effect::Event(record) => self.say(|| format!("{id} tells: {}", record.event.message)),
                effect => self.send(id, effect),
            }
        }
        self.finish_stopping(id);
    }

    /// A process that is told to stop gives its lease back once all that it has sent is answered.
    fn finish_stopping(&mut self, id: ProcessId) {
        let time = self.now();
        let Some(process) = self.live(id) else { return };
        let now = process.clock.now(time);
        let is_released = matches!(process.election.standing(now.moment), Standing::Released);
        if process.is_stopping && process.brain.is_drained() && !is_released {
            process.election.release(now);
            self.elect(id);
        }
    }
}
