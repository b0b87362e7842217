//! What must hold, looked at from outside.
//!
//! | oracle | promise |
//! |---|---|
//! | `leader` | at no time do two processes lead |
//! | `dispatch` | a write leaves only a process that leads, before its deadline |
//! | `ownership` | a pod is deleted only if a ReplicationController controlled it once, and its sender does not know of anybody else |
//! | `count` | a create never makes more active pods of an owner than were wanted within the last minutes |
//! | `gate` | a key is planned only on a cache that shows its own acknowledged creates and deletes; a create that could not be confirmed may count as unsettled instead |
//! | `rest` | some time after the last fault nobody writes any more |
//! | `end` | the objects are as they should be, and as they are without any fault |
//! | `leak` | no key, write or timer is left over; each cache is equal to the server's content |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Store, WriteId};
use mainstay_model::{Kind, ObjectName, Pod, Uid, Write};

use crate::api::ApiServer;
use crate::clock::Time;
use crate::happening::ProcessId;
use crate::process::Planned;

/// For how long after a wish was given up its pods may still be made up for: the longest back-off, a change of leaders and
/// the time-out of a request.
const WISH_LASTS: Duration = Duration::from_secs(200);

/// For how long a delete that was planned before a pod was taken away may still be sent: a Retry-After and a pause.
const THEFT_IS_NEWS: Duration = Duration::from_secs(10);

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

/// A write that a process has on its way, or has had acknowledged.
#[derive(Clone, Debug)]
struct OwnWrite {
    key: ObjectName,
    pod: ObjectName,
    uid: Option<Uid>,
    is_create: bool,
}

/// All that the oracles remember.
#[derive(Debug, Default)]
pub struct Oracles {
    violations: Vec<Violation>,
    /// Pods that were controlled by a ReplicationController at some time.
    owned_once: BTreeSet<Uid>,
    /// How many pods each owner has been asked for, since when.
    wishes: BTreeMap<Uid, Vec<(Time, i32)>>,
    /// Pods whose create was carried out when its sender could not know any more.
    late: BTreeSet<Uid>,
    /// Pods that somebody took from their owner, and when.
    taken: BTreeMap<Uid, Time>,
    /// Names that pods were created under.
    made: BTreeSet<ObjectName>,
    /// ReplicationControllers whose pods somebody else has meddled with.
    disturbed: BTreeSet<ObjectName>,
    /// Whether a restore has made memories void.
    restored: bool,
    sent: BTreeMap<(ProcessId, WriteId), OwnWrite>,
    acknowledged: BTreeMap<ProcessId, Vec<OwnWrite>>,
}

impl Oracles {
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

    /// Somebody wants so many pods of this owner.
    pub fn wished(&mut self, time: Time, owner: Uid, replicas: i32) {
        self.wishes.entry(owner).or_default().push((time, replicas));
    }

    /// Somebody takes a pod from its owner.
    pub fn taken(&mut self, time: Time, pod: Uid) {
        self.taken.insert(pod, time);
    }

    /// Somebody meddles with the pods of this ReplicationController.
    pub fn disturbed(&mut self, controller: &ObjectName) {
        self.disturbed.insert(controller.clone());
    }

    /// Etcd was restored: what was acknowledged may be undone.
    pub fn restored(&mut self) {
        self.restored = true;
        self.sent.clear();
        self.acknowledged.clear();
    }

    /// Whether etcd was restored before.
    pub fn saw_a_restore(&self) -> bool {
        self.restored
    }

    /// A process sends a write of which this is its own view.
    pub fn dispatched(&mut self, time: Time, process: ProcessId, id: WriteId, write: &Write, view: &Store) {
        let own = match write {
            Write::CreatePod(create) => OwnWrite {
                key: ObjectName::new(create.pod.namespace.clone(), create.owner.name.clone()),
                pod: create.pod.clone(),
                uid: None,
                is_create: true,
            },
            Write::DeletePod(delete) => {
                let was_owned = self.owned_once.contains(&delete.uid) || self.restored;
                let pod = view.pods().get(&delete.pod).filter(|pod| pod.meta.uid == delete.uid);
                let owner = pod.and_then(|pod| pod.meta.controller());
                let is_ours = owner.is_some_and(|owner| *owner.kind == *Kind::ReplicationController.name());
                let is_fresh = |taken: &Time| time.since(*taken) < THEFT_IS_NEWS;
                let may_not_know = self.taken.get(&delete.uid).is_some_and(is_fresh);
                // One that has gone since it was planned is hit by nobody.
                if !was_owned || pod.is_some() && !is_ours && !may_not_know {
                    self.report(time, "ownership", format!("{process} deletes {}, not its own", delete.pod));
                }
                let Some(owner) = owner else { return };
                OwnWrite {
                    key: ObjectName::new(delete.pod.namespace.clone(), owner.name.clone()),
                    pod: delete.pod.clone(),
                    uid: Some(delete.uid),
                    is_create: false,
                }
            }
            Write::AdoptPod(_) | Write::ReleasePod(_) | Write::PatchReplicationControllerStatus(_) => return,
        };
        self.sent.insert((process, id), own);
    }

