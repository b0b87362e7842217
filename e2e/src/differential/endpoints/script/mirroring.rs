//! Endpoints that users write, and what is mirrored of them.

use serde_json::{Value, json};

use super::{a_new_namespace, come, pod, ready, service};
use crate::differential::endpoints::step::{Action, Chapter, Until, slices_of, the};
use crate::differential::subject::step;

fn outside() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "outside"},
        "spec": {"ports": [{"port": 80}]},
    })
}

fn endpoints(subsets: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {"name": "outside", "labels": {"team": "ships"}, "annotations": {"note": "kept"}},
        "subsets": subsets,
    })
}

fn patched(patch: Value) -> Action {
    Action::Patch(the("endpoints", "outside"), patch)
}

fn at_port(addresses: &[&str], port: u16) -> Value {
    let addresses: Vec<Value> = addresses.iter().map(|ip| json!({"ip": ip})).collect();
    json!({"addresses": addresses, "ports": [{"name": "http", "port": port}]})
}

/// What is written into an Endpoints, and what is done to its mirror.
pub fn mirroring() -> Chapter {
    let labels = |labels: Value| patched(json!({"metadata": {"labels": labels}}));
    let annotations = |annotations: Value| patched(json!({"metadata": {"annotations": annotations}}));
    let full = json!({
        "addresses": [{
            "ip": "192.0.2.1", "hostname": "one", "nodeName": "north-1",
            "targetRef": {"kind": "Pod", "namespace": "elsewhere", "name": "one"},
        }],
        "notReadyAddresses": [{"ip": "192.0.2.2"}],
        "ports": [
            {"name": "http", "port": 80, "appProtocol": "kubernetes.io/h2c"},
            {"name": "dns", "port": 53, "protocol": "UDP"},
        ],
    });
    let steps = vec![
        a_new_namespace(),
        step("a service without a selector comes", [Action::Apply(vec![outside()])], []),
        step(
            "a user writes an Endpoints for it",
            [Action::Apply(vec![endpoints(json!([at_port(&["192.0.2.1", "192.0.2.2"], 80)]))])],
            [Until::Endpoints("outside", 2)],
        ),
        step(
            "an address changes",
            [patched(json!({"subsets": [at_port(&["192.0.2.1", "192.0.2.3"], 80)]}))],
            [],
        ),
        step("all that an Endpoints can say is said", [patched(json!({"subsets": [full]}))], []),
        step(
            "there are two ports and both families",
            [patched(json!({"subsets": [
                at_port(&["192.0.2.1", "2001:db8::1"], 80), at_port(&["192.0.2.4"], 81),
            ]}))],
            [Until::Endpoints("outside", 3)],
        ),
        step(
            "an address stands in two subsets that have the same port",
            [patched(
                json!({"subsets": [at_port(&["192.0.2.1"], 80), at_port(&["192.0.2.1", "192.0.2.5"], 80)]}),
            )],
            [Until::Endpoints("outside", 2)],
        ),
        step(
            "a label changes and one comes",
            [labels(json!({"team": "boats", "tier": "back"}))],
            [Until::Says("outside", "boats")],
        ),
        step(
            "an annotation changes",
            [annotations(json!({"note": "another"}))],
            [Until::Says("outside", "another")],
        ),
        step(
            "an annotation of applying and one of times are put on it",
            [annotations(json!({
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "endpoints.kubernetes.io/last-change-trigger-time": "2001-02-03T04:01:00Z",
            }))],
            [],
        ),
        step(
            "labels that belong to slices are put on it",
            [labels(
                json!({"kubernetes.io/service-name": "stolen", "endpointslice.kubernetes.io/managed-by": "somebody"}),
            )],
            [],
        ),
        step(
            "they are taken off",
            [labels(
                json!({"kubernetes.io/service-name": null, "endpointslice.kubernetes.io/managed-by": null}),
            )],
            [],
        ),
        step(
            "the mirror is deleted",
            [Action::Delete(slices_of("outside"))],
            [Until::Endpoints("outside", 2)],
        ),
        step(
            "the mirror is edited",
            [Action::Patch(
                slices_of("outside"),
                json!({"endpoints": [{"addresses": ["192.0.2.9"], "conditions": {"ready": true}}]}),
            )],
            [Until::SaysNot("outside", "192.0.2.9")],
        ),
        step(
            "it is not to be mirrored",
            [labels(json!({"endpointslice.kubernetes.io/skip-mirror": "true"}))],
            [Until::Endpoints("outside", 0)],
        ),
        step(
            "it is to be mirrored",
            [labels(json!({"endpointslice.kubernetes.io/skip-mirror": "no"}))],
            [Until::Endpoints("outside", 2)],
        ),
        step(
            "it is a lock",
            [annotations(json!({"control-plane.alpha.kubernetes.io/leader": "{}"}))],
            [Until::Endpoints("outside", 0)],
        ),
        step(
            "it is none any more",
            [annotations(json!({"control-plane.alpha.kubernetes.io/leader": null}))],
            [Until::Endpoints("outside", 2)],
        ),
        step("it says nothing", [patched(json!({"subsets": null}))], [Until::Endpoints("outside", 0)]),
        step(
            "only what is not ready is in it, without ports",
            [patched(json!({"subsets": [{"notReadyAddresses": [{"ip": "192.0.2.6"}]}]}))],
            [Until::Endpoints("outside", 1)],
        ),
        step(
            "it is deleted",
            [Action::Delete(the("endpoints", "outside"))],
            [Until::Endpoints("outside", 0)],
        ),
    ];
    Chapter { name: "mirroring", steps }
}

