//! Which clients should use an endpoint.
//!
//! Three ways: none is preferred; those in the same zone or on the same node ([`near`](Mode::Near), `spec.trafficDistribution`), which each pod decides
//! for itself, so [`Wanted`](super::endpoint::Wanted) does; or so that zones get a share of the endpoints by their CPUs ([`auto`], an
//! annotation), which depends on all endpoints of a family together.

mod auto;
mod zones;

use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::{EndpointSlice, Event, EventType, IpFamily, Service};

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
/// or go, as the slices show it, and for as long as they are wanted and cannot be had. Hints for nodes were no shares of zones, so their end
/// is not told; of those that were for their own zones only, slices do not show who asked for them.
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
    let had_hints = || seen.iter().any(|slice| has_hints(&slice.endpoints));
    match mode {
        Mode::Near { .. } => None,
        Mode::Off => {
            let gone = had_hints() && !seen.iter().any(|slice| are_for_nodes(&slice.endpoints));
            gone.then(|| event(EventType::Warning, off, "No endpoint is for certain zones any more"))
                .flatten()
        }
        Mode::Auto => match auto::assign(groups, store) {
            Ok(()) if had_hints() => None,
            Ok(()) => event(EventType::Normal, on, "Each zone gets a share of the endpoints"),
            Err(why) => event(EventType::Warning, off, &why.to_string()),
        },
    }
}

fn has_hints(endpoints: &[mainstay_model::Endpoint]) -> bool {
    endpoints.iter().any(|endpoint| !endpoint.zone_hints.is_empty())
}

fn are_for_nodes(endpoints: &[mainstay_model::Endpoint]) -> bool {
    endpoints.iter().any(|endpoint| !endpoint.node_hints.is_empty())
}
