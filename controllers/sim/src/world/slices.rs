//! The controller that publishes the pods of SidecarWorkloads, one service for each, for those who wait until a pod is out of its services
//! (upstream: pkg/controller/endpointslice). It is somebody else's here: the one of this program has a world of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mainstay_model::endpoint_slice::SERVICE_NAME;
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{
    AddressType, Endpoint, EndpointConditions, EndpointSlice, IpFamily, Kind, LabelSet, Meta, Name, Object,
    ObjectName, Pod, TargetReference, Uid,
};

use super::World;
use crate::happening::Happening;

/// How often slices are worked out. A real controller hears of pods; this one is as late as that may make it.
const SLICES_ARE_WRITTEN_EVERY: Duration = Duration::from_secs(2);

impl World {
    /// Writes into the slice of each SidecarWorkload which of its pods take requests.
    pub(super) fn write_slices(&mut self) {
        let workloads: Vec<ObjectName> =
            self.server.workloads().map(|workload| workload.meta.name.clone()).collect();
        let mut has_changed = false;
        for workload in workloads {
            let is_its = |pod: &&Arc<Pod>| {
                pod.meta.name.namespace == workload.namespace
                    && pod.meta.labels.get(WORKLOAD_LABEL) == Some(&workload.name)
                    && pod.is_active()
            };
            let endpoints: Arc<[Endpoint]> = self.server.pods().filter(is_its).map(endpoint).collect();
            match self.server.get(Kind::EndpointSlice, &workload) {
                Some(Object::EndpointSlice(slice)) if slice.endpoints == endpoints => continue,
                Some(_) => self.server.change(Kind::EndpointSlice, &workload, |record| {
                    if let Object::EndpointSlice(slice) = &mut record.object {
                        Arc::make_mut(slice).endpoints = endpoints;
                    }
                }),
                None => self.make(slice(&workload, endpoints)),
            }
            has_changed = true;
        }
        if has_changed {
            self.announce();
        }
        self.after(SLICES_ARE_WRITTEN_EVERY, Happening::SlicesAreWritten);
    }
}

fn slice(workload: &ObjectName, endpoints: Arc<[Endpoint]>) -> Object {
    let mut meta = Meta::new(workload.clone(), Uid(0));
    meta.labels = [(SERVICE_NAME, workload.name.clone())].into_iter().collect();
    Object::EndpointSlice(Arc::new(EndpointSlice {
        meta,
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints,
        ports: [].into(),
        kept: Bytes::new(),
    }))
}

fn endpoint(pod: &Arc<Pod>) -> Endpoint {
    let name = pod.meta.name.clone();
    Endpoint {
        addresses: [Name::from("10.0.0.1")].into(),
        conditions: EndpointConditions {
            ready: Some(pod.ready),
            serving: Some(pod.ready),
            terminating: Some(false),
        },
        hostname: None,
        node: pod.node.clone(),
        zone: None,
        target: Some(TargetReference::pod(name.namespace, name.name, pod.meta.uid)),
        zone_hints: Box::default(),
        node_hints: Box::default(),
    }
}
