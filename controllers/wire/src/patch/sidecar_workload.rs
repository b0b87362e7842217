//! Patches of SidecarWorkloads and of their revisions.

use bytes::Bytes;
use mainstay_model::sidecar_workload::HEALTHY_ANNOTATION;
use mainstay_model::{PatchControllerRevision, SidecarStatus, SidecarWorkloadStatus, StatusPatch};
use serde_json::{Value, json};

use super::{condition, new_owner, put, seen};
use crate::time;

/// The merge patch of a whole status. Whatever is absent is `null`, so that it goes where it was.
pub(crate) fn status(patch: &StatusPatch<SidecarWorkloadStatus>) -> Bytes {
    let SidecarWorkloadStatus {
        observed_generation,
        replicas,
        ready_replicas,
        available_replicas,
        updated_replicas,
        selector,
        current_revision,
        update_revision,
        failed_revision,
        failed_retry,
        failed_message,
        progressed_at,
        sidecars,
        conditions,
    } = &patch.status;
    let body = json!({
        "metadata": seen(patch.uid, patch.version),
        "status": {
            "observedGeneration": observed_generation,
            "replicas": replicas,
            "readyReplicas": ready_replicas,
            "availableReplicas": available_replicas,
            "updatedReplicas": updated_replicas,
            "selector": selector.as_deref(),
            "currentRevision": current_revision.as_deref(),
            "updateRevision": update_revision.as_deref(),
            "failedRevision": failed_revision.as_deref(),
            "failedRetry": failed_retry.as_deref(),
            "failedMessage": failed_message.as_deref(),
            "progressedAt": progressed_at.and_then(time::to_rfc3339),
            "sidecars": sidecars.iter().map(sidecar).collect::<Vec<_>>(),
            "conditions": conditions.iter().map(condition).collect::<Vec<_>>(),
        },
    });
    Bytes::from(body.to_string())
}

/// The strategic merge patch of a revision. The server merges owners by their UIDs, so that those stay that control nothing.
pub(crate) fn revision(patch: &PatchControllerRevision) -> Bytes {
    let mut metadata = seen(patch.uid, patch.version);
    let healthy_at = patch.healthy_at.and_then(time::to_rfc3339);
    put(&mut metadata, "annotations", healthy_at.map(|time| json!({ HEALTHY_ANNOTATION: time })));
    put(&mut metadata, "ownerReferences", patch.owner.as_ref().map(|owner| json!([new_owner(owner)])));
    let mut body = json!({ "metadata": metadata });
    put(&mut body, "revision", patch.number.map(Value::from));
    Bytes::from(body.to_string())
}

fn sidecar(sidecar: &SidecarStatus) -> Value {
    let SidecarStatus { name, from, image, updated, ready, restarts } = sidecar;
    json!({
        "name": &**name,
        "from": &**from,
        "image": &**image,
        "updated": updated,
        "ready": ready,
        "restarts": restarts,
    })
}
