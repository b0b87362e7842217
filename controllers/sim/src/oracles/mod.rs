//! What must hold, looked at from outside.
//!
//! | oracle | promise |
//! |---|---|
//! | `leader` | at no time do two processes lead |
//! | `dispatch` | a write leaves only a process that leads, before its deadline, and once |
//! | `ownership` | a pod is deleted only if a ReplicationController controlled it once, and its sender does not know of anybody else |
//! | `adoption` | a pod is adopted only by a ReplicationController that is there and stays, as a live read has shown |
//! | `count` | a create never makes more active pods of an owner than its sender's cache or the server asks for |
//! | `pace` | pods that end soon after they were made are replaced later and later, by whoever leads; not by those whose clock is wrong |
//! | `shortage` | a delete never leaves fewer active pods of an owner than its sender's cache and the server ask for, those that others took lately aside |
//! | `names` | equal views give creates equal names: one intent never makes two pods |
//! | `plan` | nothing is counted, created or deleted while a pod's ownership is open, nothing claimed by an owner on its way out, and nothing left undone that could be done |
//! | `window` | an owner whose creates fail one after the other has one at a time on its way |
//! | `gate` | a key is planned only on a cache that shows its own acknowledged writes; a create that could not be confirmed may count as unsettled instead |
//! | `idle` | no status is written that says nothing new |
//! | `bound` | once the faults are over, each key comes to rest within so many writes |
//! | `rest` | some time after the last fault nobody writes any more |
//! | `end` | the objects are as they should be, and as they are without any fault |
//! | `leak` | no key, write, timer or gate is left over; each cache is equal to the server's content |
//!
//! Map: [`counting`] is about how many pods there are, [`planning`] about plans, [`sending`] about what leaves a process. [`publishing`] has those of
//! the world in which services find their pods, where of these only `leader`, `dispatch`, `rest` and `leak` look, [`sidecars`] those
//! of the world of SidecarWorkloads.

mod counting;
mod planning;
pub mod publishing;
mod sending;
pub mod sidecars;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use mainstay_engine::{ReadId, WriteId};
use mainstay_model::{ObjectName, Uid};

use crate::clock::Time;
use crate::happening::ProcessId;

use crate::stage::Stage;
use counting::Asked;
pub use planning::{PlanSummary, summarise};
use sending::{OwnWrite, WRITES_TO_REST};

/// For how long a write that was planned before others changed something may still be sent: a Retry-After and a pause.
const CHANGE_IS_NEWS: Duration = Duration::from_secs(10);
/// For how long a cache may not know of a pod that others took: the longest silence of a watch that does not count as dead, and a list.
const LOSS_IS_NEWS: Duration = Duration::from_secs(165);
/// For how long pods may be too many after somebody has given or taken some: a cache may not know of that for as long.
const DISTURBANCE_LASTS: Duration = LOSS_IS_NEWS;
/// For how long after a restore what was known before may still be acted upon: everybody has to find the server and list anew.
const RESTORE_LASTS: Duration = Duration::from_secs(120);

/// How often each replica may need a pod within a minute when all end at once: seven rounds, and as many changes of the spec.
const ROUNDS_PER_MINUTE: usize = 14;
/// How many pods more others may take from an owner within a minute.
const TAKEN_PER_MINUTE: usize = 20;

/// A promise that was broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// When.
    pub time: Time,
    /// Which oracle says so.
    pub oracle: &'static str,
    /// What it saw.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.time, self.oracle, self.message)
    }
}

/// All that the oracles remember.
#[derive(Debug, Default)]
pub struct Oracles {
    violations: Vec<Violation>,
    /// Pods that were controlled by a ReplicationController at some time.
    owned_once: BTreeSet<Uid>,
    /// When each owner has lost an active pod by others than its controller.
    losses: BTreeMap<Uid, Vec<Time>>,
    /// Owners whose deletion was asked for, and when.
    ended: BTreeMap<Uid, Time>,
    /// Pods whose create was carried out when its sender could not know any more.
    late: BTreeSet<Uid>,
    /// When pods were made for each owner in the last minute, and how many it asked for then.
    paces: BTreeMap<Uid, VecDeque<(Time, usize)>>,
    /// Names that pods were created under.
    made: BTreeSet<ObjectName>,
    /// ReplicationControllers whose pods somebody else has meddled with, and when last.
    disturbed: BTreeMap<ObjectName, Time>,
    /// When a restore has made memories void.
    restored: Option<Time>,
    /// The names that each view has led to.
    chosen: BTreeMap<u64, Vec<ObjectName>>,
    /// All that was ever sent, and what the sender's cache asked for then.
    dispatched: BTreeMap<(ProcessId, WriteId), Option<Asked>>,
    /// What is on its way.
    sent: BTreeMap<(ProcessId, WriteId), OwnWrite>,
    acknowledged: BTreeMap<ProcessId, Vec<OwnWrite>>,
    /// What is being read.
    asked: BTreeMap<(ProcessId, ReadId), ObjectName>,
    /// How many creates of a key have failed in a row in a process.
    failures: BTreeMap<(ProcessId, ObjectName), u32>,
    /// The keys of the creates that have failed, by their pods.
    failed: BTreeMap<(ProcessId, ObjectName), ObjectName>,
    /// How many writes each key has had since the faults ended.
    calm_writes: BTreeMap<ObjectName, u32>,
    /// How many it may have.
    most_calm_writes: u32,
}

impl Oracles {
    /// Those of a world. A rollout takes several writes for each pod.
    pub fn new(stage: Stage) -> Oracles {
        let most_calm_writes = if stage == Stage::Sidecars { 4 * WRITES_TO_REST } else { WRITES_TO_REST };
        Oracles { most_calm_writes, ..Oracles::default() }
    }

    /// What was found so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Hands over what was found.
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Something is not as promised.
    pub fn report(&mut self, time: Time, oracle: &'static str, message: String) {
        self.violations.push(Violation { time, oracle, message });
    }

    /// Another oracle has found that something is not as promised.
    pub fn add(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// An owner loses an active pod, and not by its controller's doing.
    pub fn lost(&mut self, time: Time, owner: Uid) {
        self.losses.entry(owner).or_default().push(time);
    }

    /// Somebody asks for an owner's deletion.
    pub fn ended(&mut self, time: Time, owner: Uid) {
        self.ended.entry(owner).or_insert(time);
    }

    /// Somebody meddles with the pods of this ReplicationController.
    pub fn disturbed(&mut self, time: Time, controller: &ObjectName) {
        self.disturbed.insert(controller.clone(), time);
    }

    /// Etcd was restored: what was acknowledged may be undone, and what was deleted is back.
    pub fn restored(&mut self, time: Time) {
        self.restored = Some(time);
        self.sent.clear();
        self.acknowledged.clear();
        self.failures.clear();
        self.ended.clear();
    }

    /// Whether etcd was restored before.
    pub fn saw_a_restore(&self) -> bool {
        self.restored.is_some()
    }

    /// Whether a pod was created under that name before: what comes late is a copy then.
    pub fn was_made_before(&self, pod: &ObjectName) -> bool {
        self.made.contains(pod)
    }

    /// Whether a restore was so lately that caches may know nothing of it.
    fn is_restored(&self, time: Time) -> bool {
        self.restored.is_some_and(|restored| time.since(restored) < RESTORE_LASTS)
    }
}
