//! What the server refuses, remembers and forgets.

use std::sync::Arc;

use mainstay_engine::SourceEvent;
use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    AdoptPod, ControllerReference, CreatePod, DeletePod, Kind, LeaseRecord, ObjectName, PodTemplate, Refusal,
    ReleasePod, Timestamp, Uid, Write, WriteOutcome,
};

use super::ApiServer;

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
    server.quota = Some(1);
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
    server.change_pod(&name("a"), |pod| pod.node = Some("north".into()));
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
    let update = LeaseRequest::Update(LeaseRecord::default(), first.version);
    assert!(matches!(server.lease(update.clone()), LeaseAnswer::Lease(_)));
    assert_eq!(server.lease(update), LeaseAnswer::Conflict);
}
