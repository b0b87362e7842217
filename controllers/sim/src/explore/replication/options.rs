//! How much may happen in the tiny world of one ReplicationController.

use crate::mutant::Mutant;

/// The budgets. Everything that is not named here may happen at any time and in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplicationBudgets {
    /// How many pods are wanted.
    pub replicas: i32,
    /// How many pods a user wants at some time later, if he does.
    pub scaled_to: Option<i32>,
    /// How often the leader crashes. Its writes stay on their way.
    pub crashes: u32,
    /// How often a sender hears nothing of a write: its answer is lost, or the write is still on its way or lost itself.
    pub lost_answers: u32,
    /// How often a timer goes off although something for that process is on its way.
    pub early_timers: u32,
    /// What becomes of pods.
    pub pods: PodLife,
    /// Whether what a standby's lists and watches deliver, and when, is tried out too. Without this a standby lists as it begins
    /// and sees each change at once, but for the last ones (see `standby_lag`), which may reach it at any time after it leads.
    /// Nobody can see the difference: a standby takes in what it is told and sends nothing, so its steps can be put off
    /// until it leads. What is not tried then is a standby whose first list is still open when it begins to lead; the
    /// first leader begins like that.
    pub standbys_watch: bool,
    /// How many changes of each kind a standby may not have seen when it begins to lead.
    pub standby_lag: usize,
    /// What is wrong with the managers, on purpose.
    pub mutant: Option<Mutant>,
}

/// What becomes of pods, beside that those that are being deleted go at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodLife {
    /// They stay as they were made.
    Stays,
    /// They are bound at some time, and with that they run and are ready.
    StartsAtOnce,
    /// They are bound at some time, and run and are ready at some time later.
    Starts,
}

impl ReplicationBudgets {
    /// One ReplicationController of two pods, one crash, one lost answer.
    pub const WHOLE: ReplicationBudgets = ReplicationBudgets {
        replicas: 2,
        scaled_to: None,
        crashes: 1,
        lost_answers: 1,
        early_timers: 0,
        pods: PodLife::Stays,
        standbys_watch: false,
        standby_lag: 2,
        mutant: None,
    };
}
