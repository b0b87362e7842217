//! What a real apiserver sent is read as what it was told; see `captured/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use bytes::Bytes;
use expect_test::{Expect, expect};
use mainstay_model::{DeletePod, Kind, Object, ObjectName, PodSpec, Uid, Write};
use mainstay_wire::{Frame, FrameDecoder, answer, list};

fn captured(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured");
    std::fs::read(folder.join(name)).unwrap().into()
}

fn delete() -> Write {
    Write::DeletePod(DeletePod { pod: ObjectName::new("capture", "web-2"), uid: Uid(0) })
}

fn check(found: &impl std::fmt::Debug, expected: Expect) {
    expected.assert_eq(&format!("{found:#?}\n"));
}

/// One line for each frame, short enough to read.
fn lines(body: &Bytes, piece: usize) -> Vec<String> {
    let mut decoder = FrameDecoder::new(Kind::Pod);
    let mut lines = Vec::new();
    for piece in body.chunks(piece) {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(frame) = decoder.next().unwrap() {
            lines.push(match frame {
                Frame::Applied(object) => {
                    let meta = object.meta();
                    let labels = meta.labels.len();
                    format!("applied {} {labels} labels, deleting: {}", meta.name, meta.is_deleting())
                }
                Frame::Deleted(tombstone) => format!("deleted {} {}", tombstone.kind, tombstone.name),
                Frame::Bookmark { initial_events_end, .. } => format!("bookmark {initial_events_end}"),
                Frame::Error(status) => format!("{status:?}"),
                Frame::Unreadable { .. } => format!("{frame:?}"),
            });
        }
    }
    assert!(!decoder.is_inside_frame());
    lines
}

