//! A store, what the engine remembers of `web`, and a server that does what it is asked to.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use mainstay_engine::{Controller, Failure, HeldBack, Memory, Moment, Now, Plan, Store, View};
use mainstay_model::{
    Found, Kind, LabelSet, Meta, Object, ObjectName, OwnerReference, Pod, Read, ReadOutcome,
    ReplicationController, ResourceVersion, Timestamp, Tombstone, Uid, Write,
};
use mainstay_replication::{ReplicationControllers, Settings};

use crate::objects::{NOW, name};

pub struct World {
    pub store: Store,
    pub memory: Memory,
    pub now: Now,
    pub burst: usize,
    next_uid: u128,
}

impl World {
    pub fn of(objects: impl IntoIterator<Item = Object>) -> World {
        let mut store = Store::default();
        for object in objects {
            store.apply(object);
        }
        World {
            store,
            memory: Memory::default(),
            now: Now { moment: Moment::default(), wall: NOW },
            burst: 500,
            next_uid: 0xf000_0000,
        }
    }

    pub fn burst(mut self, burst: usize) -> World {
        self.burst = burst;
        self
    }

    pub fn remembering(mut self, remember: impl FnOnce(&mut Memory)) -> World {
        remember(&mut self.memory);
        self
    }

    pub fn failed(self, write: Write, message: &str) -> World {
        self.remembering(|memory| memory.failure = Some(Failure { write, message: message.to_owned() }))
    }

    pub fn answered(self, outcome: ReadOutcome) -> World {
        self.remembering(|memory| {
            memory.answers = vec![(Read { kind: Kind::ReplicationController, object: name("web") }, outcome)];
        })
    }

    pub fn plan(&self, key: &ObjectName) -> Plan {
        let controller = ReplicationControllers::new(Settings { burst: self.burst });
        controller.plan(key, &View { store: &self.store, memory: &self.memory }, self.now)
    }

    /// Plans and does what was planned until nothing is left to do, not even later; gives every plan on the way.
    pub fn settle(&mut self, key: &ObjectName) -> Vec<Plan> {
        let mut plans = Vec::new();
        loop {
            let plan = self.plan(key);
            self.memory = Memory::default();
            if plan.writes.is_empty() && plan.reads.is_empty() {
                let Some(next) = plan.requeue_at.filter(|_| plan.held_back.is_some()) else { return plans };
                self.now.wall = next;
                continue;
            }
            self.memory.answers = plan.reads.iter().map(|read| (read.clone(), self.read(read))).collect();
            for write in &plan.writes {
                self.write(write);
            }
            plans.push(plan);
            assert!(plans.len() < 100, "no end in sight: {:#?}", &plans[90..]);
        }
    }

    fn read(&self, read: &Read) -> ReadOutcome {
        self.store.get(read.kind, &read.object).map_or(ReadOutcome::NotFound, |object| {
            let Meta { uid, version, .. } = *object.meta();
            let deleting = object.meta().is_deleting();
            ReadOutcome::Found(Found { uid, version, deleting, controller: None })
        })
    }

    /// Does what is asked; what would be refused is a fault of the test.
    pub fn write(&mut self, write: &Write) {
        match write {
            Write::CreatePod(create) => {
                assert!(self.store.pods().get(&create.pod).is_none(), "the name is in use: {:?}", create.pod);
                self.next_uid += 1;
                let owner = OwnerReference {
                    api_version: create.owner.kind.api_version().into(),
                    kind: create.owner.kind.name().into(),
                    name: create.owner.name.clone(),
                    uid: Some(create.owner.uid),
                    controller: true,
                };
                let uid = Uid(self.next_uid);
                self.store.apply(Object::Pod(Arc::new(new_pod(
                    create.pod.clone(),
                    uid,
                    &create.template.labels,
                    owner,
                    self.now.wall,
                ))));
            }
            Write::AdoptPod(adopt) => {
                let owner = OwnerReference {
                    api_version: adopt.owner.kind.api_version().into(),
                    kind: adopt.owner.kind.name().into(),
                    name: adopt.owner.name.clone(),
                    uid: Some(adopt.owner.uid),
                    controller: true,
                };
                self.change_pod(&adopt.pod, adopt.uid, |pod| {
                    let others = pod.meta.owners.iter().filter(|other| other.uid != owner.uid);
                    pod.meta.owners = others.cloned().chain([owner.clone()]).collect();
                });
            }
            Write::ReleasePod(release) => self.change_pod(&release.pod, release.uid, |pod| {
                let others = pod.meta.owners.iter().filter(|other| other.uid != Some(release.owner));
                pod.meta.owners = others.cloned().collect();
            }),
            Write::DeletePod(delete) => {
                let gone = self.store.delete(&Tombstone {
                    kind: Kind::Pod,
                    name: delete.pod.clone(),
                    uid: delete.uid,
                    version: ResourceVersion(9),
                });
                assert!(gone.is_some(), "nothing to delete: {delete:?}");
            }
            Write::PatchReplicationControllerStatus(patch) => {
                let controller = self.store.replication_controllers().get(&patch.object).unwrap();
                assert_eq!(controller.meta.uid, patch.uid);
                assert_eq!(controller.meta.version, patch.version);
                let mut controller = ReplicationController::clone(controller);
                controller.status = patch.status.clone();
                controller.meta.version.0 += 1;
                self.store.apply(Object::ReplicationController(Arc::new(controller)));
            }
            other => panic!("not for this controller: {other:?}"),
        }
    }

