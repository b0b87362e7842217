//! Whose slices and Endpoints are: by selectors, and by what users write themselves.

use anyhow::Result;
use mainstay_e2e::in_tree::CONTROLLERS_OF_MAINSTAY;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, templates};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

use crate::objects::{
    MANAGED_BY, MIRRORED, OF_PODS, addresses, endpoints, service, slices, wait_until_without_slices,
};
use crate::wanted::wait_until_all_is_said;

pub fn all_controllers_act_and_say_so(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let settled = managers.settled()?;
    for (manager, mode) in [(&settled.leader, "active"), (&settled.standby, "standby")] {
        wait_for("the modes of all controllers", SOON, || {
            let said = managers.ask(&manager.pod, "readyz?verbose")?;
            let says = |name: &&str| said.contains(&format!("[+]controller/{name} ok: on; {mode}, "));
            let kinds = ["endpoints", "endpointslices", "nodes", "pods", "services"];
            let has = |kind: &str| said.contains(&format!("[+]cache/{kind} ok"));
            Ok((CONTROLLERS_OF_MAINSTAY.iter().all(says) && kinds.into_iter().all(has)).then_some(()))
        })?;
    }
    // The queues' names are upstream's.
    let metrics = managers.ask(&settled.leader.pod, "metrics")?;
    for queue in ["endpoint", "endpoint_slice", "endpoint_slice_mirroring", "replicationmanager"] {
        let name = format!("workqueue_depth{{name=\"{queue}\"}}");
        assert!(metrics.lines().any(|line| line.starts_with(&name)), "no {name} in:\n{metrics}");
    }
    // So are those of what is counted.
    for name in [
        "endpoint_slice_controller_changes{operation=\"create\"}",
        "endpoint_slice_controller_endpoints_added_per_sync_bucket{",
        "endpoint_slice_controller_syncs{result=\"success\"}",
        "endpoint_slice_mirroring_controller_changes{operation=\"create\"}",
        "endpoint_slice_mirroring_controller_endpoints_sync_duration_bucket{",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "no {name} in:\n{metrics}");
    }
    // A service without pods says so by one empty slice and an Endpoints without subsets.
    namespace.apply(&service("nobody"))?;
    wait_until_all_is_said(namespace, SOON)?;
    wait_for("the slice to be counted", SOON, || {
        let count = managers.metric(&settled.leader.pod, "endpoint_slice_controller_num_endpoint_slices")?;
        Ok((count >= 1.0).then_some(()))
    })
}

pub fn a_selector_that_goes_leaves_no_slices(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    for name in ["plain", "alias"] {
        namespace.apply(&templates::on_fake_nodes(name, 2))?;
        namespace.apply(&service(name))?;
        namespace.wait_until_ready(name, 2, LATER)?;
    }
    wait_until_all_is_said(namespace, SOON)?;

    // An Endpoints without a selector's care is its user's, and mirrored.
    let removal = r#"[{"op": "remove", "path": "/spec/selector"}]"#;
    namespace.kubectl(&["patch", "service", "plain", "--type=json", "--patch", removal])?;
    wait_for("the slices of pods to give way to a mirror", SOON, || {
        let found = slices(namespace, "plain")?;
        let is_mirror = |slice: &Value| slice["metadata"]["labels"][MANAGED_BY] == MIRRORED;
        Ok((!found.is_empty() && found.iter().all(is_mirror)).then_some(()))
    })?;
    assert!(endpoints(namespace, "plain")?.is_some());
    namespace.kubectl(&["delete", "endpoints", "plain"])?;
    wait_until_without_slices(namespace, "plain")?;

    let change = r#"{"spec": {"type": "ExternalName", "externalName": "elsewhere.example", "clusterIP": null, "clusterIPs": null}}"#;
    namespace.kubectl(&["patch", "service", "alias", "--type=merge", "--patch", change])?;
    wait_for("the slices of pods to be gone", SOON, || {
        let found = slices(namespace, "alias")?;
        let is_of_pods = |slice: &Value| slice["metadata"]["labels"][MANAGED_BY] == OF_PODS;
        Ok((!found.iter().any(is_of_pods)).then_some(()))
    })
}

pub fn what_a_user_writes_is_mirrored(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let written = |subsets: &str| {
        format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: outside}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Endpoints
metadata: {{name: outside, labels: {{team: ships}}}}
subsets: {subsets}
"
        )
    };
    let mirror_says = |expected: &[&str]| {
        wait_for(&format!("the mirror to say {expected:?}"), SOON, || {
            let found = slices(namespace, "outside")?;
            let mirrors = found.iter().all(|slice| {
                let labels = &slice["metadata"]["labels"];
                labels[MANAGED_BY] == MIRRORED && labels["team"] == "ships"
            });
            Ok((mirrors && addresses(&found) == expected).then_some(()))
        })
    };
    namespace.apply(&written("[{addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}], ports: [{port: 80}]}]"))?;
    mirror_says(&["192.0.2.1:80", "192.0.2.2:80"])?;
    namespace.apply(&written(
        "[{addresses: [{ip: 192.0.2.2}], ports: [{port: 80}]}, {addresses: [{ip: 192.0.2.3}, {ip: '2001:db8::3'}], ports: [{port: 81}]}]",
    ))?;
    mirror_says(&["192.0.2.2:80", "192.0.2.3:81", "2001:db8::3:81"])?;

    // What is deleted of the mirror comes back.
    namespace.kubectl(&["delete", "endpointslices", "--all"])?;
    mirror_says(&["192.0.2.2:80", "192.0.2.3:81", "2001:db8::3:81"])?;
    assert!(endpoints(namespace, "outside")?.is_some());

    namespace.kubectl(&["label", "endpoints", "outside", "endpointslice.kubernetes.io/skip-mirror=true"])?;
    wait_until_without_slices(namespace, "outside")?;
    namespace.kubectl(&["label", "endpoints", "outside", "endpointslice.kubernetes.io/skip-mirror-"])?;
    mirror_says(&["192.0.2.2:80", "192.0.2.3:81", "2001:db8::3:81"])?;
    namespace.kubectl(&["delete", "endpoints", "outside"])?;
    wait_until_without_slices(namespace, "outside")
}
