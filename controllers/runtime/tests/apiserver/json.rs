//! What an apiserver sends of custom resources, written by hand so that it does not depend on the code under test.

use super::protobuf::uid;

/// A SidecarWorkload of the namespace `web`. Its UID ends in `number`.
pub fn workload(name: &str, number: u8, version: u64) -> String {
    object(name, &uid(number), version)
}

/// A SidecarWorkload whose UID is none.
pub fn unreadable_workload(name: &str, version: u64) -> String {
    object(name, "nonsense", version)
}

fn object(name: &str, uid: &str, version: u64) -> String {
    format!(
        r#"{{"apiVersion":"mainstay.dev/v1alpha1","kind":"SidecarWorkload","metadata":{{"name":"{name}","namespace":"web","resourceVersion":"{version}","uid":"{uid}"}},"spec":{{"template":{{}}}}}}"#
    )
}

/// A page of a list of SidecarWorkloads.
pub fn workload_list(version: u64, continue_token: &str, items: &[String]) -> String {
    let items = items.join(",");
    format!(
        r#"{{"apiVersion":"mainstay.dev/v1alpha1","items":[{items}],"kind":"SidecarWorkloadList","metadata":{{"continue":"{continue_token}","resourceVersion":"{version}"}}}}"#
    )
}

/// A frame of a watch of SidecarWorkloads: `ADDED`, `MODIFIED` or `DELETED`.
pub fn event(event_type: &str, object: &str) -> String {
    format!("{{\"type\":\"{event_type}\",\"object\":{object}}}\n")
}

pub fn bookmark(version: u64) -> String {
    bookmark_with(version, "null")
}

/// The bookmark at the end of the initial events.
pub fn initial_events_end(version: u64) -> String {
    bookmark_with(version, r#"{"k8s.io/initial-events-end":"true"}"#)
}

fn bookmark_with(version: u64, annotations: &str) -> String {
    let object = format!(
        r#"{{"apiVersion":"mainstay.dev/v1alpha1","kind":"SidecarWorkload","metadata":{{"annotations":{annotations},"creationTimestamp":null,"resourceVersion":"{version}"}}}}"#
    );
    event("BOOKMARK", &object)
}

/// The end of a watch whose version is too old.
pub fn expired() -> String {
    let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"for the test","reason":"Expired","code":410}"#;
    event("ERROR", status)
}
