//! What watches say: into the store, through the controllers' routes, to the keys that it touches.

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::{ObjectName, ResourceVersion, Uid};

use super::{Brain, CHANGES_PER_COLLECTION, DeskKey};
use crate::clock::{Moment, Now};
use crate::effect::Effect;
use crate::input::{Listing, SourceEvent};
use crate::notice::Notice;
use crate::queue::Lane;
use crate::source::Source;
use crate::store::Change;

use super::audits::AuditState;
use super::leadership::{ASK_WHILE_SILENT, Doubt, Freshness};

/// What is known of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceState {
    /// When the last complete list was asked for; `None` before the first.
    pub listed: Option<Moment>,
    /// Everything up to here is in the store.
    pub progress: ResourceVersion,
    /// When it last said anything.
    pub heard: Moment,
    /// Whether it is known to be as new as our leadership.
    pub freshness: Freshness,
    /// Where its audit stands.
    pub audit: AuditState,
    /// Whether an interruption leaves in doubt that versions have only grown.
    pub doubt: Option<Doubt>,
    /// When a new list was last wanted that has not come.
    pub list_wanted: Option<Moment>,
    /// A version below the progress that the server was seen at. The list that follows may be beyond it again, but what is known
    /// by versions from before means nothing any more.
    pub went_back: Option<ResourceVersion>,
}

impl SourceState {
    /// Whether the store has everything, as of some time.
    pub fn is_synced(&self) -> bool {
        self.listed.is_some()
    }

    /// When time alone will call for something.
    pub fn wake_at(&self) -> Option<Moment> {
        let doubt = self.doubt.and_then(|doubt| doubt.ask_again);
        [self.freshness.wake_at(), self.audit.wake_at(), doubt].into_iter().flatten().min()
    }
}

impl Brain {
    pub(super) fn source_event(&mut self, now: Now, source: &Source, event: SourceEvent) {
        let Some(state) = self.sources.get_mut(source) else { return };
        state.heard = now.moment;
        state.doubt = None;
        match event {
            SourceEvent::Listed(listing) => self.listed(now, source, listing),
            SourceEvent::Applied(object) => {
                let version = object.meta().version;
                let changes = self.store.apply(object);
                self.route(now, &changes, Lane::Change);
                self.progressed(now, source, version);
            }
            SourceEvent::Deleted(tombstone) => {
                let change = self.store.delete(&tombstone);
                self.route(now, change.as_slice(), Lane::Change);
                self.progressed(now, source, tombstone.version);
            }
            // No server of today sends that: a watch from a version that a restored etcd has not reached yet is silent until it has.
            // One that did would say that versions have gone back.
            SourceEvent::Progress(version) if version < state.progress => {
                state.went_back = Some(version);
                self.want_list(now, source);
            }
            SourceEvent::Progress(version) => self.progressed(now, source, version),
            // Of what was never there nothing can have gone back; it may be a kind that this process has no right to.
            SourceEvent::Interrupted if !state.is_synced() => {}
            SourceEvent::Interrupted => {
                // A restored etcd takes a watch from the old, higher version and skips what lies between: asked for
                // right now and until the stream speaks again, its newest version gives it away.
                let asked = now.moment;
                let ask_again = Some(asked.after(ASK_WHILE_SILENT));
                state.doubt = Some(Doubt { since: asked, progress: state.progress, ask_again });
                self.effects.push(Effect::ReadNewestVersion { source: source.clone(), asked });
            }
        }
    }

