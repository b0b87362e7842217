//! What users are told.

use mainstay_engine::Controller as _;
use mainstay_model::{
    AdoptPod, DeletePod, EventType, Kind, Refusal, ResourceVersion, StatusPatch, Uid, Write, WriteOutcome,
};
use mainstay_replication::ReplicationControllers;

use crate::objects::{WEB, controller, create, name};
use crate::world::World;

/// The event for a write of `web` as `type reason: message`.
#[track_caller]
fn check(write: &Write, outcome: WriteOutcome, expected: Option<&str>) {
    let world = World::of([controller(1).object()]);
    let event = ReplicationControllers::default().report(&world.store, &name("web"), write, &outcome);
    let said = event.as_ref().map(|event| {
        assert_eq!(event.component, "replication-controller");
        let regarding = &event.regarding;
        assert_eq!((regarding.kind, regarding.uid), (Kind::ReplicationController, WEB));
        assert_eq!((&regarding.object, regarding.version), (&name("web"), ResourceVersion(1)));
        format!("{} {}: {}", event.event_type.as_str(), event.reason, event.message)
    });
    assert_eq!(said.as_deref(), expected);
    let warning = !matches!(outcome, WriteOutcome::Acknowledged { .. });
    assert!(event.is_none_or(|event| (event.event_type == EventType::Warning) == warning));
}

fn forbidden() -> WriteOutcome {
    WriteOutcome::Refused(Refusal::Forbidden { message: "exceeded quota".to_owned() })
}

fn unknown() -> WriteOutcome {
    WriteOutcome::Unknown { message: "timeout".to_owned() }
}

fn not_sent() -> WriteOutcome {
    WriteOutcome::NotSent { message: "stopping".to_owned() }
}

const DONE: WriteOutcome = WriteOutcome::Acknowledged { version: None };

#[test]
fn creates_are_reported() {
    let create = Write::CreatePod(create("web-x"));
    check(&create, DONE, Some("Normal SuccessfulCreate: Created pod: web-x"));
    check(&create, forbidden(), Some("Warning FailedCreate: Error creating: exceeded quota"));
    check(&create, unknown(), Some("Warning FailedCreate: Error creating: timeout"));
    check(&create, not_sent(), None);
    check(&create, WriteOutcome::Refused(Refusal::AlreadyExists), None);
    let terminating = Refusal::NamespaceTerminating { message: "shop is terminating".to_owned() };
    check(&create, WriteOutcome::Refused(terminating), None);
}

#[test]
fn deletes_are_reported() {
    let delete = Write::DeletePod(DeletePod { pod: name("web-x"), uid: Uid(1) });
    check(&delete, DONE, Some("Normal SuccessfulDelete: Deleted pod: web-x"));
    check(&delete, forbidden(), Some("Warning FailedDelete: Error deleting: exceeded quota"));
    check(&delete, unknown(), Some("Warning FailedDelete: Error deleting: timeout"));
    check(&delete, not_sent(), None);
}

#[test]
fn nothing_else_is() {
    let owner = create("web-x").owner;
    let adopt = Write::AdoptPod(AdoptPod { pod: name("a"), uid: Uid(1), owner });
    let status = Write::PatchReplicationControllerStatus(StatusPatch {
        object: name("web"),
        uid: WEB,
        version: ResourceVersion(1),
        status: Default::default(),
    });
    for outcome in [DONE, forbidden(), unknown(), not_sent()] {
        check(&adopt, outcome.clone(), None);
        check(&status, outcome, None);
    }
}

#[test]
fn nor_what_would_be_about_an_object_that_is_gone() {
    let mut create = create("web-x");
    let report = |world: &World, create: &_| {
        let write = Write::CreatePod(Clone::clone(create));
        ReplicationControllers::default().report(&world.store, &name("web"), &write, &DONE)
    };
    assert_eq!(report(&World::of([]), &create), None);
    create.owner.uid = Uid(0xdead);
    assert_eq!(report(&World::of([controller(1).object()]), &create), None);
}
