//! SidecarWorkloads: pods of one main container, short-lived init steps and sidecars.

use bytes::Bytes;

use crate::meta::Meta;
use crate::name::Name;
use crate::replication_controller::Condition;
use crate::time::Timestamp;

/// The label on pods and ControllerRevisions that names their SidecarWorkload.
pub const WORKLOAD_LABEL: &str = "mainstay.dev/workload";
/// The label on pods that names the revision they are of.
pub const REVISION_LABEL: &str = "mainstay.dev/revision";
/// The annotation on a pod that says which step of an update in place it is in.
pub const IN_PLACE_ANNOTATION: &str = "mainstay.dev/inplace";
/// The annotation on a SidecarWorkload whose change lets a revision that has failed be tried again.
pub const RETRY_ANNOTATION: &str = "mainstay.dev/retry";
/// The annotation on a ControllerRevision that says when all replicas were of it and available.
pub const HEALTHY_ANNOTATION: &str = "mainstay.dev/healthy-at";
/// The readiness gate of pods with a sidecar that wants to be taken out of its services before it is replaced, and the condition
/// that answers it.
pub const SERVING_GATE: &str = "mainstay.dev/serving";

/// The API's default of `spec.revisionHistoryLimit`.
pub const REVISION_HISTORY_LIMIT: i32 = 10;

/// A mainstay.dev/v1alpha1 SidecarWorkload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SidecarWorkload {
    /// Metadata.
    pub meta: Meta,
    /// How many pods are wanted.
    pub replicas: i32,
    /// `spec.template` as JSON, with sorted keys and without blanks: equal templates are equal bytes.
    pub template: Bytes,
    /// How a new revision reaches the pods.
    pub rollout: Rollout,
    /// The name of the ControllerRevision that the pods are to be of, whatever the template says.
    pub revision: Option<Name>,
    /// `spec.restartedAt` as it came: another value calls for new pods of an equal template.
    pub restarted_at: Option<Name>,
    /// How many old revisions are kept.
    pub revision_history_limit: i32,
    /// The annotation [`RETRY_ANNOTATION`], as it came.
    pub retry: Option<Name>,
    /// The status as last seen.
    pub status: SidecarWorkloadStatus,
}

impl SidecarWorkload {
    /// One with the defaults of the API that nobody has seen to yet.
    pub fn new(meta: Meta, replicas: i32, template: Bytes) -> SidecarWorkload {
        SidecarWorkload {
            meta,
            replicas,
            template,
            rollout: Rollout::default(),
            revision: None,
            restarted_at: None,
            revision_history_limit: REVISION_HISTORY_LIMIT,
            retry: None,
            status: SidecarWorkloadStatus::default(),
        }
    }
}

/// How a new revision reaches the pods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rollout {
    /// Whether pods are brought to the new revision, or wait to be deleted by somebody.
    pub kind: RolloutKind,
    /// How many pods there may be beyond the replicas.
    pub max_surge: Share,
    /// How many of the replicas may be unavailable through the rollout.
    pub max_unavailable: Share,
    /// How many pods stay with the revision before.
    pub partition: Share,
    /// Whether running pods are patched instead of replaced.
    pub in_place: InPlace,
    /// Whether the rollout stands still.
    pub paused: bool,
    /// For how long a pod must have been ready to count as available, in seconds.
    pub min_ready_seconds: i32,
    /// After so long without progress the revision has failed, in seconds.
    pub progress_deadline_seconds: i32,
    /// What happens then.
    pub on_failure: OnFailure,
}

impl Default for Rollout {
    /// The defaults of the API.
    fn default() -> Rollout {
        Rollout {
            kind: RolloutKind::RollingUpdate,
            max_surge: Share::Percent(25),
            max_unavailable: Share::Percent(25),
            partition: Share::Count(0),
            in_place: InPlace::IfPossible,
            paused: false,
            min_ready_seconds: 0,
            progress_deadline_seconds: 600,
            on_failure: OnFailure::Pause,
        }
    }
}

/// `spec.rollout.type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RolloutKind {
    /// Pods are updated or replaced, a few at a time.
    RollingUpdate,
    /// A pod stays as it is until somebody deletes it.
    OnDelete,
}

/// `spec.rollout.inPlace`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InPlace {
    /// Pods are patched where that is possible, and replaced where it is not.
    IfPossible,
    /// Pods are patched; where that is not possible, nothing is done.
    Only,
    /// Pods are replaced.
    Never,
}

/// `spec.rollout.onFailure`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnFailure {
    /// The rollout stops.
    Pause,
    /// The pods go back to the newest revision that was healthy.
    Rollback,
}

/// A number of pods, or a percentage of the replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Share {
    /// So many.
    Count(i32),
    /// So many of a hundred.
    Percent(i32),
}

/// The status of a SidecarWorkload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SidecarWorkloadStatus {
    /// The generation of the spec that this status speaks of.
    pub observed_generation: i64,
    /// Active pods that it owns.
    pub replicas: i32,
    /// Those of them that are ready.
    pub ready_replicas: i32,
    /// Those of them that have been ready for `min_ready_seconds`.
    pub available_replicas: i32,
    /// Those of them that are of the update revision.
    pub updated_replicas: i32,
    /// The selector of its pods, for HorizontalPodAutoscalers and `kubectl scale`.
    pub selector: Option<Name>,
    /// The revision that all pods had when last they had one.
    pub current_revision: Option<Name>,
    /// The revision that the spec asks for.
    pub update_revision: Option<Name>,
    /// The last revision whose rollout has failed.
    pub failed_revision: Option<Name>,
    /// What the annotation [`RETRY_ANNOTATION`] said when that revision failed.
    pub failed_retry: Option<Name>,
    /// Why that revision failed, for people.
    pub failed_message: Option<Name>,
    /// When the rollout has last come nearer to its end.
    pub progressed_at: Option<Timestamp>,
    /// The sidecars of the update revision, in the order in which they start.
    pub sidecars: Vec<SidecarStatus>,
    /// All conditions, those of others too: a merge patch replaces the whole list.
    pub conditions: Vec<Condition>,
}

/// What is known of a sidecar over all pods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SidecarStatus {
    /// The container's name.
    pub name: Name,
    /// Where it is declared: `workload`.
    pub from: Name,
    /// The image that is wanted.
    pub image: Name,
    /// In how many pods it has that image.
    pub updated: i32,
    /// In how many pods it is ready.
    pub ready: i32,
    /// How often it was restarted, over all pods that are there.
    pub restarts: i32,
}
