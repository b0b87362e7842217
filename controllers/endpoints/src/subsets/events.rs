//! What users are told of the writes of Endpoints (upstream: `syncService` in pkg/controller/endpoint).

use mainstay_engine::Store;
use mainstay_model::{Event, EventType, Kind, ObjectName, ObjectReference, Write, WriteOutcome};

use crate::failure::failure;

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
    Some(Event {
        regarding: ObjectReference::of(kind, object.meta()),
        event_type: EventType::Warning,
        reason,
        message,
        component: COMPONENT,
    })
}
