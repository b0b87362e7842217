//! The real controllers of Endpoints and EndpointSlices, bent by a mutant.

use std::sync::Arc;

use mainstay_endpoints::{EndpointSliceMirroring, EndpointSlices, Endpoints, slices};
use mainstay_engine::{Change, Controller, Now, Plan, Store, View};
use mainstay_model::endpoint_slice::MANAGED_BY;
use mainstay_model::{
    DeleteObject, Endpoint, EndpointSlice, EndpointSliceContent, Event, Kind, LabelSet, Object, ObjectName,
    Pod, TargetReference, UpdateEndpointSlice, Write, WriteOutcome,
};

use super::Mutant;
use crate::services::MOST_PER_SLICE;
use crate::services::objects::{APP, SKIP_MIRROR};

/// Who is told of each plan.
type Observe = dyn Fn(&'static str, &ObjectName, &View<'_>, &Plan) + Send;

/// A real controller; with a mutant, made wrong in its way.
pub struct Publisher {
    controller: Box<dyn Controller + Send>,
    mutant: Option<Mutant>,
    observe: Box<Observe>,
}

impl Publisher {
    /// The controllers of a process, with a word to somebody each time that one plans.
    pub fn all(
        mutant: Option<Mutant>,
        observe: impl Fn(&'static str, &ObjectName, &View<'_>, &Plan) + Clone + Send + 'static,
    ) -> Vec<Box<dyn Controller + Send>> {
        let settings = slices::Settings { max_endpoints_per_slice: MOST_PER_SLICE, ..Default::default() };
        let all: [Box<dyn Controller + Send>; 3] = [
            Box::new(Endpoints::default()),
            Box::new(EndpointSlices::new(settings)),
            Box::new(EndpointSliceMirroring::default()),
        ];
        let bent = all.map(|controller| -> Box<dyn Controller + Send> {
            Box::new(Publisher { controller, mutant, observe: Box::new(observe.clone()) })
        });
        bent.into()
    }

    /// Bends what a controller is told of a change; answers whether it is told.
    fn is_told(&self, change: &mut Change) -> bool {
        match (self.mutant, change.kind()) {
            (Some(Mutant::DeletedSlicesIgnored), Some(Kind::EndpointSlice)) => change.new.is_some(),
            (Some(Mutant::OldServiceMissed), Some(Kind::Pod)) if change.new.is_some() => {
                change.old = None;
                true
            }
            (Some(Mutant::ZonesIgnored), Some(Kind::Node)) => false,
            _ => true,
        }
    }

    fn bend(&self, plan: &mut Plan, key: &ObjectName, view: &View<'_>) {
        let Some(mutant) = self.mutant else { return };
        match (mutant, self.controller.name()) {
            (Mutant::ForeignEndpointsDeleted, mainstay_endpoints::subsets::NAME) => {
                plan.writes.extend(forsaken(key, view.store));
            }
            (_, slices::NAME) => bend_slices(mutant, plan, key, view.store),
            _ => {}
        }
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

impl Controller for Publisher {
    fn name(&self) -> &'static str {
        self.controller.name()
    }

    fn queue(&self) -> &'static str {
        self.controller.queue()
    }

    fn primary(&self) -> Kind {
        self.controller.primary()
    }

    fn kinds(&self) -> &'static [Kind] {
        self.controller.kinds()
    }

    fn helpful_kinds(&self) -> &'static [Kind] {
        self.controller.helpful_kinds()
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        let mut change = change.clone();
        if self.is_told(&mut change) {
            self.controller.route(store, &change, keys);
        }
    }

    fn relieve(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        self.controller.relieve(store, change, keys);
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let store = (self.mutant == Some(Mutant::SkipIgnored)).then(|| without_skips(view.store));
        let bent = View { store: store.as_ref().unwrap_or(view.store), memory: view.memory };
        let mut plan = self.controller.plan(key, &bent, now);
        let is_shown = !self.mutant.is_some_and(Mutant::is_behind_the_plan);
        if !is_shown {
            (self.observe)(self.controller.name(), key, view, &plan);
        }
        self.bend(&mut plan, key, view);
        if is_shown {
            (self.observe)(self.controller.name(), key, view, &plan);
        }
        plan
    }

    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        self.controller.is_void(store, key, write)
    }

    fn report(
        &self,
        store: &Store,
        key: &ObjectName,
        write: &Write,
        outcome: &WriteOutcome,
    ) -> Option<Event> {
        self.controller.report(store, key, write, outcome)
    }
}
