//! Whom endpoints are for: hints by zone and by node.

use serde_json::{Value, json};

use super::{a_new_namespace, come, pod, ready, service, unready, with};
use crate::differential::endpoints::step::{Action, Chapter, Step, Until, the};
use crate::differential::subject::step;

const MODE: &str = "service.kubernetes.io/topology-mode";
const FORMER_MODE: &str = "service.kubernetes.io/topology-aware-hints";

fn prefer(value: Value) -> Action {
    Action::Patch(the("service", "web"), json!({"spec": {"trafficDistribution": value}}))
}

/// Annotates and prefers at once, and puts a label on the service that its slices get in the same write, so that one sees it done.
fn prefer_in_round(annotations: Value, value: &str, round: &str) -> Action {
    Action::Patch(
        the("service", "web"),
        json!({
            "metadata": {"annotations": annotations, "labels": {"round": round}},
            "spec": {"trafficDistribution": value},
        }),
    )
}

fn annotate(key: &str, value: Value) -> Action {
    Action::Patch(the("service", "web"), json!({"metadata": {"annotations": {key: value}}}))
}

fn address(number: usize) -> String {
    format!("10.9.6.{number}")
}

/// Pods in all three zones, in turn.
fn in_zones(from: usize, to: usize, minute: u32) -> [Action; 2] {
    let pods: Vec<(Value, Value)> = (from..=to)
        .map(|number| {
            let name = format!("web-{number}");
            let node = match number % 3 {
                1 => "north-1",
                2 => "east-1",
                _ => "south-1",
            };
            (pod(&name, "web", node), ready(&name, &address(number), minute))
        })
        .collect();
    come(&pods)
}

fn comes() -> Step {
    step("a service comes", [Action::Apply(vec![service("web")])], [Until::Endpoints("web", 0)])
}

/// `trafficDistribution`, alone and beside the annotation.
pub fn traffic() -> Chapter {
    let steps = vec![
        a_new_namespace(),
        comes(),
        step("three pods come, one in each zone", in_zones(1, 3, 1), [Until::Endpoints("web", 3)]),
        step("what is close is preferred", [prefer(json!("PreferClose"))], [Until::Hinted("web", 3)]),
        step("the user takes the preference back", [prefer(json!(null))], [Until::Hinted("web", 0)]),
        step("what is close is preferred again", [prefer(json!("PreferClose"))], [Until::Hinted("web", 3)]),
        step(
            "a pod becomes unready: it has no hint",
            [Action::Status(vec![unready("web-1", &address(1), 2)])],
            [],
        ),
        step(
            // Which says the same by another name.
            "the same zone is preferred",
            [prefer_in_round(json!({}), "PreferSameZone", "one")],
            [Until::Says("web", "\"round\":\"one\"")],
        ),
        step(
            "the same node is preferred",
            [prefer(json!("PreferSameNode"))],
            [Until::Says("web", "forNodes")],
        ),
        step("a pod of a zone that has one comes", in_zones(4, 4, 4), [Until::Endpoints("web", 4)]),
        step("a pod is asked to end", [Action::AskToEnd(the("pods", "web-2"))], []),
        step("nothing is preferred any more", [prefer(json!(null))], [Until::SaysNot("web", "forNodes")]),
        step(
            "the annotation asks for what it does not know, beside a preference",
            [annotate(MODE, json!("Sometimes")), prefer(json!("PreferClose"))],
            [Until::Says("web", "forZones")],
        ),
        step("the pod is gone", [Action::Delete(the("pods", "web-2"))], [Until::Endpoints("web", 3)]),
    ];
    Chapter { name: "traffic", steps }
}

/// Hints by the sizes of zones, and what stands in their way.
pub fn zones() -> Chapter {
    let zone = |zone: Value| {
        Action::Patch(
            the("node", "south-1"),
            json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}}),
        )
    };
    let not_ready = |status: &str| {
        Action::Status(vec![with(
            super::node("south-1", "south"),
            "/status/conditions",
            json!([{"type": "Ready", "status": status}]),
        )])
    };
    let steps = vec![
        a_new_namespace(),
        comes(),
        step("three pods come, one in each zone", in_zones(1, 3, 1), [Until::Endpoints("web", 3)]),
        step("hints are asked for", [annotate(MODE, json!("Auto"))], [Until::Says("web", "forZones")]),
        step("six more pods come", in_zones(4, 9, 2), [Until::Endpoints("web", 9)]),
        step("a pod becomes unready", [Action::Status(vec![unready("web-1", &address(1), 3)])], []),
        step("it becomes ready", [Action::Status(vec![ready("web-1", &address(1), 4)])], []),
        step(
            "two zones have but one pod: there are too few for hints",
            [2, 3, 5, 6].map(|number| Action::Delete(the("pods", &format!("web-{number}")))),
            [Until::Endpoints("web", 5)],
        ),
        step("they come back", in_zones(2, 6, 5), [Until::Endpoints("web", 9)]),
        step(
            "a node loses its zone, and then a pod becomes unready: no hints",
            [zone(json!(null)), Action::Status(vec![unready("web-1", &address(1), 6)])],
            [Until::SaysNot("web", "forZones")],
        ),
        step(
            "it gets it back, and the pod becomes ready",
            [zone(json!("south")), Action::Status(vec![ready("web-1", &address(1), 7)])],
            [Until::Hinted("web", 9)],
        ),
        step(
            "a node is not ready, and then a pod becomes unready",
            [not_ready("False"), Action::Status(vec![unready("web-1", &address(1), 8)])],
            [],
        ),
        step(
            "the node is ready, and the pod",
            [not_ready("True"), Action::Status(vec![ready("web-1", &address(1), 9)])],
            [Until::Hinted("web", 9)],
        ),
        step(
            "hints are not asked for any more",
            [annotate(MODE, json!(null))],
            [Until::SaysNot("web", "forZones")],
        ),
        step(
            "the former annotation asks for them",
            [annotate(FORMER_MODE, json!("auto"))],
            [Until::Says("web", "forZones")],
        ),
        step(
            // Its pods are as many in each zone, so that all hints stay.
            "it says the contrary, beside a preference",
            [prefer_in_round(json!({FORMER_MODE: "Disabled"}), "PreferClose", "one")],
            [Until::Says("web", "\"round\":\"one\"")],
        ),
        step(
            "it asks for them, beside the preference",
            [prefer_in_round(json!({FORMER_MODE: "Auto"}), "PreferClose", "two")],
            [Until::Says("web", "\"round\":\"two\"")],
        ),
        step(
            "one pod is left in each zone, then one in all",
            (2..=9).map(|number| Action::Delete(the("pods", &format!("web-{number}")))).collect::<Vec<_>>(),
            [Until::Endpoints("web", 1)],
        ),
    ];
    Chapter { name: "zones", steps }
}
