//! Faults that befall the world at a time, and their end.

use std::time::Duration;

use mainstay_engine::Input;
use mainstay_engine::election::Standing;
use mainstay_engine::list_watch::End;
use mainstay_model::{Name, ObjectName};

use super::{STOP_TAKES_AT_MOST, World, agents};
use crate::clock::Time;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Signal};
use crate::injection::Place;
use crate::pattern::Pattern;
use crate::script;
use crate::stage::Stage;

/// How many revisions a compaction leaves.
const COMPACTION_KEEPS: u64 = 20;
/// How far a restore goes back at least, and at most. What is lost is more than what is written within the seconds in which
/// everybody comes back: else versions would be used again for other content before anybody could notice.
const RESTORE_UNDOES: std::ops::Range<u64> = 20..60;
/// How long a restore takes at least.
const RESTORE_TAKES: Duration = Duration::from_secs(10);
/// How much longer kubelets and users need than managers to find the server again.
const OTHERS_TAKE: Duration = Duration::from_secs(5);
/// How many revisions a front end is behind at most.
const MOST_BEHIND: u64 = 30;
/// For how long front ends are behind after a strike.
const STALE_FOR: Duration = Duration::from_secs(40);
/// How far a wall clock jumps at most, in microseconds.
const LARGEST_STEP: u64 = 600_000_000;

impl World {
    pub(super) fn befall(&mut self, fault: Fault, lasts: Duration) {
        self.coverage.count(fault, "world");
        let until = self.now().after(lasts);
        let alive: Vec<ProcessId> =
            self.processes.iter().filter(|process| process.is_alive).map(|process| process.id).collect();
        let victim = self.dice.one_of(&alive).copied();
        match (fault, victim) {
            (Fault::SlowWatches, _) => self.slow_until = until,
            (Fault::FrontEndLag, _) => {
                let front_end = self.dice.below(2);
                self.lagging.insert(front_end, (self.server.revision(), until));
            }
            (Fault::FrontEndBehind, _) => {
                let (front_end, revisions) = (self.dice.below(2), 1 + self.dice.below(MOST_BEHIND));
                self.behind.insert(front_end, revisions);
            }
            (Fault::TwoLeaders, Some(id)) => self.usurp(id, until),
            (Fault::Compaction, _) => self.server.compact(COMPACTION_KEEPS),
            (Fault::Kubelet, _) => {
                if let Some(node) = self.dice.one_of(agents::NODES) {
                    self.cut_off.insert((*node).into(), until);
                    if self.dice.percent(50) {
                        self.schedule.at(until, Happening::NodeRestarts((*node).into()));
                    }
                }
            }
            (Fault::Rejection, _) => {
                let node = self.dice.one_of(agents::NODES).map(|node| (*node).into());
                let node = node.filter(|_| self.dice.percent(50));
                self.reject(node, lasts);
            }
            (Fault::Restore, _) => self.restore(&alive),
            (Fault::ConnectionsBreak, Some(id)) => self.break_connections(id),
            (Fault::Crash, Some(id)) => self.end_process(id, "crash"),
            (Fault::Stop, Some(id)) => self.stop(id),
            (Fault::Freeze, Some(id)) if self.others_are_away().is_none() => {
                if let Some(process) = self.live(id).filter(|process| process.frozen.is_none()) {
                    process.frozen = Some((until, Vec::new()));
                    self.say(|| format!("{id} freezes until {until}"));
                    self.schedule.at(until, Happening::Thaws(id));
                }
            }
            (Fault::ClockStep, Some(id)) => {
                let step = i64::try_from(self.dice.below(2 * LARGEST_STEP)).unwrap_or(0);
                let step = step - i64::try_from(LARGEST_STEP).unwrap_or(0);
                self.say(|| format!("{id}: its wall clock jumps by {} s", step / 1_000_000));
                if let Some(process) = self.live(id) {
                    process.clock.step = step;
                }
            }
            (_, _) => {}
        }
    }

    /// The fault of the strike, if this is its place.
    pub(super) fn strike(&mut self, place: &str) -> Option<Fault> {
        let strike = self.options.strike.filter(|strike| strike.pattern.is_at(place))?;
        let number = self.places;
        self.places += 1;
        if number != strike.place {
            return None;
        }
        if strike.pattern == Pattern::Stale {
            let until = self.now().after(STALE_FOR);
            self.lagging = (0..2).map(|front_end| (front_end, (self.server.revision(), until))).collect();
        }
        Some(strike.pattern.fault())
    }

