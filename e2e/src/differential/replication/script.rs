//! The script: chapters of steps, each in a room of its own, so that one can be run alone.
//!
//! What a step comes to must not hang on chance. Where pods are to go, they differ in something that decides, since upstream's last
//! criteria are ages in powers of two and random UIDs. One ReplicationController has fewer than 25 events of a type, after
//! which client-go keeps further ones to itself; where something fails on purpose, which is tried again and again, another takes its place.

mod availability;
mod deletion;
mod ownership;
mod refusals;
mod replicas;
mod templates;

use serde_json::{Value, json};

use super::step::{Action, Chapter, Named, Step, Until, pods_of};
use crate::differential::subject::{step, with};

/// The whole script.
pub fn chapters() -> Vec<Chapter> {
    vec![
        replicas::numbers(),
        replicas::costs(),
        replicas::spread(),
        availability::ends(),
        availability::availability(),
        templates::templates(),
        ownership::adoption(),
        ownership::overlap(),
        deletion::cascades(),
        deletion::finalizers(),
        deletion::namespace(),
        refusals::quota(),
        refusals::others(),
        replicas::restarts(),
    ]
}

/// The first step of a chapter. What comes later needs the account that a controller makes in the new namespace.
fn a_new_namespace(room: &'static str) -> Step {
    step("a namespace is made", [Action::Apply(vec![namespace(room)])], [Until::Accounted(room)])
}

fn namespace(room: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": room}})
}

/// A ReplicationController whose pods have the label `app` with its name.
fn controller(it: Named, replicas: u32) -> Value {
    let labels = json!({"app": it.name});
    json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": it.name, "namespace": it.room},
        "spec": {
            "replicas": replicas,
            "selector": labels.clone(),
            "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
        },
    })
}

/// A pod that nobody controls.
fn pod(room: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": room, "labels": {"app": app}},
        "spec": pod_spec(),
    })
}

/// A pod that stays pending, so that it is the first to go.
fn pending_pod(room: &str, name: &str, app: &str) -> Value {
    with(pod(room, name, app), "/spec/nodeSelector", nowhere())
}

/// Asks for a node that there is not.
fn nowhere() -> Value {
    json!({"kubernetes.io/hostname": "nowhere"})
}

fn pod_spec() -> Value {
    json!({"containers": [container("one")]})
}

fn container(image: &str) -> Value {
    json!({"name": "main", "image": format!("localhost/{image}")})
}

/// A ReplicationController comes, and its pods become ready.
fn comes(name: &'static str, it: Named, replicas: u32) -> Step {
    let pods = replicas as usize;
    step(name, [Action::Apply(vec![controller(it, replicas)])], [Until::Pods(it, pods, pods)])
}

/// A ReplicationController is scaled, and its pods are as many and ready.
fn scaled(name: &'static str, it: Named, replicas: u32) -> Step {
    let pods = replicas as usize;
    step(name, [Action::Scale(it, replicas)], [Until::Pods(it, pods, pods)])
}

/// A patch of a pod's metadata that gives it a deletion cost.
fn cost(cost: &str) -> Value {
    json!({"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": cost}}})
}

fn one_of(it: Named) -> super::step::Pick {
    pods_of(it).take(1)
}
