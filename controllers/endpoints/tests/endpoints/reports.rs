//! What users are told of how writes end.

use expect_test::{Expect, expect};
use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_engine::Controller;
use mainstay_model::{Refusal, ResourceVersion, WriteOutcome};

use crate::objects::{endpoints, name, pod, service};
use crate::world::{ENDPOINTS, World};

fn outcomes() -> Vec<WriteOutcome> {
    let message = || "words".to_owned();
    let mut outcomes = vec![
        WriteOutcome::Acknowledged { version: Some(ResourceVersion(7)) },
        WriteOutcome::NotSent { message: message() },
        WriteOutcome::Unknown { message: message() },
    ];
    let refusals = [
        Refusal::AlreadyExists,
        Refusal::Conflict { message: message() },
        Refusal::NotFound { message: message() },
        Refusal::NamespaceTerminating { message: message() },
        Refusal::Forbidden { message: message() },
        Refusal::Invalid { message: message() },
        Refusal::TooManyRequests { retry_after: None, message: message() },
        Refusal::Other { code: 400, message: message() },
    ];
    outcomes.extend(refusals.map(WriteOutcome::Refused));
    outcomes
}

/// What is told of the first write that is planned for `web`, for each way in which it can end.
#[track_caller]
fn check(world: &World, controller: &dyn Controller, expected: Expect) {
    let plan = world.plan_of(controller, &name("web"));
    let mut text = String::new();
    for outcome in outcomes() {
        let event = controller.report(&world.store, &name("web"), &plan.writes[0], &outcome);
        let Some(event) = event else { continue };
        let words = match &outcome {
            WriteOutcome::Refused(refusal) => format!("{refusal:?}"),
            other => format!("{other:?}"),
        };
        let word = words.split([' ', '(', '{']).next().unwrap();
        text += &format!(
            "{word}: {} {} of {} by {}: {}\n",
            event.event_type.as_str(),
            event.reason,
            event.regarding.kind,
            event.component,
            event.message
        );
    }
    expected.assert_eq(&text);
}

#[test]
fn of_a_create_the_service_is_told() {
    check(
        &World::of([service("web").object()]),
        &ENDPOINTS,
        expect![[r#"
        Unknown: Warning FailedToCreateEndpoint of Service by endpoint-controller: Failed to create endpoint for service shop/web: words
        Forbidden: Warning FailedToCreateEndpoint of Service by endpoint-controller: Failed to create endpoint for service shop/web: words
        Invalid: Warning FailedToCreateEndpoint of Service by endpoint-controller: Failed to create endpoint for service shop/web: words
        TooManyRequests: Warning FailedToCreateEndpoint of Service by endpoint-controller: Failed to create endpoint for service shop/web: words
        Other: Warning FailedToCreateEndpoint of Service by endpoint-controller: Failed to create endpoint for service shop/web: words
    "#]],
    );
}

#[test]
fn of_an_update_the_endpoints_is_told() {
    let objects = [service("web").object(), endpoints("web").object(), pod("a", "10.0.0.1").object()];
    check(
        &World::of(objects),
        &ENDPOINTS,
        expect![[r#"
        Unknown: Warning FailedToUpdateEndpoint of Endpoints by endpoint-controller: Failed to update endpoint shop/web: words
        Forbidden: Warning FailedToUpdateEndpoint of Endpoints by endpoint-controller: Failed to update endpoint shop/web: words
        Invalid: Warning FailedToUpdateEndpoint of Endpoints by endpoint-controller: Failed to update endpoint shop/web: words
        TooManyRequests: Warning FailedToUpdateEndpoint of Endpoints by endpoint-controller: Failed to update endpoint shop/web: words
        Other: Warning FailedToUpdateEndpoint of Endpoints by endpoint-controller: Failed to update endpoint shop/web: words
    "#]],
    );
}

#[test]
fn of_a_delete_nobody_is_told() {
    check(&World::of([endpoints("web").managed().object()]), &ENDPOINTS, expect![[r#""#]]);
}

#[test]
fn of_mirroring_nobody_is_told() {
    let objects = [service("web").selectorless().object(), endpoints("web").of_user(&["10.0.0.1"]).object()];
    check(&World::of(objects), &EndpointSliceMirroring::default(), expect![[r#""#]]);
}
