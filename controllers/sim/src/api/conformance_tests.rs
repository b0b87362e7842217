//! What a real kube-apiserver was found to do otherwise than this model once did: each is the shortest sequence that showed it.

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_model::{
    AdoptPod, ControllerReference, Kind, LabelSet, LeaseRecord, Name, ObjectName, OwnerReference,
    ResourceVersion, Timestamp, Uid, Write,
};

use super::ApiServer;
use super::changes::{Draft, DraftSpec, Part, Replacement};
use super::deletion::{Deletion, Propagation};
use super::record::{FOREGROUND, ORPHAN};
use super::refused::Refused;

const NOW: Timestamp = Timestamp::from_seconds(1000);

fn name(name: &str) -> ObjectName {
    ObjectName::new("shop", name)
}

fn pod(pod: &str) -> Draft {
    Draft {
        object: name(pod),
        labels: LabelSet::default(),
        owners: Vec::new(),
        finalizers: Vec::new(),
        spec: DraftSpec::Pod,
    }
}

#[test]
fn an_update_of_a_lease_that_is_not_there_makes_it() {
    let mut server = ApiServer::default();
    let update = LeaseRequest::Update(LeaseRecord::default(), ResourceVersion(3));
    assert!(matches!(server.lease(update), LeaseAnswer::Lease(_)));
}

#[test]
fn a_binding_is_a_creation_and_refused_where_the_namespace_ends() {
    let mut server = ApiServer::default();
    server.create(&pod("a"), NOW).unwrap();
    server.terminate_namespace(&"shop".into());
    assert_eq!(server.bind(&name("a"), &"north".into()), Err(Refused::NAMESPACE_TERMINATING));
}

fn controller(labels: LabelSet, replicas: i32) -> Draft {
    let selector = [("app", "red")].into_iter().collect();
    let spec = DraftSpec::ReplicationController { replicas, min_ready_seconds: 0, selector };
    Draft { object: name("red"), labels, spec, ..pod("red") }
}

fn owner(uid: u128, controller: bool) -> OwnerReference {
    OwnerReference {
        api_version: "v1".into(),
        kind: "ReplicationController".into(),
        name: "red".into(),
        uid: Some(Uid(uid)),
        controller,
    }
}

fn replace(server: &mut ApiServer, kind: Kind, object: &str, part: Part) -> Result<ResourceVersion, Refused> {
    server.replace_part(&Replacement { kind, object: name(object), uid: None, version: None, part })
}

#[test]
fn a_controller_without_labels_gets_those_of_its_template() {
    let mut server = ApiServer::default();
    let of_the_template: LabelSet = [("app", "red")].into_iter().collect();
    server.create(&controller(LabelSet::default(), 1), NOW).unwrap();
    assert_eq!(server.controller(&name("red")).unwrap().meta.labels, of_the_template);
    let (kind, before) = (Kind::ReplicationController, server.revision());
    replace(&mut server, kind, "red", Part::Labels(LabelSet::default())).unwrap();
    assert_eq!(server.revision(), before, "nothing has changed");
}

#[test]
fn what_is_not_valid_is_told_before_quota_and_name() {
    let mut server = ApiServer::default();
    server.create(&pod("a"), NOW).unwrap();
    server.set_quota(&"shop".into(), Some(1));
    assert_eq!(server.create(&pod("a"), NOW), Err(Refused::FORBIDDEN));
    let two_controllers = Draft { owners: vec![owner(1, true), owner(2, true)], ..pod("a") };
    assert_eq!(server.create(&two_controllers, NOW), Err(Refused::INVALID));
}

#[test]
fn nothing_is_orphaned_and_deleted_at_once() {
    let mut server = ApiServer::default();
    let both: Vec<Name> = [ORPHAN, FOREGROUND].map(Name::from).into();
    let held = Draft { finalizers: both.clone(), ..pod("a") };
    assert_eq!(server.create(&held, NOW), Err(Refused::INVALID));
    server.create(&pod("a"), NOW).unwrap();
    assert_eq!(replace(&mut server, Kind::Pod, "a", Part::Finalizers(both)), Err(Refused::INVALID));
}

#[test]
fn a_negative_number_of_replicas_is_not_valid() {
    let mut server = ApiServer::default();
    assert_eq!(server.create(&controller(LabelSet::default(), -1), NOW), Err(Refused::INVALID));
    server.create(&controller(LabelSet::default(), 1), NOW).unwrap();
    let replicas = Part::Replicas(-1);
    assert_eq!(replace(&mut server, Kind::ReplicationController, "red", replicas), Err(Refused::INVALID));
}

#[test]
fn an_owner_that_adopts_comes_first() {
    let mut server = ApiServer::default();
    server.create(&Draft { owners: vec![owner(1, false)], ..pod("a") }, NOW).unwrap();
    let uid = server.pod(&name("a")).unwrap().meta.uid;
    let owner = ControllerReference { kind: Kind::ReplicationController, name: "red".into(), uid: Uid(2) };
    server.write(&Write::AdoptPod(AdoptPod { pod: name("a"), uid, owner }), NOW);
    let owners = &server.pod(&name("a")).unwrap().meta.owners;
    assert_eq!(owners.iter().map(|owner| owner.uid).collect::<Vec<_>>(), [Some(Uid(2)), Some(Uid(1))]);
}

#[test]
fn a_deletion_that_takes_the_last_finalizer_off_is_refused_if_it_names_the_version() {
    let mut server = ApiServer::default();
    let version =
        server.create(&Draft { finalizers: vec![ORPHAN.into()], ..controller(LabelSet::default(), 1) }, NOW);
    let deletion = Deletion {
        version: version.ok(),
        propagation: Some(Propagation::Background),
        ..Deletion::of(Kind::ReplicationController, &name("red"))
    };
    assert_eq!(server.delete(&deletion, NOW), Err(Refused::CONFLICT));
    server.delete(&Deletion { version: None, ..deletion }, NOW).unwrap();
    assert!(server.controller(&name("red")).is_none());
}
