//! How many pods there are, which of them go, and what is made up for after a restart.

use serde_json::json;

use super::{Chapter, a_new_namespace, comes, cost, one_of, scaled, step};
use crate::differential::replication::step::{Action, Named, Until, named, pods_of};

const WEB: Named = named("numbers", "web");
const COSTLY: Named = named("costs", "costly");
const EVEN: Named = named("spread", "even");
const BACK: Named = named("restarts", "back");

/// Scaling, and pods that vanish.
pub fn numbers() -> Chapter {
    let condition = json!({
        "type": "Foreign", "status": "True", "reason": "Tested", "message": "of somebody else",
        "lastTransitionTime": "2024-01-01T00:00:00Z",
    });
    let steps = vec![
        a_new_namespace(WEB.room),
        comes("a ReplicationController without pods comes", WEB, 0),
        scaled("it is scaled from 0 to 3", WEB, 3),
        scaled("it is scaled from 3 to 5", WEB, 5),
        step("its number is written again", [Action::Patch(WEB, json!({"spec": {"replicas": 5}}))], []),
        scaled("it is scaled to 0", WEB, 0),
        scaled("it is scaled back to 3", WEB, 3),
        step("a pod is deleted by hand", [Action::DeletePods(one_of(WEB))], [Until::Pods(WEB, 3, 3)]),
        step("all pods are deleted by hand", [Action::DeletePods(pods_of(WEB))], [Until::Pods(WEB, 3, 3)]),
        step(
            "the ReplicationController is relabelled",
            [Action::Patch(WEB, json!({"metadata": {"labels": {"note": "new"}}}))],
            [],
        ),
        step(
            "somebody else writes a wrong status",
            [Action::PatchStatus(
                WEB,
                json!({"status": {"replicas": 9, "readyReplicas": 7, "availableReplicas": 7}}),
            )],
            [Until::Pods(WEB, 3, 3), Until::Available(WEB, 3)],
        ),
        step(
            "somebody else writes a condition",
            [Action::PatchStatus(WEB, json!({"status": {"conditions": [condition]}}))],
            [],
        ),
        scaled("it is scaled to 4 with that condition", WEB, 4),
    ];
    Chapter { name: WEB.room, steps }
}

/// Deletion costs and readiness decide which pods go.
pub fn costs() -> Chapter {
    let role = |role: &str| json!({"metadata": {"labels": {"role": role}}});
    let dear = pods_of(COSTLY).with("role", "dear");
    let middle = pods_of(COSTLY).with("role", "middle");
    let unready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    let steps = vec![
        a_new_namespace(COSTLY.room),
        comes("a ReplicationController with 4 pods comes", COSTLY, 4),
        step(
            "one pod gets a low deletion cost and one a high",
            [
                Action::PatchPods(pods_of(COSTLY).take(4), role("middle")),
                Action::PatchPods(middle.take(1), role("cheap")),
                Action::PatchPods(middle.take(1), role("dear")),
                Action::PatchPods(pods_of(COSTLY).with("role", "cheap"), cost("-5")),
                Action::PatchPods(dear, cost("10")),
            ],
            [],
        ),
        step(
            "it is scaled down by one: the cheap pod goes",
            [Action::Scale(COSTLY, 3)],
            [Until::Pods(COSTLY, 3, 3), Until::Count(middle, 2)],
        ),
        step(
            "it is scaled down to one: the dear pod stays",
            [Action::Scale(COSTLY, 1)],
            [Until::Pods(COSTLY, 1, 1), Until::Count(dear, 1)],
        ),
        scaled("it is scaled up to 2", COSTLY, 2),
        step(
            "the dear pod is not ready any more",
            [Action::PatchPodStatus(dear, unready)],
            [Until::Pods(COSTLY, 2, 1)],
        ),
        step(
            "it is scaled down: not being ready counts more than the cost",
            [Action::Scale(COSTLY, 1)],
            [Until::Pods(COSTLY, 1, 1), Until::Count(dear, 0)],
        ),
    ];
    Chapter { name: COSTLY.room, steps }
}

/// Three old pods on one node and a young one on another, which upstream takes first.
pub fn spread() -> Chapter {
    let template = |node: &str| {
        let selector = json!({"kubernetes.io/hostname": node});
        json!({"spec": {"template": {"spec": {"nodeSelector": selector}}}})
    };
    let old = json!({"metadata": {"labels": {"age": "old"}}});
    let steps = vec![
        a_new_namespace(EVEN.room),
        comes("a ReplicationController without pods comes", EVEN, 0),
        step(
            "it is scaled to 3 on one node",
            [Action::Patch(EVEN, template("node-1")), Action::Scale(EVEN, 3)],
            [Until::Pods(EVEN, 3, 3)],
        ),
        // Upstream tells ages apart by powers of two.
        step("its pods are labelled as old", [Action::PatchPods(pods_of(EVEN).take(3), old)], []),
        step("the template asks for another node", [Action::Patch(EVEN, template("node-2"))], []),
        step(
            "it is scaled to 4",
            [Action::Scale(EVEN, 4)],
            [Until::Pods(EVEN, 4, 4), Until::Count(pods_of(EVEN).with("age", "old"), 3)],
        ),
        scaled("it is scaled to 2: in-tree takes the young pod, Mainstay leaves one on each node", EVEN, 2),
        scaled("it is scaled to 0 again", EVEN, 0),
    ];
    Chapter { name: EVEN.room, steps }
}

/// What happened while nobody was there.
pub fn restarts() -> Chapter {
    let steps = vec![
        a_new_namespace(BACK.room),
        comes("a ReplicationController with 2 pods comes", BACK, 2),
        step(
            "the controller restarts, and nothing else happens",
            [Action::StopController, Action::StartController],
            [Until::Pods(BACK, 2, 2)],
        ),
        step(
            "while the controller is away, a pod is deleted and more are wanted",
            [
                Action::StopController,
                Action::DeletePods(one_of(BACK)),
                Action::Scale(BACK, 4),
                Action::StartController,
            ],
            [Until::Pods(BACK, 4, 4)],
        ),
    ];
    Chapter { name: BACK.room, steps }
}
