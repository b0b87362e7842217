//! Pods, by name, by controller and by label set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_model::{LabelSet, Name, ObjectName, Pod, Selector, Uid};

use super::index::Index;
use super::table::Table;

/// All pods.
#[derive(Clone, Default)]
pub struct Pods {
    table: Table<Pod>,
    controlled: Index<Uid>,
    /// Pods without a controller: namespace, then label set, then name. A selector is held against each distinct label
    /// set once, not against each pod.
    uncontrolled: BTreeMap<Name, BTreeMap<LabelSet, BTreeSet<Name>>>,
}

impl Pods {
    /// The pod of that name.
    pub fn get(&self, name: &ObjectName) -> Option<&Arc<Pod>> {
        self.table.get(name)
    }

    /// Every pod, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.table.iter()
    }

    /// The pods whose controller has this UID, in the order of their names.
    pub fn controlled_by(&self, controller: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.controlled.get(&controller).filter_map(|name| self.table.get(name))
    }

    /// The pods of a namespace that have no controller and whose labels match.
    pub fn uncontrolled<'a>(
        &'a self,
        namespace: &'a Name,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.uncontrolled
            .get(namespace)
            .into_iter()
            .flatten()
            .filter(|(labels, _)| selector.matches(labels))
            .flat_map(|(_, names)| names)
            .filter_map(|name| {
                self.table.get(&ObjectName { namespace: namespace.clone(), name: name.clone() })
            })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn insert(&mut self, pod: Arc<Pod>) -> Option<Arc<Pod>> {
        let old = self.table.insert(pod.clone());
        if let Some(old) = &old {
            self.unlink(old);
        }
        self.link(&pod);
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<Pod>> {
        let old = self.table.remove(name, uid)?;
        self.unlink(&old);
        Some(old)
    }

    fn link(&mut self, pod: &Pod) {
        let name = pod.meta.name.clone();
        match pod.meta.controller() {
            Some(owner) => {
                if let Some(uid) = owner.uid {
                    self.controlled.insert(uid, name);
                }
            }
            None => {
                let sets = self.uncontrolled.entry(name.namespace).or_default();
                sets.entry(pod.meta.labels.clone()).or_default().insert(name.name);
            }
        }
    }

    fn unlink(&mut self, pod: &Pod) {
        let name = &pod.meta.name;
        match pod.meta.controller() {
            Some(owner) => {
                if let Some(uid) = owner.uid {
                    self.controlled.remove(&uid, name);
                }
            }
            None => {
                let Some(sets) = self.uncontrolled.get_mut(&name.namespace) else { return };
                if let Some(names) = sets.get_mut(&pod.meta.labels) {
                    names.remove(&name.name);
                    if names.is_empty() {
                        sets.remove(&pod.meta.labels);
                    }
                }
                if sets.is_empty() {
                    self.uncontrolled.remove(&name.namespace);
                }
            }
        }
    }
}
