//! Names of objects.

use std::fmt;
use std::sync::Arc;

/// A name, namespace, label key or label value. Cloning shares the text; the store keeps one copy of each.
pub type Name = Arc<str>;

/// Where an object is found: its namespace (empty for cluster-scoped kinds) and its name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Name,
    /// The name, unique in the namespace among objects of a kind that exist at the same time.
    pub name: Name,
}

impl ObjectName {
    /// Names an object.
    pub fn new(namespace: impl Into<Name>, name: impl Into<Name>) -> ObjectName {
        ObjectName { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}", self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
