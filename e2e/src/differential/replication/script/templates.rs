//! Changes of the template and of the selector.

use serde_json::{Value, json};

use super::{Chapter, a_new_namespace, comes, container, cost, nowhere, one_of, step};
use crate::differential::replication::step::{Action, Named, Until, free, named, pods_of};

const SITE: Named = named("templates", "site");

/// Old pods stay as they are, new ones are as the template says.
pub fn templates() -> Chapter {
    let spec = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let labels = |labels: Value| json!({"spec": {"template": {"metadata": {"labels": labels}}}});
    let released = free(SITE.room, ("app", "site"));
    let pending = |replicas| step_to(replicas, 4);
    let steps = vec![
        a_new_namespace(SITE.room),
        comes("a ReplicationController with 2 pods comes", SITE, 2),
        step(
            "the template gets another image: the pods stay",
            [Action::Patch(SITE, spec(json!({"containers": [container("two")]})))],
            [Until::Pods(SITE, 2, 2)],
        ),
        step(
            "a pod is deleted: the new one has the new image",
            [Action::DeletePods(one_of(SITE))],
            [Until::Pods(SITE, 2, 2)],
        ),
        step(
            "the template gets one more label: no pod is fully labelled",
            [Action::Patch(SITE, labels(json!({"tier": "front"})))],
            [Until::Pods(SITE, 2, 2)],
        ),
        step(
            "it is scaled to 3: one pod is fully labelled",
            [Action::Scale(SITE, 3)],
            [Until::Pods(SITE, 3, 3), Until::Count(pods_of(SITE).with("tier", "front"), 1)],
        ),
        step(
            "the selector asks for that label too: pods without it are released and replaced",
            [Action::Patch(SITE, json!({"spec": {"selector": {"tier": "front"}}}))],
            [Until::Pods(SITE, 3, 3), Until::Count(released, 2)],
        ),
        step(
            "the selector does not ask for it any more: they are adopted, and go since they cost less",
            [
                Action::PatchPods(released.take(2), cost("-1")),
                Action::Patch(SITE, json!({"spec": {"selector": {"tier": null}}})),
            ],
            [Until::Pods(SITE, 3, 3), Until::Count(released, 0)],
        ),
        step(
            "the template asks for a node that there is not: the next pod stays pending",
            [Action::Patch(SITE, spec(json!({"nodeSelector": nowhere()}))), Action::Scale(SITE, 4)],
            [Until::Pods(SITE, 4, 3)],
        ),
        pending(3),
        step(
            "the template gets annotations and a finalizer, and a pod is made of it",
            [
                Action::Patch(SITE, spec(json!({"nodeSelector": null}))),
                Action::Patch(
                    SITE,
                    json!({"spec": {"template": {"metadata": {
                        "annotations": {"note": "kept"}, "finalizers": ["example.com/kept"],
                    }}}}),
                ),
                Action::Scale(SITE, 4),
            ],
            [Until::Pods(SITE, 4, 4)],
        ),
        step(
            "the finalizer is taken away again",
            [Action::PatchPods(pods_of(SITE).take(4), json!({"metadata": {"finalizers": null}}))],
            [],
        ),
    ];
    Chapter { name: SITE.room, steps }
}

fn step_to(replicas: u32, before: usize) -> crate::differential::replication::step::Step {
    let left = before - 1;
    step(
        "it is scaled down: the pending pod goes",
        [Action::Scale(SITE, replicas)],
        [Until::Pods(SITE, left, left)],
    )
}
