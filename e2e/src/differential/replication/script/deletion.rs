//! ReplicationControllers, pods and namespaces that go.

use serde_json::json;

use super::{Chapter, a_new_namespace, comes, controller, one_of, pod, step};
use crate::differential::replication::step::{
    Action, Cascade, Named, Owner, Pick, Until, free, named, pods_of,
};

const GONE: Named = named("cascades", "gone");
const HELD: Named = named("finalizers", "held");
const LAST: Named = named("ending", "last");

fn all(it: Named) -> Pick {
    Pick { room: it.room, owner: Owner::Any, label: Some(("app", it.name)), active: None, number: None }
}

/// All ways to delete a ReplicationController, and what a new one of the same name finds.
pub fn cascades() -> Chapter {
    let left = free(GONE.room, ("app", "gone"));
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"], "labels": {"mark": "held"}}});
    let steps = vec![
        a_new_namespace(GONE.room),
        comes("a ReplicationController with 2 pods comes", GONE, 2),
        step(
            "it is deleted in the background",
            [Action::Delete(GONE, Cascade::Background)],
            [Until::Gone(GONE), Until::Count(all(GONE), 0)],
        ),
        comes("one of the same name comes", GONE, 2),
        step(
            "it is deleted in the foreground",
            [Action::Delete(GONE, Cascade::Foreground)],
            [Until::Gone(GONE), Until::Count(all(GONE), 0)],
        ),
        comes("one of the same name comes after that", GONE, 2),
        step(
            "it is deleted and leaves its pods",
            [Action::Delete(GONE, Cascade::Orphan)],
            [Until::Gone(GONE), Until::Count(left, 2)],
        ),
        comes("one of the same name comes with 3 pods: it adopts the two and makes one", GONE, 3),
        step(
            "it is deleted in the background, and one of the same name comes at once",
            [Action::Delete(GONE, Cascade::Background), Action::Apply(vec![controller(GONE, 2)])],
            [Until::Pods(GONE, 2, 2), Until::Count(all(GONE), 2)],
        ),
        step(
            "it is deleted in the foreground, but a pod is held by a finalizer",
            [Action::PatchPods(one_of(GONE), hold), Action::Delete(GONE, Cascade::Foreground)],
            [Until::Deleting(GONE), Until::Count(all(GONE), 1)],
        ),
        step(
            "a bare pod comes that fits it: it is not adopted",
            [Action::Apply(vec![pod(GONE.room, "stray", "gone")])],
            [Until::Deleting(GONE), Until::Count(left, 1)],
        ),
        step(
            "the finalizer is taken away: the ReplicationController goes, the bare pod stays",
            [Action::PatchPods(all(GONE).with("mark", "held"), json!({"metadata": {"finalizers": null}}))],
            [Until::Gone(GONE), Until::Count(all(GONE).with("app", "gone"), 1)],
        ),
    ];
    Chapter { name: GONE.room, steps }
}

/// A pod that is deleted and stays for a while.
pub fn finalizers() -> Chapter {
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"], "labels": {"mark": "held"}}});
    let held = pods_of(HELD).with("mark", "held");
    let steps = vec![
        a_new_namespace(HELD.room),
        comes("a ReplicationController with 2 pods comes", HELD, 2),
        step("a pod gets a finalizer", [Action::PatchPods(one_of(HELD), hold)], []),
        step(
            "it is deleted: it is replaced before it is gone",
            [Action::DeletePods(held)],
            [Until::Pods(HELD, 2, 2), Until::Count(held.not_active(), 1)],
        ),
        step(
            "it is relabelled while it is being deleted",
            [Action::PatchPods(held.not_active(), json!({"metadata": {"labels": {"app": "none"}}}))],
            [],
        ),
        step(
            "the finalizer is taken away: it goes, and nothing takes its place",
            [Action::PatchPods(held.not_active(), json!({"metadata": {"finalizers": null}}))],
            [Until::Pods(HELD, 2, 2), Until::Count(held.not_active(), 0)],
        ),
    ];
    Chapter { name: HELD.room, steps }
}

/// A namespace that is deleted, and cannot go at once.
pub fn namespace() -> Chapter {
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"], "labels": {"mark": "held"}}});
    let held = Pick { active: None, ..pods_of(LAST).with("mark", "held") };
    let steps = vec![
        a_new_namespace(LAST.room),
        comes("a ReplicationController with 2 pods comes", LAST, 2),
        step(
            "the namespace is deleted, and a pod is held by a finalizer: nothing is made any more",
            [Action::PatchPods(one_of(LAST), hold), Action::DeleteRoom(LAST.room)],
            [Until::RoomEnding(LAST.room), Until::Count(all(LAST), 1)],
        ),
        step(
            "the finalizer is taken away: the namespace goes",
            [Action::PatchPods(
                Pick { owner: Owner::Any, ..held },
                json!({"metadata": {"finalizers": null}}),
            )],
            [Until::RoomGone(LAST.room)],
        ),
    ];
    Chapter { name: LAST.room, steps }
}
