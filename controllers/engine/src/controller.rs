//! What a controller is: two pure functions and a few names.

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::{
    CreatePod, Event, Kind, Name, ObjectName, Read, ReadOutcome, Timestamp, Uid, Write, WriteOutcome,
};

use crate::clock::Now;
use crate::metric::{Figure, Metric};
use crate::store::{Change, Store};

/// A controller. It has no state of its own but its settings: what it knows is in the [`View`] that it is handed.
pub trait Controller {
    /// The name that switches it on and off, upstream's canonical one.
    fn name(&self) -> &'static str;

    /// The name before, which kube-controller-manager still accepts; many have none.
    fn former_name(&self) -> Option<&'static str> {
        None
    }

    /// The `name` label of its workqueue metrics, upstream's.
    fn queue(&self) -> &'static str;

    /// Its metrics, beside those that every controller has.
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    /// The kind that its keys name. When the spec of such an object changes, writes that were planned for the old
    /// spec and not yet sent are dropped.
    fn primary(&self) -> Kind;

    /// The kinds that must be in the store, complete, before anything is planned; the primary one among them.
    fn kinds(&self) -> &'static [Kind];

    /// The kinds that only help: they are watched where that is possible, and nothing waits for them. A user whose ClusterRole
    /// is older than this program must not lose the controller over them.
    fn helpful_kinds(&self) -> &'static [Kind] {
        &[]
    }

    /// Which keys a change of one of the [`kinds`](Controller::kinds) touches. Sees the store after the change; old and new state count alike, so that an owner
    /// who lost an object learns of it. The order does not matter and duplicates do no harm.
    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>);

    /// Whether a key whose writes were carried out rests for as long as they took before it is planned again. A lone change never meets
    /// that rest; of changes that keep coming, those of half the time are written together, whether that is a millisecond or, at a
    /// server that can hardly go on, a second. While each rest ends with something to write, the next one is twice as long, up to eight times
    /// as long as the writes took.
    fn rests(&self) -> bool {
        false
    }

    /// For how long a change waits for others that touch the same key, as upstream's batch periods say; none by default.
    fn batch_period(&self, _change: &Change) -> Duration {
        Duration::ZERO
    }

    /// Which keys need not wait any longer for what the server has forbidden, since the change may have made room for it. Sees
    /// changes of all kinds, those that only help too. Keys that do not wait for that do no harm.
    fn relieve(&self, _store: &Store, _change: &Change, _keys: &mut Vec<ObjectName>) {}

    /// What must be written for this key now. Deterministic: the same view and time give the same plan.
    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan;

    /// Whether a write that was planned before must not be sent any more, now that the store is as it is. A new spec voids all that is
    /// not sent without being asked here.
    fn is_void(&self, _store: &Store, _key: &ObjectName, _write: &Write) -> bool {
        false
    }

    /// What a write counts as that the server has accepted, by metric and label; for metrics of the source
    /// [`MetricSource::Accepted`](crate::MetricSource::Accepted).
    fn accepted(&self, _write: &Write) -> Option<(&'static str, &'static str)> {
        None
    }

    /// What to tell the user of a write that has ended.
    fn report(&self, store: &Store, key: &ObjectName, write: &Write, outcome: &WriteOutcome)
    -> Option<Event>;
}

/// All that a plan may depend on, beside the time.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The objects. At least as new as every write that was acknowledged for this key.
    pub store: &'a Store,
    /// What the engine remembers of this key.
    pub memory: &'a Memory,
}

/// What the engine remembers of a key between plans: only what no object says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    /// Answers to the reads that the last plan asked for; there for one plan, then gone.
    pub answers: Vec<(Read, ReadOutcome)>,
    /// Creates whose outcome is unknown, oldest first. Such a pod may exist or appear yet: as long as more pods are
    /// wanted, these are to be sent again, under the same names, before any new name is chosen.
    pub unsettled: Vec<CreatePod>,
    /// Pods whose deletion was sent with an unknown outcome, in order: the next victims, if victims are still needed.
    pub doomed: Vec<Uid>,
    /// Names that turned out to belong to objects of somebody else.
    pub taken: BTreeSet<Name>,
    /// The first write of the last batch that failed, until a batch passes without failure.
    pub failure: Option<Failure>,
    /// Whether the key waits before it tries again: plan the status, but nothing of the kind that failed.
    pub backing_off: bool,
}

/// A write that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The write.
    pub write: Write,
    /// The server's words, or what happened on the way.
    pub message: String,
}

/// Something that is wanted, and left for later on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// How many objects are not made yet.
    pub count: usize,
    /// When the last of them may be made.
    pub until: Timestamp,
}

/// What is to be done for a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Live reads that are needed first. If there are any, the rest of the plan is ignored and the key is planned again
    /// with the answers.
    pub reads: Vec<Read>,
    /// Writes; independent of each other, sent in this order as far as they are not sent at once.
    pub writes: Vec<Write>,
    /// When the passing of time alone will call for another plan.
    pub requeue_at: Option<Timestamp>,
    /// Events that do not depend on how a write ends. One that the key's plan before this has told too is not told again.
    pub events: Vec<Event>,
    /// What is wanted, and left for later on purpose.
    pub held_back: Option<HeldBack>,
    /// What the controller's metrics are told of this key.
    pub figures: Vec<Figure>,
    /// A fault that no write can mend (a template without labels): logged, and the key tried again later, more and more rarely.
    pub fault: Option<String>,
}
