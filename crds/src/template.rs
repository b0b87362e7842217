//! What a pod of a SidecarWorkload is made from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use kube::KubeSchema;
use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::embedded::{container, init_steps, pod};

/// What a pod is made from: one main container, and what helps it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.sidecars) || self.sidecars.all(s, s.name != self.main.name)")
        .message("a sidecar has the name of main: give it another one, a name stands for one container of the pod")
        .field_path(".sidecars"),
    validation = Rule::new("!has(self.init) || self.init.all(i, i.name != self.main.name)")
        .message("an init step has the name of main: give it another one, a name stands for one container of the pod")
        .field_path(".init"),
    validation = Rule::new(
            "!has(self.init) || !has(self.sidecars) \
             || self.sidecars.all(s, !self.init.exists(i, i.name == s.name))"
        )
        .message("a sidecar has the name of an init step: give it another one, a name stands for one container of the pod")
        .field_path(".sidecars"),
    validation = Rule::new(
            "!has(self.sidecars) || !has(self.main.ports) || self.sidecars.all(s, !has(s.ports) \
             || s.ports.all(p, !self.main.ports.exists(m, m.containerPort == p.containerPort \
             && (has(m.protocol) ? m.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP'))))"
        )
        .message(
            "a sidecar declares a port that main declares: all containers of a pod share one network, \
             so let the sidecar listen on another port"
        )
        .field_path(".sidecars"),
    validation = starts_without_main("httpGet"),
    validation = starts_without_main("tcpSocket"),
    validation = starts_without_main("grpc")
)]
pub struct Template {
    /// Labels and annotations of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = not_reserved("labels"), validation = not_reserved("annotations"))]
    pub metadata: Option<TemplateMetadata>,
    /// The main container: a Container as in pod.spec.containers, without restartPolicy. It starts when all sidecars have started
    /// and all init steps have ended, and the pod is over when it is.
    #[schemars(schema_with = "container")]
    pub main: Container,
    /// Steps that run one after another, in this order, and end before main starts. Probes and lifecycle belong to what stays: a
    /// step that has to stay is a sidecar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "init_steps")]
    pub init: Vec<Container>,
    /// Containers that run beside main for as long as it does, and are replaced without a restart of main.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub sidecars: Vec<Sidecar>,
    /// All else of the pod: volumes, serviceAccountName, nodeSelector and so on, as in pod.spec.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "without_containers")]
    #[schemars(schema_with = "pod")]
    #[x_kube(
        validation = Rule::new("!has(self.containers) || size(self.containers) == 0").message(
            "pod has no containers: write the one that does the work as template.main, those that run beside it \
             as template.sidecars"
        ),
        validation = Rule::new("!has(self.initContainers) || size(self.initContainers) == 0").message(
            "pod has no initContainers: write those that end as template.init, and those with restartPolicy Always \
             as template.sidecars, without restartPolicy"
        )
    )]
    pub pod: Option<PodSpec>,
}

/// Main starts only once every sidecar has started, so a sidecar that waits for main waits for ever. A name means a port of the
/// probed container itself, which counts as main's only where the sidecar has none of that name.
fn starts_without_main(probe: &str) -> Rule {
    let found = match probe {
        "grpc" => "m.containerPort == s.startupProbe.grpc.port".to_owned(),
        _ => format!(
            "(m.containerPort == s.startupProbe.{probe}.port \
             || has(m.name) && m.name == s.startupProbe.{probe}.port \
             && (!has(s.ports) || !s.ports.exists(p, has(p.name) && p.name == s.startupProbe.{probe}.port)))"
        ),
    };
    // A probe of another host looks at something else than this pod.
    let elsewhere = match probe {
        "grpc" => String::new(),
        _ => format!("|| has(s.startupProbe.{probe}.host) "),
    };
    Rule::new(format!(
        "!has(self.sidecars) || !has(self.main.ports) || self.sidecars.all(s, !has(s.startupProbe) \
         || !has(s.startupProbe.{probe}) {elsewhere}|| !self.main.ports.exists(m, \
         (!has(m.protocol) || m.protocol == 'TCP') && {found}))"
    ))
    .message(
        "the startupProbe of a sidecar looks at a port of main, which starts only after it: \
         probe a port of the sidecar itself, or use readinessProbe",
    )
    .field_path(".sidecars")
}

/// Labels and annotations of pods.
#[derive(JsonSchema, Serialize, Deserialize, Clone, PartialEq, Eq, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateMetadata {
    /// Labels of the pods, beside those that Mainstay sets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "labels")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pods.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "annotations")]
    pub annotations: BTreeMap<String, String>,
}

fn labels(_: &mut SchemaGenerator) -> Schema {
    let value = json_schema!({"type": "string", "maxLength": 63});
    json_schema!({"type": "object", "maxProperties": 32, "additionalProperties": value})
}

fn annotations(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string"}})
}

/// Controllers find their pods by what is written there.
fn not_reserved(map: &str) -> Rule {
    Rule::new(format!("!has(self.{map}) || self.{map}.all(key, !key.startsWith('mainstay.dev/'))"))
        .message("what begins with mainstay.dev/ is set by Mainstay alone: take a prefix of your own")
        .field_path(format!(".{map}"))
}

/// A container that runs beside main.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Sidecar {
    /// The container itself.
    #[serde(flatten)]
    pub container: Container,
    /// How it goes together with main and the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

impl JsonSchema for Sidecar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sidecar".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = container(generator);
        let policy = Policy::json_schema(generator).to_value();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("policy".to_owned(), policy);
        }
        schema
    }
}

/// How a sidecar goes together with main and the others. All of it is ours; the other fields of a sidecar are those of a Container.
#[derive(JsonSchema, Serialize, Deserialize, Clone, PartialEq, Eq, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// BeforeInit (what counts when it is left out) starts it before the init steps, AfterInit after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Sidecars of one place start by this number, then by name; 100 when it is left out. They stop the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 999))]
    pub order: Option<i32>,
    /// InPlace (what counts when it is left out) replaces it in running pods, Recreate replaces the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Which of main's volumeMounts it has too: None (what counts when it is left out), all of them ReadOnly, or the Same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_mounts: Option<ShareMounts>,
    /// The names of variables that it takes over from main's env.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "set"))]
    pub env_from_main: Vec<String>,
    /// Whether the pod is taken out of its Services before this sidecar is replaced in it, and put back once the new one is ready: for a
    /// sidecar through which requests go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<bool>,
}

/// When a sidecar starts.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// Before the init steps.
    BeforeInit,
    /// After them.
    AfterInit,
}

/// How a sidecar gets a new image.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Update {
    /// In running pods.
    InPlace,
    /// With new pods.
    Recreate,
}

/// Which of main's volumes a sidecar mounts.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShareMounts {
    /// None.
    None,
    /// All, without the right to write.
    ReadOnly,
    /// All, as main does.
    Same,
}

/// The type has to have a list of containers, and a template none.
fn without_containers<S: Serializer>(pod: &Option<PodSpec>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut pod = serde_json::to_value(pod).map_err(serde::ser::Error::custom)?;
    if let Some(pod) = pod.as_object_mut() {
        pod.retain(|name, value| {
            name != "containers" || value.as_array().is_none_or(|list| !list.is_empty())
        });
    }
    pod.serialize(serializer)
}
