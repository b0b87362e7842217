//! SidecarWorkloads on real kubelets: what is replaced, and above all what is not.

use std::collections::BTreeMap;

use anyhow::Result;
use mainstay_e2e::node::{NEXT_SAMPLE_IMAGE, SAMPLE_IMAGE};
use mainstay_e2e::testbed::{LATER, Namespace, World, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

const LABEL: &str = "mainstay.dev/workload=web";
/// An image that no node has and that no registry is there for.
const NO_IMAGE: &str = "localhost/not-there:1";

/// Main, a step that runs and ends, a sidecar that starts before that step and one that starts after it.
fn web(replicas: usize, agent: &str) -> String {
    format!(
        r#"
apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata: {{name: web}}
spec:
  replicas: {replicas}
  rollout: {{progressDeadlineSeconds: 300}}
  template:
    metadata: {{labels: {{app: web}}}}
    main: {{name: app, image: "{SAMPLE_IMAGE}", ports: [{{containerPort: 8080}}]}}
    init:
    - {{name: migrate, image: "{SAMPLE_IMAGE}", args: ["-exit-code=0"], env: [{{name: WORDS, value: "a && b < c"}}]}}
    sidecars:
    - {{name: log, image: "{SAMPLE_IMAGE}", args: ["-port=9091"], policy: {{start: AfterInit}}}}
    - {{name: agent, image: "{agent}", args: ["-port=9090"]}}
    pod: {{terminationGracePeriodSeconds: 1, automountServiceAccountToken: false}}
"#
    )
}

pub fn a_sidecar_is_replaced_and_main_runs_on(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(&web(4, SAMPLE_IMAGE))?;
    wait_for_condition(namespace, "Ready", "True")?;
    let before = mains(namespace)?;
    assert_eq!(before.len(), 4);
    for pod in namespace.pods(LABEL)? {
        let list = pod["spec"]["initContainers"].as_array().cloned().unwrap_or_default();
        let order: Vec<&str> = list.iter().filter_map(|container| container["name"].as_str()).collect();
        assert_eq!(order, ["agent", "migrate", "log"]);
        assert_eq!(pod["spec"]["containers"].as_array().map(Vec::len), Some(1));
    }

    namespace.apply(&web(4, NEXT_SAMPLE_IMAGE))?;
    let updated = wait_until(namespace, "all pods to have the new sidecar", |status| {
        status["updatedReplicas"] == 4
            && status["availableReplicas"] == 4
            && status["observedGeneration"] == 2
    })?;
    assert_eq!(mains(namespace)?, before, "main has neither been restarted nor moved");
    for pod in namespace.pods(LABEL)? {
        assert_eq!(restarts(&pod, "agent"), 1, "the kubelet has replaced it: {pod}");
        assert_eq!(restarts(&pod, "log"), 0);
        assert_eq!(pod["metadata"]["labels"]["mainstay.dev/revision"], updated["updateRevision"]);
    }
    wait_for_condition(namespace, "Ready", "True")
}

pub fn a_bad_image_reaches_one_pod_and_is_taken_back(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    namespace.apply(&web(5, SAMPLE_IMAGE))?;
    wait_for_condition(namespace, "Ready", "True")?;
    let before = mains(namespace)?;

    namespace.apply(&web(5, NO_IMAGE))?;
    wait_for_condition(namespace, "Stalled", "True")?;
    let status =
        wait_until(namespace, "all pods to be available again", |status| status["availableReplicas"] == 5)?;
    assert_eq!(status["failedRevision"], status["updateRevision"]);
    let message = status["failedMessage"].as_str().unwrap_or_default();
    assert!(message.contains("agent") && message.contains(NO_IMAGE), "what has failed: {message}");
    assert_eq!(mains(namespace)?, before, "main has neither been restarted nor moved");
    let pods = namespace.pods(LABEL)?;
    let touched = pods.iter().filter(|pod| restarts(pod, "agent") > 0).count();
    assert_eq!(touched, 1, "one pod has shown that the image is bad");

    // Another image is another revision: nothing of the failure stays.
    namespace.apply(&web(5, NEXT_SAMPLE_IMAGE))?;
    wait_for_condition(namespace, "Ready", "True")?;
    assert_eq!(mains(namespace)?, before);
    Ok(())
}

pub fn it_scales_and_is_collected_with_all_that_is_its(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    namespace.apply(&web(1, SAMPLE_IMAGE))?;
    wait_for_condition(namespace, "Ready", "True")?;
    namespace.kubectl(&["scale", "sidecarworkload", "web", "--replicas=3"])?;
    wait_until(namespace, "three pods", |status| status["availableReplicas"] == 3)?;
    namespace.kubectl(&["scale", "scw", "web", "--replicas=0"])?;
    wait_until(namespace, "no pod", |status| status["replicas"] == 0)?;
    namespace.kubectl(&["delete", "scw", "web"])?;
    wait_for("its revisions to be gone", LATER, || {
        let revisions = namespace.kubectl(&["get", "controllerrevisions", "--output", "name"])?;
        Ok(revisions.trim().is_empty().then_some(()))
    })
}

fn wait_for_condition(namespace: &Namespace<'_>, kind: &str, status: &str) -> Result<()> {
    wait_until(namespace, &format!("{kind} to be {status}"), |found| {
        let conditions = found["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| condition["type"] == kind && condition["status"] == status)
    })
    .map(|_status| ())
}

/// Waits for a status of the present generation, and gives it.
fn wait_until(namespace: &Namespace<'_>, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    wait_for(&format!("{what} in {namespace}"), LATER, || {
        let found = namespace.json(&["get", "sidecarworkload", "web"])?;
        let status = &found["status"];
        let is_present = status["observedGeneration"] == found["metadata"]["generation"];
        Ok((is_present && is_so(status)).then(|| status.clone()))
    })
}

/// The main container of each pod, by its ID, which each restart changes.
fn mains(namespace: &Namespace<'_>) -> Result<BTreeMap<String, Value>> {
    let pods = namespace.pods(LABEL)?;
    let main = |pod: &Value| (name_of(pod), pod["status"]["containerStatuses"][0]["containerID"].clone());
    Ok(pods.iter().map(main).collect())
}

/// How often a sidecar of the pod was restarted.
fn restarts(pod: &Value, sidecar: &str) -> i64 {
    let all = pod["status"]["initContainerStatuses"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|status| status["name"] == sidecar);
    found.and_then(|status| status["restartCount"].as_i64()).unwrap_or(-1)
}
