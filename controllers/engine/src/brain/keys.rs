//! What is known of a key at work. An idle key has no state: the objects say everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mainstay_model::{DeletePod, Event, Found, Kind, Name, ObjectName, Read, ResourceVersion, Uid, Write};

use crate::clock::Moment;
use crate::controller::Memory;
use crate::effect::{ReadId, WriteId};
use crate::source::Source;
use crate::window::Window;

/// A key that has something on its way, waits for a cache, or will be tried again.
#[derive(Clone, Default)]
pub(super) struct KeyState {
    /// What planners see.
    pub memory: Memory,
    /// Until when each unsettled create may still appear, by its name. A key creates objects of one kind only.
    pub unsettled_until: BTreeMap<Name, Moment>,
    /// Deletes whose outcome is unknown, in order, and until when each may still take effect.
    pub doomed: Vec<(DeletePod, Moment)>,
    /// Creates of the present batch that were not sent: the window lets them go.
    pub creates: VecDeque<Write>,
    /// Other writes of the present batch that were not sent.
    pub writes: VecDeque<Write>,
    /// Sent and not answered.
    pub sent: BTreeMap<WriteId, Write>,
    /// Creates among `sent`.
    pub creates_in_flight: usize,
    /// Live reads that were not answered.
    pub reads: BTreeMap<ReadId, Reading>,
    /// Whether the key stands in the dispatcher's line.
    pub in_line: bool,
    /// How many creates may be on their way.
    pub window: Window,
    /// What the key's next plan waits for, since its writes were acknowledged.
    pub gate: Gate,
    /// Failed batches in a row.
    pub failures: u32,
    /// How many writes in a row that tell or claim have found the object changed since, and when the first did.
    pub conflicts: Option<(u32, Moment)>,
    /// What may not be tried before a certain time.
    pub hold: Option<Hold>,
    /// Writes that the server has acknowledged without changing anything, as long as the very same is planned.
    pub vain: Vec<Write>,
    /// Until when the key rests, since its writes took so long.
    pub rest: Option<Moment>,
    /// How many rests in a row have ended with something to write.
    pub rests: u32,
    /// When the first change arrived that has come during the rest.
    pub changed_in_rest: Option<Moment>,
    /// What the last plan has told, as long as each plan tells it.
    pub told: Vec<Event>,
    /// How much the last plan has left for later, and until when.
    pub held_back: Option<(usize, Moment)>,
    /// When the change arrived that the present plan answers, until its first write is handed out.
    pub changed: Option<Moment>,
    /// When the present batch was planned.
    pub began: Option<Moment>,
    /// How the present batch goes.
    pub batch: Batch,
}

/// Why something is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    /// A plan asked for it.
    ForPlan(Read),
    /// To learn what became of a create.
    ToSettle(Write),
    /// To learn why a create that was acknowledged is not in the cache.
    ToConfirmCreation(Write),
    /// To learn why an object that the server said is gone or going still seems to be alive.
    ToConfirmDeletion(Known),
}

/// The course of the writes that came from one plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Batch {
    /// Whether anything but a claim or a status was acknowledged.
    pub managed: bool,
    /// The kind of the first write that failed.
    pub failed: Option<&'static str>,
    /// Whether the plan had a fault that no write can mend, or writes that had to wait.
    pub is_faulty: bool,
    /// Whether a create was forbidden, as by a full quota.
    pub forbidden: bool,
    /// Whether room may have come while it was on its way: what was forbidden before may be allowed by now.
    pub relieved: bool,
    /// Whether it was dropped after it was planned, for a new spec or since it may not act any more: what the server would not take yet is
    /// not sent again.
    pub is_void: bool,
}

/// A pause before another try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hold {
    /// When it ends.
    pub until: Moment,
    /// What is held back.
    pub what: Held,
    /// Whether it is for a create that was forbidden: it ends when there may be room.
    pub for_room: bool,
}

/// What a pause holds back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// Planning itself: it panicked.
    Plans,
    /// Writes with these verbs; others go on, the status above all. Those that then fail too are held back with them.
    Writes(BTreeSet<&'static str>),
    /// Nothing: the key is only tried again.
    Nothing,
}

impl Held {
    /// Whether it holds back writes with that verb.
    pub fn holds(&self, verb: &str) -> bool {
        matches!(self, Held::Writes(verbs) if verbs.contains(verb))
    }
}

/// An object of which the server has said something: its kind, name and UID.
pub(super) type Known = (Kind, ObjectName, Uid);

