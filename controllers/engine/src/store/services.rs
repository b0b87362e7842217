//! Services, by name and by what they select.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_model::{LabelSet, Name, ObjectName, Service, Uid};

use super::index::Index;
use super::table::Table;

/// One label of a selector, in a namespace: namespace, key, value.
type Label = (Name, Name, Name);

/// All services.
///
/// Which services select a pod is asked with each change of a pod. So each service with a selector stands under one of its labels, the
/// one under which the fewest stand already, and only what stands under a label of the pod is looked at: the cost does not grow
/// with the number of services (upstream's #134739).
#[derive(Clone, Default)]
pub struct Services {
    table: Table<Service>,
    by_label: Index<Label>,
    label_of: BTreeMap<ObjectName, Label>,
}

impl Services {
    /// The service of that name.
    pub fn get(&self, name: &ObjectName) -> Option<&Arc<Service>> {
        self.table.get(name)
    }

    /// Every service, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.table.iter()
    }

    /// The services of a namespace whose selector matches these labels: each once, in no order that means anything.
    pub fn selecting<'a>(
        &'a self,
        namespace: &'a Name,
        labels: &'a LabelSet,
    ) -> impl Iterator<Item = &'a Arc<Service>> {
        labels
            .iter()
            .flat_map(|(key, value)| self.by_label.get(&(namespace.clone(), key.clone(), value.clone())))
            .filter_map(|name| self.table.get(name))
            .filter(|service| service.selector.as_ref().is_some_and(|selector| selector.matches(labels)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn insert(&mut self, service: Arc<Service>) -> Option<Arc<Service>> {
        let old = self.table.insert(service.clone());
        if old.as_ref().is_none_or(|old| old.selector != service.selector) {
            self.unlink(&service.meta.name);
            self.link(&service);
        }
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<Service>> {
        let old = self.table.remove(name, uid)?;
        self.unlink(name);
        Some(old)
    }

    fn link(&mut self, service: &Service) {
        let name = &service.meta.name;
        let Some(selector) = &service.selector else { return };
        let labels =
            selector.0.iter().map(|(key, value)| (name.namespace.clone(), key.clone(), value.clone()));
        let Some(label) = labels.min_by_key(|label| self.by_label.count(label)) else { return };
        self.by_label.insert(label.clone(), name.clone());
        self.label_of.insert(name.clone(), label);
    }

    fn unlink(&mut self, name: &ObjectName) {
        if let Some(label) = self.label_of.remove(name) {
            self.by_label.remove(&label, name);
        }
    }
}
