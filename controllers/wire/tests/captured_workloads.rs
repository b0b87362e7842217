//! What a real apiserver sent of a custom kind is read as what it was told; see `captured/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use bytes::Bytes;
use mainstay_model::{Kind, Object, Share, SidecarWorkload};
use mainstay_wire::{Frame, FrameDecoder, list};

fn captured(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured");
    std::fs::read(folder.join(name)).unwrap().into()
}

fn workload(object: &Object) -> &SidecarWorkload {
    let Object::SidecarWorkload(workload) = object else { panic!("{object:?}") };
    workload
}

fn frames(name: &str, piece: usize) -> Vec<Frame> {
    let mut decoder = FrameDecoder::new(Kind::SidecarWorkload);
    let mut frames = Vec::new();
    for piece in captured(name).chunks(piece) {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(frame) = decoder.next().unwrap() {
            frames.push(frame);
        }
    }
    assert!(!decoder.is_inside_frame());
    frames
}

#[test]
fn a_list_and_its_metadata_speak_of_the_same_object() {
    let page = list::decode(Kind::SidecarWorkload, &captured("sidecarworkloads.json")).unwrap();
    assert_eq!((page.objects.len(), page.unreadable.len(), page.continue_token), (1, 0, None));
    let workload = workload(&page.objects[0]);
    assert_eq!(workload.meta.name.to_string(), "capture/web");
    assert_eq!((workload.meta.generation, workload.replicas), (1, 3));
    assert_eq!(
        &workload.template[..],
        r#"{"main":{"args":["<a>","ä"],"image":"main:1","name":"main"}}"#.as_bytes()
    );
    assert_eq!(workload.rollout.max_surge, Share::Count(1));
    assert_eq!(workload.rollout.max_unavailable, Share::Percent(10));
    assert!(workload.meta.created.is_some());
    let metadata = list::decode_metadata(&captured("sidecarworkloads-metadata.bin")).unwrap();
    assert_eq!(metadata.entries, [(workload.meta.uid, workload.meta.version)]);
    assert_eq!(metadata.version, page.version);
}

#[test]
fn a_watch_from_its_initial_events_to_a_deletion() {
    for piece in [1, 1000, 100_000] {
        let words: Vec<String> = frames("watch-sidecarworkloads.json", piece)
            .iter()
            .map(|frame| match frame {
                Frame::Applied(object) => {
                    let status = &workload(object).status;
                    format!("applied, {} replicas, {} conditions", status.replicas, status.conditions.len())
                }
                Frame::Deleted(tombstone) => format!("deleted {}", tombstone.name),
                Frame::Bookmark { initial_events_end, .. } => format!("bookmark {initial_events_end}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            words,
            [
                "applied, 0 replicas, 0 conditions",
                "bookmark true",
                "applied, 3 replicas, 1 conditions",
                "deleted capture/web",
                "bookmark false",
                "bookmark false",
            ]
        );
    }
}

#[test]
fn a_version_that_is_too_old_is_an_error_with_its_code() {
    let [Frame::Error(status)] = &frames("watch-sidecarworkloads-expired.json", 50)[..] else { panic!() };
    assert_eq!((status.code, &*status.reason), (410, "Expired"));
}
