//! The lease alone, with some candidates, in every order.
//!
//! Real are the elections and the server's rules for a lease. Time goes in ticks of a second, alike for all, and may pass whatever
//! else is under way: so a message may take any time or never arrive, and a process may be late for everything, as if frozen.
//! Who waits for an answer gives up after the time-out or at any time later; a write that was given up may still arrive. A
//! candidate may crash at any time, and one whose term has ended ends; both come back as new ones, which is how there is no end.
//!
//! The pause between two tries is a nanosecond here, so that each tick is time for the next one. As everybody may be late, the
//! real pauses, and however they are scattered, are among the orders that are tried; the state of the scattering decides nothing.
//!
//! The states are finitely many without a horizon, since [`digest`] leaves out what decides nothing.

mod digest;
mod fair;

use std::time::Duration;

use mainstay_engine::election::{Election, ElectionSettings, LeaseAnswer, LeaseRequest, Standing, Step};
use mainstay_engine::{Moment, Now};
use mainstay_model::{ObservedLease, Timestamp};

use super::TinyWorld;
use crate::api::ApiServer;

/// How much may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaseBudgets {
    /// How many candidates there are.
    pub candidates: usize,
    /// For how many ticks a record counts.
    pub lease_duration: u64,
    /// For how many ticks a leader leads after its last renewal.
    pub renew_deadline: u64,
    /// Whether candidates crash at any time, beside those that end since their term is over.
    pub crashes: bool,
    /// How many writes that were given up may still be on their way; beyond that the oldest is lost.
    pub late_writes: usize,
    /// From how many states, one in so many, it is tried whether a leader is found without further faults; 0 for none.
    pub fair_from_one_in: u64,
    /// What is wrong, on purpose.
    pub mutant: Option<LeaseMutant>,
}

/// A way in which the lease could be handled wrongly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaseMutant {
    /// The lease is written whatever version it has.
    WithoutVersion,
    /// Another's record counts as run out before its holder has stopped.
    RunsOutTooEarly,
}

impl LeaseBudgets {
    /// Three candidates, with the shortest times of which each is longer than the next one by a tick, so that renewals can succeed.
    /// A write that was given up is lost: with late ones there are more states than fit into memory, and these are tried
    /// with two candidates.
    pub const WHOLE: LeaseBudgets = LeaseBudgets {
        candidates: 3,
        lease_duration: 3,
        renew_deadline: 2,
        crashes: true,
        late_writes: 0,
        fair_from_one_in: 64,
        mutant: None,
    };
}

/// The world.
#[derive(Clone)]
pub struct LeaseWorld {
    budgets: LeaseBudgets,
    settings: ElectionSettings,
    server: ApiServer,
    /// Ticks since the beginning.
    ticks: u64,
    /// Goes up with each look at the wall clock, so that no two records are equal.
    looks: i64,
    /// How many candidates there have been.
    started: u64,
    candidates: Vec<Candidate>,
    /// Writes that nobody waits for any more.
    late: Vec<LeaseRequest>,
}

/// A process that wants to lead.
#[derive(Clone)]
struct Candidate {
    election: Election,
    identity: String,
    on_the_way: Option<OnTheWay>,
}

/// What a candidate waits for.
#[derive(Clone)]
enum OnTheWay {
    Request(LeaseRequest),
    Answer(LeaseAnswer),
}

/// What may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// A tick passes.
    Tick,
    /// A candidate does what is due.
    Wakes(usize),
    /// A candidate does not wait for its answer any more.
    GivesUp(usize),
    /// A candidate's request reaches the server, or the answer the candidate.
    Arrives(usize),
    /// A write that was given up reaches the server.
    LateArrives(usize),
    /// A candidate crashes, and another one starts in its place.
    Crashes(usize),
}

impl LeaseWorld {
    /// The world before there is a lease.
    pub fn new(budgets: LeaseBudgets) -> LeaseWorld {
        let (lease, deadline) =
            (Duration::from_secs(budgets.lease_duration), Duration::from_secs(budgets.renew_deadline));
        let settings = ElectionSettings::new(lease, deadline, Duration::from_nanos(1)).unwrap_or_default();
        let mut world = LeaseWorld {
            budgets,
            settings,
            server: ApiServer::default(),
            ticks: 0,
            looks: 0,
            started: 0,
            candidates: Vec::new(),
            late: Vec::new(),
        };
        for _ in 0..budgets.candidates {
            let candidate = world.start();
            world.candidates.push(candidate);
        }
        world
    }

