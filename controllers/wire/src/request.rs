//! Requests.

use std::fmt;

use bytes::Bytes;
use mainstay_model::{
    ControllerReference, EventForm, EventRecord, Kind, LeaseRecord, ObjectName, Read, ResourceVersion, Uid,
    Write,
};

use crate::convert::metadata::bytes;
use crate::envelope;
use crate::new_pod;
use crate::patch;
use crate::protobuf::coordination::{Lease, LeaseSpec};
use crate::protobuf::event::{Event, EventSource, ObjectReference};
use crate::protobuf::meta::{DeleteOptions, ObjectMeta, OwnerReference, Preconditions};
use crate::time;
use crate::url;
use crate::whole;

pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
pub(crate) const JSON: &str = "application/json";
const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";
pub(crate) const PROTOBUF_METADATA: &str =
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PROTOBUF_METADATA_LIST: &str =
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Where events about cluster-scoped objects are kept.
const DEFAULT_NAMESPACE: &str = "default";

/// An HTTP request, but for the server's address and the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// The path, which begins with a slash, and the query, both percent-encoded.
    pub path_and_query: String,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The `Content-Type` header; `None` where there is no body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
}

/// Shows no body: a pod's environment may hold what must not reach a log.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.method, self.path_and_query, self.body.len())
    }
}

/// A consistent list, or a page of one; read by [`crate::list::decode`].
pub fn list(
    kind: Kind,
    namespace: Option<&str>,
    limit: Option<u32>,
    continue_token: Option<&str>,
) -> Request {
    let accept = if kind.is_custom() { JSON } else { PROTOBUF };
    get(page(kind, namespace, limit, continue_token), accept)
}

/// A consistent list of metadata, which is protobuf whatever the kind, or a page of one; read by [`crate::list::decode_metadata`].
pub fn metadata_list(
    kind: Kind,
    namespace: Option<&str>,
    limit: Option<u32>,
    continue_token: Option<&str>,
) -> Request {
    get(page(kind, namespace, limit, continue_token), PROTOBUF_METADATA_LIST)
}

/// Asks for the newest version of a kind; read by [`crate::answer::newest_version`].
pub fn newest_version(kind: Kind, namespace: Option<&str>) -> Request {
    metadata_list(kind, namespace, Some(1), None)
}

/// A watch of what happens after a version; its body goes to a [`crate::FrameDecoder`].
pub fn watch(kind: Kind, namespace: Option<&str>, from: ResourceVersion, timeout_seconds: u32) -> Request {
    let query = format!(
        "watch=true&resourceVersion={from}&allowWatchBookmarks=true&timeoutSeconds={timeout_seconds}"
    );
    watch_request(kind, namespace, query)
}

/// A watch that begins with everything there is, at least as new as when it was asked for.
pub fn watch_list(kind: Kind, namespace: Option<&str>, timeout_seconds: u32) -> Request {
    let query = format!(
        "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true\
         &timeoutSeconds={timeout_seconds}"
    );
    watch_request(kind, namespace, query)
}

/// A consistent read of one object; read by [`crate::answer::read`].
pub fn read(read: &Read) -> Request {
    get(url::object(read.kind, &read.object), PROTOBUF_METADATA)
}

