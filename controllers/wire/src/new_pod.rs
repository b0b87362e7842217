//! The body that makes a pod: metadata of ours, and behind it the template's spec, untouched, in the encoding that it has.

use bytes::{BufMut, Bytes, BytesMut};
use mainstay_model::{CreatePod, PodSpec};
use serde_json::json;

use crate::convert::metadata::bytes;
use crate::envelope;
use crate::patch::{self, texts};
use crate::protobuf::core::PodWithRawSpec;
use crate::protobuf::meta::ObjectMeta;
use crate::request::{JSON, PROTOBUF, owner_reference};
use crate::whole::entries;

/// The body and its content type.
pub(crate) fn new_pod(create: &CreatePod) -> (&'static str, Bytes) {
    match &create.template.spec {
        PodSpec::Protobuf(spec) => (PROTOBUF, in_protobuf(create, spec)),
        PodSpec::Json(spec) => (JSON, in_json(create, spec)),
    }
}

fn in_protobuf(create: &CreatePod, spec: &Bytes) -> Bytes {
    let template = &create.template;
    let pod = PodWithRawSpec {
        metadata: Some(ObjectMeta {
            name: bytes(&create.pod.name),
            generate_name: bytes(&create.generate_name),
            namespace: bytes(&create.pod.namespace),
            labels: entries(&template.labels),
            annotations: entries(&template.annotations),
            owner_references: vec![owner_reference(&create.owner)],
            finalizers: template.finalizers.iter().map(|finalizer| bytes(finalizer)).collect(),
            ..ObjectMeta::default()
        }),
        spec: spec.clone(),
    };
    envelope::seal("v1", "Pod", &pod)
}

fn in_json(create: &CreatePod, spec: &[u8]) -> Bytes {
    let template = &create.template;
    let finalizers: Vec<&str> = template.finalizers.iter().map(|finalizer| &**finalizer).collect();
    let metadata = json!({
        "name": &*create.pod.name,
        "generateName": &*create.generate_name,
        "namespace": &*create.pod.namespace,
        "labels": texts(&template.labels),
        "annotations": texts(&template.annotations),
        "ownerReferences": [patch::new_owner(&create.owner)],
        "finalizers": finalizers,
    });
    let head = format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{metadata},"spec":"#);
    let mut body = BytesMut::with_capacity(head.len() + spec.len() + 1);
    body.put_slice(head.as_bytes());
    body.put_slice(spec);
    body.put_u8(b'}');
    body.freeze()
}
