//! Objects as short as they can be told. All are in the namespace `shop` unless they say otherwise.

use core::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    AddressType, ClusterIp, ContainerPort, Endpoint, EndpointAddress, EndpointConditions, EndpointPort,
    EndpointSlice, EndpointSubset, Endpoints, IpFamily, LabelSet, Meta, Name, Object, ObjectName,
    OwnerReference, Pod, PodPhase, ResourceVersion, Selector, Service, ServicePort, SubsetPort, TargetPort,
    TargetReference, TargetRest, Timestamp, Uid,
};

pub const SHOP: &str = "shop";
/// When everything here was created, unless it says otherwise.
pub const CREATED: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub fn name(text: &str) -> ObjectName {
    ObjectName::new(SHOP, text)
}

pub fn labels(pairs: &[(&str, &str)]) -> LabelSet {
    pairs.iter().copied().collect()
}

/// The set with one more pair, or another value.
fn with(set: &LabelSet, key: &str, value: &str) -> LabelSet {
    let pairs = set.iter().map(|(key, value)| (key.clone(), value.clone()));
    LabelSet::new(pairs.chain([(key.into(), value.into())]))
}

/// A UID that follows from kind and name.
pub fn uid(kind: &str, name: &ObjectName) -> Uid {
    let text = format!("{kind} {name}");
    Uid(text.bytes().fold(7, |hash: u128, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    }))
}

fn meta(kind: &str, text: &str) -> Meta {
    let name = name(text);
    Meta { version: ResourceVersion(1), created: Some(CREATED), ..Meta::new(name.clone(), uid(kind, &name)) }
}

macro_rules! with_meta {
    ($builder:ident) => {
        #[allow(dead_code, reason = "each builder has what any of them needs")]
        impl $builder {
            pub fn namespace(mut self, namespace: &str) -> $builder {
                self.0.meta.name.namespace = namespace.into();
                self
            }

            pub fn label(mut self, key: &str, value: &str) -> $builder {
                self.0.meta.labels = with(&self.0.meta.labels, key, value);
                self
            }

            pub fn labels(mut self, pairs: &[(&str, &str)]) -> $builder {
                self.0.meta.labels = labels(pairs);
                self
            }

            pub fn uid(mut self, uid: u128) -> $builder {
                self.0.meta.uid = Uid(uid);
                self
            }

            pub fn deleting(mut self) -> $builder {
                self.0.meta.deleting = Some(CREATED);
                self
            }
        }
    };
}

macro_rules! with_annotations {
    ($builder:ident) => {
        #[allow(dead_code, reason = "each builder has what any of them needs")]
        impl $builder {
            pub fn annotation(mut self, key: &str, value: &str) -> $builder {
                self.0.annotations = with(&self.0.annotations, key, value);
                self
            }
        }
    };
}

#[derive(Clone, Debug)]
pub struct TestPod(pub Pod);

with_meta!(TestPod);

/// A pod of `web` that runs and is not ready.
pub fn pod(text: &str, ip: &str) -> TestPod {
    TestPod(Pod {
        phase: PodPhase::Running,
        node: Some("n1".into()),
        ips: [ip.parse().unwrap()].into(),
        ..Pod::new(Meta { labels: labels(&[("app", "web")]), ..meta("Pod", text) })
    })
}

impl TestPod {
    pub fn ips(mut self, ips: &[&str]) -> TestPod {
        self.0.ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
        self
    }

    /// Ready since so many seconds after everything was created.
    pub fn ready(mut self, seconds: i64) -> TestPod {
        self.0.ready = true;
        self.0.ready_since = Some(Timestamp::from_seconds(CREATED.seconds() + seconds));
        self
    }

    /// Not ready since then.
    pub fn unready(self, seconds: i64) -> TestPod {
        let mut pod = self.ready(seconds);
        pod.0.ready = false;
        pod
    }

    pub fn phase(mut self, phase: PodPhase) -> TestPod {
        self.0.phase = phase;
        self
    }

    pub fn node(mut self, node: &str) -> TestPod {
        self.0.node = Some(node.into());
        self
    }

    pub fn host(mut self, hostname: &str, subdomain: &str) -> TestPod {
        self.0.hostname = Some(hostname.into());
        self.0.subdomain = Some(subdomain.into());
        self
    }