    /// An injected fault, if this is its place.
    pub(super) fn injected(&mut self, place: &str, choices: &[Fault]) -> Option<Fault> {
        let injections = self.options.injections.iter().zip(&mut self.occasions);
        let mut befallen = None;
        for (injection, occasions) in injections {
            let Place::Occasion { what, number } = &injection.place else { continue };
            if what == place && choices.contains(&injection.fault) {
                if occasions == number {
                    befallen = Some(injection.fault);
                }
                *occasions += 1;
            }
        }
        befallen
    }

    /// A process takes itself for the leader until then, and ends when it finds out.
    fn usurp(&mut self, id: ProcessId, until: Time) {
        let time = self.now();
        let Some(process) = self.live(id).filter(|process| process.frozen.is_none()) else { return };
        let moment = process.clock.now(time).moment;
        if process.is_stopping || !matches!(process.election.standing(moment), Standing::Following { .. }) {
            return;
        }
        process.usurps_until = Some(until);
        self.say(|| format!("{id} believes that it leads until {until}"));
        // Each of its turns asks where it stands, and one comes at the latest with the next look at the lease.
        if self.follow_leadership(id) {
            self.run_brain(id);
        }
    }

    /// The faults are over: what lasts, ends.
    pub fn calm_down(&mut self, rest_within: Duration) {
        self.say(|| "the faults are over".to_owned());
        self.calm = true;
        self.down = None;
        self.rest_from = self.now().after(rest_within);
        self.slow_until = self.now();
        self.lagging.clear();
        self.cut_off.clear();
        self.rejecting.clear();
        for namespace in script::NAMESPACES {
            self.server.set_quota(&Name::from(*namespace), None);
        }
        self.release_held();
        match self.options.stage {
            Stage::Replication => {}
            Stage::Endpoints => self.settle_nodes(),
            Stage::Sidecars => self.uncordon_nodes(),
        }
        let now = self.now();
        for process in &mut self.processes {
            process.clock.step = 0;
            process.usurps_until = process.usurps_until.map(|_| now);
        }
        let frozen: Vec<ProcessId> = self.processes.iter().map(|process| process.id).collect();
        for id in frozen {
            self.thaw(id);
        }
        // What was held back by one of these is delivered now, not when it would have ended.
        for name in self.server.pods().map(|pod| pod.meta.name.clone()).collect::<Vec<_>>() {
            self.kick(&name, Duration::from_secs(1));
        }
    }

    fn break_connections(&mut self, id: ProcessId) {
        for kind in self.options.stage.kinds().iter().copied() {
            // What sleeps does not notice before it wakes up.
            let Some(process) = self.live(id) else { return };
            let connection = process.stream(kind).connection;
            let signal = Signal::Ended(kind, connection, End::Lost);
            self.reaches(id, signal);
        }
    }

    fn stop(&mut self, id: ProcessId) {
        let time = self.now();
        let Some(process) = self.live(id).filter(|process| process.frozen.is_none()) else { return };
        process.is_stopping = true;
        process.brain.handle(process.clock.now(time), Input::Stop);
        self.say(|| format!("{id} is told to stop"));
        self.after(STOP_TAKES_AT_MOST, Happening::StopTakesTooLong(id));
        self.run_brain(id);
    }

    /// The apiserver ends, etcd is set back, and the apiserver is started again. Once in a run, and not while somebody sleeps:
    /// who wakes up when the versions have grown past what he knew cannot notice.
    fn restore(&mut self, alive: &[ProcessId]) {
        if self.oracles.saw_a_restore() || self.processes.iter().any(|process| process.frozen.is_some()) {
            return;
        }
        let revisions = RESTORE_UNDOES.start + self.dice.below(RESTORE_UNDOES.end - RESTORE_UNDOES.start);
        self.server.restore(revisions);
        self.oracles.restored(self.schedule.now());
        if self.options.stage == Stage::Endpoints {
            self.publishing.restored(&self.server);
        }
        let up = self.now().after(RESTORE_TAKES + self.dice.up_to(RESTORE_TAKES));
        self.down = Some((up, up.after(OTHERS_TAKE)));
        let revision = self.server.revision();
        self.say(|| format!("etcd is restored to {revision}; the apiserver is back at {up}"));
        for name in self.server.pods().map(|pod| pod.meta.name.clone()).collect::<Vec<ObjectName>>() {
            self.kick(&name, Duration::from_secs(1));
        }
        for id in alive {
            self.break_connections(*id);
        }
    }
}
