//! What goes to the apiserver for SidecarWorkloads. That it takes these was tried with a kube-apiserver 1.36.3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use bytes::Bytes;
use expect_test::{Expect, expect};
use mainstay_model::{
    Condition, ContainerImage, ContainerRole, ControllerReference, CreateControllerRevision, CreatePod,
    DeleteObject, Kind, ObjectName, PatchControllerRevision, PatchPod, PatchPodCondition, PodSpec,
    PodTemplate, Read, ResourceVersion, SidecarStatus, SidecarWorkloadStatus, StatusPatch, Timestamp, Uid,
    Write,
};
use mainstay_wire::{Request, pod_spec, request};

const UID: Uid = Uid(0x0a1b_2c3d_4e5f_6071_8293_a4b5_c6d7_e8f9);
const OWNER_UID: Uid = Uid(0x1111_1111_2222_3333_4444_5555_5555_5555);

fn check(request: &Request, expected: Expect) {
    let Request { method, path_and_query, accept, content_type, body } = request;
    let mut text = format!("{method} {path_and_query}\nAccept: {accept}\n");
    match content_type {
        Some(content_type) if content_type.ends_with("json") => {
            text += &format!("Content-Type: {content_type}\n\n{}\n", String::from_utf8_lossy(body));
        }
        Some(content_type) => text += &format!("Content-Type: {content_type}\n\n{}\n", body.escape_ascii()),
        None => assert!(body.is_empty()),
    }
    expected.assert_eq(&text);
}

fn owner() -> ControllerReference {
    ControllerReference { kind: Kind::SidecarWorkload, name: "web".into(), uid: OWNER_UID }
}

fn time() -> Timestamp {
    Timestamp::from_seconds(1_790_000_000)
}

