//! Small objects.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::sidecar_workload::{REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{
    AddressType, ControllerRevision, Endpoint, EndpointConditions, EndpointSlice, IpFamily, LabelSelector,
    LabelSet, Meta, Name, Node, Object, ObjectName, OwnerReference, Pod, PodDisruptionBudget,
    ResourceVersion, Share, SidecarWorkload, TargetReference, Timestamp, Uid, WorkloadPod,
};
use serde_json::{Value, json};

/// The namespace that everything is in.
pub const SHOP: &str = "shop";
/// The moment at which every test begins.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// The UID of `workload`.
pub const WEB: Uid = Uid(0xa);

pub fn name(name: &str) -> ObjectName {
    ObjectName::new(SHOP, name)
}

pub fn meta(text: &str, uid: Uid) -> Meta {
    Meta { version: ResourceVersion(1), generation: 1, created: Some(NOW), ..Meta::new(name(text), uid) }
}

/// The reference to a controller.
pub fn controlled_by(kind: &str, owner: &str, uid: Uid) -> OwnerReference {
    OwnerReference {
        api_version: "mainstay.dev/v1alpha1".into(),
        kind: kind.into(),
        name: owner.into(),
        uid: Some(uid),
        controller: true,
    }
}

/// A main container and a proxy beside it.
pub fn template() -> Value {
    json!({
        "main": {"name": "app", "image": "app:1"},
        "sidecars": [{"name": "proxy", "image": "proxy:1"}],
    })
}

/// `spec.template` as it comes from the wire.
pub fn bytes(template: &Value) -> Bytes {
    Bytes::from(serde_json::to_vec(template).unwrap())
}

/// A SidecarWorkload `web` of [`template`], one pod of which may be missing, and none too many.
pub fn workload(replicas: i32) -> SidecarWorkload {
    let mut workload = SidecarWorkload::new(meta("web", WEB), replicas, bytes(&template()));
    workload.rollout.max_surge = Share::Count(0);
    workload.rollout.max_unavailable = Share::Count(1);
    workload
}

/// A pod of somebody, running, without containers that we know of.
pub fn pod(text: &str, uid: Uid, labels: &[(&str, &str)]) -> Pod {
    Pod::new(Meta { labels: labels.iter().copied().collect(), ..meta(text, uid) })
}

/// A pod that nobody controls, with the labels of `web` and this revision.
pub fn orphan(text: &str, uid: Uid, revision: &str) -> Pod {
    let mut pod = pod(text, uid, &[(WORKLOAD_LABEL, "web"), (REVISION_LABEL, revision)]);
    pod.workload = Some(Arc::new(WorkloadPod::default()));
    pod
}

pub fn node(text: &str, kubelet: (u16, u16)) -> Node {
    Node {
        meta: Meta {
            name: ObjectName::new("", text),
            uid: Uid(text.bytes().fold(0x7000, |uid, byte| uid * 31 + u128::from(byte))),
            ..meta("", Uid(0))
        },
        ready: true,
        ready_since: None,
        allocatable_cpu: None,
        kubelet: Some(kubelet),
    }
}

/// A budget of all pods of `web`.
pub fn disruption_budget(desired: i32, healthy: i32) -> PodDisruptionBudget {
    PodDisruptionBudget {
        meta: meta("few", Uid(0xb)),
        selector: Some(LabelSelector {
            labels: LabelSet::new([(Name::from(WORKLOAD_LABEL), Name::from("web"))]),
            requirements: Box::default(),
        }),
        disruptions_allowed: (healthy - desired).max(0),
        desired_healthy: desired,
        observed_generation: 1,
    }
}

/// A slice that shows these pods, as ready as they are.
pub fn slice(pods: &[&Pod], version: u64) -> EndpointSlice {
    let endpoints = pods.iter().map(|pod| Endpoint {
        addresses: Box::default(),
        conditions: EndpointConditions {
            ready: Some(pod.ready),
            serving: Some(pod.ready),
            terminating: None,
        },
        hostname: None,
        node: None,
        zone: None,
        target: Some(TargetReference::pod(
            pod.meta.name.namespace.clone(),
            pod.meta.name.name.clone(),
            pod.meta.uid,
        )),
        zone_hints: Box::default(),
        node_hints: Box::default(),
    });
    EndpointSlice {
        meta: Meta { version: ResourceVersion(version), ..meta("web-slice", Uid(0xc)) },
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: endpoints.collect(),
        ports: Arc::new([]),
        kept: Bytes::new(),
    }
}

/// A ControllerRevision of somebody else.
pub fn foreign_revision(text: &str) -> Object {
    let mut meta = meta(text, Uid(0xd));
    meta.owners = [controlled_by("StatefulSet", "db", Uid(0xe))].into();
    Object::ControllerRevision(Arc::new(ControllerRevision {
        meta,
        number: 1,
        healthy_at: None,
        data: Bytes::new(),
    }))
}
