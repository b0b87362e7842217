//! What pods go through: readiness, addresses, ends, and nodes that come late.

use serde_json::json;

use super::{a_new_namespace, at, come, node, pod, ready, service, unready, with};
use crate::differential::endpoints::step::{Action, Chapter, Until, pods_of, the};
use crate::differential::subject::step;

const ONE: &str = "10.9.1.1";
const TWO: &str = "10.9.1.2";
const THREE: &str = "10.9.1.3";

/// Readiness, addresses, phases and labels of pods.
pub fn readiness() -> Chapter {
    let label = |app: &str| json!({"metadata": {"labels": {"app": app}}});
    let phase = |name: &str, address: &str, phase: &str, minute| {
        with(unready(name, address, minute), "/status/phase", json!(phase))
    };
    let steps = vec![
        a_new_namespace(),
        step(
            "a service without pods comes",
            [Action::Apply(vec![service("web")])],
            [Until::Endpoints("web", 0)],
        ),
        step(
            "two pods without an address come",
            [Action::Apply(vec![pod("web-1", "web", "north-1"), pod("web-2", "web", "east-1")])],
            [Until::Endpoints("web", 0)],
        ),
        step(
            "they get addresses and are not ready",
            [Action::Status(vec![unready("web-1", ONE, 1), unready("web-2", TWO, 1)])],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "both become ready",
            [Action::Status(vec![ready("web-1", ONE, 2), ready("web-2", TWO, 2)])],
            [Until::Endpoints("web", 2)],
        ),
        step("one becomes unready", [Action::Status(vec![unready("web-1", ONE, 3)])], []),
        step("it becomes ready at another address", [Action::Status(vec![ready("web-1", THREE, 4)])], []),
        step("its address changes while it is ready", [Action::Status(vec![ready("web-1", ONE, 4)])], []),
        step(
            "it says that it was ready since another minute, and nothing else",
            [Action::Status(vec![ready("web-1", ONE, 5)])],
            [],
        ),
        step(
            "it gets a label that no selector asks for",
            [Action::Patch(the("pod", "web-1"), json!({"metadata": {"labels": {"tier": "front"}}}))],
            [],
        ),
        step(
            "it is labelled as another's",
            [Action::Patch(the("pod", "web-1"), label("other"))],
            [Until::Endpoints("web", 1)],
        ),
        step(
            "it is labelled as before",
            [Action::Patch(the("pod", "web-1"), label("web"))],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "a third pod comes at the address of the second, as on the network of a host",
            come(&[(pod("web-3", "web", "east-1"), ready("web-3", TWO, 6))]),
            [Until::Endpoints("web", 3)],
        ),
        step(
            "the third is unready: the address is, too",
            [Action::Status(vec![unready("web-3", TWO, 7)])],
            [],
        ),
        step(
            "a pod that is not ready fails: in-tree leaves it in, Mainstay does not",
            [Action::Status(vec![phase("web-3", TWO, "Failed", 7)])],
            [Until::OpenInTree("web")],
        ),
        step(
            "the second is replaced by one of the same name",
            [
                Action::Delete(the("pods", "web-2")),
                Action::Apply(vec![pod("web-2", "web", "south-1")]),
                Action::Status(vec![ready("web-2", TWO, 8)]),
            ],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "the first succeeds and the second fails",
            [Action::Status(vec![phase("web-1", ONE, "Succeeded", 9), phase("web-2", TWO, "Failed", 9)])],
            [Until::Endpoints("web", 0)],
        ),
        step("all pods are deleted", [Action::Delete(pods_of("web"))], [Until::Endpoints("web", 0)]),
        step(
            "pods of the same names come",
            come(&[
                (pod("web-1", "web", "north-1"), ready("web-1", ONE, 10)),
                (pod("web-2", "web", "east-1"), ready("web-2", TWO, 10)),
            ]),
            [Until::Endpoints("web", 2)],
        ),
    ];
    Chapter { name: "readiness", steps }
}

