//! What watches are served from, and what a restore undoes.

use std::collections::BTreeMap;

use mainstay_engine::SourceEvent;
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion, Tombstone};

/// One change of one object; at least one side is there.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub kind: Kind,
    pub name: ObjectName,
    pub before: Option<Object>,
    pub after: Option<Object>,
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

    /// The first change of a kind after that version, as a watch tells it.
    pub fn next(&self, kind: Kind, after: u64) -> Option<(ResourceVersion, &SourceEvent)> {
        let (version, event) = self.by_kind.get(&kind)?.range(after.saturating_add(1)..).next()?;
        Some((ResourceVersion(*version), event))
    }

    pub(super) fn remember(&mut self, version: u64, past: Past) {
        let event = match (&past.after, &past.before) {
            (Some(object), _) => SourceEvent::Applied(object.clone()),
            (None, Some(before)) => SourceEvent::Deleted(Tombstone {
                kind: past.kind,
                name: past.name.clone(),
                uid: before.meta().uid,
                version: ResourceVersion(version),
            }),
            (None, None) => return,
        };
        self.by_kind.entry(past.kind).or_default().insert(version, event);
        self.changes.insert(version, past);
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
    pub(super) fn undo_last(&mut self, target: u64) -> Option<(Kind, ObjectName, Option<Object>)> {
        let last = self.changes.last_entry().filter(|entry| *entry.key() > target)?;
        let (version, past) = last.remove_entry();
        if let Some(changes) = self.by_kind.get_mut(&past.kind) {
            changes.remove(&version);
        }
        Some((past.kind, past.name, past.before))
    }
}
