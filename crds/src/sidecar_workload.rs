//! The SidecarWorkload: pods of one main container, init steps that end, and sidecars.

#![allow(clippy::duplicated_attributes, reason = "two columns may have one type")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use crate::rollout::{self, Rollout};
use crate::status::SidecarWorkloadStatus;
use crate::template::Template;

/// What is wanted.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, PartialEq, Debug)]
#[kube(
    group = "mainstay.dev",
    version = "v1alpha1",
    kind = "SidecarWorkload",
    plural = "sidecarworkloads",
    shortname = "scw",
    category = "all",
    category = "mainstay",
    namespaced,
    doc = "Pods of one main container, init steps that run to their end, and sidecars that run beside main. \
           A new image of a sidecar reaches the running pods without a restart of main.",
    derive = "PartialEq",
    status = "SidecarWorkloadStatus",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    selectable = ".status.updateRevision",
    printcolumn(name = "Desired", type_ = "integer", json_path = ".spec.replicas"),
    printcolumn(name = "Ready", type_ = "integer", json_path = ".status.readyReplicas"),
    printcolumn(name = "Updated", type_ = "integer", json_path = ".status.updatedReplicas"),
    printcolumn(name = "Available", type_ = "integer", json_path = ".status.availableReplicas"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.updateRevision"),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Main", type_ = "string", json_path = ".spec.template.main.image", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
        "!has(self.revision) || !has(self.rollout) || !has(self.rollout.partition) \
         || string(self.rollout.partition) in ['0', '0%']"
    )
    .message(
        "revision brings all pods to one revision, partition keeps some on the one before: \
         leave out revision, or set rollout.partition to 0"
    )
    .field_path(".revision"))]
pub struct SidecarWorkloadSpec {
    /// How many pods are wanted. Leave it out of what you apply where a HorizontalPodAutoscaler sets it: it is never
    /// written by Mainstay.
    #[serde(default = "one")]
    #[schemars(range(min = 0))]
    pub replicas: i32,
    /// What each pod is made from.
    pub template: Template,
    /// How a new template reaches the pods.
    #[serde(default)]
    #[x_kube(validation = rollout::moves(), validation = rollout::can_be_in_time())]
    pub rollout: Rollout,
    /// The name of a stored revision (a ControllerRevision) that all pods are to be of, whatever template says: an undo that can
    /// be kept in Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub revision: Option<String>,
    /// Another time than before brings new pods, although the template is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<Time>,
    /// How many old revisions are kept for an undo.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    pub revision_history_limit: i32,
}

fn one() -> i32 {
    1
}

fn ten() -> i32 {
    10
}