#[test]
fn custom_kinds_are_listed_and_watched_as_json_and_their_metadata_as_protobuf() {
    let kind = Kind::SidecarWorkload;
    check(
        &request::list(kind, None, Some(500), Some("more")),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/sidecarworkloads?limit=500&continue=more
        Accept: application/json
    "#]],
    );
    check(
        &request::watch(kind, Some("shop"), ResourceVersion(42), 300),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/namespaces/shop/sidecarworkloads?watch=true&resourceVersion=42&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/json
    "#]],
    );
    check(
        &request::watch_list(kind, None, 300),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/sidecarworkloads?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/json
    "#]],
    );
    check(
        &request::metadata_list(kind, None, Some(500), None),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/sidecarworkloads?limit=500
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
    check(
        &request::newest_version(kind, None),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/sidecarworkloads?limit=1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
    check(
        &request::read(&Read { kind, object: ObjectName::new("shop", "web") }),
        expect![[r#"
        GET /apis/mainstay.dev/v1alpha1/namespaces/shop/sidecarworkloads/web
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
    "#]],
    );
}

#[test]
fn whatever_asks_for_revisions_asks_for_those_of_workloads() {
    let kind = Kind::ControllerRevision;
    check(
        &request::list(kind, None, None, None),
        expect![[r#"
        GET /apis/apps/v1/controllerrevisions
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::list(kind, Some("shop"), Some(500), Some("more")),
        expect![[r#"
        GET /apis/apps/v1/namespaces/shop/controllerrevisions?limit=500&continue=more
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
    check(
        &request::watch(kind, None, ResourceVersion(42), 300),
        expect![[r#"
        GET /apis/apps/v1/controllerrevisions?watch=true&resourceVersion=42&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/vnd.kubernetes.protobuf;stream=watch
    "#]],
    );
    check(
        &request::watch_list(kind, Some("shop"), 300),
        expect![[r#"
        GET /apis/apps/v1/namespaces/shop/controllerrevisions?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300
        Accept: application/vnd.kubernetes.protobuf;stream=watch
    "#]],
    );
    check(
        &request::metadata_list(kind, None, Some(500), None),
        expect![[r#"
        GET /apis/apps/v1/controllerrevisions?limit=500
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
    check(
        &request::newest_version(kind, None),
        expect![[r#"
        GET /apis/apps/v1/controllerrevisions?limit=1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1
    "#]],
    );
    for kind in Kind::ALL {
        assert!(!request::watch_list(kind, None, 300).path_and_query.contains("Selector"));
    }
}

#[test]
fn budgets_have_a_group_of_their_own() {
    check(
        &request::list(Kind::PodDisruptionBudget, Some("shop"), None, None),
        expect![[r#"
        GET /apis/policy/v1/namespaces/shop/poddisruptionbudgets
        Accept: application/vnd.kubernetes.protobuf
    "#]],
    );
}

fn create(spec: &'static str) -> Write {
    let template = PodTemplate {
        labels: [("mainstay.dev/workload", "web"), ("app", "\"web\"")].into_iter().collect(),
        annotations: [("note", "kept")].into_iter().collect(),
        finalizers: ["example.com/hold".into()].into(),
        spec: PodSpec::Json(Bytes::from_static(spec.as_bytes())),
    };
    let template = pod_spec::in_protobuf(&template).unwrap_or(template);
    Write::CreatePod(CreatePod {
        pod: ObjectName::new("shop", "web-1"),
        generate_name: "web-".into(),
        owner: owner(),
        template: Arc::new(template),
    })
}

#[test]
fn a_pod_whose_spec_was_rendered_is_made_in_protobuf() {
    check(
        &request::write(&create(r#"{"containers":[{"name":"main","image":"shop:1"}],"hostPID":true}"#)),
        expect![[r#"
            POST /api/v1/namespaces/shop/pods
            Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
            Content-Type: application/vnd.kubernetes.protobuf

            k8s\x00\n\t\n\x02v1\x12\x03Pod\x12\xcf\x01\n\xb8\x01\n\x05web-1\x12\x04web-\x1a\x04shopZ\x0c\n\x03app\x12\x05\"web\"Z\x1c\n\x15mainstay.dev/workload\x12\x03webb\x0c\n\x04note\x12\x04keptjW\n\x0fSidecarWorkload\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x15mainstay.dev/v1alpha10\x018\x01r\x10example.com/hold\x12\x12\x12\x0e\n\x04main\x12\x06shop:1`\x01
        "#]],
    );
}

#[test]
fn a_pod_whose_spec_has_a_field_that_is_not_known_is_made_in_json_with_that_very_spec() {
    check(
        &request::write(&create(r#"{ "z": 1,  "containers": [] }"#)),
        expect![[r#"
        POST /api/v1/namespaces/shop/pods?fieldValidation=Ignore
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/json

        {"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"note":"kept"},"finalizers":["example.com/hold"],"generateName":"web-","labels":{"app":"\"web\"","mainstay.dev/workload":"web"},"name":"web-1","namespace":"shop","ownerReferences":[{"apiVersion":"mainstay.dev/v1alpha1","blockOwnerDeletion":true,"controller":true,"kind":"SidecarWorkload","name":"web","uid":"11111111-2222-3333-4444-555555555555"}]},"spec":{ "z": 1,  "containers": [] }}
    "#]],
    );
}

#[test]
fn revisions_are_made_changed_and_deleted() {
    let revision = ObjectName::new("shop", "web-abc");
    let create = CreateControllerRevision {
        revision: revision.clone(),
        owner: owner(),
        number: 7,
        data: Bytes::from_static(br#"{"main":{}}"#),
    };
    check(
        &request::write(&Write::CreateControllerRevision(create)),
        expect![[r#"
        POST /apis/apps/v1/namespaces/shop/controllerrevisions
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x1d\n\x07apps/v1\x12\x12ControllerRevision\x12\x9a\x01\n\x86\x01\n\x07web-abc\x1a\x04shopZ\x1c\n\x15mainstay.dev/workload\x12\x03webjW\n\x0fSidecarWorkload\x1a\x03web\"$11111111-2222-3333-4444-555555555555*\x15mainstay.dev/v1alpha10\x018\x01\x12\r\n\x0b{\"main\":{}}\x18\x07
    "#]],
    );
    let nothing = PatchControllerRevision {
        revision: revision.clone(),
        uid: UID,
        version: ResourceVersion(42),
        number: None,
        owner: None,
        healthy_at: None,
    };
    check(
        &request::write(&Write::PatchControllerRevision(nothing.clone())),
        expect![[r#"
        PATCH /apis/apps/v1/namespaces/shop/controllerrevisions/web-abc
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/strategic-merge-patch+json

        {"metadata":{"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}}
    "#]],
    );
    let everything = PatchControllerRevision {
        number: Some(8),
        owner: Some(owner()),
        healthy_at: Some(time()),
        ..nothing
    };
    check(
        &request::write(&Write::PatchControllerRevision(everything)),
        expect![[r#"
        PATCH /apis/apps/v1/namespaces/shop/controllerrevisions/web-abc
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/strategic-merge-patch+json

        {"metadata":{"annotations":{"mainstay.dev/healthy-at":"2026-09-21T14:13:20Z"},"ownerReferences":[{"apiVersion":"mainstay.dev/v1alpha1","blockOwnerDeletion":true,"controller":true,"kind":"SidecarWorkload","name":"web","uid":"11111111-2222-3333-4444-555555555555"}],"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"revision":8}
    "#]],
    );
    let delete = DeleteObject {
        kind: Kind::ControllerRevision,
        object: revision,
        uid: UID,
        version: ResourceVersion(42),
    };
    check(
        &request::write(&Write::DeleteObject(delete)),
        expect![[r#"
        DELETE /apis/apps/v1/namespaces/shop/controllerrevisions/web-abc
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/vnd.kubernetes.protobuf

        k8s\x00\n\x13\n\x02v1\x12\rDeleteOptions\x12,\x12*\n$0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\x12\x0242
    "#]],
    );
}

#[test]
fn of_a_pod_images_labels_and_annotations_are_changed() {
    let image = |container: &str, role| ContainerImage {
        container: container.into(),
        role,
        image: format!("{container}:2").into(),
    };
    let nothing = PatchPod {
        pod: ObjectName::new("shop", "web-1"),
        uid: UID,
        version: ResourceVersion(42),
        images: [].into(),
        labels: [].into(),
        annotations: [].into(),
    };
    check(
        &request::write(&Write::PatchPod(nothing.clone())),
        expect![[r#"
        PATCH /api/v1/namespaces/shop/pods/web-1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/strategic-merge-patch+json

        {"metadata":{"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}}
    "#]],
    );
    let everything = PatchPod {
        images: [
            image("main", ContainerRole::Main),
            image("setup", ContainerRole::Init),
            image("proxy", ContainerRole::Sidecar),
        ]
        .into(),
        labels: [("mainstay.dev/revision".into(), Some("web-abc".into())), ("old".into(), None)].into(),
        annotations: [("mainstay.dev/inplace".into(), None), ("note".into(), Some("".into()))].into(),
        ..nothing
    };
    check(
        &request::write(&Write::PatchPod(everything)),
        expect![[r#"
        PATCH /api/v1/namespaces/shop/pods/web-1
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/strategic-merge-patch+json

        {"metadata":{"annotations":{"mainstay.dev/inplace":null,"note":""},"labels":{"mainstay.dev/revision":"web-abc","old":null},"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"spec":{"containers":[{"image":"main:2","name":"main"}],"initContainers":[{"image":"setup:2","name":"setup"},{"image":"proxy:2","name":"proxy"}]}}
    "#]],
    );
}

#[test]
fn a_condition_of_a_pod_is_set() {
    let patch = PatchPodCondition {
        pod: ObjectName::new("shop", "web-1"),
        uid: UID,
        condition: "mainstay.dev/serving".into(),
        status: false,
        reason: "SidecarUpdate",
        at: time(),
    };
    check(
        &request::write(&Write::PatchPodCondition(patch.clone())),
        expect![[r#"
        PATCH /api/v1/namespaces/shop/pods/web-1/status
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/strategic-merge-patch+json

        {"metadata":{"uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"status":{"conditions":[{"lastTransitionTime":"2026-09-21T14:13:20Z","reason":"SidecarUpdate","status":"False","type":"mainstay.dev/serving"}]}}
    "#]],
    );
    let request = request::write(&Write::PatchPodCondition(PatchPodCondition { status: true, ..patch }));
    assert!(String::from_utf8_lossy(&request.body).contains(r#""status":"True""#));
}

#[test]
fn what_a_status_lacks_is_taken_out_of_it() {
    let patch = |status| {
        let object = ObjectName::new("shop", "web");
        let patch = StatusPatch { object, uid: UID, version: ResourceVersion(42), status };
        request::write(&Write::PatchSidecarWorkloadStatus(patch))
    };
    check(
        &patch(SidecarWorkloadStatus::default()),
        expect![[r#"
        PATCH /apis/mainstay.dev/v1alpha1/namespaces/shop/sidecarworkloads/web/status
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/merge-patch+json

        {"metadata":{"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"status":{"availableReplicas":0,"conditions":[],"currentRevision":null,"failedMessage":null,"failedRetry":null,"failedRevision":null,"observedGeneration":0,"progressedAt":null,"readyReplicas":0,"replicas":0,"selector":null,"sidecars":[],"updateRevision":null,"updatedReplicas":0}}
    "#]],
    );
    let sidecar = SidecarStatus {
        name: "proxy".into(),
        from: "workload".into(),
        image: "proxy:1".into(),
        updated: 1,
        ready: 2,
        restarts: 3,
    };
    let condition = |last_transition| Condition {
        kind: "Available".to_owned(),
        status: "True".to_owned(),
        last_transition,
        reason: "Enough".to_owned(),
        message: "enough \"pods\"".to_owned(),
    };
    let everything = SidecarWorkloadStatus {
        observed_generation: 2,
        replicas: 5,
        ready_replicas: 4,
        available_replicas: 3,
        updated_replicas: 2,
        selector: Some("mainstay.dev/workload=web".into()),
        current_revision: Some("web-1".into()),
        update_revision: Some("web-2".into()),
        failed_revision: Some("web-0".into()),
        failed_retry: Some("".into()),
        failed_message: Some("no image".into()),
        progressed_at: Some(time()),
        sidecars: vec![sidecar],
        conditions: vec![condition(Some(time())), condition(None)],
    };
    check(
        &patch(everything),
        expect![[r#"
        PATCH /apis/mainstay.dev/v1alpha1/namespaces/shop/sidecarworkloads/web/status
        Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1
        Content-Type: application/merge-patch+json

        {"metadata":{"resourceVersion":"42","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"status":{"availableReplicas":3,"conditions":[{"lastTransitionTime":"2026-09-21T14:13:20Z","message":"enough \"pods\"","reason":"Enough","status":"True","type":"Available"},{"message":"enough \"pods\"","reason":"Enough","status":"True","type":"Available"}],"currentRevision":"web-1","failedMessage":"no image","failedRetry":"","failedRevision":"web-0","observedGeneration":2,"progressedAt":"2026-09-21T14:13:20Z","readyReplicas":4,"replicas":5,"selector":"mainstay.dev/workload=web","sidecars":[{"from":"workload","image":"proxy:1","name":"proxy","ready":2,"restarts":3,"updated":1}],"updateRevision":"web-2","updatedReplicas":2}}
    "#]],
    );
}
