//! Which states of the election go on in the same way.
//!
//! - Times count from now, as far as they decide anything ([`mainstay_engine::election::Situation`]).
//! - A version is only ever compared with that of the lease: it is that one, or has passed for ever.
//! - A record is compared with what the same candidate saw before; each has a time of its own, so that the time tells whether two are
//!   the same. What else is in it (since when, how many transitions) is only copied.
//! - Who is dead is nobody: only the names of living candidates are compared with anything.
//! - Candidates are alike: of all orders of them, the one with the smallest digest stands for all.

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::ObservedLease;

use super::{Candidate, LeaseWorld, OnTheWay};
use crate::explore::digest::Digest;

/// A holder: the number of a living candidate, or nobody.
type Holder = Option<usize>;

/// A lease somewhere: whether it is the present one, and whose.
type Seen = (bool, Holder);

/// A candidate: the digest of what names nobody, what it has seen, and what is on its way.
type Parts = (u128, Option<Seen>, Option<Seen>);

impl LeaseWorld {
    pub(super) fn smallest_digest(&self) -> u128 {
        let candidates: Vec<Parts> = self.candidates.iter().map(|one| self.parts(one)).collect();
        let holder = self.server.stored_lease().map(|lease| self.holder(&lease.record.holder));
        let late: Vec<Option<Seen>> = self.late.iter().map(|request| self.asked(request)).collect();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        let mut smallest = u128::MAX;
        permute(&mut order, 0, &mut |order| {
            let place =
                |holder: Holder| holder.and_then(|holder| order.iter().position(|one| *one == holder));
            let placed = |seen: &Option<Seen>| seen.map(|(is_present, holder)| (is_present, place(holder)));
            let mut digest = Digest::default();
            digest.add(&holder.map(place));
            for (nameless, seen, under_way) in order.iter().filter_map(|index| candidates.get(*index)) {
                digest.add(&(nameless, placed(seen), placed(under_way)));
            }
            let mut late: Vec<_> = late.iter().map(placed).collect();
            late.sort_unstable();
            digest.add(&late);
            smallest = smallest.min(digest.finish());
        });
        smallest
    }

    fn parts(&self, one: &Candidate) -> Parts {
        let situation = one.election.situation(self.moment());
        let age = situation.seen.map(|(_, age)| age);
        let (what, under_way, is_known) = self.under_way(one, situation.seen.map(|(lease, _)| lease));
        let mut digest = Digest::default();
        digest.add(&(situation.stance(), situation.due_in, situation.waits_for, age, what, is_known));
        (digest.finish(), situation.seen.map(|(lease, _)| self.seen(lease)), under_way)
    }

    fn holder(&self, name: &str) -> Holder {
        self.candidates.iter().position(|one| one.identity == name)
    }

    fn seen(&self, lease: &ObservedLease) -> Seen {
        (self.server.lease_version() == Some(lease.version), self.holder(&lease.record.holder))
    }

    /// A request: none for a read, else whether it would be carried out now, and for whom it is.
    fn asked(&self, request: &LeaseRequest) -> Option<Seen> {
        let newest = self.server.lease_version();
        match request {
            LeaseRequest::Get => None,
            LeaseRequest::Create(record) => Some((newest.is_none(), self.holder(&record.holder))),
            LeaseRequest::Update(record, version) => {
                Some((newest == Some(*version), self.holder(&record.holder)))
            }
        }
    }

    /// What a candidate waits for: which sort of message, the lease in it, and whether it has seen that record before.
    fn under_way(&self, one: &Candidate, known: Option<&ObservedLease>) -> (u8, Option<Seen>, bool) {
        match &one.on_the_way {
            None => (0, None, false),
            Some(OnTheWay::Request(request @ LeaseRequest::Create(_))) => (1, self.asked(request), false),
            Some(OnTheWay::Request(request)) => (2, self.asked(request), false),
            Some(OnTheWay::Answer(LeaseAnswer::Lease(lease))) => {
                let is_known = known.is_some_and(|known| known.record.renewed == lease.record.renewed);
                (3, Some(self.seen(lease)), is_known)
            }
            Some(OnTheWay::Answer(LeaseAnswer::NotFound)) => (4, None, false),
            Some(OnTheWay::Answer(LeaseAnswer::Conflict)) => (5, None, false),
            Some(OnTheWay::Answer(LeaseAnswer::Failed)) => (6, None, false),
        }
    }
}

fn permute(order: &mut Vec<usize>, from: usize, look: &mut impl FnMut(&[usize])) {
    if from + 1 >= order.len() {
        return look(order);
    }
    for other in from..order.len() {
        order.swap(from, other);
        permute(order, from + 1, look);
        order.swap(from, other);
    }
}