    pub fn change_pod(&mut self, pod: &ObjectName, uid: Uid, change: impl FnOnce(&mut Pod)) {
        let mut pod = Pod::clone(self.store.pods().get(pod).unwrap());
        assert_eq!(pod.meta.uid, uid);
        change(&mut pod);
        self.store.apply(Object::Pod(Arc::new(pod)));
    }
}

fn new_pod(name: ObjectName, uid: Uid, labels: &LabelSet, owner: OwnerReference, created: Timestamp) -> Pod {
    Pod::new(Meta {
        version: ResourceVersion(1),
        labels: labels.clone(),
        owners: [owner].into(),
        created: Some(Timestamp::from_seconds(created.seconds())),
        ..Meta::new(name, uid)
    })
}

/// What is planned for `web`.
#[track_caller]
pub fn check(world: &World, expected: Expect) {
    expected.assert_eq(&render(&world.plan(&name("web"))));
}

/// Every plan for `web` until there is nothing left to do, separated by lines.
#[track_caller]
pub fn check_until_idle(world: &mut World, expected: Expect) {
    let plans: Vec<String> = world.settle(&name("web")).iter().map(render).collect();
    expected.assert_eq(&plans.join("--\n"));
}

pub fn render(plan: &Plan) -> String {
    let Plan { reads, writes, requeue_at, events, held_back, figures: _, fault } = plan;
    let mut text = String::new();
    for read in reads {
        writeln!(text, "read {} {}", read.kind, read.object.name).unwrap();
    }
    let mut position = 0;
    while let Some(write) = writes.get(position) {
        let alike = writes[position..].iter().take_while(|other| other.verb() == write.verb()).count();
        if let Write::PatchReplicationControllerStatus(patch) = write {
            let status = &patch.status;
            writeln!(
                text,
                "status {} replicas, {} fully labelled, {} ready, {} available, generation {}",
                status.replicas,
                status.fully_labeled_replicas,
                status.ready_replicas,
                status.available_replicas,
                status.observed_generation
            )
            .unwrap();
            for condition in &status.conditions {
                let age = condition.last_transition.and_then(|since| NOW.since(since)).unwrap();
                writeln!(
                    text,
                    "  {} {} for {age:?}: {}: {}",
                    condition.kind, condition.status, condition.reason, condition.message
                )
                .unwrap();
            }
        } else {
            let names: Vec<&str> =
                writes[position..position + alike].iter().map(|write| &*write.object().name).collect();
            let names = match names.as_slice() {
                [first, .., last] if names.len() > 5 => format!("{} pods: {first} .. {last}", names.len()),
                _ => names.join(" "),
            };
            writeln!(text, "{} {names}", write.verb()).unwrap();
        }
        position += alike;
    }
    if let Some(HeldBack { count, until }) = held_back {
        writeln!(text, "{count} held back for {:?}", until.since(NOW).unwrap()).unwrap();
    }
    if let Some(moment) = requeue_at {
        writeln!(text, "again in {:?}", moment.since(NOW)).unwrap();
    }
    for event in events {
        writeln!(text, "event {}", event.message).unwrap();
    }
    if let Some(fault) = fault {
        writeln!(text, "fault: {fault}").unwrap();
    }
    if text.is_empty() { "nothing\n".to_owned() } else { text }
}
