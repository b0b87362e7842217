//! Where Mainstay differs on purpose: the one table of all differences that are no faults.
//!
//! Each line names a line of the README's table "What is better than in-tree" or a place in upstream's source, and says in which steps
//! of the script it may show, and in which facts, and what the two say then. A step that does not show what is
//! sure is a fault. Whatever else differs is a fault of one of the two.

use crate::differential::comparison::{Improvement, only_mainstay, whatever};

/// All of them.
pub const IMPROVEMENTS: &[Improvement] = &[
    Improvement {
        words: "`ReplicaFailure` says what the last failure was, not the first",
        steps: &["the quota becomes smaller, and more is wanted"],
        is_sure: true,
        start: "ReplicationController quota/",
        end: ": message of condition ReplicaFailure",
        is_so: whatever,
    },
    Improvement {
        words: "scaling down leaves pods spread over the nodes (kubernetes/kubernetes#102948)",
        steps: &["it is scaled to 2: in-tree takes the young pod, Mainstay leaves one on each node"],
        is_sure: true,
        start: "pod spread/",
        end: "",
        is_so: whatever,
    },
    Improvement {
        words: "pods that end soon after they were made are replaced later and later, which an event tells",
        // The second to end may be the replacement of the first.
        steps: &["a pod succeeds: it stays and is replaced"],
        is_sure: false,
        start: "event of ends/batch by replication-controller: Warning BackOff",
        end: "",
        is_so: only_mainstay,
    },
    // client-go, tools/record/events_cache.go, `EventAggregate` makes the event anew, without this field.
    Improvement {
        words: "an event that stands for many says who reports it",
        steps: &[],
        is_sure: false,
        start: "event of ",
        end: ": reportingComponent",
        is_so: whatever,
    },
];
