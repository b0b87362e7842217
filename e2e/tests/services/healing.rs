//! What users delete and edit, and nobody else is to.

use anyhow::Result;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, name_of, templates, uid_of};
use mainstay_e2e::wait::wait_for;
use serde_json::json;

use crate::objects::{OF_PODS, endpoints, service, slices};
use crate::wanted::wait_until_all_is_said;

const NAME: &str = "web";
const PODS: usize = 3;

fn with_pods(namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(&templates::on_fake_nodes(NAME, PODS))?;
    namespace.apply(&service(NAME))?;
    namespace.wait_until_ready(NAME, PODS, LATER)?;
    wait_until_all_is_said(namespace, SOON)
}

pub fn what_is_deleted_comes_back(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    with_pods(namespace)?;
    let slice = slices(namespace, NAME)?[0].clone();
    namespace.kubectl(&["delete", "endpointslice", &name_of(&slice)])?;
    wait_for("another slice", SOON, || {
        let found = slices(namespace, NAME)?;
        Ok(found.iter().any(|other| uid_of(other) != uid_of(&slice)).then_some(()))
    })?;
    wait_until_all_is_said(namespace, SOON)?;

    let before = endpoints(namespace, NAME)?.map(|found| uid_of(&found));
    namespace.kubectl(&["delete", "endpoints", NAME])?;
    wait_for("another Endpoints", SOON, || {
        let found = endpoints(namespace, NAME)?.map(|found| uid_of(&found));
        Ok((found.is_some() && found != before).then_some(()))
    })?;
    wait_until_all_is_said(namespace, SOON)
}

pub fn what_is_edited_is_put_right(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    with_pods(namespace)?;
    let slice = name_of(&slices(namespace, NAME)?[0]);
    let elsewhere = json!([{"addresses": ["192.0.2.1"], "conditions": {"ready": true}}]);
    for patch in [
        json!({"endpoints": elsewhere}),
        json!({"endpoints": null}),
        json!({"ports": [{"name": "", "port": 9, "protocol": "TCP"}]}),
    ] {
        namespace.kubectl(&[
            "patch",
            "endpointslice",
            &slice,
            "--type=merge",
            "--patch",
            &patch.to_string(),
        ])?;
        wait_until_all_is_said(namespace, SOON)?;
        wait_for("the port to be the service's", SOON, || {
            let found = slices(namespace, NAME)?;
            Ok(found.iter().all(|slice| slice["ports"][0]["port"] == 8080).then_some(()))
        })?;
    }
    for patch in [
        json!({"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 8080}]}]}),
        json!({"subsets": null}),
    ] {
        namespace.kubectl(&["patch", "endpoints", NAME, "--type=merge", "--patch", &patch.to_string()])?;
        wait_until_all_is_said(namespace, SOON)?;
    }

    // A slice of which somebody says that it is ours, and one that is somebody else's.
    namespace.apply(&stray("stray", OF_PODS))?;
    namespace.apply(&stray("theirs", "somebody.example"))?;
    wait_for("the stray slice to be gone or put right", SOON, || {
        let found = slices(namespace, NAME)?;
        let wrong = found.iter().filter(|slice| slice["endpoints"][0]["addresses"][0] == "192.0.2.9");
        let wrong: Vec<String> = wrong.map(name_of).collect();
        Ok((wrong == ["theirs"]).then_some(()))
    })?;
    wait_until_all_is_said(namespace, SOON)?;
    assert!(namespace.kubectl(&["get", "endpointslice", "theirs"]).is_ok(), "it is left alone");
    Ok(())
}

fn stray(name: &str, manager: &str) -> String {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/service-name": NAME,
            "endpointslice.kubernetes.io/managed-by": manager,
        }},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.9"]}],
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    })
    .to_string()
}
