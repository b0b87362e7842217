//! Nodes that kwok plays: they are Ready, and their pods run in the status only.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Nodes};
use crate::programs::Programs;
use crate::wait::wait_for;

/// The name of the process.
pub const KWOK: &str = "kwok";

/// The annotation of a node that kwok plays, with its only value; also the key of its taint.
pub const FAKE_NODE: (&str, &str) = ("kwok.x-k8s.io/node", "fake");

/// Starts kwok for the nodes that are made for it.
pub fn start_kwok(cluster: &Cluster) -> Result<()> {
    let words = [
        Programs::Kwok.program(KWOK)?.display().to_string(),
        format!("--kubeconfig={}", cluster.kubeconfig_path().display()),
        format!("--config={}", Programs::Kwok.program("stages.yaml")?.display()),
        "--manage-all-nodes=false".to_owned(),
        format!("--manage-nodes-with-annotation-selector={}={}", FAKE_NODE.0, FAKE_NODE.1),
        "--node-lease-duration-seconds=40".to_owned(),
    ];
    cluster.daemon(KWOK).start(&cluster.control_plane_surroundings(), &words)
}

/// Creates the Node objects: `node-1` and so on, or `fake-1` and so on beside real nodes.
pub fn create_nodes(cluster: &Cluster) -> Result<()> {
    let nodes = cluster.options().nodes;
    let nodes: Vec<Value> = (1..=nodes.fake()).map(|number| node(nodes, number)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": nodes});
    cluster.kubectl_apply(&list.to_string()).map(|_answer| ()).context("cannot create the nodes")
}

/// Waits until all nodes are Ready.
pub fn wait_for_nodes(cluster: &Cluster) -> Result<()> {
    let count = cluster.options().nodes.fake();
    wait_for("the nodes to become ready", Duration::from_secs(60 + u64::from(count)), || {
        cluster.daemon(KWOK).check()?;
        let ready = cluster.ready_nodes().unwrap_or_default();
        Ok((ready.len() >= count as usize).then_some(()))
    })
}

fn node(nodes: Nodes, number: u32) -> Value {
    let (key, value) = FAKE_NODE;
    let mixed = nodes.real() > 0;
    let name = if mixed { format!("fake-{number}") } else { format!("node-{number}") };
    let taints =
        if mixed { json!([{"key": key, "value": value, "effect": "NoSchedule"}]) } else { json!([]) };
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "type": "kwok",
            },
            "annotations": {key: value},
        },
        "spec": {"taints": taints},
    })
}
