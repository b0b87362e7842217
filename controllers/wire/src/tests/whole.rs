//! Whatever content is written is read again as it was.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    AddressType, ControllerReference, CreateEndpointSlice, CreateEndpoints, Endpoint, EndpointAddress,
    EndpointConditions, EndpointPort, EndpointSliceContent, EndpointSubset, EndpointsContent, IpFamily, Kind,
    LabelSet, Name, Object, ObjectName, ResourceVersion, SubsetPort, TargetReference, TargetRest, Uid,
    UpdateEndpointSlice, UpdateEndpoints,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::{UID, field, text};
use crate::convert::object;
use crate::envelope;
use crate::protobuf::meta::ObjectMeta;
use crate::whole;

fn name() -> impl Strategy<Value = Name> {
    "[a-z0-9.:-]{0,8}|\\PC{0,3}".prop_map(Name::from)
}

/// One that is not empty: an empty one is the same as none.
fn given() -> impl Strategy<Value = Name> {
    "[a-z0-9.:-]{1,8}".prop_map(Name::from)
}

fn names() -> impl Strategy<Value = Box<[Name]>> {
    vec(name(), 0..3).prop_map(Into::into)
}

fn labels() -> impl Strategy<Value = LabelSet> {
    btree_map("[a-z/.-]{0,8}", "[a-z]{0,3}", 0..3).prop_map(|map| map.into_iter().collect())
}

fn target() -> impl Strategy<Value = TargetReference> {
    let rest = (given(), name(), name()).prop_map(|(api_version, version, field_path)| {
        Box::new(TargetRest { api_version, version, field_path })
    });
    (name(), name(), name(), name(), option::of(rest))
        .prop_map(|(kind, namespace, name, uid, rest)| TargetReference { kind, namespace, name, uid, rest })
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let conditions = (any::<Option<bool>>(), any::<Option<bool>>(), any::<Option<bool>>())
        .prop_map(|(ready, serving, terminating)| EndpointConditions { ready, serving, terminating });
    let texts = (option::of(name()), option::of(name()), option::of(name()));
    (names(), conditions, texts, option::of(target()), names(), names()).prop_map(
        |(addresses, conditions, (hostname, node, zone), target, zone_hints, node_hints)| Endpoint {
            addresses,
            conditions,
            hostname,
            node,
            zone,
            target,
            zone_hints,
            node_hints,
        },
    )
}

fn endpoint_port() -> impl Strategy<Value = EndpointPort> {
    (option::of(name()), any::<Option<i32>>(), option::of(name()), option::of(name()))
        .prop_map(|(name, port, protocol, app_protocol)| EndpointPort { name, port, protocol, app_protocol })
}

fn slice_content() -> impl Strategy<Value = EndpointSliceContent> {
    let address_type = prop_oneof![
        Just(AddressType::Ip(IpFamily::V4)),
        Just(AddressType::Ip(IpFamily::V6)),
        Just(AddressType::Other)
    ];
    (labels(), labels(), address_type, vec(endpoint(), 0..4), vec(endpoint_port(), 0..3)).prop_map(
        |(labels, annotations, address_type, endpoints, ports)| EndpointSliceContent {
            labels,
            annotations,
            address_type,
            endpoints: endpoints.into(),
            ports: ports.into(),
        },
    )
}

fn subset() -> impl Strategy<Value = EndpointSubset> {
    let address = || {
        (name(), option::of(given()), option::of(name()), option::of(target()))
            .prop_map(|(ip, hostname, node, target)| EndpointAddress { ip, hostname, node, target })
    };
    let port = (name(), any::<i32>(), given(), option::of(name()))
        .prop_map(|(name, port, protocol, app_protocol)| SubsetPort { name, port, protocol, app_protocol });
    (vec(address(), 0..3), vec(address(), 0..3), vec(port, 0..3)).prop_map(|(ready, not_ready, ports)| {
        EndpointSubset { ready: ready.into(), not_ready: not_ready.into(), ports: ports.into() }
    })
}

