//! Those who meddle with what the controllers of services have written, and those who write slices of their own.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::endpoint_slice::{MANAGED_BY, SERVICE_NAME};
use mainstay_model::{
    AddressType, Endpoint, EndpointAddress, EndpointConditions, EndpointSlice, EndpointSubset, Endpoints,
    IpFamily, Kind, LabelSet, Meta, Name, Object, ObjectName, SubsetPort, Uid,
};

use super::World;
use crate::services::Tampering;

/// Who manages the slices of users.
pub(crate) const FOREIGN_MANAGER: &str = "somebody-else.example.com";
/// The address of nobody.
const NOBODY: &str = "10.9.9.9";

impl World {
    pub(super) fn make_foreign_slice(&mut self, service: &ObjectName, number: u64) {
        let name = ObjectName::new(service.namespace.clone(), format!("{}-users-{number}", service.name));
        let labels = [(SERVICE_NAME, &*service.name), (MANAGED_BY, FOREIGN_MANAGER)];
        let labels = labels.into_iter().take(if number == 0 { 1 } else { 2 }).collect();
        let slice = EndpointSlice {
            meta: Meta { labels, ..Meta::new(name, Uid(0)) },
            annotations: LabelSet::default(),
            address_type: AddressType::Ip(IpFamily::V4),
            endpoints: [nobody()].into(),
            ports: [].into(),
            kept: Bytes::new(),
        };
        self.make(Object::EndpointSlice(Arc::new(slice)));
    }

    pub(super) fn delete_slice(&mut self, which: u64) {
        let Some(slice) = self.some_slice(which) else { return };
        self.disturb(&slice);
        self.delete_any(Kind::EndpointSlice, &slice);
    }

    pub(super) fn tamper_with_slice(&mut self, which: u64, how: Tampering) {
        let Some(name) = self.some_slice(which) else { return };
        self.disturb(&name);
        self.server.change(Kind::EndpointSlice, &name, |record| {
            if how == Tampering::Owner {
                record.change_meta(|meta| meta.owners = [].into());
            }
            let Object::EndpointSlice(slice) = &mut record.object else { return };
            let slice = Arc::make_mut(slice);
            let mut endpoints = slice.endpoints.to_vec();
            match how {
                Tampering::Remove => endpoints = endpoints.into_iter().skip(1).collect(),
                Tampering::Add if slice.address_type == AddressType::Ip(IpFamily::V4) => {
                    endpoints.push(nobody());
                }
                Tampering::Ready => endpoints.iter_mut().for_each(|endpoint| {
                    endpoint.conditions.ready = Some(true);
                }),
                Tampering::Label => slice.meta.labels = with(&slice.meta.labels, "meddled-with", "true"),
                Tampering::Manager => {
                    slice.meta.labels = with(&slice.meta.labels, MANAGED_BY, FOREIGN_MANAGER);
                }
                Tampering::Owner | Tampering::Add => {}
            }
            slice.endpoints = endpoints.into();
        });
    }

    pub(super) fn tamper_with_endpoints(&mut self, name: &ObjectName, how: Tampering) {
        self.server.change(Kind::Endpoints, name, |record| {
            let Object::Endpoints(endpoints) = &mut record.object else { return };
            meddle(Arc::make_mut(endpoints), how);
        });
    }

    /// Somebody has a slice of that name already, or has changed it.
    pub(super) fn touch_slice(&mut self, name: &ObjectName) {
        if self.server.record(Kind::EndpointSlice, name).is_none() {
            let slice = EndpointSlice {
                meta: Meta::new(name.clone(), Uid(0)),
                annotations: LabelSet::default(),
                address_type: AddressType::Ip(IpFamily::V4),
                endpoints: [].into(),
                ports: [].into(),
                kept: Bytes::new(),
            };
            return self.make(Object::EndpointSlice(Arc::new(slice)));
        }
        self.disturb(name);
        self.touch_labels(Kind::EndpointSlice, name);
    }

    /// Somebody puts a label on an object; the label says when, so that it is another each time.
    pub(super) fn touch_labels(&mut self, kind: Kind, name: &ObjectName) {
        let revision = self.server.revision().to_string();
        self.server.change(kind, name, |record| {
            record.change_meta(|meta| meta.labels = with(&meta.labels, "touched-after", &revision));
        });
    }

    /// The oracles are told that somebody else changes what a slice publishes.
    fn disturb(&mut self, slice: &ObjectName) {
        let now = self.schedule.now();
        if let Some(Object::EndpointSlice(found)) = self.server.get(Kind::EndpointSlice, slice) {
            self.publishing.meddled(now, &found);
        }
    }

    fn some_slice(&self, which: u64) -> Option<ObjectName> {
        let names: Vec<&ObjectName> =
            self.server.records(Kind::EndpointSlice).map(|record| &record.meta().name).collect();
        let position = usize::try_from(which).ok()?.checked_rem(names.len())?;
        names.get(position).map(|name| (*name).clone())
    }
}

fn meddle(endpoints: &mut Endpoints, how: Tampering) {
    let mut subsets = endpoints.subsets.to_vec();
    match how {
        Tampering::Remove => subsets = subsets.into_iter().skip(1).collect(),
        Tampering::Add | Tampering::Owner => {
            let address = EndpointAddress { ip: NOBODY.into(), hostname: None, node: None, target: None };
            let port =
                SubsetPort { name: "odd".into(), port: 99, protocol: "TCP".into(), app_protocol: None };
            let ready = [address].into();
            subsets.push(EndpointSubset { ready, not_ready: [].into(), ports: [port].into() });
        }
        Tampering::Ready => subsets.iter_mut().for_each(|subset| {
            let moved = std::mem::take(&mut subset.not_ready);
            subset.ready = subset.ready.iter().chain(moved.iter()).cloned().collect();
        }),
        Tampering::Label => endpoints.meta.labels = with(&endpoints.meta.labels, "meddled-with", "true"),
        Tampering::Manager => {
            let key = "endpoints.kubernetes.io/managed-by";
            endpoints.meta.labels = with(&endpoints.meta.labels, key, FOREIGN_MANAGER);
        }
    }
    endpoints.subsets = subsets.into();
}

/// The labels with one more, or with another value of it.
fn with(labels: &LabelSet, key: &str, value: &str) -> LabelSet {
    let others = labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    LabelSet::new(others.chain([(Name::from(key), Name::from(value))]))
}

fn nobody() -> Endpoint {
    Endpoint {
        addresses: [NOBODY.into()].into(),
        conditions: EndpointConditions { ready: Some(true), serving: None, terminating: None },
        hostname: None,
        node: None,
        zone: None,
        target: None,
        zone_hints: [].into(),
        node_hints: [].into(),
    }
}