/// What a key waits for before it is planned again: no plan is made on a cache that is older than our own writes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Gate {
    /// For each source, the highest version that was acknowledged and the moment of the last acknowledgement.
    pub versions: BTreeMap<Source, (ResourceVersion, Moment)>,
    /// Sources that have lost something: only the list that was asked for then will do.
    pub lists: BTreeSet<Source>,
    /// At which version, and when, changes of objects were acknowledged. The version alone does not show that the watch delivered them.
    pub changes: BTreeMap<Known, (ResourceVersion, Moment)>,
    /// Creates that were acknowledged. The version alone does not show that the watch delivered them.
    pub creations: BTreeMap<ObjectName, Write>,
    /// Pods whose deletion was acknowledged, and objects that were not there when they were to be changed, and when the server said so.
    pub deletions: BTreeMap<Known, Moment>,
    /// Since when the gate alone holds the key back.
    pub since: Option<Moment>,
}

impl Gate {
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.lists.is_empty() && self.deletions.is_empty()
    }

    /// Another write was acknowledged.
    pub fn expect(&mut self, source: Source, version: ResourceVersion, now: Moment) {
        let (highest, at) = self.versions.entry(source).or_insert((version, now));
        *highest = version.max(*highest);
        *at = now;
    }
}

impl KeyState {
    /// Whether something of the present batch is not over.
    pub fn is_busy(&self) -> bool {
        !(self.sent.is_empty() && self.reads.is_empty() && self.creates.is_empty() && self.writes.is_empty())
    }

    /// Whether the gate, and nothing else, holds the key back.
    pub fn is_gated(&self) -> bool {
        self.gate.since.is_some()
    }

    /// Whether nothing is left to do for the key, as far as is known.
    pub fn is_at_rest(&self) -> bool {
        !self.is_busy()
            && self.gate.is_empty()
            && self.hold.is_none()
            && self.held_back.is_none()
            && self.memory.failure.is_none()
            && self.unsettled_until.is_empty()
            && self.doomed.is_empty()
            && self.rest.is_none()
            && self.memory.answers.is_empty()
    }

    /// Whether the key can be forgotten: at rest, what has been told and what would be in vain may still be worth to be remembered.
    pub fn is_idle(&self) -> bool {
        self.is_at_rest() && self.told.is_empty() && self.vain.is_empty()
    }

    /// Whether there is a write that may be sent.
    pub fn has_sendable(&self) -> bool {
        !self.writes.is_empty() || (!self.creates.is_empty() && self.creates_in_flight < self.window.size())
    }

    /// The next write that may be sent.
    pub fn take_sendable(&mut self) -> Option<Write> {
        if let Some(write) = self.writes.pop_front() {
            return Some(write);
        }
        (self.creates_in_flight < self.window.size()).then(|| self.creates.pop_front()).flatten()
    }

    /// Drops what was not sent; says how much.
    pub fn drop_unsent(&mut self) -> usize {
        let count = self.creates.len() + self.writes.len();
        self.creates.clear();
        self.writes.clear();
        count
    }

    /// Remembers a create that may or may not have been committed.
    pub fn remember_unsettled(&mut self, write: &Write, until: Moment) {
        if let Write::CreatePod(create) = write
            && !self.memory.unsettled.iter().any(|known| known.pod == create.pod)
        {
            self.memory.unsettled.push(create.clone());
        }
        if created(write).is_some() {
            self.unsettled_until.insert(write.object().name.clone(), until);
        }
    }

    /// The create of that object is settled, one way or the other.
    pub fn settle(&mut self, object: &ObjectName) {
        self.memory.unsettled.retain(|create| create.pod != *object);
        self.unsettled_until.remove(&object.name);
    }

    /// Forgets the creates that cannot appear any more.
    pub fn forget_unsettled(&mut self, now: Moment) {
        self.unsettled_until.retain(|_, until| *until > now);
        let until = &self.unsettled_until;
        self.memory.unsettled.retain(|create| until.contains_key(&create.pod.name));
    }

    /// Remembers a delete that may or may not have been committed.
    pub fn doom(&mut self, delete: &DeletePod, until: Moment) {
        match self.doomed.iter_mut().find(|(known, _)| known == delete) {
            Some((_, known_until)) => *known_until = until,
            None => self.doomed.push((delete.clone(), until)),
        }
    }

    /// The delete of that pod is settled.
    pub fn undoom(&mut self, uid: Uid) {
        self.doomed.retain(|(delete, _)| delete.uid != uid);
    }

    /// When the next unknown outcome stops to matter.
    pub fn next_expiry(&self) -> Option<Moment> {
        self.unsettled_until.values().chain(self.doomed.iter().map(|(_, until)| until)).min().copied()
    }

    /// Whether a create of that name was sent before without a known outcome.
    pub fn is_unsettled(&self, object: &ObjectName) -> bool {
        self.unsettled_until.contains_key(&object.name)
    }
}

/// Whether a write only tells how things are.
pub(super) fn tells(write: &Write) -> bool {
    matches!(write, Write::PatchReplicationControllerStatus(_) | Write::PatchSidecarWorkloadStatus(_))
}

