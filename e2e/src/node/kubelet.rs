//! A node's kubelet and kube-proxy.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Node, containerd};
use crate::certificates::CertificateFolder;
use crate::programs::Programs;
use crate::wait::wait_for;

/// Where a DNS server of the cluster would be. There is none; a test that needs one gives its service this address.
pub const DNS_SERVICE_ADDRESS: &str = "10.96.0.10";

/// The port of kube-proxy's health.
const PROXY_HEALTH_PORT: u16 = 10256;

/// Starts the kubelet; it registers the node.
pub fn start(node: &Node<'_>) -> Result<()> {
    let pki = CertificateFolder::open(node.cluster.folder().join("pki"));
    let folder = |name: &str| node.folder().join(name).display().to_string();
    let resolver = node.write("resolv.conf", "")?;
    let configuration = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": pki.certificate("ca").display().to_string()},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.cgroup().path(),
        "clusterDNS": [DNS_SERVICE_ADDRESS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": format!("unix://{}", containerd::socket(node).display()),
        // The disk is the machine's, which may be fuller than a node's should be.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "failCgroupV1": false,
        "failSwapOn": false,
        "fileCheckFrequency": "1s",
        // Images cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "oomScoreAdj": 0,
        "podLogsDir": folder("logs"),
        "resolvConf": resolver.display().to_string(),
        "staticPodPath": node.static_pod_folder().display().to_string(),
        "tlsCertFile": pki.certificate(&node.name()).display().to_string(),
        "tlsPrivateKeyFile": pki.key(&node.name()).display().to_string(),
        "volumePluginDir": folder("volume-plugins"),
    });
    let file = node.write("kubelet.json", &serde_json::to_string_pretty(&configuration)?)?;
    let words = [
        Programs::Kubernetes.program("kubelet")?.display().to_string(),
        format!("--config={}", file.display()),
        format!("--kubeconfig={}", node.cluster.kubeconfig_of(&node.name()).display()),
        format!("--root-dir={}", folder("kubelet")),
        format!("--hostname-override={}", node.name()),
        format!("--node-ip={}", node.address()),
    ];
    node.start_program("kubelet", &words)
}

/// Starts kube-proxy, which makes service addresses work on the node.
pub fn start_proxy(node: &Node<'_>) -> Result<()> {
    let words = [
        Programs::Kubernetes.program("kube-proxy")?.display().to_string(),
        "--proxy-mode=nftables".to_owned(),
        format!("--kubeconfig={}", node.cluster.kubeconfig_of("kube-proxy").display()),
        format!("--hostname-override={}", node.name()),
        format!("--healthz-bind-address=0.0.0.0:{PROXY_HEALTH_PORT}"),
        // Tables of connections belong to the whole machine; none of its settings is ours to change.
        "--conntrack-max-per-core=0".to_owned(),
        "--conntrack-tcp-timeout-established=0s".to_owned(),
        "--conntrack-tcp-timeout-close-wait=0s".to_owned(),
    ];
    node.start_program("kube-proxy", &words)
}

/// Waits until kube-proxy has written its rules for the first time.
pub fn wait_for_proxy(node: &Node<'_>) -> Result<()> {
    wait_for("kube-proxy to write its rules", Duration::from_secs(60), || {
        node.daemon("kube-proxy").check()?;
        Ok(proxy_is_healthy(node).is_ok_and(|healthy| healthy).then_some(()))
    })
}

fn proxy_is_healthy(node: &Node<'_>) -> Result<bool> {
    let address = (node.address(), PROXY_HEALTH_PORT).into();
    let mut stream =
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).context("kube-proxy is silent")?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().is_some_and(|line| line.contains(" 200 ")))
}
