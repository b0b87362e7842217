//! The gate of each key: no plan is made on a cache that is older than the key's own writes.
//!
//! It opens when the caches show what was acknowledged, never by the passing of time. What takes long is asked for
//! instead: a version by a new list, a deletion and a creation that cannot be seen by a live read. What a write has not
//! found at the server is waited for in the same way, since a plan for what is gone would be made without end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use mainstay_model::{Found, ObjectName, Read, ReadOutcome, ResourceVersion, Write};

use super::keys::{Gate, KeyState, Known, Reading, is_made_by};
use super::sources::SourceState;
use super::{Brain, DeskKey};
use crate::clock::Now;
use crate::queue::Lane;
use crate::source::Source;
use crate::store::Store;

/// After so long behind a closed gate, what it waits for is asked for; and again, each time.
const PATIENCE: Duration = Duration::from_secs(30);

impl Brain {
    /// Opens the key's gate if everything that it waits for is in the store.
    pub(super) fn reconsider(&mut self, now: Now, desk_key: &DeskKey) {
        let (index, key) = desk_key;
        let Some(desk) = self.desks.get_mut(*index) else { return };
        let Some(state) = desk.keys.get_mut(key) else { return };
        let Some(since) = state.gate.since else { return };
        let (sources, store) = (&self.sources, &self.store);
        state.gate.versions.retain(|source, (version, acknowledged)| {
            sources.get(source).is_some_and(|source| {
                source.progress < *version && source.listed.is_none_or(|begun| begun <= *acknowledged)
            })
        });
        state
            .gate
            .lists
            .retain(|source| sources.get(source).is_some_and(|source| source.list_wanted.is_some()));
        state.gate.deletions.retain(|(kind, name, uid), _| store.is_staying(*kind, name, *uid));
        let lost =
            if state.gate.is_empty() { lost_changes(&mut state.gate, sources, store) } else { Vec::new() };
        state.gate.lists.extend(lost.iter().map(|(source, _)| source.clone()));
        if state.gate.is_empty() {
            state.gate.since = None;
            self.meter.gate_waited(desk.controller.queue(), now.moment.since(since));
            return self.confirm_creations(desk_key);
        }
        if now.moment < since.after(PATIENCE) {
            desk.queue.set_timer(key, Some(since.after(PATIENCE)));
        }
        for (source, (version, _)) in &state.gate.versions {
            self.gated_versions.entry(source.clone()).or_default().insert((*version, desk_key.clone()));
        }
        for source in &state.gate.lists {
            let never = ResourceVersion(u64::MAX);
            self.gated_versions.entry(source.clone()).or_default().insert((never, desk_key.clone()));
        }
        for (_, _, uid) in state.gate.deletions.keys() {
            self.gated_deletions.entry(*uid).or_default().insert(desk_key.clone());
        }
        for (source, objects) in lost {
            self.events_lost(now, &source, objects);
        }
    }

    /// The cache claims to have everything that was acknowledged. A created pod that it has not was deleted since, or the
    /// watch has lost it; the server knows. Without this a single lost event would make one pod too many.
    fn confirm_creations(&mut self, (index, key): &DeskKey) {
        let Some(desk) = self.desks.get_mut(*index) else { return };
        let Some(mut state) = desk.keys.remove(key) else { return };
        let creations = std::mem::take(&mut state.gate.creations);
        for (object, write) in creations {
            if self.store.get(write.kind(), &object).is_none() {
                let read = Read { kind: write.kind(), object };
                self.read((*index, key), &mut state, read, Reading::ToConfirmCreation(write));
            }
        }
        let busy = state.is_busy();
        if let Some(desk) = self.desks.get_mut(*index) {
            desk.keys.insert(key.clone(), state);
        }
        if !busy {
            self.enqueue(*index, key, Lane::Change);
        }
    }

