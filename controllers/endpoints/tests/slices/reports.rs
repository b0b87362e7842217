//! What users are told of writes, and which writes are not sent any more.

use mainstay_engine::Controller as _;
use mainstay_model::{Kind, Refusal, ResourceVersion, WriteOutcome};

use crate::objects::name;
use crate::world::World;

#[test]
fn failures_are_told_and_what_is_nobodys_fault_is_not() {
    let world = World::with_pods(1);
    let plan = world.plan();
    let message = || "no room".to_owned();
    let told = |outcome| {
        world.controller().report(&world.store, &name("web"), &plan.writes[0], &outcome).map(|event| {
            assert_eq!(
                (event.reason, event.component),
                ("FailedToUpdateEndpointSlices", "endpoint-slice-controller")
            );
            assert_eq!(event.regarding.kind, Kind::Service);
            assert!(event.message.ends_with("no room"), "{}", event.message);
        })
    };
    for refusal in [
        Refusal::Forbidden { message: message() },
        Refusal::Invalid { message: message() },
        Refusal::TooManyRequests { retry_after: None, message: message() },
        Refusal::Other { code: 400, message: message() },
    ] {
        assert!(told(WriteOutcome::Refused(refusal)).is_some());
    }
    assert!(told(WriteOutcome::Unknown { message: message() }).is_some());
    for refusal in [
        Refusal::AlreadyExists,
        Refusal::Conflict { message: message() },
        Refusal::NotFound { message: message() },
        Refusal::NamespaceTerminating { message: message() },
    ] {
        assert!(told(WriteOutcome::Refused(refusal)).is_none());
    }
    assert!(told(WriteOutcome::NotSent { message: message() }).is_none());
    assert!(told(WriteOutcome::Acknowledged { version: Some(ResourceVersion(1)) }).is_none());
}

#[test]
fn what_the_server_would_refuse_is_not_sent() {
    let mut world = World::with_pods(150);
    let create = world.plan().writes.remove(0);
    let is_void = |world: &World, write| world.controller().is_void(&world.store, &name("web"), write);
    assert!(!is_void(&world, &create));
    world.settle();
    world.remove_pods(0..120);
    let plan = world.plan();
    assert_eq!(plan.writes.len(), 2);
    assert!(plan.writes.iter().all(|write| !is_void(&world, write)));
    for slice in world.slices() {
        world.change_slice(&slice.meta.name, |_| {});
    }
    assert!(plan.writes.iter().all(|write| is_void(&world, write)));
    world.remove(Kind::Service, &name("web"));
    assert!(is_void(&world, &create));
}
