//! The schemas of Kubernetes' own types, made smaller.
//!
//! Their descriptions are left out: with them the definition would be too large for an annotation of `kubectl apply`, and
//! `kubectl explain pod.spec` has them all. What a rule looks at gets a bound.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// How many ports a container may declare: rules compare each one of main with each one of every sidecar.
const MAX_PORTS: u64 = 64;

/// What says how often a container is started again: that follows from whether it is main, an init step or a sidecar.
const RESTARTS: [&str; 2] = ["restartPolicy", "restartPolicyRules"];

/// What only a container has that stays.
const OF_WHAT_STAYS: [&str; 4] = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

/// A container that stays: main, or a sidecar.
pub(crate) fn container(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = bare::<Container>(generator);
    drop_properties(&mut schema, &RESTARTS);
    restrict(&mut schema, &["name"], json!({"maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}));
    restrict(&mut schema, &["image"], json!({"minLength": 1}));
    schema.insert("required".to_owned(), json!(["image", "name"]));
    restrict(&mut schema, &["ports"], json!({"maxItems": MAX_PORTS}));
    restrict(&mut schema, &["ports", "name"], json!({"maxLength": 15}));
    restrict(&mut schema, &["ports", "protocol"], json!({"enum": ["TCP", "UDP", "SCTP"]}));
    schema
}

/// A container that ends before main starts.
fn init_step(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = container(generator);
    drop_properties(&mut schema, &OF_WHAT_STAYS);
    schema
}

/// Containers that end before main starts.
pub(crate) fn init_steps(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "items": init_step(generator),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    })
}

/// All of a pod but its containers. These are there in name, so that a rule can say where they belong.
pub(crate) fn pod(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = bare::<PodSpec>(generator);
    drop_properties(&mut schema, &["ephemeralContainers", "restartPolicy"]);
    schema.remove("required");
    let containers = json!({
        "type": "array",
        "maxItems": 64,
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("containers".to_owned(), containers.clone());
        properties.insert("initContainers".to_owned(), containers);
    }
    schema
}

/// The usual conditions.
pub(crate) fn conditions(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": bare::<Condition>(generator),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    })
}

/// The schema of a type without descriptions.
fn bare<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = T::json_schema(generator);
    strip(&mut schema);
    schema
}

fn strip(schema: &mut Schema) {
    schema.remove("description");
    transform_subschemas(&mut strip, schema);
}

fn drop_properties(schema: &mut Schema, names: &[&str]) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Adds keywords to the property at a path, which leads through the items of lists.
fn restrict(schema: &mut Schema, path: &[&str], keywords: Value) {
    let mut place: Option<&mut Map<String, Value>> = schema.as_object_mut();
    for name in path {
        place = place
            .and_then(|schema| match schema.get("type").and_then(Value::as_str) {
                Some("array") => schema.get_mut("items")?.as_object_mut(),
                _ => Some(schema),
            })
            .and_then(|schema| schema.get_mut("properties")?.get_mut(name)?.as_object_mut());
    }
    if let (Some(place), Value::Object(keywords)) = (place, keywords) {
        place.extend(keywords);
    }
}
