//! From the template of a SidecarWorkload to a pod: which containers, in which order, with what of main's.
//!
//! The init list is `[BeforeInit sidecars] + [init steps as written] + [AfterInit sidecars]`, the sidecars of a place by their order and
//! then their name. A kubelet starts it from front to back, so that a step that needs a sidecar finds it running.

use mainstay_model::sidecar_workload::SERVING_GATE;
use serde_json::{Map, Value, json};

use crate::pod_shape::PodShape;

/// What a sidecar asks for that asks for nothing: an autoscaler computes nothing as long as one container has no request.
const DEFAULT_REQUESTS: [(&str, &str); 2] = [("cpu", "10m"), ("memory", "32Mi")];
const DEFAULT_ORDER: i64 = 100;

/// The pod of a template, as an object of JSON, and `restartedAt` of its SidecarWorkload.
pub(crate) fn render(template: &Map<String, Value>, restarted_at: Option<&str>) -> PodShape {
    let main = object(template.get("main"));
    let sidecars: Vec<Map<String, Value>> = objects(template.get("sidecars")).collect();
    let mut spec = object(template.get("pod"));
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        spec.remove(list);
    }
    if sidecars.iter().any(drains) {
        let mut gates: Vec<Value> = array(spec.get("readinessGates")).to_vec();
        gates.push(json!({"conditionType": SERVING_GATE}));
        spec.insert("readinessGates".to_owned(), Value::Array(gates));
    }

    let place = |name: &str| {
        let mut placed: Vec<&Map<String, Value>> =
            sidecars.iter().filter(|sidecar| text(policy(sidecar, "start"), "BeforeInit") == name).collect();
        placed.sort_by_key(|sidecar| {
            let order = policy(sidecar, "order").and_then(Value::as_i64).unwrap_or(DEFAULT_ORDER);
            (order, text(sidecar.get("name"), "").to_owned())
        });
        placed.into_iter().map(|sidecar| Value::Object(native(sidecar, &main))).collect::<Vec<Value>>()
    };
    let mut init = place("BeforeInit");
    init.extend(array(template.get("init")).iter().cloned());
    init.extend(place("AfterInit"));
    if !init.is_empty() {
        spec.insert("initContainers".to_owned(), Value::Array(init));
    }
    spec.insert("containers".to_owned(), json!([main]));

    let metadata = object(template.get("metadata"));
    PodShape {
        labels: object(metadata.get("labels")),
        annotations: object(metadata.get("annotations")),
        spec,
        restarted_at: restarted_at.map(str::to_owned),
    }
}

/// Whether a sidecar wants to be taken out of its services before it is replaced.
pub(crate) fn drains(sidecar: &Map<String, Value>) -> bool {
    policy(sidecar, "drain").and_then(Value::as_bool).unwrap_or(false)
}

/// Whether a sidecar is never replaced in a running pod.
pub(crate) fn is_recreated(sidecar: &Map<String, Value>) -> bool {
    text(policy(sidecar, "update"), "InPlace") == "Recreate"
}

/// The sidecar as Kubernetes knows it: an init container that is restarted always.
fn native(sidecar: &Map<String, Value>, main: &Map<String, Value>) -> Map<String, Value> {
    let mut container = sidecar.clone();
    container.remove("policy");
    container.insert("restartPolicy".to_owned(), json!("Always"));
    let mounts = shared_mounts(sidecar, main);
    if !mounts.is_empty() {
        container.insert("volumeMounts".to_owned(), Value::Array(mounts));
    }
    let environment = shared_environment(sidecar, main);
    if !environment.is_empty() {
        container.insert("env".to_owned(), Value::Array(environment));
    }
    let mut resources = object(sidecar.get("resources"));
    let mut requests = object(resources.get("requests"));
    let limits = object(resources.get("limits"));
    for (resource, amount) in DEFAULT_REQUESTS {
        // A limit without a request is a request of the same amount, by the API's own defaults.
        if !requests.contains_key(resource) && !limits.contains_key(resource) {
            requests.insert(resource.to_owned(), json!(amount));
        }
    }
    if !requests.is_empty() {
        resources.insert("requests".to_owned(), Value::Object(requests));
    }
    container.insert("resources".to_owned(), Value::Object(resources));
    container
}

/// Its own mounts, and those of main's that it shares. Where both mount something at one path, its own is meant.
fn shared_mounts(sidecar: &Map<String, Value>, main: &Map<String, Value>) -> Vec<Value> {
    let mut mounts: Vec<Value> = array(sidecar.get("volumeMounts")).to_vec();
    let sharing = text(policy(sidecar, "shareMounts"), "None");
    if sharing == "None" {
        return mounts;
    }
    for mount in objects(main.get("volumeMounts")) {
        if mounts.iter().any(|own| own.get("mountPath") == mount.get("mountPath")) {
            continue;
        }
        let mut mount = mount;
        if sharing == "ReadOnly" {
            mount.insert("readOnly".to_owned(), json!(true));
            // What only makes sense where something is written, the API refuses beside `readOnly`.
            mount.remove("mountPropagation");
        }
        mounts.push(Value::Object(mount));
    }
    mounts
}

/// The variables of main's that it asks for, in the order in which it asks, and then its own, which may refer to them.
fn shared_environment(sidecar: &Map<String, Value>, main: &Map<String, Value>) -> Vec<Value> {
    let own = array(sidecar.get("env"));
    let has = |name: &Value| own.iter().any(|variable| variable.get("name") == Some(name));
    let mains = array(main.get("env"));
    let asked = array(policy(sidecar, "envFromMain")).iter().filter(|name| !has(name));
    asked
        .filter_map(|name| mains.iter().find(|variable| variable.get("name") == Some(name)))
        .chain(own)
        .cloned()
        .collect()
}

fn policy<'a>(sidecar: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    sidecar.get("policy")?.get(field)
}

fn text<'a>(value: Option<&'a Value>, default: &'a str) -> &'a str {
    value.and_then(Value::as_str).unwrap_or(default)
}

/// An object, empty where there is none.
pub(crate) fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The objects of a list, none where there is no list.
pub(crate) fn objects(value: Option<&Value>) -> impl Iterator<Item = Map<String, Value>> {
    array(value).iter().filter_map(Value::as_object).cloned()
}

/// A list, empty where there is none.
pub(crate) fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
