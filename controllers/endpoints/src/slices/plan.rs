//! What must be written for a service.

use mainstay_engine::{Plan, View};
use mainstay_model::{AddressType, Event, ObjectName, Service, Write};

use super::candidates::{candidates, groups};
use super::endpoint::Wanted;
use super::hints::{self, Mode};
use super::ownership::{self, Slices};
use super::packing::{self, Frame, Load, Packed};
use super::{compaction, events, labels, metrics, writing};
use crate::members::members;
use crate::word::{self, Word};
use crate::{refused, trigger_time};

/// The plan for the service of that name. A service that is gone leaves its slices to the garbage collector.
pub(crate) fn plan(key: &ObjectName, view: &View<'_>, max_endpoints: usize) -> Plan {
    let Some(service) = view.store.services().get(key) else { return Plan::default() };
    if service.external_name || service.selector.is_none() {
        let writes =
            ownership::left_behind(service, view.store).map(|slice| writing::delete(slice)).collect();
        return Plan { writes, ..Plan::default() };
    }
    let families = ownership::families(service);
    let slices = Slices::of(service, &families, view.store);
    let members = members(service, view.store);
    let (candidates, waiting) = candidates(service, &members, view.store);
    let groups = groups(service, &candidates);
    let labels = labels::of_slices(service);
    let frame = Frame { labels: &labels, max_endpoints };
    let mode = Mode::of(service);

    let mut packed = Packed::default();
    let waiting_event = events::waiting(service, &waiting);
    let refused_event = refused::event(service, &members, events::COMPONENT);
    let mut told: Vec<Event> = waiting_event.into_iter().chain(refused_event).collect();
    for family in families {
        let loads: Vec<Load<'_>> = groups
            .iter()
            .map(|group| {
                let wanted = group.candidates.iter().filter_map(|it| Wanted::new(it, family, mode)).collect();
                Load { ports: group.ports.clone(), wanted }
            })
            .collect();
        let seen: Vec<_> =
            slices.own.iter().copied().filter(|it| it.address_type == AddressType::Ip(family)).collect();
        let Packed { mut groups, spare, late, tally } = packing::pack(&loads, &seen, family, frame);
        told.extend(hints::assign(service, mode, &mut groups, &seen, family, view.store));
        packed.groups.extend(groups);
        packed.spare.extend(spare);
        packed.late.extend(late);
        packed.tally = packed.tally.plus(tally);
    }
    if slices.own.is_empty() && slices.unsupported.is_empty() {
        let first = trigger_time::of_first_write(service);
        packed.groups.iter_mut().flatten().for_each(|draft| draft.changed_at = first);
    }
    let tally = packed.tally;
    let mut writes = writes(service, packed, &slices, frame, view);
    let mut fault = events::waiting_message(&waiting);
    let is_foreign = |write: &Write| slices.foreign.iter().any(|slice| write.uid() == Some(slice.meta.uid));
    if writes.iter().any(is_foreign) {
        match word::of_service(key, Some(service), view.memory) {
            Word::Kept => {}
            Word::Ask(read) => return Plan { reads: vec![read], ..Plan::default() },
            Word::Broken => writes.retain(|write| !is_foreign(write)),
            Word::Unknown(message) => {
                writes.retain(|write| !is_foreign(write));
                fault = fault.or(Some(format!("cannot read the service: {message}")));
            }
        }
    }
    let figures = metrics::figures(service, mode, tally, writes.len());
    Plan { writes, events: told, figures, fault, ..Plan::default() }
}

/// The writes: what is made, what changes, what goes. Slices that clients may still find pods in go when nothing else is left to do: those of
/// a former service of the name, of another family or with former ports. Unless something fails: perhaps there is no room for
/// new ones as long as the old ones are there.
fn writes(
    service: &Service,
    mut packed: Packed<'_>,
    slices: &Slices<'_>,
    frame: Frame<'_>,
    view: &View<'_>,
) -> Vec<Write> {
    let is_at_rest = packed.spare.is_empty()
        && packed.late.is_empty()
        && slices.unsupported.is_empty()
        && slices.foreign.is_empty()
        && !packed.groups.iter().flatten().any(|draft| draft.is_changed());
    if is_at_rest
        && (service.meta.is_deleting() || !compaction::compact(&mut packed.groups, frame.max_endpoints))
    {
        return Vec::new();
    }
    let drafts = packed.groups.into_iter().flatten();
    let mut writes = writing::writes(service, drafts, frame.labels, view);
    let are_missed = !writes.is_empty() && view.memory.failure.is_none();
    let late = packed.late.iter().chain(&slices.unsupported).chain(&slices.foreign).filter(|_| !are_missed);
    let deletes: Vec<Write> = packed.spare.iter().chain(late).map(|slice| writing::delete(slice)).collect();
    writes.extend(deletes);
    writes
}
