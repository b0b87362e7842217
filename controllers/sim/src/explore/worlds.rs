//! The tiny worlds that are explored, by name: what is proved is what stands here.
//!
//! No single one has everything, since the number of states is that of all combinations. Where a budget is left out in one world,
//! another one has it.

use super::lease::{LeaseBudgets, LeaseWorld};
use super::replication::{PodLife, ReplicationBudgets, ReplicationWorld};
use super::{Exploration, explore};

/// A world and its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NamedWorld {
    /// The name: that of the group, and what is special.
    pub name: &'static str,
    /// What may happen in it.
    pub budgets: Budgets,
}

/// What may happen in a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Budgets {
    /// Around a ReplicationController.
    Replication(ReplicationBudgets),
    /// Around a lease.
    Lease(LeaseBudgets),
}

/// The groups of worlds, for command lines.
pub const GROUPS: &[&str] = &["rc", "lease"];

const RC: ReplicationBudgets = ReplicationBudgets::WHOLE;
const LEASE: LeaseBudgets = LeaseBudgets::WHOLE;

/// All worlds.
pub const WORLDS: &[NamedWorld] = &[
    // Two pods, two managers, one crash, one lost answer.
    replication("rc", RC),
    // The pods start meanwhile, so that there is something to publish.
    replication(
        "rc, pods start",
        ReplicationBudgets { pods: PodLife::StartsAtOnce, lost_answers: 0, standby_lag: 1, ..RC },
    ),
    replication("rc, no crash", ReplicationBudgets { pods: PodLife::Starts, crashes: 0, ..RC }),
    replication("rc of one pod", ReplicationBudgets { pods: PodLife::Starts, replicas: 1, ..RC }),
    // The crashed manager leads once more.
    replication("rc, two crashes", ReplicationBudgets { crashes: 2, lost_answers: 0, ..RC }),
    // Back-off and other waits end before the caches have caught up.
    replication("rc, early timer", ReplicationBudgets { lost_answers: 0, early_timers: 1, ..RC }),
    replication(
        "rc, scaled down",
        ReplicationBudgets { scaled_to: Some(1), lost_answers: 0, standby_lag: 1, ..RC },
    ),
    replication("rc, scaled, no crash", ReplicationBudgets { scaled_to: Some(1), crashes: 0, ..RC }),
    // Shows beside the others that putting off what a standby sees hides nothing.
    replication(
        "rc, standby awake",
        ReplicationBudgets { replicas: 1, lost_answers: 0, standbys_watch: true, ..RC },
    ),
    lease("lease", LEASE),
    lease(
        "lease, two, late writes",
        LeaseBudgets { candidates: 2, late_writes: 2, crashes: true, fair_from_one_in: 1, ..LEASE },
    ),
    lease(
        "lease, two, longer",
        LeaseBudgets {
            candidates: 2,
            late_writes: 2,
            crashes: true,
            fair_from_one_in: 1,
            lease_duration: 5,
            renew_deadline: 3,
            ..LEASE
        },
    ),
];

const fn replication(name: &'static str, budgets: ReplicationBudgets) -> NamedWorld {
    NamedWorld { name, budgets: Budgets::Replication(budgets) }
}

const fn lease(name: &'static str, budgets: LeaseBudgets) -> NamedWorld {
    NamedWorld { name, budgets: Budgets::Lease(budgets) }
}

impl NamedWorld {
    /// Whether it belongs to that group.
    pub fn is_in(&self, group: &str) -> bool {
        match self.budgets {
            Budgets::Replication(_) => group == "rc",
            Budgets::Lease(_) => group == "lease",
        }
    }

    /// Tries everything in it.
    pub fn explore(&self, most_states: u64) -> Exploration {
        self.budgets.explore(most_states)
    }
}

impl Budgets {
    /// Tries everything that they allow.
    pub fn explore(&self, most_states: u64) -> Exploration {
        match *self {
            Budgets::Replication(budgets) => explore(|| ReplicationWorld::new(budgets), most_states),
            Budgets::Lease(budgets) => explore(|| LeaseWorld::new(budgets), most_states),
        }
    }
}
