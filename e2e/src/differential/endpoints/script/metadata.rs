//! Labels and annotations of services, and what becomes of them.

use serde_json::{Value, json};

use super::{a_new_namespace, come, pod, ready, service, with};
use crate::differential::endpoints::step::{Action, Chapter, Until, the};
use crate::differential::subject::step;

/// What is handed on, and what is not.
pub fn labels() -> Chapter {
    let labels =
        |labels: Value| Action::Patch(the("service", "web"), json!({"metadata": {"labels": labels}}));
    let annotations = |annotations: Value| {
        Action::Patch(the("service", "web"), json!({"metadata": {"annotations": annotations}}))
    };
    let steps = vec![
        a_new_namespace(),
        step(
            "a service with labels and annotations comes",
            [Action::Apply(vec![with(
                with(service("web"), "/metadata/labels", json!({"team": "ships", "tier": "front"})),
                "/metadata/annotations",
                json!({"note": "kept here"}),
            )])],
            [Until::Says("web", "ships")],
        ),
        step(
            "a pod comes",
            come(&[(pod("web-1", "web", "north-1"), ready("web-1", "10.9.3.1", 1))]),
            [Until::Endpoints("web", 1)],
        ),
        step("a label changes", [labels(json!({"team": "boats"}))], [Until::Says("web", "boats")]),
        step("a label goes", [labels(json!({"tier": null}))], [Until::SaysNot("web", "front")]),
        step("an annotation changes", [annotations(json!({"note": "another"}))], []),
        step(
            "a proxy of another name is asked for",
            [labels(json!({"service.kubernetes.io/service-proxy-name": "mine"}))],
            [Until::Says("web", "mine")],
        ),
        step(
            "labels that belong to slices are put on the service",
            [labels(json!({
                "kubernetes.io/service-name": "stolen",
                "endpointslice.kubernetes.io/managed-by": "somebody",
                "service.kubernetes.io/headless": "so",
            }))],
            [],
        ),
        step(
            "a label that belongs to Endpoints is put on the service",
            [labels(json!({"endpoints.kubernetes.io/managed-by": "somebody"}))],
            [],
        ),
        step("they are taken off, with all others", [labels(json!(null))], [Until::SaysNot("web", "boats")]),
        step(
            "annotations that belong to Endpoints are put on the service",
            [annotations(json!({
                "endpoints.kubernetes.io/last-change-trigger-time": "2001-01-01T00:00:00Z",
                "endpoints.kubernetes.io/over-capacity": "truncated",
            }))],
            [],
        ),
    ];
    Chapter { name: "labels", steps }
}
