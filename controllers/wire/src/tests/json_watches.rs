use bytes::Bytes;
use mainstay_model::{Kind, ObjectName, ResourceVersion, Tombstone, Uid};
use serde_json::{Value, json};

use super::UID;
use crate::watch::{Frame, FrameDecoder};
use crate::{FrameError, ServerStatus};

const FRAME_LIMIT: usize = 64 * 1024 * 1024;

fn workload(version: u64) -> Value {
    json!({
        "apiVersion": "mainstay.dev/v1alpha1",
        "kind": "SidecarWorkload",
        "metadata": { "name": "web", "namespace": "shop", "uid": UID, "resourceVersion": version.to_string() },
        "spec": { "template": {} },
    })
}

fn line(event_type: &str, object: &Value) -> String {
    format!("{}\n", json!({ "type": event_type, "object": object }))
}

/// The frames of a body that comes in pieces of that size.
fn frames(body: &str, piece: usize) -> Vec<Frame> {
    let mut decoder = FrameDecoder::new(Kind::SidecarWorkload);
    let mut frames = Vec::new();
    for piece in body.as_bytes().chunks(piece) {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(frame) = decoder.next().unwrap() {
            frames.push(frame);
        }
    }
    assert!(!decoder.is_inside_frame());
    frames
}

fn frame(line: &str) -> Frame {
    let mut frames = frames(line, line.len());
    assert_eq!(frames.len(), 1);
    frames.pop().unwrap()
}

fn unreadable(frame: Frame) -> (String, String) {
    let Frame::Unreadable { object, version, error } = frame else { panic!("readable: {frame:?}") };
    (format!("{object:?} {version:?}"), error.to_string())
}

fn bookmark(version: u64, annotations: Value) -> Value {
    json!({
        "apiVersion": "mainstay.dev/v1alpha1",
        "kind": "SidecarWorkload",
        "metadata": {
            "creationTimestamp": null, "resourceVersion": version.to_string(), "annotations": annotations,
        },
        "spec": null,
    })
}

#[test]
fn lines_may_come_in_any_pieces() {
    let body = [
        line("ADDED", &workload(5)),
        "\n \r\n".to_owned(),
        line("BOOKMARK", &bookmark(6, Value::Null)),
        line("MODIFIED", &workload(7)).replace('\n', "\r\n"),
        line("DELETED", &workload(8)),
    ]
    .concat();
    for piece in [1, 2, 7, 100, body.len()] {
        let words: Vec<String> = frames(&body, piece)
            .into_iter()
            .map(|frame| match frame {
                Frame::Applied(object) => format!("applied {}@{}", object.meta().name, object.meta().version),
                Frame::Deleted(tombstone) => format!("deleted {}@{}", tombstone.name, tombstone.version),
                Frame::Bookmark { version, initial_events_end } => {
                    format!("bookmark {version} {initial_events_end}")
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            words,
            ["applied shop/web@5", "bookmark 6 false", "applied shop/web@7", "deleted shop/web@8"]
        );
    }
}

#[test]
fn a_line_that_is_not_complete_is_waited_for() {
    let mut decoder = FrameDecoder::new(Kind::SidecarWorkload);
    let line = line("ADDED", &workload(5));
    decoder.push(Bytes::copy_from_slice(line.trim_end().as_bytes()));
    assert_eq!(decoder.next(), Ok(None));
    assert!(decoder.is_inside_frame());
    decoder.push(Bytes::from_static(b"\n"));
    assert!(matches!(decoder.next(), Ok(Some(Frame::Applied(_)))));
    assert!(!decoder.is_inside_frame());
}

#[test]
fn bookmarks_say_where_the_initial_events_end() {
    for (annotations, initial_events_end) in [
        (Value::Null, false),
        (json!({}), false),
        (json!({ "k8s.io/initial-events-end": "true" }), true),
        (json!({ "k8s.io/initial-events-end": "false" }), false),
    ] {
        let expected = Frame::Bookmark { version: ResourceVersion(77), initial_events_end };
        assert_eq!(frame(&line("BOOKMARK", &bookmark(77, annotations))), expected);
    }
}

#[test]
fn an_object_that_is_gone_needs_no_more_than_its_metadata() {
    let mut gone = workload(9);
    gone["spec"] = json!("nonsense");
    let tombstone = Tombstone {
        kind: Kind::SidecarWorkload,
        name: ObjectName::new("shop", "web"),
        uid: Uid::parse(UID).unwrap(),
        version: ResourceVersion(9),
    };
    assert_eq!(frame(&line("DELETED", &gone)), Frame::Deleted(tombstone));
}

#[test]
fn a_status_is_an_error_whatever_the_type_says() {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "too old",
        "reason": "Expired", "code": 410,
    });
    let expected = ServerStatus {
        code: 410,
        reason: "Expired".to_owned(),
        message: "too old".to_owned(),
        ..ServerStatus::default()
    };
    for event_type in ["ERROR", "ADDED", ""] {
        assert_eq!(frame(&line(event_type, &status)), Frame::Error(expected.clone()));
    }
    let (_, error) = unreadable(frame(&line("ERROR", &json!({ "kind": "Status", "code": "x" }))));
    assert_eq!(error, "object: a Status that cannot be read");
}

