//! Objects as a server would give them.

use jiff::Timestamp;
use mainstay_kubectl::objects::{Pod, Revision, Workload};
use serde_json::{Value, json};

/// The time at which everything is looked at.
pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// An object, from YAML.
pub fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_saphyr::from_str(text).unwrap()
}

/// The SidecarWorkload of most tests, all of whose pods are of its newest revision, with other values for some fields: a merge patch.
pub fn workload(patch: &str) -> Workload {
    let base: Value = yaml(
        r#"
metadata: {name: web, namespace: shop, uid: u-1, generation: 4, creationTimestamp: "2026-02-26T12:00:00Z"}
spec:
  replicas: 2
  template:
    main: {name: app, image: "app:1"}
    sidecars: [{name: logs, image: "logs:2"}, {name: proxy, image: "proxy:1"}]
    init: [{name: migrate, image: "app:1"}]
  rollout: {type: RollingUpdate, paused: false, partition: 0}
status:
  observedGeneration: 4
  replicas: 2
  readyReplicas: 2
  availableReplicas: 2
  updatedReplicas: 2
  currentRevision: web-bbbbbbbbbb
  updateRevision: web-bbbbbbbbbb
  conditions:
  - {type: Ready, status: "True", reason: Ready, message: "2 of 2 replicas are available, 2 are of revision web-bbbbbbbbbb"}
  - {type: Progressing, status: "True", reason: NewPodsAvailable, message: "2 of 2 replicas are available"}
  - {type: Stalled, status: "False", reason: NotStalled, message: ""}
"#,
    );
    let patch: Value = if patch.is_empty() { json!({}) } else { yaml(patch) };
    serde_json::from_value(merged(base, &patch)).unwrap()
}

/// A status with these conditions, as they are where a rollout has not ended.
pub fn conditions(progressing: (&str, &str, &str), stalled: Option<(&str, &str)>) -> String {
    let (status, reason, message) = progressing;
    let (is_stalled, why, words) = match stalled {
        Some((why, words)) => ("True", why, words),
        None => ("False", "NotStalled", ""),
    };
    json!([
        {"type": "Ready", "status": "False", "reason": reason, "message": message},
        {"type": "Progressing", "status": status, "reason": reason, "message": message},
        {"type": "Stalled", "status": is_stalled, "reason": why, "message": words},
    ])
    .to_string()
}

/// Three revisions: the first was healthy, the second is what pods are of, the third was never healthy.
pub fn revisions() -> Vec<Revision> {
    let revision = |letter: &str, number: i64, healthy: bool, logs: &str, created: &str| {
        let mut revision = json!({
            "metadata": {
                "name": format!("web-{}", letter.repeat(10)), "namespace": "shop", "creationTimestamp": created,
                "ownerReferences": [{"uid": "u-1", "controller": true}],
            },
            "revision": number,
            "data": {"template": {
                "main": {"name": "app", "image": "app:1"},
                "sidecars": [{"name": "logs", "image": logs}, {"name": "proxy", "image": "proxy:1"}],
            }},
        });
        if healthy {
            revision["metadata"]["annotations"] = json!({"mainstay.dev/healthy-at": "2026-02-27T00:00:00Z"});
        }
        serde_json::from_value(revision).unwrap()
    };
    vec![
        revision("b", 2, true, "logs:2", "2026-02-28T12:00:00Z"),
        revision("a", 1, true, "logs:1", "2026-02-26T12:00:00Z"),
        revision("c", 3, false, "logs:nope", "2026-03-01T11:58:00Z"),
    ]
}

/// A pod of a revision in which all is well, with other values for some fields: a merge patch.
pub fn pod(name: &str, revision: &str, patch: &str) -> Pod {
    let running =
        |name: &str| json!({"name": name, "ready": true, "restartCount": 0, "state": {"running": {}}});
    let base = json!({
        "metadata": {
            "name": name, "namespace": "shop", "creationTimestamp": "2026-03-01T11:55:00Z",
            "labels": {"mainstay.dev/workload": "web", "mainstay.dev/revision": revision},
            "ownerReferences": [{"uid": "u-1", "controller": true}],
        },
        "spec": {
            "nodeName": "node-1",
            "initContainers": [
                {"name": "logs", "image": "logs:2", "restartPolicy": "Always"},
                {"name": "migrate", "image": "app:1"},
                {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
            ],
            "containers": [{"name": "app", "image": "app:1"}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "initContainerStatuses": [
                running("logs"),
                {"name": "migrate", "ready": true, "restartCount": 0, "state": {"terminated": {"reason": "Completed", "exitCode": 0}}},
                running("proxy"),
            ],
            "containerStatuses": [running("app")],
        },
    });
    let patch: Value = if patch.is_empty() { json!({}) } else { yaml(patch) };
    serde_json::from_value(merged(base, &patch)).unwrap()
}

/// What is said of the sidecar `logs` of such a pod, instead of that it runs.
pub fn logs_are(state: &str) -> String {
    format!(
        r#"
status:
  conditions: [{{type: Ready, status: "False"}}]
  initContainerStatuses:
  - {{name: logs, ready: false, {state}}}
  - {{name: migrate, ready: true, restartCount: 0, state: {{terminated: {{reason: Completed, exitCode: 0}}}}}}
  - {{name: proxy, ready: true, restartCount: 0, state: {{running: {{}}}}}}
"#
    )
}

/// A merge patch.
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = target.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        match target.remove(key) {
            _ if value.is_null() => {}
            old => {
                target.insert(key.clone(), merged(old.unwrap_or_default(), value));
            }
        }
    }
    Value::Object(target)
}
