//! Pause, resume, restart and retry: one field each.

use mainstay_model::sidecar_workload::RETRY_ANNOTATION;
use serde_json::{Value, json};

use super::ownership::{self, Step};
use super::{Change, FieldChange, Outcome, Patch, Refusal};
use crate::objects::Workload;

const PAUSED: [Step<'static>; 3] = [Step::Field("spec"), Step::Field("rollout"), Step::Field("paused")];
const RESTARTED_AT: [Step<'static>; 2] = [Step::Field("spec"), Step::Field("restartedAt")];

/// Lets a rollout stand still, or go on.
pub fn pause(workload: &Workload, paused: bool) -> Change {
    let name = &workload.metadata.name;
    let (action, done, opposite) = match paused {
        true => ("pause", "the rollout is paused; what has begun is ended", "resume"),
        false => ("resume", "the rollout goes on", "pause"),
    };
    if workload.spec.rollout.paused == paused {
        let message = if paused { "is paused already" } else { "is not paused" };
        return Change::none(action, workload, message.to_owned());
    }
    Change {
        patch: Some(Patch::Merge(json!({"spec": {"rollout": {"paused": paused}}}))),
        outcome: Outcome {
            changed: true,
            fields: vec![FieldChange {
                path: ownership::written(&PAUSED),
                from: json!(!paused),
                to: json!(paused),
            }],
            warnings: ownership::warning(workload, &PAUSED).into_iter().collect(),
            back: Some(format!("kubectl mainstay {opposite} {name}")),
            ..Outcome::new(action, workload, done.to_owned())
        },
    }
}

/// Brings new pods of an equal template; `now` is a time in the form of the API.
pub fn restart(workload: &Workload, now: &str) -> Result<Change, Refusal> {
    let name = &workload.metadata.name;
    if let Some(revision) = &workload.spec.revision {
        return Err(Refusal::Pinned { name: name.clone(), revision: revision.clone() });
    }
    let mut warnings: Vec<String> = ownership::warning(workload, &RESTARTED_AT).into_iter().collect();
    if workload.spec.rollout.paused {
        warnings
            .push(format!("the rollout is paused: pods are replaced after `kubectl mainstay resume {name}`"));
    }
    Ok(Change {
        patch: Some(Patch::Merge(json!({"spec": {"restartedAt": now}}))),
        outcome: Outcome {
            changed: true,
            fields: vec![FieldChange {
                path: ownership::written(&RESTARTED_AT),
                from: workload.spec.restarted_at.clone().map_or(Value::Null, Value::String),
                to: json!(now),
            }],
            warnings,
            ..Outcome::new(
                "restart",
                workload,
                "all pods are replaced, within the bounds of the rollout".to_owned(),
            )
        },
    })
}

/// Lets a revision that has failed be tried again; `now` is any text that was not there before.
pub fn retry(workload: &Workload, now: &str) -> Change {
    let status = &workload.status;
    let has_failed = status.failed_revision.is_some() && status.failed_revision == status.update_revision;
    if !has_failed {
        return Change::none("retry", workload, "the revision that is asked for has not failed".to_owned());
    }
    let before = workload.metadata.annotations.get(RETRY_ANNOTATION);
    let revision = status.failed_revision.as_deref().unwrap_or_default();
    Change {
        patch: Some(Patch::Merge(json!({"metadata": {"annotations": {RETRY_ANNOTATION: now}}}))),
        outcome: Outcome {
            changed: true,
            fields: vec![FieldChange {
                path: format!("metadata.annotations[{RETRY_ANNOTATION}]"),
                from: before.map_or(Value::Null, |text| json!(text)),
                to: json!(now),
            }],
            ..Outcome::new("retry", workload, format!("revision {revision} is tried again"))
        },
    }
}