    /// Whether a pod was created under that name before: what comes late is a copy then.
    pub fn was_made_before(&self, pod: &ObjectName) -> bool {
        self.made.contains(pod)
    }

    /// The server has carried out a create; `late` says that its sender could not know any more.
    pub fn created(
        &mut self,
        time: Time,
        (process, id): (ProcessId, WriteId),
        (pod, owner): (&ObjectName, Uid),
        late: bool,
        server: &ApiServer,
    ) {
        let Some(created) = server.pod(pod) else { return };
        let uid = created.meta.uid;
        self.owned_once.insert(uid);
        self.made.insert(pod.clone());
        if let Some(own) = self.sent.get_mut(&(process, id)) {
            own.uid = Some(uid);
        }
        if late {
            self.late.insert(uid);
        }
        let controller = created.meta.controller().map(|owner| owner.name.clone()).unwrap_or_default();
        let controller = ObjectName::new(pod.namespace.clone(), controller);
        if self.disturbed.contains(&controller) || self.restored {
            return;
        }
        let Some(allowed) = self.most_wanted(owner, time) else { return };
        let counts = |pod: &&Arc<Pod>| pod.is_active() && !self.late.contains(&pod.meta.uid);
        let active = server.controlled_by(owner).filter(counts).count();
        if active > usize::try_from(allowed).unwrap_or(0) {
            let message =
                format!("{controller} has {active} active pods of {allowed} after {process} made {pod}");
            self.report(time, "count", message);
        }
    }

    /// The server has carried out an adoption.
    pub fn adopted(&mut self, pod: Uid) {
        self.owned_once.insert(pod);
    }

    /// The server carries out a deletion of that very pod.
    pub fn deleted(&mut self, time: Time, process: ProcessId, pod: &ObjectName, uid: Uid) {
        if !self.owned_once.contains(&uid) && !self.restored {
            self.report(time, "ownership", format!("{process} hits {pod}, which was never its own"));
        }
    }

    /// A process learns that a write was carried out, or that it was not.
    pub fn answered(&mut self, process: ProcessId, id: WriteId, acknowledged: bool) {
        let sent = self.sent.remove(&(process, id));
        if let Some(own) = sent.filter(|_| acknowledged) {
            self.acknowledged.entry(process).or_default().push(own);
        }
    }

    /// A process has planned a key on this view.
    pub fn planned(
        &mut self,
        time: Time,
        process: ProcessId,
        planned: &Planned,
        view: &Store,
        server: &ApiServer,
    ) {
        let Some(writes) = self.acknowledged.get_mut(&process) else { return };
        let key = &planned.key;
        let of_key: Vec<OwnWrite> = writes.extract_if(.., |own| own.key == *key).collect();
        for own in of_key {
            let seen = view.pods().get(&own.pod).filter(|pod| Some(pod.meta.uid) == own.uid);
            let exists = server.pod(&own.pod).is_some_and(|pod| {
                let controller = pod.meta.controller();
                Some(pod.meta.uid) == own.uid && controller.is_some_and(|owner| owner.name == key.name)
            });
            let is_behind = match own.is_create {
                true => exists && seen.is_none() && !planned.unsettled.contains(&own.pod),
                false => seen.is_some_and(|pod| !pod.meta.is_deleting()),
            };
            // Who sees versions go back opens all gates, whatever was acknowledged in between.
            if is_behind && !self.restored {
                let what = if own.is_create { "creation" } else { "deletion" };
                let message = format!("{process} plans {key} before it has seen its {what} of {}", own.pod);
                self.report(time, "gate", message);
            }
        }
    }

    /// The most pods that were wanted of this owner lately; `None` for one that nobody knows.
    fn most_wanted(&self, owner: Uid, time: Time) -> Option<i32> {
        let wishes = self.wishes.get(&owner)?;
        let ended = |position: usize| wishes.get(position + 1).map_or(time, |(next, _)| *next);
        let counts = |(position, _): &(usize, &(Time, i32))| time.since(ended(*position)) <= WISH_LASTS;
        wishes.iter().enumerate().filter(counts).map(|(_, (_, replicas))| *replicas).max()
    }
}
