//! What a process has heard of its own writes, and whether it plans before its cache shows that.

use std::collections::BTreeMap;

use mainstay_engine::store::service_of;
use mainstay_engine::{Store, WriteId};
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion, Uid, Write, WriteOutcome};

use super::spec::{OF_MIRRORS, is_managed_by};
use super::{Judged, slice_of};
use crate::happening::ProcessId;

/// What plans: a controller of a process, for a service.
type Planner = (ProcessId, &'static str, ObjectName);

/// A write that changes or deletes what is there.
#[derive(Clone, Debug)]
struct Own {
    kind: Kind,
    object: ObjectName,
    uid: Uid,
    /// At which it was acknowledged; none for a delete.
    version: Option<ResourceVersion>,
}

/// The writes of all processes.
#[derive(Default)]
pub(super) struct Gates {
    sent: BTreeMap<(ProcessId, WriteId), (Planner, Own)>,
    acknowledged: BTreeMap<Planner, Vec<Own>>,
}

impl Gates {
    /// A process sends a write.
    pub(super) fn sent(&mut self, process: ProcessId, id: WriteId, write: &Write, view: &Store) {
        let Some(uid) = write.uid() else { return };
        let Some((controller, key)) = planner(write, view) else { return };
        let own = Own { kind: write.kind(), object: write.object().clone(), uid, version: None };
        self.sent.insert((process, id), ((process, controller, key), own));
    }

    /// It hears how that has ended.
    pub(super) fn answered(&mut self, process: ProcessId, id: WriteId, outcome: &WriteOutcome) {
        let Some((planner, mut own)) = self.sent.remove(&(process, id)) else { return };
        if let WriteOutcome::Acknowledged { version } = outcome {
            own.version = *version;
            self.acknowledged.entry(planner).or_default().push(own);
        }
    }

    /// It plans; says which of its writes its cache does not show.
    pub(super) fn planned(&mut self, process: ProcessId, judged: &Judged, view: &Store) -> Option<String> {
        let planner = (process, judged.controller, judged.key.clone());
        let writes = self.acknowledged.remove(&planner)?;
        let is_behind = |own: &&Own| {
            let seen = view.get(own.kind, &own.object).filter(|object| object.meta().uid == own.uid);
            seen.is_some_and(|object| match own.version {
                Some(version) => object.meta().version < version,
                None => !object.meta().is_deleting(),
            })
        };
        writes.iter().find(is_behind).map(|own| format!("it has not seen its own write of {}", own.object))
    }

    /// Etcd was restored: what was acknowledged may be undone.
    pub(super) fn restored(&mut self) {
        *self = Gates::default();
    }
}

/// Which controller a write comes from, and for which service.
fn planner(write: &Write, view: &Store) -> Option<(&'static str, ObjectName)> {
    if write.kind() == Kind::Endpoints {
        return Some((mainstay_endpoints::subsets::NAME, write.object().clone()));
    }
    let seen = match view.get(Kind::EndpointSlice, write.object()) {
        Some(Object::EndpointSlice(slice)) => Some(slice),
        _ => None,
    };
    let slice = slice_of(write).or_else(|| seen.map(|slice| (*slice).clone()))?;
    let mirrors = is_managed_by(&slice, OF_MIRRORS);
    let controller =
        if mirrors { mainstay_endpoints::mirroring::NAME } else { mainstay_endpoints::slices::NAME };
    Some((controller, service_of(&slice)?))
}
