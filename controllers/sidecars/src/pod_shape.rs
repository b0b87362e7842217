//! The shape of a pod: what a revision is a revision of, and what tells two of them apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::sidecar_workload::{REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{ContainerRole, LabelSet, Name, PodSpec, PodTemplate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::render::{array, object};

/// A pod as it is rendered from a template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodShape {
    /// The labels that the template asks for.
    #[serde(default)]
    pub(crate) labels: Map<String, Value>,
    /// The annotations that the template asks for.
    #[serde(default)]
    pub(crate) annotations: Map<String, Value>,
    /// The pod's spec.
    pub(crate) spec: Map<String, Value>,
    /// `spec.restartedAt` of the SidecarWorkload: pods of another one are made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restarted_at: Option<String>,
}

/// A container whose image can be changed in a running pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Replaceable {
    pub(crate) name: Name,
    pub(crate) role: ContainerRole,
    pub(crate) image: Name,
}

/// What leads from one shape to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Difference {
    /// New images and metadata at most: a running pod can be patched.
    InPlace,
    /// More than that, in words.
    Recreate(String),
}

impl PodShape {
    /// The hash that names its revision: ten hexadecimal digits of the SHA-256 of its canonical JSON and of how many other contents
    /// have already been found under that name.
    pub(crate) fn hash(&self, collisions: i32) -> String {
        let mut hasher = Sha256::new();
        // A map is sorted by its keys, so equal shapes are equal bytes.
        hasher.update(serde_json::to_vec(self).unwrap_or_default());
        if collisions > 0 {
            hasher.update(collisions.to_be_bytes());
        }
        hasher.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The sidecars in the order in which they start, and then main: in that order they are replaced in a running pod.
    pub(crate) fn replaceable(&self) -> Vec<Replaceable> {
        let sidecars = array(self.spec.get("initContainers"))
            .iter()
            .filter(|container| is_sidecar(container))
            .filter_map(|container| replaceable(container, ContainerRole::Sidecar));
        let main = array(self.spec.get("containers"))
            .iter()
            .filter_map(|container| replaceable(container, ContainerRole::Main));
        sidecars.chain(main).collect()
    }

    /// The container of that name.
    pub(crate) fn container(&self, name: &str) -> Option<&Value> {
        array(self.spec.get("initContainers"))
            .iter()
            .chain(array(self.spec.get("containers")))
            .find(|container| container.get("name").and_then(Value::as_str) == Some(name))
    }

    /// What leads from here to another shape; `recreated` are the sidecars that are never replaced in a running pod.
    pub(crate) fn difference(&self, other: &PodShape, recreated: &BTreeSet<String>) -> Difference {
        if std::ptr::eq(self, other) {
            return Difference::InPlace;
        }
        if self.restarted_at != other.restarted_at {
            return Difference::Recreate("restartedAt has changed".to_owned());
        }
        let mut fields = self.spec.keys().chain(other.spec.keys());
        if let Some(field) =
            fields.find(|field| !is_alike(field, self.spec.get(*field), other.spec.get(*field)))
        {
            return Difference::Recreate(format!("{field} differ in more than images"));
        }
        let changed = self
            .replaceable()
            .into_iter()
            .zip(other.replaceable())
            .find(|(before, after)| before.image != after.image && recreated.contains(&*after.name));
        match changed {
            Some((container, _)) => {
                Difference::Recreate(format!("the policy of sidecar {} is update: Recreate", container.name))
            }
            None => Difference::InPlace,
        }
    }

    /// The template of the pods of this shape.
    pub(crate) fn template(&self, workload: &str, revision: &Name) -> Arc<PodTemplate> {
        let own = [(WORKLOAD_LABEL.into(), workload.into()), (REVISION_LABEL.into(), revision.clone())];
        Arc::new(PodTemplate {
            labels: LabelSet::new(pairs(&self.labels).chain(own)),
            annotations: LabelSet::new(pairs(&self.annotations)),
            finalizers: Box::default(),
            spec: PodSpec::Json(Bytes::from(serde_json::to_vec(&self.spec).unwrap_or_default())),
        })
    }

    /// For how long the container may take from its start to being started, in seconds: the whole of its startup probe. 0 without one.
    pub(crate) fn startup_seconds(&self, container: &str) -> u64 {
        let probe = object(self.container(container).and_then(|container| container.get("startupProbe")));
        if probe.is_empty() {
            return 0;
        }
        let number = |field: &str, default| probe.get(field).and_then(Value::as_u64).unwrap_or(default);
        let attempts = number("failureThreshold", 3).saturating_mul(number("periodSeconds", 10));
        number("initialDelaySeconds", 0).saturating_add(attempts)
    }

    /// For how long a container may take to end, in seconds.
    pub(crate) fn grace_seconds(&self) -> u64 {
        self.spec.get("terminationGracePeriodSeconds").and_then(Value::as_u64).unwrap_or(30)
    }
}

/// The entries of a map that are texts, which in labels and annotations all are.
pub(crate) fn pairs(map: &Map<String, Value>) -> impl Iterator<Item = (Name, Name)> {
    map.iter().filter_map(|(key, value)| Some((Name::from(key.as_str()), Name::from(value.as_str()?))))
}

/// Whether a field of two specs says the same, but for the images that can be changed in a running pod. Nothing is copied for that: each pod is asked
/// in each plan.
fn is_alike(field: &str, ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    match (field, ours, theirs) {
        ("containers" | "initContainers", Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
            let is_replaceable = |container: &Value| field == "containers" || is_sidecar(container);
            let is_same = |(ours, theirs): (&Value, &Value)| {
                ours == theirs
                    || is_replaceable(ours)
                        && is_replaceable(theirs)
                        && but_for_image(ours).eq(but_for_image(theirs))
            };
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(is_same)
        }
        _ => ours == theirs,
    }
}

fn but_for_image(container: &Value) -> impl Iterator<Item = (&String, &Value)> {
    container.as_object().into_iter().flatten().filter(|(field, _)| *field != "image")
}

fn is_sidecar(container: &Value) -> bool {
    container.get("restartPolicy").and_then(Value::as_str) == Some("Always")
}

fn replaceable(container: &Value, role: ContainerRole) -> Option<Replaceable> {
    Some(Replaceable {
        name: container.get("name")?.as_str()?.into(),
        role,
        image: container.get("image").and_then(Value::as_str).unwrap_or_default().into(),
    })
}
