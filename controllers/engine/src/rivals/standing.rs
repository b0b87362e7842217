//! Whether a controller acts, and why.

use std::fmt;

use mainstay_model::ObjectName;

use crate::clock::Moment;

/// Whether a controller acts, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It acts: it was told to.
    On,
    /// It acts: nobody else does.
    Alone {
        /// Until then, unless another look shows the same before.
        until: Moment,
    },
    /// It does not act.
    Passive(Passivity),
}

/// Why a controller does not act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passivity {
    /// Somebody else does the work, or may do it at any time.
    Rival(Trace),
    /// What would show that nobody does cannot be read; the text says what and why.
    Unreadable(String),
    /// Nobody was seen, but not for long enough.
    Waiting {
        /// Until then.
        until: Moment,
    },
}

/// What gives somebody else away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trace {
    /// A kube-controller-manager runs in this pod and has the controller.
    Pod(ObjectName),
    /// A kube-controller-manager leads, and its flags are not known.
    Lease {
        /// Who leads.
        holder: String,
    },
    /// Somebody reconciles the canary.
    Canary,
    /// Somebody writes the status of objects that are the controller's.
    Status,
}

impl Standing {
    /// Every reason that [`Standing::reason`] can give.
    pub const REASONS: [&'static str; 8] =
        ["on", "alone", "pod", "lease", "canary", "status", "unreadable", "waiting"];

    /// The reason in one word, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Standing::On => "on",
            Standing::Alone { .. } => "alone",
            Standing::Passive(Passivity::Rival(trace)) => match trace {
                Trace::Pod(_) => "pod",
                Trace::Lease { .. } => "lease",
                Trace::Canary => "canary",
                Trace::Status => "status",
            },
            Standing::Passive(Passivity::Unreadable(_)) => "unreadable",
            Standing::Passive(Passivity::Waiting { .. }) => "waiting",
        }
    }

    /// Until when it may write, if it may at that moment.
    pub fn acts_until(&self, moment: Moment) -> Option<Moment> {
        match self {
            Standing::On => Some(Moment(std::time::Duration::MAX)),
            Standing::Alone { until } if moment < *until => Some(*until),
            Standing::Alone { .. } | Standing::Passive(_) => None,
        }
    }
}

/// For people; what changes from second to second is left out.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::On => write!(f, "on"),
            Standing::Alone { .. } => write!(f, "auto, alone: nobody else does this work"),
            Standing::Passive(passivity) => write!(f, "auto, passive: {passivity}"),
        }
    }
}

impl fmt::Display for Passivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Passivity::Rival(trace) => write!(f, "{trace}"),
            Passivity::Unreadable(what) => {
                write!(f, "it cannot be seen whether somebody else does this work: {what}")
            }
            Passivity::Waiting { .. } => {
                write!(f, "nobody else does this work now; acts once that has been so for a minute")
            }
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trace::Pod(pod) => write!(
                f,
                "the kube-controller-manager of pod {pod} runs this controller; take it off its --controllers to have it here"
            ),
            Trace::Lease { holder } => write!(
                f,
                "the lease of kube-controller-manager is live, held by {holder}, whose flags cannot be seen; if it does not \
                 run this controller, switch it on by name"
            ),
            Trace::Canary => {
                write!(f, "somebody else reconciles ReplicationControllers: the canary is followed")
            }
            Trace::Status => write!(f, "somebody else writes the status of this controller's objects"),
        }
    }
}
