//! Three patterns of faults, each struck at every place of a scenario in turn, after Sieve (OSDI'22).
//!
//! A scenario is the script of a seed without any drawn fault. A run without the strike says how many places there are; then
//! there is one plan for each.

use std::fmt;

use crate::fault::{Fault, Faults};
use crate::options::Options;
use crate::run::run;
use crate::stage::Stage;

/// What is struck at one place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pattern {
    /// Intermediate state: the process ends before that write.
    CrashBefore,
    /// Intermediate state: the process ends while that write is carried out.
    CrashAfter,
    /// The answer to that write is lost.
    AnswerLost,
    /// Stale state: the process ends while that write is carried out, and what starts next is connected to front ends that have
    /// not heard of anything since.
    Stale,
    /// Unobserved state: that one event of a watch is never delivered.
    Unobserved,
}

/// A pattern at one place of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Strike {
    /// What happens.
    pub pattern: Pattern,
    /// At which write or event, from 0.
    pub place: u64,
}

impl Pattern {
    /// All of them.
    pub const ALL: [Pattern; 5] =
        [Pattern::CrashBefore, Pattern::CrashAfter, Pattern::AnswerLost, Pattern::Stale, Pattern::Unobserved];

    /// The name, for command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Pattern::CrashBefore => "crash-before",
            Pattern::CrashAfter => "crash-after",
            Pattern::AnswerLost => "answer-lost",
            Pattern::Stale => "stale",
            Pattern::Unobserved => "unobserved",
        }
    }

    /// The fault at the place itself.
    pub const fn fault(self) -> Fault {
        match self {
            Pattern::CrashBefore => Fault::CrashBeforeSend,
            Pattern::CrashAfter | Pattern::Stale => Fault::CrashAfterSend,
            Pattern::AnswerLost => Fault::AnswerLost,
            Pattern::Unobserved => Fault::EventLost,
        }
    }

    /// Whether such a place is one for this pattern.
    pub fn is_at(self, place: &str) -> bool {
        match self {
            Pattern::Unobserved => place == "watch",
            _ => !["watch", "list", "read", "lease", "world"].contains(&place),
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.pattern.name(), self.place)
    }
}

impl Strike {
    /// Reads what it prints.
    pub fn parse(text: &str) -> Option<Strike> {
        let (name, place) = text.split_once(':')?;
        let pattern = Pattern::ALL.into_iter().find(|pattern| pattern.name() == name)?;
        Some(Strike { pattern, place: place.parse().ok()? })
    }
}

/// All plans of a pattern for the scenario of a seed.
pub fn plans(seed: u64, stage: Stage, managers: usize, pattern: Pattern) -> Vec<Options> {
    let faults = Faults::all().of_the_script();
    let plan = |place| {
        let strike = Some(Strike { pattern, place });
        Options { stage, managers, faults, strike, ..Options::default() }
    };
    let places = run(seed, &plan(u64::MAX)).places;
    (0..places).map(plan).collect()
}
