//! Pods, by name, by controller, by labels and by node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_model::{LabelSet, Name, ObjectName, Pod, Selector, Uid};

use super::index::Index;
use super::labelled::Labelled;
use super::table::Table;

/// All pods.
#[derive(Clone, Default)]
pub struct Pods {
    table: Table<Pod>,
    controlled: Index<Uid>,
    labelled: Labelled,
    on_node: Index<Name>,
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

    /// The pods of a namespace, in the order of their names.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.table.in_namespace(namespace)
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

    /// The pods of a namespace whose labels match, in an order that depends on labels and names alone.
    pub fn matching<'a>(
        &'a self,
        namespace: &'a Name,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.labelled.matching(namespace, selector)
    }

    /// The pods that are bound to a node, in the order of their names.
    pub fn on_node(&self, node: &Name) -> impl Iterator<Item = &Arc<Pod>> {
        self.on_node.get(node).filter_map(|name| self.table.get(name))
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
        match &old {
            // Most changes are of the status, and leave it where it is.
            Some(old) if is_linked_alike(old, &pod) => self.labelled.insert(&pod),
            Some(old) => {
                self.unlink(old);
                self.link(&pod);
            }
            None => self.link(&pod),
        }
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<Pod>> {
        let old = self.table.remove(name, uid)?;
        self.unlink(&old);
        Some(old)
    }

    fn link(&mut self, pod: &Arc<Pod>) {
        let name = pod.meta.name.clone();
        self.labelled.insert(pod);
        if let Some(node) = &pod.node {
            self.on_node.insert(node.clone(), name.clone());
        }
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
        self.labelled.remove(pod);
        if let Some(node) = &pod.node {
            self.on_node.remove(node, name);
        }
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

/// Whether two states of a pod stand in the same places of all indexes.
fn is_linked_alike(old: &Pod, new: &Pod) -> bool {
    old.meta.labels == new.meta.labels
        && old.node == new.node
        && old.meta.controller() == new.meta.controller()
}
