//! Several candidates around one lease, with clocks that run at different rates, requests that are late or lost, answers
//! that are lost, and processes that freeze: at no instant do two of them lead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use mainstay_model::Timestamp;

use super::*;

/// True time, in milliseconds.
type Instant = u64;

const HOSTILE_UNTIL: Instant = 150_000;
const END: Instant = 250_000;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Happening {
    Wake { candidate: usize, turn: u64 },
    Arrive { candidate: usize, turn: u64, request: usize },
    Answer { candidate: usize, turn: u64, answer: usize },
    Freeze { candidate: usize, until: Instant },
    Partition { candidate: usize, until: Instant },
    Release { candidate: usize },
}

struct Candidate {
    election: Election,
    /// Local milliseconds per thousand true ones.
    rate: u64,
    origin: u64,
    /// Goes up with each thing that the candidate does, so that what it no longer waits for is told apart.
    turn: u64,
    frozen_until: Instant,
    partitioned_until: Instant,
}

struct World {
    random: Random,
    now: Instant,
    queue: BinaryHeap<Reverse<(Instant, u64, Happening)>>,
    queued: u64,
    candidates: Vec<Candidate>,
    started: u64,
    lease: Option<ObservedLease>,
    version: u64,
    requests: Vec<LeaseRequest>,
    answers: Vec<LeaseAnswer>,
    terms: u32,
    leader: Option<String>,
}

impl Candidate {
    fn local(&self, now: Instant) -> Now {
        let local = self.origin + now * self.rate / 1000;
        // The wall clocks are far apart, and nobody may care.
        let wall = Timestamp(i64::try_from(local * 1000 + self.origin * 77_000).unwrap());
        Now { moment: Moment(Duration::from_millis(local)), wall }
    }

    fn true_time(&self, moment: Moment) -> Instant {
        let local = u64::try_from(moment.0.as_micros().div_ceil(1000)).unwrap();
        (local.saturating_sub(self.origin) * 1000).div_ceil(self.rate)
    }
}

impl World {
    fn new(seed: u64, candidates: usize, slowest: u64, fastest: u64) -> World {
        let mut world = World {
            random: Random::new(seed),
            now: 0,
            queue: BinaryHeap::new(),
            queued: 0,
            candidates: Vec::new(),
            started: 0,
            lease: None,
            version: 0,
            requests: Vec::new(),
            answers: Vec::new(),
            terms: 0,
            leader: None,
        };
        for candidate in 0..candidates {
            let rate = slowest + world.random.below(fastest - slowest + 1);
            let origin = world.random.below(1_000_000);
            let election = world.election();
            world.candidates.push(Candidate {
                election,
                rate,
                origin,
                turn: 0,
                frozen_until: 0,
                partitioned_until: 0,
            });
            world.put(0, Happening::Wake { candidate, turn: 0 });
            for _ in 0..4 {
                let at = world.random.below(HOSTILE_UNTIL);
                let until = at + world.random.below(30_000);
                let happening = match world.random.below(5) {
                    0 => Happening::Release { candidate },
                    1 | 2 => Happening::Freeze { candidate, until },
                    _ => Happening::Partition { candidate, until },
                };
                world.put(at, happening);
            }
        }
        world
    }

    fn election(&mut self) -> Election {
        self.started += 1;
        let seed = self.random.next_number();
        Election::new(ElectionSettings::default(), format!("candidate-{}", self.started), seed)
    }

    fn put(&mut self, at: Instant, happening: Happening) {
        self.queued += 1;
        self.queue.push(Reverse((at, self.queued, happening)));
    }

    /// How long a message takes: mostly little, sometimes longer than anybody waits.
    fn delay(&mut self) -> Instant {
        let limit = if self.now > HOSTILE_UNTIL {
            20
        } else {
            match self.random.below(10) {
                0 => 20_000,
                1 => 4_000,
                _ => 50,
            }
        };
        1 + self.random.below(limit)
    }

    fn lost(&mut self, candidate: usize) -> bool {
        let partitioned = self.candidates[candidate].partitioned_until > self.now;
        partitioned || self.now < HOSTILE_UNTIL && self.random.below(20) == 0
    }

    /// Runs to the end; false as soon as two lead at once.
    fn run(&mut self) -> bool {
        while let Some(Reverse((at, _, happening))) = self.queue.pop() {
            if at > END {
                break;
            }
            self.now = at;
            self.happen(happening);
            let leaders = self.leaders();
            if leaders.len() > 1 {
                return false;
            }
            if let Some(leader) = leaders.first()
                && self.leader.as_ref() != Some(leader)
            {
                self.terms += 1;
                self.leader = Some(leader.clone());
            }
        }
        true
    }