/// Pods that are asked to end, and services that publish all of their pods.
pub fn termination() -> Chapter {
    let publish =
        |all: bool| Action::Patch(the("service", "web"), json!({"spec": {"publishNotReadyAddresses": all}}));
    let steps = vec![
        a_new_namespace(),
        step("a service comes", [Action::Apply(vec![service("web")])], [Until::Endpoints("web", 0)]),
        step(
            "two ready pods come, and one that is not",
            come(&[
                (pod("web-1", "web", "north-1"), ready("web-1", ONE, 1)),
                (pod("web-2", "web", "east-1"), ready("web-2", TWO, 1)),
                (pod("web-3", "web", "south-1"), unready("web-3", THREE, 1)),
            ]),
            [Until::Endpoints("web", 3)],
        ),
        step("one is asked to end: it serves on", [Action::AskToEnd(the("pods", "web-1"))], []),
        step("it becomes unready", [Action::Status(vec![unready("web-1", ONE, 2)])], []),
        step("one that is not ready is asked to end", [Action::AskToEnd(the("pods", "web-3"))], []),
        step("the service publishes all of its pods", [publish(true)], []),
        step("the one that is left becomes unready", [Action::Status(vec![unready("web-2", TWO, 3)])], []),
        step("it is asked to end", [Action::AskToEnd(the("pods", "web-2"))], []),
        step("the service publishes only what is ready again", [publish(false)], []),
        step("one that ends becomes ready once more", [Action::Status(vec![ready("web-2", TWO, 4)])], []),
        step("one is gone", [Action::Delete(the("pods", "web-1"))], [Until::Endpoints("web", 2)]),
        step("all are gone", [Action::Delete(pods_of("web"))], [Until::Endpoints("web", 0)]),
    ];
    Chapter { name: "termination", steps }
}

/// Pods whose node is not there, or that have none.
pub fn nodes() -> Chapter {
    let nowhere = |mut pod: serde_json::Value| {
        if let Some(spec) = pod["spec"].as_object_mut() {
            spec.remove("nodeName");
        }
        pod
    };
    let publish =
        |all: bool| Action::Patch(the("service", "web"), json!({"spec": {"publishNotReadyAddresses": all}}));
    let zone = |zone: serde_json::Value| {
        Action::Patch(
            the("node", "missing-1"),
            json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}}),
        )
    };
    let steps = vec![
        a_new_namespace(),
        step(
            "a service and a pod come",
            [
                Action::Apply(vec![pod("web-1", "web", "north-1")]),
                Action::Status(vec![ready("web-1", ONE, 1)]),
                Action::Apply(vec![service("web")]),
            ],
            [Until::Endpoints("web", 1)],
        ),
        step(
            "a pod comes on a node that there is not",
            come(&[(pod("web-2", "web", "missing-1"), ready("web-2", TWO, 2))]),
            [Until::Told("FailedToUpdateEndpointSlices")],
        ),
        step(
            "the service publishes all of its pods: this one, too",
            [publish(true)],
            [Until::Endpoints("web", 2)],
        ),
        step("it publishes only what is ready again", [publish(false)], [Until::Endpoints("web", 1)]),
        step(
            "the node comes",
            [Action::Apply(vec![node("missing-1", "west")]), Action::Status(vec![node("missing-1", "west")])],
            [Until::Endpoints("web", 2), Until::MissingNodeCame],
        ),
        step(
            "the node's zone changes, and then a pod becomes unready",
            [zone(json!("far")), Action::Status(vec![unready("web-1", ONE, 3)])],
            [Until::Says("web", "far"), Until::MissingNodeCame],
        ),
        step(
            "the node loses its zone, and then a pod becomes ready",
            [zone(json!(null)), Action::Status(vec![ready("web-1", ONE, 4)])],
            [Until::SaysNot("web", "far"), Until::MissingNodeCame],
        ),
        step(
            "its pod and the node go",
            [Action::Delete(the("pods", "web-2")), Action::Delete(the("node", "missing-1"))],
            [Until::Endpoints("web", 1)],
        ),
        step(
            "a pod on no node has an address: in-tree's Endpoints stands still, Mainstay's does not",
            come(&[(nowhere(pod("web-3", "web", "")), at("web-3", &[THREE], true, 5))]),
            [Until::OpenInTree("web")],
        ),
        step(
            "the pod without a node is gone",
            [Action::Delete(the("pods", "web-3"))],
            [Until::Endpoints("web", 1)],
        ),
    ];
    Chapter { name: "nodes", steps }
}
