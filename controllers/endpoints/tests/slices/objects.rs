//! Objects to make a world of.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    AddressType, ClusterIp, ContainerPort, Endpoint, EndpointConditions, EndpointPort, EndpointSlice,
    IpFamily, LabelSet, Meta, Name, Node, Object, ObjectName, OwnerReference, Pod, PodPhase, ResourceVersion,
    Selector, Service, ServicePort, TargetPort, TargetReference, Timestamp, Uid,
};

pub const SHOP: &str = "shop";
pub const WEB: Uid = Uid(0xaaaa);

pub fn name(name: &str) -> ObjectName {
    ObjectName::new(SHOP, name)
}

pub fn meta(name: ObjectName, uid: Uid) -> Meta {
    Meta {
        version: ResourceVersion(1),
        generation: 1,
        created: Some(Timestamp::from_seconds(1000)),
        ..Meta::new(name, uid)
    }
}

/// The service `web` on port 80, IPv4.
pub fn service() -> Service {
    Service {
        meta: meta(name("web"), WEB),
        selector: Some(Selector([("app", "web")].into_iter().collect())),
        external_name: false,
        cluster_ip: ClusterIp::Address("10.96.0.1".parse().unwrap()),
        ip_families: [IpFamily::V4].into(),
        ports: [port("", TargetPort::Number(80))].into(),
        publish_not_ready: false,
        traffic_distribution: None,
        topology_mode: None,
    }
}

pub fn port(name: &str, target: TargetPort) -> ServicePort {
    ServicePort { name: name.into(), protocol: "TCP".into(), app_protocol: None, port: 80, target }
}

pub fn node(name: &str, zone: &str) -> Node {
    let mut meta = meta(ObjectName::new("", name), Uid(hash(name)));
    if !zone.is_empty() {
        meta.labels = [("topology.kubernetes.io/zone", zone)].into_iter().collect();
    }
    Node { meta, ready: true, ready_since: None, allocatable_cpu: Some("4".into()), kubelet: None }
}

fn hash(text: &str) -> u128 {
    text.bytes().fold(7, |hash, byte| hash * 131 + u128::from(byte))
}

/// A ready pod of `web` on `node-a`, whose addresses follow from its number.
pub fn pod(number: usize) -> Pod {
    let mut meta = meta(name(&format!("pod-{number:04}")), Uid(0x1_0000 + number as u128));
    meta.labels = [("app", "web")].into_iter().collect();
    Pod {
        phase: PodPhase::Running,
        node: Some("node-a".into()),
        ips: [v4(number), v6(number)].into(),
        ready: true,
        ready_since: Some(Timestamp::from_seconds(2000 + number as i64)),
        ..Pod::new(meta)
    }
}

pub fn v4(number: usize) -> IpAddr {
    format!("10.0.{}.{}", number / 250, number % 250 + 1).parse().unwrap()
}

pub fn v6(number: usize) -> IpAddr {
    format!("fd00::{:x}", number + 1).parse().unwrap()
}

pub fn named_ports(ports: &[(&str, i32)]) -> Arc<[ContainerPort]> {
    let port = |(name, number): &(&str, i32)| ContainerPort {
        name: (*name).into(),
        protocol: "TCP".into(),
        number: *number,
    };
    ports.iter().map(port).collect()
}

/// The endpoint that pod is to be, without zone and hints.
pub fn endpoint(pod: &Pod) -> Endpoint {
    let (ready, terminating) = (pod.ready, pod.meta.is_deleting());
    Endpoint {
        addresses: [pod.ips.iter().find(|ip| ip.is_ipv4()).unwrap().to_string().into()].into(),
        conditions: EndpointConditions {
            ready: Some(ready && !terminating),
            serving: Some(ready),
            terminating: Some(terminating),
        },
        hostname: None,
        node: pod.node.clone(),
        zone: None,
        target: Some(TargetReference::pod(
            pod.meta.name.namespace.clone(),
            pod.meta.name.name.clone(),
            pod.meta.uid,
        )),
        zone_hints: Box::default(),
        node_hints: Box::default(),
    }
}

pub fn slice_port(number: i32) -> EndpointPort {
    EndpointPort {
        name: Some("".into()),
        port: Some(number),
        protocol: Some("TCP".into()),
        app_protocol: None,
    }
}

pub fn owner(uid: Uid) -> OwnerReference {
    OwnerReference {
        api_version: "v1".into(),
        kind: "Service".into(),
        name: "web".into(),
        uid: Some(uid),
        controller: true,
    }
}

/// A slice of `web` with these pods on port 80, as the controller would have made it.
pub fn slice<'a>(slice: &str, pods: impl IntoIterator<Item = &'a Pod>) -> EndpointSlice {
    let mut meta = meta(name(slice), Uid(hash(slice)));
    meta.labels = [
        ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"),
        ("kubernetes.io/service-name", "web"),
    ]
    .into_iter()
    .collect();
    meta.owners = [owner(WEB)].into();
    EndpointSlice {
        meta,
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: pods.into_iter().map(endpoint).collect(),
        ports: [slice_port(80)].into(),
        kept: Bytes::from_static(b"kept"),
    }
}

/// The slice that says that there is nothing.
pub fn placeholder(name: &str) -> EndpointSlice {
    EndpointSlice { ports: Arc::new([]), ..slice(name, []) }
}

pub fn with_label(labels: &LabelSet, key: &str, value: &str) -> LabelSet {
    LabelSet::new(
        labels.iter().map(|(key, value)| (key.clone(), value.clone())).chain([(key.into(), value.into())]),
    )
}

pub fn without_label(labels: &LabelSet, key: &str) -> LabelSet {
    labels
        .iter()
        .filter(|(other, _)| ***other != *key)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

pub fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp::from_seconds(seconds))
}

pub trait IntoObject {
    fn object(self) -> Object;
}

macro_rules! into_object {
    ($($kind:ident),*) => {
        $(impl IntoObject for $kind {
            fn object(self) -> Object {
                Object::$kind(Arc::new(self))
            }
        })*
    };
}

into_object!(EndpointSlice, Node, Pod, Service);

pub fn text(text: &str) -> Name {
    text.into()
}