    fn start(&mut self) -> Candidate {
        self.started += 1;
        let identity = format!("candidate {}", self.started);
        let election = Election::new(self.settings, identity.clone(), 0);
        Candidate { election, identity, on_the_way: None }
    }

    fn moment(&self) -> Moment {
        Moment(Duration::from_secs(self.ticks))
    }

    fn look_at_clock(&mut self) -> Now {
        self.looks += 1;
        Now { moment: self.moment(), wall: Timestamp(self.looks) }
    }

    /// Who leads now.
    fn leaders(&self) -> Vec<&str> {
        let leads =
            |one: &&Candidate| matches!(one.election.standing(self.moment()), Standing::Leading { .. });
        self.candidates.iter().filter(leads).map(|one| one.identity.as_str()).collect()
    }

    fn is_due(&self, one: &Candidate) -> bool {
        let situation = one.election.situation(self.moment());
        let is_over = matches!(one.election.standing(self.moment()), Standing::Lost | Standing::Released);
        one.on_the_way.is_none() && (is_over || situation.due_in.is_zero())
    }

    fn may_give_up(&self, one: &Candidate) -> bool {
        let waited = one.election.situation(self.moment()).waits_for;
        one.on_the_way.is_some() && waited.is_some_and(|waited| waited >= self.settings.request_timeout())
    }

    /// Asks a candidate what it does next.
    fn wake(&mut self, index: usize) {
        let now = self.look_at_clock();
        let Some(one) = self.candidates.get_mut(index) else { return };
        let given_up = one.on_the_way.take();
        let step = one.election.next(now);
        match step {
            Step::Send(request) => one.on_the_way = Some(OnTheWay::Request(request)),
            Step::Wait { .. } => {}
            Step::Done => self.restart(index),
        }
        self.leave(given_up);
    }

    fn restart(&mut self, index: usize) {
        let fresh = self.start();
        let Some(one) = self.candidates.get_mut(index) else { return };
        let former = std::mem::replace(one, fresh);
        self.leave(former.on_the_way);
    }

    /// Nobody waits for it any more. A read and an answer are nothing then; a write may still arrive.
    fn leave(&mut self, left: Option<OnTheWay>) {
        if let Some(OnTheWay::Request(request @ (LeaseRequest::Create(_) | LeaseRequest::Update(..)))) = left
        {
            self.late.push(request);
        }
        self.forget_what_is_void();
        while self.late.len() > self.budgets.late_writes {
            self.late.remove(0);
        }
    }

    fn serve(&mut self, request: LeaseRequest) -> LeaseAnswer {
        let request = match (request, self.server.lease_version(), self.budgets.mutant) {
            (LeaseRequest::Update(record, _), Some(newest), Some(LeaseMutant::WithoutVersion)) => {
                LeaseRequest::Update(record, newest)
            }
            (request, ..) => request,
        };
        let answer = self.server.lease(request);
        // Nobody asks for what was before, and each state on the way would keep it.
        self.server.compact(0);
        self.forget_what_is_void();
        answer
    }

    /// A late write that the server could only refuse makes no difference any more: versions do not come again, and
    /// a lease that is there stays.
    fn forget_what_is_void(&mut self) {
        if self.budgets.mutant == Some(LeaseMutant::WithoutVersion) {
            return;
        }
        let newest = self.server.lease_version();
        self.late.retain(|request| match request {
            LeaseRequest::Update(_, version) => newest == Some(*version),
            LeaseRequest::Create(_) | LeaseRequest::Get => newest.is_none(),
        });
    }

    fn arrives(&mut self, index: usize) {
        let Some(message) = self.candidates.get_mut(index).and_then(|one| one.on_the_way.take()) else {
            return;
        };
        match message {
            OnTheWay::Request(request) => {
                let answer = self.serve(request);
                if let Some(one) = self.candidates.get_mut(index) {
                    one.on_the_way = Some(OnTheWay::Answer(answer));
                }
            }
            OnTheWay::Answer(answer) => {
                let now = self.look_at_clock();
                let answer = self.bent(answer);
                if let Some(one) = self.candidates.get_mut(index) {
                    one.election.answered(now, answer);
                }
            }
        }
    }

