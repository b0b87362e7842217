//! What the search for rivals asks, and what it reads in the answers.

use mainstay_model::{ObjectName, Uid, Unreadable};
use prost::Message;
use serde_json::{Value, json};

use super::{UID, metadata, text};
use crate::envelope;
use crate::evidence::{
    canary, canary_create, canary_raise, canary_request, canary_written, lease, lease_request, pods,
    pods_request,
};
use crate::protobuf::core::{
    CommandedContainer, CommandedPod, CommandedPodSpec, ReplicationController, ReplicationControllerSpec,
    ReplicationControllerStatus,
};
use crate::protobuf::meta::{List, ListMeta, ObjectMeta};

const FORBIDDEN: &[u8] =
    br#"{"kind":"Status","apiVersion":"v1","message":"no right to that","reason":"Forbidden","code":403}"#;
const NOT_FOUND: &[u8] =
    br#"{"kind":"Status","apiVersion":"v1","message":"not found","reason":"NotFound","code":404}"#;

fn name() -> ObjectName {
    ObjectName::new("mainstay-system", "mainstay-canary")
}

fn page(pods: &[CommandedPod]) -> Vec<u8> {
    let items = pods.iter().map(|pod| pod.encode_to_vec().into()).collect();
    let metadata = ListMeta { resource_version: text("50"), ..ListMeta::default() };
    envelope::seal("v1", "PodList", &List { metadata: Some(metadata), items }).to_vec()
}

fn pod(metadata: ObjectMeta) -> CommandedPod {
    let container = CommandedContainer {
        command: vec![text("kube-controller-manager")],
        arguments: vec![text("--controllers=*"), text("--leader-elect=true")],
    };
    CommandedPod { metadata: Some(metadata), spec: Some(CommandedPodSpec { containers: vec![container] }) }
}

#[test]
fn requests_name_what_they_want() {
    let line = |request: crate::Request| format!("{} {}", request.method, request.path_and_query);
    assert_eq!(
        line(pods_request()),
        "GET /api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-controller-manager"
    );
    assert_eq!(
        line(lease_request()),
        "GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager"
    );
    let path = "/api/v1/namespaces/mainstay-system/replicationcontrollers";
    assert_eq!(line(canary_request(&name())), format!("GET {path}/mainstay-canary"));
    assert_eq!(line(canary_create(&name())), format!("POST {path}"));
    assert_eq!(line(canary_raise(&name(), Uid(1), 1)), format!("PATCH {path}/mainstay-canary"));
}

#[test]
fn a_canary_wants_no_pod_and_is_raised_with_its_identity_as_precondition() {
    let made: Value = serde_json::from_slice(&canary_create(&name()).body).unwrap();
    assert_eq!(made["spec"]["replicas"], 0);
    assert_eq!(made["spec"]["selector"], json!({ "mainstay.dev/canary": "mainstay-canary" }));
    assert_eq!(made["spec"]["selector"], made["spec"]["template"]["metadata"]["labels"]);
    let raised: Value = serde_json::from_slice(&canary_raise(&name(), Uid(1), 1).body).unwrap();
    let uid = "00000000-0000-0000-0000-000000000001";
    assert_eq!(raised, json!({ "metadata": { "uid": uid }, "spec": { "minReadySeconds": 1 } }));
}

#[test]
fn pods_are_read_with_command_and_arguments() {
    let found = pods(200, &page(&[pod(metadata())])).unwrap();
    assert_eq!(found[0].name, ObjectName::new("shop", "web"));
    assert_eq!(
        found[0].command_lines,
        [["kube-controller-manager", "--controllers=*", "--leader-elect=true"]]
    );
    assert_eq!(pods(200, &page(&[])), Ok(vec![]));
}

#[test]
fn one_pod_that_cannot_be_read_might_be_the_rival() {
    let broken = ObjectMeta { uid: text("not-a-uid"), ..metadata() };
    let Unreadable(fault) = pods(200, &page(&[pod(metadata()), pod(broken)])).unwrap_err();
    assert!(fault.contains("kube-system") && fault.contains("uid"), "{fault}");
}

#[test]
fn the_canary_is_read_with_both_generations() {
    let object = ReplicationController {
        metadata: Some(ObjectMeta { generation: 3, ..metadata() }),
        spec: Some(ReplicationControllerSpec { min_ready_seconds: 1, ..Default::default() }),
        status: Some(ReplicationControllerStatus { observed_generation: 2, ..Default::default() }),
    };
    let body = envelope::seal("v1", "ReplicationController", &object);
    let found = canary(200, &body).unwrap().unwrap();
    assert_eq!((found.generation, found.observed_generation, found.min_ready_seconds), (3, 2, 1));
    assert_eq!(found.uid.to_string(), UID);
    assert!(!found.is_followed());
}

#[test]
fn only_the_apiservers_own_word_says_that_something_is_not_there() {
    assert_eq!(canary(404, NOT_FOUND), Ok(None));
    assert_eq!(lease(404, NOT_FOUND), Ok(None));
    let Unreadable(fault) = lease(404, b"<html>not here</html>").unwrap_err();
    assert!(fault.contains("kube-system/kube-controller-manager"), "{fault}");
    let Unreadable(fault) = pods(403, FORBIDDEN).unwrap_err();
    assert!(fault.contains("no right to that"), "{fault}");
    let Unreadable(fault) = canary(200, b"k8s\0garbage").unwrap_err();
    assert!(fault.contains("the canary"), "{fault}");
    assert_eq!(canary_written(201, b""), Ok(()));
    let Unreadable(fault) = canary_written(403, FORBIDDEN).unwrap_err();
    assert!(fault.contains("no right to that"), "{fault}");
}
