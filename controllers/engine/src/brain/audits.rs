//! Never trust one watch for ever: from time to time the store is held against a list of names and versions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainstay_model::{ResourceVersion, Uid};

use super::Brain;
use crate::clock::{Moment, Now};
use crate::effect::Effect;
use crate::input::AuditEntry;
use crate::notice::Notice;
use crate::source::Source;

/// Where the audit of a source stands.
#[derive(Clone, Debug, Default)]
pub(super) struct AuditState {
    /// When the next one begins; `None` before the first list, while one runs, and where there are none.
    next: Option<Moment>,
    running: bool,
    /// Objects that only the last audit or only the store had. They may have been deleted in between, so that only a
    /// second sight counts.
    suspects: BTreeSet<Uid>,
    /// Objects for which a list was made already. What is still missing then cannot be read, which was said elsewhere.
    pursued: BTreeSet<Uid>,
}

impl AuditState {
    /// When the next audit begins.
    pub fn wake_at(&self) -> Option<Moment> {
        self.next
    }
}

/// How long a failed audit waits.
const RETRY: Duration = Duration::from_secs(30);

impl Brain {
    pub(super) fn start_audits(&mut self, now: Now) {
        let Some(interval) = self.settings.audit_interval else { return };
        for (source, state) in &mut self.sources {
            if !state.is_synced() || state.audit.running {
                continue;
            }
            match state.audit.next {
                None => state.audit.next = Some(now.moment.after(interval)),
                Some(next) if next <= now.moment => {
                    state.audit.next = None;
                    state.audit.running = true;
                    self.effects.push(Effect::Audit(source.clone()));
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn audit_failed(&mut self, now: Now, source: &Source) {
        if let Some(state) = self.sources.get_mut(source) {
            state.audit.running = false;
            state.audit.next = Some(now.moment.after(RETRY));
        }
    }

    /// Compares. The list is exact as of its version and the store as of its progress: what differs although both speak of
    /// it was lost; what one of them cannot know yet is looked at again.
    pub(super) fn audited(
        &mut self,
        now: Now,
        source: &Source,
        entries: &[AuditEntry],
        version: ResourceVersion,
    ) {
        let Some(state) = self.sources.get_mut(source) else { return };
        state.audit.running = false;
        state.audit.next = self.settings.audit_interval.map(|interval| now.moment.after(interval));
        let progress = state.progress;
        let stored: BTreeMap<Uid, ResourceVersion> = (self.store.all(source.kind).iter())
            .map(|object| object.meta())
            .filter(|meta| source.covers(source.kind, &meta.name))
            .map(|meta| (meta.uid, meta.version))
            .collect();
        let listed: BTreeSet<Uid> = entries.iter().map(|entry| entry.uid).collect();

        let changes_lost = entries.iter().filter(|entry| {
            entry.version <= progress && stored.get(&entry.uid).is_some_and(|known| *known < entry.version)
        });
        let unlisted: BTreeSet<Uid> = stored
            .iter()
            .filter(|(uid, known)| **known <= version && !listed.contains(uid))
            .map(|(uid, _)| *uid)
            .collect();
        let missing: BTreeSet<Uid> = entries
            .iter()
            .filter(|entry| entry.version <= progress && !stored.contains_key(&entry.uid))
            .map(|entry| entry.uid)
            .collect();
        // The deletion of an unlisted object has been lost if the watch has come past the list, and is on its way otherwise.
        let deletions_lost = if version <= progress { unlisted.clone() } else { BTreeSet::new() };
        let doubtful: BTreeSet<Uid> = missing.union(&unlisted).copied().collect();
        let seen_twice: BTreeSet<Uid> = doubtful
            .intersection(&state.audit.suspects)
            .filter(|uid| !state.audit.pursued.contains(uid) && !deletions_lost.contains(uid))
            .copied()
            .collect();

        let lost = changes_lost.count() + deletions_lost.len() + seen_twice.len();
        state.audit.pursued =
            state.audit.pursued.intersection(&doubtful).chain(&seen_twice).copied().collect();
        state.audit.suspects = doubtful;
        if lost > 0 {
            self.events_lost(now, source, lost);
        }
    }

    /// A watch has lost something: count it and list anew.
    pub(super) fn events_lost(&mut self, now: Now, source: &Source, objects: usize) {
        self.meter.lost_events(source.kind, objects);
        self.effects.push(Effect::Notice(Notice::EventsLost { source: source.clone(), objects }));
        self.want_list(now, source);
    }
}
