use mainstay_model::{Kind, Meta, Timestamp, Uid};

use super::{UID, entries, metadata, read, text};
use crate::error::DecodeError;
use crate::protobuf::core::Pod;
use crate::protobuf::meta::{ObjectMeta, OwnerReference, Time};

fn meta(metadata: ObjectMeta) -> Result<Meta, DecodeError> {
    let pod = Pod { metadata: Some(metadata), ..Pod::default() };
    read(Kind::Pod, &pod).map(|object| object.meta().clone())
}

#[test]
fn what_no_object_lacks_is_named_where_it_is_wrong() {
    let change = |change: fn(&mut ObjectMeta)| {
        let mut changed = metadata();
        change(&mut changed);
        meta(changed).unwrap_err().to_string()
    };
    for (error, expected) in [
        (change(|meta| meta.name = text("")), "metadata.name: missing"),
        (change(|meta| meta.name = b"\xff"[..].into()), "metadata.name: not UTF-8"),
        (change(|meta| meta.namespace = text("")), "metadata.namespace: missing"),
        (change(|meta| meta.uid = text("")), "metadata.uid: missing"),
        (
            change(|meta| meta.uid = text("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9")),
            "metadata.uid: not a UUID in canonical form: \"0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9\"",
        ),
        (change(|meta| meta.resource_version = text("")), "metadata.resourceVersion: missing"),
        (
            change(|meta| meta.resource_version = text("4x")),
            "metadata.resourceVersion: not a decimal resource version: \"4x\"",
        ),
        (
            change(|meta| meta.resource_version = text("18446744073709551616")),
            "metadata.resourceVersion: not a decimal resource version: \"18446744073709551616\"",
        ),
        (
            change(|meta| {
                meta.labels = entries(&[("app", "web")]);
                meta.labels[0].value = b"\xc3"[..].into();
            }),
            "metadata.labels: not UTF-8",
        ),
    ] {
        assert_eq!(error, expected);
    }
    let nothing = read(Kind::Pod, &Pod::default()).unwrap_err();
    assert_eq!(nothing, DecodeError::Missing { field: "metadata.name" });
}

#[test]
fn owners_are_data_whatever_they_say() {
    let owner = |uid: &[u8], controller| OwnerReference {
        kind: text("ReplicationController"),
        name: b"\xff"[..].into(),
        uid: uid.to_vec().into(),
        api_version: text("v1"),
        controller,
        block_owner_deletion: None,
    };
    let owner_references = vec![
        owner(b"not-a-uuid", Some(true)),
        owner(b"\xff", Some(false)),
        owner(UID.as_bytes(), None),
        OwnerReference::default(),
    ];
    let meta = meta(ObjectMeta { owner_references, ..metadata() }).unwrap();
    let found: Vec<_> = meta.owners.iter().map(|owner| (&*owner.name, owner.uid, owner.controller)).collect();
    let uid = Uid::parse(UID).ok();
    assert_eq!(
        found,
        [("\u{fffd}", None, true), ("\u{fffd}", None, false), ("\u{fffd}", uid, false), ("", None, false)]
    );
}

#[test]
fn the_last_of_equal_labels_counts() {
    let labels = entries(&[("app", "one"), ("app", "two")]);
    let meta = meta(ObjectMeta { labels, ..metadata() }).unwrap();
    assert_eq!(meta.labels, [("app", "two")].into_iter().collect());
}

#[test]
fn times() {
    let time = |seconds, nanos| Some(Time { seconds, nanos });
    for (message, expected) in [
        (None, None),
        (time(None, None), None),
        (time(Some(-62_135_596_800), Some(0)), None),
        (time(Some(0), Some(0)), Some(Timestamp(0))),
        (time(None, Some(5)), Some(Timestamp(0))),
        (time(Some(1), Some(999_999_999)), Some(Timestamp(1_000_000))),
        (time(Some(-1), Some(-1)), Some(Timestamp(-1_000_000))),
        (time(Some(i64::MAX), Some(i32::MAX)), Some(Timestamp(i64::MAX))),
        (time(Some(i64::MIN), Some(i32::MIN)), Some(Timestamp(i64::MIN))),
    ] {
        let shown = format!("{message:?}");
        let meta = meta(ObjectMeta { deletion_timestamp: message, ..metadata() }).unwrap();
        assert_eq!(meta.deleting, expected, "{shown}");
    }
}

#[test]
fn a_generation_is_not_judged() {
    let meta = meta(ObjectMeta { generation: -5, ..metadata() }).unwrap();
    assert_eq!(meta.generation, -5);
}
