use expect_test::{Expect, expect};
use mainstay_model::{
    InPlace, Kind, Object, OnFailure, Rollout, RolloutKind, Share, SidecarWorkload, SidecarWorkloadStatus,
};
use serde_json::{Value, json};

use super::UID;
use crate::convert::object;
use crate::error::DecodeError;
use crate::list;

/// The least that an object must have.
fn minimal() -> Value {
    json!({
        "apiVersion": "mainstay.dev/v1alpha1",
        "kind": "SidecarWorkload",
        "metadata": { "name": "web", "namespace": "shop", "uid": UID, "resourceVersion": "42" },
        "spec": { "template": { "main": { "name": "main", "image": "main:1" } } },
    })
}

/// The least, with another value at a path of keys.
fn with(path: &str, value: Value) -> Value {
    let mut object = minimal();
    let mut place = &mut object;
    for key in path.split('.') {
        place = &mut place[key];
    }
    *place = value;
    object
}

fn read(object: &Value) -> Result<SidecarWorkload, DecodeError> {
    read_text(&object.to_string())
}

fn read_text(text: &str) -> Result<SidecarWorkload, DecodeError> {
    match object::object(Kind::SidecarWorkload, text.as_bytes().to_vec().into())? {
        Object::SidecarWorkload(workload) => Ok((*workload).clone()),
        other => panic!("{other:?}"),
    }
}

fn check(found: &impl std::fmt::Debug, expected: Expect) {
    expected.assert_eq(&format!("{found:#?}\n"));
}

#[test]
fn what_is_left_out_or_null_is_what_the_api_makes_of_it() {
    let nulls = json!({
        "template": {}, "replicas": null, "rollout": null, "revision": null, "restartedAt": null,
        "revisionHistoryLimit": null,
    });
    let mut null_metadata = with("spec", nulls);
    for key in ["labels", "annotations", "ownerReferences", "creationTimestamp", "generation"] {
        null_metadata["metadata"][key] = Value::Null;
    }
    null_metadata["status"] = Value::Null;
    for object in [minimal(), null_metadata, with("spec.rollout", json!({})), with("status", json!({}))] {
        let found = read(&object).unwrap();
        assert_eq!(found.replicas, 1);
        assert_eq!(found.rollout, Rollout::default());
        assert_eq!((found.revision, found.restarted_at, found.retry), (None, None, None));
        assert_eq!(found.revision_history_limit, 10);
        assert_eq!(found.status, SidecarWorkloadStatus::default());
        assert_eq!((found.meta.generation, found.meta.created, found.meta.deleting), (0, None, None));
    }
}

