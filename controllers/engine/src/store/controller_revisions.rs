//! ControllerRevisions, by name and by whose they are.

use std::sync::Arc;

use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{ControllerRevision, ObjectName, Uid};

use super::index::Index;
use super::table::Table;

/// All ControllerRevisions that are watched.
#[derive(Clone, Default)]
pub struct ControllerRevisions {
    table: Table<ControllerRevision>,
    controlled: Index<Uid>,
    /// Those that nobody controls, by the SidecarWorkload that their label names.
    uncontrolled: Index<ObjectName>,
}

impl ControllerRevisions {
    /// The revision of that name.
    pub fn get(&self, name: &ObjectName) -> Option<&Arc<ControllerRevision>> {
        self.table.get(name)
    }

    /// Every revision, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        self.table.iter()
    }

    /// The revisions whose controller has this UID, in the order of their names.
    pub fn controlled_by(&self, controller: Uid) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        self.controlled.get(&controller).filter_map(|name| self.table.get(name))
    }

    /// The revisions that nobody controls and whose label names this SidecarWorkload, in the order of their names.
    pub fn uncontrolled<'a>(
        &'a self,
        workload: &ObjectName,
    ) -> impl Iterator<Item = &'a Arc<ControllerRevision>> {
        self.uncontrolled.get(workload).filter_map(|name| self.table.get(name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn insert(&mut self, revision: Arc<ControllerRevision>) -> Option<Arc<ControllerRevision>> {
        let old = self.table.insert(revision.clone());
        if let Some(old) = &old {
            self.unlink(old);
        }
        match revision.meta.controller() {
            Some(owner) => {
                if let Some(uid) = owner.uid {
                    self.controlled.insert(uid, revision.meta.name.clone());
                }
            }
            None => {
                if let Some(workload) = workload_of(&revision) {
                    self.uncontrolled.insert(workload, revision.meta.name.clone());
                }
            }
        }
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<ControllerRevision>> {
        let old = self.table.remove(name, uid)?;
        self.unlink(&old);
        Some(old)
    }

    fn unlink(&mut self, revision: &ControllerRevision) {
        if let Some(uid) = revision.meta.controller().and_then(|owner| owner.uid) {
            self.controlled.remove(&uid, &revision.meta.name);
        }
        if let Some(workload) = workload_of(revision) {
            self.uncontrolled.remove(&workload, &revision.meta.name);
        }
    }
}

/// The SidecarWorkload that the revision's label names.
fn workload_of(revision: &ControllerRevision) -> Option<ObjectName> {
    let name = revision.meta.labels.get(WORKLOAD_LABEL).filter(|name| !name.is_empty())?;
    Some(ObjectName { namespace: revision.meta.name.namespace.clone(), name: name.clone() })
}
