//! Which pods have which labels.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use mainstay_model::{LabelSet, Name, ObjectName, Selector};

/// From labels to names. A selector is held against each distinct label set that has the rarest of its labels, not against each
/// object: most selectors meet no set that they do not match.
#[derive(Clone, Default)]
pub(super) struct Labelled {
    namespaces: BTreeMap<Name, Namespace>,
}

#[derive(Clone, Default)]
struct Namespace {
    names: BTreeMap<LabelSet, BTreeSet<Name>>,
    /// The label sets that have a label: key and value. Only looked up, so the order of the hash cannot show.
    sets: HashMap<(Name, Name), BTreeSet<LabelSet>, FixedState>,
}

impl Labelled {
    pub(super) fn insert(&mut self, name: ObjectName, labels: LabelSet) {
        let namespace = self.namespaces.entry(name.namespace).or_default();
        if let Some(names) = namespace.names.get_mut(&labels) {
            names.insert(name.name);
            return;
        }
        for (key, value) in labels.iter() {
            namespace.sets.entry((key.clone(), value.clone())).or_default().insert(labels.clone());
        }
        namespace.names.insert(labels, BTreeSet::from([name.name]));
    }

    pub(super) fn remove(&mut self, name: &ObjectName, labels: &LabelSet) {
        let Some(namespace) = self.namespaces.get_mut(&name.namespace) else { return };
        let Some(names) = namespace.names.get_mut(labels) else { return };
        names.remove(&name.name);
        if !names.is_empty() {
            return;
        }
        namespace.names.remove(labels);
        for (key, value) in labels.iter() {
            let label = (key.clone(), value.clone());
            if let Some(sets) = namespace.sets.get_mut(&label) {
                sets.remove(labels);
                if sets.is_empty() {
                    namespace.sets.remove(&label);
                }
            }
        }
        if namespace.names.is_empty() {
            self.namespaces.remove(&name.namespace);
        }
    }

    /// The names of those whose labels match. An empty selector matches nothing.
    pub(super) fn matching<'a>(
        &'a self,
        namespace: &'a Name,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a Name> {
        let namespace = self.namespaces.get(namespace);
        let sets = namespace.and_then(|namespace| {
            let labels = selector.0.iter().map(|(key, value)| (key.clone(), value.clone()));
            let sets: Option<Vec<_>> = labels.map(|label| namespace.sets.get(&label)).collect();
            sets?.into_iter().min_by_key(|sets| sets.len())
        });
        sets.into_iter()
            .flatten()
            .filter(|labels| selector.matches(labels))
            .filter_map(move |labels| namespace?.names.get(labels))
            .flatten()
    }
}
