//! SidecarWorkloads, which are JSON.

use bytes::Bytes;
use mainstay_model::sidecar_workload::{RETRY_ANNOTATION, REVISION_HISTORY_LIMIT};
use mainstay_model::{
    Condition, InPlace, Kind, Name, OnFailure, Rollout, RolloutKind, Share, SidecarStatus, SidecarWorkload,
    SidecarWorkloadStatus,
};
use serde_json::Value;

use crate::convert::{json_metadata, metadata};
use crate::error::DecodeError;
use crate::json::{self, Field};

/// What the API makes of an absent `spec.replicas`.
const DEFAULT_REPLICAS: i32 = 1;

/// Reads a SidecarWorkload. What was left out has the API's defaults, which a server fills in only where the installed
/// CustomResourceDefinition says so.
pub(crate) fn sidecar_workload(text: &[u8]) -> Result<SidecarWorkload, DecodeError> {
    let mut value: Value = json::parse(Kind::SidecarWorkload.name(), text)?;
    // The keys are sorted already, unless some crate has had serde_json built so that it keeps their order.
    value.sort_all_objects();
    let object = Field::new(Kind::SidecarWorkload.name(), Some(&value));
    let object_meta = json_metadata::from_field(object.at("metadata")?)?;
    let spec = object.at("spec")?;
    let retry = metadata::value(&object_meta.annotations, RETRY_ANNOTATION);
    Ok(SidecarWorkload {
        meta: metadata::meta(Kind::SidecarWorkload, &object_meta)?,
        replicas: spec.at("spec.replicas")?.int32()?.unwrap_or(DEFAULT_REPLICAS),
        template: template(spec.at("spec.template")?)?,
        rollout: rollout(spec.at("spec.rollout")?)?,
        revision: nonempty(spec.at("spec.revision")?)?,
        restarted_at: spec.at("spec.restartedAt")?.text()?.map(Name::from),
        revision_history_limit: spec
            .at("spec.revisionHistoryLimit")?
            .int32()?
            .unwrap_or(REVISION_HISTORY_LIMIT),
        retry: metadata::optional("metadata.annotations", retry)?,
        status: status(object.at("status")?)?,
    })
}

fn template(template: Field<'_>) -> Result<Bytes, DecodeError> {
    let field = "spec.template";
    let object = template.object()?.ok_or(DecodeError::Missing { field })?;
    Ok(serde_json::to_vec(object).map_err(|error| json::malformed(field, &error))?.into())
}

fn rollout(rollout: Field<'_>) -> Result<Rollout, DecodeError> {
    let default = Rollout::default();
    Ok(Rollout {
        kind: rollout
            .at("spec.rollout.type")?
            .read("RollingUpdate or OnDelete", rollout_kind)?
            .unwrap_or(default.kind),
        max_surge: share(rollout.at("spec.rollout.maxSurge")?)?.unwrap_or(default.max_surge),
        max_unavailable: share(rollout.at("spec.rollout.maxUnavailable")?)?
            .unwrap_or(default.max_unavailable),
        partition: share(rollout.at("spec.rollout.partition")?)?.unwrap_or(default.partition),
        in_place: rollout
            .at("spec.rollout.inPlace")?
            .read("IfPossible, Only or Never", in_place)?
            .unwrap_or(default.in_place),
        paused: rollout.at("spec.rollout.paused")?.boolean()?.unwrap_or(default.paused),
        min_ready_seconds: rollout
            .at("spec.rollout.minReadySeconds")?
            .int32()?
            .unwrap_or(default.min_ready_seconds),
        progress_deadline_seconds: rollout
            .at("spec.rollout.progressDeadlineSeconds")?
            .int32()?
            .unwrap_or(default.progress_deadline_seconds),
        on_failure: rollout
            .at("spec.rollout.onFailure")?
            .read("Pause or Rollback", on_failure)?
            .unwrap_or(default.on_failure),
    })
}

