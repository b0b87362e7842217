//! Deployments and SidecarWorkloads, as a user makes, scales and changes them: of one shape, with one main container and one native sidecar.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use mainstay_wire::Request;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
/// Between two looks at a status: a read of one object costs little.
const GLANCE: Duration = Duration::from_millis(20);

/// The kinds that make such pods.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkloadKind {
    /// Of apps/v1.
    Deployment,
    /// Of mainstay.dev/v1alpha1.
    SidecarWorkload,
}

impl WorkloadKind {
    fn group(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "apis/apps/v1",
            WorkloadKind::SidecarWorkload => "apis/mainstay.dev/v1alpha1",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "deployments",
            WorkloadKind::SidecarWorkload => "sidecarworkloads",
        }
    }

    /// Where the sidecar's image is written.
    fn image_path(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "/spec/template/spec/initContainers/0/image",
            WorkloadKind::SidecarWorkload => "/spec/template/sidecars/0/image",
        }
    }

    /// The object. What it leaves out has the same defaults in both kinds: a quarter of the pods may be missing, a quarter may be beyond.
    fn object(self, name: &str, replicas: usize) -> Value {
        let main = json!({"name": "main", "image": "localhost/main:1"});
        // Where there are no requests, only one of the kinds fills them in.
        let resources = json!({"requests": {"cpu": "10m", "memory": "32Mi"}});
        let sidecar = json!({"name": "sidecar", "image": "localhost/sidecar:1", "resources": resources});
        // Nobody takes the taints from the nodes of a benchmark.
        let tolerations = json!([{"operator": "Exists"}]);
        match self {
            WorkloadKind::Deployment => json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name},
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": {"app": name}},
                    "template": {
                        "metadata": {"labels": {"app": name}},
                        "spec": {
                            "initContainers": [native(sidecar)],
                            "containers": [main],
                            "tolerations": tolerations,
                        },
                    },
                },
            }),
            WorkloadKind::SidecarWorkload => json!({
                "apiVersion": "mainstay.dev/v1alpha1",
                "kind": "SidecarWorkload",
                "metadata": {"name": name},
                "spec": {
                    "replicas": replicas,
                    "template": {
                        "metadata": {"labels": {"app": name}},
                        "main": main,
                        "sidecars": [sidecar],
                        "pod": {"tolerations": tolerations},
                    },
                },
            }),
        }
    }
}

/// The sidecar as a pod knows it.
fn native(mut sidecar: Value) -> Value {
    if let Some(fields) = sidecar.as_object_mut() {
        fields.insert("restartPolicy".to_owned(), json!("Always"));
    }
    sidecar
}

/// Makes one.
pub async fn create(client: &Client, kind: WorkloadKind, name: &str, replicas: usize) -> Result<()> {
    let object = kind.object(name, replicas);
    client.send_json_to(kind.group(), "POST", kind.plural(), JSON, &object).await.map(|_| ())
}

/// Sets how many pods it wants.
pub async fn scale(client: &Client, kind: WorkloadKind, name: &str, replicas: usize) -> Result<()> {
    let change = json!({"spec": {"replicas": replicas}});
    let path = format!("{}/{name}", kind.plural());
    client.send_json_to(kind.group(), "PATCH", &path, MERGE_PATCH, &change).await.map(|_| ())
}

/// Gives its sidecar another image, and waits until its status says that all pods have it and are available; measures how long that takes.
pub async fn change_image(
    client: &Client,
    kind: WorkloadKind,
    name: &str,
    image: &str,
    patience: Duration,
) -> Result<Value> {
    let change = json!([{"op": "replace", "path": kind.image_path(), "value": image}]);
    let path = format!("{}/{name}", kind.plural());
    let began = Instant::now();
    client.send_json_to(kind.group(), "PATCH", &path, JSON_PATCH, &change).await?;
    wait_until_done(client, kind, name, patience).await?;
    Ok(json!({"seconds": began.elapsed().as_secs_f64()}))
}

/// Waits until its status says that all pods are of its template and available.
pub async fn wait_until_done(
    client: &Client,
    kind: WorkloadKind,
    name: &str,
    patience: Duration,
) -> Result<()> {
    let began = Instant::now();
    loop {
        let object = read(client, kind, name).await?;
        if is_done(&object) {
            return Ok(());
        }
        let status = object.get("status").unwrap_or(&Value::Null);
        ensure!(began.elapsed() < patience, "not all pods are done after {patience:?}: {status}");
        sleep(GLANCE).await;
    }
}

async fn read(client: &Client, kind: WorkloadKind, name: &str) -> Result<Value> {
    let path = format!("/{}/namespaces/{}/{}/{name}", kind.group(), client.namespace, kind.plural());
    let request = Request {
        method: "GET",
        path_and_query: path,
        accept: JSON,
        content_type: None,
        body: Default::default(),
    };
    serde_json::from_slice(&client.send(request).await?.body).context("an object that is no JSON")
}

/// Both kinds count in the same words.
fn is_done(object: &Value) -> bool {
    let number = |place: &str| object.pointer(place).and_then(Value::as_u64);
    let wanted = number("/spec/replicas");
    let counts = ["/status/replicas", "/status/updatedReplicas", "/status/availableReplicas"];
    number("/status/observedGeneration") >= number("/metadata/generation")
        && counts.iter().all(|count| number(count) == wanted)
}

/// Deletes all that there is of both kinds in the namespace. No garbage collector runs that would see to what is theirs.
pub async fn clear(client: &Client) -> Result<()> {
    let options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "gracePeriodSeconds": 0,
    });
    for (group, collection) in [
        ("apis/apps/v1", "deployments"),
        ("apis/mainstay.dev/v1alpha1", "sidecarworkloads"),
        ("apis/apps/v1", "replicasets"),
        ("apis/apps/v1", "controllerrevisions"),
        ("api/v1", "pods"),
    ] {
        client.send_json_to(group, "DELETE", collection, JSON, &options).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_when_the_status_speaks_of_this_generation_and_of_all_pods() {
        let object = |observed: u32, updated: u32, available: u32| {
            json!({
                "metadata": {"generation": 2},
                "spec": {"replicas": 5},
                "status": {
                    "observedGeneration": observed,
                    "replicas": 5,
                    "updatedReplicas": updated,
                    "availableReplicas": available,
                },
            })
        };
        assert!(is_done(&object(2, 5, 5)));
        assert!(!is_done(&object(1, 5, 5)), "of the generation before");
        assert!(!is_done(&object(2, 4, 5)));
        assert!(!is_done(&object(2, 5, 4)));
        assert!(!is_done(&json!({"metadata": {"generation": 1}, "spec": {"replicas": 5}})), "no status yet");
    }

    #[test]
    fn the_image_is_where_it_is_changed() {
        for kind in WorkloadKind::value_variants() {
            let object = kind.object("any", 1);
            assert_eq!(object.pointer(kind.image_path()), Some(&json!("localhost/sidecar:1")));
        }
    }
}
