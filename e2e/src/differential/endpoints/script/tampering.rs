//! What users delete and edit of what is not theirs, and what happens while nobody is there.

use serde_json::{Value, json};

use super::{a_new_namespace, come, pod, ready, service, unready};
use crate::differential::endpoints::step::{Action, Chapter, Pick, Step, Until, Which, slices_of, the};
use crate::differential::subject::step;

const ONE: &str = "10.9.7.1";
const TWO: &str = "10.9.7.2";

fn with_pods() -> [Step; 3] {
    [
        a_new_namespace(),
        step("a service comes", [Action::Apply(vec![service("web")])], [Until::Endpoints("web", 0)]),
        step(
            "two pods come",
            come(&[
                (pod("web-1", "web", "north-1"), ready("web-1", ONE, 1)),
                (pod("web-2", "web", "east-1"), ready("web-2", TWO, 1)),
            ]),
            [Until::Endpoints("web", 2)],
        ),
    ]
}

fn slice(name: &str, manager: &str) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/service-name": "web",
            "endpointslice.kubernetes.io/managed-by": manager,
        }},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.9"]}],
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    })
}

/// The slices of pods, without those that somebody else has made.
fn ours() -> Pick {
    let labels = "endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io";
    Pick { kind: "endpointslices", which: Which::Labelled(labels.to_owned()) }
}

/// What is deleted and edited by hand.
pub fn tampering() -> Chapter {
    let elsewhere = json!([{"addresses": ["192.0.2.1"], "conditions": {"ready": true}}]);
    let mut steps = Vec::from(with_pods());
    steps.extend([
        step("the slice is deleted", [Action::Delete(slices_of("web"))], [Until::Endpoints("web", 2)]),
        step("the Endpoints is deleted", [Action::Delete(the("endpoints", "web"))], []),
        step(
            "endpoints of a slice are edited",
            [Action::Patch(slices_of("web"), json!({"endpoints": elsewhere}))],
            [Until::SaysNot("web", "192.0.2.1")],
        ),
        step(
            "ports of a slice are edited",
            [Action::Patch(slices_of("web"), json!({"ports": [{"name": "", "port": 9, "protocol": "TCP"}]}))],
            [Until::Says("web", "8080")],
        ),
        step(
            "a label is put on a slice, and an annotation",
            [Action::Patch(
                slices_of("web"),
                json!({"metadata": {"labels": {"mine": "too"}, "annotations": {"mine": "too"}}}),
            )],
            [Until::SaysNot("web", "\"labels\":{\"mine\"")],
        ),
        step(
            "somebody makes a slice, and one that he says is the controller's",
            [Action::Apply(vec![
                slice("theirs", "somebody.example"),
                slice("forged", "endpointslice-controller.k8s.io"),
            ])],
            [],
        ),
        step(
            "the owner of a slice is taken away: in-tree leaves it so, Mainstay does not",
            [Action::Patch(ours(), json!({"metadata": {"ownerReferences": null}}))],
            [],
        ),
        step(
            "addresses of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
            [Action::Patch(
                the("endpoints", "web"),
                json!({"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 8080}]}]}),
            )],
            [Until::OpenInTree("web")],
        ),
        step("a pod becomes unready", [Action::Status(vec![unready("web-1", ONE, 2)])], []),
        step(
            "labels of the Endpoints are edited: in-tree leaves it so, Mainstay does not",
            [Action::Patch(
                the("endpoints", "web"),
                json!({"metadata": {"labels": {"endpoints.kubernetes.io/managed-by": null, "mine": "too"}}}),
            )],
            [],
        ),
        step("the pod becomes ready", [Action::Status(vec![ready("web-1", ONE, 3)])], []),
        step(
            "an annotation is put on the Endpoints",
            [Action::Patch(the("endpoints", "web"), json!({"metadata": {"annotations": {"mine": "too"}}}))],
            [],
        ),
        step(
            "a slice is said to be somebody else's: in-tree stands still, Mainstay makes another one",
            [Action::Patch(
                ours(),
                json!({"metadata": {"labels": {"endpointslice.kubernetes.io/managed-by": "somebody.example"}}}),
            )],
            [Until::OpenInTree("web")],
        ),
        step("the service goes: slices of others stay", [Action::Delete(the("service", "web"))], [Until::Endpoints("web", 1)]),
    ]);
    Chapter { name: "tampering", steps }
}

/// What happens while nobody is there.
pub fn restarts() -> Chapter {
    let alone = json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "alone"},
        "subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}],
    });
    let mut steps = Vec::from(with_pods());
    steps.extend([
        step(
            "the manager restarts, and nothing else happens",
            [Action::StopController, Action::StartController],
            [],
        ),
        step(
            "while it is away, a pod becomes unready and another one comes",
            [
                Action::StopController,
                Action::Status(vec![unready("web-1", ONE, 2)]),
                Action::Apply(vec![pod("web-3", "web", "south-1")]),
                Action::Status(vec![ready("web-3", "10.9.7.3", 2)]),
                Action::StartController,
            ],
            [Until::Endpoints("web", 3)],
        ),
        step("the manager restarts again", [Action::StopController, Action::StartController], []),
        step(
            "a slice is deleted after a restart: in-tree leaves it so, Mainstay does not",
            [Action::Delete(slices_of("web"))],
            [Until::OpenInTree("web")],
        ),
        step(
            "the pod becomes ready",
            [Action::Status(vec![ready("web-1", ONE, 3)])],
            [Until::Endpoints("web", 3)],
        ),
        step("an Endpoints without a service comes", [Action::Apply(vec![alone])], []),
        step(
            "the manager restarts: in-tree deletes what has no service, Mainstay does not",
            [Action::StopController, Action::StartController],
            [],
        ),
        step(
            "the service is deleted while it is away",
            [Action::StopController, Action::Delete(the("service", "web")), Action::StartController],
            [Until::SaysNot("web", "web")],
        ),
    ]);
    Chapter { name: "restarts", steps }
}
