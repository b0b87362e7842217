//! A store, what the engine remembers of a key, and a server that does what it is asked to.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use mainstay_endpoints::mirroring::Settings;
use mainstay_endpoints::{EndpointSliceMirroring, Endpoints, subsets};
use mainstay_engine::{Change, Controller, Memory, Moment, Now, Plan, Store, View};
use mainstay_model::{
    AddressType, EndpointAddress, EndpointSlice, EndpointSliceContent, EndpointSubset,
    Endpoints as StoredEndpoints, EndpointsContent, LabelSet, Meta, Name, Object, ObjectName, OwnerReference,
    ResourceVersion, Tombstone, Uid, Write,
};

use crate::objects::{CREATED, name};

/// The controller of Endpoints, as it is by default.
pub static ENDPOINTS: Endpoints =
    Endpoints::new(subsets::Settings { batch_period: std::time::Duration::ZERO });

pub struct World {
    pub store: Store,
    pub memory: Memory,
    next_uid: u128,
}

impl World {
    pub fn of(objects: impl IntoIterator<Item = Object>) -> World {
        let mut world = World { store: Store::default(), memory: Memory::default(), next_uid: 0xf000_0000 };
        for object in objects {
            world.apply(object);
        }
        world
    }

    pub fn apply(&mut self, object: Object) -> Vec<Change> {
        self.store.apply(object)
    }

    pub fn delete(&mut self, object: &Object) -> Change {
        let Meta { name, uid, .. } = object.meta();
        let (kind, name, uid) = (object.kind(), name.clone(), *uid);
        self.store.delete(&Tombstone { kind, name, uid, version: ResourceVersion(9) }).unwrap()
    }

    pub fn plan_of(&self, controller: &dyn Controller, key: &ObjectName) -> Plan {
        let now = Now { moment: Moment::default(), wall: CREATED };
        controller.plan(key, &View { store: &self.store, memory: &self.memory }, now)
    }

    /// Plans and does what was planned until nothing is left to do; gives every plan on the way.
    pub fn settle(&mut self, controller: &dyn Controller, key: &ObjectName) -> Vec<Plan> {
        let mut plans = Vec::new();
        loop {
            let plan = self.plan_of(controller, key);
            assert_eq!((&plan.reads, &plan.requeue_at, &plan.fault), (&Vec::new(), &None, &None));
            if plan.writes.is_empty() {
                return plans;
            }
            plan.writes.iter().for_each(|write| self.write(write));
            plans.push(plan);
            assert!(plans.len() < 10, "no end in sight: {plans:#?}");
        }
    }

    /// What the Endpoints of that name says, after all is settled.
    pub fn settled(&mut self, key: &ObjectName) -> String {
        self.settle(&ENDPOINTS, key);
        self.store.endpoints().get(key).map_or_else(
            || "none\n".to_owned(),
            |stored| {
                let subsets = render_subsets(&stored.subsets);
                format!("{}\n{}", key.name, body(&stored.meta.labels, &stored.annotations, &subsets))
            },
        )
    }

    /// Does what is asked; what would be refused is a fault of the test.
    pub fn write(&mut self, write: &Write) {
        match write {
            Write::CreateEndpoints(create) => {
                let meta = self.made(&create.endpoints, &create.content.labels, []);
                self.put_endpoints(meta, &create.content);
            }
            Write::UpdateEndpoints(update) => {
                let stored = self.store.endpoints().get(&update.endpoints).unwrap();
                assert_eq!(stored.kept, update.kept);
                let meta = updated(&stored.meta, update.uid, update.version, &update.content.labels);
                self.put_endpoints(meta, &update.content);
            }
            Write::CreateEndpointSlice(create) => {
                let owner = OwnerReference {
                    api_version: create.owner.kind.api_version().into(),
                    kind: create.owner.kind.name().into(),
                    name: create.owner.name.clone(),
                    uid: Some(create.owner.uid),
                    controller: true,
                };
                let meta = self.made(&create.slice, &create.content.labels, [owner]);
                self.put_slice(meta, &create.content);
            }
            Write::UpdateEndpointSlice(update) => {
                let stored = self.store.endpoint_slices().get(&update.slice).unwrap();
                assert_eq!(stored.kept, update.kept);
                assert_eq!(stored.address_type, update.content.address_type);
                let meta = updated(&stored.meta, update.uid, update.version, &update.content.labels);
                self.put_slice(meta, &update.content);
            }
            Write::DeleteObject(delete) => {
                let stored = self.store.get(delete.kind, &delete.object).unwrap();
                assert_eq!((stored.meta().uid, stored.meta().version), (delete.uid, delete.version));
                self.delete(&stored);
            }
            other => panic!("not a write of this crate: {other:?}"),
        }
    }

