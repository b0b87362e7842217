//! Which keys a change relieves.

use mainstay_engine::{Change, Controller as _};
use mainstay_model::{Object, ObjectName};
use mainstay_replication::ReplicationControllers;

use crate::objects::{controller, pod, quota};
use crate::world::World;

/// The keys that a change relieves between `web` and `mail` in the quota's namespace and one elsewhere.
fn relieved(old: Option<Object>, new: Option<Object>) -> Vec<String> {
    let mut elsewhere = controller(1).named("elsewhere", 0xc);
    elsewhere.0.meta.name = ObjectName::new("elsewhere", "web");
    let mut world =
        World::of([controller(1).object(), controller(1).named("mail", 0xb).object(), elsewhere.object()]);
    if let Some(new) = &new {
        world.store.apply(new.clone());
    }
    let mut keys = Vec::new();
    let change = Change { old, new };
    ReplicationControllers::default().relieve(&world.store, &change, &mut keys);
    let mut routed = Vec::new();
    ReplicationControllers::default().route(&world.store, &change, &mut routed);
    assert!(routed.is_empty() || keys.is_empty(), "a quota calls for no plan of those that do not wait");
    keys.iter().map(ToString::to_string).collect()
}

#[test]
fn a_quota_relieves_its_namespace_when_it_may_have_room() {
    let both = &["shop/mail", "shop/web"][..];
    for (why, old, new, expected) in [
        ("nothing", ("pods=3", "pods=3"), Some(("pods=3", "pods=3")), &[][..]),
        ("more is allowed", ("pods=3", "pods=3"), Some(("pods=10", "pods=3")), both),
        ("less is allowed", ("pods=3", "pods=3"), Some(("pods=2", "pods=3")), &[]),
        ("less is used", ("pods=3", "pods=10"), Some(("pods=3", "pods=9")), both),
        ("more is used", ("pods=10", "pods=9"), Some(("pods=10", "pods=10")), &[]),
        (
            "another resource",
            ("pods=3 memory=1Gi", "pods=1 memory=1Gi"),
            Some(("pods=3 memory=1025Mi", "pods=1 memory=1Gi")),
            both,
        ),
        ("written otherwise", ("memory=1Gi", "memory=1Gi"), Some(("memory=1024Mi", "memory=1024Mi")), &[]),
        ("a pod is made", ("cpu=1 pods=9", "cpu=900m pods=1"), Some(("cpu=1 pods=9", "cpu=1 pods=2")), &[]),
        (
            "no limit any more",
            ("count/pods=3 pods=3", "count/pods=3 pods=1"),
            Some(("pods=3", "pods=1")),
            both,
        ),
        ("one limit more", ("pods=3", "pods=3"), Some(("count/pods=1 pods=3", "pods=3")), &[]),
        ("counted for the first time", ("", ""), Some(("pods=3", "pods=1")), both),
        ("no quantity", ("pods=few", "pods=many"), Some(("pods=more", "pods=some")), &[]),
        ("gone", ("pods=3", "pods=3"), None, both),
    ] {
        let new = new.map(|(hard, used)| quota(hard, used));
        assert_eq!(relieved(Some(quota(old.0, old.1)), new), expected, "{why}");
    }
}

#[test]
fn nothing_else_relieves_anybody() {
    assert_eq!(relieved(None, Some(quota("pods=3", "pods=1"))), [""; 0], "a quota that is new");
    assert_eq!(relieved(Some(pod("a").of_web().object()), None), [""; 0]);
    assert_eq!(relieved(None, Some(controller(2).object())), [""; 0]);
    assert_eq!(relieved(Some(controller(2).object()), None), [""; 0]);
    assert_eq!(relieved(None, None), [""; 0]);
}
