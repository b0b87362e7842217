//! Ports and their names, and the names of pods behind headless services.

use serde_json::{Value, json};

use super::{a_new_namespace, come, container, pod, ready, service, with};
use crate::differential::endpoints::step::{Action, Chapter, Until, the};
use crate::differential::subject::step;

const ONE: &str = "10.9.2.1";
const TWO: &str = "10.9.2.2";
const THREE: &str = "10.9.2.3";
const FOUR: &str = "10.9.2.4";

fn with_ports(pod: Value, ports: Value) -> Value {
    with(pod, "/spec/containers", json!([container(ports)]))
}

/// Ports by number and by name, of containers and sidecars, in one group and in several.
pub fn ports() -> Chapter {
    let set = |ports: Value| Action::Patch(the("service", "web"), json!({"spec": {"ports": ports}}));
    let by_name = json!({"name": "http", "port": 80, "targetPort": "web"});
    let sidecar = json!([{
        "name": "side", "image": "localhost/nothing", "restartPolicy": "Always",
        "ports": [{"name": "web", "containerPort": 7070}],
    }]);
    let steps = vec![
        a_new_namespace(),
        step(
            "a service with a port by number comes",
            [Action::Apply(vec![service("web")])],
            [Until::Endpoints("web", 0)],
        ),
        step(
            "two pods with different ports of one name come",
            come(&[
                (pod("web-1", "web", "north-1"), ready("web-1", ONE, 1)),
                (
                    with_ports(
                        pod("web-2", "web", "east-1"),
                        json!([{"name": "web", "containerPort": 9090}]),
                    ),
                    ready("web-2", TWO, 1),
                ),
            ]),
            [Until::Endpoints("web", 2)],
        ),
        step(
            "the service asks for the name: there are two groups",
            [set(json!([by_name.clone()]))],
            [Until::Says("web", "9090")],
        ),
        step(
            "a pod without a port of that name comes",
            come(&[(with_ports(pod("web-3", "web", "south-1"), json!([])), ready("web-3", THREE, 2))]),
            [Until::Endpoints("web", 3)],
        ),
        step(
            "a pod comes whose sidecar has it",
            come(&[(
                with(with_ports(pod("web-4", "web", "south-1"), json!([])), "/spec/initContainers", sidecar),
                ready("web-4", FOUR, 3),
            )]),
            [Until::Endpoints("web", 4), Until::Says("web", "7070")],
        ),
        step(
            "a second port by number comes: nobody is without a port",
            [set(json!([by_name.clone(), {"name": "metrics", "port": 90, "targetPort": 9000}]))],
            [Until::Says("web", "9000")],
        ),
        step(
            "the protocol of a port says what is spoken",
            [set(json!([
                by_name.clone(),
                {"name": "metrics", "port": 90, "targetPort": 9000, "appProtocol": "kubernetes.io/h2c"},
            ]))],
            [Until::Says("web", "h2c")],
        ),
        step(
            "the same name is asked for by another protocol, which no pod has",
            [set(json!([
                {"name": "http", "port": 80, "targetPort": "web", "protocol": "UDP"},
                {"name": "metrics", "port": 90, "targetPort": 9000},
            ]))],
            [Until::SaysNot("web", "8080")],
        ),
        step(
            "only a name is left that no pod has",
            [set(json!([{"port": 80, "targetPort": "nobodys"}]))],
            [Until::SaysNot("web", "9000")],
        ),
        step(
            "a port by number of three protocols",
            [set(json!([
                {"name": "a", "port": 53, "targetPort": 53, "protocol": "TCP"},
                {"name": "b", "port": 53, "targetPort": 53, "protocol": "UDP"},
                {"name": "c", "port": 53, "targetPort": 53, "protocol": "SCTP"},
            ]))],
            [Until::Says("web", "SCTP")],
        ),
        step(
            "the order of the ports changes",
            [set(json!([
                {"name": "b", "port": 53, "targetPort": 53, "protocol": "UDP"},
                {"name": "a", "port": 53, "targetPort": 53, "protocol": "TCP"},
                {"name": "c", "port": 53, "targetPort": 53, "protocol": "SCTP"},
            ]))],
            [],
        ),
        step(
            "one port of no name is left",
            [set(json!([{"port": 80, "targetPort": 8080}]))],
            [Until::SaysNot("web", "SCTP")],
        ),
    ];
    Chapter { name: "ports", steps }
}

/// Services without an address, and pods that DNS knows by their names.
pub fn headless() -> Chapter {
    let headless = with(service("web"), "/spec/clusterIP", json!("None"));
    let without_ports = with(headless.clone(), "/spec/ports", json!([]));
    let named = |pod: Value, hostname: &str, subdomain: &str| {
        let pod = with(pod, "/spec/hostname", json!(hostname));
        with(pod, "/spec/subdomain", json!(subdomain))
    };
    let set = |ports: Value| Action::Patch(the("service", "web"), json!({"spec": {"ports": ports}}));
    let steps = vec![
        a_new_namespace(),
        step(
            "a headless service without ports comes",
            [Action::Apply(vec![without_ports])],
            [Until::Endpoints("web", 0)],
        ),
        step(
            "a pod comes, and one with a name of its own",
            come(&[
                (pod("web-1", "web", "north-1"), ready("web-1", ONE, 1)),
                (named(pod("web-2", "web", "east-1"), "two", "web"), ready("web-2", TWO, 1)),
            ]),
            [Until::Endpoints("web", 2)],
        ),
        step(
            "a pod comes with a name of its own in another's subdomain",
            come(&[(named(pod("web-3", "web", "east-1"), "three", "other"), ready("web-3", THREE, 2))]),
            [Until::Endpoints("web", 3)],
        ),
        step(
            "it gets a port",
            [set(json!([{"port": 80, "targetPort": 8080}]))],
            [Until::Says("web", "8080")],
        ),
        step("it loses it again", [set(json!(null))], [Until::SaysNot("web", "8080")]),
        step(
            "another headless service of the same pods comes, with a port by name",
            [Action::Apply(vec![with(
                with(
                    with(headless, "/metadata/name", json!("other")),
                    "/spec/ports",
                    json!([{"port": 80, "targetPort": "web"}]),
                ),
                "/spec/selector",
                json!({"app": "web"}),
            )])],
            [Until::Endpoints("other", 3)],
        ),
        step(
            "it publishes all of its pods, and one is asked to end",
            [
                Action::Patch(the("service", "other"), json!({"spec": {"publishNotReadyAddresses": true}})),
                Action::AskToEnd(the("pods", "web-2")),
            ],
            [],
        ),
        step("the pod is gone", [Action::Delete(the("pods", "web-2"))], [Until::Endpoints("other", 2)]),
    ];
    Chapter { name: "headless", steps }
}
