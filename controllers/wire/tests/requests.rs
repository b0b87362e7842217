//! What goes to the apiserver. That it takes these was tried with a kube-apiserver 1.36.3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use bytes::Bytes;
use expect_test::{Expect, expect};
use mainstay_model::{
    AddressType, AdoptPod, Condition, ControllerReference, CreateEndpointSlice, CreateEndpoints, CreatePod,
    DeleteObject, DeletePod, Endpoint, EndpointAddress, EndpointConditions, EndpointPort,
    EndpointSliceContent, EndpointSubset, EndpointsContent, Event, EventForm, EventRecord, EventType,
    IpFamily, Kind, LeaseRecord, ObjectName, ObjectReference, PodSpec, PodTemplate, Read, ReleasePod,
    ReplicationControllerStatus, ResourceVersion, StatusPatch, SubsetPort, TargetReference, Timestamp, Uid,
    UpdateEndpointSlice, UpdateEndpoints, Write,
};
use mainstay_wire::{Request, request};

const POD_UID: Uid = Uid(0x0a1b_2c3d_4e5f_6071_8293_a4b5_c6d7_e8f9);
const OWNER_UID: Uid = Uid(0x1111_1111_2222_3333_4444_5555_5555_5555);

fn check(request: &Request, expected: Expect) {
    let Request { method, path_and_query, accept, content_type, body } = request;
    let mut text = format!("{method} {path_and_query}\nAccept: {accept}\n");
    if let Some(content_type) = content_type {
        text += &format!("Content-Type: {content_type}\n");
    }
    match content_type {
        Some(content_type) if content_type.ends_with("json") => {
            text += &format!("\n{}\n", String::from_utf8_lossy(body));
        }
        Some(_) => text += &format!("\n{}\n", body.escape_ascii()),
        None => assert!(body.is_empty()),
    }
    expected.assert_eq(&text);
}

fn pod() -> ObjectName {
    ObjectName::new("shop", "web-1")
}

fn owner() -> ControllerReference {
    ControllerReference { kind: Kind::ReplicationController, name: "web".into(), uid: OWNER_UID }
}

fn record(form: EventForm) -> EventRecord {
    EventRecord {
        name: ObjectName::new("shop", "web.17a"),
        event: Event {
            regarding: ObjectReference {
                kind: Kind::ReplicationController,
                object: ObjectName::new("shop", "web"),
                uid: OWNER_UID,
                version: ResourceVersion(7),
            },
            event_type: EventType::Normal,
            reason: "SuccessfulCreate",
            message: "Created pod: \"web-1\"".to_owned(),
            component: "replication-controller",
        },
        count: 2,
        first: Timestamp::from_seconds(1_790_000_000),
        last: Timestamp::from_seconds(1_790_000_060),
        form,
    }
}

fn status_patch(conditions: Vec<Condition>) -> Write {
    Write::PatchReplicationControllerStatus(StatusPatch {
        object: ObjectName::new("shop", "web"),
        uid: OWNER_UID,
        version: ResourceVersion(42),
        status: ReplicationControllerStatus { observed_generation: 3, conditions, ..Default::default() },
    })
}

