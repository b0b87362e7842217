use mainstay_model::{Kind, Object, Timestamp};

use super::{UID, entries, field, metadata, number, read, read_damaged, text};
use crate::convert::object;
use crate::protobuf::apps::ControllerRevision;
use crate::protobuf::meta::ObjectMeta;

fn revision(annotations: &[(&str, &str)]) -> mainstay_model::ControllerRevision {
    let metadata = ObjectMeta { annotations: entries(annotations), ..metadata() };
    let message = ControllerRevision { metadata: Some(metadata), ..ControllerRevision::default() };
    let Ok(Object::ControllerRevision(revision)) = read(Kind::ControllerRevision, &message) else {
        panic!("not read: {message:?}")
    };
    (*revision).clone()
}

#[test]
fn a_revision_of_which_nothing_is_said() {
    let revision = revision(&[]);
    assert_eq!((revision.number, revision.healthy_at, revision.data.len()), (0, None, 0));
}

#[test]
fn when_a_revision_was_healthy_is_a_time_or_nothing() {
    for (healthy_at, expected) in [
        ("2026-09-21T14:13:20Z", Some(Timestamp::from_seconds(1_790_000_000))),
        ("2026-09-21T16:13:20.5+02:00", Some(Timestamp(1_790_000_000_500_000))),
        ("2026-09-21", None),
        ("yesterday", None),
        ("", None),
    ] {
        let revision = revision(&[("mainstay.dev/healthy-at", healthy_at), ("note", "2020-01-01T00:00:00Z")]);
        assert_eq!(revision.healthy_at, expected, "{healthy_at}");
    }
    let metadata = ObjectMeta { annotations: entries(&[("mainstay.dev/healthy-at", "")]), ..metadata() };
    let mut message = ControllerRevision { metadata: Some(metadata), ..ControllerRevision::default() };
    message.metadata.as_mut().unwrap().annotations[0].value = b"\xff"[..].into();
    let Ok(Object::ControllerRevision(revision)) = read(Kind::ControllerRevision, &message) else { panic!() };
    assert_eq!(revision.healthy_at, None);
}

/// Byte for byte after api/apps/v1/generated.proto.
#[test]
fn the_bytes_are_those_of_the_api() {
    let label = [field(1, b"mainstay.dev/workload"), field(2, b"web")].concat();
    let healthy = [field(1, b"mainstay.dev/healthy-at"), field(2, b"1970-01-01T00:00:07Z")].concat();
    let metadata = [
        field(1, b"web-1"),
        field(3, b"shop"),
        field(5, UID.as_bytes()),
        field(6, b"42"),
        field(11, &label),
        field(12, &healthy),
    ];
    let data = field(1, br#"{"main":{}}"#);
    let bytes = [field(1, &metadata.concat()), field(2, &data), number(3, 7)].concat();
    let Ok(Object::ControllerRevision(revision)) =
        object::object(Kind::ControllerRevision, bytes.clone().into())
    else {
        panic!("not read")
    };
    assert_eq!(revision.meta.name.to_string(), "shop/web-1");
    assert_eq!(revision.meta.labels.get("mainstay.dev/workload"), Some(&"web".into()));
    assert_eq!((revision.number, &revision.data[..]), (7, &br#"{"main":{}}"#[..]));
    assert_eq!(revision.healthy_at, Some(Timestamp::from_seconds(7)));
    read_damaged(Kind::ControllerRevision, &bytes);
}

#[test]
fn what_is_kept_of_a_revision_does_not_keep_what_was_received() {
    let message = ControllerRevision {
        metadata: Some(metadata()),
        data: Some(crate::protobuf::runtime::RawExtension { raw: text("{}") }),
        revision: 1,
    };
    let received = bytes::Bytes::from(prost::Message::encode_to_vec(&message));
    let object = object::object(Kind::ControllerRevision, received.clone());
    assert!(object.is_ok());
    assert!(received.is_unique());
}
