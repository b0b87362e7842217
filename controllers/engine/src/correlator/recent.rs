//! A map that forgets what was used least recently.

use std::collections::BTreeMap;
use std::hash::Hash;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// At most `capacity` entries; each use makes an entry the most recent one.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    capacity: usize,
    uses: u64,
    entries: HashMap<K, (u64, V), FixedState>,
    by_use: BTreeMap<u64, K>,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(capacity: usize) -> Recent<K, V> {
        Recent { capacity, uses: 0, entries: HashMap::default(), by_use: BTreeMap::new() }
    }

    /// The value of the key, made if it is not there; the least recent entry goes if there are too many.
    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.uses = self.uses.saturating_add(1);
        if let Some((last_use, _)) = self.entries.get(&key) {
            self.by_use.remove(last_use);
        } else if self.entries.len() >= self.capacity
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.by_use.insert(self.uses, key.clone());
        let (last_use, value) = self.entries.entry(key).or_insert_with(|| (0, make()));
        *last_use = self.uses;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut recent = Recent::new(2);
        *recent.get_or_insert_with("a", || 0) += 1;
        *recent.get_or_insert_with("b", || 0) += 1;
        assert_eq!(*recent.get_or_insert_with("a", || 0), 1);
        assert_eq!(*recent.get_or_insert_with("c", || 0), 0, "takes the place of b");
        assert_eq!(*recent.get_or_insert_with("a", || 0), 1);
        assert_eq!(*recent.get_or_insert_with("b", || 0), 0, "takes the place of c");
        assert_eq!((recent.entries.len(), recent.by_use.len()), (2, 2));
    }
}
