//! What users are told of the writes of Endpoints (upstream: `syncService` in pkg/controller/endpoint).

use mainstay_engine::Store;
use mainstay_model::{Event, EventType, Kind, ObjectName, ObjectReference, Refusal, Write, WriteOutcome};

pub(super) const COMPONENT: &str = "endpoint-controller";

/// The event for a write that has failed. Of an Endpoints that could not be made, the service is told, since there is
/// nothing else to look at; upstream's event is about the object that is missing.
pub(super) fn report(
    store: &Store,
    key: &ObjectName,
    write: &Write,
    outcome: &WriteOutcome,
) -> Option<Event> {
    let message = failure(outcome)?;
    let (kind, reason, message) = match write {
        Write::CreateEndpoints(_) => (
            Kind::Service,
            "FailedToCreateEndpoint",
            format!("Failed to create endpoint for service {key}: {message}"),
        ),
        Write::UpdateEndpoints(_) => {
            (Kind::Endpoints, "FailedToUpdateEndpoint", format!("Failed to update endpoint {key}: {message}"))
        }
        _ => return None,
    };
    let object = store.get(kind, key)?;
    let meta = object.meta();
    Some(Event {
        regarding: ObjectReference { kind, object: meta.name.clone(), uid: meta.uid, version: meta.version },
        event_type: EventType::Warning,
        reason,
        message,
        component: COMPONENT,
    })
}

/// What went wrong. Nothing did where somebody else was faster, where the namespace goes away, or where nothing was sent.
fn failure(outcome: &WriteOutcome) -> Option<&str> {
    match outcome {
        WriteOutcome::Acknowledged { .. }
        | WriteOutcome::NotSent { .. }
        | WriteOutcome::Refused(
            Refusal::AlreadyExists
            | Refusal::Conflict { .. }
            | Refusal::NotFound { .. }
            | Refusal::NamespaceTerminating { .. },
        ) => None,
        WriteOutcome::Refused(refusal) => Some(refusal.message()),
        WriteOutcome::Unknown { message } => Some(message),
    }
}
