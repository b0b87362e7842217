//! What users are told, on the service.
//!
//! Upstream's words for machines, `FailedToUpdateEndpointSlices` and those on hints. A conflict is not told: somebody was faster, and what he did
//! is planned for next.

use mainstay_engine::Store;
use mainstay_model::{Event, EventType, Kind, ObjectName, ObjectReference, Service, Write, WriteOutcome};

use crate::failure::failure;
use crate::members::Member;

pub(super) const COMPONENT: &str = "endpoint-slice-controller";
const FAILED: &str = "FailedToUpdateEndpointSlices";

/// The event for a write that has ended; none where the service is gone.
pub(crate) fn report(
    store: &Store,
    key: &ObjectName,
    write: &Write,
    outcome: &WriteOutcome,
) -> Option<Event> {
    let service = store.services().get(key)?;
    let message = failure(outcome)?;
    let what = format!("cannot {} EndpointSlice {}: {message}", write.verb(), write.object().name);
    Some(failed(service, &what))
}

/// That pods are left out, since their node is not known.
pub(crate) fn waiting(service: &Service, members: &[Member<'_>]) -> Option<Event> {
    Some(failed(service, &waiting_message(members)?))
}

/// That pods are left out, in words.
pub(crate) fn waiting_message(members: &[Member<'_>]) -> Option<String> {
    let first = members.first()?;
    let pod = &first.pod.meta.name.name;
    let mut message = match &first.pod.node {
        Some(node) => format!("pod {pod} is left out: its node {node} is not found"),
        None => format!("pod {pod} is left out: it has an address but no node"),
    };
    if members.len() > 1 {
        message.push_str(&format!("; and {} more", members.len() - 1));
    }
    Some(message)
}

fn failed(service: &Service, what: &str) -> Event {
    let message = format!("Error updating Endpoint Slices for Service {}: {what}", service.meta.name);
    about(service, EventType::Warning, FAILED, message)
}

/// An event about a service.
pub(crate) fn about(
    service: &Service,
    event_type: EventType,
    reason: &'static str,
    message: String,
) -> Event {
    Event {
        regarding: ObjectReference::of(Kind::Service, &service.meta),
        event_type,
        reason,
        message,
        component: COMPONENT,
    }
}