#[test]
fn a_page_of_pods() {
    let page = list::decode(Kind::Pod, &captured("pods-first-page.bin")).unwrap();
    check(
        &page,
        expect![[r#"
            ListPage {
                objects: [
                    Pod(
                        Pod {
                            meta: Meta {
                                name: capture/web-1,
                                uid: c58cdd90-3c59-4999-bb53-516a073b7180,
                                version: 149,
                                generation: 1,
                                labels: {
                                    "app": "web",
                                    "tier": "front",
                                },
                                owners: [
                                    OwnerReference {
                                        api_version: "v1",
                                        kind: "ReplicationController",
                                        name: "web",
                                        uid: Some(
                                            0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9,
                                        ),
                                        controller: true,
                                    },
                                    OwnerReference {
                                        api_version: "example.com/v1",
                                        kind: "Other",
                                        name: "other",
                                        uid: None,
                                        controller: false,
                                    },
                                ],
                                created: Some(
                                    Timestamp(
                                        1795444969000000,
                                    ),
                                ),
                                deleting: None,
                            },
                            phase: Running,
                            end_reason: None,
                            node: Some(
                                "node-1",
                            ),
                            ips: [],
                            hostname: None,
                            subdomain: None,
                            named_ports: [],
                            ready: true,
                            ready_since: Some(
                                Timestamp(
                                    1793527200000000,
                                ),
                            ),
                            deletion_cost: -7,
                            restarts: 4,
                            sidecar_restarts: 2,
                            workload: None,
                        },
                    ),
                ],
                unreadable: [],
                version: 149,
                continue_token: Some(
                    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTQ5LCJzdGFydCI6Ii93ZWItMVx1MDAwMCJ9",
                ),
            }
        "#]],
    );
}

#[test]
fn a_replication_controller() {
    let page = list::decode(Kind::ReplicationController, &captured("replicationcontrollers.bin")).unwrap();
    check(
        &page,
        expect![[r#"
            ListPage {
                objects: [
                    ReplicationController(
                        ReplicationController {
                            meta: Meta {
                                name: capture/web,
                                uid: 344b07b8-48de-4d8b-ab0e-7578dd456b38,
                                version: 145,
                                generation: 1,
                                labels: {
                                    "app": "web",
                                },
                                owners: [],
                                created: Some(
                                    Timestamp(
                                        1795444969000000,
                                    ),
                                ),
                                deleting: None,
                            },
                            replicas: 3,
                            min_ready_seconds: 5,
                            selector: Selector(
                                {
                                    "app": "web",
                                },
                            ),
                            template: Some(
                                PodTemplate {
                                    labels: {
                                        "app": "web",
                                        "tier": "front",
                                    },
                                    annotations: {
                                        "note": "kept",
                                    },
                                    finalizers: [
                                        "example.com/hold",
                                    ],
                                    spec: Protobuf(
                                        b"\x12e\n\x04main\x12\x17registry.example/main:1*\0B\x0e\x12\x0c\n\x03cpu\x12\x05\n\x0310mj\x14/dev/termination-logr\x0cIfNotPresent\x80\x01\0\x88\x01\0\x90\x01\0\xa2\x01\x04File\x1a\x06Always \x1e2\x0cClusterFirstB\0J\0R\0X\0`\0h\0r\0\x82\x01\0\x8a\x01\0\x9a\x01\x11default-scheduler\xa2\x01`\n\x04side\x12\x17registry.example/side:1*\0B\0j\x14/dev/termination-logr\x0cIfNotPresent\x80\x01\0\x88\x01\0\x90\x01\0\xa2\x01\x04File\xc2\x01\x06Always\xc2\x01\0",
                                    ),
                                },
                            ),
                            status: ReplicationControllerStatus {
                                replicas: 0,
                                fully_labeled_replicas: 0,
                                ready_replicas: 0,
                                available_replicas: 0,
                                observed_generation: 0,
                                conditions: [],
                            },
                        },
                    ),
                ],
                unreadable: [],
                version: 149,
                continue_token: None,
            }
        "#]],
    );
}

#[test]
fn metadata_of_pods() {
    let page = list::decode_metadata(&captured("pods-metadata.bin")).unwrap();
    check(
        &page,
        expect![[r#"
        MetadataPage {
            entries: [
                (
                    c58cdd90-3c59-4999-bb53-516a073b7180,
                    149,
                ),
                (
                    faf1c8cf-50d7-4a54-ab9a-cb9caca14452,
                    147,
                ),
            ],
            version: 149,
            continue_token: None,
        }
    "#]],
    );
    assert_eq!(answer::newest_version(&captured("pods-metadata.bin")), Ok(page.version));
}

#[test]
fn a_live_read() {
    check(
        &answer::read(Kind::Pod, 200, &captured("pod-metadata.bin")),
        expect![[r#"
        Found(
            Found {
                uid: c58cdd90-3c59-4999-bb53-516a073b7180,
                version: 149,
                deleting: false,
                controller: Some(
                    0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9,
                ),
            },
        )
    "#]],
    );
}

#[test]
fn a_lease() {
    check(
        &answer::lease(&captured("lease.bin")),
        expect![[r#"
        Ok(
            ObservedLease {
                record: LeaseRecord {
                    holder: "first",
                    duration_seconds: 15,
                    acquired: Some(
                        Timestamp(
                            1793527200123456,
                        ),
                    ),
                    renewed: Some(
                        Timestamp(
                            1793527205654321,
                        ),
                    ),
                    transitions: 2,
                },
                version: 148,
            },
        )
    "#]],
    );
}

#[test]
fn a_watch_that_begins_with_a_list_and_goes_on_with_changes() {
    let body = captured("watch-list.bin");
    check(
        &lines(&body, body.len()),
        expect![[r#"
        [
            "applied capture/web-1 2 labels, deleting: false",
            "applied capture/web-2 1 labels, deleting: false",
            "bookmark true",
            "applied capture/web-1 3 labels, deleting: false",
            "applied capture/web-2 1 labels, deleting: true",
            "deleted Pod capture/web-2",
            "bookmark false",
        ]
    "#]],
    );
}

#[test]
fn a_watch_may_arrive_in_any_pieces() {
    let body = captured("watch-list.bin");
    let whole = lines(&body, body.len());
    for piece in [1, 2, 3, 5, 7, 100, 1000, 4096] {
        assert_eq!(lines(&body, piece), whole, "in pieces of {piece}");
    }
}

#[test]
fn a_watch_from_a_version_that_is_too_old() {
    let body = captured("watch-expired.bin");
    check(
        &lines(&body, body.len()),
        expect![[r#"
        [
            "ServerStatus { code: 410, reason: \"Expired\", message: \"too old resource version: 1 (165)\", cause_reasons: [], retry_after: None }",
        ]
    "#]],
    );
}

#[test]
fn errors_in_both_encodings() {
    assert_eq!(
        answer::status(404, &captured("not-found.bin")),
        answer::status(404, &captured("not-found.json"))
    );
    let found: Vec<_> = [
        (404, "not-found.bin"),
        (409, "already-exists.bin"),
        (409, "uid-conflict.bin"),
        (403, "namespace-terminating.bin"),
        (403, "quota.bin"),
    ]
    .map(|(code, name)| answer::status(code, &captured(name)))
    .into();
    check(
        &found,
        expect![[r#"
        [
            ServerStatus {
                code: 404,
                reason: "NotFound",
                message: "pods \"absent\" not found",
                cause_reasons: [],
                retry_after: None,
            },
            ServerStatus {
                code: 409,
                reason: "AlreadyExists",
                message: "pods \"web-2\" already exists, the server was not able to generate a unique name for the object",
                cause_reasons: [],
                retry_after: Some(
                    1s,
                ),
            },
            ServerStatus {
                code: 409,
                reason: "Conflict",
                message: "Operation cannot be fulfilled on Pod \"web-2\": the UID in the precondition (00000000-0000-0000-0000-000000000000) does not match the UID in record (faf1c8cf-50d7-4a54-ab9a-cb9caca14452). The object might have been deleted and then recreated",
                cause_reasons: [],
                retry_after: None,
            },
            ServerStatus {
                code: 403,
                reason: "Forbidden",
                message: "pods \"web-3\" is forbidden: unable to create new content in namespace capture because it is being terminated",
                cause_reasons: [
                    "NamespaceTerminating",
                ],
                retry_after: None,
            },
            ServerStatus {
                code: 403,
                reason: "Forbidden",
                message: "pods \"web-3\" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0",
                cause_reasons: [],
                retry_after: None,
            },
        ]
    "#]],
    );
}

#[test]
fn a_delete_whose_uid_is_gone_has_succeeded() {
    let outcome = answer::outcome(&delete(), 409, None, &captured("uid-conflict.bin"));
    check(
        &outcome,
        expect![[r#"
        Acknowledged {
            version: None,
        }
    "#]],
    );
    let outcome = answer::outcome(&delete(), 404, None, &captured("not-found.bin"));
    check(
        &outcome,
        expect![[r#"
        Acknowledged {
            version: None,
        }
    "#]],
    );
}

#[test]
fn the_spec_of_a_template_is_the_bytes_that_were_sent() {
    let body = captured("replicationcontrollers.bin");
    let page = list::decode(Kind::ReplicationController, &body).unwrap();
    let Object::ReplicationController(controller) = &page.objects[0] else { panic!("not of that kind") };
    let PodSpec::Protobuf(spec) = &controller.template.as_ref().unwrap().spec else { panic!("not protobuf") };
    assert!(body.windows(spec.len()).any(|window| window == spec));
}
