//! Where objects come from.

use mainstay_model::{Kind, Name, ObjectName};

/// One stream of objects: a kind, in all namespaces or in one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Source {
    /// The kind.
    pub kind: Kind,
    /// The namespace it is limited to; `None` for all.
    pub namespace: Option<Name>,
}

impl Source {
    /// The stream of a kind in all namespaces.
    pub const fn everywhere(kind: Kind) -> Source {
        Source { kind, namespace: None }
    }

    /// Whether objects of that kind and name come through this source.
    pub fn covers(&self, kind: Kind, object: &ObjectName) -> bool {
        self.kind == kind && self.namespace.as_ref().is_none_or(|namespace| *namespace == object.namespace)
    }
}