fn rollout_kind(value: &Value) -> Option<RolloutKind> {
    match value.as_str()? {
        "RollingUpdate" => Some(RolloutKind::RollingUpdate),
        "OnDelete" => Some(RolloutKind::OnDelete),
        _ => None,
    }
}

fn in_place(value: &Value) -> Option<InPlace> {
    match value.as_str()? {
        "IfPossible" => Some(InPlace::IfPossible),
        "Only" => Some(InPlace::Only),
        "Never" => Some(InPlace::Never),
        _ => None,
    }
}

fn on_failure(value: &Value) -> Option<OnFailure> {
    match value.as_str()? {
        "Pause" => Some(OnFailure::Pause),
        "Rollback" => Some(OnFailure::Rollback),
        _ => None,
    }
}

fn share(field: Field<'_>) -> Result<Option<Share>, DecodeError> {
    field.read("a number of pods or a percentage", |value| match value {
        Value::String(text) => match text.strip_suffix('%') {
            Some(percent) => digits(percent).map(Share::Percent),
            None => digits(text).map(Share::Count),
        },
        value => value.as_i64()?.try_into().ok().map(Share::Count),
    })
}

/// A number without any sign.
fn digits(text: &str) -> Option<i32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn status(status: Field<'_>) -> Result<SidecarWorkloadStatus, DecodeError> {
    let count = |path| Ok::<_, DecodeError>(status.at(path)?.int32()?.unwrap_or(0));
    Ok(SidecarWorkloadStatus {
        observed_generation: status.at("status.observedGeneration")?.int64()?.unwrap_or(0),
        replicas: count("status.replicas")?,
        ready_replicas: count("status.readyReplicas")?,
        available_replicas: count("status.availableReplicas")?,
        updated_replicas: count("status.updatedReplicas")?,
        selector: nonempty(status.at("status.selector")?)?,
        current_revision: nonempty(status.at("status.currentRevision")?)?,
        update_revision: nonempty(status.at("status.updateRevision")?)?,
        failed_revision: nonempty(status.at("status.failedRevision")?)?,
        failed_retry: status.at("status.failedRetry")?.text()?.map(Name::from),
        failed_message: nonempty(status.at("status.failedMessage")?)?,
        progressed_at: status.at("status.progressedAt")?.time()?,
        sidecars: status.at("status.sidecars")?.items()?.map(sidecar).collect::<Result<_, _>>()?,
        conditions: status.at("status.conditions")?.items()?.map(condition).collect::<Result<_, _>>()?,
    })
}

fn sidecar(sidecar: Field<'_>) -> Result<SidecarStatus, DecodeError> {
    let text = |path| Ok::<_, DecodeError>(Name::from(sidecar.at(path)?.text()?.unwrap_or_default()));
    let count = |path| Ok::<_, DecodeError>(sidecar.at(path)?.int32()?.unwrap_or(0));
    Ok(SidecarStatus {
        name: text("status.sidecars.name")?,
        from: text("status.sidecars.from")?,
        image: text("status.sidecars.image")?,
        updated: count("status.sidecars.updated")?,
        ready: count("status.sidecars.ready")?,
        restarts: count("status.sidecars.restarts")?,
    })
}

fn condition(condition: Field<'_>) -> Result<Condition, DecodeError> {
    let text = |path| Ok::<_, DecodeError>(condition.at(path)?.text()?.unwrap_or_default().to_owned());
    Ok(Condition {
        kind: text("status.conditions.type")?,
        status: text("status.conditions.status")?,
        last_transition: condition.at("status.conditions.lastTransitionTime")?.time()?,
        reason: text("status.conditions.reason")?,
        message: text("status.conditions.message")?,
    })
}

fn nonempty(field: Field<'_>) -> Result<Option<Name>, DecodeError> {
    Ok(field.text()?.filter(|text| !text.is_empty()).map(Name::from))
}
