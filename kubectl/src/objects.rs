//! The objects that are read, with those fields alone that are looked at.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mainstay_model::sidecar_workload::{HEALTHY_ANNOTATION, REVISION_LABEL};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What all objects have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// What tells it from one of the same name.
    pub uid: String,
    /// Its version at the server.
    pub resource_version: String,
    /// How often the spec has been changed.
    pub generation: i64,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// When its deletion was asked for.
    pub deletion_timestamp: Option<Timestamp>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whose it is.
    pub owner_references: Vec<OwnerReference>,
    /// Who has set which field.
    pub managed_fields: Vec<ManagedFields>,
}

/// An owner of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnerReference {
    /// What tells it from one of the same name.
    pub uid: String,
    /// Whether it is the one that controls the object.
    pub controller: bool,
}

/// The fields that one client has set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedFields {
    /// The client.
    pub manager: String,
    /// A tree of field names, as the apiserver keeps it.
    pub fields_v1: Value,
}

impl Metadata {
    /// Whether an object of this UID controls it.
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.owner_references.iter().any(|owner| owner.controller && owner.uid == uid)
    }
}

/// A list of objects.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The objects.
    pub items: Vec<T>,
}

/// A SidecarWorkload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// Metadata.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: WorkloadSpec,
    /// What is known.
    pub status: WorkloadStatus,
}

/// What is wanted of a SidecarWorkload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// How many pods.
    pub replicas: i64,
    /// What they are made from, as the user wrote it.
    pub template: Map<String, Value>,
    /// How they change.
    pub rollout: Rollout,
    /// The revision that all pods are to be of, whatever the template says.
    pub revision: Option<String>,
    /// Another value than before brings new pods.
    pub restarted_at: Option<String>,
}

/// How the pods of a SidecarWorkload change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rollout {
    /// RollingUpdate or OnDelete.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the rollout stands still.
    pub paused: bool,
    /// How many pods stay as they are: a number, or a percentage of the replicas.
    pub partition: Value,
}

/// What is known of a SidecarWorkload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// The generation that this speaks of.
    pub observed_generation: i64,
    /// How many pods there are.
    pub replicas: i64,
    /// How many of them are ready.
    pub ready_replicas: i64,
    /// How many of them have been ready for long enough.
    pub available_replicas: i64,
    /// How many of them are of the update revision.
    pub updated_replicas: i64,
    /// The revision that all pods had when last they had one.
    pub current_revision: Option<String>,
    /// The revision that the spec asks for.
    pub update_revision: Option<String>,
    /// The last revision that has failed.
    pub failed_revision: Option<String>,
    /// Why it has failed.
    pub failed_message: Option<String>,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A condition of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// True, False or Unknown.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

impl Workload {
    /// A condition.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// A condition that is true.
    pub fn is_true(&self, kind: &str) -> Option<&Condition> {
        self.condition(kind).filter(|condition| condition.status == "True")
    }

    /// The word for how it is: the reason of its condition Ready.
    pub fn word(&self) -> &str {
        self.condition("Ready").map_or("Unknown", |condition| condition.reason.as_str())
    }

    /// How many pods stay with the revision before.
    pub fn partition(&self) -> i64 {
        let replicas = self.spec.replicas;
        let partition = match &self.spec.rollout.partition {
            Value::String(text) => match text.strip_suffix('%') {
                Some(percent) => replicas.saturating_mul(percent.parse().unwrap_or(0)) / 100,
                None => text.parse().unwrap_or(0),
            },
            other => other.as_i64().unwrap_or(0),
        };
        partition.clamp(0, replicas.max(0))
    }
}

/// A ControllerRevision: a template as it was once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Revision {
    /// Metadata.
    pub metadata: Metadata,
    /// Its number: the highest is the one that was asked for last.
    pub revision: i64,
    /// What it holds.
    pub data: RevisionData,
}

/// What a ControllerRevision holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RevisionData {
    /// The template as the user wrote it.
    pub template: Map<String, Value>,
}

impl Revision {
    /// When all replicas were of it and available.
    pub fn healthy_at(&self) -> Option<&str> {
        self.metadata.annotations.get(HEALTHY_ANNOTATION).map(String::as_str)
    }
}

/// A pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Metadata.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: PodSpec,
    /// What is known.
    pub status: PodStatus,
}

impl Pod {
    /// The name of the revision that it is of.
    pub fn revision(&self) -> &str {
        self.metadata.labels.get(REVISION_LABEL).map_or("", String::as_str)
    }

    /// A condition.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| condition.status == "True")
    }
}

/// What is wanted of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// Where it runs.
    pub node_name: Option<String>,
    /// Its init steps and sidecars.
    pub init_containers: Vec<Container>,
    /// Its main container.
    pub containers: Vec<Container>,
}

/// A container as it is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Always on a sidecar.
    pub restart_policy: Option<String>,
}

/// What is known of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// How far it has come.
    pub phase: String,
    /// Why, where it is over for a reason of its own.
    pub reason: String,
    /// That in a sentence.
    pub message: String,
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// The states of its init steps and sidecars.
    pub init_container_statuses: Vec<ContainerStatus>,
    /// The state of its main container.
    pub container_statuses: Vec<ContainerStatus>,
}

/// What is known of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// Whether it is ready.
    pub ready: bool,
    /// How often it was started again.
    pub restart_count: i64,
    /// How it is.
    pub state: ContainerState,
    /// How it was before it was started again.
    pub last_state: ContainerState,
}

/// How a container is; one of these at most.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// It waits.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// A container that waits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

/// A container that runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Running {
    /// Since when.
    pub started_at: Option<Timestamp>,
}

/// A container that has ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// How, as a number.
    pub exit_code: i64,
    /// How, in one word.
    pub reason: String,
    /// What it has left to say.
    pub message: String,
}
