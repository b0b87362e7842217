//! What users do with kubectl.

use anyhow::Result;
use mainstay_e2e::cluster::Cluster;
use mainstay_e2e::testbed::Namespace;
use serde_json::{Value, json};

use crate::repository;

pub const WEB: &str = r#"
apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata: {name: web}
spec:
  template:
    main: {name: main, image: "app:1"}
    sidecars:
    - {name: logs, image: "logs:1"}
"#;

/// Applies the definitions as users do, and waits until objects are accepted.
pub fn apply_definitions(cluster: &Cluster) -> Result<String> {
    let folder = repository("crds/yaml");
    let said = cluster.kubectl(&["apply", "--filename", folder.to_str().unwrap()])?;
    cluster.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd/sidecarworkloads.mainstay.dev",
        "--timeout=30s",
    ])?;
    Ok(said)
}

pub fn the_definition_can_be_applied_again_and_again(namespace: &Namespace<'_>) -> Result<()> {
    for _ in 0..2 {
        let said = apply_definitions(namespace.cluster())?;
        assert!(said.contains("unchanged"), "{said}");
    }
    Ok(())
}

pub fn it_is_listed_selected_and_scaled(namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(WEB)?;
    namespace.kubectl(&["scale", "sidecarworkload", "web", "--replicas", "3"])?;
    let status = json!({"status": {
        "replicas": 2, "readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 0,
        "updateRevision": "web-0123456789", "selector": "mainstay.dev/workload=web",
        "conditions": [{
            "type": "Ready", "status": "False", "reason": "PodsAreUpdated", "message": "",
            "lastTransitionTime": "2026-01-02T03:04:05Z",
        }],
    }});
    let patch = ["patch", "scw", "web", "--subresource", "status", "--type", "merge", "--patch"];
    namespace.kubectl(&[&patch[..], &[&status.to_string()]].concat())?;

    let table = namespace.kubectl(&["get", "scw", "--output", "wide"])?;
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let heads = ["NAME", "DESIRED", "READY", "UPDATED", "AVAILABLE", "REVISION", "STATUS", "AGE", "MAIN"];
    assert_eq!(lines.next().unwrap(), heads);
    let row = lines.next().unwrap();
    assert_eq!(row[..7], ["web", "3", "1", "2", "0", "web-0123456789", "PodsAreUpdated"]);
    assert_eq!(row[8], "app:1");

    for category in ["all", "mainstay"] {
        let found = namespace.kubectl(&["get", category, "--output", "name"])?;
        assert!(found.contains("sidecarworkload.mainstay.dev/web"), "{category}: {found}");
    }
    for (revision, count) in [("web-0123456789", 1), ("other", 0)] {
        let selector = format!("status.updateRevision={revision}");
        let found = namespace.json(&["get", "scw", "--field-selector", &selector])?;
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{revision}");
    }

    let path = format!("/apis/mainstay.dev/v1alpha1/namespaces/{namespace}/sidecarworkloads/web/scale");
    let scale = serde_json::from_str::<Value>(&namespace.cluster().kubectl(&["get", "--raw", &path])?)?;
    assert_eq!(scale["spec"]["replicas"], 3);
    assert_eq!(scale["status"], json!({"replicas": 2, "selector": "mainstay.dev/workload=web"}));
    // The status is not written with the spec.
    namespace.apply(&format!("{WEB}status: {{replicas: 9}}\n"))?;
    assert_eq!(namespace.json(&["get", "scw", "web"])?["status"]["replicas"], 2);

    // For what waits, the usual conditions do.
    let waits = ["wait", "--for=condition=Ready=false", "scw/web", "--timeout=10s"];
    namespace.kubectl(&waits)?;
    let explained = namespace.kubectl(&["explain", "scw.spec.template.sidecars.policy"])?;
    assert!(explained.contains("BeforeInit"), "{explained}");
    Ok(())
}

/// Each with a plain `kubectl apply`, which refuses fields that the definition does not have; once more it changes nothing.
pub fn every_sample_can_be_applied(namespace: &Namespace<'_>) -> Result<()> {
    let folder = repository("charts/samples");
    let apply = || namespace.kubectl(&["apply", "--filename", folder.to_str().unwrap()]);
    let said = apply()?;
    let workloads = said.lines().filter(|line| line.starts_with("sidecarworkload.mainstay.dev/"));
    assert_eq!(workloads.count(), 4, "{said}");
    assert!(said.lines().all(|line| line.ends_with(" created")), "{said}");
    let said = apply()?;
    assert!(said.lines().all(|line| line.ends_with(" unchanged")), "{said}");
    Ok(())
}
