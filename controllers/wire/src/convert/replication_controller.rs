//! ReplicationControllers and their pod templates.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    Condition, Kind, PodSpec, PodTemplate, ReplicationController, ReplicationControllerStatus, Selector,
};

use crate::convert::metadata::{self, lossy};
use crate::error::DecodeError;
use crate::protobuf::core;
use crate::protobuf::meta::ObjectMeta;
use crate::time;

/// What the API makes of an absent `spec.replicas`.
const DEFAULT_REPLICAS: i32 = 1;

/// Reads a ReplicationController.
pub(crate) fn replication_controller(
    message: &core::ReplicationController,
) -> Result<ReplicationController, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_spec = core::ReplicationControllerSpec::default();
    let absent_status = core::ReplicationControllerStatus::default();
    let spec = message.spec.as_ref().unwrap_or(&absent_spec);
    Ok(ReplicationController {
        meta: metadata::meta(
            Kind::ReplicationController,
            message.metadata.as_ref().unwrap_or(&absent_metadata),
        )?,
        replicas: spec.replicas.unwrap_or(DEFAULT_REPLICAS),
        min_ready_seconds: spec.min_ready_seconds,
        selector: Selector(metadata::map("spec.selector", &spec.selector)?),
        template: spec.template.as_ref().map(template).transpose()?.map(Arc::new),
        status: status(message.status.as_ref().unwrap_or(&absent_status)),
    })
}

/// The spec is copied out of what was received: it lives long, and must not keep a whole list alive.
fn template(message: &core::PodWithRawSpec) -> Result<PodTemplate, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let object_meta = message.metadata.as_ref().unwrap_or(&absent_metadata);
    Ok(PodTemplate {
        labels: metadata::map("spec.template.metadata.labels", &object_meta.labels)?,
        annotations: metadata::map("spec.template.metadata.annotations", &object_meta.annotations)?,
        finalizers: metadata::names("spec.template.metadata.finalizers", &object_meta.finalizers)?,
        spec: PodSpec::Protobuf(Bytes::copy_from_slice(&message.spec)),
    })
}

fn status(message: &core::ReplicationControllerStatus) -> ReplicationControllerStatus {
    ReplicationControllerStatus {
        replicas: message.replicas,
        fully_labeled_replicas: message.fully_labeled_replicas,
        ready_replicas: message.ready_replicas,
        available_replicas: message.available_replicas,
        observed_generation: message.observed_generation,
        conditions: message.conditions.iter().map(condition).collect(),
    }
}

fn condition(message: &core::ReplicationControllerCondition) -> Condition {
    Condition {
        kind: lossy(&message.condition_type),
        status: lossy(&message.status),
        last_transition: time::from_time(message.last_transition_time.as_ref()),
        reason: lossy(&message.reason),
        message: lossy(&message.message),
    }
}
