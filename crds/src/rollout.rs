//! How a new revision reaches the pods.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How a new revision reaches the pods.
#[derive(JsonSchema, Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollout {
    /// RollingUpdate updates or replaces pods a few at a time. OnDelete leaves each pod as it is until somebody deletes it.
    #[serde(rename = "type")]
    pub kind: RolloutType,
    /// How many pods there may be beyond the replicas: a number, or a percentage of the replicas, rounded up.
    #[schemars(schema_with = "share")]
    pub max_surge: IntOrString,
    /// How many of the replicas may be unavailable through the rollout: a number, or a percentage of the replicas, rounded down.
    #[schemars(schema_with = "share")]
    pub max_unavailable: IntOrString,
    /// How many pods stay on the revision before: a number, or a percentage of the replicas.
    #[schemars(schema_with = "share")]
    pub partition: IntOrString,
    /// Whether running pods are patched. IfPossible replaces a pod where that is not possible, Only changes nothing then, and
    /// Never replaces always.
    pub in_place: InPlace,
    /// Whether the rollout stands still. What has begun is ended.
    pub paused: bool,
    /// For how many seconds a pod must have been ready to count as available.
    #[schemars(range(min = 0))]
    pub min_ready_seconds: i32,
    /// After so many seconds without progress the revision has failed.
    #[schemars(range(min = 1))]
    pub progress_deadline_seconds: i32,
    /// What happens to a revision that has failed. Pause stops the rollout, Rollback brings the pods back to the newest revision that
    /// was healthy; spec stays as it is.
    pub on_failure: OnFailure,
}

impl Default for Rollout {
    fn default() -> Rollout {
        Rollout {
            kind: RolloutType::RollingUpdate,
            max_surge: IntOrString::String("25%".to_owned()),
            max_unavailable: IntOrString::String("25%".to_owned()),
            partition: IntOrString::Int(0),
            in_place: InPlace::IfPossible,
            paused: false,
            min_ready_seconds: 0,
            progress_deadline_seconds: 600,
            on_failure: OnFailure::Pause,
        }
    }
}

/// Whether pods are brought to a new revision.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum RolloutType {
    /// A few at a time.
    RollingUpdate,
    /// When somebody deletes them.
    OnDelete,
}

/// Whether running pods are patched.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum InPlace {
    /// Where it is possible; else they are replaced.
    IfPossible,
    /// Where it is possible; else nothing is done.
    Only,
    /// They are replaced.
    Never,
}

/// What happens to a revision that has failed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnFailure {
    /// The rollout stops.
    Pause,
    /// The pods go back to the newest healthy revision.
    Rollback,
}

/// A rollout must be able to do something.
pub(crate) fn moves() -> Rule {
    Rule::new(
        "!has(self.maxSurge) || !has(self.maxUnavailable) \
         || !(string(self.maxSurge) in ['0', '0%'] && string(self.maxUnavailable) in ['0', '0%'])",
    )
    .message(
        "with maxSurge and maxUnavailable both 0 no pod could ever be replaced: set one of them to 1 or more",
    )
    .field_path(".maxUnavailable")
}

/// A pod must be able to become available before the deadline.
pub(crate) fn can_be_in_time() -> Rule {
    Rule::new(
        "!has(self.progressDeadlineSeconds) || !has(self.minReadySeconds) \
         || self.progressDeadlineSeconds > self.minReadySeconds",
    )
    .message(
        "a pod counts only once it has been ready for minReadySeconds: \
         set progressDeadlineSeconds to more than minReadySeconds",
    )
    .field_path(".progressDeadlineSeconds")
}

/// A number of pods or a percentage. Without zeros in front, so that a rule can tell nothing by `0` and `0%`.
fn share(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "minimum": 0,
        "maxLength": 10,
        "pattern": "^(0|[1-9][0-9]{0,8})%?$",
    })
}
