//! EndpointSlices, by name and by service.

use std::sync::Arc;

use mainstay_model::endpoint_slice::SERVICE_NAME;
use mainstay_model::{EndpointSlice, ObjectName, Uid};

use super::index::Index;
use super::table::Table;

/// All EndpointSlices that are watched.
#[derive(Clone, Default)]
pub struct EndpointSlices {
    table: Table<EndpointSlice>,
    by_service: Index<ObjectName>,
}

impl EndpointSlices {
    /// The slice of that name.
    pub fn get(&self, name: &ObjectName) -> Option<&Arc<EndpointSlice>> {
        self.table.get(name)
    }

    /// Every slice, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.table.iter()
    }

    /// The slices of a namespace, in the order of their names.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.table.in_namespace(namespace)
    }

    /// The slices whose label names this service, in the order of their names, whoever writes them.
    pub fn of_service<'a>(&'a self, service: &ObjectName) -> impl Iterator<Item = &'a Arc<EndpointSlice>> {
        self.by_service.get(service).filter_map(|name| self.table.get(name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn insert(&mut self, slice: Arc<EndpointSlice>) -> Option<Arc<EndpointSlice>> {
        let old = self.table.insert(slice.clone());
        if let Some(old) = &old {
            self.unlink(old);
        }
        if let Some(service) = service_of(&slice) {
            self.by_service.insert(service, slice.meta.name.clone());
        }
        old
    }

    pub(super) fn remove(&mut self, name: &ObjectName, uid: Uid) -> Option<Arc<EndpointSlice>> {
        let old = self.table.remove(name, uid)?;
        self.unlink(&old);
        Some(old)
    }

    fn unlink(&mut self, slice: &EndpointSlice) {
        if let Some(service) = service_of(slice) {
            self.by_service.remove(&service, &slice.meta.name);
        }
    }
}

/// The service that the slice's label names.
pub fn service_of(slice: &EndpointSlice) -> Option<ObjectName> {
    let name = slice.meta.labels.get(SERVICE_NAME).filter(|name| !name.is_empty())?;
    Some(ObjectName { namespace: slice.meta.name.namespace.clone(), name: name.clone() })
}
