//! Services, and what is behind them.

use anyhow::{Context, Result};
use mainstay_e2e::node::SAMPLE_IMAGE;
use mainstay_e2e::testbed::Namespace;
use mainstay_e2e::testbed::SOON;
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

/// The label of slices that belong to a service, with its name as value.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that says whose a slice is.
pub const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// Its value on slices of pods.
pub const OF_PODS: &str = "endpointslice-controller.k8s.io";
/// Its value on slices that mirror an Endpoints.
pub const MIRRORED: &str = "endpointslicemirroring-controller.k8s.io";

/// A service of the pods with the label `app` of that name.
pub fn service(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: {name}}}
  ports: [{{port: 80, targetPort: 8080}}]
"
    )
}

/// A ReplicationController of pods on real nodes, that answer with their names. As is advised for services, a pod is asked whether it
/// is ready, and serves for some time after it was told to go.
pub fn servers(name: &str, replicas: usize) -> String {
    format!(
        "
apiVersion: v1
kind: ReplicationController
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{app: {name}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 30
      containers:
        - name: server
          image: {SAMPLE_IMAGE}
          imagePullPolicy: Never
          readinessProbe: {{httpGet: {{path: /readyz, port: 8080}}, periodSeconds: 1}}
          lifecycle: {{preStop: {{sleep: {{seconds: 8}}}}}}
"
    )
}

/// The slices of a service.
pub fn slices(namespace: &Namespace<'_>, service: &str) -> Result<Vec<Value>> {
    let selector = format!("--selector={SERVICE_NAME}={service}");
    let list = namespace.json(&["get", "endpointslices", &selector])?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

/// The Endpoints of a service, if there is one.
pub fn endpoints(namespace: &Namespace<'_>, service: &str) -> Result<Option<Value>> {
    let found = namespace.kubectl(&["get", "endpoints", service, "--ignore-not-found", "--output=json"])?;
    if found.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&found).context("kubectl answers no JSON").map(Some)
}

/// Waits until a service has no slices.
pub fn wait_until_without_slices(namespace: &Namespace<'_>, service: &str) -> Result<()> {
    wait_for(&format!("the slices of {service} to be gone"), SOON, || {
        Ok(slices(namespace, service)?.is_empty().then_some(()))
    })
}

/// The addresses in slices with their ports, in order: `192.0.2.1:80`.
pub fn addresses(slices: &[Value]) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for slice in slices {
        for endpoint in list(&slice["endpoints"]) {
            for address in list(&endpoint["addresses"]) {
                let ports = list(&slice["ports"]);
                let address = address.as_str().unwrap_or_default();
                found.extend(ports.iter().map(|port| format!("{address}:{}", port["port"])));
            }
        }
    }
    found.sort();
    found
}
