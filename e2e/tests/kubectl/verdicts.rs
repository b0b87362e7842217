//! `status` of statuses that are written by hand: nobody writes another one, since the manager is away.

use anyhow::Result;
use mainstay_e2e::testbed::Namespace;
use serde_json::{Value, json};

use crate::shop::{Shop, WEB};

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    })
}

pub fn status_ends_as_the_rollout_does(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    shop.manager().stop()?;
    let checked = check(shop, namespace);
    shop.start_manager()?;
    checked
}

fn check(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(WEB)?;
    let plugin = |words: &[&str]| shop.plugin(namespace, words);
    let say = |conditions: &[Value]| {
        let status = json!({"status": {
            "observedGeneration": 1, "replicas": 2, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1,
            "updateRevision": "web-0123456789", "failedRevision": "web-0123456789", "conditions": conditions,
        }});
        let patch =
            ["patch", "scw", "web", "--subresource=status", "--type=merge", "--patch", &status.to_string()];
        namespace.kubectl(&patch).map(|_said| ())
    };
    plugin(&["status", "web"]).ends(3).says(&["Mainstay has not looked at generation 1", "is it running?"]);
    plugin(&["undo", "web"]).ends(1).says(&["has not looked at the newest spec"]);

    let words =
        "revision web-0123456789 has failed: pod web-1: container logs with image logs:1: ImagePullBackOff";
    for (reason, code) in [
        ("ProgressDeadlineExceeded", 4),
        ("RollbackFailed", 4),
        ("CannotUpdateInPlace", 5),
        ("RolledBack", 6),
    ] {
        say(&[condition("Stalled", "True", reason, words)])?;
        plugin(&["status", "web"]).ends(code).says(&[reason, words]);
        plugin(&["status", "web", "--watch"]).ends(code).says(&[words]);
    }
    plugin(&["retry", "web"]).ends(0).says(&["revision web-0123456789 is tried again"]);
    let retried = namespace.json(&["get", "scw", "web"])?;
    assert!(retried["metadata"]["annotations"]["mainstay.dev/retry"].is_string(), "{retried}");

    say(&[condition("Progressing", "True", "PodsAreUpdated", "1 of 2 pods are of revision web-0123456789")])?;
    plugin(&["status", "web"]).ends(3).says(&["1 of 2 pods are of revision"]);
    let late = plugin(&["status", "web", "--watch", "--timeout", "1s"]).ends(8);
    assert!(late.out.contains("underway") && late.error.contains("not over within 1s"), "{late:?}");

    // The pod that keeps it from going on is named, with what its kubelet says.
    let workload = namespace.json(&["get", "scw", "web"])?;
    let owner = json!([{
        "apiVersion": "mainstay.dev/v1alpha1", "kind": "SidecarWorkload", "name": "web", "controller": true,
        "uid": workload["metadata"]["uid"],
    }]);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web-1", "ownerReferences": owner,
            "labels": {"mainstay.dev/workload": "web", "mainstay.dev/revision": "web-0123456789"},
        },
        "spec": {
            "nodeName": "elsewhere",
            "initContainers": [{"name": "logs", "image": "logs:1", "restartPolicy": "Always"}],
            "containers": [{"name": "app", "image": "app:1"}],
        },
    });
    namespace.apply(&pod.to_string())?;
    let waiting = json!({"status": {"initContainerStatuses": [{
        "name": "logs", "image": "logs:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image logs:1"}},
    }]}});
    let patch =
        ["patch", "pod", "web-1", "--subresource=status", "--type=merge", "--patch", &waiting.to_string()];
    namespace.kubectl(&patch)?;
    let fault = "pod web-1: sidecar logs with image logs:1: ImagePullBackOff: Back-off pulling image logs:1";
    plugin(&["status", "web"]).ends(3).says(&[fault]);
    plugin(&["get", "web"]).ends(0).says(&[fault, "pod web-1", "ImagePullBackOff"]);
    Ok(())
}
