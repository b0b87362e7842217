//! What becomes of a state when nothing goes wrong any more.

use mainstay_engine::election::Standing;

use super::{Choice, LeaseWorld, TinyWorld};

impl LeaseWorld {
    /// Within how many ticks without a fault there must be a leader: what was on its way has failed, a term has run out,
    /// and the next one has begun.
    fn patience(&self) -> u64 {
        self.budgets.lease_duration + self.budgets.renew_deadline + 2
    }

    /// Goes on without faults, everything at once and everybody in time. Answers what is missing in the end.
    pub(super) fn without_a_leader(mut self) -> Option<String> {
        let patience = self.patience();
        for _ in 0..patience {
            while let Some(next) = self.first_thing() {
                self.take(&next);
                if self.leaders().len() > 1 {
                    let leaders = self.leaders().join(" and ");
                    return Some(format!("when all goes on without faults, {leaders} lead at the same time"));
                }
            }
            self.take(&Choice::Tick);
        }
        while let Some(next) = self.first_thing() {
            self.take(&next);
        }
        let holder = self.server.stored_lease().map(|lease| lease.record.holder.clone());
        let leads = |name: &&str| Some(*name) == holder.as_deref();
        match self.leaders().as_slice() {
            [leader] if leads(leader) => None,
            leaders => Some(format!("without further faults, {leaders:?} lead after {patience} seconds")),
        }
    }

    fn first_thing(&self) -> Option<Choice> {
        if !self.late.is_empty() {
            return Some(Choice::LateArrives(0));
        }
        self.candidates.iter().enumerate().find_map(|(index, one)| {
            // Whose term is over does not wait for anything.
            let is_over = one.election.standing(self.moment()) == Standing::Lost;
            match one.on_the_way {
                Some(_) if !is_over => Some(Choice::Arrives(index)),
                _ if is_over => Some(Choice::Wakes(index)),
                _ => self.is_due(one).then_some(Choice::Wakes(index)),
            }
        })
    }
}
