//! A node's containerd and the network of its pods.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::Node;
use crate::cluster::Cluster;
use crate::images::{Image, ImageFile, write_oci_archive};
use crate::prerequisites::cni_folder;
use crate::programs::Programs;
use crate::wait::wait_for;

/// The image of every pod's first container.
const PAUSE_IMAGE: &str = "localhost/pause:1";

/// The image for the pods of tests.
pub const SAMPLE_IMAGE: &str = "localhost/sample:1";
/// The same under another tag, for what is to be updated.
pub const NEXT_SAMPLE_IMAGE: &str = "localhost/sample:2";
/// The same with an environment that makes it exit at once.
pub const BROKEN_SAMPLE_IMAGE: &str = "localhost/sample:broken";

/// What manifests for any cluster name, the chart's samples among them; here it is [`PAUSE_IMAGE`] under another name.
const PUBLIC_PAUSE_IMAGE: &str = "registry.k8s.io/pause:3.10";

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

/// Writes the images that every node has, and gives their files.
pub fn write_images(cluster: &Cluster) -> Result<Vec<PathBuf>> {
    let write = |file: &str, name: &str, images: &[&str], environment: &[&str]| -> Result<PathBuf> {
        let archive = cluster.folder().join(format!("{file}.tar"));
        let path = format!("/{name}");
        let image = Image {
            names: images.iter().map(ToString::to_string).collect(),
            files: vec![ImageFile::program(&path, Programs::Containers.program(name)?)],
            entrypoint: vec![path],
            user: "65532:65532".to_owned(),
            environment: environment.iter().map(ToString::to_string).collect(),
            ..Image::default()
        };
        write_oci_archive(&archive, &image)?;
        Ok(archive)
    };
    Ok(vec![
        write("pause", "pause", &[PAUSE_IMAGE, PUBLIC_PAUSE_IMAGE], &[])?,
        write("sample", "sample", &[SAMPLE_IMAGE, NEXT_SAMPLE_IMAGE], &[])?,
        write("broken", "sample", &[BROKEN_SAMPLE_IMAGE], &["EXIT_CODE=3"])?,
    ])
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
