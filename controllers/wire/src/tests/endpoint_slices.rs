use bytes::Bytes;
use mainstay_model::{AddressType, EndpointConditions, IpFamily, Kind, Object};
use prost::Message;

use super::{UID, field, metadata, number, read, read_damaged, text};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::discovery::{Endpoint, EndpointHints, EndpointPort, EndpointSlice, Hint};
use crate::protobuf::endpoints::TargetReference;

fn slice(message: EndpointSlice) -> Result<mainstay_model::EndpointSlice, DecodeError> {
    let metadata = metadata().encode_to_vec().into();
    match read(Kind::EndpointSlice, &EndpointSlice { metadata, ..message })? {
        Object::EndpointSlice(slice) => Ok((*slice).clone()),
        other => panic!("{other:?}"),
    }
}

/// Byte for byte after api/discovery/v1/generated.proto, past the messages that are declared here.
#[test]
fn the_bytes_are_those_of_the_api() {
    let owner = [field(1, b"Service"), field(3, b"web"), field(4, UID.as_bytes())].concat();
    let metadata = [
        field(1, b"web-x"),
        field(2, b"web-"),
        field(3, b"shop"),
        field(5, UID.as_bytes()),
        field(6, b"42"),
        number(7, 3),
        field(13, &owner),
    ];
    let target = [field(1, b"Pod"), field(2, b"shop"), field(3, b"web-1"), field(4, b"x")].concat();
    let conditions = [number(1, 0), number(2, 1), number(3, 1)].concat();
    let hints =
        [field(1, &field(1, b"a")), field(1, &field(1, b"b")), field(2, &field(1, b"north"))].concat();
    let endpoint = [
        field(1, b"10.0.0.1"),
        field(1, b"10.0.0.2"),
        field(2, &conditions),
        field(3, b"web-0"),
        field(4, &target),
        field(6, b"north"),
        field(7, b"a"),
        field(8, &hints),
    ];
    let port = [field(1, b"http"), field(2, b"TCP"), number(3, 80), field(4, b"x")].concat();
    let bytes = [
        field(1, &metadata.concat()),
        field(2, &endpoint.concat()),
        field(2, &field(1, b"10.0.0.3")),
        field(3, &port),
        field(3, b""),
        field(4, b"IPv4"),
    ]
    .concat();
    let Ok(Object::EndpointSlice(slice)) = object::object(Kind::EndpointSlice, bytes.clone().into()) else {
        panic!("not read")
    };
    assert_eq!((slice.meta.generation, slice.address_type), (3, AddressType::Ip(IpFamily::V4)));
    assert_eq!(slice.kept, [field(2, b"web-"), field(13, &owner)].concat());
    let [first, second] = &*slice.endpoints else { panic!("{:?}", slice.endpoints) };
    assert_eq!(first.addresses.iter().map(|ip| &**ip).collect::<Vec<_>>(), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(
        first.conditions,
        EndpointConditions { ready: Some(false), serving: Some(true), terminating: Some(true) }
    );
    assert_eq!(
        (first.hostname.as_deref(), first.node.as_deref(), first.zone.as_deref()),
        (Some("web-0"), Some("north"), Some("a"))
    );
    assert_eq!((first.zone_hints.len(), first.node_hints.len()), (2, 1));
    assert_eq!(
        first.target.as_ref().map(|target| (&*target.name, target.rest.is_none())),
        Some(("web-1", true))
    );
    assert_eq!(second.conditions, EndpointConditions::default());
    assert_eq!((&second.target, &second.hostname, &second.zone), (&None, &None, &None));
    let ports: Vec<_> = slice.ports.iter().map(|port| format!("{port:?}")).collect();
    assert_eq!(
        ports,
        [
            r#"EndpointPort { name: Some("http"), port: Some(80), protocol: Some("TCP"), app_protocol: Some("x") }"#,
            "EndpointPort { name: None, port: None, protocol: None, app_protocol: None }",
        ]
    );
    read_damaged(Kind::EndpointSlice, &bytes);
}

#[test]
fn types_of_addresses() {
    for (address_type, expected) in [
        ("IPv4", AddressType::Ip(IpFamily::V4)),
        ("IPv6", AddressType::Ip(IpFamily::V6)),
        ("FQDN", AddressType::Other),
        ("", AddressType::Other),
    ] {
        let message = EndpointSlice { address_type: text(address_type), ..EndpointSlice::default() };
        assert_eq!(slice(message).unwrap().address_type, expected, "{address_type}");
    }
}

#[test]
fn a_name_that_is_empty_is_not_one_that_is_left_out() {
    let port = EndpointPort { name: Some(text("")), ..EndpointPort::default() };
    let message = EndpointSlice { ports: vec![port, EndpointPort::default()], ..EndpointSlice::default() };
    let names: Vec<_> = slice(message).unwrap().ports.iter().map(|port| port.name.clone()).collect();
    assert_eq!(names, [Some("".into()), None]);
}

#[test]
fn texts_that_are_none_are_named() {
    let bad = || Bytes::from_static(b"\xff");
    let endpoint = |endpoint| EndpointSlice { endpoints: vec![endpoint], ..EndpointSlice::default() };
    let port = |port| EndpointSlice { ports: vec![port], ..EndpointSlice::default() };
    let hint = || vec![Hint { name: bad() }];
    let zones = EndpointHints { for_zones: hint(), for_nodes: Vec::new() };
    let nodes = EndpointHints { for_zones: Vec::new(), for_nodes: hint() };
    let target = TargetReference { field_path: bad(), ..TargetReference::default() };
    for (message, field) in [
        (endpoint(Endpoint { addresses: vec![bad()], ..Default::default() }), "endpoints.addresses"),
        (endpoint(Endpoint { hostname: Some(bad()), ..Default::default() }), "endpoints.hostname"),
        (endpoint(Endpoint { node_name: Some(bad()), ..Default::default() }), "endpoints.nodeName"),
        (endpoint(Endpoint { zone: Some(bad()), ..Default::default() }), "endpoints.zone"),
        (endpoint(Endpoint { target_ref: Some(target), ..Default::default() }), "endpoints.targetRef"),
        (endpoint(Endpoint { hints: Some(zones), ..Default::default() }), "endpoints.hints.forZones"),
        (endpoint(Endpoint { hints: Some(nodes), ..Default::default() }), "endpoints.hints.forNodes"),
        (port(EndpointPort { name: Some(bad()), ..Default::default() }), "ports.name"),
        (port(EndpointPort { protocol: Some(bad()), ..Default::default() }), "ports.protocol"),
        (port(EndpointPort { app_protocol: Some(bad()), ..Default::default() }), "ports.appProtocol"),
    ] {
        assert_eq!(slice(message), Err(DecodeError::NotText { field }));
    }
}
