use bytes::Bytes;
use mainstay_model::{ClusterIp, IpFamily, Kind, Object, TargetPort};

use super::{UID, entries, field, metadata, number, read, read_damaged, text};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::meta::ObjectMeta;
use crate::protobuf::service::{IntOrString, Service, ServicePort, ServiceSpec};

fn service(spec: ServiceSpec) -> mainstay_model::Service {
    annotated(spec, &[])
}

fn annotated(spec: ServiceSpec, annotations: &[(&str, &str)]) -> mainstay_model::Service {
    let metadata = ObjectMeta { annotations: entries(annotations), ..metadata() };
    let message = Service { metadata: Some(metadata), spec: Some(spec) };
    let Ok(Object::Service(service)) = read(Kind::Service, &message) else { panic!("not read: {message:?}") };
    (*service).clone()
}

#[test]
fn a_service_of_which_nothing_is_said() {
    let service = service(ServiceSpec::default());
    assert_eq!((service.selector.clone(), service.external_name), (None, false));
    assert_eq!(service.cluster_ip, ClusterIp::Unset);
    assert_eq!((service.ip_families.len(), service.ports.len()), (0, 0));
    assert_eq!((service.publish_not_ready, service.traffic_distribution), (false, None));
    assert_eq!(service.topology_mode, None);
}

#[test]
fn cluster_ips() {
    for (ip, expected) in [
        ("None", ClusterIp::None),
        ("10.96.0.1", ClusterIp::Address("10.96.0.1".parse().unwrap())),
        ("fd00::1", ClusterIp::Address("fd00::1".parse().unwrap())),
        ("none", ClusterIp::Unreadable),
    ] {
        let spec = ServiceSpec { cluster_ip: text(ip), ..ServiceSpec::default() };
        assert_eq!(service(spec).cluster_ip, expected, "{ip}");
    }
}

#[test]
fn the_spec() {
    let service = service(ServiceSpec {
        selector: entries(&[("app", "web"), ("tier", "front")]),
        service_type: text("ExternalName"),
        publish_not_ready_addresses: true,
        ip_families: vec![text("IPv6"), text("IPv4"), text("IPv7")],
        traffic_distribution: Some(text("PreferSameZone")),
        ..ServiceSpec::default()
    });
    assert_eq!(service.selector.map(|selector| selector.0.len()), Some(2));
    assert!(service.external_name && service.publish_not_ready);
    assert_eq!(*service.ip_families, [IpFamily::V6, IpFamily::V4]);
    assert_eq!(service.traffic_distribution.as_deref(), Some("PreferSameZone"));
}

#[test]
fn ports() {
    let target = |form, number, name: &str| Some(IntOrString { form, number, text: text(name) });
    let service = service(ServiceSpec {
        ports: vec![
            ServicePort {
                port: 80,
                target_port: target(0, 8080, ""),
                app_protocol: Some(text("http")),
                ..ServicePort::default()
            },
            ServicePort {
                name: text("dns"),
                protocol: text("UDP"),
                port: 53,
                target_port: target(1, 9, "domain"),
                ..ServicePort::default()
            },
            ServicePort::default(),
        ],
        ..ServiceSpec::default()
    });
    let [first, second, third] = &*service.ports else { panic!("{:?}", service.ports) };
    assert_eq!((&*first.name, &*first.protocol, first.port), ("", "TCP", 80));
    assert_eq!(
        (first.target.clone(), first.app_protocol.as_deref()),
        (TargetPort::Number(8080), Some("http"))
    );
    assert_eq!((&*second.name, &*second.protocol, second.port), ("dns", "UDP", 53));
    assert_eq!((second.target.clone(), &second.app_protocol), (TargetPort::Name("domain".into()), &None));
    assert_eq!((third.port, third.target.clone()), (0, TargetPort::Number(0)));
}

#[test]
fn of_two_annotations_the_older_one_counts() {
    const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
    const MODE: &str = "service.kubernetes.io/topology-mode";
    for (annotations, expected) in [
        (&[(MODE, "Auto")][..], Some("Auto")),
        (&[(HINTS, "Disabled"), (MODE, "Auto")], Some("Disabled")),
        (&[(MODE, "Auto"), (HINTS, "")], Some("")),
        (&[("other", "Auto")], None),
    ] {
        let service = annotated(ServiceSpec::default(), annotations);
        assert_eq!(service.topology_mode.as_deref(), expected);
    }
}

#[test]
fn texts_that_are_none_are_named() {
    let bad = || Bytes::from_static(b"\xff");
    let port = |port| ServiceSpec { ports: vec![port], ..ServiceSpec::default() };
    let target = IntOrString { form: 1, number: 0, text: bad() };
    for (spec, field) in [
        (ServiceSpec { cluster_ip: bad(), ..ServiceSpec::default() }, "spec.clusterIP"),
        (
            ServiceSpec { traffic_distribution: Some(bad()), ..ServiceSpec::default() },
            "spec.trafficDistribution",
        ),
        (port(ServicePort { name: bad(), ..ServicePort::default() }), "spec.ports.name"),
        (port(ServicePort { protocol: bad(), ..ServicePort::default() }), "spec.ports.protocol"),
        (port(ServicePort { app_protocol: Some(bad()), ..ServicePort::default() }), "spec.ports.appProtocol"),
        (port(ServicePort { target_port: Some(target), ..ServicePort::default() }), "spec.ports.targetPort"),
    ] {
        let message = Service { metadata: Some(metadata()), spec: Some(spec) };
        assert_eq!(read(Kind::Service, &message), Err(DecodeError::NotText { field }));
    }
}

/// Byte for byte after api/core/v1/generated.proto, past the messages that are declared here.
#[test]
fn the_bytes_are_those_of_the_api() {
    let metadata = [field(1, b"web"), field(3, b"shop"), field(5, UID.as_bytes()), field(6, b"42")].concat();
    let target = [number(1, 1), number(2, 0), field(3, b"http")].concat();
    let port = [
        field(1, b"w"),
        field(2, b"UDP"),
        number(3, 80),
        field(4, &target),
        number(5, 30080),
        field(6, b"x"),
    ];
    let selector = [field(1, b"app"), field(2, b"web")].concat();
    let spec = [
        field(1, &port.concat()),
        field(2, &selector),
        field(3, b"10.96.0.1"),
        field(4, b"ClusterIP"),
        number(13, 1),
        field(17, b"SingleStack"),
        field(18, b"10.96.0.1"),
        field(19, b"IPv4"),
        field(23, b"PreferClose"),
    ];
    let bytes = [field(1, &metadata), field(2, &spec.concat()), field(3, &field(1, b""))].concat();
    let Ok(Object::Service(service)) = object::object(Kind::Service, bytes.clone().into()) else {
        panic!("not read")
    };
    let port = &service.ports[0];
    assert_eq!((&*port.name, &*port.protocol, port.port), ("w", "UDP", 80));
    assert_eq!((&port.target, port.app_protocol.as_deref()), (&TargetPort::Name("http".into()), Some("x")));
    assert!(service.publish_not_ready);
    assert_eq!(*service.ip_families, [IpFamily::V4]);
    assert_eq!(service.traffic_distribution.as_deref(), Some("PreferClose"));
    read_damaged(Kind::Service, &bytes);
}
