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

/// A name: the place of a living candidate, or nobody's.
type Place = Option<usize>;

/// A lease somewhere: whether it is the present one, and whose.
type Seen = (bool, Place);

impl LeaseWorld {
    pub(super) fn smallest_digest(&self) -> u128 {
        let mut order: Vec<usize> = (0..self.candidates.len()).collect();
        let mut smallest = u128::MAX;
        self.permute(&mut order, 0, &mut smallest);
        smallest
    }

    fn permute(&self, order: &mut Vec<usize>, from: usize, smallest: &mut u128) {
        if from + 1 >= order.len() {
            *smallest = (*smallest).min(self.digest_in(order));
            return;
        }
        for other in from..order.len() {
            order.swap(from, other);
            self.permute(order, from + 1, smallest);
            order.swap(from, other);
        }
    }

    fn digest_in(&self, order: &[usize]) -> u128 {
        let mut digest = Digest::default();
        digest.add(&self.server.stored_lease().map(|lease| self.place(&lease.record.holder, order)));
        for index in order {
            let Some(one) = self.candidates.get(*index) else { continue };
            let situation = one.election.situation(self.moment());
            let seen = situation.seen.map(|(lease, age)| (self.seen(lease, order), age));
            digest.add(&(situation.stance(), situation.due_in, situation.waits_for, seen));
            digest.add(&self.under_way(one, order));
        }
        let mut late: Vec<_> = self.late.iter().map(|request| self.asked(request, order)).collect();
        late.sort_unstable();
        digest.add(&late);
        digest.finish()
    }

    fn place(&self, holder: &str, order: &[usize]) -> Place {
        order.iter().position(|index| self.candidates.get(*index).is_some_and(|one| one.identity == holder))
    }

    fn seen(&self, lease: &ObservedLease, order: &[usize]) -> Seen {
        let is_present = self.server.lease_version() == Some(lease.version);
        (is_present, self.place(&lease.record.holder, order))
    }

    /// A request: none for a read, else whether it would be carried out now, and for whom it is.
    fn asked(&self, request: &LeaseRequest, order: &[usize]) -> Option<Seen> {
        let newest = self.server.lease_version();
        match request {
            LeaseRequest::Get => None,
            LeaseRequest::Create(record) => Some((newest.is_none(), self.place(&record.holder, order))),
            LeaseRequest::Update(record, version) => {
                Some((newest == Some(*version), self.place(&record.holder, order)))
            }
        }
    }

    fn under_way(&self, one: &Candidate, order: &[usize]) -> (u8, Option<Seen>, bool) {
        match &one.on_the_way {
            None => (0, None, false),
            Some(OnTheWay::Request(request)) => {
                (1, self.asked(request, order), matches!(request, LeaseRequest::Create(_)))
            }
            Some(OnTheWay::Answer(LeaseAnswer::Lease(lease))) => {
                let known = one.election.situation(self.moment()).seen;
                let is_known = known.is_some_and(|(known, _)| known.record.renewed == lease.record.renewed);
                (2, Some(self.seen(lease, order)), is_known)
            }
            Some(OnTheWay::Answer(LeaseAnswer::NotFound)) => (3, None, false),
            Some(OnTheWay::Answer(LeaseAnswer::Conflict)) => (4, None, false),
            Some(OnTheWay::Answer(LeaseAnswer::Failed)) => (5, None, false),
        }
    }
}
