//! What the server refuses, remembers and forgets.

use std::sync::Arc;

use mainstay_engine::SourceEvent;
use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    AdoptPod, ControllerReference, CreatePod, DeletePod, Kind, LeaseRecord, Name, ObjectName, PodTemplate,
    Refusal, ReleasePod, ResourceVersion, Timestamp, Uid, Write, WriteOutcome,
};

use super::ApiServer;
use super::changes::{Part, Replacement};
use super::deletion::Deletion;
use super::refused::Refused;
use super::selection::{LabelRequirement, Selection};

fn name(name: &str) -> ObjectName {
    ObjectName::new("shop", name)
}

fn owner(uid: u128) -> ControllerReference {
    ControllerReference { kind: Kind::ReplicationController, name: "red".into(), uid: Uid(uid) }
}

fn create(server: &mut ApiServer, pod: &str) -> WriteOutcome {
    let template = PodTemplate { labels: [("app", "red")].into_iter().collect(), ..PodTemplate::default() };
    let create = CreatePod {
        pod: name(pod),
        generate_name: "red-".into(),
        owner: owner(1000),
        template: Arc::new(template),
    };
    server.write(&Write::CreatePod(create), Timestamp::default())
}

fn refusal(outcome: WriteOutcome) -> Refusal {
    match outcome {
        WriteOutcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn uid(server: &ApiServer, pod: &str) -> Uid {
    server.pod(&name(pod)).unwrap().meta.uid
}

#[test]
fn quota_is_checked_before_the_name() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    assert_eq!(refusal(create(&mut server, "a")), Refusal::AlreadyExists);
    server.set_quota(&"depot".into(), Some(0));
    assert_eq!(refusal(create(&mut server, "a")), Refusal::AlreadyExists, "another namespace's");
    server.set_quota(&"shop".into(), Some(1));
    assert!(matches!(refusal(create(&mut server, "a")), Refusal::Forbidden { .. }));
}

#[test]
fn a_patch_names_the_uid_and_makes_no_version_where_nothing_changes() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    let pod = uid(&server, "a");
    let adopt = |uid, by| Write::AdoptPod(AdoptPod { pod: name("a"), uid, owner: owner(by) });
    let now = Timestamp::default();
    assert!(matches!(refusal(server.write(&adopt(Uid(77), 1000), now)), Refusal::Invalid { .. }));
    assert!(matches!(refusal(server.write(&adopt(pod, 2000), now)), Refusal::Invalid { .. }));
    let before = server.revision();
    server.write(&adopt(pod, 1000), now);
    assert_eq!(server.revision(), before);
    let release = Write::ReleasePod(ReleasePod { pod: name("a"), uid: pod, owner: Uid(1000) });
    server.write(&release, now);
    assert!(server.revision() > before && server.pod(&name("a")).unwrap().meta.owners.is_empty());
}

#[test]
fn a_delete_marks_what_runs_and_takes_away_what_does_not() {
    let mut server = ApiServer::default();
    for pod in ["a", "b"] {
        create(&mut server, pod);
    }
    server.bind(&name("a"), &"north".into()).unwrap();
    let delete = |pod, uid| Write::DeletePod(DeletePod { pod: name(pod), uid });
    for pod in ["a", "b"] {
        let uid = uid(&server, pod);
        server.write(&delete(pod, Uid(77)), Timestamp::default());
        assert!(!server.pod(&name(pod)).unwrap().meta.is_deleting(), "another UID");
        server.write(&delete(pod, uid), Timestamp::default());
    }
    assert!(server.pod(&name("a")).unwrap().meta.is_deleting());
    assert!(server.pod(&name("b")).is_none());
}

#[test]
fn a_watch_tells_all_of_a_kind_in_order_and_forgets_what_is_compacted() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    let first = server.revision();
    server.remove(Kind::Pod, &name("a"));
    let (version, event) = server.history().next(Kind::Pod, 0).unwrap();
    assert!(version == first && matches!(event, SourceEvent::Applied(_)));
    let (version, event) = server.history().next(Kind::Pod, first.0).unwrap();
    assert!(version == server.revision() && matches!(event, SourceEvent::Deleted(_)));
    assert!(server.history().next(Kind::ReplicationController, 0).is_none());
    server.compact(0);
    assert_eq!(server.history().compacted(), server.revision().0);
    assert!(server.history().next(Kind::Pod, 0).is_none());
}

#[test]
fn a_restore_undoes_what_is_remembered_and_uses_no_uid_again() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    let (before, pod) = (server.revision(), uid(&server, "a"));
    server.remove(Kind::Pod, &name("a"));
    create(&mut server, "a");
    let later = uid(&server, "a");
    server.restore(2);
    assert_eq!((server.revision(), uid(&server, "a")), (before, pod));
    create(&mut server, "b");
    assert!(uid(&server, "b") > later);
}

#[test]
fn an_update_of_the_lease_names_its_version() {
    let mut server = ApiServer::default();
    assert_eq!(server.lease(LeaseRequest::Get), LeaseAnswer::NotFound);
    let LeaseAnswer::Lease(first) = server.lease(LeaseRequest::Create(LeaseRecord::default())) else {
        panic!()
    };
    assert_eq!(server.lease(LeaseRequest::Create(LeaseRecord::default())), LeaseAnswer::Conflict);
    let renewed = LeaseRecord { transitions: 1, ..LeaseRecord::default() };
    let update = LeaseRequest::Update(renewed, first.version);
    assert!(matches!(server.lease(update.clone()), LeaseAnswer::Lease(_)));
    assert_eq!(server.lease(update), LeaseAnswer::Conflict);
}

