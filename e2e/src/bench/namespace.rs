//! Namespaces in which pods may be made, where no controller runs that would see to it.

use anyhow::Result;
use serde_json::json;

use crate::cluster::Cluster;

/// Makes a namespace with all that pods need.
pub fn create(cluster: &Cluster, namespace: &str) -> Result<()> {
    let account = json!({"name": "default", "namespace": namespace});
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
    ]});
    cluster.kubectl_apply(&objects.to_string()).map(|_answer| ())
}
