//! Where Mainstay differs on purpose: the one table of all differences that are no faults.
//!
//! Each line names a line of the README's tables "What is better than in-tree" and what follows them, or a place in upstream's source, and
//! says in which steps of the script it may show, and in which facts, and what the two say then. A step that does not show what is
//! sure is a fault. Whatever else differs is a fault of one of the two.

use super::view::NO_TIME;
use crate::differential::comparison::{Difference, Improvement, only_in_tree, only_mainstay, whatever};

const FORSAKEN: &str = "a service that stops to select pods loses its slices (kubernetes/kubernetes#118376)";
const FORSAKEN_WEB_STEPS: &[&str] = &[
    "the selector goes: in-tree leaves the slices, Mainstay does not",
    "a pod becomes unready that no service selects any more",
    "the service becomes an ExternalName: in-tree leaves the slices, Mainstay does not",
    "a pod becomes ready meanwhile",
];
const FORSAKEN_OUTSIDE_STEPS: &[&str] = &[
    "it selects none any more: in-tree leaves the slices, Mainstay does not",
    "the Endpoints is its user's again: in-tree leaves the slices, Mainstay does not",
];

const ENDED: &str = "a pod that ends is taken out at once, ready or not";
const ENDED_STEPS: &[&str] = &["a pod that is not ready fails: in-tree leaves it in, Mainstay does not"];

const NODELESS: &str = "a pod on no node holds up nobody else in an Endpoints";
const NODELESS_STEPS: &[&str] = &[
    "a pod on no node has an address: in-tree's Endpoints stands still, Mainstay's does not",
    "the pod without a node is gone",
];

const OWNER_STEPS: &[&str] = &[
    "the owner of a slice is taken away: in-tree leaves it so, Mainstay does not",
    "addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
];

const EDITED: &str = "what is edited is put right at once (kubernetes/kubernetes#85353)";

/// All of them.
pub const IMPROVEMENTS: &[Improvement] = &[
    Improvement {
        words: FORSAKEN,
        steps: FORSAKEN_WEB_STEPS,
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
        is_so: only_in_tree,
    },
    Improvement {
        words: FORSAKEN,
        steps: FORSAKEN_OUTSIDE_STEPS,
        is_sure: true,
        start: "slices of outside by endpointslice-controller.k8s.io",
        end: "",
        is_so: only_in_tree,
    },
    // k8s.io/endpointslice, util/controller_utils.go, `podEndpointsChanged` does not look at the phase.
    Improvement {
        words: ENDED,
        steps: ENDED_STEPS,
        is_sure: true,
        start: "Endpoints web",
        end: "",
        is_so: without_the_third,
    },
    Improvement {
        words: ENDED,
        steps: ENDED_STEPS,
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
        is_so: without_the_third,
    },
    // pkg/controller/endpoint, `podToEndpointAddressForService` writes an empty name of a node, which the server refuses.
    Improvement {
        words: NODELESS,
        steps: &["a pod on no node has an address: in-tree's Endpoints stands still, Mainstay's does not"],
        is_sure: true,
        start: "Endpoints web: 10.9.1.3 at",
        end: "",
        is_so: only_mainstay,
    },
    Improvement {
        words: NODELESS,
        steps: NODELESS_STEPS,
        is_sure: true,
        start: "Endpoints web",
        end: TIME,
        is_so: only_mainstay,
    },
    Improvement {
        words: NODELESS,
        steps: NODELESS_STEPS,
        is_sure: true,
        start: "event of Endpoints web by endpoint-controller: Warning FailedToUpdateEndpoint",
        end: "",
        is_so: only_in_tree,
    },
    Improvement {
        words: EDITED,
        steps: &["addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not"],
        is_sure: true,
        start: "Endpoints web: 192.0.2.1 at",
        end: "",
        is_so: only_in_tree,
    },
    Improvement {
        words: EDITED,
        steps: &["addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not"],
        is_sure: true,
        start: "Endpoints web: 10.9.7.",
        end: "",
        is_so: only_mainstay,
    },
    Improvement {
        words: EDITED,
        steps: &["labels of the Endpoints are edited: in-tree leaves it so, Mainstay does not"],
        is_sure: true,
        start: "Endpoints web",
        end: ": labels",
        is_so: |it| it.mainstay.as_deref() == Some("endpoints.kubernetes.io/managed-by=endpoint-controller"),
    },
    Improvement {
        words: EDITED,
        steps: &[
            "addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
            "labels of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
        ],
        is_sure: true,
        start: "Endpoints web",
        end: TIME,
        is_so: only_mainstay,
    },
    // The owner is no part of what raises the generation of a slice, by which in-tree sees that one was edited. A slice without it goes, and
    // what else was put on it.
    Improvement {
        words: EDITED,
        steps: OWNER_STEPS,
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": owner",
        is_so: |it| it.in_tree.as_deref() == Some(""),
    },
    Improvement {
        words: EDITED,
        steps: OWNER_STEPS,
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": annotations",
        is_so: |it| it.mainstay.as_deref() == Some(""),
    },
    Improvement {
        words: "what is deleted comes back after a restart, too (kubernetes/kubernetes#125354)",
        steps: &["a slice is deleted after a restart: in-tree leaves it so, Mainstay does not"],
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
        is_so: only_mainstay,
    },
    Improvement {
        words: "an Endpoints that a user has written without a service stays",
        steps: &[
            "the manager restarts: in-tree deletes what has no service, Mainstay does not",
            "the service is deleted while it is away",
        ],
        is_sure: true,
        start: "Endpoints alone",
        end: "",
        is_so: only_mainstay,
    },
    // k8s.io/endpointslice, util/endpointslice_tracker.go, `StaleSlices` waits for the slice to come back.
    Improvement {
        words: "a slice that somebody takes for his own is replaced",
        steps: &["a slice is said to be somebody else's: in-tree stands still, Mainstay makes another one"],
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
        is_so: only_mainstay,
    },
    // k8s.io/endpointslice, topologycache/utils.go, `getGivingAndReceivingZones` knows only zones that have a share.
    Improvement {
        words: "a zone without ready nodes gives its endpoints away",
        steps: &["a node is not ready, and then a pod becomes unready"],
        is_sure: true,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": hints",
        is_so: whatever,
    },
    Improvement {
        words: "slices that have become nearly empty are merged",
        steps: &["it asks for a few: in-tree keeps all of its slices, Mainstay merges"],
        is_sure: true,
        start: "slices of wide by endpointslice-controller.k8s.io",
        end: ": slices",
        is_so: whatever,
    },
    // k8s.io/endpointslice, topologycache remembers who had such hints; slices show only that there were hints.
    Improvement {
        words: "hints that were there for another reason do not come",
        steps: &["it asks for them, beside the preference"],
        is_sure: true,
        start: "event of Service web by endpoint-slice-controller: Normal TopologyAwareHintsEnabled",
        end: "",
        is_so: only_in_tree,
    },
    // Both say it of what they see on the way; whether they see it is a matter of time.
    Improvement {
        words: "that there are too few for hints is said of what several changes were between",
        steps: &["they come back", "it gets it back, and the pod becomes ready"],
        is_sure: false,
        start: "event of Service web by endpoint-slice-controller: Warning TopologyAwareHintsDisabled",
        end: "",
        is_so: whatever,
    },
    // k8s.io/endpointslice, topologycache remembers that it gave hints by zones' sizes; slices show only that each endpoint is for its own zone.
    Improvement {
        words: "hints by the sizes of zones that are those of a preference, too, end unnoticed",
        steps: &["hints are not asked for any more", "it says the contrary, beside a preference"],
        is_sure: true,
        start: "event of Service web by endpoint-slice-controller: Warning TopologyAwareHintsDisabled",
        end: "",
        is_so: only_in_tree,
    },
    // k8s.io/endpointslice, util/trigger_time_tracker.go remembers pods by their names, whether they are published or not, and takes a service
    // that it first hears of for new.
    Improvement {
        words: OTHER_TIME,
        steps: OTHER_TIME_STEPS,
        is_sure: false,
        start: "",
        end: TIME,
        is_so: says_a_time,
    },
    Improvement {
        words: OTHER_TIME,
        steps: NO_TIME_STEPS,
        is_sure: false,
        start: "",
        end: TIME,
        is_so: says_no_time,
    },
    // It has also forgotten what changed when a write is tried again, as it is in any step whose changes come close.
    Improvement {
        words: "the trigger time is not forgotten when a write is tried again",
        steps: &[],
        is_sure: false,
        start: "",
        end: TIME,
        is_so: only_mainstay_says_a_time,
    },
];

