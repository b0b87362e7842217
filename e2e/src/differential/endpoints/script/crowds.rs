//! Services of many pods: several slices, and more than fit into an Endpoints.

use serde_json::{Value, json};

use super::{a_new_namespace, pod, ready, service, unready, with};
use crate::differential::endpoints::step::{Action, Chapter, Pick, Step, Until, Which, pods_of, the};
use crate::differential::subject::step;

fn name(number: usize) -> String {
    format!("web-{number}")
}

fn address(number: usize) -> String {
    format!("10.10.{}.{}", number / 200, number % 200 + 1)
}

/// Pods that the service selects only once they are all there: else slices would fill as pods come.
fn waiting(from: usize, to: usize, minute: u32) -> [Action; 2] {
    let few = |number: usize| if number.is_multiple_of(10) { "so" } else { "not" };
    let half = |number: usize| if number.is_multiple_of(2) { "even" } else { "odd" };
    let pods = (from..=to).map(|number| {
        let labels = json!({"app": "web", "half": half(number), "few": few(number)});
        with(pod(&name(number), "web", "north-1"), "/metadata/labels", labels)
    });
    let statuses = (from..=to).map(|number| ready(&name(number), &address(number), minute));
    [Action::Apply(pods.collect()), Action::Status(statuses.collect())]
}

fn of_half(half: &str) -> Pick {
    Pick { kind: "pods", which: Which::Labelled(format!("half={half}")) }
}

fn comes(selector: Value) -> Action {
    Action::Apply(vec![with(service("web"), "/spec/selector", selector)])
}

fn select(selector: Value) -> Action {
    Action::Patch(the("service", "web"), json!({"spec": {"selector": selector}}))
}

fn many_come(number: usize) -> Step {
    step("many pods come", waiting(1, number, 1), [])
}

/// More than one slice.
pub fn slices() -> Chapter {
    let steps = vec![
        a_new_namespace(),
        many_come(250),
        step(
            "a service selects them: three slices",
            [comes(json!({"app": "web"}))],
            [Until::Endpoints("web", 250)],
        ),
        step("one becomes unready", [Action::Status(vec![unready(&name(1), &address(1), 2)])], []),
        step("one more comes", waiting(251, 251, 3), [Until::Endpoints("web", 251)]),
        step(
            "another service of them comes",
            [Action::Apply(vec![with(service("wide"), "/spec/selector", json!({"app": "web"}))])],
            [Until::Endpoints("wide", 251)],
        ),
        step(
            "it asks for a few: in-tree keeps all of its slices, Mainstay merges",
            [Action::Patch(the("service", "wide"), json!({"spec": {"selector": {"few": "so"}}}))],
            [Until::Endpoints("wide", 25)],
        ),
        step("it is deleted", [Action::Delete(the("service", "wide"))], [Until::SaysNot("wide", "wide")]),
        step(
            "the selector asks for half of them",
            [select(json!({"half": "odd"}))],
            [Until::Endpoints("web", 126)],
        ),
        step("it asks for the other half", [select(json!({"half": "even"}))], [Until::Endpoints("web", 125)]),
        step("half of the pods go", [Action::Delete(of_half("even"))], [Until::Endpoints("web", 0)]),
        step(
            "the selector asks for the rest",
            [select(json!({"half": "odd"}))],
            [Until::Endpoints("web", 126)],
        ),
        step(
            "the ports change",
            [Action::Patch(
                the("service", "web"),
                json!({"spec": {"ports": [{"port": 80, "targetPort": 9090}]}}),
            )],
            [Until::Says("web", "9090"), Until::SaysNot("web", "8080")],
        ),
        step("all pods go", [Action::Delete(pods_of("web"))], [Until::Endpoints("web", 0)]),
    ];
    Chapter { name: "slices", steps }
}

/// More than a thousand addresses.
pub fn truncation() -> Chapter {
    let steps = vec![
        a_new_namespace(),
        many_come(1003),
        step(
            "a service selects them: a thousand are in its Endpoints",
            [comes(json!({"app": "web"}))],
            [Until::Endpoints("web", 1003)],
        ),
        step(
            "some become unready: those are left out",
            [Action::Status((1..=2).map(|number| unready(&name(number), &address(number), 2)).collect())],
            [],
        ),
        step(
            "as many are left as fit",
            (3..=5).map(|number| Action::Delete(the("pods", &name(number)))).collect::<Vec<_>>(),
            [Until::Endpoints("web", 1000)],
        ),
    ];
    Chapter { name: "truncation", steps }
}