    /// Brings the store to the state of a complete list. What vanished while nobody watched gives a change like any other.
    fn listed(&mut self, now: Now, source: &Source, listing: Listing) {
        let Some(state) = self.sources.get_mut(source) else { return };
        let first = state.listed.is_none();
        let before = state.progress;
        let went_back = state.went_back.or((listing.version < before).then_some(listing.version));
        state.listed = Some(listing.begun);
        state.progress = listing.version;
        if state.list_wanted.is_some_and(|wanted| listing.begun < wanted) {
            // It was on its way already, and may be just as wrong.
            self.effects.push(Effect::Relist(source.clone()));
        } else {
            state.list_wanted = None;
            state.went_back = None;
        }
        if let Some(to) = went_back {
            self.meter.version_went_back(source.kind);
            let from = before;
            self.effects.push(Effect::Notice(Notice::VersionWentBack { source: source.clone(), from, to }));
        }

        let present: BTreeSet<&ObjectName> =
            listing.objects.iter().map(|object| &object.meta().name).chain(&listing.unreadable).collect();
        let vanished: Vec<(ObjectName, Uid)> = self
            .store
            .all(source.kind)
            .iter()
            .map(|object| object.meta())
            .filter(|meta| source.covers(source.kind, &meta.name) && !present.contains(&meta.name))
            .map(|meta| (meta.name.clone(), meta.uid))
            .collect();
        let mut changes: Vec<Change> =
            vanished.iter().filter_map(|(name, uid)| self.store.remove(source.kind, name, *uid)).collect();
        for object in listing.objects {
            let known = self.store.get(source.kind, &object.meta().name);
            let is_known = known.is_some_and(|known| {
                known.meta().uid == object.meta().uid && known.meta().version == object.meta().version
            });
            // After a restore the same version may stand for another content.
            if went_back.is_some() || !is_known {
                changes.extend(self.store.apply(object));
            }
        }
        self.meter.listed(source.kind);
        self.route(now, &changes, if first { Lane::Initial } else { Lane::Change });
        if went_back.is_some() {
            self.plan_all_anew(now, source, listing.begun);
        }
        self.reconsider_gated(now, source, true);
        self.list_is_fresh(source, listing.begun);
    }

    /// Asks for a new list, unless one was asked for and has not come.
    pub(super) fn want_list(&mut self, now: Now, source: &Source) {
        let Some(state) = self.sources.get_mut(source) else { return };
        if state.list_wanted.is_none() {
            self.effects.push(Effect::Relist(source.clone()));
        }
        state.list_wanted = Some(now.moment);
    }

    fn progressed(&mut self, now: Now, source: &Source, version: ResourceVersion) {
        let Some(state) = self.sources.get_mut(source) else { return };
        if version > state.progress {
            state.progress = version;
            self.reconsider_gated(now, source, false);
        }
    }

    /// Tells every controller that cares, and drops what was planned for a spec that is no more.
    fn route(&mut self, now: Now, changes: &[Change], lane: Lane) {
        self.changes_since_collection += changes.len();
        if self.changes_since_collection > CHANGES_PER_COLLECTION {
            self.changes_since_collection = 0;
            self.store.collect_unused();
        }
        let mut keys = Vec::new();
        for change in changes {
            let Some(kind) = change.kind() else { continue };
            for index in 0..self.desks.len() {
                let Some(desk) = self.desks.get(index) else { continue };
                let is_needed = desk.controller.kinds().contains(&kind);
                if !is_needed && !desk.controller.helpful_kinds().contains(&kind) {
                    continue;
                }
                desk.controller.relieve(&self.store, change, &mut keys);
                keys.drain(..).for_each(|key| self.relieved(index, &key));
                let Some(desk) = self.desks.get(index).filter(|_| is_needed) else { continue };
                let is_primary = desk.controller.primary() == kind;
                desk.controller.route(&self.store, change, &mut keys);
                let period = match lane {
                    Lane::Change => desk.controller.batch_period(change),
                    Lane::Retry | Lane::Initial => Duration::ZERO,
                };
                if is_primary {
                    self.spec_changed(now, change, index);
                    self.look_for_rivals_in(now, change, index);
                }
                for key in keys.drain(..) {
                    match period.is_zero() {
                        true => self.enqueue(index, &key, lane),
                        false => self.enqueue_later(index, &key, now.moment.after(period)),
                    }
                }
            }
            self.object_going(now, change);
        }
    }

