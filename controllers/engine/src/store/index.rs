//! An index: which objects share a value.

use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use mainstay_model::ObjectName;

/// From a value to the names of the objects that have it, in the order of the names. The hash is unseeded and only ever
/// looked up by value, so its order cannot show.
#[derive(Clone)]
pub(super) struct Index<V> {
    names: HashMap<V, BTreeSet<ObjectName>, FixedState>,
}

impl<V> Default for Index<V> {
    fn default() -> Index<V> {
        Index { names: HashMap::default() }
    }
}

impl<V: Eq + Hash> Index<V> {
    pub(super) fn insert(&mut self, value: V, name: ObjectName) {
        self.names.entry(value).or_default().insert(name);
    }

    pub(super) fn remove(&mut self, value: &V, name: &ObjectName) {
        if let Some(names) = self.names.get_mut(value) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(value);
            }
        }
    }

    /// How many have that value.
    pub(super) fn count(&self, value: &V) -> usize {
        self.names.get(value).map_or(0, BTreeSet::len)
    }

    pub(super) fn get<'a>(&'a self, value: &V) -> impl Iterator<Item = &'a ObjectName> + use<'a, V> {
        self.names.get(value).into_iter().flatten()
    }
}