    fn made<const N: usize>(
        &mut self,
        name: &ObjectName,
        labels: &LabelSet,
        owners: [OwnerReference; N],
    ) -> Meta {
        assert!(self.store.endpoints().get(name).is_none() || N > 0, "in use: {name}");
        assert!(self.store.endpoint_slices().get(name).is_none() || N == 0, "in use: {name}");
        self.next_uid += 1;
        Meta {
            version: ResourceVersion(1),
            labels: labels.clone(),
            owners: owners.into(),
            created: Some(CREATED),
            ..Meta::new(name.clone(), Uid(self.next_uid))
        }
    }

    fn put_endpoints(&mut self, meta: Meta, content: &EndpointsContent) {
        let EndpointsContent { labels: _, annotations, subsets } = content;
        for subset in subsets.iter() {
            let addresses = subset.ready.len() + subset.not_ready.len();
            assert!(addresses > 0, "the server refuses a subset without addresses");
            subset.ready.iter().chain(&subset.not_ready).for_each(|address| allowed(&address.ip));
        }
        self.store.apply(Object::Endpoints(Arc::new(StoredEndpoints {
            meta,
            annotations: annotations.clone(),
            subsets: subsets.clone(),
            kept: bytes::Bytes::new(),
        })));
    }

    fn put_slice(&mut self, meta: Meta, content: &EndpointSliceContent) {
        let EndpointSliceContent { labels: _, annotations, address_type, endpoints, ports } = content;
        assert!(endpoints.len() <= 1000, "the server refuses more");
        endpoints.iter().flat_map(|endpoint| &endpoint.addresses).for_each(|address| allowed(address));
        self.store.apply(Object::EndpointSlice(Arc::new(EndpointSlice {
            meta,
            annotations: annotations.clone(),
            address_type: *address_type,
            endpoints: endpoints.clone(),
            ports: ports.clone(),
            kept: bytes::Bytes::new(),
        })));
    }
}

fn updated(meta: &Meta, uid: Uid, version: ResourceVersion, labels: &LabelSet) -> Meta {
    assert_eq!((meta.uid, meta.version), (uid, version));
    let version = ResourceVersion(version.0 + 1);
    Meta { version, labels: labels.clone(), ..meta.clone() }
}

/// What the server refuses in any endpoint.
fn allowed(address: &str) {
    let refused = match address.parse().unwrap() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_multicast(),
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.to_ipv4_mapped().is_some()
        }
    };
    assert!(!refused, "the server refuses {address}");
}

/// What is planned for the Endpoints of `web`.
#[track_caller]
pub fn check(objects: impl IntoIterator<Item = Object>, expected: Expect) {
    check_in(&World::of(objects), &ENDPOINTS, expected);
}

/// What is planned for the mirroring of `web`.
#[track_caller]
pub fn check_mirroring(objects: impl IntoIterator<Item = Object>, expected: Expect) {
    check_in(&World::of(objects), &EndpointSliceMirroring::default(), expected);
}

/// The same with room for so many addresses of a subset.
#[track_caller]
pub fn check_mirroring_of(max: usize, objects: impl IntoIterator<Item = Object>, expected: Expect) {
    let controller =
        EndpointSliceMirroring::new(Settings { max_endpoints_per_subset: max, ..Settings::default() });
    check_in(&World::of(objects), &controller, expected);
}

/// What a controller plans for `web`.
#[track_caller]
pub fn check_in(world: &World, controller: &dyn Controller, expected: Expect) {
    expected.assert_eq(&render(&world.plan_of(controller, &name("web"))));
}

