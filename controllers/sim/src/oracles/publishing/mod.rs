//! What must hold where services find their pods, looked at from outside.
//!
//! | oracle | promise |
//! |---|---|
//! | `plan` | on its view, a plan writes nothing but what is wanted, leaves out nothing, and takes nothing out before it stands elsewhere |
//! | `gate` | a service is planned only on a cache that shows what was acknowledged of its changes and deletes |
//! | `stranger` | no pod is published that never bore the labels which a service of that name and namespace has ever asked for |
//! | `readiness` | nothing is said to be ready that never was, but where the service wants that |
//! | `gap` | no write of ours takes away what stood in a slice and is still wanted |
//! | `ownership` | no write of ours hits a slice or an Endpoints that somebody else writes |
//! | `idle` | no write is carried out that changes nothing |
//! | `bound` | a service has at most [`FIRST_WRITES`] writes, and [`WRITES_PER_CHANGE`] for each change by others in its namespace |
//! | `churn` | a service's endpoints go from slice to slice at most [`FIRST_MOVES`] times, and [`MOVES_PER_CHANGE`] for each such change |
//! | `end` | at rest all is as [`spec`] and [`subsets`] say, nothing twice, in no more slices than are allowed |
//!
//! What is wanted is worked out anew from the objects, by nothing of what the controllers work it out with. A `gap` is no breach where
//! the sender did not know better, was not alone, or somebody else changed that service's slices a short while ago.

mod gates;
mod hints;
mod plans;
mod rest;
mod spec;
mod subsets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_engine::store::service_of;
use mainstay_engine::{SourceEvent, Store, WriteId};
use mainstay_model::{
    EndpointSlice, Endpoints, Kind, LabelSet, Meta, Name, Object, ObjectName, ResourceVersion, Selector, Uid,
    Write, WriteOutcome,
};

use super::Violation;
use crate::api::ApiServer;
use crate::clock::Time;
use crate::happening::ProcessId;
use crate::stage::Stage;
use spec::Place;

pub use plans::{Judged, judge};

/// So many writes may a service have without any reason that can be seen.
pub const FIRST_WRITES: u64 = 30;
/// So many writes may one change by others cost each service of the namespace: one of its Endpoints, and one of a slice of each family.
pub const WRITES_PER_CHANGE: u64 = 3;
/// So many endpoints of a service may move without any reason that can be seen.
pub const FIRST_MOVES: u64 = 30;
/// So many endpoints of each service in the namespace may move for one change by others: a slice's worth in each family.
pub const MOVES_PER_CHANGE: u64 = 2;
/// For how long a process may not know what somebody else has done to a slice.
const MEDDLING_IS_NEWS: Duration = Duration::from_secs(60);

/// All that these oracles remember.
#[derive(Default)]
pub struct Publishing {
    /// What the server has, as of `seen`.
    truth: Store,
    seen: u64,
    /// The namespace of each pod, and all labels that it has ever had.
    labels: BTreeMap<Name, (Name, BTreeSet<LabelSet>)>,
    /// All that services of a name have ever asked for, and whether one of them wanted pods that are not ready.
    selectors: BTreeMap<ObjectName, (BTreeSet<LabelSet>, bool)>,
    ready_once: BTreeSet<Name>,
    /// What each process wanted, of the slices of each service, when it planned them last.
    wanted: BTreeMap<(ProcessId, ObjectName), BTreeSet<Place>>,
    meddled: BTreeMap<ObjectName, Time>,
    changes: BTreeMap<Name, u64>,
    writes: BTreeMap<ObjectName, u64>,
    moves: BTreeMap<ObjectName, u64>,
    restored: bool,
    gates: gates::Gates,
}

/// A write before it is carried out.
pub struct Before {
    version: Option<ResourceVersion>,
    slice: Option<Arc<EndpointSlice>>,
    endpoints: Option<Arc<Endpoints>>,
    standing: BTreeSet<Place>,
    /// What stands in the other slices of the service that a write of a slice is about.
    others: BTreeSet<Place>,
}

