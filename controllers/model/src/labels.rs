//! Label sets and the selectors over them.

use std::fmt;
use std::sync::Arc;

use crate::name::Name;

/// A set of labels, sorted by key, each key once. Cloning shares it; the store keeps one copy of equal sets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LabelSet(Arc<[(Name, Name)]>);

impl LabelSet {
    /// The set of these pairs; of several with the same key the last one stays, as in a map that is filled in order.
    pub fn new(pairs: impl IntoIterator<Item = (Name, Name)>) -> LabelSet {
        let mut sorted: Vec<(Name, Name)> = pairs.into_iter().collect();
        sorted.reverse();
        sorted.sort_by(|left, right| left.0.cmp(&right.0));
        sorted.dedup_by(|later, kept| later.0 == kept.0);
        LabelSet(sorted.into())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Name> {
        let position = self.0.binary_search_by(|(candidate, _)| candidate.as_ref().cmp(key)).ok()?;
        self.0.get(position).map(|(_, value)| value)
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nobody else holds this very copy.
    pub fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Whether both are the same copy in memory.
    pub fn shares_with(&self, other: &LabelSet) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Into<Name>, V: Into<Name>> FromIterator<(K, V)> for LabelSet {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> LabelSet {
        LabelSet::new(pairs.into_iter().map(|(key, value)| (key.into(), value.into())))
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// An equality-based selector, as ReplicationControllers and Services have: each of its labels must be there.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Selector(pub LabelSet);

impl Selector {
    /// Whether the labels satisfy the selector.
    ///
    /// An empty selector matches nothing. Upstream's selector of an empty map would match everything, but the
    /// API refuses a ReplicationController without a selector, so one that arrives nevertheless must not claim a namespace.
    pub fn matches(&self, labels: &LabelSet) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

/// A selector with expressions, as PodDisruptionBudgets have (upstream: `LabelSelector` in meta/v1). All of it must be satisfied; an empty
/// one is satisfied by anything.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct LabelSelector {
    /// Labels that must be there: `matchLabels`.
    pub labels: LabelSet,
    /// What else is required: `matchExpressions`.
    pub requirements: Box<[Requirement]>,
}

/// An entry of `matchExpressions`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Requirement {
    /// The label.
    pub key: Name,
    /// What is asked of it.
    pub operator: Operator,
    /// The values, where the operator has some.
    pub values: Box<[Name]>,
}

/// What a requirement asks of a label.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operator {
    /// It is there, with one of the values.
    In,
    /// It is not there, or has none of the values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether the labels satisfy the selector.
    pub fn matches(&self, labels: &LabelSet) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.requirements.iter().all(|requirement| requirement.is_met(labels))
    }
}

impl Requirement {
    fn is_met(&self, labels: &LabelSet) -> bool {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_listed,
            Operator::NotIn => !is_listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> LabelSet {
        pairs.iter().copied().collect()
    }

    #[test]
    fn the_last_of_equal_keys_stays() {
        assert_eq!(set(&[("b", "1"), ("a", "1"), ("b", "2")]), set(&[("a", "1"), ("b", "2")]));
    }

    #[test]
    fn a_selector_wants_all_its_labels() {
        let selector = Selector(set(&[("app", "web"), ("tier", "front")]));
        assert!(selector.matches(&set(&[("app", "web"), ("tier", "front"), ("zone", "a")])));
        assert!(!selector.matches(&set(&[("app", "web")])));
        assert!(!selector.matches(&set(&[("app", "web"), ("tier", "back")])));
    }

    #[test]
    fn each_operator_asks_for_what_its_name_says() {
        let labels = set(&[("app", "web")]);
        let matches = |key: &str, operator, values: &[&str]| {
            let values = values.iter().map(|value| Name::from(*value)).collect();
            let requirements = Box::new([Requirement { key: key.into(), operator, values }]);
            LabelSelector { requirements, ..LabelSelector::default() }.matches(&labels)
        };
        assert!(matches("app", Operator::In, &["db", "web"]));
        assert!(!matches("app", Operator::In, &["db"]));
        assert!(!matches("tier", Operator::In, &["web"]));
        assert!(matches("app", Operator::NotIn, &["db"]));
        assert!(!matches("app", Operator::NotIn, &["web"]));
        assert!(matches("tier", Operator::NotIn, &["web"]));
        assert!(matches("app", Operator::Exists, &[]));
        assert!(!matches("tier", Operator::Exists, &[]));
        assert!(matches("tier", Operator::DoesNotExist, &[]));
        assert!(!matches("app", Operator::DoesNotExist, &[]));
        assert!(LabelSelector::default().matches(&labels));
        let labelled = LabelSelector { labels: set(&[("app", "db")]), ..LabelSelector::default() };
        assert!(!labelled.matches(&labels));
    }

    #[test]
    fn an_empty_selector_matches_nothing() {
        assert!(!Selector::default().matches(&set(&[("app", "web")])));
        assert!(!Selector::default().matches(&LabelSet::default()));
    }
}
