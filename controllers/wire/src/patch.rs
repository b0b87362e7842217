//! Patches, which are JSON.

pub(crate) mod pod;
pub(crate) mod sidecar_workload;

use std::collections::BTreeMap;

use bytes::Bytes;
use mainstay_model::{
    AdoptPod, Condition, ControllerReference, EventRecord, LabelSet, ReleasePod, ReplicationControllerStatus,
    ResourceVersion, StatusPatch, Timestamp, Uid,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::time;

/// Replaces values, and lists as a whole.
pub(crate) const MERGE: &str = "application/merge-patch+json";
/// Merges the lists that the API says can be merged, such as owner references by their UID.
pub(crate) const STRATEGIC_MERGE: &str = "application/strategic-merge-patch+json";

/// A patch of metadata, and for some kinds of more.
#[derive(Serialize)]
struct Patch<O, S> {
    metadata: Metadata<O>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<S>,
}

/// A UID and a version in a patch are preconditions: the server refuses to change either.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<O> {
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_references: Option<[O; 1]>,
}

/// The reference to an owner that controls.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewOwner<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    uid: String,
    controller: bool,
    block_owner_deletion: bool,
}

#[derive(Serialize)]
struct DroppedOwner {
    #[serde(rename = "$patch")]
    directive: &'static str,
    uid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    replicas: i32,
    fully_labeled_replicas: i32,
    ready_replicas: i32,
    available_replicas: i32,
    observed_generation: i64,
    conditions: Vec<StatusCondition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusCondition<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_transition_time: Option<String>,
    reason: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventCount<'a> {
    count: i32,
    last_timestamp: Option<String>,
    message: &'a str,
}

/// The strategic merge patch that adds our owner reference.
pub(crate) fn adopt(adopt: &AdoptPod) -> Bytes {
    owner_patch(adopt.uid.to_string(), new_owner(&adopt.owner))
}

/// The strategic merge patch that removes our owner reference.
pub(crate) fn release(release: &ReleasePod) -> Bytes {
    owner_patch(release.uid.to_string(), DroppedOwner { directive: "delete", uid: release.owner.to_string() })
}

/// The merge patch of a whole status.
pub(crate) fn status(patch: &StatusPatch<ReplicationControllerStatus>) -> Bytes {
    let ReplicationControllerStatus {
        replicas,
        fully_labeled_replicas,
        ready_replicas,
        available_replicas,
        observed_generation,
        conditions,
    } = &patch.status;
    body(&Patch::<(), _> {
        metadata: Metadata {
            uid: patch.uid.to_string(),
            resource_version: Some(patch.version.to_string()),
            owner_references: None,
        },
        status: Some(Status {
            replicas: *replicas,
            fully_labeled_replicas: *fully_labeled_replicas,
            ready_replicas: *ready_replicas,
            available_replicas: *available_replicas,
            observed_generation: *observed_generation,
            conditions: conditions.iter().map(condition).collect(),
        }),
    })
}

/// The strategic merge patch that counts an event up.
pub(crate) fn event_count(record: &EventRecord) -> Bytes {
    body(&EventCount {
        count: record.count,
        last_timestamp: time::to_rfc3339(record.last),
        message: &record.event.message,
    })
}

/// The reference to an owner that controls.
pub(crate) fn new_owner(owner: &ControllerReference) -> NewOwner<'_> {
    NewOwner {
        api_version: owner.kind.api_version(),
        kind: owner.kind.name(),
        name: &owner.name,
        uid: owner.uid.to_string(),
        controller: true,
        block_owner_deletion: true,
    }
}

/// A set of labels or annotations as an object.
pub(crate) fn texts(set: &LabelSet) -> BTreeMap<&str, &str> {
    set.iter().map(|(key, value)| (&**key, &**value)).collect()
}

/// The metadata of an object that was seen: UID and version are preconditions.
fn seen(uid: Uid, version: ResourceVersion) -> Value {
    json!({ "uid": uid.to_string(), "resourceVersion": version.to_string() })
}

/// Adds what is there. What is not says nothing.
fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(key.to_owned(), value);
    }
}

fn owner_patch(uid: String, owner: impl Serialize) -> Bytes {
    body(&Patch::<_, ()> {
        metadata: Metadata { uid, resource_version: None, owner_references: Some([owner]) },
        status: None,
    })
}

fn condition(condition: &Condition) -> StatusCondition<'_> {
    let Condition { kind, status, last_transition, reason, message } = condition;
    let last_transition_time = last_transition.and_then(|time: Timestamp| time::to_rfc3339(time));
    StatusCondition { kind, status, last_transition_time, reason, message }
}

/// Structs of texts and numbers always have a JSON form; an empty body, which the server refuses, stands for the impossible.
fn body(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}
