//! Objects of one kind by name, in the order of their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_model::{
    ControllerRevision, EndpointSlice, Endpoints, Meta, Name, Node, ObjectName, Pod, PodDisruptionBudget,
    ReplicationController, ResourceQuota, Service, SidecarWorkload, Uid,
};

/// An object that a table can hold.
pub trait Stored {
    /// Its metadata.
    fn meta(&self) -> &Meta;
}

macro_rules! stored {
    ($($kind:ty),*) => {
        $(impl Stored for $kind {
            fn meta(&self) -> &Meta {
                &self.meta
            }
        })*
    };
}

stored!(
    ControllerRevision,
    Endpoints,
    EndpointSlice,
    Node,
    Pod,
    PodDisruptionBudget,
    ReplicationController,
    ResourceQuota,
    Service,
    SidecarWorkload
);

/// Objects of one kind.
#[derive(Clone)]
pub struct Table<T> {
    namespaces: BTreeMap<Name, BTreeMap<Name, Arc<T>>>,
    len: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { namespaces: BTreeMap::new(), len: 0 }
    }
}

impl<T: Stored> Table<T> {
    /// The object of that name.
    pub fn get(&self, name: &ObjectName) -> Option<&Arc<T>> {
        self.namespaces.get(&name.namespace)?.get(&name.name)
    }

    /// The objects of a namespace, in the order of their names.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<T>> {
        self.namespaces.get(namespace).into_iter().flat_map(BTreeMap::values)
    }

    /// Every object, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.namespaces.values().flat_map(BTreeMap::values)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn insert(&mut self, object: Arc<T>) -> Option<Arc<T>> {
        let name = object.meta().name.clone();
        let old = self.namespaces.entry(name.namespace).or_default().insert(name.name, object);
        self.len += usize::from(old.is_none());
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<T>> {
        let objects = self.namespaces.get_mut(&name.namespace)?;
        objects.get(&name.name).filter(|object| object.meta().uid == uid)?;
        let old = objects.remove(&name.name);
        if objects.is_empty() {
            self.namespaces.remove(&name.namespace);
        }
        self.len -= usize::from(old.is_some());
        old
    }
}
