//! From the slices that are there to those that should be (upstream: `reconcileByPortMapping` and `recycleSlices` in
//! pkg/controller/endpointslicemirroring).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_engine::View;
use mainstay_engine::names::generate_name;
use mainstay_model::endpoint_slice::{MANAGED_BY, SERVICE_NAME};
use mainstay_model::{
    AddressType, ControllerReference, CreateEndpointSlice, DeleteObject, Endpoint, EndpointPort,
    EndpointSlice, EndpointSliceContent, Endpoints, IpFamily, Kind, LabelSet, Name, UpdateEndpointSlice,
    Write,
};

use super::MANAGER;
use super::wanted::Purpose;
use crate::names;
use crate::pack::targets_alike;
use crate::trigger_time::LAST_CHANGE_TRIGGER_TIME;

/// Where kubectl keeps what it was told; it says nothing of a slice.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The writes that make the slices of the Endpoints those that are wanted. `existing` are the slices that mirror it, in the
/// order of their names.
///
/// A slice that another Endpoints of that name has left, or whose owner is not told any more, is replaced under another
/// name: an update would leave its owner as it is, and the garbage collector would take it away.
pub(super) fn reconcile(
    endpoints: &Endpoints,
    wanted: BTreeMap<Purpose, Vec<Endpoint>>,
    existing: &[&Arc<EndpointSlice>],
    view: &View<'_>,
) -> Vec<Write> {
    let is_own =
        |slice: &EndpointSlice| slice.meta.owners.iter().any(|owner| owner.uid == Some(endpoints.meta.uid));
    let (mut own, mut doomed): (Vec<&EndpointSlice>, Vec<&EndpointSlice>) =
        existing.iter().map(|slice| &***slice).partition(|slice| is_own(slice));
    let (labels, annotations) = (labels(endpoints), annotations(endpoints));

    let mut updates = Vec::new();
    let mut homeless = Vec::new();
    for (purpose, endpoints) in wanted {
        let content = EndpointSliceContent {
            labels: labels.clone(),
            annotations: annotations.clone(),
            address_type: AddressType::Ip(purpose.0),
            endpoints: endpoints.into(),
            ports: purpose.1.as_slice().into(),
        };
        let fits = |slice: &&EndpointSlice| serves(slice, &purpose);
        let kept = own.iter().position(|slice| fits(slice) && says(slice, &content));
        let Some(position) = kept.or_else(|| own.iter().position(fits)) else {
            homeless.push((purpose, content));
            continue;
        };
        let slice = own.remove(position);
        if kept.is_none() {
            updates.push(update(slice, content));
        }
    }

    let mut names_chosen = BTreeSet::new();
    let mut creates = Vec::new();
    for (purpose, content) in homeless {
        let recycled = own.iter().position(|slice| slice.address_type == content.address_type);
        match recycled {
            Some(position) => updates.push(update(own.remove(position), content)),
            // What is about to go gets nothing new.
            None if endpoints.meta.is_deleting() => {}
            None => creates.extend(create(endpoints, &purpose, content, view, &mut names_chosen)),
        }
    }
    doomed.append(&mut own);
    creates.into_iter().chain(updates).chain(doomed.into_iter().map(delete)).collect()
}

/// Whether the slice has the addresses and ports that another with this purpose would have.
pub(super) fn serves(slice: &EndpointSlice, (family, ports): &Purpose) -> bool {
    slice.address_type == AddressType::Ip(*family) && sorted(&slice.ports) == *ports
}

fn sorted(ports: &[EndpointPort]) -> Vec<EndpointPort> {
    let mut ports = ports.to_vec();
    ports.sort();
    ports
}

/// Whether the slice says all that already, in whatever order.
fn says(slice: &EndpointSlice, content: &EndpointSliceContent) -> bool {
    fn in_order(endpoints: &[Endpoint]) -> Vec<&Endpoint> {
        let mut endpoints: Vec<&Endpoint> = endpoints.iter().collect();
        endpoints.sort_by_key(|endpoint| (&endpoint.addresses, &endpoint.hostname, &endpoint.target));
        endpoints
    }
    slice.meta.labels == content.labels
        && slice.annotations == content.annotations
        && slice.endpoints.len() == content.endpoints.len()
        && in_order(&slice.endpoints)
            .into_iter()
            .zip(in_order(&content.endpoints))
            .all(|(left, right)| are_alike(left, right))
}

/// Whether two endpoints say the same.
pub(super) fn are_alike(left: &Endpoint, right: &Endpoint) -> bool {
    let Endpoint { addresses, conditions, hostname, node, zone, target, zone_hints, node_hints } = left;
    *addresses == right.addresses
        && *conditions == right.conditions
        && *hostname == right.hostname
        && *node == right.node
        && *zone == right.zone
        && targets_alike(target.as_ref(), right.target.as_ref())
        && *zone_hints == right.zone_hints
        && *node_hints == right.node_hints
}

/// The labels of the Endpoints, and those that say whose the slice is.
fn labels(endpoints: &Endpoints) -> LabelSet {
    let labels = endpoints.meta.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    let own = [
        (Name::from(SERVICE_NAME), endpoints.meta.name.name.clone()),
        (Name::from(MANAGED_BY), Name::from(MANAGER)),
    ];
    LabelSet::new(labels.chain(own))
}

fn annotations(endpoints: &Endpoints) -> LabelSet {
    let passed_on = |key: &str| key != LAST_CHANGE_TRIGGER_TIME && key != LAST_APPLIED;
    let annotations = endpoints.annotations.iter().filter(|(key, _)| passed_on(key));
    annotations.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn create(
    endpoints: &Endpoints,
    (family, ports): &Purpose,
    content: EndpointSliceContent,
    view: &View<'_>,
    chosen: &mut BTreeSet<Name>,
) -> Option<Write> {
    let meta = &endpoints.meta;
    let purpose = purpose(*family, ports);
    let mut names = names::unused(&meta.name, meta.uid, &purpose, view);
    let slice = names.find(|slice| chosen.insert(slice.name.clone()))?;
    Some(Write::CreateEndpointSlice(CreateEndpointSlice {
        slice,
        generate_name: generate_name(&meta.name.name),
        owner: ControllerReference { kind: Kind::Endpoints, name: meta.name.name.clone(), uid: meta.uid },
        content: Arc::new(content),
    }))
}

/// The purpose as bytes, different ones for different purposes.
fn purpose(family: IpFamily, ports: &[EndpointPort]) -> Vec<u8> {
    let mut bytes = family.name().as_bytes().to_vec();
    for EndpointPort { name, port, protocol, app_protocol } in ports {
        for text in [name, protocol, app_protocol] {
            bytes.push(0);
            bytes.extend(text.iter().flat_map(|text| text.bytes()));
        }
        bytes.extend(port.unwrap_or_default().to_be_bytes());
    }
    bytes
}

fn update(slice: &EndpointSlice, content: EndpointSliceContent) -> Write {
    Write::UpdateEndpointSlice(UpdateEndpointSlice {
        slice: slice.meta.name.clone(),
        uid: slice.meta.uid,
        version: slice.meta.version,
        kept: slice.kept.clone(),
        content: Arc::new(content),
    })
}

/// The write that takes a slice away.
pub(super) fn delete(slice: &EndpointSlice) -> Write {
    Write::DeleteObject(DeleteObject::of(Kind::EndpointSlice, &slice.meta))
}