fn endpoints_content() -> impl Strategy<Value = EndpointsContent> {
    (labels(), labels(), vec(subset(), 0..3)).prop_map(|(labels, annotations, subsets)| EndpointsContent {
        labels,
        annotations,
        subsets: subsets.into(),
    })
}

/// What stands in a body that is sent, read as if it came; what only the server can give is put before it.
fn returned(kind: Kind, body: Bytes) -> Object {
    let unknown = envelope::open("body", body).unwrap();
    let type_meta = unknown.type_meta.clone().unwrap();
    assert_eq!(
        (&*type_meta.api_version, &*type_meta.kind),
        (kind.api_version().as_bytes(), kind.name().as_bytes())
    );
    let sent = object::object_meta(unknown.raw.clone()).unwrap();
    if !sent.uid.is_empty() {
        return object::object(kind, unknown.raw).unwrap();
    }
    let metadata = ObjectMeta { uid: text(UID), resource_version: text("1"), ..sent };
    // Of two fields of bytes the later one counts, which is the metadata here.
    let raw = [&*unknown.raw, &field(1, &metadata.encode_to_vec())].concat();
    object::object(kind, raw.into()).unwrap()
}

fn name_of_object() -> ObjectName {
    ObjectName::new("shop", "web")
}

proptest! {
    #[test]
    fn a_slice_is_read_as_it_was_written(content in slice_content()) {
        let content = Arc::new(content);
        let kept = Bytes::from([field(2, b"web-"), field(13, &field(1, b"Service")), field(14, b"hold")].concat());
        let update = UpdateEndpointSlice {
            slice: name_of_object(),
            uid: Uid::parse(UID).unwrap(),
            version: ResourceVersion(42),
            kept: kept.clone(),
            content: content.clone(),
        };
        let owner = ControllerReference { kind: Kind::Service, name: "web".into(), uid: Uid(7) };
        let create = CreateEndpointSlice {
            slice: name_of_object(),
            generate_name: "web-".into(),
            owner,
            content: content.clone(),
        };
        for (body, is_new) in [(whole::updated_slice(&update), false), (whole::new_slice(&create), true)] {
            let Object::EndpointSlice(slice) = returned(Kind::EndpointSlice, body) else { panic!("of another kind") };
            let read = EndpointSliceContent {
                labels: slice.meta.labels.clone(),
                annotations: slice.annotations.clone(),
                address_type: slice.address_type,
                endpoints: slice.endpoints.clone(),
                ports: slice.ports.clone(),
            };
            prop_assert_eq!(&read, &*content);
            prop_assert_eq!(&slice.meta.name, &name_of_object());
            prop_assert_eq!(slice.meta.owners.len(), 1);
            if is_new {
                prop_assert_eq!(slice.meta.controller().and_then(|owner| owner.uid), Some(Uid(7)));
            } else {
                prop_assert_eq!((slice.meta.uid, slice.meta.version), (update.uid, update.version));
                prop_assert_eq!(&slice.kept, &kept);
            }
        }
    }

    #[test]
    fn endpoints_are_read_as_they_were_written(content in endpoints_content()) {
        let content = Arc::new(content);
        let update = UpdateEndpoints {
            endpoints: name_of_object(),
            uid: Uid::parse(UID).unwrap(),
            version: ResourceVersion(42),
            kept: Bytes::from(field(14, b"hold")),
            content: content.clone(),
        };
        let create = CreateEndpoints { endpoints: name_of_object(), content: content.clone() };
        for body in [whole::updated_endpoints(&update), whole::new_endpoints(&create)] {
            let Object::Endpoints(endpoints) = returned(Kind::Endpoints, body) else { panic!("of another kind") };
            let read = EndpointsContent {
                labels: endpoints.meta.labels.clone(),
                annotations: endpoints.annotations.clone(),
                subsets: endpoints.subsets.clone(),
            };
            prop_assert_eq!(&read, &*content);
        }
    }
}
