//! Which services a change concerns: one function per controller.
//!
//! All keys are names of services, which are the names of their Endpoints, too. What users do to what we have written is
//! routed like everything else, so it is put right at once, after a restart also (upstream's #125354, #85353: there only
//! what this very process has written is watched over, and edits of an Endpoints stay until a pod changes).

use mainstay_engine::store::service_of;
use mainstay_engine::{Change, Store};
use mainstay_model::endpoint_slice::MANAGED_BY;
use mainstay_model::{EndpointSlice, Endpoints, Node, Object, ObjectName, Pod, Service};

use crate::members::can_be_published;
use crate::mirroring;

/// The services whose Endpoints a change concerns.
pub(crate) fn endpoints(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    pod(store, change, keys);
    keys.extend(either(change, as_service).map(|service| service.meta.name.clone()));
    keys.extend(either(change, as_endpoints).map(|endpoints| endpoints.meta.name.clone()));
}

/// The services whose EndpointSlices a change concerns. Of slices, those count that `is_owned` says so of, before or after
/// the change.
pub(crate) fn slices(
    store: &Store,
    change: &Change,
    is_owned: impl Fn(&EndpointSlice) -> bool,
    keys: &mut Vec<ObjectName>,
) {
    pod(store, change, keys);
    node(store, change, keys);
    keys.extend(either(change, as_service).map(|service| service.meta.name.clone()));
    slice(change, is_owned, keys);
}

/// The Endpoints whose mirroring a change concerns. The Endpoints of a service with a selector are nothing to mirror, and
/// they change often; slices that nevertheless are there bring their keys themselves.
pub(crate) fn mirroring(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    let selectorless = |service: &Service| service.selector.is_none();
    if sides(change, as_service).any(selectorless) {
        keys.extend(either(change, as_service).map(|service| service.meta.name.clone()));
    }
    if let Some(endpoints) = either(change, as_endpoints) {
        let name = &endpoints.meta.name;
        let mirrored = store.services().get(name).is_none_or(|service| service.selector.is_none());
        keys.extend(mirrored.then(|| name.clone()));
    }
    slice(change, mirroring::is_owned, keys);
}

/// Whether the label says that slices are written by this one.
pub(crate) fn is_managed_by(slice: &EndpointSlice, manager: &str) -> bool {
    slice.meta.labels.get(MANAGED_BY).is_some_and(|label| **label == *manager)
}

fn slice(change: &Change, is_owned: impl Fn(&EndpointSlice) -> bool, keys: &mut Vec<ObjectName>) {
    if sides(change, as_slice).any(is_owned) {
        keys.extend(sides(change, as_slice).filter_map(service_of));
    }
}

/// The services that select the pod or did before, unless nothing has changed that they publish.
fn pod(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    if !sides(change, as_pod).any(can_be_published) {
        return;
    }
    let (old, new) = (change.old.as_ref().and_then(as_pod), change.new.as_ref().and_then(as_pod));
    match (old, new) {
        (Some(old), Some(new)) => {
            let all = !is_published_alike(old, new);
            let relabelled = old.meta.labels != new.meta.labels;
            if all || relabelled {
                keys.extend(selecting(store, new, (!all).then_some(old)));
            }
            if relabelled {
                keys.extend(selecting(store, old, Some(new)));
            }
        }
        (old, new) => {
            keys.extend([old, new].into_iter().flatten().flat_map(|pod| selecting(store, pod, None)))
        }
    }
}

/// Whether every service that selects both publishes the same of them. When the pod became ready is told only together with
/// something else. Upstream's `podEndpointsChanged` leaves out phase, hostname and ports, which then show with the next
/// other change.
fn is_published_alike(old: &Pod, new: &Pod) -> bool {
    can_be_published(old) == can_be_published(new)
        && old.meta.is_deleting() == new.meta.is_deleting()
        && old.ready == new.ready
        && old.ips == new.ips
        && old.node == new.node
        && old.hostname == new.hostname
        && old.subdomain == new.subdomain
        && old.named_ports == new.named_ports
}

/// The services that select the pod, and not the `other` one.
fn selecting<'a>(
    store: &'a Store,
    pod: &'a Pod,
    other: Option<&'a Pod>,
) -> impl Iterator<Item = ObjectName> + 'a {
    let services = store.services().selecting(&pod.meta.name.namespace, &pod.meta.labels);
    let selects = |service: &Service, pod: &Pod| {
        service.selector.as_ref().is_some_and(|it| it.matches(&pod.meta.labels))
    };
    services
        .filter(move |service| !other.is_some_and(|other| selects(service, other)))
        .map(|service| service.meta.name.clone())
}

/// Where a node appears, goes or moves to another zone, the services of its pods; where its weight among the zones may have
/// changed, the services that share out their endpoints by that.
fn node(store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
    let (old, new) = (change.old.as_ref().and_then(as_node), change.new.as_ref().and_then(as_node));
    let Some(node) = new.or(old) else { return };
    if old.map(|node| node.zone()) != new.map(|node| node.zone()) {
        let pods = store.pods().on_node(&node.meta.name.name).filter(|pod| can_be_published(pod));
        keys.extend(pods.flat_map(|pod| selecting(store, pod, None)));
    }
    if old.map(weight) != new.map(weight) {
        let services = store.services().iter().filter(|service| service.topology_mode.is_some());
        keys.extend(services.map(|service| service.meta.name.clone()));
    }
}

/// What a node brings into the shares of the zones.
fn weight(node: &Node) -> impl PartialEq {
    let has = |label| node.meta.labels.get(label).is_some();
    (
        node.ready,
        node.allocatable_cpu.clone(),
        node.zone().cloned(),
        has("node-role.kubernetes.io/control-plane"),
        has("node-role.kubernetes.io/master"),
    )
}

/// The object as it is now, or was last.
fn either<'a, T>(change: &'a Change, cast: impl Fn(&'a Object) -> Option<&'a T>) -> Option<&'a T> {
    change.new.as_ref().or(change.old.as_ref()).and_then(cast)
}

/// The object before and after, as far as it was there.
fn sides<'a, T: 'a>(
    change: &'a Change,
    cast: impl Fn(&'a Object) -> Option<&'a T> + 'a,
) -> impl Iterator<Item = &'a T> {
    [&change.old, &change.new].into_iter().flatten().filter_map(cast)
}

macro_rules! casts {
    ($($name:ident: $kind:ident),*) => {
        $(fn $name(object: &Object) -> Option<&$kind> {
            if let Object::$kind(object) = object { Some(object) } else { None }
        })*
    };
}

casts!(as_endpoints: Endpoints, as_node: Node, as_pod: Pod, as_service: Service, as_slice: EndpointSlice);