    /// A new spec, a deletion or another object under the name: what was planned is void, and there is no reason to wait any more.
    fn spec_changed(&mut self, now: Now, change: &Change, desk_index: usize) {
        let Some(old) = &change.old else { return };
        let meta = old.meta();
        // Most objects change while nothing is known of their keys, and comparing takes longer than looking that up.
        if !self.desks.get(desk_index).is_some_and(|desk| desk.keys.contains_key(&meta.name)) {
            return;
        }
        let same = change.new.as_ref().is_some_and(|new| {
            let is_same_spec = match new.meta().generation {
                0 => new.is_same_but_for_version(old),
                generation => generation == meta.generation,
            };
            let new = new.meta();
            new.uid == meta.uid && is_same_spec && new.is_deleting() == meta.is_deleting()
        });
        if same {
            return;
        }
        let Some(desk) = self.desks.get_mut(desk_index) else { return };
        let Some(state) = desk.keys.get_mut(&meta.name) else { return };
        state.failures = 0;
        state.hold = None;
        self.drop_unsent_of(now, desk_index, &meta.name);
    }

    /// There may be room for what was forbidden: the key is tried again as if it were for the first time. Where many wait for
    /// the same room, each of them tries with one create, since failures have shrunk its window to that. The server may learn
    /// of the room a little later than we do, so the back-off begins anew rather than go on.
    fn relieved(&mut self, desk_index: usize, key: &ObjectName) {
        let Some(state) = self.desks.get_mut(desk_index).and_then(|desk| desk.keys.get_mut(key)) else {
            return;
        };
        // The answer to what is on its way may be from before.
        state.batch.relieved |= state.is_busy();
        if !state.hold.as_ref().is_some_and(|hold| hold.for_room) {
            return;
        }
        state.hold = None;
        state.failures = 0;
        self.enqueue(desk_index, key, Lane::Retry);
    }

    /// An object that is gone or going may be what a key waits for.
    fn object_going(&mut self, now: Now, change: &Change) {
        let going = match (&change.old, &change.new) {
            (_, Some(new)) if !new.meta().is_deleting() => None,
            (_, Some(new)) => Some(new.meta().uid),
            (Some(old), None) => Some(old.meta().uid),
            (None, None) => None,
        };
        let keys = going.and_then(|uid| self.gated_deletions.remove(&uid)).unwrap_or_default();
        for key in keys {
            self.reconsider(now, &key);
        }
    }

    /// Looks again at the keys that a source's progress may set free.
    fn reconsider_gated(&mut self, now: Now, source: &Source, everything: bool) {
        let Some(progress) = self.sources.get(source).map(|state| state.progress) else { return };
        let Some(waiting) = self.gated_versions.get_mut(source) else { return };
        let mut keys: Vec<DeskKey> = Vec::new();
        if everything {
            keys.extend(std::mem::take(waiting).into_iter().map(|(_, key)| key));
        }
        while let Some((version, _)) = waiting.first()
            && *version <= progress
            && let Some((_, key)) = waiting.pop_first()
        {
            keys.push(key);
        }
        for key in keys {
            self.reconsider(now, &key);
        }
    }

    /// Versions have gone back: what was acknowledged before this list was asked for, and is not in it, is undone. Plans everything anew,
    /// but for keys that wait for what they have written since.
    fn plan_all_anew(&mut self, now: Now, source: &Source, begun: Moment) {
        // Whoever still waits is noted again.
        self.gated_versions.clear();
        self.gated_deletions.clear();
        for index in 0..self.desks.len() {
            let Some(desk) = self.desks.get_mut(index) else { continue };
            let mut names: Vec<ObjectName> = desk.keys.keys().cloned().collect();
            for state in desk.keys.values_mut() {
                state.gate.deletions.retain(|(kind, name, _), acknowledged| {
                    !source.covers(*kind, name) || *acknowledged >= begun
                });
            }
            for name in &names {
                self.reconsider(now, &(index, name.clone()));
            }
            let Some(desk) = self.desks.get(index) else { continue };
            let primary = desk.controller.primary();
            names.extend(self.store.all(primary).iter().map(|object| object.meta().name.clone()));
            for name in names {
                self.enqueue(index, &name, Lane::Change);
            }
        }
    }
}