/// A write; its answer is read by [`crate::answer::outcome`].
pub fn write(write: &Write) -> Request {
    match write {
        Write::CreatePod(create) => {
            let (content_type, body) = new_pod::new_pod(create);
            let mut path = url::collection(Kind::Pod, Some(&create.pod.namespace));
            if content_type == JSON {
                // Fields that the server does not know are left out in any case, and nobody here reads its warnings about them. Without it each
                // body would be searched for them.
                path.push_str("?fieldValidation=Ignore");
            }
            Request { content_type: Some(content_type), ..protobuf_request("POST", path, body) }
        }
        Write::AdoptPod(adopt) => {
            patch_request(url::object(Kind::Pod, &adopt.pod), patch::STRATEGIC_MERGE, patch::adopt(adopt))
        }
        Write::ReleasePod(release) => patch_request(
            url::object(Kind::Pod, &release.pod),
            patch::STRATEGIC_MERGE,
            patch::release(release),
        ),
        Write::DeletePod(delete) => delete_request(Kind::Pod, &delete.pod, delete.uid, None),
        Write::PatchReplicationControllerStatus(status) => {
            let path = url::status(Kind::ReplicationController, &status.object);
            patch_request(path, patch::MERGE, patch::status(status))
        }
        Write::CreateEndpoints(create) => {
            create_request(Kind::Endpoints, &create.endpoints, whole::new_endpoints(create))
        }
        Write::UpdateEndpoints(update) => {
            update_request(Kind::Endpoints, &update.endpoints, whole::updated_endpoints(update))
        }
        Write::CreateEndpointSlice(create) => {
            create_request(Kind::EndpointSlice, &create.slice, whole::new_slice(create))
        }
        Write::UpdateEndpointSlice(update) => {
            update_request(Kind::EndpointSlice, &update.slice, whole::updated_slice(update))
        }
        Write::DeleteObject(delete) => {
            delete_request(delete.kind, &delete.object, delete.uid, Some(delete.version))
        }
        Write::CreateControllerRevision(create) => {
            create_request(Kind::ControllerRevision, &create.revision, whole::new_revision(create))
        }
        Write::PatchControllerRevision(revision) => patch_request(
            url::object(Kind::ControllerRevision, &revision.revision),
            patch::STRATEGIC_MERGE,
            patch::sidecar_workload::revision(revision),
        ),
        Write::PatchPod(pod) => {
            patch_request(url::object(Kind::Pod, &pod.pod), patch::STRATEGIC_MERGE, patch::pod::pod(pod))
        }
        Write::PatchPodCondition(condition) => patch_request(
            url::status(Kind::Pod, &condition.pod),
            patch::STRATEGIC_MERGE,
            patch::pod::pod_condition(condition),
        ),
        Write::PatchSidecarWorkloadStatus(status) => patch_request(
            url::status(Kind::SidecarWorkload, &status.object),
            patch::MERGE,
            patch::sidecar_workload::status(status),
        ),
    }
}

/// Stores an event. Whether that has worked is told by the code alone.
pub fn event(record: &EventRecord) -> Request {
    let namespace = match &*record.name.namespace {
        "" => DEFAULT_NAMESPACE,
        namespace => namespace,
    };
    let path = url::events(namespace);
    match record.form {
        EventForm::Create => Request {
            method: "POST",
            path_and_query: path,
            accept: PROTOBUF_METADATA,
            content_type: Some(PROTOBUF),
            body: event_body(record, namespace),
        },
        EventForm::CountUp => {
            let path = format!("{path}/{}", url::segment(&record.name.name));
            patch_request(path, patch::STRATEGIC_MERGE, patch::event_count(record))
        }
    }
}

/// Reads a lease; read by [`crate::answer::lease`].
pub fn lease_get(lease: &ObjectName) -> Request {
    get(lease_path(lease), PROTOBUF)
}

/// Creates a lease; the answer is read by [`crate::answer::lease`].
pub fn lease_create(lease: &ObjectName, record: &LeaseRecord) -> Request {
    Request {
        method: "POST",
        path_and_query: url::leases(&lease.namespace),
        accept: PROTOBUF,
        content_type: Some(PROTOBUF),
        body: lease_body(lease, record, None),
    }
}

/// Replaces a lease, refused with 409 if it has changed since `version`; the answer is read by [`crate::answer::lease`].
/// Labels and annotations that others may have put on the lease are not kept.
pub fn lease_update(lease: &ObjectName, record: &LeaseRecord, version: ResourceVersion) -> Request {
    Request {
        method: "PUT",
        path_and_query: lease_path(lease),
        accept: PROTOBUF,
        content_type: Some(PROTOBUF),
        body: lease_body(lease, record, Some(version)),
    }
}

pub(crate) fn get(path_and_query: String, accept: &'static str) -> Request {
    Request { method: "GET", path_and_query, accept, content_type: None, body: Bytes::new() }
}

pub(crate) fn patch_request(path_and_query: String, content_type: &'static str, body: Bytes) -> Request {
    let content_type = Some(content_type);
    Request { method: "PATCH", path_and_query, accept: PROTOBUF_METADATA, content_type, body }
}

fn create_request(kind: Kind, object: &ObjectName, body: Bytes) -> Request {
    protobuf_request("POST", url::collection(kind, Some(&object.namespace)), body)
}

