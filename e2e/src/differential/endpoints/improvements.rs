//! Where Mainstay differs on purpose: the one table of all differences that are no faults.
//!
//! Each line names a line of the README's tables "What is better than in-tree" and what follows them, or a place in upstream's source, and
//! says in which steps of the script it may show, and in which facts. Whatever else differs is a fault of one of the two.

use crate::differential::comparison::Improvement;

/// All of them.
pub const IMPROVEMENTS: &[Improvement] = &[];