    pub fn named_port(mut self, name: &str, number: i32, protocol: &str) -> TestPod {
        let port = ContainerPort { name: name.into(), protocol: protocol.into(), number };
        self.0.named_ports = self.0.named_ports.iter().cloned().chain([port]).collect();
        self
    }

    pub fn object(&self) -> Object {
        Object::Pod(Arc::new(self.0.clone()))
    }
}

#[derive(Clone, Debug)]
pub struct TestService(pub Service);

with_meta!(TestService);

/// A service with an IPv4 address that selects the pods of `web` and leads to their port 8080.
pub fn service(text: &str) -> TestService {
    TestService(Service {
        meta: meta("Service", text),
        selector: Some(Selector(labels(&[("app", "web")]))),
        external_name: false,
        cluster_ip: ClusterIp::Address(IpAddr::from([172, 16, 0, 1])),
        ip_families: [IpFamily::V4].into(),
        ports: [service_port("", 80, TargetPort::Number(8080), "TCP")].into(),
        publish_not_ready: false,
        traffic_distribution: None,
        topology_mode: None,
    })
}

fn service_port(name: &str, port: i32, target: TargetPort, protocol: &str) -> ServicePort {
    ServicePort { name: name.into(), protocol: protocol.into(), app_protocol: None, port, target }
}

impl TestService {
    pub fn selector(mut self, pairs: &[(&str, &str)]) -> TestService {
        self.0.selector = Some(Selector(labels(pairs)));
        self
    }

    pub fn selectorless(mut self) -> TestService {
        self.0.selector = None;
        self
    }

    pub fn external_name(mut self) -> TestService {
        self.0.external_name = true;
        self.cluster_ip(ClusterIp::Unset)
    }

    pub fn cluster_ip(mut self, cluster_ip: ClusterIp) -> TestService {
        self.0.cluster_ip = cluster_ip;
        self
    }

    pub fn headless(self) -> TestService {
        self.cluster_ip(ClusterIp::None)
    }

    pub fn families(mut self, families: &[IpFamily]) -> TestService {
        self.0.ip_families = families.into();
        self
    }

    pub fn publish_not_ready(mut self) -> TestService {
        self.0.publish_not_ready = true;
        self
    }

    pub fn portless(mut self) -> TestService {
        self.0.ports = Box::default();
        self
    }

    pub fn port(mut self, name: &str, port: i32, target: i32, protocol: &str) -> TestService {
        let port = service_port(name, port, TargetPort::Number(target), protocol);
        self.0.ports = self.0.ports.iter().cloned().chain([port]).collect();
        self
    }

    pub fn port_by_name(mut self, name: &str, target: &str, protocol: &str) -> TestService {
        let port = service_port(name, 80, TargetPort::Name(target.into()), protocol);
        self.0.ports = self.0.ports.iter().cloned().chain([port]).collect();
        self
    }

    pub fn object(&self) -> Object {
        Object::Service(Arc::new(self.0.clone()))
    }
}

#[derive(Clone, Debug)]
pub struct TestEndpoints(pub Endpoints);

with_meta!(TestEndpoints);
with_annotations!(TestEndpoints);

/// An Endpoints without anything.
pub fn endpoints(text: &str) -> TestEndpoints {
    TestEndpoints(Endpoints {
        meta: meta("Endpoints", text),
        annotations: LabelSet::default(),
        subsets: Arc::default(),
        kept: Bytes::new(),
    })
}

/// A port of a subset: `http:8080/TCP`, the name possibly empty.
pub fn subset_port(text: &str) -> SubsetPort {
    let (name, rest) = text.split_once(':').unwrap();
    let (port, protocol) = rest.split_once('/').unwrap();
    SubsetPort {
        name: name.into(),
        port: port.parse().unwrap(),
        protocol: protocol.into(),
        app_protocol: None,
    }
}

/// An address of a user, with nothing behind it.
pub fn address(ip: &str) -> EndpointAddress {
    EndpointAddress { ip: ip.into(), hostname: None, node: None, target: None }
}

/// The address of a pod, as it is published.
pub fn address_of(pod: &TestPod) -> EndpointAddress {
    let meta = &pod.0.meta;
    EndpointAddress {
        ip: pod.0.ips[0].to_string().into(),
        hostname: None,
        node: pod.0.node.clone(),
        target: Some(TargetReference::pod(meta.name.namespace.clone(), meta.name.name.clone(), meta.uid)),
    }
}