fn update_request(kind: Kind, object: &ObjectName, body: Bytes) -> Request {
    protobuf_request("PUT", url::object(kind, object), body)
}

/// No propagation policy: the API's default for the kind applies, as with upstream's controllers.
fn delete_request(kind: Kind, object: &ObjectName, uid: Uid, version: Option<ResourceVersion>) -> Request {
    let preconditions = Preconditions {
        uid: bytes(&uid.to_string()),
        resource_version: version.map(|version| bytes(&version.to_string())).unwrap_or_default(),
    };
    let options = DeleteOptions { preconditions: Some(preconditions) };
    protobuf_request("DELETE", url::object(kind, object), envelope::seal("v1", "DeleteOptions", &options))
}

/// A write whose answer need not say more than the object's metadata.
fn protobuf_request(method: &'static str, path_and_query: String, body: Bytes) -> Request {
    Request { method, path_and_query, accept: PROTOBUF_METADATA, content_type: Some(PROTOBUF), body }
}

fn page(kind: Kind, namespace: Option<&str>, limit: Option<u32>, continue_token: Option<&str>) -> String {
    let mut path = url::collection(kind, namespace);
    let parameters = [
        limit.map(|limit| format!("limit={limit}")),
        continue_token.map(|token| format!("continue={}", url::encode(token))),
    ];
    for (parameter, separator) in parameters.into_iter().flatten().zip(['?', '&']) {
        path.push(separator);
        path.push_str(&parameter);
    }
    path
}

fn watch_request(kind: Kind, namespace: Option<&str>, query: String) -> Request {
    let accept = if kind.is_custom() { JSON } else { PROTOBUF_WATCH };
    get(format!("{}?{query}", url::collection(kind, namespace)), accept)
}

fn lease_path(lease: &ObjectName) -> String {
    format!("{}/{}", url::leases(&lease.namespace), url::segment(&lease.name))
}

/// The reference to an owner that controls.
pub(crate) fn owner_reference(owner: &ControllerReference) -> OwnerReference {
    OwnerReference {
        kind: bytes(owner.kind.name()),
        name: bytes(&owner.name),
        uid: bytes(&owner.uid.to_string()),
        api_version: bytes(owner.kind.api_version()),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// The fields that client-go's recorder fills.
fn event_body(record: &EventRecord, namespace: &str) -> Bytes {
    let event = &record.event;
    let regarding = &event.regarding;
    let message = Event {
        metadata: Some(ObjectMeta {
            name: bytes(&record.name.name),
            namespace: bytes(namespace),
            ..ObjectMeta::default()
        }),
        involved_object: Some(ObjectReference {
            kind: regarding.kind.name().to_owned(),
            namespace: regarding.object.namespace.to_string(),
            name: regarding.object.name.to_string(),
            uid: regarding.uid.to_string(),
            api_version: regarding.kind.api_version().to_owned(),
            resource_version: regarding.version.to_string(),
        }),
        reason: event.reason.to_owned(),
        message: event.message.clone(),
        source: Some(EventSource { component: event.component.to_owned() }),
        first_timestamp: Some(time::to_time(record.first)),
        last_timestamp: Some(time::to_time(record.last)),
        count: record.count,
        event_type: event.event_type.as_str().to_owned(),
        reporting_component: event.component.to_owned(),
    };
    envelope::seal("v1", "Event", &message)
}

fn lease_body(lease: &ObjectName, record: &LeaseRecord, version: Option<ResourceVersion>) -> Bytes {
    let message = Lease {
        metadata: Some(ObjectMeta {
            name: bytes(&lease.name),
            namespace: bytes(&lease.namespace),
            resource_version: version.map(|version| bytes(&version.to_string())).unwrap_or_default(),
            ..ObjectMeta::default()
        }),
        spec: Some(LeaseSpec {
            holder_identity: Some(bytes(&record.holder)),
            lease_duration_seconds: Some(record.duration_seconds),
            acquire_time: record.acquired.map(time::to_micro_time),
            renew_time: record.renewed.map(time::to_micro_time),
            lease_transitions: Some(record.transitions),
        }),
    };
    envelope::seal("coordination.k8s.io/v1", "Lease", &message)
}