#[test]
fn what_cannot_be_read_is_said_and_the_stream_goes_on() {
    let mut many = workload(42);
    many["spec"]["replicas"] = json!("many");
    let nowhere = "None None";
    let web = "Some(shop/web) Some(42)";
    for (line, identity, error) in [
        (line("MODIFIED", &many), web, "spec.replicas: not a whole number of 32 bits"),
        (line("RENAMED", &workload(42)), web, "type: \"RENAMED\" is no type of watch event"),
        (line("BOOKMARK", &bookmark(0, json!(5))), nowhere, "metadata.annotations: not an object"),
        (line("ADDED", &Value::Null), nowhere, "object: missing"),
        (line("ADDED", &json!({ "kind": "Pod" })), nowhere, "kind: expected SidecarWorkload, found \"Pod\""),
        (line("ADDED", &json!({})), nowhere, "kind: expected SidecarWorkload, found \"\""),
        ("{}\n".to_owned(), nowhere, "object: missing"),
        (
            "{\"type\":\n".to_owned(),
            nowhere,
            "watch event: malformed JSON: EOF while parsing a value at line 1 column 8",
        ),
        (
            "\0\0\0\u{1}\n".to_owned(),
            nowhere,
            "watch event: malformed JSON: expected value at line 1 column 1",
        ),
    ] {
        let body = line + &self::line("ADDED", &workload(43));
        let mut frames = frames(&body, 16).into_iter();
        assert_eq!(unreadable(frames.next().unwrap()), (identity.to_owned(), error.to_owned()));
        assert!(matches!(frames.next(), Some(Frame::Applied(_))));
    }
}

#[test]
fn an_object_that_is_too_deep_is_one_that_cannot_be_read() {
    let depth = 100_000;
    let mut object = workload(42);
    object["spec"]["template"] = json!("<deep>");
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let line = line("ADDED", &object).replace("\"<deep>\"", &deep);
    let (identity, error) = unreadable(frame(&line));
    assert_eq!(identity, "Some(shop/web) Some(42)");
    assert!(error.starts_with("SidecarWorkload: malformed JSON: recursion limit exceeded"), "{error}");
}

#[test]
fn a_line_beyond_the_limit_ends_the_stream() {
    let mut decoder = FrameDecoder::new(Kind::SidecarWorkload);
    decoder.push(Bytes::from(vec![b' '; FRAME_LIMIT]));
    assert_eq!(decoder.next(), Ok(None));
    decoder.push(Bytes::from_static(b" "));
    let error = Err(FrameError::TooLong { length: FRAME_LIMIT + 1, limit: FRAME_LIMIT });
    assert_eq!(decoder.next(), error);
    decoder.push(Bytes::from_static(b"\n"));
    assert_eq!(decoder.next(), error);
}
