//! What there is in a room at a moment: ReplicationControllers, pods, events, and what they need.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::step::{Owner, Pick};
use crate::differential::subject::User;

/// The kinds that are read, all by one call.
const KINDS: &str = "replicationcontrollers,pods,events,resourcequotas,serviceaccounts,namespaces";

/// All objects of a room, with its name in the place of the namespace's.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// The ReplicationControllers.
    pub controllers: Vec<Controller>,
    /// The pods.
    pub pods: Vec<Pod>,
    /// The events about ReplicationControllers.
    pub events: Vec<Event>,
    /// The quotas that have been counted.
    pub quotas: Vec<Metadata>,
    /// The service accounts.
    pub accounts: Vec<Metadata>,
    /// The namespace, if it is there.
    pub rooms: Vec<Metadata>,
}

/// `metadata` of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The room.
    pub namespace: String,
    /// What the name was made of, if it was made.
    pub generate_name: Option<String>,
    /// The UID.
    pub uid: String,
    /// When it was created, in whole seconds.
    pub creation_timestamp: String,
    /// The generation of the spec.
    pub generation: i64,
    /// When its deletion was asked for.
    pub deletion_timestamp: Option<String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
    /// The finalizers.
    pub finalizers: Vec<String>,
    /// The owners.
    pub owner_references: Vec<OwnerReference>,
}

/// An owner of an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Whether it controls the object.
    pub controller: Option<bool>,
    /// Whether its deletion in the foreground waits for the object.
    pub block_owner_deletion: Option<bool>,
}

/// A ReplicationController.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Controller {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its status.
    pub status: ControllerStatus,
}

/// The status of a ReplicationController.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ControllerStatus {
    /// Active pods.
    pub replicas: u64,
    /// Those with all labels of the template.
    pub fully_labeled_replicas: u64,
    /// Those that are ready.
    pub ready_replicas: u64,
    /// Those that have been ready for long enough.
    pub available_replicas: u64,
    /// The generation of which all this is said.
    pub observed_generation: i64,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A condition of a ReplicationController or pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// Of what.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

/// A pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its spec.
    pub spec: Value,
    /// Its status.
    pub status: PodStatus,
}

/// The status of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PodStatus {
    /// Its phase.
    pub phase: String,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// An event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Its metadata.
    pub metadata: Metadata,
    /// What it is about.
    pub involved_object: InvolvedObject,
    /// Why, in a word.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Who says so.
    pub source: EventSource,
    /// Who says so, in the newer field.
    pub reporting_component: String,
}

/// What an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct InvolvedObject {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Who made an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventSource {
    /// The component.
    pub component: String,
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Item {
    ReplicationController(Controller),
    Pod(Pod),
    Event(Event),
    ResourceQuota { metadata: Metadata, status: Option<Value> },
    ServiceAccount { metadata: Metadata },
    Namespace { metadata: Metadata },
}

/// What there is now.
pub fn observe(user: &User<'_>) -> Result<Observation> {
    let answer = user.cluster.kubectl(&["get", KINDS, "--all-namespaces", "--output", "json"])?;
    parse(&answer, user.side, user.room)
}

/// Reads kubectl's answer.
pub fn parse(answer: &str, side: &str, room: &str) -> Result<Observation> {
    let answer: Answer = serde_json::from_str(answer).context("kubectl answers something unexpected")?;
    let mut observation = Observation::default();
    let namespace = format!("{side}-{room}");
    let here = |metadata: &mut Metadata| {
        let is_here = metadata.namespace == namespace;
        metadata.namespace = room.to_owned();
        is_here
    };
    for item in answer.items {
        match item {
            Item::ReplicationController(mut it) => {
                if here(&mut it.metadata) {
                    observation.controllers.push(it);
                }
            }
            Item::Pod(mut it) => {
                if here(&mut it.metadata) {
                    observation.pods.push(it);
                }
            }
            Item::Event(mut it) => {
                if here(&mut it.metadata) && it.involved_object.kind == "ReplicationController" {
                    observation.events.push(it);
                }
            }
            Item::ResourceQuota { mut metadata, status } => {
                // Until it is counted, nothing can be created under it.
                let is_counted = status.is_some_and(|status| status.get("used").is_some());
                if here(&mut metadata) && is_counted {
                    observation.quotas.push(metadata);
                }
            }
            Item::ServiceAccount { mut metadata } => {
                if here(&mut metadata) {
                    observation.accounts.push(metadata);
                }
            }
            Item::Namespace { mut metadata } => {
                if metadata.name == namespace {
                    metadata.name = room.to_owned();
                    observation.rooms.push(metadata);
                }
            }
        }
    }
    Ok(observation)
}

impl Observation {
    /// The ReplicationController of this name.
    pub fn controller(&self, room: &str, name: &str) -> Option<&Controller> {
        self.controllers.iter().find(|it| it.metadata.namespace == room && it.metadata.name == name)
    }

    /// All pods that are so, however many are wanted.
    pub fn pods(&self, pick: Pick) -> Vec<&Pod> {
        let owner = match pick.owner {
            Owner::Controller(name) => self.controller(pick.room, name).map(|it| it.metadata.uid.as_str()),
            Owner::Any | Owner::Nobody => None,
        };
        let is_owned_so = |pod: &Pod| match pick.owner {
            Owner::Any => true,
            Owner::Nobody => pod.controller().is_none(),
            Owner::Controller(_) => owner.is_some() && pod.controller() == owner,
        };
        let is_labelled_so = |pod: &Pod| {
            pick.label.is_none_or(|(key, value)| pod.metadata.labels.get(key).is_some_and(|it| it == value))
        };
        self.pods
            .iter()
            .filter(|pod| pod.metadata.namespace == pick.room && is_owned_so(pod) && is_labelled_so(pod))
            .filter(|pod| pick.active.is_none_or(|active| pod.is_active() == active))
            .collect()
    }
}

impl Controller {
    /// The condition that says that pods could not be created or deleted.
    pub fn failure(&self) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == "ReplicaFailure")
    }
}

impl Pod {
    /// The UID of its controller.
    pub fn controller(&self) -> Option<&str> {
        let references = &self.metadata.owner_references;
        references.iter().find(|it| it.controller == Some(true)).map(|it| it.uid.as_str())
    }

    /// Whether it has neither ended nor is being deleted.
    pub fn is_active(&self) -> bool {
        self.metadata.deletion_timestamp.is_none()
            && !["Succeeded", "Failed"].contains(&self.status.phase.as_str())
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True")
    }

    /// A field of its spec, as a text.
    pub fn spec_text(&self, pointer: &str) -> &str {
        self.spec.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}