impl Publishing {
    /// Takes in what has happened at the server; `ours` says that it was a write of a manager.
    pub fn observe(&mut self, server: &ApiServer, ours: bool) {
        let newest = server.revision().0;
        if newest == self.seen {
            return;
        }
        for kind in Stage::Endpoints.kinds() {
            let mut position = self.seen;
            while let Some((version, event)) = server.history().next(*kind, position) {
                position = version.0;
                self.happened(*kind, event.clone(), ours);
            }
        }
        self.seen = newest;
    }

    /// Etcd was restored: the truth is another one.
    pub fn restored(&mut self, server: &ApiServer) {
        self.restored = true;
        self.gates.restored();
        self.truth = Store::default();
        self.wanted.clear();
        for object in Stage::Endpoints.kinds().iter().flat_map(|kind| server.list(*kind)) {
            self.remember(&object);
            self.truth.apply(object);
        }
        self.seen = server.revision().0;
    }

    /// Somebody else changes what a slice publishes.
    pub fn meddled(&mut self, time: Time, slice: &EndpointSlice) {
        self.meddled.extend(service_of(slice).map(|service| (service, time)));
    }

    /// A process sends a write; this is its view.
    pub fn sent(&mut self, process: ProcessId, id: WriteId, write: &Write, view: &Store) {
        self.gates.sent(process, id, write, view);
    }

    /// A process learns how a write has ended.
    pub fn answered(&mut self, process: ProcessId, id: WriteId, outcome: &WriteOutcome) {
        self.gates.answered(process, id, outcome);
    }

    /// A process has planned a service on this view.
    pub fn planned(
        &mut self,
        time: Time,
        process: ProcessId,
        judged: Judged,
        view: &Store,
    ) -> Vec<Violation> {
        let behind = self.gates.planned(process, &judged, view).map(|message| ("gate", message));
        let Judged { controller, key, breach, wanted } = judged;
        if controller == mainstay_endpoints::slices::NAME {
            self.wanted.insert((process, key.clone()), wanted);
        }
        let breach = breach.map(|message| ("plan", message));
        let violation = |(oracle, what)| {
            let message = format!("{process}, {controller} of {key}: {what}");
            Violation { time, oracle, message }
        };
        behind.into_iter().chain(breach).map(violation).collect()
    }

    /// How things are before a write.
    pub fn before(&self, write: &Write) -> Before {
        let found = self.truth.get(write.kind(), write.object());
        let (slice, endpoints) = match &found {
            Some(Object::EndpointSlice(slice)) => (Some(slice.clone()), None),
            Some(Object::Endpoints(endpoints)) => (None, Some(endpoints.clone())),
            _ => (None, None),
        };
        let service = slice.as_deref().and_then(service_of);
        let standing = service.map(|service| self.standing(&service, None)).unwrap_or_default();
        let service = slice_of(write).as_ref().and_then(service_of);
        let others = service.map(|service| self.standing(&service, Some(write.object()))).unwrap_or_default();
        Before { version: found.map(|object| object.meta().version), slice, endpoints, standing, others }
    }

    /// A write was carried out, and has been observed. `excused` says that its sender could not know any more, or was not alone.
    pub fn written(
        &mut self,
        time: Time,
        process: ProcessId,
        write: &Write,
        before: &Before,
        excused: bool,
    ) -> Vec<Violation> {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let after = self.truth.get(write.kind(), write.object());
        if before.version.is_some() && after.as_ref().map(|object| object.meta().version) == before.version {
            found.push(("idle", "changes nothing".to_owned()));
        }
        if !self.is_ours_to_write(write, before) {
            found.push(("ownership", "hits what somebody else writes".to_owned()));
        }
        found.extend(slice_of(write).into_iter().flat_map(|slice| self.strangers(&slice)));
        let written = before.slice.as_deref().and_then(service_of);
        if let Some(service) = written.filter(|service| !excused && !self.is_news(time, service)) {
            found.extend(self.gaps(process, &service, before).map(|gap| ("gap", gap)));
        }
        found.extend(self.count(write, before).map(|message| ("bound", message)));
        found.extend(self.count_moves(write, before).map(|message| ("churn", message)));
        let message = |what| format!("{process}: {} {} {what}", write.verb(), write.object());
        found.into_iter().map(|(oracle, what)| Violation { time, oracle, message: message(what) }).collect()
    }

