//! What is known of the pods.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::embedded::conditions;

/// What is known of the pods. The controller writes it.
#[derive(JsonSchema, Serialize, Deserialize, Clone, PartialEq, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
pub struct SidecarWorkloadStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many pods there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// How many of them are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,
    /// How many of them have been ready for rollout.minReadySeconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_replicas: Option<i32>,
    /// How many of them are of updateRevision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_replicas: Option<i32>,
    /// The label selector of the pods, for autoscalers and PodDisruptionBudgets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The revision that all pods had when last they had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_revision: Option<String>,
    /// The revision that the spec asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_revision: Option<String>,
    /// The last revision whose rollout has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_revision: Option<String>,
    /// What the annotation mainstay.dev/retry said then: another value lets that revision be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_retry: Option<String>,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_message: Option<String>,
    /// When the rollout has last come nearer to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progressed_at: Option<Time>,
    /// The sidecars of updateRevision, in the order in which they start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sidecars: Vec<SidecarStatus>,
    /// Ready says all in one; Available, Progressing, Reconciling, Stalled, RolledBack and SingleMain say more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
}

/// What is known of a sidecar over all pods.
#[derive(JsonSchema, Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct SidecarStatus {
    /// Its name.
    pub name: String,
    /// Where it is declared: workload.
    pub from: String,
    /// The image that is wanted.
    pub image: String,
    /// In how many pods it has that image.
    pub updated: i32,
    /// In how many pods it is ready.
    pub ready: i32,
    /// How often it was restarted, over all pods that are there.
    pub restarts: i32,
}
