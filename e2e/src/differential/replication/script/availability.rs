//! Pods that end, that are not ready, and that are not available yet.

use serde_json::{Value, json};

use super::{Chapter, a_new_namespace, comes, controller, one_of, scaled, step, with};
use crate::differential::replication::step::{Action, Named, Until, named, pods_of};

const BATCH: Named = named("ends", "batch");
const SLOW: Named = named("availability", "slow");
const LATER: Named = named("availability", "later");

/// Pods that fail, succeed or are not ready.
pub fn ends() -> Chapter {
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    let ready = |status: &str| json!({"status": {"conditions": [{"type": "Ready", "status": status}]}});
    let ended = pods_of(BATCH).not_active();
    let mark = |mark: &str| json!({"metadata": {"labels": {"mark": mark}}});
    let steps = vec![
        a_new_namespace(BATCH.room),
        comes("a ReplicationController with 3 pods comes", BATCH, 3),
        step(
            "a pod fails: it stays and is replaced",
            [Action::PatchPodStatus(one_of(BATCH), phase("Failed"))],
            [Until::Pods(BATCH, 3, 3), Until::Count(ended, 1)],
        ),
        step(
            "a pod succeeds: it stays and is replaced",
            [Action::PatchPodStatus(one_of(BATCH), phase("Succeeded"))],
            [Until::Pods(BATCH, 3, 3), Until::Count(ended, 2)],
        ),
        step(
            "an ended pod is relabelled: it is not released",
            [Action::PatchPods(ended.take(1), json!({"metadata": {"labels": {"app": "none"}}}))],
            [],
        ),
        step(
            "the ended pods are deleted: nothing takes their place",
            [Action::DeletePods(ended.take(2))],
            [Until::Pods(BATCH, 3, 3), Until::Count(ended, 0)],
        ),
        step(
            "a pod is not ready any more",
            [
                Action::PatchPods(one_of(BATCH), mark("one")),
                Action::PatchPodStatus(pods_of(BATCH).with("mark", "one"), ready("False")),
            ],
            [Until::Pods(BATCH, 3, 2)],
        ),
        step(
            "it is ready again",
            [Action::PatchPodStatus(pods_of(BATCH).with("mark", "one"), ready("True"))],
            [Until::Pods(BATCH, 3, 3)],
        ),
        step(
            "it is neither ready nor wanted",
            [
                Action::PatchPodStatus(pods_of(BATCH).with("mark", "one"), ready("False")),
                Action::Scale(BATCH, 2),
            ],
            [Until::Pods(BATCH, 2, 2), Until::Count(pods_of(BATCH).with("mark", "one"), 0)],
        ),
    ];
    Chapter { name: BATCH.room, steps }
}

/// `minReadySeconds`.
pub fn availability() -> Chapter {
    let wait = |seconds: u32| -> Value { json!({"spec": {"minReadySeconds": seconds}}) };
    let with_wait = |it, seconds: u32| with(controller(it, 2), "/spec/minReadySeconds", json!(seconds));
    let steps = vec![
        a_new_namespace(SLOW.room),
        step(
            "a ReplicationController with minReadySeconds of an hour comes",
            [Action::Apply(vec![with_wait(SLOW, 3600)])],
            [Until::Pods(SLOW, 2, 2), Until::Available(SLOW, 0)],
        ),
        step(
            "minReadySeconds becomes 1: its pods are available",
            [Action::Patch(SLOW, wait(1))],
            [Until::Available(SLOW, 2)],
        ),
        step(
            "minReadySeconds becomes an hour again: they are not",
            [Action::Patch(SLOW, wait(3600))],
            [Until::Available(SLOW, 0)],
        ),
        step(
            "minReadySeconds becomes 0: they are",
            [Action::Patch(SLOW, wait(0))],
            [Until::Available(SLOW, 2)],
        ),
        step(
            "minReadySeconds becomes 3, and a pod more is wanted: it is available later",
            [Action::Patch(SLOW, json!({"spec": {"minReadySeconds": 3, "replicas": 3}}))],
            [Until::Pods(SLOW, 3, 3), Until::Available(SLOW, 3)],
        ),
        step(
            "a ReplicationController with minReadySeconds of 4 comes: its pods are available later",
            [Action::Apply(vec![with_wait(LATER, 4)])],
            [Until::Pods(LATER, 2, 2), Until::Available(LATER, 2)],
        ),
        scaled("it is scaled to 0", LATER, 0),
    ];
    Chapter { name: SLOW.room, steps }
}
