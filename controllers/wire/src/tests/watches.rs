use bytes::Bytes;
use mainstay_model::{Kind, ObjectName, ResourceVersion, Tombstone, Uid};
use prost::Message;

use super::{UID, entries, metadata, text};
use crate::error::DecodeError;
use crate::protobuf::core::Pod;
use crate::protobuf::meta::{ObjectMeta, WatchEvent};
use crate::protobuf::runtime::{RawExtension, Unknown};
use crate::protobuf::status::Status;
use crate::watch::{Frame, FrameDecoder};
use crate::{ServerStatus, envelope};

fn frame(event: &[u8]) -> Frame {
    let mut decoder = FrameDecoder::new(Kind::Pod);
    decoder.push(Bytes::copy_from_slice(&(event.len() as u32).to_be_bytes()));
    decoder.push(Bytes::copy_from_slice(event));
    let frame = decoder.next().unwrap().unwrap();
    assert_eq!(decoder.next(), Ok(None));
    frame
}

fn event(event_type: &str, object: Bytes) -> Frame {
    let event = WatchEvent { event_type: text(event_type), object: Some(RawExtension { raw: object }) };
    frame(&event.encode_to_vec())
}

fn pod(metadata: ObjectMeta) -> Bytes {
    envelope::seal("v1", "Pod", &Pod { metadata: Some(metadata), ..Pod::default() })
}

fn unreadable(frame: Frame) -> (String, String) {
    let Frame::Unreadable { object, version, error } = frame else { panic!("readable: {frame:?}") };
    (format!("{object:?} {version:?}"), error.to_string())
}

#[test]
fn an_object_that_is_gone_needs_no_more_than_its_identity() {
    let bad_label = ObjectMeta { labels: entries(&[("app", "web")]), ..metadata() };
    let mut gone = bad_label.clone();
    gone.labels[0].value = b"\xff"[..].into();
    let tombstone = Tombstone {
        kind: Kind::Pod,
        name: ObjectName::new("shop", "web"),
        uid: Uid::parse(UID).unwrap(),
        version: ResourceVersion(42),
    };
    assert_eq!(event("DELETED", pod(gone)), Frame::Deleted(tombstone));
}

#[test]
fn bookmarks() {
    let bookmark = |annotations: &[(&str, &str)]| {
        let annotations = entries(annotations);
        event(
            "BOOKMARK",
            pod(ObjectMeta { resource_version: text("77"), annotations, ..ObjectMeta::default() }),
        )
    };
    let expected = |initial_events_end| Frame::Bookmark { version: ResourceVersion(77), initial_events_end };
    assert_eq!(bookmark(&[]), expected(false));
    assert_eq!(bookmark(&[("k8s.io/initial-events-end", "true")]), expected(true));
    assert_eq!(bookmark(&[("k8s.io/initial-events-end", "false")]), expected(false));
    let (_, error) = unreadable(event("BOOKMARK", pod(ObjectMeta::default())));
    assert_eq!(error, "metadata.resourceVersion: missing");
}

#[test]
fn a_status_is_an_error_whatever_the_type_says() {
    let status = Status { message: text("too old"), reason: text("Expired"), details: None, code: 410 };
    let expected = ServerStatus {
        code: 410,
        reason: "Expired".to_owned(),
        message: "too old".to_owned(),
        ..ServerStatus::default()
    };
    for event_type in ["ERROR", "ADDED", ""] {
        assert_eq!(
            event(event_type, envelope::seal("v1", "Status", &status)),
            Frame::Error(expected.clone())
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_and_the_stream_goes_on() {
    let upper = ObjectMeta { uid: text("UPPER"), ..metadata() };
    let compressed = Unknown { content_encoding: text("gzip"), ..Unknown::default() };
    let compressed = [b"k8s\0", &*compressed.encode_to_vec()].concat();
    for (frame, expected) in [
        (
            event("MODIFIED", pod(upper.clone())),
            ("Some(shop/web) Some(42)", "metadata.uid: not a UUID in canonical form: \"UPPER\""),
        ),
        (
            event("DELETED", pod(upper)),
            ("Some(shop/web) Some(42)", "metadata.uid: not a UUID in canonical form: \"UPPER\""),
        ),
        (
            event("RENAMED", pod(metadata())),
            ("Some(shop/web) Some(42)", "type: \"RENAMED\" is no type of watch event"),
        ),
        (event("ADDED", Bytes::new()), ("None None", "object: not a Kubernetes protobuf message")),
        (event("ADDED", text("{}")), ("None None", "object: not a Kubernetes protobuf message")),
        (event("ADDED", compressed.into()), ("None None", "object: encoding \"gzip\" is not understood")),
        (
            event("ADDED", envelope::seal("v1", "Secret", &Pod::default())),
            ("None None", "kind: expected Pod, found \"Secret\""),
        ),
        (frame(&[]), ("None None", "object: missing")),
    ] {
        let (identity, error) = unreadable(frame);
        assert_eq!((&*identity, &*error), expected);
    }
    let Frame::Unreadable { error: DecodeError::Malformed { field, .. }, .. } = frame(&[0xff]) else {
        panic!("readable")
    };
    assert_eq!(field, "watch event");
}
