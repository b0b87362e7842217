//! What a script is made of: steps with a name, what a user does in them, and what must have come of it.
//!
//! Objects live in rooms: namespaces whose real names have who is at work in front, so that both may use the same script.

use serde_json::Value;

use crate::differential::subject;

/// A step of this script.
pub type Step = subject::Step<Action, Until>;
/// A chapter of it.
pub type Chapter = subject::Chapter<Action, Until>;

/// What is done to the cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Creates or changes these objects. `metadata.namespace` says a room, and `UID(room/name)` in a text stands for the UID of
    /// that ReplicationController.
    Apply(Vec<Value>),
    /// Sets the replicas of a ReplicationController through its scale subresource.
    Scale(Named, u32),
    /// Patches a ReplicationController.
    Patch(Named, Value),
    /// Patches the status of a ReplicationController.
    PatchStatus(Named, Value),
    /// Patches pods.
    PatchPods(Pick, Value),
    /// Patches the status of pods, as a kubelet does.
    PatchPodStatus(Pick, Value),
    /// Deletes pods.
    DeletePods(Pick),
    /// Deletes a ReplicationController; what depends on it goes as the word says.
    Delete(Named, Cascade),
    /// Deletes a namespace.
    DeleteRoom(&'static str),
    /// Deletes something else of a room: its kind and name.
    DeleteOther(&'static str, Named),
    /// Waits until deleting such pods is refused. Policies take a moment to come into effect.
    AwaitDeletesRefused(Pick),
    /// Stops the controller.
    StopController,
    /// Starts the controller again.
    StartController,
}

/// What becomes of pods when their ReplicationController is deleted, in kubectl's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cascade {
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
    /// They stay.
    Orphan,
}

impl Cascade {
    /// The word for `kubectl delete --cascade`.
    pub fn word(self) -> &'static str {
        match self {
            Cascade::Background => "background",
            Cascade::Foreground => "foreground",
            Cascade::Orphan => "orphan",
        }
    }
}

/// An object of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The room.
    pub room: &'static str,
    /// The name.
    pub name: &'static str,
}

/// Some pods. Their names differ from run to run, so they are chosen by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The room.
    pub room: &'static str,
    /// Who controls them.
    pub owner: Owner,
    /// A label that they have.
    pub label: Option<(&'static str, &'static str)>,
    /// Whether they are active: neither ended nor being deleted. It does not matter when none.
    pub active: Option<bool>,
    /// How many. There must be as many; without a number, all are taken.
    pub number: Option<usize>,
}

/// Who controls a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It does not matter.
    Any,
    /// Nobody.
    Nobody,
    /// The ReplicationController of this name, the present one.
    Controller(&'static str),
}

/// What must have come of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The ReplicationController has so many active pods, and so many of them are ready.
    Pods(Named, usize, usize),
    /// The ReplicationController says that so many of its pods are available.
    Available(Named, u64),
    /// There are so many such pods.
    Count(Pick, usize),
    /// The ReplicationController is gone.
    Gone(Named),
    /// The ReplicationController is being deleted, and still there.
    Deleting(Named),
    /// The ReplicationController has the condition `ReplicaFailure` with this reason.
    Failing(Named, &'static str),
    /// The ReplicationController has no condition `ReplicaFailure`.
    Sound(Named),
    /// The quota has been counted.
    Counted(Named),
    /// The namespace has the account that its pods need.
    Accounted(&'static str),
    /// The namespace is being deleted, and still there.
    RoomEnding(&'static str),
    /// The namespace is gone.
    RoomGone(&'static str),
}

/// An object of a room.
pub const fn named(room: &'static str, name: &'static str) -> Named {
    Named { room, name }
}

/// The active pods of a ReplicationController.
pub const fn pods_of(controller: Named) -> Pick {
    let Named { room, name } = controller;
    Pick { room, owner: Owner::Controller(name), label: None, active: Some(true), number: None }
}

/// The active pods without a controller that have a label.
pub const fn free(room: &'static str, label: (&'static str, &'static str)) -> Pick {
    Pick { room, owner: Owner::Nobody, label: Some(label), active: Some(true), number: None }
}

impl Pick {
    /// So many of them.
    pub const fn take(self, number: usize) -> Self {
        Pick { number: Some(number), ..self }
    }

    /// Those with a label.
    pub const fn with(self, key: &'static str, value: &'static str) -> Self {
        Pick { label: Some((key, value)), ..self }
    }

    /// Those that have ended or are being deleted.
    pub const fn not_active(self) -> Self {
        Pick { active: Some(false), ..self }
    }
}