const TIME: &str = ": trigger time";
const OTHER_TIME: &str = "the trigger time is that of pods that are published otherwise than before";

/// In-tree says a time of pods that are published as before, or none of those that are not.
const OTHER_TIME_STEPS: &[&str] = &[
    // In-tree deals endpoints out to slices at random: the slice in which a pod's time stands may be the one that is written for another pod.
    "one more comes",
    "the service publishes all of its pods",
    "the service publishes all of its pods: this one, too",
    "the node comes",
    "the service asks for the name: there are two groups",
    "a second port by number comes: nobody is without a port",
    "the same name is asked for by another protocol, which no pod has",
    "a port by number of three protocols",
    "the selector comes back",
    "it becomes an ordinary service again",
    "it gets the other family, too",
    "and of both again",
    "a node is not ready, and then a pod becomes unready",
    "the slice is deleted",
    "the Endpoints is deleted",
    "endpoints of a slice are edited",
    "the owner of a slice is taken away: in-tree leaves it so, Mainstay does not",
    "while it is away, a pod becomes unready and another one comes",
    "the service selects pods",
    "some become unready: those are left out",
    "as many are left as fit",
];
/// Mainstay says no new time, since no pod that is there is published otherwise than before; in-tree keeps one, says another one or had none.
const NO_TIME_STEPS: &[&str] = &[
    "its address changes while it is ready",
    "it is labelled as another's",
    "the first succeeds and the second fails",
    "the service publishes only what is ready again",
    "it publishes only what is ready again",
    "the protocol of a port says what is spoken",
    "one port of no name is left",
    "the first pod loses its second address and becomes unready",
    "ports of a slice are edited",
];

fn is_time(time: Option<&str>) -> bool {
    time.is_some_and(|time| time != NO_TIME)
}

fn says_a_time(difference: &Difference) -> bool {
    is_time(difference.mainstay.as_deref())
}

fn says_no_time(difference: &Difference) -> bool {
    !is_time(difference.mainstay.as_deref())
}

fn only_mainstay_says_a_time(difference: &Difference) -> bool {
    is_time(difference.mainstay.as_deref()) && !is_time(difference.in_tree.as_deref())
}

fn without_the_third(difference: &Difference) -> bool {
    !difference.mainstay.as_ref().is_some_and(|said| said.contains("web-3"))
}
