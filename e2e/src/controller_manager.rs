//! kube-controller-manager: a static pod of the first real node, as kubeadm and kind run it, or a process where all
//! nodes are fake.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::addresses::SERVICE_RANGE;
use crate::cluster::Cluster;
use crate::images::{Image, ImageFile, write_oci_archive};
use crate::in_tree::InTree;
use crate::programs::{KUBERNETES_VERSION, Programs};
use crate::wait::wait_for;

/// The name of the process, the static pod and its container.
pub const CONTROLLER_MANAGER: &str = "kube-controller-manager";

/// The folder of the keys in the static pod.
const POD_PKI: &str = "/etc/kubernetes/pki";
const POD_KUBECONFIG: &str = "/etc/kubernetes/controller-manager.conf";

/// An error when kube-controller-manager does not know a name of the list. It is asked itself, so there is no list here.
pub fn check_list(in_tree: &InTree) -> Result<()> {
    let Some(list) = in_tree.controllers_flag() else { return Ok(()) };
    let program = Programs::Kubernetes.program(CONTROLLER_MANAGER)?;
    // It checks its flags first, and ends then, as there is no such kubeconfig.
    let output = Command::new(&program)
        .args([format!("--controllers={list}"), "--kubeconfig=/nonexistent".to_owned()])
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match said.lines().find(|line| line.contains("not in the list of")) {
        Some(line) => bail!("--in-tree {in_tree}: {}", line.trim()),
        None => Ok(()),
    }
}

/// Starts kube-controller-manager with these controllers and further arguments, if it is to run at all.
pub fn start(cluster: &Cluster, in_tree: &InTree, extra_arguments: &[String]) -> Result<()> {
    let Some(list) = in_tree.controllers_flag() else { return Ok(()) };
    if cluster.options().nodes.real() > 0 {
        start_static_pod(cluster, &list, extra_arguments)
    } else {
        start_process(cluster, &list, extra_arguments)
    }
}

/// Stops it and waits until it has ended. Does nothing when it does not run.
pub fn stop(cluster: &Cluster) -> Result<()> {
    let Some(manifest) = manifest(cluster) else { return cluster.daemon(CONTROLLER_MANAGER).stop() };
    if manifest.exists() {
        fs::remove_file(&manifest).context("cannot remove the manifest of kube-controller-manager")?;
    }
    let Some(node) = cluster.nodes().into_iter().next() else { return Ok(()) };
    wait_for("kube-controller-manager to end", Duration::from_secs(60), || {
        Ok(node.command_lines().iter().all(|line| !line.starts_with(CONTROLLER_MANAGER)).then_some(()))
    })
}

/// Waits until it does its work: until pods are accepted, which takes the default ServiceAccount.
pub fn wait_until_it_works(cluster: &Cluster, in_tree: &InTree) -> Result<()> {
    if !in_tree.runs("serviceaccount-controller") {
        return Ok(());
    }
    wait_for("kube-controller-manager to make the default service account", Duration::from_secs(120), || {
        if cluster.nodes().is_empty() {
            cluster.daemon(CONTROLLER_MANAGER).check()?;
        }
        Ok(cluster.kubectl(&["get", "serviceaccount", "default"]).ok().map(|_account| ()))
    })
}

/// Writes the image of the static pod and gives its file.
pub fn write_image(cluster: &Cluster) -> Result<PathBuf> {
    let archive = cluster.folder().join(format!("{CONTROLLER_MANAGER}.tar"));
    let path = format!("/usr/local/bin/{CONTROLLER_MANAGER}");
    let image = Image {
        names: vec![image_name()],
        files: vec![ImageFile::program(&path, Programs::Kubernetes.program(CONTROLLER_MANAGER)?)],
        entrypoint: vec![path],
        environment: vec!["PATH=/usr/local/bin".to_owned()],
        ..Image::default()
    };
    write_oci_archive(&archive, &image)?;
    Ok(archive)
}

fn image_name() -> String {
    format!("localhost/{CONTROLLER_MANAGER}:{KUBERNETES_VERSION}")
}