    /// All that is not as it is to be at rest.
    pub fn wrong_at_rest(&self) -> Vec<String> {
        rest::wrong_at_rest(&self.truth)
    }

    fn happened(&mut self, kind: Kind, event: SourceEvent, ours: bool) {
        let namespace = match &event {
            SourceEvent::Applied(object) => object.meta().name.namespace.clone(),
            SourceEvent::Deleted(gone) => gone.name.namespace.clone(),
            _ => return,
        };
        if !ours {
            *self.changes.entry(namespace).or_default() += 1;
        }
        match event {
            SourceEvent::Applied(object) => {
                self.remember(&object);
                self.truth.apply(object);
            }
            SourceEvent::Deleted(gone) => {
                self.truth.remove(kind, &gone.name, gone.uid);
            }
            _ => {}
        }
    }

    fn remember(&mut self, object: &Object) {
        match object {
            Object::Pod(pod) => {
                let uid = Name::from(pod.meta.uid.to_string());
                let namespace = pod.meta.name.namespace.clone();
                let (_, labels) = self.labels.entry(uid.clone()).or_insert((namespace, BTreeSet::new()));
                labels.insert(pod.meta.labels.clone());
                if pod.ready {
                    self.ready_once.insert(uid);
                }
            }
            Object::Service(service) => {
                let (selectors, wants_all) = self.selectors.entry(service.meta.name.clone()).or_default();
                selectors.extend(service.selector.iter().map(|Selector(labels)| labels.clone()));
                *wants_all |= service.publish_not_ready;
            }
            _ => {}
        }
    }

    /// What stands in a service's own slices, one aside perhaps.
    fn standing(&self, service: &ObjectName, aside: Option<&ObjectName>) -> BTreeSet<Place> {
        let own = self.truth.services().get(service).into_iter().flat_map(|it| spec::own(it, &self.truth));
        let own = own.filter(|slice| Some(&slice.meta.name) != aside);
        own.flat_map(|slice| spec::said_by(slice)).map(|published| published.place).collect()
    }

    fn is_news(&self, time: Time, service: &ObjectName) -> bool {
        self.restored || self.meddled.get(service).is_some_and(|since| time.since(*since) < MEDDLING_IS_NEWS)
    }

    fn is_ours_to_write(&self, write: &Write, before: &Before) -> bool {
        if let (Some(slice), false) = (&before.slice, write.verb() == "create") {
            let after = slice_of(write);
            return [spec::OF_SERVICES, spec::OF_MIRRORS].into_iter().any(|manager| {
                spec::is_managed_by(slice, manager)
                    && after.as_ref().is_none_or(|after| spec::is_managed_by(after, manager))
            });
        }
        match (&before.endpoints, write) {
            (Some(endpoints), Write::DeleteObject(_)) => is_own(endpoints),
            // Whoever has asked for pods once has given his Endpoints away.
            (_, Write::UpdateEndpoints(_) | Write::CreateEndpoints(_)) => {
                self.selectors.get(write.object()).is_some_and(|(selectors, _)| !selectors.is_empty())
            }
            _ => true,
        }
    }

    /// Pods that are published and have never been what the service asks for, or never ready.
    fn strangers(&self, slice: &EndpointSlice) -> Vec<(&'static str, String)> {
        let Some(service) = service_of(slice) else { return Vec::new() };
        let Some((selectors, wants_all)) = self.selectors.get(&service) else { return Vec::new() };
        if !spec::is_managed_by(slice, spec::OF_SERVICES) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for published in spec::said_by(slice) {
            let uid = &published.place.2;
            let has = |labels: &LabelSet, asked: &LabelSet| {
                asked.iter().all(|(key, value)| labels.get(key) == Some(value))
            };
            let is_known = self.labels.get(uid).is_some_and(|(namespace, labels)| {
                let is_asked_for = |labels| selectors.iter().any(|asked| has(labels, asked));
                *namespace == service.namespace && labels.iter().any(is_asked_for)
            });
            if !is_known {
                found.push(("stranger", format!("publishes {:?}, which nobody asked for", published.pod)));
            }
            let is_said = published.conditions.first() == Some(&Some(true));
            if is_said && !wants_all && !self.ready_once.contains(uid) {
                found.push(("readiness", format!("says that {:?} is ready, which never was", published.pod)));
            }
        }
        found
    }

