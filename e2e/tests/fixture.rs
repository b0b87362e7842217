//! The fixture itself: clusters start, do what a cluster does, and leave nothing behind.
//!
//! These tests start real clusters, which takes programs that are built once and, for real nodes, root. They are ignored
//! unless asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Stdio};
use std::time::Duration;

use mainstay_e2e::cluster::{Cluster, ClusterOptions, Nodes};
use mainstay_e2e::images::{Image, ImageFile, write_oci_archive};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::programs::{self, Programs};
use mainstay_e2e::wait::wait_for;
use mainstay_e2e::{folders, process};

/// A cluster that is taken down when the test ends, however it ends.
struct Fixture(Cluster);

impl Fixture {
    fn up(name: &str, nodes: Nodes, in_tree: InTree) -> Self {
        Fixture(Cluster::up(&ClusterOptions { name: name.to_owned(), nodes, in_tree, audit: false }).unwrap())
    }

    fn down(self) {
        self.0.down().unwrap();
        assert_eq!(self.0.leftovers(), Vec::<String>::new());
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Err(error) = self.0.down()
        {
            eprintln!("{error:#}");
        }
    }
}

fn replication_controller(name: &str, image: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: ReplicationController
metadata: {{name: {name}}}
spec:
  replicas: 4
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: {image}
        readinessProbe: {{httpGet: {{path: /readyz, port: 8080}}, periodSeconds: 1}}
"#
    )
}

fn wait_for_pods(cluster: &Cluster, name: &str) {
    wait_for("the pods to become ready", Duration::from_secs(60), || {
        let found = cluster.kubectl_json(&["get", "replicationcontroller", name])?;
        Ok((found["status"]["readyReplicas"] == 4).then_some(()))
    })
    .unwrap();
}

/// A new image replaces the sidecar of a pod, and neither main nor the step that has ended.
fn a_sidecar_is_replaced(cluster: &Cluster) {
    let pod = r#"
apiVersion: v1
kind: Pod
metadata: {name: replaced}
spec:
  initContainers:
  - {name: step, image: "step:1"}
  - {name: sidecar, image: "sidecar:1", restartPolicy: Always}
  containers:
  - {name: main, image: "main:1"}
"#;
    cluster.kubectl_apply(pod).unwrap();
    let wait_for_generation = || {
        wait_for("the pod to be as its spec says", Duration::from_secs(60), || {
            let pod = cluster.kubectl_json(&["get", "pod", "replaced"])?;
            let is_seen = pod["status"]["observedGeneration"] == pod["metadata"]["generation"];
            Ok((is_seen && pod["status"]["phase"] == "Running").then_some(pod))
        })
        .unwrap()
    };
    let before = wait_for_generation();
    let change = r#"{"spec": {"initContainers": [{"name": "step", "image": "step:2"}, {"name": "sidecar", "image": "sidecar:2"}]}}"#;
    cluster.kubectl(&["patch", "pod", "replaced", "--patch", change]).unwrap();
    let after = wait_for_generation();
    assert_ne!(before["metadata"]["generation"], after["metadata"]["generation"]);
    let [step, sidecar] = [0, 1].map(|index| &after["status"]["initContainerStatuses"][index]);
    let sidecar_before = &before["status"]["initContainerStatuses"][1];
    assert_ne!(sidecar["containerID"], sidecar_before["containerID"], "{sidecar}");
    assert_eq!((&sidecar["image"], &sidecar["restartCount"]), (&"sidecar:2".into(), &1.into()), "{sidecar}");
    assert_eq!((&sidecar["ready"], &sidecar["started"]), (&true.into(), &true.into()), "{sidecar}");
    assert_eq!(*step, before["status"]["initContainerStatuses"][0]);
    assert_eq!(after["status"]["containerStatuses"], before["status"]["containerStatuses"]);
    assert_eq!(after["status"]["conditions"], before["status"]["conditions"]);
    cluster.kubectl(&["delete", "pod", "replaced"]).unwrap();
}

#[test]
#[ignore = "starts a cluster of fake nodes"]
fn fake_nodes_run_pods_and_the_control_plane_can_be_stopped_and_started() {
    let fixture = Fixture::up("test-fake", Nodes::Fake(3), InTree::default());
    let cluster = &fixture.0;
    cluster.kubectl_apply(&replication_controller("one", "none")).unwrap();
    assert_eq!(cluster.ready_nodes().unwrap().len(), 3);

    a_sidecar_is_replaced(cluster);

    cluster.stop_apiserver().unwrap();
    assert!(cluster.kubectl(&["get", "--raw", "/readyz"]).is_err());
    cluster.start_apiserver().unwrap();
    let found = cluster.kubectl_json(&["get", "replicationcontroller", "one"]).unwrap();
    assert_eq!(found["status"]["replicas"], 0, "no controller for it runs: {found}");

    cluster.controller_manager_stop().unwrap();
    cluster.controller_manager_start(&InTree::All, &[]).unwrap();
    wait_for_pods(cluster, "one");
    fixture.down();
}