pub fn render(plan: &Plan) -> String {
    let Plan { reads, writes, requeue_at, events, held_back, figures: _, fault } = plan;
    assert!(reads.is_empty() && requeue_at.is_none() && held_back.is_none() && fault.is_none());
    let mut text = String::new();
    for write in writes {
        write!(text, "{} {}", write.verb(), write.object().name).unwrap();
        match write {
            Write::CreateEndpoints(create) => text += &content(&create.content),
            Write::UpdateEndpoints(update) => text += &content(&update.content),
            Write::CreateEndpointSlice(create) => text += &slice_content(&create.content),
            Write::UpdateEndpointSlice(update) => text += &slice_content(&update.content),
            _ => text += "\n",
        }
    }
    for event in events {
        writeln!(text, "event {} of {}: {}", event.reason, event.regarding.kind, event.message).unwrap();
    }
    if text.is_empty() { "nothing\n".to_owned() } else { text }
}

fn content(content: &EndpointsContent) -> String {
    let EndpointsContent { labels, annotations, subsets } = content;
    format!("\n{}", body(labels, annotations, &render_subsets(subsets)))
}

fn body(labels: &LabelSet, annotations: &LabelSet, rest: &str) -> String {
    let pairs = |title: &str, set: &LabelSet| {
        let pairs = set.iter().map(|(key, value)| format!("  {title} {key}={value}\n"));
        pairs.collect::<String>()
    };
    format!("{}{}{rest}", pairs("label", labels), pairs("annotation", annotations))
}

fn render_subsets(subsets: &[EndpointSubset]) -> String {
    let mut text = String::new();
    for subset in subsets {
        let ports = subset.ports.iter().map(|port| format!(" {}:{}/{}", port.name, port.port, port.protocol));
        let ports: String = ports.collect();
        write!(text, "  ready {}", addresses(&subset.ready)).unwrap();
        if !subset.not_ready.is_empty() {
            write!(text, ", not ready {}", addresses(&subset.not_ready)).unwrap();
        }
        writeln!(text, " at{}", if ports.is_empty() { " no port" } else { &ports }).unwrap();
    }
    text
}

fn addresses(addresses: &[EndpointAddress]) -> String {
    let texts: Vec<String> = addresses.iter().map(address).collect();
    shortened(&texts)
}

fn shortened(texts: &[String]) -> String {
    match texts {
        [] => "none".to_owned(),
        [first, .., last] if texts.len() > 6 => format!("{} from {first} to {last}", texts.len()),
        texts => texts.join(" "),
    }
}

/// IP, what is behind it, the node if it is not `n1`, and the hostname.
fn address(address: &EndpointAddress) -> String {
    let EndpointAddress { ip, hostname, node, target } = address;
    described(ip, hostname.as_ref(), node.as_ref(), target.as_ref().map(|target| &target.name))
}

fn described(ip: &str, hostname: Option<&Name>, node: Option<&Name>, target: Option<&Name>) -> String {
    let mut text = ip.to_owned();
    let node = node.filter(|node| ***node != *"n1");
    for (mark, part) in [("=", target), ("@", node), ("#", hostname)] {
        if let Some(part) = part {
            write!(text, "{mark}{part}").unwrap();
        }
    }
    text
}

fn slice_content(content: &EndpointSliceContent) -> String {
    let EndpointSliceContent { labels, annotations, address_type, endpoints, ports } = content;
    let AddressType::Ip(family) = address_type else { panic!("no IPs: {content:?}") };
    let ports = ports.iter().map(|port| {
        let name = port.name.as_deref().unwrap_or("?");
        let protocol = port.protocol.as_deref().unwrap_or("?");
        format!(" {name}:{}/{protocol}", port.port.unwrap())
    });
    let ports: String = ports.collect();
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for endpoint in endpoints.iter() {
        let ips = endpoint.addresses.join("+");
        let target = endpoint.target.as_ref().map(|target| &target.name);
        let text = described(&ips, endpoint.hostname.as_ref(), endpoint.node.as_ref(), target);
        let conditions = &endpoint.conditions;
        assert_eq!((conditions.serving, conditions.terminating), (None, None));
        let state = if conditions.ready == Some(true) { "ready" } else { "not ready" };
        texts.entry(state).or_default().push(text);
    }
    let endpoints = texts.iter().rev().map(|(state, texts)| format!("  {state} {}\n", shortened(texts)));
    let endpoints: String = endpoints.collect();
    format!(" {} at{ports}\n{}", family.name(), body(labels, annotations, &endpoints))
}
