//! Controllers of Endpoints and EndpointSlices, made wrong: what they are told, and what they want.

use std::sync::Arc;

use mainstay_endpoints::{slices, subsets};
use mainstay_engine::{Change, Plan, Store};
use mainstay_model::endpoint_slice::MANAGED_BY;
use mainstay_model::{
    DeleteObject, Endpoint, EndpointSlice, EndpointSliceContent, EndpointsContent, Kind, LabelSet, Name,
    Object, ObjectName, Pod, TargetReference, UpdateEndpointSlice, Write,
};

use super::Mutant;
use crate::services::objects::{APP, SKIP_MIRROR};
use crate::services::{MOST_PER_SLICE, ZONES};

/// The annotation of an Endpoints that does not say all that there is.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// Bends what a controller is told of a change; answers whether it is told.
pub(super) fn change(mutant: Mutant, change: &mut Change) -> bool {
    match (mutant, change.kind()) {
        (Mutant::DeletedSlicesIgnored, Some(Kind::EndpointSlice)) => change.new.is_some(),
        (Mutant::OldServiceMissed, Some(Kind::Pod)) if change.new.is_some() => {
            change.old = None;
            true
        }
        (Mutant::ZonesIgnored, Some(Kind::Node)) => false,
        (Mutant::LateNodesMissed, Some(Kind::Node)) => change.old.is_some(),
        (Mutant::WeightsIgnored, Some(Kind::Node)) => zone_of(&change.old) != zone_of(&change.new),
        _ => true,
    }
}

/// Bends the objects that a controller sees, if so.
pub(super) fn store(mutant: Mutant, store: &Store) -> Option<Store> {
    (mutant == Mutant::SkipIgnored).then(|| without_skips(store))
}

/// Bends a plan of that controller.
pub(super) fn plan(mutant: Mutant, controller: &str, plan: &mut Plan, key: &ObjectName, store: &Store) {
    match (mutant, controller) {
        (Mutant::ForeignEndpointsDeleted, subsets::NAME) => plan.writes.extend(forsaken(key, store)),
        (Mutant::TruncationStays, subsets::NAME) => {
            let stored = store.endpoints().get(key);
            let was = stored.and_then(|stored| stored.annotations.get(OVER_CAPACITY).cloned());
            for content in plan.writes.iter_mut().filter_map(endpoints_content) {
                let all = content.annotations.iter().map(|(key, value)| (key.clone(), value.clone()));
                let left = was.iter().map(|value| (Name::from(OVER_CAPACITY), value.clone()));
                content.annotations = LabelSet::new(left.chain(all));
            }
        }
        (Mutant::NoTruncation, subsets::NAME) => {
            for content in plan.writes.iter_mut().filter_map(endpoints_content) {
                let all = content.annotations.iter().filter(|(key, _)| ***key != *OVER_CAPACITY);
                content.annotations = all.map(|(key, value)| (key.clone(), value.clone())).collect();
            }
        }
        (_, slices::NAME) => bend_slices(mutant, plan, key, store),
        _ => {}
    }
}

