use std::sync::Arc;

use mainstay_model::{
    Kind, LabelSet, Meta, Object, ObjectName, OwnerReference, Pod, PodPhase, ResourceVersion, Selector,
    Tombstone, Uid,
};

use super::Store;

fn pod(name: &str, uid: u128, labels: &[(&str, &str)], controller: Option<u128>) -> Object {
    let owners = controller.map(|uid| OwnerReference {
        api_version: "v1".into(),
        kind: "ReplicationController".into(),
        name: "web".into(),
        uid: Some(Uid(uid)),
        controller: true,
    });
    Object::Pod(Arc::new(Pod {
        phase: PodPhase::Running,
        ready: true,
        ..Pod::new(Meta {
            version: ResourceVersion(1),
            labels: labels.iter().copied().collect(),
            owners: owners.into_iter().collect(),
            ..Meta::new(ObjectName::new("shop", name), Uid(uid))
        })
    }))
}

fn names<'a>(pods: impl Iterator<Item = &'a Arc<Pod>>) -> Vec<String> {
    pods.map(|pod| pod.meta.name.name.to_string()).collect()
}

#[test]
fn indexes_follow_every_change_of_a_pod() {
    let mut store = Store::default();
    let selector = Selector([("app", "web")].into_iter().collect::<LabelSet>());
    let namespace = "shop".into();

    store.apply(pod("a", 1, &[("app", "web")], None));
    store.apply(pod("b", 2, &[("app", "web")], Some(9)));
    assert_eq!(names(store.pods().uncontrolled(&namespace, &selector)), ["a"]);
    assert_eq!(names(store.pods().controlled_by(Uid(9))), ["b"]);

    store.apply(pod("a", 1, &[("app", "web")], Some(9)));
    store.apply(pod("b", 2, &[("app", "web")], None));
    assert_eq!(names(store.pods().uncontrolled(&namespace, &selector)), ["b"]);
    assert_eq!(names(store.pods().controlled_by(Uid(9))), ["a"]);

    store.apply(pod("b", 2, &[("app", "mail")], None));
    assert!(names(store.pods().uncontrolled(&namespace, &selector)).is_empty());

    let gone = |name: &str, uid| Tombstone {
        kind: Kind::Pod,
        name: ObjectName::new("shop", name),
        uid: Uid(uid),
        version: ResourceVersion(2),
    };
    assert!(store.delete(&gone("a", 7)).is_none(), "another UID is another pod");
    assert!(store.delete(&gone("a", 1)).is_some());
    assert!(names(store.pods().controlled_by(Uid(9))).is_empty());
    assert_eq!(store.len(Kind::Pod), 1);
}

#[test]
fn an_object_with_a_new_uid_is_a_deletion_and_a_creation() {
    let mut store = Store::default();
    store.apply(pod("a", 1, &[], None));
    let changes = store.apply(pod("a", 2, &[], None));
    let uids: Vec<_> = changes
        .iter()
        .map(|change| {
            (change.old.as_ref().map(|old| old.meta().uid), change.new.as_ref().map(|new| new.meta().uid))
        })
        .collect();
    assert_eq!(uids, [(Some(Uid(1)), None), (None, Some(Uid(2)))]);
}

#[test]
fn equal_label_sets_are_kept_once() {
    let mut store = Store::default();
    store.apply(pod("a", 1, &[("app", "web")], None));
    store.apply(pod("b", 2, &[("app", "web")], None));
    let pods: Vec<_> = store.pods().iter().cloned().collect();
    assert!(pods[0].meta.labels.shares_with(&pods[1].meta.labels));
    assert!(Arc::ptr_eq(&pods[0].meta.name.namespace, &pods[1].meta.name.namespace));
    store.collect_unused();
    assert_eq!(store.pods().len(), 2);
}
