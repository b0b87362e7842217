//! Whatever bytes arrive, the answer is a value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use bytes::Bytes;
use mainstay_model::{DeletePod, Kind, ObjectName, Uid, Write};
use mainstay_wire::{FrameDecoder, FrameError, answer, list};
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