fn bend_slices(mutant: Mutant, plan: &mut Plan, key: &ObjectName, store: &Store) {
    let is_there = |endpoint: &Endpoint| own(key, store).any(|slice| slice.endpoints.contains(endpoint));
    match mutant {
        Mutant::TerminatingStaysReady => change_endpoints(plan, |_, endpoints| {
            for endpoint in endpoints.iter_mut().filter(|it| it.conditions.terminating == Some(true)) {
                endpoint.conditions.ready = Some(true);
            }
        }),
        Mutant::UnwantedStays => change_endpoints(plan, |update, endpoints| {
            let before = update.and_then(|update| store.endpoint_slices().get(&update.slice));
            let left: Vec<Endpoint> = before
                .into_iter()
                .flat_map(|slice| slice.endpoints.iter())
                .filter(|endpoint| !endpoints.iter().any(|other| other.target == endpoint.target))
                .cloned()
                .collect();
            endpoints.extend(left);
        }),
        Mutant::WritesWithoutChange => {
            let slice = own(key, store).next().filter(|_| plan.writes.is_empty());
            plan.writes.extend(slice.map(|slice| again(slice)));
        }
        Mutant::MovesAtOnce => {
            let added: Vec<Endpoint> =
                plan.writes.iter().filter_map(content).flat_map(|it| it.endpoints.to_vec()).collect();
            let is_receiver =
                |slice: &EndpointSlice| plan.writes.iter().any(|write| write.uid() == Some(slice.meta.uid));
            let givers = own(key, store).filter(|slice| {
                !is_receiver(slice)
                    && !slice.endpoints.is_empty()
                    && slice.endpoints.iter().all(|endpoint| added.contains(endpoint))
            });
            let deletes: Vec<Write> = givers.map(|slice| delete(slice)).collect();
            plan.writes.extend(deletes);
        }
        // What only moves is all there already.
        Mutant::NeverCompacts => {
            let is_move = |write: &Write| {
                let before = store.endpoint_slices().get(write.object()).map_or(0, |it| it.endpoints.len());
                content(write).is_some_and(|content| {
                    content.endpoints.len() > before && content.endpoints.iter().all(is_there)
                })
            };
            if plan.writes.iter().all(is_move) {
                plan.writes.clear();
            }
        }
        Mutant::StrangersPublished => {
            let is_stranger = |pod: &&Arc<Pod>| {
                pod.meta.name.namespace != key.namespace && pod.meta.labels.get(APP) == Some(&key.name)
            };
            let stranger = store.pods().iter().find(is_stranger);
            change_endpoints(plan, |_, endpoints| {
                let first = endpoints.first().cloned();
                if let (Some(mut endpoint), Some(pod)) = (first, stranger) {
                    let ObjectName { namespace, name } = pod.meta.name.clone();
                    endpoint.target = Some(TargetReference::pod(namespace, name, pod.meta.uid));
                    endpoints.push(endpoint);
                }
            });
        }
        Mutant::ReadyAtOnce => change_endpoints(plan, |_, endpoints| {
            endpoints.iter_mut().for_each(|endpoint| endpoint.conditions.ready = Some(true));
        }),
        Mutant::HintsLeftOut => change_hinted(plan, key, store, |endpoints| {
            if let Some(endpoint) = endpoints.first_mut() {
                endpoint.zone_hints = Box::default();
            }
        }),
        Mutant::HintsForOneZone => change_hinted(plan, key, store, |endpoints| {
            for endpoint in endpoints.iter_mut().filter(|endpoint| !endpoint.zone_hints.is_empty()) {
                endpoint.zone_hints = [ZONES.first().copied().unwrap_or_default().into()].into();
            }
        }),
        Mutant::HintsStay => change_hinted(plan, key, store, |endpoints| {
            for endpoint in endpoints.iter_mut().filter(|endpoint| endpoint.zone_hints.is_empty()) {
                endpoint.zone_hints = endpoint.zone.iter().cloned().collect();
            }
        }),
        Mutant::SaidTwice => change_endpoints(plan, |_, endpoints| {
            let first = endpoints.first().cloned().filter(|_| endpoints.len() < MOST_PER_SLICE);
            endpoints.extend(first);
        }),
        Mutant::MovesForNothing => move_one_more(plan, key, store),
        Mutant::NoPlaceholder => plan.writes.retain(|write| {
            write.verb() != "create" || content(write).is_none_or(|content| !content.endpoints.is_empty())
        }),
        Mutant::ForeignSlicesDeleted => {
            let foreign = store.endpoint_slices().of_service(key);
            let is_others = |slice: &&Arc<EndpointSlice>| {
                !slice
                    .meta
                    .labels
                    .get(MANAGED_BY)
                    .is_some_and(|manager| manager.ends_with("-controller.k8s.io"))
            };
            plan.writes.extend(foreign.filter(is_others).map(|slice| delete(slice)));
        }
        Mutant::SelectorLossIgnored => {
            let service = store.services().get(key);
            if service.is_some_and(|service| service.selector.is_none()) {
                plan.writes.clear();
            }
        }
        _ => {}
    }
}

/// Changes the endpoints of each write; of an update it is told which.
fn change_endpoints(plan: &mut Plan, change: impl Fn(Option<&UpdateEndpointSlice>, &mut Vec<Endpoint>)) {
    for write in &mut plan.writes {
        let update = match write {
            Write::UpdateEndpointSlice(update) => Some(update.clone()),
            _ => None,
        };
        let content = match write {
            Write::CreateEndpointSlice(create) => Arc::make_mut(&mut create.content),
            Write::UpdateEndpointSlice(update) => Arc::make_mut(&mut update.content),
            _ => continue,
        };
        let mut endpoints = content.endpoints.to_vec();
        change(update.as_ref(), &mut endpoints);
        content.endpoints = endpoints.into();
    }
}

