//! Whose a pod is: adoption, release, and ReplicationControllers that want the same pods.

use serde_json::{Value, json};

use super::{
    Chapter, a_new_namespace, comes, controller, cost, one_of, pending_pod, pod, scaled, step, with,
};
use crate::differential::replication::step::{Action, Cascade, Named, Until, free, named, pods_of};

const HERD: Named = named("adoption", "herd");
const OTHER: Named = named("adoption", "other");
const WARD: Named = named("adoption", "ward");
const WIDE: Named = named("overlap", "wide");
const NARROW: Named = named("overlap", "narrow");

/// Pods that are adopted, released and given back.
pub fn adoption() -> Chapter {
    let room = HERD.room;
    let lost = free(room, ("app", "lost"));
    let strays = free(room, ("app", "herd"));
    let owned = |pod: Value, controls: bool| {
        let owner = json!({
            "apiVersion": "v1", "kind": "ReplicationController", "name": "other", "uid": "UID(adoption/other)",
            "controller": controls, "blockOwnerDeletion": controls,
        });
        with(pod, "/metadata/ownerReferences", json!([owner]))
    };
    let steps = vec![
        a_new_namespace(room),
        step(
            "two bare pods come",
            [Action::Apply(vec![pod(room, "stray-1", "herd"), pod(room, "stray-2", "herd")])],
            [Until::Count(strays, 2)],
        ),
        step(
            "a ReplicationController of 3 comes: it adopts both and makes one",
            [Action::Apply(vec![controller(HERD, 3)])],
            [Until::Pods(HERD, 3, 3), Until::Count(strays, 0)],
        ),
        step(
            "a bare pod too many comes: it is adopted and deleted",
            [Action::Apply(vec![with(
                pending_pod(room, "stray-3", "herd"),
                "/metadata/labels/which",
                json!("third"),
            )])],
            [
                Until::Pods(HERD, 3, 3),
                Until::Count(pods_of(HERD).with("which", "third"), 0),
                Until::Count(strays, 0),
            ],
        ),
        step(
            "a pod is relabelled: it is released and replaced",
            [Action::PatchPods(one_of(HERD), json!({"metadata": {"labels": {"app": "lost"}}}))],
            [Until::Pods(HERD, 3, 3), Until::Count(lost, 1)],
        ),
        step(
            "it is labelled as before, at a low deletion cost: it is adopted and deleted",
            [
                Action::PatchPods(lost.take(1), cost("-1")),
                Action::PatchPods(lost.take(1), json!({"metadata": {"labels": {"app": "herd"}}})),
            ],
            [Until::Pods(HERD, 3, 3), Until::Count(lost, 0), Until::Count(strays, 0)],
        ),
        step(
            "somebody takes the owner from a pod: it is adopted again",
            [Action::PatchPods(one_of(HERD), json!({"metadata": {"ownerReferences": null}}))],
            [Until::Pods(HERD, 3, 3), Until::Count(strays, 0)],
        ),
        comes("another ReplicationController comes", OTHER, 0),
        step(
            "a pod comes that the other controls by mistake: it is released there, adopted here and deleted",
            [Action::Apply(vec![owned(pending_pod(room, "stray-4", "herd"), true)])],
            [Until::Pods(HERD, 3, 3), Until::Pods(OTHER, 0, 0), Until::Count(strays, 0)],
        ),
        step(
            "a bare pod comes that has an owner, but no controller",
            [Action::Apply(vec![owned(pod(room, "stray-5", "ward"), false)])],
            [Until::Count(free(room, ("app", "ward")), 1)],
        ),
        comes("a ReplicationController comes that adopts it", WARD, 1),
        step(
            "the other is deleted: its owner reference goes, the pod stays",
            [Action::Delete(OTHER, Cascade::Background)],
            [Until::Gone(OTHER), Until::Pods(WARD, 1, 1)],
        ),
        step(
            "the ReplicationController is scaled to 0 while a pod is relabelled",
            [
                Action::PatchPods(one_of(WARD), json!({"metadata": {"labels": {"app": "free"}}})),
                Action::Scale(WARD, 0),
            ],
            [Until::Pods(WARD, 0, 0), Until::Count(free(room, ("app", "free")), 1)],
        ),
    ];
    Chapter { name: room, steps }
}

/// Two ReplicationControllers, one of which selects the pods of the other too.
pub fn overlap() -> Chapter {
    let room = WIDE.room;
    let labelled = |it: Named, selector: Value, labels: Value| {
        let it = with(controller(it, 2), "/spec/selector", selector);
        with(it, "/spec/template/metadata/labels", labels)
    };
    let wide = labelled(WIDE, json!({"app": "shared"}), json!({"app": "shared", "tier": "wide"}));
    let both = json!({"app": "shared", "tier": "narrow"});
    let narrow = labelled(NARROW, both.clone(), both);
    let nobodys = free(room, ("app", "shared"));
    let fine = [Until::Pods(WIDE, 2, 2), Until::Pods(NARROW, 2, 2), Until::Count(nobodys, 0)];
    let steps = vec![
        a_new_namespace(room),
        step(
            "two ReplicationControllers with overlapping selectors come",
            [Action::Apply(vec![wide, narrow])],
            fine,
        ),
        step("a pod of the narrow one is deleted", [Action::DeletePods(one_of(NARROW))], fine),
        step("a pod of the wide one is deleted", [Action::DeletePods(one_of(WIDE))], fine),
        step(
            "a pod of the narrow one fits only the wide one now: the wide one adopts it and has one too many",
            [
                Action::PatchPods(one_of(NARROW), json!({"metadata": {"labels": {"mark": "given"}}})),
                Action::PatchPods(pods_of(NARROW).with("mark", "given"), cost("-1")),
                Action::PatchPods(
                    pods_of(NARROW).with("mark", "given"),
                    json!({"metadata": {"labels": {"tier": "none"}}}),
                ),
            ],
            [fine[0], fine[1], fine[2], Until::Count(pods_of(WIDE).with("mark", "given"), 0)],
        ),
        step(
            "the narrow one is deleted and leaves its pods: the wide one adopts them and deletes as many",
            [Action::PatchPods(pods_of(NARROW).take(2), cost("-1")), Action::Delete(NARROW, Cascade::Orphan)],
            [Until::Gone(NARROW), Until::Pods(WIDE, 2, 2), Until::Count(nobodys, 0)],
        ),
        scaled("the wide one is scaled to 0", WIDE, 0),
    ];
    Chapter { name: room, steps }
}
