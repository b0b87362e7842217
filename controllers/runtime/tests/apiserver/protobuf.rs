//! What an apiserver sends, written by hand so that it does not depend on the code under test.

/// A pod of the namespace `web`. Its UID ends in `number`.
pub fn pod(name: &str, number: u8, version: u64) -> Vec<u8> {
    let mut metadata = field(1, name.as_bytes());
    metadata.extend(field(3, b"web"));
    metadata.extend(field(5, uid(number).as_bytes()));
    metadata.extend(field(6, version.to_string().as_bytes()));
    field(1, &metadata)
}

/// A pod whose UID is none.
pub fn unreadable_pod(name: &str, version: u64) -> Vec<u8> {
    let mut metadata = field(1, name.as_bytes());
    metadata.extend(field(3, b"web"));
    metadata.extend(field(5, b"nonsense"));
    metadata.extend(field(6, version.to_string().as_bytes()));
    field(1, &metadata)
}

pub fn uid(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
}

/// A page of a list of pods.
pub fn pod_list(version: u64, continue_token: &str, pods: &[Vec<u8>]) -> Vec<u8> {
    list("PodList", "v1", version, continue_token, pods)
}

/// A page of a list of metadata; the items are pods, which begin with the metadata just the same.
pub fn metadata_list(version: u64, continue_token: &str, pods: &[Vec<u8>]) -> Vec<u8> {
    list("PartialObjectMetadataList", "meta.k8s.io/v1", version, continue_token, pods)
}

fn list(kind: &str, api_version: &str, version: u64, continue_token: &str, items: &[Vec<u8>]) -> Vec<u8> {
    let mut metadata = field(2, version.to_string().as_bytes());
    if !continue_token.is_empty() {
        metadata.extend(field(3, continue_token.as_bytes()));
    }
    let mut list = field(1, &metadata);
    for item in items {
        list.extend(field(2, item));
    }
    envelope(api_version, kind, &list)
}

/// The answer to a write or a live read: metadata alone.
pub fn metadata(name: &str, number: u8, version: u64) -> Vec<u8> {
    envelope("meta.k8s.io/v1", "PartialObjectMetadata", &pod(name, number, version))
}

/// A frame of a watch of pods: `ADDED`, `MODIFIED` or `DELETED`.
pub fn event(event_type: &str, pod: &[u8]) -> Vec<u8> {
    frame(event_type, &envelope("v1", "Pod", pod))
}

pub fn bookmark(version: u64) -> Vec<u8> {
    event("BOOKMARK", &field(1, &field(6, version.to_string().as_bytes())))
}

/// The bookmark at the end of the initial events.
pub fn initial_events_end(version: u64) -> Vec<u8> {
    let mut metadata = field(6, version.to_string().as_bytes());
    let mut annotation = field(1, b"k8s.io/initial-events-end");
    annotation.extend(field(2, b"true"));
    metadata.extend(field(12, &annotation));
    event("BOOKMARK", &field(1, &metadata))
}

pub fn error(code: u8, code_low: u8, reason: &str) -> Vec<u8> {
    let mut status = field(2, b"Failure");
    status.extend(field(3, b"for the test"));
    status.extend(field(4, reason.as_bytes()));
    status.extend([6 << 3, code, code_low]);
    frame("ERROR", &envelope("v1", "Status", &status))
}

/// The end of a watch whose version is too old: code 410.
pub fn expired() -> Vec<u8> {
    error(0x80 | (410 & 0x7f) as u8, (410 >> 7) as u8, "Expired")
}

pub fn frame(event_type: &str, object: &[u8]) -> Vec<u8> {
    let mut event = field(1, event_type.as_bytes());
    event.extend(field(2, &field(1, object)));
    let mut frame = u32::try_from(event.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(event);
    frame
}

fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut type_meta = field(1, api_version.as_bytes());
    type_meta.extend(field(2, kind.as_bytes()));
    let mut bytes = b"k8s\0".to_vec();
    bytes.extend(field(1, &type_meta));
    bytes.extend(field(2, raw));
    bytes
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        encoded.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    encoded.push(length as u8);
    encoded.extend(bytes);
    encoded
}