#[test]
#[ignore = "starts a cluster of real nodes; needs root"]
fn real_nodes_run_pods_of_images_that_are_loaded() {
    let fixture = Fixture::up("test-real", Nodes::Real(2), InTree::All);
    let cluster = &fixture.0;
    let archive = cluster.folder().join("loaded.tar");
    let image = Image {
        names: vec!["localhost/loaded:1".to_owned()],
        files: vec![ImageFile::program("/loaded", Programs::Containers.program("sample").unwrap())],
        entrypoint: vec!["/loaded".to_owned()],
        user: "65532:65532".to_owned(),
        ..Image::default()
    };
    write_oci_archive(&archive, &image).unwrap();
    cluster.load_image(&archive).unwrap();
    cluster.kubectl_apply(&replication_controller("loaded", "localhost/loaded:1")).unwrap();
    wait_for_pods(cluster, "loaded");

    let pods = cluster.kubectl_json(&["get", "pods", "--selector", "app=loaded"]).unwrap();
    let name = pods["items"][0]["metadata"]["name"].as_str().unwrap();
    assert!(cluster.kubectl(&["logs", name]).unwrap().contains("listens on port 8080"));
    let processes = cluster.processes_of_pod("default", name).unwrap();
    assert!(processes.iter().any(|(_, line)| line == "/loaded"), "{processes:?}");
    for node in cluster.nodes() {
        let nodes_of_pods = pods["items"].as_array().unwrap().iter().map(|pod| &pod["spec"]["nodeName"]);
        assert!(nodes_of_pods.into_iter().any(|name| *name == node.name()), "no pod on {}", node.name());
    }
    fixture.down();
}

#[test]
#[ignore = "starts a cluster of real nodes; needs root"]
fn real_nodes_run_the_static_pod_which_can_be_started_with_other_controllers() {
    let fixture = Fixture::up("test-static", Nodes::Real(1), InTree::None);
    let cluster = &fixture.0;
    let pod = ["get", "pod", "--namespace", "kube-system", "kube-controller-manager-node-1"];
    assert!(cluster.kubectl(&pod).is_err());
    let list: InTree = "*,-replicationcontroller-controller".parse().unwrap();
    cluster.controller_manager_start(&list, &["--concurrent-rc-syncs=7".to_owned()]).unwrap();
    wait_for("the mirror pod", Duration::from_secs(30), || Ok(cluster.kubectl(&pod).ok())).unwrap();
    let found = cluster.kubectl_json(&pod).unwrap();
    let command = found["spec"]["containers"][0]["command"].to_string();
    assert!(command.contains("--controllers=*,-replicationcontroller-controller"), "{command}");
    assert!(command.contains("--concurrent-rc-syncs=7"), "{command}");
    assert_eq!(found["metadata"]["labels"]["component"], "kube-controller-manager");
    cluster.controller_manager_stop().unwrap();
    let error = cluster.controller_manager_start(&"no-such-controller".parse().unwrap(), &[]).unwrap_err();
    assert!(error.to_string().contains("no-such-controller"), "{error}");
    fixture.down();
}

#[test]
#[ignore = "starts clusters of fake nodes"]
fn clusters_run_side_by_side_and_a_broken_one_is_started_anew() {
    let one = Fixture::up("test-one", Nodes::Fake(1), InTree::None);
    let two = Fixture::up("test-two", Nodes::Fake(1), InTree::None);
    assert_ne!(one.0.addresses(), two.0.addresses());
    one.0
        .kubectl_apply(r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "here"}}"#)
        .unwrap();
    assert!(two.0.kubectl(&["get", "namespace", "here"]).is_err());

    let again = Cluster::up(one.0.options()).unwrap();
    assert!(again.kubectl(&["get", "namespace", "here"]).is_ok(), "a cluster that runs is left alone");

    one.0.daemon("kube-apiserver").kill().unwrap();
    assert!(one.0.status().iter().any(|component| component.problem.is_some()));
    let anew = Cluster::up(one.0.options()).unwrap();
    assert!(
        anew.kubectl(&["get", "namespace", "here"]).is_err(),
        "a broken cluster is not mended but replaced"
    );
    one.down();
    two.down();
}

#[test]
#[ignore = "starts clusters"]
fn an_interrupted_start_leaves_nothing() {
    // Built here, where that may take its time: the start below is awaited for a minute only.
    programs::ensure(&[Programs::Kubernetes, Programs::Etcd, Programs::Containers, Programs::Kwok]).unwrap();
    let root = rustix::process::geteuid().is_root();
    for kind in ["--fake-nodes", "--nodes"].into_iter().take(if root { 2 } else { 1 }) {
        let name = "test-stop";
        // What an earlier run left would be taken for the start that is awaited.
        if let Ok(left) = Cluster::open(name) {
            left.down().unwrap();
        }
        let child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["cluster", "up", "--name", name, kind, "1"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let apiserver = folders::clusters().unwrap().join(name).join("kube-apiserver.pid");
        let started = wait_for("the apiserver's start", Duration::from_secs(60), || {
            Ok(apiserver.exists().then_some(()))
        });
        let cluster = Cluster::open(name);
        process::send(i32::try_from(child.id()).unwrap(), rustix::process::Signal::INT);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        started.unwrap();
        assert!(!output.status.success(), "{said}");
        assert_eq!(cluster.unwrap().leftovers(), Vec::<String>::new(), "{said}");
    }
}
