//! The word to users about addresses that are not published.

use mainstay_model::{Event, EventType, Kind, ObjectReference, Service};

use crate::members::{Member, refused_addresses};

/// How many addresses the event names.
const NAMED: usize = 3;

/// The event about members whose addresses lead into a host instead of to a pod, if there are any. Upstream sends such addresses
/// to the server, which refuses all that is written with them.
pub(crate) fn event(service: &Service, members: &[Member<'_>], component: &'static str) -> Option<Event> {
    let refused = refused_addresses(members);
    let named: Vec<String> =
        refused.iter().take(NAMED).map(|(pod, address)| format!("{address} of pod {pod}")).collect();
    let further = match refused.len().saturating_sub(NAMED) {
        0 if refused.is_empty() => return None,
        0 => String::new(),
        further => format!(" and {further} more"),
    };
    Some(Event {
        regarding: ObjectReference::of(Kind::Service, &service.meta),
        event_type: EventType::Warning,
        reason: "AddressNotAllowed",
        message: format!(
            "Loopback, link-local, multicast and unspecified addresses are not published: {}{further}",
            named.join(", ")
        ),
        component,
    })
}