#[test]
fn all_that_can_be_said() {
    let object = json!({
        "apiVersion": "mainstay.dev/v1alpha1",
        "kind": "SidecarWorkload",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": UID,
            "resourceVersion": "42",
            "generation": 3,
            "creationTimestamp": "1970-01-01T00:00:07Z",
            "deletionTimestamp": "1970-01-01T00:00:08Z",
            "deletionGracePeriodSeconds": 0,
            "finalizers": ["foregroundDeletion"],
            "labels": { "app": "web" },
            "annotations": { "mainstay.dev/retry": "2", "note": "" },
            "ownerReferences": [
                { "apiVersion": "example.com/v1", "kind": "App", "name": "shop", "uid": UID, "controller": true },
                { "apiVersion": "v1", "kind": "Other", "name": "other", "uid": "none" },
            ],
            "managedFields": [{ "manager": "kubectl", "fieldsV1": { "f:spec": {} } }],
        },
        "spec": {
            "replicas": 5,
            "template": { "main": { "image": "main:1", "name": "main" } },
            "rollout": {
                "type": "OnDelete", "maxSurge": 2, "maxUnavailable": "10%", "partition": "3", "inPlace": "Only",
                "paused": true, "minReadySeconds": 4, "progressDeadlineSeconds": 60, "onFailure": "Rollback",
                "prePull": true,
            },
            "revision": "web-abc",
            "restartedAt": "2026-01-01T00:00:00Z",
            "revisionHistoryLimit": 3,
        },
        "status": {
            "observedGeneration": 2, "replicas": 5, "readyReplicas": 4, "availableReplicas": 3, "updatedReplicas": 2,
            "selector": "mainstay.dev/workload=web", "currentRevision": "web-1", "updateRevision": "web-2",
            "failedRevision": "web-0", "failedRetry": "", "failedMessage": "no image",
            "progressedAt": "1970-01-01T00:00:09Z",
            "sidecars": [
                { "name": "proxy", "from": "workload", "image": "proxy:1", "updated": 1, "ready": 2, "restarts": 3 },
            ],
            "conditions": [
                {
                    "type": "Available", "status": "True", "lastTransitionTime": "1970-01-01T00:00:10Z",
                    "reason": "MinimumReplicasAvailable", "message": "enough",
                },
                { "type": "Other" },
            ],
        },
    });
    let found = read(&object).unwrap();
    let rollout = Rollout {
        kind: RolloutKind::OnDelete,
        max_surge: Share::Count(2),
        max_unavailable: Share::Percent(10),
        partition: Share::Count(3),
        in_place: InPlace::Only,
        paused: true,
        min_ready_seconds: 4,
        progress_deadline_seconds: 60,
        on_failure: OnFailure::Rollback,
    };
    assert_eq!(found.rollout, rollout);
    check(
        &found,
        expect![[r#"
        SidecarWorkload {
            meta: Meta {
                name: shop/web,
                uid: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9,
                version: 42,
                generation: 3,
                labels: {
                    "app": "web",
                },
                owners: [
                    OwnerReference {
                        api_version: "example.com/v1",
                        kind: "App",
                        name: "shop",
                        uid: Some(
                            0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9,
                        ),
                        controller: true,
                    },
                    OwnerReference {
                        api_version: "v1",
                        kind: "Other",
                        name: "other",
                        uid: None,
                        controller: false,
                    },
                ],
                created: Some(
                    Timestamp(
                        7000000,
                    ),
                ),
                deleting: Some(
                    Timestamp(
                        8000000,
                    ),
                ),
            },
            replicas: 5,
            template: b"{\"main\":{\"image\":\"main:1\",\"name\":\"main\"}}",
            rollout: Rollout {
                kind: OnDelete,
                max_surge: Count(
                    2,
                ),
                max_unavailable: Percent(
                    10,
                ),
                partition: Count(
                    3,
                ),
                in_place: Only,
                paused: true,
                min_ready_seconds: 4,
                progress_deadline_seconds: 60,
                on_failure: Rollback,
            },
            revision: Some(
                "web-abc",
            ),
            restarted_at: Some(
                "2026-01-01T00:00:00Z",
            ),
            revision_history_limit: 3,
            retry: Some(
                "2",
            ),
            status: SidecarWorkloadStatus {
                observed_generation: 2,
                replicas: 5,
                ready_replicas: 4,
                available_replicas: 3,
                updated_replicas: 2,
                selector: Some(
                    "mainstay.dev/workload=web",
                ),
                current_revision: Some(
                    "web-1",
                ),
                update_revision: Some(
                    "web-2",
                ),
                failed_revision: Some(
                    "web-0",
                ),
                failed_retry: Some(
                    "",
                ),
                failed_message: Some(
                    "no image",
                ),
                progressed_at: Some(
                    Timestamp(
                        9000000,
                    ),
                ),
                sidecars: [
                    SidecarStatus {
                        name: "proxy",
                        from: "workload",
                        image: "proxy:1",
                        updated: 1,
                        ready: 2,
                        restarts: 3,
                    },
                ],
                conditions: [
                    Condition {
                        kind: "Available",
                        status: "True",
                        last_transition: Some(
                            Timestamp(
                                10000000,
                            ),
                        ),
                        reason: "MinimumReplicasAvailable",
                        message: "enough",
                    },
                    Condition {
                        kind: "Other",
                        status: "",
                        last_transition: None,
                        reason: "",
                        message: "",
                    },
                ],
            },
        }
    "#]],
    );
}

#[test]
fn a_template_is_the_same_bytes_in_whatever_order_it_came() {
    let object = |template: &str| {
        format!(
            r#"{{"metadata":{{"name":"web","namespace":"shop","uid":"{UID}","resourceVersion":"42"}},
               "spec":{{"template":{template}}}}}"#
        )
    };
    let text = |template: &str| {
        let found = read_text(&object(template)).unwrap();
        String::from_utf8(found.template.to_vec()).unwrap()
    };
    let canonical = r#"{"a":{"x":[1,{"c":null,"d":"ä\n<"}],"y":-1.5},"b":true}"#;
    assert_eq!(text(canonical), canonical);
    assert_eq!(
        text(
            "{ \"b\" : true,\n \"a\": {\"y\":-1.50, \"x\": [1, {\"d\":\"\\u00e4\\u000a\\u003c\", \"c\":null}]} }"
        ),
        canonical
    );
}