    /// The gate has been closed for long. It never opens by the passing of time; but whatever it waits for can be asked
    /// for, so that a watch that stands still or has lost something does not hold the key for longer than that.
    pub(super) fn doubt_gate(&mut self, now: Now, index: usize, key: &ObjectName) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut state) = desk.keys.remove(key) else { return };
        let behind: Vec<Source> = state.gate.versions.keys().cloned().collect();
        for gone in state.gate.deletions.keys().cloned().collect::<Vec<Known>>() {
            let read = Read { kind: gone.0, object: gone.1.clone() };
            self.read((index, key), &mut state, read, Reading::ToConfirmDeletion(gone));
        }
        if let Some(desk) = self.desks.get_mut(index) {
            desk.queue.set_timer(key, Some(now.moment.after(PATIENCE)));
            desk.keys.insert(key.clone(), state);
        }
        for source in behind {
            self.want_list(now, &source);
        }
    }

    /// Whether an object that was said to be gone or going is.
    pub(super) fn deletion_confirmed(
        &mut self,
        now: Now,
        (index, key): (usize, &ObjectName),
        state: &mut KeyState,
        gone: &Known,
        outcome: &ReadOutcome,
    ) {
        let (kind, name, uid) = gone;
        let is_alive = match outcome {
            ReadOutcome::Failed { .. } => return,
            ReadOutcome::NotFound => false,
            ReadOutcome::Found(found) => found.uid == *uid && !found.deleting,
        };
        // Alive after all: a restored etcd knows nothing of the deletion.
        let source = self.sources.keys().find(|source| source.covers(*kind, name)).cloned();
        let known = self.store.is_staying(*kind, name, *uid);
        state.gate.deletions.remove(gone);
        if let Entry::Occupied(mut waiting) = self.gated_deletions.entry(*uid) {
            waiting.get_mut().remove(&(index, key.clone()));
            if waiting.get().is_empty() {
                waiting.remove();
            }
        }
        if let Some(source) = source.filter(|_| known && !is_alive) {
            state.gate.lists.insert(source.clone());
            self.events_lost(now, &source, 1);
        }
    }

    /// Why a pod that was created is not in the cache.
    pub(super) fn creation_confirmed(
        &mut self,
        now: Now,
        key: (usize, &ObjectName),
        state: &mut KeyState,
        write: Write,
        outcome: ReadOutcome,
    ) {
        match outcome {
            ReadOutcome::Found(found) if is_made_by(&write, &found) => {
                if let Some(source) = self.source_of(&write) {
                    if self.progress_of(&source) < found.version {
                        // That change may be lost, too: looked at again when the cache claims to have it.
                        state.gate.creations.insert(write.object().clone(), write.clone());
                    }
                    state.gate.expect(source, found.version, now.moment);
                }
                self.compare_with_cache(now, state, &write, &found);
            }
            // Deleted since, and perhaps the name used again.
            ReadOutcome::Found(_) | ReadOutcome::NotFound => {}
            ReadOutcome::Failed { message } => {
                state.remember_unsettled(&write, now.moment.after(self.settings.settle_time));
                self.not_tried(key, state, &write, message);
            }
        }
    }

    /// The server has this object of ours. If the cache claims to have everything up to there and has it not, the watch
    /// has lost it, and only a new list will do.
    pub(super) fn compare_with_cache(
        &mut self,
        now: Now,
        state: &mut KeyState,
        write: &Write,
        found: &Found,
    ) {
        let Some(source) = self.source_of(write) else { return };
        let known =
            self.store.get(write.kind(), write.object()).is_some_and(|object| object.meta().uid == found.uid);
        if !known && self.progress_of(&source) >= found.version {
            state.gate.lists.insert(source.clone());
            self.events_lost(now, &source, 1);
        }
    }

    /// Everything of that source up to there is in the store.
    fn progress_of(&self, source: &Source) -> ResourceVersion {
        self.sources.get(source).map(|state| state.progress).unwrap_or_default()
    }

    /// The source through which the written object comes back to us.
    pub(super) fn source_of(&self, write: &Write) -> Option<Source> {
        self.sources.keys().find(|source| source.covers(write.kind(), write.object())).cloned()
    }
}

/// Takes the changes that were acknowledged out of a gate, and counts by their source those that the watch has lost: it has come
/// past their version, and the object is as it was before. Without this, what is already done would be done again without end.
fn lost_changes(
    gate: &mut Gate,
    sources: &BTreeMap<Source, SourceState>,
    store: &Store,
) -> Vec<(Source, usize)> {
    let mut lost: BTreeMap<Source, usize> = BTreeMap::new();
    for ((kind, name, uid), (version, acknowledged)) in std::mem::take(&mut gate.changes) {
        let Some((source, state)) = sources.iter().find(|(source, _)| source.covers(kind, &name)) else {
            continue;
        };
        let is_listed_since = state.listed.is_some_and(|begun| begun > acknowledged);
        let known = store.get(kind, &name).filter(|object| object.meta().uid == uid);
        let is_old = known.is_some_and(|object| object.meta().version < version);
        if is_old && !is_listed_since && state.progress >= version {
            *lost.entry(source.clone()).or_default() += 1;
        }
    }
    lost.into_iter().collect()
}
