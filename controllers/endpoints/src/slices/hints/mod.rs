//! Which clients should use an endpoint.
//!
//! Three ways: none is preferred; those in the same zone or on the same node ([`near`](Mode::Near), `spec.trafficDistribution`), which each pod decides
//! for itself, so [`Wanted`](super::endpoint::Wanted) does; or so that zones get a share of the endpoints by their CPUs ([`auto`], an
//! annotation), which depends on all endpoints of a family together.

mod auto;
mod zones;

use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::{Endpoint, EndpointSlice, Event, EventType, IpFamily, Service};

use super::draft::Draft;
use super::events::about;

/// How a service wants its clients to choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Anyhow.
    Off,
    /// Near endpoints first.
    Near {
        /// Those on the same node before those in the same zone.
        same_node: bool,
    },
    /// Zones get their share.
    Auto,
}

impl Mode {
    /// What the service says. The annotation comes before the field, and only in two spellings (upstream: `hintsEnabled`); what is not known to
    /// either asks for nothing.
    pub(crate) fn of(service: &Service) -> Mode {
        match (service.topology_mode.as_deref(), service.traffic_distribution.as_deref()) {
            (Some("Auto" | "auto"), _) => Mode::Auto,
            (_, Some("PreferClose" | "PreferSameZone")) => Mode::Near { same_node: false },
            (_, Some("PreferSameNode")) => Mode::Near { same_node: true },
            _ => Mode::Off,
        }
    }

    /// Whether each ready endpoint is for its own zone.
    pub(crate) fn prefers_zone(self) -> bool {
        matches!(self, Mode::Near { .. })
    }

    /// Whether each ready endpoint is for its own node.
    pub(crate) fn prefers_node(self) -> bool {
        self == Mode::Near { same_node: true }
    }

    /// Whether the zones that an endpoint is for depend on the other ones.
    pub(crate) fn is_shared_out(self, is_ready: bool) -> bool {
        self == Mode::Auto && is_ready
    }
}

/// Gives the endpoints of a family those hints that depend on all of them, and says what users are told: once when hints come
/// or go, as the slices show it, and for as long as they are wanted and cannot be had. Endpoints that were for their own zones only look as those of
/// a service that prefers what is near: their end is not told, since a warning about what nobody has asked for would be worse.
pub(crate) fn assign(
    service: &Service,
    mode: Mode,
    groups: &mut [Vec<Draft<'_>>],
    seen: &[&Arc<EndpointSlice>],
    family: IpFamily,
    store: &Store,
) -> Option<Event> {
    let event = |event_type, reason, message: &str| {
        let message = format!("{message}, addressType: {}", family.name());
        Some(about(service, event_type, reason, message))
    };
    let (on, off) = ("TopologyAwareHintsEnabled", "TopologyAwareHintsDisabled");
    let had = |what: fn(&Endpoint) -> bool| seen.iter().any(|slice| slice.endpoints.iter().any(what));
    match mode {
        Mode::Near { .. } | Mode::Off => had(is_shared_out)
            .then(|| event(EventType::Warning, off, "The endpoints are not shared out among zones any more"))
            .flatten(),
        Mode::Auto => match auto::assign(groups, store) {
            Ok(()) if had(|endpoint| !endpoint.zone_hints.is_empty()) => None,
            Ok(()) => event(EventType::Normal, on, "Each zone gets a share of the endpoints"),
            Err(why) => event(EventType::Warning, off, &why.to_string()),
        },
    }
}

/// Whether the endpoint is for other zones than its own, as only shares of zones make it.
fn is_shared_out(endpoint: &Endpoint) -> bool {
    !endpoint.zone_hints.is_empty() && *endpoint.zone_hints != *endpoint.zone.as_slice()
}
