//! The requests of the search for rivals, and what their answers show.
//!
//! What is asked: the pods of kube-system that are labelled as a kube-controller-manager (kubeadm and kind label its static pods so),
//! the lease that it leads by, and a canary of our own.

use bytes::Bytes;
use mainstay_model::{
    Canary, ControllerManagerPod, Kind, Object, ObjectName, ObservedLease, Uid, Unreadable,
};
use prost::Message;
use serde_json::json;

use crate::answer;
use crate::convert::metadata::{self, lossy};
use crate::convert::object;
use crate::envelope;
use crate::error::DecodeError;
use crate::list;
use crate::patch;
use crate::protobuf::core::CommandedPod;
use crate::request::{self, Request};
use crate::url;

const KUBE_SYSTEM: &str = "kube-system";
const CONTROLLER_MANAGER: &str = "kube-controller-manager";
/// Marks what belongs to a canary.
const CANARY_LABEL: &str = "mainstay.dev/canary";

/// A consistent list of the pods that are labelled as a kube-controller-manager; read by [`pods`].
pub fn pods_request() -> Request {
    let selector = url::encode(&format!("component={CONTROLLER_MANAGER}"));
    let path = url::collection(Kind::Pod, Some(KUBE_SYSTEM));
    request::get(format!("{path}?labelSelector={selector}"), request::PROTOBUF)
}

/// A consistent read of the lease of kube-controller-manager; read by [`lease`].
pub fn lease_request() -> Request {
    request::lease_get(&ObjectName::new(KUBE_SYSTEM, CONTROLLER_MANAGER))
}

/// A consistent read of the canary; read by [`canary`].
pub fn canary_request(canary: &ObjectName) -> Request {
    request::get(url::object(Kind::ReplicationController, canary), request::PROTOBUF)
}

/// Makes a canary. No pod is ever made from it and none matches its selector; its template is one that the strictest of the pod
/// security standards has nothing to say against.
pub fn canary_create(canary: &ObjectName) -> Request {
    let name: &str = &canary.name;
    let labels = json!({ CANARY_LABEL: name });
    let object = json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": { "name": name, "namespace": &*canary.namespace, "labels": labels },
        "spec": {
            "replicas": 0,
            "selector": labels,
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
                    "containers": [{
                        "name": "never-run",
                        "image": "never/run",
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "capabilities": { "drop": ["ALL"] },
                        },
                    }],
                },
            },
        },
    });
    Request {
        method: "POST",
        path_and_query: url::collection(Kind::ReplicationController, Some(&canary.namespace)),
        accept: request::PROTOBUF_METADATA,
        content_type: Some(request::JSON),
        body: Bytes::from(object.to_string()),
    }
}

/// Raises the canary's generation, by a new value of `spec.minReadySeconds`.
pub fn canary_raise(canary: &ObjectName, uid: Uid, min_ready_seconds: i32) -> Request {
    let body = json!({
        "metadata": { "uid": uid.to_string() },
        "spec": { "minReadySeconds": min_ready_seconds },
    });
    let path = url::object(Kind::ReplicationController, canary);
    request::patch_request(path, patch::MERGE, Bytes::from(body.to_string()))
}

/// The pods in an answer. One that cannot be read makes all of them unreadable: it might be the rival.
pub fn pods(code: u16, body: &[u8]) -> Result<Vec<ControllerManagerPod>, Unreadable> {
    let what = "the pods of kube-controller-manager in kube-system";
    let read = || list::items("PodList", body)?.into_iter().map(pod).collect::<Result<_, DecodeError>>();
    read_as(what, code, body, read).map(Option::unwrap_or_default)
}

/// The lease in an answer; `None` where there is none.
pub fn lease(code: u16, body: &[u8]) -> Result<Option<ObservedLease>, Unreadable> {
    read_as("the lease kube-system/kube-controller-manager", code, body, || answer::lease(body))
}

/// The canary in an answer; `None` where there is none.
pub fn canary(code: u16, body: &[u8]) -> Result<Option<Canary>, Unreadable> {
    let read = || {
        let kind = Kind::ReplicationController;
        let raw = envelope::open_kind("canary", kind.name(), Bytes::copy_from_slice(body))?;
        Ok(match object::object(kind, raw)? {
            Object::ReplicationController(controller) => Some(Canary::from(controller.as_ref())),
            _ => None,
        })
    };
    read_as("the canary", code, body, read).map(Option::flatten)
}

/// Whether a write of the canary was done, or why not.
pub fn canary_written(code: u16, body: &[u8]) -> Result<(), Unreadable> {
    match code {
        200..300 => Ok(()),
        _ => Err(Unreadable(format!("it cannot be written: {}", answer::words(code, body)))),
    }
}

/// A 404 counts only in the apiserver's own words: that of a proxy says nothing about the object.
fn read_as<T>(
    what: &str,
    code: u16,
    body: &[u8],
    read: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<Option<T>, Unreadable> {
    if (200..300).contains(&code) {
        return read().map(Some).map_err(|error| Unreadable(format!("{what}: {error}")));
    }
    if code == 404 && answer::status(code, body).reason == "NotFound" {
        return Ok(None);
    }
    Err(Unreadable(format!("{what}: {}", answer::words(code, body))))
}

fn pod(raw: Bytes) -> Result<ControllerManagerPod, DecodeError> {
    let pod = CommandedPod::decode(raw).map_err(|source| DecodeError::Malformed { field: "Pod", source })?;
    let meta = metadata::meta(Kind::Pod, &pod.metadata.unwrap_or_default())?;
    let spec = pod.spec.unwrap_or_default();
    let words = |words: Vec<Bytes>| words.into_iter().map(|word| lossy(&word));
    let containers = spec.containers.into_iter();
    Ok(ControllerManagerPod {
        name: meta.name,
        command_lines: containers
            .map(|container| words(container.command).chain(words(container.arguments)).collect())
            .collect(),
    })
}