    fn bent(&self, answer: LeaseAnswer) -> LeaseAnswer {
        match (answer, self.budgets.mutant) {
            (LeaseAnswer::Lease(mut lease), Some(LeaseMutant::RunsOutTooEarly)) => {
                lease.record.duration_seconds = 1;
                LeaseAnswer::Lease(lease)
            }
            (answer, _) => answer,
        }
    }
}

impl TinyWorld for LeaseWorld {
    type Choice = Choice;

    const COMES_TO_REST: bool = false;

    fn double(&self) -> LeaseWorld {
        self.clone()
    }

    fn choices(&self) -> Vec<Choice> {
        let mut choices = vec![Choice::Tick];
        for (index, one) in self.candidates.iter().enumerate() {
            if self.is_due(one) {
                choices.push(Choice::Wakes(index));
            }
            if one.on_the_way.is_some() {
                choices.push(Choice::Arrives(index));
            }
            if self.may_give_up(one) {
                choices.push(Choice::GivesUp(index));
            }
            if self.budgets.crashes {
                choices.push(Choice::Crashes(index));
            }
        }
        choices.extend((0..self.late.len()).map(Choice::LateArrives));
        choices
    }

    fn take(&mut self, choice: &Choice) {
        match choice {
            Choice::Tick => self.ticks += 1,
            Choice::Wakes(index) | Choice::GivesUp(index) => self.wake(*index),
            Choice::Arrives(index) => self.arrives(*index),
            Choice::LateArrives(place) => {
                let request = self.late.remove(*place);
                self.serve(request);
            }
            Choice::Crashes(index) => self.restart(*index),
        }
    }

    fn in_words(&self, choice: &Choice) -> String {
        let name = |index: &usize| self.candidates.get(*index).map_or("", |one| one.identity.as_str());
        let on_the_way = |index: &usize| self.candidates.get(*index).and_then(|one| one.on_the_way.as_ref());
        match choice {
            Choice::Tick => "a second passes".to_owned(),
            Choice::Wakes(index) => format!("{} does what is due", name(index)),
            Choice::GivesUp(index) => format!("{} gives up waiting", name(index)),
            Choice::Arrives(index) => match on_the_way(index) {
                Some(OnTheWay::Request(request)) => format!("from {}: {}", name(index), asked(request)),
                Some(OnTheWay::Answer(answer)) => format!("to {}: {}", name(index), answered(answer)),
                None => String::new(),
            },
            Choice::LateArrives(place) => {
                format!("late: {}", self.late.get(*place).map(asked).unwrap_or_default())
            }
            Choice::Crashes(index) => format!("{} crashes", name(index)),
        }
    }

    fn digest(&self) -> u128 {
        self.smallest_digest()
    }

    fn violation(&self) -> Option<String> {
        let leaders = self.leaders();
        if leaders.len() > 1 {
            return Some(format!("{} lead at the same time", leaders.join(" and ")));
        }
        let is_tried = self.budgets.fair_from_one_in > 0
            && self.digest().is_multiple_of(u128::from(self.budgets.fair_from_one_in));
        if is_tried { self.clone().without_a_leader() } else { None }
    }

    /// Time never stops, and everybody may crash.
    fn is_at_rest(&self, _choices: &[Choice]) -> bool {
        false
    }

    fn violation_at_rest(&self) -> Option<String> {
        None
    }
}

fn asked(request: &LeaseRequest) -> String {
    match request {
        LeaseRequest::Get => "read the lease".to_owned(),
        LeaseRequest::Create(record) => format!("make the lease for {}", record.holder),
        LeaseRequest::Update(record, version) => {
            format!("write the lease for {}, if it has version {version}", record.holder)
        }
    }
}

fn answered(answer: &LeaseAnswer) -> String {
    match answer {
        LeaseAnswer::Lease(ObservedLease { record, version }) => {
            format!("the lease is held by {} at version {version}", record.holder)
        }
        LeaseAnswer::NotFound => "there is no lease".to_owned(),
        LeaseAnswer::Conflict => "another one was faster".to_owned(),
        LeaseAnswer::Failed => "no answer".to_owned(),
    }
}