    /// What stood in a slice before, is wanted still as its sender knew, and stands in none now.
    fn gaps(&self, process: ProcessId, service: &ObjectName, before: &Before) -> Option<String> {
        let object = self.truth.services().get(service)?;
        let known = self.wanted.get(&(process, service.clone()))?;
        let standing = self.standing(service, None);
        let wanted = spec::wanted(object, &self.truth)?;
        let wanted: BTreeSet<&Place> = wanted.iter().map(|published| &published.place).collect();
        let is_lost =
            |place: &&Place| !standing.contains(place) && wanted.contains(place) && known.contains(place);
        let lost = before.standing.iter().find(is_lost)?;
        Some(format!("leaves no slice with {lost:?}"))
    }

    /// Counts a write; says so when there are too many of a service.
    fn count(&mut self, write: &Write, before: &Before) -> Option<String> {
        let after = slice_of(write);
        let slice = after.as_ref().or(before.slice.as_deref());
        let service = slice.and_then(service_of).unwrap_or_else(|| write.object().clone());
        let changes = self.changes_around(&service);
        let writes = self.writes.entry(service.clone()).or_default();
        *writes += 1;
        let most = FIRST_WRITES + WRITES_PER_CHANGE * changes;
        (*writes > most).then(|| format!("is write {writes} of {service}, after {changes} changes by others"))
    }
}

impl Publishing {
    /// Counts the endpoints that a write puts into a slice and that stood in another one; says so when they are too many.
    fn count_moves(&mut self, write: &Write, before: &Before) -> Option<String> {
        let after = slice_of(write).filter(|slice| spec::is_managed_by(slice, spec::OF_SERVICES))?;
        let service = service_of(&after)?;
        let places = |slice: &EndpointSlice| -> BTreeSet<Place> {
            spec::said_by(slice).into_iter().map(|published| published.place).collect()
        };
        let stood = before.slice.as_deref().map(places).unwrap_or_default();
        let moved = places(&after)
            .into_iter()
            .filter(|place| !stood.contains(place) && before.others.contains(place))
            .count() as u64;
        let moves = self.moves.entry(service.clone()).or_default();
        *moves += moved;
        let moves = *moves;
        let changes = self.changes_around(&service);
        let is_too_much = moved > 0 && moves > FIRST_MOVES + MOVES_PER_CHANGE * changes;
        is_too_much.then(|| format!("is move {moves} of {service}, after {changes} changes by others"))
    }

    /// What others have done that a service may have to answer to.
    fn changes_around(&self, service: &ObjectName) -> u64 {
        let of = |namespace: &str| self.changes.get(namespace).copied().unwrap_or_default();
        of(&service.namespace) + of("")
    }
}

/// Whether an Endpoints is one that our controller has written.
fn is_own(endpoints: &Endpoints) -> bool {
    let manager = endpoints.meta.labels.get("endpoints.kubernetes.io/managed-by");
    manager.is_some_and(|manager| **manager == *"endpoint-controller")
}

/// The slice that a write makes or leaves, if it does.
fn slice_of(write: &Write) -> Option<EndpointSlice> {
    let content = plans::content(write)?;
    Some(EndpointSlice {
        meta: Meta { labels: content.labels.clone(), ..Meta::new(write.object().clone(), Uid(0)) },
        annotations: content.annotations.clone(),
        address_type: content.address_type,
        endpoints: content.endpoints.clone(),
        ports: content.ports.clone(),
        kept: Bytes::new(),
    })
}
