//! What watches are served from, and what a restore undoes.

use std::collections::BTreeMap;

use mainstay_engine::SourceEvent;
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion, Tombstone};

use super::record::Record;
use super::selection::Selection;

/// One change of one object; at least one side is there.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub kind: Kind,
    pub name: ObjectName,
    pub before: Option<Record>,
    pub after: Option<Record>,
}

/// The changes since the last compaction.
#[derive(Clone, Debug, Default)]
pub struct History {
    changes: BTreeMap<u64, Past>,
    by_kind: BTreeMap<Kind, BTreeMap<u64, SourceEvent>>,
    compacted: u64,
}

impl History {
    /// Everything up to here may be forgotten.
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// The first change of a kind after that version, as a watch of everything tells it.
    pub fn next(&self, kind: Kind, after: u64) -> Option<(ResourceVersion, &SourceEvent)> {
        let (version, event) = self.by_kind.get(&kind)?.range(after.saturating_add(1)..).next()?;
        Some((ResourceVersion(*version), event))
    }

    /// All changes of a kind after that version, as a watch of a selection tells them: what comes to be selected is applied,
    /// and what is no longer selected is deleted.
    pub fn selected(&self, kind: Kind, selection: &Selection, after: u64) -> Vec<SourceEvent> {
        let changes = self.changes.range(after.saturating_add(1)..);
        let of_kind = changes.filter(|(_, past)| past.kind == kind);
        let selects =
            |record: &Option<Record>| record.as_ref().is_some_and(|record| selection.matches(&record.object));
        of_kind
            .filter_map(|(version, past)| match (selects(&past.before), &past.after) {
                (_, Some(after)) if selects(&past.after) => Some(SourceEvent::Applied(after.object.clone())),
                (true, _) => Some(deleted(*version, past)?),
                (false, _) => None,
            })
            .collect()
    }

    pub(super) fn remember(&mut self, version: u64, past: Past) {
        let event = match &past.after {
            Some(record) => Some(SourceEvent::Applied(record.object.clone())),
            None => deleted(version, &past),
        };
        if let Some(event) = event {
            self.by_kind.entry(past.kind).or_default().insert(version, event);
            self.changes.insert(version, past);
        }
    }

    pub(super) fn compact(&mut self, up_to: u64) {
        self.compacted = self.compacted.max(up_to);
        let first = self.compacted.saturating_add(1);
        self.changes = self.changes.split_off(&first);
        for changes in self.by_kind.values_mut() {
            *changes = changes.split_off(&first);
        }
    }

    /// Forgets the newest change if it is later than `target`; says what to put back.
    pub(super) fn undo_last(&mut self, target: u64) -> Option<(Kind, ObjectName, Option<Record>)> {
        let last = self.changes.last_entry().filter(|entry| *entry.key() > target)?;
        let (version, past) = last.remove_entry();
        if let Some(changes) = self.by_kind.get_mut(&past.kind) {
            changes.remove(&version);
        }
        Some((past.kind, past.name, past.before))
    }

    /// The objects of a kind as they were at that version, given how they are now.
    pub(super) fn at(&self, kind: Kind, version: u64, now: Vec<Object>) -> Vec<Object> {
        let named = |object: Object| (object.meta().name.clone(), object);
        let mut objects: BTreeMap<ObjectName, Object> = now.into_iter().map(named).collect();
        for past in self.changes.range(version.saturating_add(1)..).rev().map(|(_, past)| past) {
            if past.kind == kind {
                match &past.before {
                    Some(record) => objects.insert(past.name.clone(), record.object.clone()),
                    None => objects.remove(&past.name),
                };
            }
        }
        objects.into_values().collect()
    }
}

fn deleted(version: u64, past: &Past) -> Option<SourceEvent> {
    Some(SourceEvent::Deleted(Tombstone {
        kind: past.kind,
        name: past.name.clone(),
        uid: past.before.as_ref()?.meta().uid,
        version: ResourceVersion(version),
    }))
}
