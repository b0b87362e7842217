//! Nodes that kwok plays: they are Ready, and their pods run in the status only.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::programs::Programs;
use crate::wait::wait_for;

/// The name of the process.
pub const KWOK: &str = "kwok";

/// Starts kwok for all nodes of the cluster.
pub fn start_kwok(cluster: &Cluster) -> Result<()> {
    let words = [
        Programs::Kwok.program(KWOK)?.display().to_string(),
        format!("--kubeconfig={}", cluster.kubeconfig_path().display()),
        format!("--config={}", Programs::Kwok.program("stages.yaml")?.display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-lease-duration-seconds=40".to_owned(),
    ];
    cluster.daemon(KWOK).start(&cluster.control_plane_surroundings(), &words)
}

/// Creates the Node objects `node-1` to `node-COUNT`.
pub fn create_nodes(cluster: &Cluster, count: u32) -> Result<()> {
    let nodes: Vec<Value> = (1..=count).map(node).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": nodes});
    cluster.kubectl_apply(&list.to_string()).map(|_answer| ()).context("cannot create the nodes")
}

/// Waits until all nodes are Ready.
pub fn wait_for_nodes(cluster: &Cluster, count: u32) -> Result<()> {
    wait_for("the nodes to become ready", Duration::from_secs(60 + u64::from(count)), || {
        cluster.daemon(KWOK).check()?;
        let ready = cluster.ready_nodes().unwrap_or_default();
        Ok((ready.len() >= count as usize).then_some(()))
    })
}

fn node(number: u32) -> Value {
    let name = format!("node-{number}");
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
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
    })
}