/// Whether a write makes, changes or deletes what its controller owns, as opposed to claims and status.
pub(super) fn manages(write: &Write) -> bool {
    match write {
        Write::CreatePod(_)
        | Write::DeletePod(_)
        | Write::CreateEndpoints(_)
        | Write::UpdateEndpoints(_)
        | Write::CreateEndpointSlice(_)
        | Write::UpdateEndpointSlice(_)
        | Write::DeleteObject(_)
        | Write::CreateControllerRevision(_)
        | Write::PatchControllerRevision(_)
        | Write::PatchPod(_)
        | Write::PatchPodCondition(_) => true,
        Write::AdoptPod(_)
        | Write::ReleasePod(_)
        | Write::PatchReplicationControllerStatus(_)
        | Write::PatchSidecarWorkloadStatus(_) => false,
    }
}

/// Whether a conflict only says that somebody was faster: the write is about what is there, in the state in which it was seen.
pub(super) fn yields(write: &Write) -> bool {
    match write {
        Write::AdoptPod(_)
        | Write::ReleasePod(_)
        | Write::PatchReplicationControllerStatus(_)
        | Write::UpdateEndpoints(_)
        | Write::UpdateEndpointSlice(_)
        | Write::DeleteObject(_)
        | Write::PatchControllerRevision(_)
        | Write::PatchPod(_)
        | Write::PatchPodCondition(_)
        | Write::PatchSidecarWorkloadStatus(_) => true,
        Write::CreatePod(_)
        | Write::DeletePod(_)
        | Write::CreateEndpoints(_)
        | Write::CreateEndpointSlice(_)
        | Write::CreateControllerRevision(_) => false,
    }
}

/// The version in which a write has seen its object and wants to find it. Acknowledged at that very version it has changed nothing.
pub(super) fn seen(write: &Write) -> Option<ResourceVersion> {
    match write {
        Write::PatchReplicationControllerStatus(patch) => Some(patch.version),
        Write::UpdateEndpoints(update) => Some(update.version),
        Write::UpdateEndpointSlice(update) => Some(update.version),
        Write::PatchControllerRevision(patch) => Some(patch.version),
        Write::PatchPod(patch) => Some(patch.version),
        Write::PatchSidecarWorkloadStatus(patch) => Some(patch.version),
        Write::CreatePod(_)
        | Write::AdoptPod(_)
        | Write::ReleasePod(_)
        | Write::DeletePod(_)
        | Write::CreateEndpoints(_)
        | Write::CreateEndpointSlice(_)
        | Write::CreateControllerRevision(_)
        | Write::PatchPodCondition(_)
        | Write::DeleteObject(_) => None,
    }
}

/// The UID of the controller that a created object will have.
pub(super) fn owner(write: &Write) -> Option<Uid> {
    match write {
        Write::CreatePod(create) => Some(create.owner.uid),
        Write::CreateEndpointSlice(create) => Some(create.owner.uid),
        Write::CreateControllerRevision(create) => Some(create.owner.uid),
        Write::AdoptPod(_)
        | Write::ReleasePod(_)
        | Write::DeletePod(_)
        | Write::PatchReplicationControllerStatus(_)
        | Write::CreateEndpoints(_)
        | Write::UpdateEndpoints(_)
        | Write::UpdateEndpointSlice(_)
        | Write::DeleteObject(_)
        | Write::PatchControllerRevision(_)
        | Write::PatchPod(_)
        | Write::PatchPodCondition(_)
        | Write::PatchSidecarWorkloadStatus(_) => None,
    }
}

/// Whether what was found under the name of a create is what it was to make. An Endpoints has the name of its service and no owner, so any
/// one will do: the next plan makes of it what it should be.
pub(super) fn is_made_by(write: &Write, found: &Found) -> bool {
    matches!(write, Write::CreateEndpoints(_))
        || (found.controller.is_some() && found.controller == owner(write))
}

/// The kind and name of what a write creates, if it creates.
pub(super) fn created(write: &Write) -> Option<(Kind, &ObjectName)> {
    match write {
        Write::CreatePod(_)
        | Write::CreateEndpoints(_)
        | Write::CreateEndpointSlice(_)
        | Write::CreateControllerRevision(_) => Some((write.kind(), write.object())),
        Write::AdoptPod(_)
        | Write::ReleasePod(_)
        | Write::DeletePod(_)
        | Write::PatchReplicationControllerStatus(_)
        | Write::UpdateEndpoints(_)
        | Write::UpdateEndpointSlice(_)
        | Write::DeleteObject(_)
        | Write::PatchControllerRevision(_)
        | Write::PatchPod(_)
        | Write::PatchPodCondition(_)
        | Write::PatchSidecarWorkloadStatus(_) => None,
    }
}
