//! The script: chapters of steps, each in a room of its own, so that one can be run alone.
//!
//! What a step comes to must not hang on chance. Addresses, and the times at which pods became what they are, are the script's; all that
//! change in one step change at the same time, since nobody knows how many changes one write answers to.

mod crowds;
mod families;
mod hints;
mod metadata;
mod mirroring;
mod names;
mod pods;
mod selectors;
mod tampering;

use serde_json::{Value, json};

use super::step::{Action, Chapter, Step, Until};
use super::view::TIMES;
use crate::differential::subject::{step, with};

/// The whole script.
pub fn chapters() -> Vec<Chapter> {
    vec![
        pods::readiness(),
        pods::termination(),
        pods::nodes(),
        names::ports(),
        names::headless(),
        metadata::labels(),
        selectors::selectors(),
        selectors::kinds(),
        families::families(),
        hints::traffic(),
        hints::zones(),
        tampering::tampering(),
        tampering::restarts(),
        mirroring::mirroring(),
        mirroring::services(),
        crowds::slices(),
        crowds::truncation(),
    ]
}

/// The nodes of all chapters, each in a zone of its own and of the same size.
pub fn nodes() -> Vec<Value> {
    ["north", "east", "south"].map(|zone| node(&format!("{zone}-1"), zone)).into()
}

fn node(name: &str, zone: &str) -> Value {
    let size = json!({"cpu": "4", "memory": "8Gi", "pods": "2000"});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        "status": {
            "capacity": size.clone(),
            "allocatable": size,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// The first step of a chapter. What comes later needs the account that a controller makes in the new namespace.
fn a_new_namespace() -> Step {
    step("a namespace is made", [Action::MakeRoom], [Until::Accounted])
}

/// A service of the pods with the label `app` of its name.
fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}

/// A pod on a node that has a port `web`.
fn pod(name: &str, app: &str, node: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "nodeName": node,
            // No scheduler looks for a node where none is named.
            "schedulerName": "nobody",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "containers": [container(json!([{"name": "web", "containerPort": 8080}]))],
        },
    })
}

fn container(ports: Value) -> Value {
    json!({"name": "main", "image": "localhost/nothing", "ports": ports})
}

/// A pod's status: where it is, and whether it is ready since that minute.
fn at(name: &str, addresses: &[&str], ready: bool, minute: u32) -> Value {
    let addresses: Vec<Value> = addresses.iter().map(|ip| json!({"ip": ip})).collect();
    let ready = if ready { "True" } else { "False" };
    let since = format!("{TIMES}{minute:02}:00Z");
    let first = addresses.first().cloned().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "status": {
            "phase": "Running",
            "podIP": first["ip"],
            "podIPs": addresses,
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}],
        },
    })
}

fn ready(name: &str, address: &str, minute: u32) -> Value {
    at(name, &[address], true, minute)
}

fn unready(name: &str, address: &str, minute: u32) -> Value {
    at(name, &[address], false, minute)
}

/// Pods that come and get their addresses at the same time.
fn come(pods: &[(Value, Value)]) -> [Action; 2] {
    let (pods, statuses): (Vec<Value>, Vec<Value>) = pods.iter().cloned().unzip();
    [Action::Apply(pods), Action::Status(statuses)]
}