    fn leaders(&self) -> Vec<String> {
        let leads = |candidate: &&Candidate| {
            let moment = candidate.local(self.now).moment;
            matches!(candidate.election.standing(moment), Standing::Leading { .. })
        };
        self.candidates.iter().filter(leads).map(|candidate| candidate.election.identity.clone()).collect()
    }

    fn happen(&mut self, happening: Happening) {
        let (candidate, turn) = match happening {
            Happening::Wake { candidate, turn } | Happening::Answer { candidate, turn, .. } => {
                (candidate, Some(turn))
            }
            Happening::Release { candidate } => (candidate, None),
            Happening::Arrive { candidate, turn, request } => return self.serve(candidate, turn, request),
            Happening::Freeze { candidate, until } => {
                return self.candidates[candidate].frozen_until = until;
            }
            Happening::Partition { candidate, until } => {
                return self.candidates[candidate].partitioned_until = until;
            }
        };
        let one = &mut self.candidates[candidate];
        if one.frozen_until > self.now {
            let thawed = one.frozen_until;
            return self.put(thawed, happening);
        }
        if turn.is_some_and(|turn| turn != one.turn) {
            return;
        }
        let now = one.local(self.now);
        match happening {
            Happening::Answer { answer, .. } => one.election.answered(now, self.answers[answer].clone()),
            Happening::Release { .. } => one.election.release(now),
            _ => {}
        }
        self.step(candidate);
    }

    fn step(&mut self, candidate: usize) {
        let one = &mut self.candidates[candidate];
        one.turn += 1;
        let turn = one.turn;
        let now = one.local(self.now);
        match one.election.next(now) {
            Step::Wait { until } => {
                let at = one.true_time(until).max(self.now + 1);
                self.put(at, Happening::Wake { candidate, turn });
            }
            Step::Send(request) => {
                let gives_up = one.true_time(now.moment.after(one.election.settings.request_timeout()));
                self.put(gives_up.max(self.now + 1), Happening::Wake { candidate, turn });
                self.requests.push(request);
                if !self.lost(candidate) {
                    let at = self.now + self.delay();
                    let request = self.requests.len() - 1;
                    self.put(at, Happening::Arrive { candidate, turn, request });
                }
            }
            Step::Done => {
                let election = self.election();
                self.candidates[candidate].election = election;
                let at = self.now + 1000;
                self.put(at, Happening::Wake { candidate, turn });
            }
        }
    }

    fn serve(&mut self, candidate: usize, turn: u64, request: usize) {
        let answer = match (self.requests[request].clone(), &self.lease) {
            (LeaseRequest::Get, Some(lease)) => LeaseAnswer::Lease(lease.clone()),
            (LeaseRequest::Get | LeaseRequest::Update(..), None) => LeaseAnswer::NotFound,
            (LeaseRequest::Create(_), Some(_)) => LeaseAnswer::Conflict,
            (LeaseRequest::Update(_, version), Some(lease)) if lease.version != version => {
                LeaseAnswer::Conflict
            }
            (LeaseRequest::Create(record) | LeaseRequest::Update(record, _), _) => {
                self.version += 1;
                let lease = ObservedLease { record, version: ResourceVersion(self.version) };
                self.lease = Some(lease.clone());
                LeaseAnswer::Lease(lease)
            }
        };
        if !self.lost(candidate) {
            self.answers.push(answer);
            let at = self.now + self.delay();
            self.put(at, Happening::Answer { candidate, turn, answer: self.answers.len() - 1 });
        }
    }
}

#[test]
fn two_never_lead_at_once_and_in_the_end_one_does() {
    let mut terms = 0;
    for seed in 0..600 {
        let mut world = World::new(seed, 2 + usize::try_from(seed % 2).unwrap(), 820, 1180);
        assert!(world.run(), "seed {seed}: two led at {} ms: {:?}", world.now, world.leaders());
        let leaders = world.leaders();
        let holder = world.lease.map(|lease| lease.record.holder);
        assert_eq!(leaders.first(), holder.as_ref(), "seed {seed}: nobody leads in the end");
        terms += world.terms;
    }
    assert!(terms > 1200, "only {terms} terms: the faults are too weak to show anything");
}

#[test]
fn clocks_that_drift_beyond_the_bound_are_told_apart_from_those_within() {
    let broken = (0..300).filter(|seed| !World::new(*seed, 2, 600, 1500).run()).count();
    assert!(broken > 0, "the race never finds two leaders where it must: it shows nothing");
}
