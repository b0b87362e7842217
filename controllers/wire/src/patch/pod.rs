//! Patches of pods that run.

use bytes::Bytes;
use mainstay_model::{ContainerImage, ContainerRole, Name, PatchPod, PatchPodCondition};
use serde_json::{Map, Value, json};

use super::{put, seen};
use crate::time;

/// The strategic merge patch of images, labels and annotations. The server merges containers by their names, and gives
/// them the order that they have here.
pub(crate) fn pod(patch: &PatchPod) -> Bytes {
    let mut metadata = seen(patch.uid, patch.version);
    put(&mut metadata, "labels", changes(&patch.labels));
    put(&mut metadata, "annotations", changes(&patch.annotations));
    let mut spec = json!({});
    put(&mut spec, "containers", images(patch, |role| role == ContainerRole::Main));
    put(&mut spec, "initContainers", images(patch, |role| role != ContainerRole::Main));
    let mut body = json!({ "metadata": metadata });
    put(&mut body, "spec", Some(spec).filter(|spec| *spec != json!({})));
    Bytes::from(body.to_string())
}

/// The strategic merge patch of one condition, for the subresource `status`. The server merges conditions by their types.
pub(crate) fn pod_condition(patch: &PatchPodCondition) -> Bytes {
    let condition = json!({
        "type": &*patch.condition,
        "status": if patch.status { "True" } else { "False" },
        "reason": patch.reason,
        "lastTransitionTime": time::to_rfc3339(patch.at),
    });
    let body = json!({
        "metadata": { "uid": patch.uid.to_string() },
        "status": { "conditions": [condition] },
    });
    Bytes::from(body.to_string())
}

/// Texts to set; `null` takes an entry off.
fn changes(entries: &[(Name, Option<Name>)]) -> Option<Value> {
    let entries: Map<String, Value> =
        entries.iter().map(|(key, value)| (key.to_string(), json!(value.as_deref()))).collect();
    (!entries.is_empty()).then_some(Value::Object(entries))
}

fn images(patch: &PatchPod, is_in: impl Fn(ContainerRole) -> bool) -> Option<Value> {
    let images = patch.images.iter().filter(|image| is_in(image.role));
    let images: Vec<Value> = images
        .map(
            |ContainerImage { container, role: _, image }| json!({ "name": &**container, "image": &**image }),
        )
        .collect();
    (!images.is_empty()).then_some(Value::Array(images))
}
