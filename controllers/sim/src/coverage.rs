//! Which fault happened where, how often.

use std::collections::BTreeMap;
use std::fmt;

use crate::fault::Fault;

/// Counts of (fault, what it befell): a write by its verb, another request, or the whole world.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage(BTreeMap<(Fault, &'static str), u64>);

/// The columns of the table.
const PLACES: &[&str] = &[
    "create",
    "update",
    "patch",
    "condition",
    "adopt",
    "release",
    "delete",
    "status",
    "lease",
    "read",
    "list",
    "watch",
    "world",
];

impl Coverage {
    /// It happened.
    pub fn count(&mut self, fault: Fault, place: &'static str) {
        *self.0.entry((fault, place)).or_default() += 1;
    }

    /// How often it happened there.
    pub fn of(&self, fault: Fault, place: &'static str) -> u64 {
        self.0.get(&(fault, place)).copied().unwrap_or_default()
    }

    /// Takes in the counts of another run.
    pub fn add(&mut self, other: &Coverage) {
        for (cell, count) in &other.0 {
            *self.0.entry(*cell).or_default() += count;
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}", "fault")?;
        for place in PLACES {
            write!(f, "{place:>10}")?;
        }
        for fault in Fault::ALL {
            write!(f, "\n{fault:<18}")?;
            for place in PLACES {
                match self.of(*fault, place) {
                    0 => write!(f, "{:>10}", ".")?,
                    count => write!(f, "{count:>10}")?,
                }
            }
        }
        Ok(())
    }
}
