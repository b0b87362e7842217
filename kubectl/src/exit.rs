//! What the program ends with, for scripts.

/// Why it ends; each has a number that stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// It could not be done, or lint refuses a file.
    Error = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A rollout goes on.
    Underway = 3,
    /// A revision has failed.
    Failed = 4,
    /// A rollout cannot go on for another reason.
    Stalled = 5,
    /// A revision has failed, and all pods are of an older one again.
    RolledBack = 6,
    /// A rollout waits for its user.
    Held = 7,
    /// A rollout was not over in time.
    TimedOut = 8,
}

impl Exit {
    /// Its number.
    pub fn code(self) -> u8 {
        self as u8
    }
}