/// Services that come, go, and begin to select pods, beside an Endpoints that a user has written.
pub fn services() -> Chapter {
    let written = || Action::Apply(vec![endpoints(json!([at_port(&["192.0.2.1"], 80)]))]);
    let selector =
        |value: Value| Action::Patch(the("service", "outside"), json!({"spec": {"selector": value}}));
    let mut headless = outside();
    headless["metadata"]["name"] = json!("headless");
    headless["spec"]["clusterIP"] = json!("None");
    let mut of_headless = endpoints(json!([{"addresses": [{"ip": "192.0.2.7"}]}]));
    of_headless["metadata"]["name"] = json!("headless");
    let steps = vec![
        a_new_namespace(),
        step("an Endpoints comes before its service", [written()], []),
        step("its service comes", [Action::Apply(vec![outside()])], [Until::Endpoints("outside", 1)]),
        step(
            "a pod comes that it may select",
            come(&[(pod("web-1", "web", "north-1"), ready("web-1", "10.9.8.1", 1))]),
            [],
        ),
        step(
            "the service selects pods",
            [selector(json!({"app": "web"}))],
            [Until::Says("outside", "10.9.8.1")],
        ),
        step(
            "it selects none any more: in-tree leaves the slices, Mainstay does not",
            [selector(json!(null))],
            [Until::OpenInTree("outside")],
        ),
        step(
            "the Endpoints is its user's again: in-tree leaves the slices, Mainstay does not",
            [Action::Patch(the("endpoints", "outside"), json!({"subsets": [at_port(&["192.0.2.2"], 80)]}))],
            [Until::OpenInTree("outside")],
        ),
        step(
            "the service is deleted",
            [Action::Delete(the("service", "outside"))],
            [Until::SaysNot("outside", "outside")],
        ),
        step(
            "a headless service without a selector comes with its Endpoints",
            [Action::Apply(vec![headless]), Action::Apply(vec![of_headless])],
            [Until::Endpoints("headless", 1)],
        ),
        step(
            "a user writes an Endpoints for a service that selects pods: it is overwritten",
            [
                Action::Apply(vec![service("web")]),
                Action::Patch(the("endpoints", "web"), json!({"subsets": [at_port(&["192.0.2.3"], 80)]})),
                Action::Status(vec![super::unready("web-1", "10.9.8.1", 2)]),
            ],
            [],
        ),
        step(
            "the headless service and its Endpoints are deleted",
            [Action::Delete(the("endpoints", "headless")), Action::Delete(the("service", "headless"))],
            [Until::SaysNot("headless", "headless")],
        ),
    ];
    Chapter { name: "outside", steps }
}
