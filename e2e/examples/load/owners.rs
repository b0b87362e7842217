//! ReplicationControllers, as a user makes, scales and deletes them, many at a time.

use anyhow::Result;
use serde_json::json;

use crate::client::{Client, side_by_side};

/// How many requests are on their way at a time.
const WIDTH: usize = 32;
const JSON: &str = "application/json";

/// Makes ReplicationControllers, each with a selector of its own.
pub async fn create(client: &Client, name: &str, count: usize, replicas: usize) -> Result<()> {
    side_by_side(count, WIDTH, |index| async move {
        let name = format!("{name}-{index}");
        let owner = json!({
            "apiVersion": "v1",
            "kind": "ReplicationController",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"app": name},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": "localhost/none"}]},
                },
            },
        });
        client.send_json("POST", "replicationcontrollers", JSON, &owner).await.map(|_| ())
    })
    .await
}

/// Shares pods out among ReplicationControllers, as evenly as it goes.
pub async fn scale(client: &Client, name: &str, count: usize, pods: usize) -> Result<()> {
    side_by_side(count, WIDTH, |index| async move {
        let share = pods / count + usize::from(index < pods % count);
        let path = format!("replicationcontrollers/{name}-{index}");
        let change = json!({"spec": {"replicas": share}});
        client.send_json("PATCH", &path, "application/merge-patch+json", &change).await.map(|_| ())
    })
    .await
}

/// Deletes them all, and then the pods, which nobody makes anew.
pub async fn clear(client: &Client) -> Result<()> {
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    for collection in ["replicationcontrollers", "pods"] {
        client.send_json("DELETE", collection, JSON, &options).await?;
    }
    Ok(())
}
