//! What the chart makes around the kind, without a manager: the policy, the roles of users, and that helm takes nothing away.

use anyhow::{Result, bail};
use mainstay_e2e::cluster::Cluster;
use mainstay_e2e::testbed::{Namespace, SOON};
use mainstay_e2e::wait::wait_for;
use serde_json::json;

use crate::handling::{WEB, apply_definitions};
use crate::repository;

const RELEASE: &str = "mainstay";
const SYSTEM: &str = "mainstay-system";

/// Installs the chart without pods, or has it upgraded.
fn install(cluster: &Cluster, values: &[&str]) -> Result<()> {
    let chart = repository("charts/mainstay");
    let mut words = vec!["upgrade", "--install", RELEASE, chart.to_str().unwrap(), "--namespace", SYSTEM];
    words.extend(["--create-namespace", "--reset-values", "--set", "replicas=0"]);
    words.extend(values);
    cluster.helm(&words).map(|_notes| ())
}

fn uninstall(cluster: &Cluster) -> Result<()> {
    cluster.helm(&["uninstall", RELEASE, "--namespace", SYSTEM]).map(|_notes| ())
}

/// What a server says to a pod of a SidecarWorkload with these containers: warnings, or why it refuses.
fn said_to_pod(namespace: &Namespace<'_>, containers: &[&str], label: &str) -> Result<(bool, String)> {
    let container = |name: &&str| json!({"name": name, "image": "app:1"});
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {label: "web"}},
        "spec": {"containers": containers.iter().map(container).collect::<Vec<_>>()},
    });
    let file = namespace.cluster().folder().join(format!("{namespace}.json"));
    std::fs::write(&file, pod.to_string())?;
    let mut command = namespace.cluster().kubectl_command()?;
    command.args(["--namespace", namespace.name(), "create", "--dry-run=server", "--filename"]).arg(&file);
    let output = command.output()?;
    Ok((output.status.success(), String::from_utf8(output.stderr)?))
}

pub fn a_second_main_container_is_warned_of_or_refused(namespace: &Namespace<'_>) -> Result<()> {
    let cluster = namespace.cluster();
    let words = "one main container, and something has made it 2: main, intruder";
    for (value, is_said, is_accepted) in [("Warn", true, true), ("Deny", true, false), ("Off", false, true)] {
        install(cluster, &["--set", "crds.install=false", "--set", &format!("singleMain={value}")])?;
        // Admission hears of a policy by a watch of its own.
        wait_for(&format!("singleMain={value} to be in force"), SOON, || {
            let (accepted, said) = said_to_pod(namespace, &["main", "intruder"], "mainstay.dev/workload")?;
            Ok((accepted == is_accepted && said.contains(words) == is_said).then_some(()))
        })?;
        for (containers, label) in
            [(&["main"][..], "mainstay.dev/workload"), (&["main", "intruder"], "example.com/workload")]
        {
            let (accepted, said) = said_to_pod(namespace, containers, label)?;
            assert!(accepted && !said.contains("main container"), "{value}: {said}");
        }
    }
    uninstall(cluster)
}

pub fn users_may_do_what_their_role_says(namespace: &Namespace<'_>) -> Result<()> {
    let cluster = namespace.cluster();
    install(cluster, &["--set", "crds.install=false"])?;
    let may = |role: &str, verb: &str, resource: &str, subresource: &str| {
        let user = format!("{role}or");
        let mut words = vec!["auth", "can-i", verb, resource, "--as", &user];
        if !subresource.is_empty() {
            words.extend(["--subresource", subresource]);
        }
        // A no is told by the exit code, too.
        namespace.kubectl(&words).is_ok()
    };
    let kind = "sidecarworkloads.mainstay.dev";
    for role in ["view", "edit", "admin"] {
        let user = format!("--user={role}or");
        namespace.kubectl(&["create", "rolebinding", role, "--clusterrole", role, &user])?;
        wait_for(&format!("{role} to include the kind"), SOON, || {
            Ok(may(role, "watch", kind, "").then_some(()))
        })?;
        assert!(may(role, "get", kind, "status"), "{role}");
        assert!(!may(role, "patch", kind, "status"), "{role}");
        for (verb, subresource) in [("create", ""), ("deletecollection", ""), ("patch", "scale")] {
            assert_eq!(may(role, verb, kind, subresource), role != "view", "{role}: {verb}");
        }
    }
    uninstall(cluster)
}

pub fn helm_keeps_the_kind_and_every_object_of_it(namespace: &Namespace<'_>) -> Result<()> {
    let cluster = namespace.cluster();
    namespace.apply(WEB)?;
    let uid = || namespace.kubectl(&["get", "scw", "web", "--output", "jsonpath={.metadata.uid}"]);
    let before = uid()?;

    // The kind is there by kubectl, and nobody's release takes it by accident.
    let Err(error) = install(cluster, &[]) else { bail!("helm has taken what is not its own") };
    assert!(format!("{error:#}").contains("invalid ownership metadata"), "{error:#}");
    install(cluster, &["--take-ownership", "--force-conflicts"])?;
    install(cluster, &["--set", "logging.level=debug"])?;
    assert_eq!(uid()?, before, "after an upgrade");
    uninstall(cluster)?;
    assert_eq!(uid()?, before, "after uninstalling");
    install(cluster, &[])?;
    assert_eq!(uid()?, before, "after installing again");
    // Without the value it is a template less, which helm would remove if it were not to be kept.
    install(cluster, &["--set", "crds.install=false"])?;
    assert_eq!(uid()?, before, "after the chart does without it");
    uninstall(cluster)?;

    // For the tests that come after: as it was.
    for mark in ["meta.helm.sh/release-name-", "meta.helm.sh/release-namespace-"] {
        cluster.kubectl(&["annotate", "crd", "sidecarworkloads.mainstay.dev", mark])?;
    }
    apply_definitions(cluster).map(|_said| ())
}
