//! Whatever bytes arrive, the answer is a value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use bytes::Bytes;
use mainstay_model::{DeletePod, Kind, ObjectName, Uid, Write};
use mainstay_wire::{Frame, FrameDecoder, FrameError, answer, list};
use proptest::prelude::*;

const CAPTURED: [&str; 9] = [
    "pods-first-page.bin",
    "pods-metadata.bin",
    "pod-metadata.bin",
    "replicationcontrollers.bin",
    "lease.bin",
    "watch-list.bin",
    "watch-expired.bin",
    "namespace-terminating.bin",
    "not-found.json",
];

fn captured(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured").join(name)).unwrap()
}

/// Reads bytes in every way there is.
fn read(bytes: &[u8], code: u16, piece: usize) {
    let write = Write::DeletePod(DeletePod { pod: ObjectName::new("shop", "web"), uid: Uid(1) });
    for kind in Kind::ALL {
        let _ = list::decode(kind, bytes);
        let _ = answer::read(kind, code, bytes);
        let mut decoder = FrameDecoder::new(kind);
        for piece in bytes.chunks(piece) {
            decoder.push(Bytes::copy_from_slice(piece));
            while let Ok(Some(_)) = decoder.next() {}
        }
    }
    let _ = list::decode_metadata(bytes);
    let _ = answer::newest_version(bytes);
    let _ = answer::lease(bytes);
    let _ = answer::status(code, bytes);
    let _ = answer::outcome(&write, code, None, bytes);
}

const WORKLOAD: &str = r#"{"apiVersion":"mainstay.dev/v1alpha1","kind":"SidecarWorkload","metadata":{"name":"web",
"namespace":"shop","uid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","resourceVersion":"42","generation":3,
"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"web"},"annotations":{"mainstay.dev/retry":"1"},
"ownerReferences":[{"apiVersion":"v1","kind":"Other","name":"o","uid":"x","controller":true}]},
"spec":{"replicas":3,"template":{"main":{"name":"main","image":"main:1","env":[{"name":"A","value":"\u00e4"}]}},
"rollout":{"type":"RollingUpdate","maxSurge":1,"maxUnavailable":"25%","partition":0,"paused":false}},
"status":{"observedGeneration":3,"replicas":3,"progressedAt":"2026-01-01T00:00:00Z",
"sidecars":[{"name":"proxy","from":"workload","image":"p:1","updated":1,"ready":1,"restarts":0}],
"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z","reason":"R","message":"m"}]}}"#;

fn workload() -> String {
    WORKLOAD.replace('\n', "")
}

fn workload_watch() -> String {
    let workload = workload();
    let bookmark = r#"{"kind":"SidecarWorkload","metadata":{"resourceVersion":"43","annotations":{"k8s.io/initial-events-end":"true"}}}"#;
    let status = r#"{"kind":"Status","code":410,"reason":"Expired","message":"too old","details":{"causes":[{"reason":"R"}]}}"#;
    [
        ("ADDED", &*workload),
        ("BOOKMARK", bookmark),
        ("MODIFIED", &workload),
        ("DELETED", &workload),
        ("ERROR", status),
    ]
    .map(|(event_type, object)| format!("{{\"type\":\"{event_type}\",\"object\":{object}}}\n"))
    .concat()
}

fn workload_list() -> String {
    let workload = workload();
    format!(
        r#"{{"kind":"SidecarWorkloadList","metadata":{{"resourceVersion":"44","continue":"more"}},"items":[{workload},{workload}]}}"#
    )
}

fn frames(bytes: &[u8], piece: usize) -> Vec<Frame> {
    let mut decoder = FrameDecoder::new(Kind::SidecarWorkload);
    let mut frames = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(frame) = decoder.next().unwrap() {
            frames.push(frame);
        }
    }
    frames
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), code in 0_u16..1000, piece in 1_usize..50) {
        read(&bytes, code, piece);
        read(&[b"k8s\0", &*bytes].concat(), code, piece);
    }

    #[test]
    fn damaged_answers(
        which in 0..CAPTURED.len(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<proptest::sample::Index>(),
        code in 0_u16..1000,
        piece in 1_usize..5000,
    ) {
        let mut bytes = captured(CAPTURED[which]);
        for (position, value) in damage {
            let position = position.index(bytes.len());
            bytes[position] = value;
        }
        read(&bytes, code, piece);
        bytes.truncate(cut.index(bytes.len()));
        read(&bytes, code, piece);
    }

    #[test]
    fn damaged_json(
        which in 0..2_usize,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<proptest::sample::Index>(),
        code in 0_u16..1000,
        piece in 1_usize..500,
    ) {
        let mut bytes = [workload_watch(), workload_list()][which].clone().into_bytes();
        for (position, value) in damage {
            let position = position.index(bytes.len());
            bytes[position] = value;
        }
        read(&bytes, code, piece);
        bytes.truncate(cut.index(bytes.len()));
        read(&bytes, code, piece);
    }

    #[test]
    fn a_damaged_line_takes_no_other_with_it(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        piece in 1_usize..500,
    ) {
        let whole = workload_watch();
        let mut bytes = whole.clone().into_bytes();
        for (position, value) in damage {
            let position = position.index(bytes.len());
            // Another end of a line would be another line.
            if bytes[position] != b'\n' && value != b'\n' {
                bytes[position] = value;
            }
        }
        let (damaged, whole) = (frames(&bytes, piece), frames(whole.as_bytes(), piece));
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let intact: Vec<bool> = lines.zip(workload_watch().split_inclusive('\n'))
            .map(|(damaged, whole)| damaged == whole.as_bytes())
            .collect();
        prop_assert_eq!(damaged.len(), whole.len());
        for ((damaged, whole), intact) in damaged.iter().zip(&whole).zip(intact) {
            prop_assert!(!intact || damaged == whole, "{:?}", damaged);
        }
    }

    #[test]
    fn a_frame_beyond_the_limit_ends_the_stream(length in 64_u32 * 1024 * 1024 + 1..=u32::MAX) {
        let mut decoder = FrameDecoder::new(Kind::Pod);
        decoder.push(Bytes::copy_from_slice(&length.to_be_bytes()));
        let error = FrameError::TooLong { length: length as usize, limit: 64 * 1024 * 1024 };
        prop_assert_eq!(decoder.next(), Err(error.clone()));
        decoder.push(Bytes::from_static(&[0; 100]));
        prop_assert_eq!(decoder.next(), Err(error));
    }
}

#[test]
fn a_frame_that_is_not_there_yet_is_waited_for() {
    let mut decoder = FrameDecoder::new(Kind::Pod);
    for piece in [&[0_u8][..], &[0, 1], &[0], &[1; 255]] {
        decoder.push(Bytes::copy_from_slice(piece));
        assert_eq!(decoder.next(), Ok(None));
        assert!(decoder.is_inside_frame());
    }
    decoder.push(Bytes::from_static(&[1]));
    assert!(matches!(decoder.next(), Ok(Some(_))));
    assert!(!decoder.is_inside_frame());
    assert_eq!(decoder.next(), Ok(None));
}
