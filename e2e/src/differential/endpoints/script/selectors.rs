//! Which pods a service selects, whether it does, and whether it is there at all.

use serde_json::{Value, json};

use super::{a_new_namespace, pod, ready, service, with};
use crate::differential::endpoints::step::{Action, Chapter, Step, Until, the};
use crate::differential::subject::step;

fn selector(selector: Value) -> Action {
    Action::Patch(the("service", "web"), json!({"spec": {"selector": selector}}))
}

fn with_pods() -> [Step; 2] {
    [
        a_new_namespace(),
        step(
            "two pods come, and a service of them",
            [
                Action::Apply(vec![
                    pod("web-1", "web", "north-1"),
                    with(pod("web-2", "web", "east-1"), "/metadata/labels/tier", json!("back")),
                    pod("other-1", "other", "south-1"),
                ]),
                Action::Status(vec![
                    ready("web-1", "10.9.4.1", 1),
                    ready("web-2", "10.9.4.2", 1),
                    ready("other-1", "10.9.4.3", 1),
                ]),
                Action::Apply(vec![service("web")]),
            ],
            [Until::Endpoints("web", 2)],
        ),
    ]
}

/// Selectors that change, and services that share pods.
pub fn selectors() -> Chapter {
    let mut steps = Vec::from(with_pods());
    steps.extend([
        step(
            "another service of the same pods comes",
            [Action::Apply(vec![with(service("twin"), "/spec/selector", json!({"app": "web"}))])],
            [Until::Endpoints("twin", 2)],
        ),
        step("the selector asks for more", [selector(json!({"tier": "back"}))], [Until::Endpoints("web", 1)]),
        step(
            "it asks for other pods",
            [selector(json!({"tier": null, "app": "other"}))],
            [Until::Says("web", "10.9.4.3")],
        ),
        step("it asks for nobody", [selector(json!({"app": "nobody"}))], [Until::Endpoints("web", 0)]),
        step("it asks as at first", [selector(json!({"app": "web"}))], [Until::Endpoints("web", 2)]),
        step(
            "the twin is deleted",
            [Action::Delete(the("service", "twin"))],
            [Until::Endpoints("twin", 0), Until::SaysNot("twin", "twin")],
        ),
        step(
            "the service is deleted",
            [Action::Delete(the("service", "web"))],
            [Until::SaysNot("web", "web")],
        ),
        step(
            "it is made anew, with other ports",
            [Action::Apply(vec![with(
                service("web"),
                "/spec/ports",
                json!([{"port": 80, "targetPort": 9090}]),
            )])],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "it is deleted and made anew at once",
            [Action::Delete(the("service", "web")), Action::Apply(vec![service("web")])],
            [Until::Endpoints("web", 2), Until::SaysNot("web", "9090")],
        ),
    ]);
    Chapter { name: "selectors", steps }
}

/// Services that stop to select pods, and begin again.
pub fn kinds() -> Chapter {
    let mut steps = Vec::from(with_pods());
    steps.extend([
        step(
            "the selector goes: in-tree leaves the slices, Mainstay does not",
            [selector(json!(null))],
            [Until::OpenInTree("web")],
        ),
        step(
            "a pod becomes unready that no service selects any more",
            [Action::Status(vec![super::unready("web-1", "10.9.4.1", 2)])],
            [Until::OpenInTree("web")],
        ),
        step("the selector comes back", [selector(json!({"app": "web"}))], [Until::Endpoints("web", 2)]),
        step(
            "the service becomes an ExternalName: in-tree leaves the slices, Mainstay does not",
            [Action::Patch(
                the("service", "web"),
                json!({"spec": {
                    "type": "ExternalName", "externalName": "elsewhere.example",
                    "clusterIP": null, "clusterIPs": null, "ipFamilies": null, "ipFamilyPolicy": null,
                }}),
            )],
            [Until::OpenInTree("web")],
        ),
        step(
            "a pod becomes ready meanwhile",
            [Action::Status(vec![ready("web-1", "10.9.4.1", 3)])],
            [Until::OpenInTree("web")],
        ),
        step(
            "it becomes an ordinary service again",
            [Action::Patch(the("service", "web"), json!({"spec": {"type": "ClusterIP", "externalName": null}}))],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "it becomes a service with a port on each node",
            [Action::Patch(the("service", "web"), json!({"spec": {"type": "NodePort"}}))],
            [Until::Endpoints("web", 2)],
        ),
        step(
            "an ExternalName with a selector comes",
            [Action::Apply(vec![json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "alias"},
                "spec": {"type": "ExternalName", "externalName": "elsewhere.example", "selector": {"app": "web"}},
            })])],
            [Until::Endpoints("alias", 0)],
        ),
    ]);
    Chapter { name: "kinds", steps }
}
