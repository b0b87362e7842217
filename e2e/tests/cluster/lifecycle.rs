//! The chart's sample on real nodes, from its creation to its service.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;
use mainstay_e2e::image::repository;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, is_active, name_of, uid_of};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};

pub fn the_sample_comes_up_heals_and_scales(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = fs::read_to_string(repository()?.join("charts/samples/replicationcontroller.yaml"))?;
    namespace.apply(&sample)?;
    let controller = namespace.wait_until_ready("sample", 3, LATER)?;
    let status = json!({
        "replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "observedGeneration": 1,
    });
    assert_eq!(controller["status"], status);
    let pods = namespace.pods("app=sample")?;
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        is_made_from(pod, &controller);
        assert_eq!(pod["status"]["phase"], "Running");
        assert_eq!(pod["status"]["initContainerStatuses"][1]["started"], true, "the sidecar runs: {pod}");
    }

    heals(namespace, &name_of(&pods[0]))?;
    scales(namespace)?;
    is_exposed(namespace)?;

    let described = namespace.kubectl(&["describe", "replicationcontroller", "sample"])?;
    for words in ["SuccessfulCreate", "Created pod: sample-", "SuccessfulDelete", "Deleted pod: sample-"] {
        assert!(described.contains(words), "no {words:?} in:\n{described}");
    }
    assert!(described.contains("replication-controller"), "who says so:\n{described}");
    Ok(())
}

fn heals(namespace: &Namespace<'_>, lost: &str) -> Result<()> {
    namespace.kubectl(&["delete", "pod", lost, "--wait=false"])?;
    wait_for("another pod in the place of the deleted one", LATER, || {
        let pods = namespace.pods("app=sample")?;
        let names: BTreeSet<String> = pods.iter().filter(|pod| is_active(pod)).map(name_of).collect();
        Ok((names.len() == 3 && !names.contains(lost)).then_some(()))
    })?;
    namespace.wait_until_ready("sample", 3, LATER).map(|_ready| ())
}

fn scales(namespace: &Namespace<'_>) -> Result<()> {
    namespace.kubectl(&["scale", "replicationcontroller", "sample", "--replicas=5"])?;
    namespace.wait_until_ready("sample", 5, LATER)?;
    let before: BTreeSet<String> = namespace.pods("app=sample")?.iter().map(uid_of).collect();
    namespace.kubectl(&["scale", "replicationcontroller", "sample", "--replicas=2"])?;
    namespace.wait_until_ready("sample", 2, SOON)?;
    wait_for("the pods that are too many to be gone", LATER, || {
        Ok((namespace.pods("app=sample")?.len() == 2).then_some(()))
    })?;
    let after: BTreeSet<String> = namespace.pods("app=sample")?.iter().map(uid_of).collect();
    assert!(after.is_subset(&before), "two of the five stay");
    Ok(())
}

/// `kubectl expose` reads the selector; the in-tree endpoints controllers find the pods by their labels and readiness.
fn is_exposed(namespace: &Namespace<'_>) -> Result<()> {
    namespace.kubectl(&["expose", "replicationcontroller", "sample", "--port=80"])?;
    let service = namespace.json(&["get", "service", "sample"])?;
    assert_eq!(service["spec"]["selector"], json!({"app": "sample"}));
    let addresses: BTreeSet<String> = namespace
        .pods("app=sample")?
        .iter()
        .map(|pod| pod["status"]["podIP"].as_str().unwrap_or_default().to_owned())
        .collect();
    wait_for("the service to lead to the pods", SOON, || {
        let slices =
            namespace.json(&["get", "endpointslices", "--selector=kubernetes.io/service-name=sample"])?;
        let slices = slices["items"].as_array().cloned().unwrap_or_default();
        let endpoints =
            slices.iter().flat_map(|slice| slice["endpoints"].as_array().cloned().unwrap_or_default());
        let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true);
        let found: BTreeSet<String> =
            ready.filter_map(|endpoint| endpoint["addresses"][0].as_str().map(str::to_owned)).collect();
        Ok((found == addresses).then_some(()))
    })
}

/// A pod is what the template says, and belongs to its controller.
fn is_made_from(pod: &Value, controller: &Value) {
    let (metadata, template) = (&pod["metadata"], &controller["spec"]["template"]);
    let owner = json!([{
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "name": "sample",
        "uid": controller["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    }]);
    assert_eq!(metadata["ownerReferences"], owner);
    assert_eq!(metadata["generateName"], "sample-");
    let name = name_of(pod);
    assert!(name.starts_with("sample-") && name.len() == "sample-".len() + 5, "{name}");
    assert_eq!(metadata["labels"], template["metadata"]["labels"]);
    assert_eq!(pod["spec"]["initContainers"][1]["restartPolicy"], "Always", "the sidecar's");
    contains(&pod["spec"], &template["spec"], "spec");
}

/// Everything in `part` is in `whole` too. The apiserver and the scheduler add to it, for example a node's name.
fn contains(whole: &Value, part: &Value, path: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                let path = format!("{path}.{key}");
                contains(whole.get(key).unwrap_or_else(|| panic!("{path} is missing")), value, &path);
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{path}");
            for (index, (whole, part)) in whole.iter().zip(part).enumerate() {
                contains(whole, part, &format!("{path}[{index}]"));
            }
        }
        (whole, part) => assert_eq!(whole, part, "{path}"),
    }
}
