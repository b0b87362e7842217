//! A node's containerd and the network of its pods.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::Node;
use super::images::PAUSE_IMAGE;
use crate::prerequisites::cni_folder;
use crate::wait::wait_for;

/// Where a node's containerd listens.
pub fn socket(node: &Node<'_>) -> PathBuf {
    node.folder().join("containerd.sock")
}

/// Starts containerd and waits until it answers.
pub fn start(node: &Node<'_>) -> Result<()> {
    let plugins = cni_folder().context("no plugins for the pods' network")?;
    let networks = node.folder().join("cni");
    fs::create_dir_all(&networks).context("cannot create the folder of the pods' network")?;
    node.write("cni/10-pods.conflist", &pod_network(node))?;
    let folder = node.folder().join("containerd");
    let configuration = format!(
        r#"version = 2
root = "{root}"
state = "{state}"
oom_score = 0
disabled_plugins = [
    "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{opt}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{networks}"
"#,
        root = folder.join("root").display(),
        state = folder.join("state").display(),
        socket = socket(node).display(),
        opt = folder.join("opt").display(),
        networks = networks.display(),
    );
    let file = node.write("containerd.toml", &configuration)?;
    node.start_program(
        "containerd",
        &["containerd".to_owned(), "--config".to_owned(), file.display().to_string()],
    )?;
    wait_for("containerd to answer", Duration::from_secs(60), || {
        node.daemon("containerd").check()?;
        Ok((socket(node).exists() && node.ctr(&["version"]).is_ok()).then_some(()))
    })
}

/// Pods hang on a bridge inside the node, with addresses of the node's own range, and are routed without translation.
fn pod_network(node: &Node<'_>) -> String {
    let subnet = node.cluster.addresses().pods(node.number);
    let network = json!({
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": true,
                "ipMasq": false,
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": subnet}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": node.folder().join("addresses").display().to_string(),
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    });
    network.to_string()
}