/// The arguments that kubeadm gives, with the files where this one finds them.
fn arguments(pki: &str, kubeconfig: &str, list: &str, extra: &[String]) -> Vec<String> {
    let mut arguments = vec![
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--client-ca-file={pki}/ca.crt"),
        "--cluster-name=kubernetes".to_owned(),
        format!("--cluster-signing-cert-file={pki}/ca.crt"),
        format!("--cluster-signing-key-file={pki}/ca.key"),
        format!("--controllers={list}"),
        format!("--kubeconfig={kubeconfig}"),
        "--leader-elect=true".to_owned(),
        format!("--requestheader-client-ca-file={pki}/front-proxy-ca.crt"),
        format!("--root-ca-file={pki}/ca.crt"),
        format!("--service-account-private-key-file={pki}/sa.key"),
        format!("--service-cluster-ip-range={SERVICE_RANGE}"),
        "--use-service-account-credentials=true".to_owned(),
    ];
    // The last of two equal flags counts.
    arguments.extend_from_slice(extra);
    arguments
}

/// Starts it as a process of any name, one that serves nothing.
pub fn start_hidden_process(cluster: &Cluster, name: &str, in_tree: &InTree, extra: &[String]) -> Result<()> {
    let Some(list) = in_tree.controllers_flag() else { return Ok(()) };
    start_process_at(cluster, name, 0, &list, extra)
}

fn start_process(cluster: &Cluster, list: &str, extra: &[String]) -> Result<()> {
    let port = cluster.addresses().controller_manager_port();
    start_process_at(cluster, CONTROLLER_MANAGER, port, list, extra)
}

fn start_process_at(cluster: &Cluster, name: &str, port: u16, list: &str, extra: &[String]) -> Result<()> {
    let pki = cluster.folder().join("pki").display().to_string();
    let kubeconfig = cluster.kubeconfig_of(CONTROLLER_MANAGER).display().to_string();
    // Alone, and started again by benchmarks: it need not wait for a lease of its predecessor.
    let mut flags = vec![format!("--secure-port={port}"), "--leader-elect=false".to_owned()];
    flags.extend_from_slice(extra);
    let mut words = vec![Programs::Kubernetes.program(CONTROLLER_MANAGER)?.display().to_string()];
    words.extend(arguments(&pki, &kubeconfig, list, &flags));
    cluster.daemon(name).start(&cluster.control_plane_surroundings(), &words)
}

fn start_static_pod(cluster: &Cluster, list: &str, extra: &[String]) -> Result<()> {
    let manifest = manifest(cluster).context("no real node for the static pod")?;
    let mut command = vec![CONTROLLER_MANAGER.to_owned()];
    command.extend(arguments(POD_PKI, POD_KUBECONFIG, list, extra));
    // The kubelet reads files whose names do not start with a dot; it must not see half of one.
    let unfinished = manifest.with_file_name(format!(".{CONTROLLER_MANAGER}"));
    let text = serde_json::to_string_pretty(&pod(cluster, &command))?;
    fs::write(&unfinished, text)
        .and_then(|()| fs::rename(&unfinished, &manifest))
        .with_context(|| format!("cannot write {}", manifest.display()))
}

fn manifest(cluster: &Cluster) -> Option<PathBuf> {
    let node = cluster.nodes().into_iter().next()?;
    Some(node.static_pod_folder().join(format!("{CONTROLLER_MANAGER}.json")))
}

fn pod(cluster: &Cluster, command: &[String]) -> Value {
    let host = |path: PathBuf, kind: &str| json!({"path": path.display().to_string(), "type": kind});
    let probe = |path: &str| {
        json!({
            "httpGet": {"host": "127.0.0.1", "path": path, "port": 10257, "scheme": "HTTPS"},
            "periodSeconds": 10, "timeoutSeconds": 15, "failureThreshold": 8,
        })
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": CONTROLLER_MANAGER,
            "namespace": "kube-system",
            "labels": {"component": CONTROLLER_MANAGER, "tier": "control-plane"},
        },
        "spec": {
            "hostNetwork": true,
            "priorityClassName": "system-node-critical",
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": CONTROLLER_MANAGER,
                "image": image_name(),
                "imagePullPolicy": "IfNotPresent",
                "command": command,
                "livenessProbe": probe("/healthz"),
                "startupProbe": probe("/healthz"),
                "resources": {"requests": {"cpu": "200m"}},
                "volumeMounts": [
                    {"name": "pki", "mountPath": POD_PKI, "readOnly": true},
                    {"name": "kubeconfig", "mountPath": POD_KUBECONFIG, "readOnly": true},
                ],
            }],
            "volumes": [
                {"name": "pki", "hostPath": host(cluster.folder().join("pki"), "Directory")},
                {"name": "kubeconfig", "hostPath": host(cluster.kubeconfig_of(CONTROLLER_MANAGER), "File")},
            ],
        },
    })
}
