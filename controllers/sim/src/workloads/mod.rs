//! What users, nodes and those who meddle do in a world of SidecarWorkloads.
//!
//! Map: [`WorkloadStep`] is one of these deeds, [`draw()`] chooses them from a seed, [`template`] writes and edits the templates that they are about.
//! `world/workloads` does them.

mod draw;
pub mod template;

use std::time::Duration;

use mainstay_model::{InPlace, Name, ObjectName, OnFailure, Rollout, Share};

use crate::api::deletion::Propagation;

pub use draw::draw;
pub use template::{SidecarShape, TemplateShape};

/// The nodes.
pub const NODES: &[&str] = &["north", "south"];
/// What somebody puts before an image on its way into a pod: it is the same image, from another registry.
pub const MIRROR: &str = "mirror/";
/// How long a pod takes to end at most.
pub const POD_ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Whether an image is one that somebody has put into a pod, and nobody has asked for.
pub fn is_mirrored(image: &str) -> bool {
    image.starts_with(MIRROR)
}

/// What somebody does. Where what it is about is not there, nothing is done; a number chooses among what is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkloadStep {
    /// Makes a SidecarWorkload with so many replicas, or gives the one that is there another template and rollout.
    Apply(ObjectName, i32, TemplateShape, Rollout),
    /// Gives one of its containers another image.
    SetImage(ObjectName, &'static str, Name),
    /// Changes something of main that no running pod can take in.
    SetEnv(ObjectName, u64),
    /// Changes a label of its pods.
    SetLabel(ObjectName, u64),
    /// Asks for so many replicas, as a HorizontalPodAutoscaler does.
    Scale(ObjectName, i32),
    /// Sets something of its rollout.
    Tune(ObjectName, Tuning),
    /// Pins one of its revisions, as an undo does.
    Pin(ObjectName, u64),
    /// Takes the pin off.
    Unpin(ObjectName),
    /// Asks for new pods of the same template.
    Restart(ObjectName, u64),
    /// Asks to try again what has failed.
    Retry(ObjectName, u64),
    /// Deletes it.
    Delete(ObjectName, Propagation),
    /// Deletes a pod.
    DeletePod(ObjectName, u64),
    /// The containers of a pod end badly, for good.
    FailPod(ObjectName, u64),
    /// A pod's main container ends by itself, and is restarted.
    CrashMain(ObjectName, u64),
    /// Nothing new is to run on a node for a while, and what runs there is evicted as far as budgets allow.
    Drain(Name),
    /// A node goes for good, with all its pods; another one of that name comes, with such a kubelet.
    Lose(Name, (u16, u16)),
    /// A node gets another kubelet, and its containers stay.
    Upgrade(Name, (u16, u16)),
    /// Somebody wants so many pods of a SidecarWorkload to stay healthy, or does not any more.
    Budget(ObjectName, Option<i32>),
    /// Somebody changes what is not his.
    Meddle(ObjectName, Meddling, u64),
}

/// What is set of a rollout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tuning {
    /// Whether it stands still.
    Paused(bool),
    /// How many pods stay with the revision before.
    Partition(Share),
    /// How many pods there may be beyond the replicas, and how many may be missing.
    Limits(Share, Share),
    /// Whether pods are patched.
    InPlace(InPlace),
    /// Whether pods wait to be deleted by somebody.
    OnDelete(bool),
    /// What follows a failure.
    OnFailure(OnFailure),
    /// For how long a pod must be ready to be available.
    MinReady(i32),
    /// After how long without progress a revision has failed.
    Deadline(i32),
    /// How many old revisions are kept.
    History(i32),
}

/// How somebody changes what is not his.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meddling {
    /// A pod loses the label that says whose it is.
    DisownPod,
    /// A pod without a controller gets that label.
    GivePod,
    /// A pod says that it is of a revision that there is not.
    RevisionLabel,
    /// A pod says that an update in place has begun, in words that nobody knows.
    InPlaceNonsense,
    /// A pod forgets that an update in place has begun.
    InPlaceForgotten,
    /// A sidecar of a pod gets another image.
    SidecarImage,
    /// Main of a pod gets another image.
    MainImage,
    /// A pod's controller is another.
    StealPod,
    /// A pod is held by a finalizer, which stays until the faults are over.
    HoldPod,
    /// The condition that takes a pod into its services is False.
    NotServing,
    /// A revision is deleted.
    DeleteRevision,
    /// A revision has no controller any more.
    OrphanRevision,
    /// A revision says that it was healthy.
    HealthyRevision,
    /// The status says nonsense.
    Status,
}

impl Meddling {
    /// All of them.
    pub const ALL: [Meddling; 14] = [
        Meddling::DisownPod,
        Meddling::GivePod,
        Meddling::RevisionLabel,
        Meddling::InPlaceNonsense,
        Meddling::InPlaceForgotten,
        Meddling::SidecarImage,
        Meddling::MainImage,
        Meddling::StealPod,
        Meddling::HoldPod,
        Meddling::NotServing,
        Meddling::DeleteRevision,
        Meddling::OrphanRevision,
        Meddling::HealthyRevision,
        Meddling::Status,
    ];
}

impl WorkloadStep {
    /// Whether nobody in their right mind would do that.
    pub fn is_hostile(&self) -> bool {
        matches!(self, WorkloadStep::Meddle(..) | WorkloadStep::Delete(_, Propagation::Orphan))
    }
}
