//! From drafts to writes, and which writes need not be sent any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_engine::names::generate_name;
use mainstay_engine::{Store, View};
use mainstay_model::{
    AddressType, ControllerReference, CreateEndpointSlice, DeleteObject, EndpointSlice, EndpointSliceContent,
    IpFamily, Kind, LabelSet, ObjectName, Service, UpdateEndpointSlice, Write,
};

use super::draft::Draft;
use crate::names::unused;
use crate::trigger_time::annotate;

/// The writes that make of each draft a slice, in the order in which upstream sends them: what is made, then what changes.
/// A service on its way out gets no new slices, which the garbage collector would be after already.
pub(crate) fn writes<'a>(
    service: &Service,
    drafts: impl Iterator<Item = Draft<'a>>,
    labels: &LabelSet,
    view: &View<'_>,
) -> Vec<Write> {
    let names =
        |family: IpFamily| unused(&service.meta.name, service.meta.uid, family.name().as_bytes(), view);
    let (mut v4, mut v6) = (names(IpFamily::V4), names(IpFamily::V6));
    let mut chosen = BTreeSet::new();
    let mut name = |family| {
        let is_new = |name: &ObjectName| chosen.insert(name.name.clone());
        match family {
            IpFamily::V4 => v4.find(is_new),
            IpFamily::V6 => v6.find(is_new),
        }
    };
    let (mut creates, mut updates) = (Vec::new(), Vec::new());
    for draft in drafts.filter(Draft::is_changed) {
        match draft.seen {
            Some(seen) => updates.push(Write::UpdateEndpointSlice(update(seen, draft, labels))),
            None if service.meta.is_deleting() => {}
            None => creates.extend(name(draft.family).map(|slice| create(service, slice, draft, labels))),
        }
    }
    creates.append(&mut updates);
    creates
}

fn create(service: &Service, slice: ObjectName, draft: Draft<'_>, labels: &LabelSet) -> Write {
    Write::CreateEndpointSlice(CreateEndpointSlice {
        slice,
        generate_name: generate_name(&service.meta.name.name),
        owner: ControllerReference {
            kind: Kind::Service,
            name: service.meta.name.name.clone(),
            uid: service.meta.uid,
        },
        content: content(draft, labels, &LabelSet::default()),
    })
}

fn update(seen: &EndpointSlice, draft: Draft<'_>, labels: &LabelSet) -> UpdateEndpointSlice {
    UpdateEndpointSlice {
        slice: seen.meta.name.clone(),
        uid: seen.meta.uid,
        version: seen.meta.version,
        kept: seen.kept.clone(),
        content: content(draft, labels, &seen.annotations),
    }
}

fn content(draft: Draft<'_>, labels: &LabelSet, annotations: &LabelSet) -> Arc<EndpointSliceContent> {
    let seen = draft.seen.map(|seen| seen.endpoints.clone());
    Arc::new(EndpointSliceContent {
        labels: labels.clone(),
        annotations: annotate(annotations, draft.changed_at),
        address_type: AddressType::Ip(draft.family),
        endpoints: draft.endpoints.map(Into::into).or(seen).unwrap_or_default(),
        ports: draft.ports,
    })
}

/// The write that deletes a slice.
pub(crate) fn delete(slice: &EndpointSlice) -> Write {
    Write::DeleteObject(DeleteObject::of(Kind::EndpointSlice, &slice.meta))
}

/// Whether the server would refuse the write, or it would be for a service that is gone: the slice has changed since the write was planned, and
/// that change has called for another plan.
pub(crate) fn is_void(store: &Store, key: &ObjectName, write: &Write) -> bool {
    let slice = |name| store.endpoint_slices().get(name);
    match write {
        Write::CreateEndpointSlice(create) => {
            store.services().get(key).is_none_or(|service| service.meta.uid != create.owner.uid)
        }
        Write::UpdateEndpointSlice(update) => {
            slice(&update.slice).is_none_or(|slice| slice.meta.version != update.version)
        }
        Write::DeleteObject(delete) => {
            slice(&delete.object).is_none_or(|slice| slice.meta.version != delete.version)
        }
        _ => false,
    }
}