/// Changes the endpoints that are written where zones get shares. What stands there like that already is not written.
fn change_hinted(plan: &mut Plan, key: &ObjectName, store: &Store, change: impl Fn(&mut Vec<Endpoint>)) {
    if store.services().get(key).is_some_and(|service| service.topology_mode.is_some()) {
        change_endpoints(plan, |_, endpoints| change(endpoints));
        let is_news = |write: &Write| {
            let before = store.endpoint_slices().get(write.object());
            before.is_none_or(|slice| content(write).is_none_or(|it| it.endpoints != slice.endpoints))
        };
        plan.writes.retain(is_news);
    }
}

/// An update takes in an endpoint of a slice that is not written, and the next plan takes it out there.
fn move_one_more(plan: &mut Plan, key: &ObjectName, store: &Store) {
    let written: Vec<_> = plan.writes.iter().filter_map(Write::uid).collect();
    let Some(giver) = own(key, store).find(|slice| !written.contains(&slice.meta.uid)) else { return };
    let Some(moved) = giver.endpoints.first() else { return };
    for write in &mut plan.writes {
        let Write::UpdateEndpointSlice(update) = write else { continue };
        let content = Arc::make_mut(&mut update.content);
        let has_room = content.endpoints.len() < MOST_PER_SLICE
            && content.address_type == giver.address_type
            && content.ports == giver.ports
            && !content.endpoints.contains(moved);
        if has_room {
            content.endpoints = content.endpoints.iter().chain([moved]).cloned().collect();
            return;
        }
    }
}

fn endpoints_content(write: &mut Write) -> Option<&mut EndpointsContent> {
    match write {
        Write::CreateEndpoints(create) => Some(Arc::make_mut(&mut create.content)),
        Write::UpdateEndpoints(update) => Some(Arc::make_mut(&mut update.content)),
        _ => None,
    }
}

fn zone_of(node: &Option<Object>) -> Option<Option<Name>> {
    match node {
        Some(Object::Node(node)) => Some(node.zone().cloned()),
        _ => None,
    }
}

fn content(write: &Write) -> Option<&EndpointSliceContent> {
    match write {
        Write::CreateEndpointSlice(create) => Some(&create.content),
        Write::UpdateEndpointSlice(update) => Some(&update.content),
        _ => None,
    }
}

fn own<'a>(key: &ObjectName, store: &'a Store) -> impl Iterator<Item = &'a Arc<EndpointSlice>> + Clone {
    let owner = store.services().get(key).map(|service| service.meta.uid);
    let slices: Vec<&Arc<EndpointSlice>> = store.endpoint_slices().of_service(key).collect();
    slices.into_iter().filter(move |slice| {
        slice.meta.labels.get(MANAGED_BY).is_some_and(|manager| **manager == *slices::MANAGER)
            && slice.meta.controller().is_some_and(|reference| reference.uid == owner)
    })
}

/// An update that says what is there.
fn again(slice: &EndpointSlice) -> Write {
    Write::UpdateEndpointSlice(UpdateEndpointSlice {
        slice: slice.meta.name.clone(),
        uid: slice.meta.uid,
        version: slice.meta.version,
        kept: slice.kept.clone(),
        content: Arc::new(EndpointSliceContent {
            labels: slice.meta.labels.clone(),
            annotations: slice.annotations.clone(),
            address_type: slice.address_type,
            endpoints: slice.endpoints.clone(),
            ports: slice.ports.clone(),
        }),
    })
}

fn delete(slice: &EndpointSlice) -> Write {
    Write::DeleteObject(DeleteObject::of(Kind::EndpointSlice, &slice.meta))
}

/// A delete of an Endpoints without a service, whosever it is.
fn forsaken(key: &ObjectName, store: &Store) -> Option<Write> {
    let stored = store.endpoints().get(key).filter(|_| store.services().get(key).is_none())?;
    Some(Write::DeleteObject(DeleteObject::of(Kind::Endpoints, &stored.meta)))
}

/// The objects without the word of users that something is not to be mirrored.
fn without_skips(store: &Store) -> Store {
    let mut bent = store.clone();
    for endpoints in store.endpoints().iter() {
        let mut changed = mainstay_model::Endpoints::clone(endpoints);
        let labels = changed.meta.labels.iter().filter(|(key, _)| ***key != *SKIP_MIRROR);
        changed.meta.labels = labels.map(|(key, value)| (key.clone(), value.clone())).collect::<LabelSet>();
        bent.apply(Object::Endpoints(Arc::new(changed)));
    }
    bent
}