#[test]
fn shares_are_numbers_or_percentages() {
    for (value, expected) in [
        (json!(0), Some(Share::Count(0))),
        (json!(-1), Some(Share::Count(-1))),
        (json!(2147483647), Some(Share::Count(i32::MAX))),
        (json!("7"), Some(Share::Count(7))),
        (json!("0%"), Some(Share::Percent(0))),
        (json!("150%"), Some(Share::Percent(150))),
        (json!(2147483648_i64), None),
        (json!(1.5), None),
        (json!("-1"), None),
        (json!("+1%"), None),
        (json!("%"), None),
        (json!(""), None),
        (json!("1%%"), None),
        (json!("ten"), None),
        (json!("99999999999%"), None),
        (json!(true), None),
        (json!([1]), None),
    ] {
        for field in ["maxSurge", "maxUnavailable", "partition"] {
            let found = read(&with(&format!("spec.rollout.{field}"), value.clone()));
            let Some(expected) = expected else {
                let error = format!("spec.rollout.{field}: not a number of pods or a percentage");
                assert_eq!(found.unwrap_err().to_string(), error, "{value}");
                continue;
            };
            let rollout = found.unwrap().rollout;
            let found = match field {
                "maxSurge" => rollout.max_surge,
                "maxUnavailable" => rollout.max_unavailable,
                _ => rollout.partition,
            };
            assert_eq!(found, expected, "{field} {value}");
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (path, value, error) in [
        ("metadata", json!([]), "metadata: not an object"),
        ("metadata.name", json!(""), "metadata.name: missing"),
        ("metadata.name", json!(5), "metadata.name: not a text"),
        ("metadata.namespace", Value::Null, "metadata.namespace: missing"),
        ("metadata.uid", json!("X"), "metadata.uid: not a UUID in canonical form: \"X\""),
        (
            "metadata.resourceVersion",
            json!("x"),
            "metadata.resourceVersion: not a decimal resource version: \"x\"",
        ),
        ("metadata.generation", json!("1"), "metadata.generation: not a whole number of 64 bits"),
        ("metadata.labels", json!(["app"]), "metadata.labels: not an object"),
        ("metadata.labels", json!({ "app": 1 }), "metadata.labels: not a text"),
        ("metadata.annotations", json!({ "app": null }), "metadata.annotations: missing"),
        (
            "metadata.deletionTimestamp",
            json!("now"),
            "metadata.deletionTimestamp: not a time in the form of RFC 3339",
        ),
        ("metadata.ownerReferences", json!({}), "metadata.ownerReferences: not a list"),
        ("metadata.ownerReferences", json!(["x"]), "metadata.ownerReferences: not an object"),
        (
            "metadata.ownerReferences",
            json!([{ "controller": "yes" }]),
            "metadata.ownerReferences.controller: not true or false",
        ),
        ("spec", json!("x"), "spec: not an object"),
        ("spec", Value::Null, "spec.template: missing"),
        ("spec.template", json!([]), "spec.template: not an object"),
        ("spec.replicas", json!("3"), "spec.replicas: not a whole number of 32 bits"),
        ("spec.replicas", json!(3_000_000_000_i64), "spec.replicas: not a whole number of 32 bits"),
        ("spec.replicas", json!(1.5), "spec.replicas: not a whole number of 32 bits"),
        ("spec.revision", json!(1), "spec.revision: not a text"),
        ("spec.restartedAt", json!(1), "spec.restartedAt: not a text"),
        ("spec.revisionHistoryLimit", json!({}), "spec.revisionHistoryLimit: not a whole number of 32 bits"),
        ("spec.rollout", json!(true), "spec.rollout: not an object"),
        ("spec.rollout.type", json!("Recreate"), "spec.rollout.type: not RollingUpdate or OnDelete"),
        ("spec.rollout.inPlace", json!("Always"), "spec.rollout.inPlace: not IfPossible, Only or Never"),
        ("spec.rollout.onFailure", json!(1), "spec.rollout.onFailure: not Pause or Rollback"),
        ("spec.rollout.paused", json!("no"), "spec.rollout.paused: not true or false"),
        (
            "spec.rollout.minReadySeconds",
            json!([]),
            "spec.rollout.minReadySeconds: not a whole number of 32 bits",
        ),
        (
            "spec.rollout.progressDeadlineSeconds",
            json!("600"),
            "spec.rollout.progressDeadlineSeconds: not a whole number of 32 bits",
        ),
        ("status", json!(1), "status: not an object"),
        ("status.observedGeneration", json!("1"), "status.observedGeneration: not a whole number of 64 bits"),
        ("status.replicas", json!("1"), "status.replicas: not a whole number of 32 bits"),
        ("status.selector", json!({}), "status.selector: not a text"),
        ("status.progressedAt", json!("soon"), "status.progressedAt: not a time in the form of RFC 3339"),
        ("status.sidecars", json!({}), "status.sidecars: not a list"),
        (
            "status.sidecars",
            json!([{ "ready": "1" }]),
            "status.sidecars.ready: not a whole number of 32 bits",
        ),
        ("status.sidecars", json!([{ "image": 1 }]), "status.sidecars.image: not a text"),
        ("status.conditions", json!([1]), "status.conditions: not an object"),
        (
            "status.conditions",
            json!([{ "lastTransitionTime": "" }]),
            "status.conditions.lastTransitionTime: not a time in the form of RFC 3339",
        ),
    ] {
        assert_eq!(read(&with(path, value.clone())).unwrap_err().to_string(), error, "{path} {value}");
    }
    let DecodeError::MalformedJson { field, .. } = read_text("{").unwrap_err() else { panic!() };
    assert_eq!(field, "SidecarWorkload");
}

#[test]
fn of_a_list_the_objects_that_cannot_be_read_take_no_other_with_them() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let deep = with("spec.template.main", json!("<deep>")).to_string().replace("\"<deep>\"", &deep);
    let named = |name: &str| with("metadata.name", json!(name)).to_string();
    let items = [
        named("a"),
        with("spec.replicas", json!("many")).to_string(),
        "7".to_owned(),
        deep,
        with("metadata", json!("none")).to_string(),
        named("z"),
    ]
    .join(",");
    let body = format!(
        r#"{{"apiVersion":"mainstay.dev/v1alpha1","items":[{items}],"kind":"SidecarWorkloadList",
           "metadata":{{"continue":"more","resourceVersion":"77","remainingItemCount":3}}}}"#
    );
    let page = list::decode(Kind::SidecarWorkload, body.as_bytes()).unwrap();
    let names: Vec<_> = page.objects.iter().map(|object| object.meta().name.to_string()).collect();
    assert_eq!(names, ["shop/a", "shop/z"]);
    let unreadable: Vec<_> =
        page.unreadable.iter().map(|(name, error)| format!("{name:?} {error}")).collect();
    check(
        &unreadable,
        expect![[r#"
        [
            "Some(shop/web) spec.replicas: not a whole number of 32 bits",
            "None SidecarWorkload: not an object",
            "Some(shop/web) SidecarWorkload: malformed JSON: recursion limit exceeded at line 1 column 328",
            "None metadata: not an object",
        ]
    "#]],
    );
    assert_eq!((page.version.0, page.continue_token.as_deref()), (77, Some("more")));
}

#[test]
fn lists_that_are_empty_or_none() {
    let decode = |text: &str| {
        let page = list::decode(Kind::SidecarWorkload, text.as_bytes());
        page.map(|page| (page.objects.len(), page.version.0, page.continue_token))
            .map_err(|error| error.to_string())
    };
    for items in ["", r#","items":null"#, r#","items":[]"#] {
        let text = format!(r#"{{"kind":"SidecarWorkloadList","metadata":{{"resourceVersion":"7"}}{items}}}"#);
        assert_eq!(decode(&text), Ok((0, 7, None)));
    }
    for (text, error) in [
        (r#"{"kind":"SidecarWorkloadList"}"#, "metadata.resourceVersion: missing"),
        (r#"{"kind":"PodList","metadata":{}}"#, "kind: expected SidecarWorkloadList, found \"PodList\""),
        ("{}", "kind: expected SidecarWorkloadList, found \"\""),
        ("", "list: malformed JSON: EOF while parsing a value at line 1 column 0"),
        ("k8s\0", "list: malformed JSON: expected value at line 1 column 1"),
    ] {
        assert_eq!(decode(text), Err(error.to_owned()));
    }
}
