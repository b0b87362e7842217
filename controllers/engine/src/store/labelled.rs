//! Which pods have which labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use mainstay_model::{LabelSet, Name, Pod, Selector};

/// From labels to pods. A selector is held against each distinct label set that has the rarest of its labels, not against each
/// pod: most selectors meet no set that they do not match. The pods themselves stand here and not their names only: a service with
/// thousands of them would spend most of its plan on looking these up.
#[derive(Clone, Default)]
pub(super) struct Labelled {
    namespaces: BTreeMap<Name, Namespace>,
}

#[derive(Clone, Default)]
struct Namespace {
    pods: BTreeMap<LabelSet, BTreeMap<Name, Arc<Pod>>>,
    /// The label sets that have a label: key and value. Only looked up, so the order of the hash cannot show.
    sets: HashMap<(Name, Name), BTreeSet<LabelSet>, FixedState>,
}

impl Labelled {
    /// Puts in a pod, in the place of one of the same name and labels.
    pub(super) fn insert(&mut self, pod: &Arc<Pod>) {
        let (name, labels) = (&pod.meta.name, &pod.meta.labels);
        let namespace = self.namespaces.entry(name.namespace.clone()).or_default();
        if let Some(pods) = namespace.pods.get_mut(labels) {
            pods.insert(name.name.clone(), pod.clone());
            return;
        }
        for (key, value) in labels.iter() {
            namespace.sets.entry((key.clone(), value.clone())).or_default().insert(labels.clone());
        }
        namespace.pods.insert(labels.clone(), BTreeMap::from([(name.name.clone(), pod.clone())]));
    }

    pub(super) fn remove(&mut self, pod: &Pod) {
        let (name, labels) = (&pod.meta.name, &pod.meta.labels);
        let Some(namespace) = self.namespaces.get_mut(&name.namespace) else { return };
        let Some(pods) = namespace.pods.get_mut(labels) else { return };
        pods.remove(&name.name);
        if !pods.is_empty() {
            return;
        }
        namespace.pods.remove(labels);
        for (key, value) in labels.iter() {
            let label = (key.clone(), value.clone());
            if let Some(sets) = namespace.sets.get_mut(&label) {
                sets.remove(labels);
                if sets.is_empty() {
                    namespace.sets.remove(&label);
                }
            }
        }
        if namespace.pods.is_empty() {
            self.namespaces.remove(&name.namespace);
        }
    }

    /// The pods whose labels match. An empty selector matches nothing.
    pub(super) fn matching<'a>(
        &'a self,
        namespace: &'a Name,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a Arc<Pod>> {
        let namespace = self.namespaces.get(namespace);
        let sets = namespace.and_then(|namespace| {
            let labels = selector.0.iter().map(|(key, value)| (key.clone(), value.clone()));
            let sets: Option<Vec<_>> = labels.map(|label| namespace.sets.get(&label)).collect();
            sets?.into_iter().min_by_key(|sets| sets.len())
        });
        sets.into_iter()
            .flatten()
            .filter(|labels| selector.matches(labels))
            .filter_map(move |labels| namespace?.pods.get(labels))
            .flat_map(BTreeMap::values)
    }
}
