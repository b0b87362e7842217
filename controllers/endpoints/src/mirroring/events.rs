//! What users are told of addresses that are not mirrored (upstream: pkg/controller/endpointslicemirroring/events.go).

use mainstay_model::{Endpoints, Event, EventType, Kind, ObjectReference};

use super::wanted::Wanted;

/// The events about addresses that are in no slice.
pub(super) fn skipped(endpoints: &Endpoints, wanted: &Wanted, max: usize) -> Vec<Event> {
    let Wanted { invalid, skipped, slices: _ } = wanted;
    let warning = |reason, message| Event {
        regarding: ObjectReference::of(Kind::Endpoints, &endpoints.meta),
        event_type: EventType::Warning,
        reason,
        message,
        component: "endpoint-slice-mirroring-controller",
    };
    let invalid_addresses = (*invalid > 0).then(|| {
        let message = format!("Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices");
        warning("InvalidIPAddress", message)
    });
    let too_many = (skipped > invalid).then(|| {
        let message = format!(
            "A max of {max} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses were skipped"
        );
        warning("TooManyAddressesToMirror", message)
    });
    invalid_addresses.into_iter().chain(too_many).collect()
}
