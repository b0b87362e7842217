//! A store, what the engine remembers of `web`, and a server that does what it is asked to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use expect_test::Expect;
use mainstay_endpoints::slices::{EndpointSlices, Settings};
use mainstay_engine::{Controller, Memory, Now, Plan, Store, View};
use mainstay_model::{
    AddressType, EndpointSlice, Found, Kind, Meta, Object, ObjectName, OwnerReference, Read, ReadOutcome,
    ResourceVersion, Tombstone, Uid, Write,
};

use crate::objects::{IntoObject, meta, name, node, pod, service};

#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub memory: Memory,
    pub max: usize,
    next: u64,
}

impl World {
    pub fn of(objects: impl IntoIterator<Item = Object>) -> World {
        let mut store = Store::default();
        for object in objects {
            store.apply(object);
        }
        World { store, memory: Memory::default(), max: 100, next: 100 }
    }

    /// `web`, one node in `zone-a`, and so many ready pods.
    pub fn with_pods(count: usize) -> World {
        let mut world = World::of([service().object(), node("node-a", "").object()]);
        world.add((0..count).map(|number| pod(number).object()));
        world
    }

    pub fn max(mut self, max: usize) -> World {
        self.max = max;
        self
    }

    pub fn add(&mut self, objects: impl IntoIterator<Item = Object>) -> &mut World {
        for object in objects {
            self.store.apply(object);
        }
        self
    }

    pub fn controller(&self) -> EndpointSlices {
        EndpointSlices::new(Settings { max_endpoints_per_slice: self.max, ..Settings::default() })
    }

    /// The plan, with what it reads first answered as the store says it.
    pub fn plan(&self) -> Plan {
        let plan = self.plan_with(&[]);
        if plan.reads.is_empty() {
            return plan;
        }
        let answer = |read: &Read| match self.store.get(read.kind, &read.object) {
            None => ReadOutcome::NotFound,
            Some(object) => {
                let &Meta { uid, version, .. } = object.meta();
                ReadOutcome::Found(Found { uid, version, deleting: false, controller: None })
            }
        };
        let answers: Vec<_> = plan.reads.iter().map(|read| (read.clone(), answer(read))).collect();
        self.plan_with(&answers)
    }

    /// The plan after these answers to its reads.
    pub fn plan_with(&self, answers: &[(Read, ReadOutcome)]) -> Plan {
        let memory = Memory { answers: answers.to_vec(), ..self.memory.clone() };
        let view = View { store: &self.store, memory: &memory };
        self.controller().plan(&name("web"), &view, Now::default())
    }

    /// Plans and does what was planned until nothing is left to do; gives every plan on the way.
    pub fn settle(&mut self) -> Vec<Plan> {
        let mut plans = Vec::new();
        loop {
            let plan = self.plan();
            if plan.writes.is_empty() {
                return plans;
            }
            plan.writes.iter().for_each(|write| self.write(write));
            plans.push(plan);
            assert!(plans.len() < 60, "no end in sight: {:#?}", &plans[56..]);
        }
    }

    /// Does what is asked; what would be refused is a fault of the test.
    pub fn write(&mut self, write: &Write) {
        self.next += 1;
        let version = ResourceVersion(self.next);
        match write {
            Write::CreateEndpointSlice(create) => {
                assert!(self.store.endpoint_slices().get(&create.slice).is_none(), "the name is in use");
                let mut meta = meta(create.slice.clone(), Uid(0xf_0000_0000 + u128::from(self.next)));
                meta.version = version;
                meta.labels = create.content.labels.clone();
                meta.owners = [OwnerReference {
                    api_version: create.owner.kind.api_version().into(),
                    kind: create.owner.kind.name().into(),
                    name: create.owner.name.clone(),
                    uid: Some(create.owner.uid),
                    controller: true,
                }]
                .into();
                let content = EndpointSlice {
                    meta,
                    annotations: create.content.annotations.clone(),
                    address_type: create.content.address_type,
                    endpoints: create.content.endpoints.clone(),
                    ports: create.content.ports.clone(),
                    kept: Bytes::from_static(b"kept"),
                };
                self.store.apply(content.object());
            }
            Write::UpdateEndpointSlice(update) => {
                let old = self.store.endpoint_slices().get(&update.slice).expect("nothing to update");
                assert_eq!((old.meta.uid, old.meta.version), (update.uid, update.version));
                assert_eq!(old.kept, update.kept);
                assert_eq!(old.address_type, update.content.address_type);
                let mut slice = EndpointSlice::clone(old);
                slice.meta.version = version;
                slice.meta.labels = update.content.labels.clone();
                slice.annotations = update.content.annotations.clone();
                slice.endpoints = update.content.endpoints.clone();
                slice.ports = update.content.ports.clone();
                let says_new = *old.endpoints != *slice.endpoints
                    || old.ports != slice.ports
                    || old.meta.labels != slice.meta.labels;
                assert!(says_new, "nothing new: {update:?}");
                self.store.apply(slice.object());
            }
            Write::DeleteObject(delete) => {
                let old = self.store.endpoint_slices().get(&delete.object).expect("nothing to delete");
                assert_eq!(old.meta.version, delete.version);
                let gone = self.store.delete(&Tombstone {
                    kind: Kind::EndpointSlice,
                    name: delete.object.clone(),
                    uid: delete.uid,
                    version,
                });
                assert!(gone.is_some(), "nothing to delete: {delete:?}");
            }
            other => panic!("not a write to slices: {other:?}"),
        }
    }

    /// The slices of `web` in the order of their names.
    pub fn slices(&self) -> Vec<Arc<EndpointSlice>> {
        self.store.endpoint_slices().of_service(&name("web")).cloned().collect()
    }

