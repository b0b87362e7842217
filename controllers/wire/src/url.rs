//! Paths and queries.

use mainstay_model::{Kind, ObjectName};

/// The path of a kind's objects, in one namespace or in all.
pub(crate) fn collection(kind: Kind, namespace: Option<&str>) -> String {
    let version = kind.api_version();
    // The first group has no name, and a place of its own.
    let group = if version.contains('/') { "apis" } else { "api" };
    match namespace.filter(|_| kind.is_namespaced()) {
        Some(namespace) => {
            format!("/{group}/{version}/namespaces/{}/{}", segment(namespace), kind.plural())
        }
        None => format!("/{group}/{version}/{}", kind.plural()),
    }
}

/// The path of one object.
pub(crate) fn object(kind: Kind, object: &ObjectName) -> String {
    format!("{}/{}", collection(kind, Some(&object.namespace)), segment(&object.name))
}

/// The path of the subresource `status` of one object.
pub(crate) fn status(kind: Kind, object: &ObjectName) -> String {
    format!("{}/status", self::object(kind, object))
}

/// The path of a namespace's events.
pub(crate) fn events(namespace: &str) -> String {
    format!("/api/v1/namespaces/{}/events", segment(namespace))
}

/// The path of a namespace's leases.
pub(crate) fn leases(namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", segment(namespace))
}

/// A text as one segment of a path.
///
/// The path of an object without its name is that of the whole collection, and a delete would then take all of it. So an
/// empty text becomes a space, which can be nobody's name.
pub(crate) fn segment(text: &str) -> String {
    if text.is_empty() { "%20".to_owned() } else { encode(text) }
}

/// Everything but unreserved characters as percent and two digits.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    encoded
}