/// A reference with a version in it, as old programs wrote it.
pub fn versioned(mut address: EndpointAddress, version: &str) -> EndpointAddress {
    if let Some(target) = &mut address.target {
        target.rest = Some(Box::new(TargetRest {
            api_version: "".into(),
            version: version.into(),
            field_path: "".into(),
        }));
    }
    address
}

impl TestEndpoints {
    pub fn subset(
        self,
        ready: &[EndpointAddress],
        not_ready: &[EndpointAddress],
        ports: &[&str],
    ) -> TestEndpoints {
        let ports = ports.iter().map(|port| subset_port(port)).collect();
        self.with_subset(EndpointSubset { ready: ready.into(), not_ready: not_ready.into(), ports })
    }

    pub fn with_subset(mut self, subset: EndpointSubset) -> TestEndpoints {
        self.0.subsets = self.0.subsets.iter().cloned().chain([subset]).collect();
        self
    }

    /// With the addresses that a user gives, and one port.
    pub fn of_user(self, ips: &[&str]) -> TestEndpoints {
        let addresses: Vec<EndpointAddress> = ips.iter().map(|ip| address(ip)).collect();
        self.subset(&addresses, &[], &["http:80/TCP"])
    }

    /// With the label that says that our controller has written it.
    pub fn managed(self) -> TestEndpoints {
        self.label("endpoints.kubernetes.io/managed-by", "endpoint-controller")
    }

    pub fn object(&self) -> Object {
        Object::Endpoints(Arc::new(self.0.clone()))
    }
}

#[derive(Clone, Debug)]
pub struct TestSlice(pub EndpointSlice);

with_meta!(TestSlice);
with_annotations!(TestSlice);

/// An IPv4 slice of the service `web` with the port `http:80/TCP` and no endpoints that mirrors the Endpoints `web`.
pub fn mirror(text: &str) -> TestSlice {
    let owner = OwnerReference {
        api_version: "v1".into(),
        kind: "Endpoints".into(),
        name: "web".into(),
        uid: Some(uid("Endpoints", &name("web"))),
        controller: true,
    };
    let meta = Meta { owners: [owner].into(), ..meta("EndpointSlice", text) };
    let slice = TestSlice(EndpointSlice {
        meta,
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: Arc::default(),
        ports: Arc::default(),
        kept: Bytes::from_static(b"kept"),
    });
    slice
        .label("kubernetes.io/service-name", "web")
        .managed_by("endpointslicemirroring-controller.k8s.io")
        .ports(&["http:80/TCP"])
}

impl TestSlice {
    pub fn rename(mut self, text: &str) -> TestSlice {
        self.0.meta.name = name(text);
        self.0.meta.uid = uid("EndpointSlice", &self.0.meta.name);
        self
    }

    pub fn managed_by(self, manager: &str) -> TestSlice {
        self.label("endpointslice.kubernetes.io/managed-by", manager)
    }

    pub fn owner_uid(mut self, uid: u128) -> TestSlice {
        self.0.meta.owners.iter_mut().for_each(|owner| owner.uid = Some(Uid(uid)));
        self
    }

    pub fn ownerless(mut self) -> TestSlice {
        self.0.meta.owners = Box::default();
        self
    }

    pub fn family(mut self, family: IpFamily) -> TestSlice {
        self.0.address_type = AddressType::Ip(family);
        self
    }

    pub fn ports(mut self, ports: &[&str]) -> TestSlice {
        let ports = ports.iter().map(|port| subset_port(port)).map(|port| EndpointPort {
            name: Some(port.name),
            port: Some(port.port),
            protocol: Some(port.protocol),
            app_protocol: None,
        });
        self.0.ports = ports.collect();
        self
    }

    pub fn endpoint(self, ip: &str, ready: bool) -> TestSlice {
        self.with_endpoint(Endpoint {
            addresses: [Name::from(ip)].into(),
            conditions: EndpointConditions { ready: Some(ready), serving: None, terminating: None },
            hostname: None,
            node: None,
            zone: None,
            target: None,
            zone_hints: Box::default(),
            node_hints: Box::default(),
        })
    }

    pub fn with_endpoint(mut self, endpoint: Endpoint) -> TestSlice {
        self.0.endpoints = self.0.endpoints.iter().cloned().chain([endpoint]).collect();
        self
    }

    pub fn object(&self) -> Object {
        Object::EndpointSlice(Arc::new(self.0.clone()))
    }
}