    /// How many endpoints are in each slice, in ascending order.
    pub fn lengths(&self) -> Vec<usize> {
        let mut lengths: Vec<usize> = self.slices().iter().map(|slice| slice.endpoints.len()).collect();
        lengths.sort_unstable();
        lengths
    }

    /// How often each pod stands in slices of IPv4.
    pub fn published(&self) -> BTreeMap<String, usize> {
        let mut published = BTreeMap::new();
        let slices = self.slices();
        let v4 =
            slices.iter().filter(|slice| slice.address_type == AddressType::Ip(mainstay_model::IpFamily::V4));
        for endpoint in v4.flat_map(|slice| slice.endpoints.iter()) {
            *published.entry(endpoint.target.as_ref().unwrap().name.to_string()).or_default() += 1;
        }
        published
    }

    pub fn change_service(&mut self, change: impl FnOnce(&mut mainstay_model::Service)) {
        let mut service = mainstay_model::Service::clone(self.store.services().get(&name("web")).unwrap());
        change(&mut service);
        self.add([service.object()]);
    }

    pub fn change_pod(&mut self, number: usize, change: impl FnOnce(&mut mainstay_model::Pod)) {
        let mut it = mainstay_model::Pod::clone(self.store.pods().get(&pod(number).meta.name).unwrap());
        change(&mut it);
        self.add([it.object()]);
    }

    pub fn remove(&mut self, kind: Kind, name: &ObjectName) {
        let uid = self.store.get(kind, name).unwrap().meta().uid;
        self.store.remove(kind, name, uid).unwrap();
    }

    pub fn remove_pods(&mut self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.remove(Kind::Pod, &pod(number).meta.name);
        }
    }

    pub fn change_slice(&mut self, name: &ObjectName, change: impl FnOnce(&mut EndpointSlice)) {
        let mut slice = EndpointSlice::clone(self.store.endpoint_slices().get(name).unwrap());
        change(&mut slice);
        self.next += 1;
        slice.meta.version = ResourceVersion(self.next);
        self.add([slice.object()]);
    }
}

/// What is planned for `web`.
#[track_caller]
pub fn check(world: &World, expected: Expect) {
    expected.assert_eq(&render(&world.plan()));
}

/// Every plan for `web` until there is nothing left to do, separated by lines.
#[track_caller]
pub fn check_until_idle(world: &mut World, expected: Expect) {
    let plans: Vec<String> = world.settle().iter().map(render).collect();
    expected.assert_eq(&plans.join("--\n"));
}

/// The verbs of a plan and how often each is there.
pub fn verbs(plan: &Plan) -> Vec<&'static str> {
    plan.writes.iter().map(Write::verb).collect()
}

pub fn all_verbs(plans: &[Plan]) -> Vec<&'static str> {
    plans.iter().flat_map(verbs).collect()
}

pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    for write in &plan.writes {
        let content = match write {
            Write::CreateEndpointSlice(create) => &create.content,
            Write::UpdateEndpointSlice(update) => &update.content,
            other => {
                writeln!(text, "{} {}", other.verb(), other.object().name).unwrap();
                continue;
            }
        };
        let address_type = match content.address_type {
            AddressType::Ip(family) => family.name(),
            AddressType::Other => "other",
        };
        let ports: Vec<String> = content
            .ports
            .iter()
            .map(|port| format!("{}:{}", port.name.as_deref().unwrap_or("-"), port.port.unwrap_or_default()))
            .collect();
        let name = match write {
            // The name itself is looked at where names are.
            Write::CreateEndpointSlice(create) => &create.generate_name,
            _ => &write.object().name,
        };
        writeln!(text, "{} {name} {address_type} [{}]", write.verb(), ports.join(" ")).unwrap();
        let known: BTreeSet<&str> =
            ["kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"].into();
        for (key, value) in content.labels.iter().filter(|(key, _)| !known.contains(&***key)) {
            writeln!(text, "  label {key}={value}").unwrap();
        }
        for (key, value) in content.annotations.iter() {
            writeln!(text, "  annotation {}={value}", key.rsplit('/').next().unwrap()).unwrap();
        }
        if content.endpoints.len() > 6 {
            writeln!(text, "  {} endpoints", content.endpoints.len()).unwrap();
            continue;
        }
        for endpoint in content.endpoints.iter() {
            let condition = |value: Option<bool>, word: &str| match value {
                Some(true) => format!(" {word}"),
                Some(false) => String::new(),
                None => format!(" {word}?"),
            };
            write!(text, "  {}", endpoint.target.as_ref().map_or("-", |target| &*target.name)).unwrap();
            write!(text, " {}", endpoint.addresses.join(",")).unwrap();
            text += &condition(endpoint.conditions.ready, "ready");
            text += &condition(endpoint.conditions.serving, "serving");
            text += &condition(endpoint.conditions.terminating, "terminating");
            for (word, value) in
                [("host", &endpoint.hostname), ("on", &endpoint.node), ("in", &endpoint.zone)]
            {
                if let Some(value) = value {
                    write!(text, " {word} {value}").unwrap();
                }
            }
            for hint in endpoint.zone_hints.iter().chain(&endpoint.node_hints) {
                write!(text, " for {hint}").unwrap();
            }
            text.push('\n');
        }
    }
    for event in &plan.events {
        writeln!(text, "event {} {}", event.reason, event.message).unwrap();
    }
    if let Some(fault) = &plan.fault {
        writeln!(text, "fault: {fault}").unwrap();
    }
    if text.is_empty() { "nothing\n".to_owned() } else { text }
}
