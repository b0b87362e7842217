use bytes::Bytes;
use mainstay_model::{Kind, Object, ResourceVersion};

use super::{UID, field, metadata, number, read, read_damaged};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints, TargetReference};
use prost::Message;

fn endpoints(subset: EndpointSubset) -> Result<Object, DecodeError> {
    let metadata = metadata().encode_to_vec().into();
    read(Kind::Endpoints, &Endpoints { metadata, subsets: vec![subset] })
}

/// Byte for byte after api/core/v1/generated.proto, past the messages that are declared here.
#[test]
fn the_bytes_are_those_of_the_api() {
    let owner =
        [field(1, b"Service"), field(3, b"web"), field(4, UID.as_bytes()), field(99, b"new")].concat();
    let time = number(1, 1_790_000_000);
    let annotation = [field(1, b"note"), field(2, b"kept")].concat();
    let metadata = [
        field(1, b"web"),
        field(2, b"web-"),
        field(3, b"shop"),
        field(5, UID.as_bytes()),
        field(6, b"42"),
        field(8, &time),
        field(12, &annotation),
        field(13, &owner),
        field(14, b"example.com/hold"),
        field(17, b"managed"),
    ];
    let target = [
        field(1, b"Pod"),
        field(2, b"shop"),
        field(3, b"web-1"),
        field(4, b"x"),
        field(5, b"v1"),
        field(6, b"7"),
        field(7, b"spec"),
    ];
    let address =
        [field(1, b"10.0.0.1"), field(2, &target.concat()), field(3, b"web-0"), field(4, b"north")].concat();
    let port = [field(1, b"http"), number(2, 80), field(3, b"SCTP"), field(4, b"x")].concat();
    let other = [field(1, b"10.0.0.2"), field(3, b"")].concat();
    let subset = [field(1, &address), field(2, &other), field(3, &port), field(3, &number(2, 81))].concat();
    let bytes = [field(1, &metadata.concat()), field(2, &subset)].concat();
    let Ok(Object::Endpoints(endpoints)) = object::object(Kind::Endpoints, bytes.clone().into()) else {
        panic!("not read")
    };
    assert_eq!((endpoints.meta.version, endpoints.meta.owners.len()), (ResourceVersion(42), 1));
    assert_eq!(endpoints.annotations.get("note").map(|note| &**note), Some("kept"));
    let kept = [field(2, b"web-"), field(13, &owner), field(14, b"example.com/hold")].concat();
    assert_eq!(endpoints.kept, kept, "with the field that nobody here knows");
    let [subset] = &*endpoints.subsets else { panic!("{:?}", endpoints.subsets) };
    let [ready] = &*subset.ready else { panic!("{subset:?}") };
    assert_eq!(
        (&*ready.ip, ready.hostname.as_deref(), ready.node.as_deref()),
        ("10.0.0.1", Some("web-0"), Some("north"))
    );
    let target = ready.target.as_ref().unwrap();
    assert_eq!(
        (&*target.kind, &*target.namespace, &*target.name, &*target.uid),
        ("Pod", "shop", "web-1", "x")
    );
    let rest = target.rest.as_ref().unwrap();
    assert_eq!((&*rest.api_version, &*rest.version, &*rest.field_path), ("v1", "7", "spec"));
    let [not_ready] = &*subset.not_ready else { panic!("{subset:?}") };
    assert_eq!((&*not_ready.ip, &not_ready.hostname, &not_ready.node), ("10.0.0.2", &None, &None));
    let ports: Vec<_> = subset.ports.iter().map(|port| format!("{port:?}")).collect();
    assert_eq!(
        ports,
        [
            r#"SubsetPort { name: "http", port: 80, protocol: "SCTP", app_protocol: Some("x") }"#,
            r#"SubsetPort { name: "", port: 81, protocol: "TCP", app_protocol: None }"#,
        ]
    );
    read_damaged(Kind::Endpoints, &bytes);
}

#[test]
fn what_was_received_is_not_kept_alive() {
    let owner = field(13, &field(1, b"Service"));
    let metadata = [metadata().encode_to_vec(), owner].concat();
    let received = Bytes::from(Endpoints { metadata: metadata.into(), subsets: Vec::new() }.encode_to_vec());
    let Ok(Object::Endpoints(endpoints)) = object::object(Kind::Endpoints, received.clone()) else {
        panic!("not read")
    };
    assert!(!endpoints.kept.is_empty());
    assert!(received.is_unique());
}

#[test]
fn where_there_is_nothing_to_keep_nothing_is_kept() {
    let Ok(Object::Endpoints(endpoints)) = endpoints(EndpointSubset::default()) else { panic!("not read") };
    assert!(endpoints.kept.is_empty());
}

#[test]
fn texts_that_are_none_are_named() {
    let bad = || Bytes::from_static(b"\xff");
    let address =
        |address| EndpointSubset { not_ready_addresses: vec![address], ..EndpointSubset::default() };
    let port = |port| EndpointSubset { ports: vec![port], ..EndpointSubset::default() };
    let target = TargetReference { uid: bad(), ..TargetReference::default() };
    for (subset, field) in [
        (address(EndpointAddress { ip: bad(), ..Default::default() }), "subsets.addresses.ip"),
        (address(EndpointAddress { hostname: bad(), ..Default::default() }), "subsets.addresses.hostname"),
        (
            address(EndpointAddress { node_name: Some(bad()), ..Default::default() }),
            "subsets.addresses.nodeName",
        ),
        (
            address(EndpointAddress { target_ref: Some(target), ..Default::default() }),
            "subsets.addresses.targetRef",
        ),
        (port(EndpointPort { name: bad(), ..Default::default() }), "subsets.ports.name"),
        (port(EndpointPort { protocol: bad(), ..Default::default() }), "subsets.ports.protocol"),
        (port(EndpointPort { app_protocol: Some(bad()), ..Default::default() }), "subsets.ports.appProtocol"),
    ] {
        assert_eq!(endpoints(subset), Err(DecodeError::NotText { field }));
    }
}

#[test]
fn metadata_that_is_no_message_is_named() {
    let message = Endpoints { metadata: Bytes::from_static(b"\xff"), subsets: Vec::new() };
    let error = read(Kind::Endpoints, &message).unwrap_err();
    assert!(error.to_string().starts_with("metadata: malformed protobuf"), "{error}");
}
