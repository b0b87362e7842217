//! Others who may do the managers' work: what shows them, and how that is asked for.
//!
//! They are only seen, by a lease that is live for a while or by what they do to the canary. They write nothing else, so that what the
//! managers leave can still be compared with a world in which nobody else was.

use std::time::Duration;

use mainstay_engine::{Input, RivalAnswer, RivalRequest, RivalSettings};
use mainstay_model::{
    Canary, Evidence, LeaseRecord, ObjectName, ObservedLease, ResourceVersion, Uid, Unreadable,
};

use super::World;
use crate::clock::Time;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Request, Signal};
use crate::script::faults_end;
use crate::stage::Stage;

/// How many come at most, and for how long.
const MOST_VISITS: u64 = 4;
const LONGEST_VISIT: Duration = Duration::from_secs(40);
/// After how long nobody writes beside them any more.
const SEEN_WITHIN: Duration = Duration::from_secs(10);
/// What can befall a request of the search. A process that ended as often as it looks would never act.
const FAULTS: &[Fault] =
    &[Fault::RequestLost, Fault::RequestLate, Fault::AnswerLate, Fault::ServerError, Fault::Throttled];
/// How long a request of the search may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What there is of others.
#[derive(Default)]
pub(super) struct Others {
    /// From when until when somebody is there.
    visit: Option<(Time, Time)>,
    /// Whether he shows himself by a lease; else he follows the canary.
    has_lease: bool,
    lease: Option<ObservedLease>,
    canary: Option<Canary>,
}

/// What the managers look for.
pub(super) fn settings(stage: Stage) -> RivalSettings {
    let controllers = stage.controllers().iter().copied().collect();
    RivalSettings { canary: ObjectName::new("system", "canary"), controllers }
}

impl World {
    /// Lets others come while faults happen; drawn apart, so that a world is the same but for them.
    pub(super) fn announce_rivals(&mut self) {
        if !self.options.auto {
            return;
        }
        let mut dice = Dice::new(!self.seed);
        let busy = faults_end(&self.options).since(Time::default());
        for _ in 0..dice.below(MOST_VISITS + 1) {
            let (comes, lasts) = (dice.up_to(busy), Duration::from_secs(1) + dice.up_to(LONGEST_VISIT));
            self.schedule.at(Time::default().after(comes), Happening::RivalComes(lasts));
        }
    }

    pub(super) fn rival_comes(&mut self, lasts: Duration) {
        let (now, until) = (self.now(), self.now().after(lasts));
        self.say(|| format!("somebody else is there until {until}"));
        let ongoing = self.rivals.visit.filter(|(_, end)| now < *end);
        if ongoing.is_none() {
            self.rivals.has_lease = self.dice.percent(50);
            // Somebody has cleaned up.
            if self.dice.percent(30) {
                self.rivals.canary = None;
            }
        }
        self.rivals.visit = Some(ongoing.map_or((now, until), |(since, end)| (since, end.max(until))));
    }

    /// Whether somebody else has been there for so long that nobody may write beside him any more.
    pub(super) fn is_beside_a_rival(&self) -> bool {
        let visit = self.rivals.visit.filter(|(_, until)| self.now() < *until);
        visit.is_some_and(|(since, _)| self.now().since(since) > SEEN_WITHIN)
    }

    pub(super) fn ask_for_rivals(&mut self, id: ProcessId, request: RivalRequest) {
        let failed = Signal::Input(Input::Rivals(request.unanswered("no answer")));
        let (there, request) = (self.dice.latency(), Request::Rivals(request));
        if self.is_down() {
            return self.after(there, Happening::Reaches(id, failed));
        }
        match self.draw(5, FAULTS, "rivals") {
            None => self.after(there, Happening::Arrives(id, request)),
            Some(Fault::RequestLate | Fault::AnswerLate) => {
                let late = self.dice.up_to(TIMEOUT / 2);
                self.after(late, Happening::Arrives(id, request));
            }
            Some(_) => {
                let gives_up = self.dice.up_to(TIMEOUT);
                self.after(gives_up, Happening::Reaches(id, failed));
            }
        }
    }

    pub(super) fn rivals_answer(&mut self, request: RivalRequest) -> RivalAnswer {
        let now = self.now();
        match request {
            RivalRequest::Look { asked, .. } => {
                let is_there = self.rivals.visit.is_some_and(|(since, until)| since <= now && now < until);
                if is_there && self.rivals.has_lease {
                    let record = LeaseRecord {
                        holder: "somebody".to_owned(),
                        duration_seconds: 15,
                        transitions: i32::try_from(self.steps).unwrap_or(i32::MAX),
                        ..LeaseRecord::default()
                    };
                    self.rivals.lease = Some(ObservedLease { record, version: ResourceVersion(self.steps) });
                }
                let version = ResourceVersion(self.steps);
                let canary = self.rivals.canary.as_mut().filter(|canary| !canary.is_followed());
                if let Some(canary) = canary.filter(|_| is_there && !self.rivals.has_lease) {
                    canary.observed_generation = canary.generation;
                    canary.version = version;
                }
                let mut evidence = Evidence {
                    pods: Ok(Vec::new()),
                    lease: Ok(self.rivals.lease.clone()),
                    canary: Ok(self.rivals.canary.clone()),
                };
                // One of the three requests may fail where the others are answered.
                if !self.calm && self.dice.percent(3) {
                    let refused = || Unreadable("come back later".to_owned());
                    match self.dice.below(3) {
                        0 => evidence.pods = Err(refused()),
                        1 => evidence.lease = Err(refused()),
                        _ => evidence.canary = Err(refused()),
                    }
                }
                RivalAnswer::Looked { asked, evidence }
            }
            RivalRequest::MakeCanary { .. } if self.rivals.canary.is_some() => {
                RivalAnswer::CanaryWritten(Err(Unreadable("it exists already".to_owned())))
            }
            RivalRequest::MakeCanary { .. } => {
                self.rivals.canary = Some(Canary {
                    uid: Uid(self.steps.into()),
                    version: ResourceVersion(self.steps),
                    generation: 1,
                    observed_generation: 0,
                    min_ready_seconds: 0,
                });
                RivalAnswer::CanaryWritten(Ok(()))
            }
            RivalRequest::RaiseCanary { min_ready_seconds, .. } => {
                let version = ResourceVersion(self.steps);
                let canary = self.rivals.canary.as_mut();
                if let Some(canary) = canary.filter(|canary| canary.min_ready_seconds != min_ready_seconds) {
                    canary.version = version;
                    canary.generation += 1;
                    canary.min_ready_seconds = min_ready_seconds;
                }
                RivalAnswer::CanaryWritten(Ok(()))
            }
        }
    }
}
