//! Where Mainstay differs on purpose: the one table of all differences that are no faults.
//!
//! Each line names a line of the README's tables "What is better than in-tree" and what follows them, or a place in upstream's source, and
//! says in which steps of the script it may show, and in which facts. Whatever else differs is a fault of one of the two.

use crate::differential::comparison::Improvement;

const FORSAKEN: &str = "a service that stops to select pods loses its slices (kubernetes/kubernetes#118376)";
const FORSAKEN_STEPS: &[&str] = &[
    "the selector goes: in-tree leaves the slices, Mainstay does not",
    "a pod becomes unready that no service selects any more",
    "the service becomes an ExternalName: in-tree leaves the slices, Mainstay does not",
    "a pod becomes ready meanwhile",
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
        steps: FORSAKEN_STEPS,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
    },
    Improvement {
        words: FORSAKEN,
        steps: FORSAKEN_STEPS,
        start: "slices of outside by endpointslice-controller.k8s.io",
        end: "",
    },
    // k8s.io/endpointslice, util/controller_utils.go, `podEndpointsChanged` does not look at the phase.
    Improvement { words: ENDED, steps: ENDED_STEPS, start: "Endpoints web", end: "" },
    Improvement {
        words: ENDED,
        steps: ENDED_STEPS,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
    },
    // pkg/controller/endpoint, `podToEndpointAddressForService` writes an empty name of a node, which the server refuses.
    Improvement { words: NODELESS, steps: NODELESS_STEPS, start: "Endpoints web", end: "" },
    Improvement {
        words: NODELESS,
        steps: NODELESS_STEPS,
        start: "event of Endpoints web by endpoint-controller: Warning FailedToUpdateEndpoint",
        end: "",
    },
    Improvement {
        words: EDITED,
        steps: &[
            "addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
            "labels of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
        ],
        start: "Endpoints web",
        end: "",
    },
    // The owner is no part of what raises the generation of a slice, by which in-tree sees that one was edited. A slice without it goes, and
    // what else was put on it.
    Improvement {
        words: EDITED,
        steps: OWNER_STEPS,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": owner",
    },
    Improvement {
        words: EDITED,
        steps: OWNER_STEPS,
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": annotations",
    },
    Improvement {
        words: "what is deleted comes back after a restart, too (kubernetes/kubernetes#125354)",
        steps: &["a slice is deleted after a restart: in-tree leaves it so, Mainstay does not"],
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
    },
    Improvement {
        words: "an Endpoints that a user has written without a service stays",
        steps: &[
            "the manager restarts: in-tree deletes what has no service, Mainstay does not",
            "the service is deleted while it is away",
        ],
        start: "Endpoints alone",
        end: "",
    },
    // k8s.io/endpointslice, util/endpointslice_tracker.go, `StaleSlices` waits for the slice to come back.
    Improvement {
        words: "a slice that somebody takes for his own is replaced",
        steps: &["a slice is said to be somebody else's: in-tree stands still, Mainstay makes another one"],
        start: "slices of web by endpointslice-controller.k8s.io",
        end: "",
    },
    // k8s.io/endpointslice, topologycache/utils.go, `getGivingAndReceivingZones` knows only zones that have a share.
    Improvement {
        words: "a zone without ready nodes gives its endpoints away",
        steps: &["a node is not ready, and then a pod becomes unready"],
        start: "slices of web by endpointslice-controller.k8s.io",
        end: ": hints",
    },
    Improvement {
        words: "slices that have become nearly empty are merged",
        steps: &["it asks for a few: in-tree keeps all of its slices, Mainstay merges"],
        start: "slices of wide by endpointslice-controller.k8s.io",
        end: ": slices",
    },
    // k8s.io/endpointslice, topologycache remembers who had such hints; slices show only that there were hints.
    Improvement {
        words: "hints that were there for another reason do not come",
        steps: &["it asks for them, beside the preference"],
        start: "event of Service web by endpoint-slice-controller: Normal TopologyAwareHintsEnabled",
        end: "",
    },
    // k8s.io/endpointslice, util/trigger_time_tracker.go remembers pods by their names, whether they are published or not, and takes a service
    // that it first hears of for new. It has also forgotten what changed when a write is tried again, as it is in any step whose changes come
    // close. `view` compares beside it that the time is one of those that things happened at.
    Improvement {
        words: "the trigger time is that of pods that are published otherwise than before",
        steps: &[],
        start: "",
        end: ": trigger time",
    },
];