#[test]
fn lists() {
    check(
        &request::list(Kind::Pod, None, None, None),
        expect![[r#"
        GET /api/v1/pods
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::list(Kind::ReplicationController, Some("shop"), Some(500), Some("a+/b= &c")),
        expect![[r#"
        GET /api/v1/namespaces/shop/replicationcontrollers?limit=500&continue=a%2B%2Fb%3D%20%26c
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::list(Kind::Pod, Some("shop"), None, Some("token")),
        expect![[r#"
        GET /api/v1/namespaces/shop/pods?continue=token
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::list(Kind::ResourceQuota, None, None, None),
        expect![[r#"
        GET /api/v1/resourcequotas
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::metadata_list(Kind::Pod, None, Some(1000), None),
        expect![[r#"
        GET /api/v1/pods?limit=1000
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
    check(
        &request::newest_version(Kind::Pod, Some("shop")),
        expect![[r#"
        GET /api/v1/namespaces/shop/pods?limit=1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
}

#[test]
fn watches() {
    check(
        &request::watch(Kind::Pod, None, ResourceVersion(42), 300),
        expect![[r#"
        GET /api/v1/pods?watch=true&resourceVersion=42&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/vnd.kubernetes.protobuf;stream=watch
    "#]],
    );
    check(
        &request::watch_list(Kind::ReplicationController, Some("shop"), 300),
        expect![[r#"
        GET /api/v1/namespaces/shop/replicationcontrollers?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/vnd.kubernetes.protobuf;stream=watch
    "#]],
    );
}

#[test]
fn a_live_read() {
    check(
        &request::read(&Read { kind: Kind::Pod, object: pod() }),
        expect![[r#"
        GET /api/v1/namespaces/shop/pods/web-1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
    "#]],
    );
}

#[test]
fn paths_of_other_groups_and_of_what_has_no_namespace() {
    for (kind, all, of_one, object) in [
        (
            Kind::Service,
            "/api/v1/services",
            "/api/v1/namespaces/shop/services",
            "/api/v1/namespaces/shop/services/web-1",
        ),
        (
            Kind::Endpoints,
            "/api/v1/endpoints",
            "/api/v1/namespaces/shop/endpoints",
            "/api/v1/namespaces/shop/endpoints/web-1",
        ),
        (
            Kind::EndpointSlice,
            "/apis/discovery.k8s.io/v1/endpointslices",
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1",
        ),
        (Kind::Node, "/api/v1/nodes", "/api/v1/nodes", "/api/v1/nodes/web-1"),
    ] {
        assert_eq!(request::list(kind, None, None, None).path_and_query, all);
        assert_eq!(request::list(kind, Some("shop"), None, None).path_and_query, of_one);
        assert_eq!(
            request::metadata_list(kind, None, Some(5), None).path_and_query,
            format!("{all}?limit=5")
        );
        let watch = request::watch(kind, None, ResourceVersion(1), 2).path_and_query;
        assert!(watch.starts_with(&format!("{all}?watch=true&")), "{watch}");
        assert_eq!(request::read(&Read { kind, object: pod() }).path_and_query, object);
    }
    let node = Read { kind: Kind::Node, object: ObjectName::new("", "north") };
    assert_eq!(request::read(&node).path_and_query, "/api/v1/nodes/north");
}

#[test]
fn no_name_can_reach_beyond_its_segment() {
    for (name, segment) in [
        ("a/../../secrets", "a%2F..%2F..%2Fsecrets"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("ä\n", "%C3%A4%0A"),
        ("", "%20"),
    ] {
        let write = Write::DeletePod(DeletePod { pod: ObjectName::new(name, name), uid: POD_UID });
        let path = format!("/api/v1/namespaces/{segment}/pods/{segment}");
        assert_eq!(request::write(&write).path_and_query, path);
    }
}

#[test]
fn create() {
    let template = PodTemplate {
        labels: [("app", "web"), ("tier", "front")].into_iter().collect(),
        annotations: [("note", "kept")].into_iter().collect(),
        finalizers: ["example.com/hold".into()].into(),
        spec: PodSpec::Protobuf(Bytes::from_static(b"<the bytes of the spec>")),
    };
    let create =
        CreatePod { pod: pod(), generate_name: "web-".into(), owner: owner(), template: Arc::new(template) };
    check(
        &request::write(&Write::CreatePod(create)),
        expect![[r#"
        POST /api/v1/namespaces/shop/pods
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\t\n\x02v1\x12\x03Pod\x12\xb6\x01\n\x9a\x01\n\x05web-1\x12\x04web-\x1a\x04shopZ\n\n\x03app\x12\x03webZ\r\n\x04tier\x12\x05frontb\x0c\n\x04note\x12\x04keptjJ\n\x15ReplicationController\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x02v10\x018\x01r\x10example.com/hold\x12\x17<the bytes of the spec>
    "#]],
    );
}

#[test]
fn adopt_and_release() {
    let adopt = AdoptPod { pod: pod(), uid: POD_UID, owner: owner() };
    check(
        &request::write(&Write::AdoptPod(adopt)),
        expect![[r#"
            PATCH /api/v1/namespaces/shop/pods/web-1
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/strategic-merge-patch+json

            {"metadata":{"uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","ownerReferences":[{"apiVersion":"v1","kind":"ReplicationController","name":"web","uid":"11111111-2222-3333-4444-555555555555","controller":true,"blockOwnerDeletion":true}]}}
        "#]],
    );
    let release = ReleasePod { pod: pod(), uid: POD_UID, owner: OWNER_UID };
    check(
        &request::write(&Write::ReleasePod(release)),
        expect![[r#"
            PATCH /api/v1/namespaces/shop/pods/web-1
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/strategic-merge-patch+json

            {"metadata":{"uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","ownerReferences":[{"$patch":"delete","uid":"11111111-2222-3333-4444-555555555555"}]}}
        "#]],
    );
}

#[test]
fn delete() {
    check(
        &request::write(&Write::DeletePod(DeletePod { pod: pod(), uid: POD_UID })),
        expect![[r#"
        DELETE /api/v1/namespaces/shop/pods/web-1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x13\n\x02v1\x12\rDeleteOptions\x12(\x12&\n$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
    "#]],
    );
}

fn endpoints() -> Arc<EndpointsContent> {
    let address = EndpointAddress {
        ip: "10.0.0.1".into(),
        hostname: None,
        node: Some("north".into()),
        target: Some(TargetReference::pod("shop".into(), "web-1".into(), POD_UID)),
    };
    let port = SubsetPort { name: "".into(), port: 8080, protocol: "TCP".into(), app_protocol: None };
    let subset = EndpointSubset { ready: [address].into(), not_ready: [].into(), ports: [port].into() };
    Arc::new(EndpointsContent {
        labels: [("app", "web")].into_iter().collect(),
        annotations: [("note", "kept")].into_iter().collect(),
        subsets: [subset].into(),
    })
}

fn slice_content() -> Arc<EndpointSliceContent> {
    let endpoint = Endpoint {
        addresses: ["10.0.0.1".into()].into(),
        conditions: EndpointConditions { ready: Some(true), serving: Some(true), terminating: Some(false) },
        hostname: None,
        node: Some("north".into()),
        zone: Some("a".into()),
        target: Some(TargetReference::pod("shop".into(), "web-1".into(), POD_UID)),
        zone_hints: ["a".into()].into(),
        node_hints: [].into(),
    };
    let bare = Endpoint {
        addresses: ["10.0.0.2".into()].into(),
        conditions: EndpointConditions::default(),
        node: None,
        zone: None,
        target: None,
        zone_hints: [].into(),
        ..endpoint.clone()
    };
    let port = EndpointPort {
        name: Some("".into()),
        port: Some(8080),
        protocol: Some("TCP".into()),
        app_protocol: None,
    };
    Arc::new(EndpointSliceContent {
        labels: [("kubernetes.io/service-name", "web")].into_iter().collect(),
        annotations: Default::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: [endpoint, bare].into(),
        ports: [port].into(),
    })
}

#[test]
fn endpoints_are_made_and_written_anew() {
    let object = ObjectName::new("shop", "web");
    let create = CreateEndpoints { endpoints: object.clone(), content: endpoints() };
    check(
        &request::write(&Write::CreateEndpoints(create)),
        expect![[r#"
        POST /api/v1/namespaces/shop/endpoints
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x0f\n\x02v1\x12\tEndpoints\x12\x80\x01\n%\n\x03web\x1a\x04shopZ\n\n\x03app\x12\x03webb\x0c\n\x04note\x12\x04kept\x12W\nK\n\x0810.0.0.1\x128\n\x03Pod\x12\x04shop\x1a\x05web-1\"$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\"\x05north\x1a\x08\x10\x90?\x1a\x03TCP
    "#]],
    );
    let update = UpdateEndpoints {
        endpoints: object,
        uid: OWNER_UID,
        version: ResourceVersion(42),
        kept: Bytes::from_static(b"<what is kept>"),
        content: endpoints(),
    };
    check(
        &request::write(&Write::UpdateEndpoints(update)),
        expect![[r#"
        PUT /api/v1/namespaces/shop/endpoints/web
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x0f\n\x02v1\x12\tEndpoints\x12\xb8\x01\n]\n\x03web\x1a\x04shop*$11111111-2222-3333-4444-5555555555552\x0242Z\n\n\x03app\x12\x03webb\x0c\n\x04note\x12\x04kept<what is kept>\x12W\nK\n\x0810.0.0.1\x128\n\x03Pod\x12\x04shop\x1a\x05web-1\"$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\"\x05north\x1a\x08\x10\x90?\x1a\x03TCP
    "#]],
    );
}

#[test]
fn slices_are_made_and_written_anew() {
    let object = ObjectName::new("shop", "web-x");
    let create = CreateEndpointSlice {
        slice: object.clone(),
        generate_name: "web-".into(),
        owner: ControllerReference { kind: Kind::Service, ..owner() },
        content: slice_content(),
    };
    check(
        &request::write(&Write::CreateEndpointSlice(create.clone())),
        expect![[r#"
        POST /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n$\n\x13discovery.k8s.io/v1\x12\rEndpointSlice\x12\xf3\x01\nt\n\x05web-x\x12\x04web-\x1a\x04shopZ!\n\x1akubernetes.io/service-name\x12\x03webj<\n\x07Service\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x02v10\x018\x01\x12]\n\x0810.0.0.1\x12\x06\x08\x01\x10\x01\x18\x00\"8\n\x03Pod\x12\x04shop\x1a\x05web-1\"$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f92\x05north:\x01aB\x05\n\x03\n\x01a\x12\n\n\x0810.0.0.2\x1a\n\n\x00\x12\x03TCP\x18\x90?\"\x04IPv4
    "#]],
    );
    let empty = EndpointSliceContent { endpoints: [].into(), ports: [].into(), ..(*slice_content()).clone() };
    let mirror = CreateEndpointSlice {
        owner: ControllerReference { kind: Kind::Endpoints, ..owner() },
        content: Arc::new(empty),
        ..create
    };
    check(
        &request::write(&Write::CreateEndpointSlice(mirror)),
        expect![[r#"
        POST /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n$\n\x13discovery.k8s.io/v1\x12\rEndpointSlice\x12~\nv\n\x05web-x\x12\x04web-\x1a\x04shopZ!\n\x1akubernetes.io/service-name\x12\x03webj>\n\tEndpoints\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x02v10\x018\x01\"\x04IPv4
    "#]],
    );
    let update = UpdateEndpointSlice {
        slice: object,
        uid: OWNER_UID,
        version: ResourceVersion(42),
        kept: Bytes::from_static(b"<what is kept>"),
        content: slice_content(),
    };
    check(
        &request::write(&Write::UpdateEndpointSlice(update)),
        expect![[r#"
        PUT /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-x
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n$\n\x13discovery.k8s.io/v1\x12\rEndpointSlice\x12\xe7\x01\nh\n\x05web-x\x1a\x04shop*$11111111-2222-3333-4444-5555555555552\x0242Z!\n\x1akubernetes.io/service-name\x12\x03web<what is kept>\x12]\n\x0810.0.0.1\x12\x06\x08\x01\x10\x01\x18\x00\"8\n\x03Pod\x12\x04shop\x1a\x05web-1\"$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f92\x05north:\x01aB\x05\n\x03\n\x01a\x12\n\n\x0810.0.0.2\x1a\n\n\x00\x12\x03TCP\x18\x90?\"\x04IPv4
    "#]],
    );
}

#[test]
fn delete_of_what_was_seen() {
    let delete = |kind| {
        let object = ObjectName::new("shop", "web");
        let delete = DeleteObject { kind, object, uid: OWNER_UID, version: ResourceVersion(42) };
        request::write(&Write::DeleteObject(delete))
    };
    check(
        &delete(Kind::Endpoints),
        expect![[r#"
        DELETE /api/v1/namespaces/shop/endpoints/web
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x13\n\x02v1\x12\rDeleteOptions\x12,\x12*\n$11111111-2222-3333-4444-555555555555\x12\x0242
    "#]],
    );
    check(
        &delete(Kind::EndpointSlice),
        expect![[r#"
        DELETE /apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x13\n\x02v1\x12\rDeleteOptions\x12,\x12*\n$11111111-2222-3333-4444-555555555555\x12\x0242
    "#]],
    );
}

#[test]
fn status_without_conditions() {
    check(
        &request::write(&status_patch(Vec::new())),
        expect![[r#"
            PATCH /api/v1/namespaces/shop/replicationcontrollers/web/status
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/merge-patch+json

            {"metadata":{"uid":"11111111-2222-3333-4444-555555555555","resourceVersion":"42"},"status":{"replicas":0,"fullyLabeledReplicas":0,"readyReplicas":0,"availableReplicas":0,"observedGeneration":3,"conditions":[]}}
        "#]],
    );
}

#[test]
fn status_with_all_its_conditions() {
    let failure = Condition {
        kind: "ReplicaFailure".to_owned(),
        status: "True".to_owned(),
        last_transition: Some(Timestamp(1_790_000_000_999_999)),
        reason: "FailedCreate".to_owned(),
        message: "exceeded \"quota\"".to_owned(),
    };
    let timeless = Condition { kind: "Timeless".to_owned(), last_transition: None, ..failure.clone() };
    let endless = Condition {
        kind: "Endless".to_owned(),
        last_transition: Some(Timestamp(i64::MAX)),
        ..failure.clone()
    };
    check(
        &request::write(&status_patch(vec![failure, timeless, endless])),
        expect![[r#"
            PATCH /api/v1/namespaces/shop/replicationcontrollers/web/status
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/merge-patch+json

            {"metadata":{"uid":"11111111-2222-3333-4444-555555555555","resourceVersion":"42"},"status":{"replicas":0,"fullyLabeledReplicas":0,"readyReplicas":0,"availableReplicas":0,"observedGeneration":3,"conditions":[{"type":"ReplicaFailure","status":"True","lastTransitionTime":"2026-09-21T14:13:20Z","reason":"FailedCreate","message":"exceeded \"quota\""},{"type":"Timeless","status":"True","reason":"FailedCreate","message":"exceeded \"quota\""},{"type":"Endless","status":"True","reason":"FailedCreate","message":"exceeded \"quota\""}]}}
        "#]],
    );
}

#[test]
fn events() {
    check(
        &request::event(&record(EventForm::Create)),
        expect![[r#"
        POST /api/v1/namespaces/shop/events
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x0b\n\x02v1\x12\x05Event\x12\xda\x01\n\x0f\n\x07web.17a\x1a\x04shop\x12O\n\x15ReplicationController\x12\x04shop\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x02v12\x017\x1a\x10SuccessfulCreate\"\x14Created pod: \"web-1\"*\x18\n\x16replication-controller2\x08\x08\x80\xf7\xc4\xd5\x06\x10\x00:\x08\x08\xbc\xf7\xc4\xd5\x06\x10\x00@\x02J\x06Normalr\x16replication-controller
    "#]],
    );
    check(
        &request::event(&record(EventForm::CountUp)),
        expect![[r#"
            PATCH /api/v1/namespaces/shop/events/web.17a
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/strategic-merge-patch+json

            {"count":2,"lastTimestamp":"2026-09-21T14:14:20Z","message":"Created pod: \"web-1\""}
        "#]],
    );
}

#[test]
fn an_event_about_a_cluster_scoped_object_goes_to_the_default_namespace() {
    let mut event = record(EventForm::Create);
    event.name.namespace = "".into();
    assert_eq!(request::event(&event).path_and_query, "/api/v1/namespaces/default/events");
}

#[test]
fn leases() {
    let lease = ObjectName::new("mainstay-system", "mainstay");
    let record = LeaseRecord {
        holder: "pod-1_x".to_owned(),
        duration_seconds: 15,
        acquired: Some(Timestamp(1_790_000_000_123_456)),
        renewed: Some(Timestamp(1_790_000_002_000_000)),
        transitions: 4,
    };
    check(
        &request::lease_get(&lease),
        expect![[r#"
        GET /apis/coordination.k8s.io/v1/namespaces/mainstay-system/leases/mainstay
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::lease_create(&lease, &LeaseRecord::default()),
        expect![[r#"
        POST /apis/coordination.k8s.io/v1/namespaces/mainstay-system/leases
        Accept: application/vnd.kubernetes.protobuf
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x1f\n\x16coordination.k8s.io/v1\x12\x05Lease\x12%\n\x1b\n\x08mainstay\x1a\x0fmainstay-system\x12\x06\n\x00\x10\x00(\x00
    "#]],
    );
    check(
        &request::lease_update(&lease, &record, ResourceVersion(9)),
        expect![[r#"
        PUT /apis/coordination.k8s.io/v1/namespaces/mainstay-system/leases/mainstay
        Accept: application/vnd.kubernetes.protobuf
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x1f\n\x16coordination.k8s.io/v1\x12\x05Lease\x12F\n\x1e\n\x08mainstay\x1a\x0fmainstay-system2\x019\x12$\n\x07pod-1_x\x10\x0f\x1a\x0b\x08\x80\xf7\xc4\xd5\x06\x10\x80\x94\xef:\"\x08\x08\x82\xf7\xc4\xd5\x06\x10\x00(\x04
    "#]],
    );
}

#[test]
fn a_request_shows_no_body() {
    let write = Write::DeletePod(DeletePod { pod: pod(), uid: POD_UID });
    assert_eq!(
        format!("{:?}", request::write(&write)),
        "DELETE /api/v1/namespaces/shop/pods/web-1 (67 bytes)"
    );
}