fn held(server: &mut ApiServer, pod: &str, finalizers: &[&str]) -> Result<ResourceVersion, Refused> {
    let part = Part::Finalizers(finalizers.iter().map(|finalizer| Name::from(*finalizer)).collect());
    let replacement = Replacement { kind: Kind::Pod, object: name(pod), uid: None, version: None, part };
    server.replace_part(&replacement)
}

#[test]
fn what_a_finalizer_holds_is_marked_and_goes_with_the_last_one() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    held(&mut server, "a", &["example.com/one", "example.com/two"]).unwrap();
    server.delete(&Deletion::of(Kind::Pod, &name("a")), Timestamp::default()).unwrap();
    assert!(server.pod(&name("a")).unwrap().meta.is_deleting());
    let added = held(&mut server, "a", &["example.com/one", "example.com/two", "example.com/three"]);
    assert_eq!(added, Err(Refused::INVALID));
    held(&mut server, "a", &["example.com/two"]).unwrap();
    assert!(server.pod(&name("a")).is_some());
    held(&mut server, "a", &[]).unwrap();
    assert!(server.pod(&name("a")).is_none());
}

#[test]
fn a_deletion_names_uid_and_version_if_it_likes_and_grace_only_shrinks() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    server.bind(&name("a"), &"north".into()).unwrap();
    let of = Deletion::of(Kind::Pod, &name("a"));
    let now = Timestamp::from_seconds(100);
    let wrong_uid = Deletion { uid: Some(Uid(77)), ..of.clone() };
    let wrong_version = Deletion { version: Some(ResourceVersion(1)), ..of.clone() };
    assert_eq!(server.delete(&wrong_uid, now), Err(Refused::CONFLICT));
    assert_eq!(server.delete(&wrong_version, now), Err(Refused::CONFLICT));
    let grace = |server: &ApiServer| server.record(Kind::Pod, &name("a")).map(|record| record.grace_seconds);
    for (asked, left) in [(None, Some(30)), (Some(40), Some(30)), (Some(7), Some(7)), (None, Some(7))] {
        server.delete(&Deletion { grace_seconds: asked, ..of.clone() }, now).unwrap();
        assert_eq!(grace(&server), Some(left), "{asked:?}");
    }
    server.delete(&Deletion { grace_seconds: Some(0), ..of }, now).unwrap();
    assert_eq!(grace(&server), None);
}

#[test]
fn a_watch_of_a_selection_deletes_what_is_no_longer_selected() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    let before = server.revision();
    let labels = [("app", "blue")].into_iter().collect();
    let part = Part::Labels(labels);
    let relabel = Replacement { kind: Kind::Pod, object: name("a"), uid: None, version: None, part };
    server.replace_part(&relabel).unwrap();
    let red = Selection {
        labels: vec![LabelRequirement::Is("app".into(), "red".into())],
        ..Selection::namespace(&"shop".into())
    };
    let events = server.history().selected(Kind::Pod, &red, before.0);
    assert!(matches!(events.as_slice(), [SourceEvent::Deleted(_)]), "{events:?}");
    assert!(server.list_selected(Kind::Pod, &red, None).unwrap().is_empty());
    assert_eq!(server.list_selected(Kind::Pod, &red, Some(before)).unwrap().len(), 1);
    assert_eq!(server.list_selected(Kind::Pod, &red, Some(ResourceVersion(9999))), Err(Refused::TOO_LARGE));
    server.compact(0);
    assert_eq!(server.list_selected(Kind::Pod, &red, Some(before)), Err(Refused::EXPIRED));
}

#[test]
fn a_restore_sets_the_lease_back_too() {
    let mut server = ApiServer::default();
    let record = |holder: &str| LeaseRecord { holder: holder.to_owned(), ..LeaseRecord::default() };
    server.lease(LeaseRequest::Create(record("first")));
    let version = server.lease_version().unwrap();
    server.lease(LeaseRequest::Update(record("second"), version));
    server.restore(1);
    let LeaseAnswer::Lease(lease) = server.lease(LeaseRequest::Get) else { panic!() };
    assert_eq!((lease.record.holder.as_str(), lease.version), ("first", version));
}

#[test]
fn a_quota_says_what_was_counted_last_and_is_in_force_at_once() {
    let mut server = ApiServer::default();
    create(&mut server, "a");
    let said = |server: &ApiServer| {
        let quotas = server.list(Kind::ResourceQuota);
        let [mainstay_model::Object::ResourceQuota(quota)] = &quotas[..] else { panic!("{quotas:?}") };
        format!("{} of {}", quota.used("pods").unwrap(), quota.hard("pods").unwrap())
    };
    server.set_quota(&"shop".into(), Some(2));
    create(&mut server, "b");
    assert_eq!(said(&server), "1 of 2");
    assert!(matches!(refusal(create(&mut server, "c")), Refusal::Forbidden { .. }));
    let before = server.revision();
    server.count_quota(&"shop".into());
    assert_eq!((said(&server), server.revision().0), ("2 of 2".to_owned(), before.0 + 1));
    server.count_quota(&"shop".into());
    server.count_quota(&"depot".into());
    assert_eq!(server.revision().0, before.0 + 1);
    server.set_quota(&"shop".into(), None);
    create(&mut server, "c");
    assert_eq!((server.list(Kind::ResourceQuota).len(), server.pods().count()), (0, 3));
}
