//! A slice as it is to become.

use std::sync::Arc;

use mainstay_model::{Endpoint, EndpointPort, EndpointSlice, IpFamily, Timestamp};

use super::ports;

/// A slice as it is to become. What stays as it was seen is not copied.
pub(crate) struct Draft<'a> {
    /// What is there; `None` where the slice is to be made.
    pub seen: Option<&'a Arc<EndpointSlice>>,
    /// The family of its addresses.
    pub family: IpFamily,
    /// The ports.
    pub ports: Arc<[EndpointPort]>,
    /// The endpoints, if they are not those that were seen.
    pub endpoints: Option<Vec<Endpoint>>,
    /// Whether it is to be written for its labels' sake.
    pub relabel: bool,
    /// When the first of the changes happened that it answers to.
    pub changed_at: Option<Timestamp>,
}

impl<'a> Draft<'a> {
    /// A slice that is to be made.
    pub(crate) fn new(family: IpFamily, ports: Arc<[EndpointPort]>) -> Draft<'a> {
        Draft { seen: None, family, ports, endpoints: Some(Vec::new()), relabel: false, changed_at: None }
    }

    /// A slice that stays, with these ports.
    pub(crate) fn staying(
        seen: &'a Arc<EndpointSlice>,
        family: IpFamily,
        ports: &Arc<[EndpointPort]>,
        relabel: bool,
    ) -> Draft<'a> {
        // Only the order may differ: then it is left as it is.
        let ports = if ports::are_same(&seen.ports, ports) { &seen.ports } else { ports };
        Draft { seen: Some(seen), family, ports: ports.clone(), endpoints: None, relabel, changed_at: None }
    }

    /// Its endpoints.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        match (&self.endpoints, self.seen) {
            (Some(endpoints), _) => endpoints,
            (None, Some(seen)) => &seen.endpoints,
            (None, None) => &[],
        }
    }

    /// Its endpoints, to be changed.
    pub(crate) fn endpoints_mut(&mut self) -> &mut Vec<Endpoint> {
        let seen = self.seen;
        self.endpoints.get_or_insert_with(|| seen.map(|seen| seen.endpoints.to_vec()).unwrap_or_default())
    }

    /// Whether it is to be written.
    pub(crate) fn is_changed(&self) -> bool {
        let Some(seen) = self.seen else { return true };
        self.relabel
            || self.endpoints.as_ref().is_some_and(|endpoints| **endpoints != *seen.endpoints)
            || (!Arc::ptr_eq(&self.ports, &seen.ports) && !ports::are_same(&self.ports, &seen.ports))
    }

    /// One more change that it answers to.
    pub(crate) fn answers_to(&mut self, time: Option<Timestamp>) {
        self.changed_at = [self.changed_at, time].into_iter().flatten().min();
    }
}
