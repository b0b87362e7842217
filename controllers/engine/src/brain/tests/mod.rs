//! The brain with a controller that does little: so many pods for each ReplicationController, whatever their labels.

mod audits;
mod counts;
mod failures;
mod gates;
mod held_back;
mod leadership;
mod measuring;
mod relief;
mod rivalry;
mod settling;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{
    ControllerReference, CreatePod, DeletePod, Event, EventRecord, Found, Kind, Meta, Name, Object,
    ObjectName, OwnerReference, Pod, PodTemplate, ReadOutcome, ReplicationController,
    ReplicationControllerStatus, ResourceQuota, ResourceVersion, StatusPatch, Timestamp, Tombstone, Uid,
    Write, WriteOutcome,
};

use super::{Brain, BrainSettings};
use crate::clock::{Moment, Now};
use crate::controller::{Controller, Plan, View};
use crate::effect::{Effect, ReadId, WriteId};
use crate::input::{Input, Listing, SourceEvent};
use crate::meter::NoMeter;
use crate::notice::Notice;
use crate::source::Source;
use crate::store::Change;

const PODS: Source = Source::everywhere(Kind::Pod);
const OWNERS: Source = Source::everywhere(Kind::ReplicationController);
const QUOTAS: Source = Source::everywhere(Kind::ResourceQuota);

/// With so many replicas the keeper reads the owner first, and never likes what it finds.
const NEEDS_A_READ: i32 = 12_345;

/// With so many replicas the keeper makes none for a minute after the owner's creation, and says so.
const HELD_BACK: i32 = 54_321;

/// Keeps `replicas` pods, names them in order, writes the count into the status.
struct Keeper;

impl Controller for Keeper {
    fn name(&self) -> &'static str {
        "keeper"
    }

    fn queue(&self) -> &'static str {
        "keeper"
    }

    fn metrics(&self) -> &'static [crate::Metric] {
        measuring::METRICS
    }

    fn primary(&self) -> Kind {
        Kind::ReplicationController
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Pod, Kind::ReplicationController]
    }

    fn helpful_kinds(&self) -> &'static [Kind] {
        &[Kind::ResourceQuota]
    }

    /// Any quota that changes gives room to everybody.
    fn relieve(&self, store: &crate::Store, change: &Change, keys: &mut Vec<ObjectName>) {
        if let Some(Object::ResourceQuota(_)) = change.new.as_ref().or(change.old.as_ref()) {
            keys.extend(store.replication_controllers().iter().map(|owner| owner.meta.name.clone()));
        }
    }

    fn route(&self, _: &crate::Store, change: &Change, keys: &mut Vec<ObjectName>) {
        for object in [&change.old, &change.new].into_iter().flatten() {
            match object {
                Object::ReplicationController(owner) => keys.push(owner.meta.name.clone()),
                Object::Pod(pod) => keys.extend(
                    pod.meta
                        .controller()
                        .map(|owner| ObjectName::new(pod.meta.name.namespace.clone(), owner.name.clone())),
                ),
                other => panic!("the keeper does not need {}", other.kind()),
            }
        }
    }

    fn accepted(&self, write: &Write) -> Option<(&'static str, &'static str)> {
        matches!(write, Write::CreatePod(_)).then_some(("made", "pod"))
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let Some(owner) = view.store.replication_controllers().get(key) else { return Plan::default() };
        assert!(owner.replicas >= 0, "a plan that panics");
        if owner.replicas == NEEDS_A_READ {
            let read = mainstay_model::Read { kind: Kind::ReplicationController, object: key.clone() };
            return match view.memory.answers.first() {
                None => Plan { reads: vec![read], ..Plan::default() },
                Some(answer) => Plan { fault: Some(format!("{answer:?}")), ..Plan::default() },
            };
        }
        if owner.replicas == HELD_BACK {
            return held_back::plan(owner, now);
        }
        let pods: Vec<_> =
            view.store.pods().controlled_by(owner.meta.uid).filter(|pod| pod.is_active()).collect();
        let wanted = owner.replicas as usize;
        let mut plan = Plan { figures: measuring::figures(wanted), ..Plan::default() };
        if !view.memory.backing_off {
            let missing = wanted.saturating_sub(pods.len());
            let again = view.memory.unsettled.iter().take(missing).cloned();
            plan.writes.extend(again.map(Write::CreatePod));
            let bears = |name: &Name| {
                view.store.pods().get(&ObjectName::new(key.namespace.clone(), name.clone())).is_some()
            };
            let known: BTreeSet<Name> =
                view.memory.unsettled.iter().map(|create| create.pod.name.clone()).collect();
            let names = (0..).map(|number| Name::from(format!("{}-{number}", key.name)));
            let free = names
                .filter(|name| !bears(name) && !view.memory.taken.contains(name) && !known.contains(name));
            for name in free.take(missing.saturating_sub(view.memory.unsettled.len())) {
                plan.writes.push(create(owner, &name));
            }
            let mut victims: Vec<_> = pods.iter().skip(wanted).collect();
            victims.sort_by_key(|pod| !view.memory.doomed.contains(&pod.meta.uid));
            for pod in victims {
                plan.writes
                    .push(Write::DeletePod(DeletePod { pod: pod.meta.name.clone(), uid: pod.meta.uid }));
            }
        }
        let message = view.memory.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        let conditions = if message.is_empty() { vec![] } else { vec![failure_condition(&message)] };
        let status =
            ReplicationControllerStatus { replicas: pods.len() as i32, conditions, ..Default::default() };
        if status != owner.status {
            let Meta { name, uid, version, .. } = owner.meta.clone();
            plan.writes.push(Write::PatchReplicationControllerStatus(StatusPatch {
                object: name,
                uid,
                version,
                status,
            }));
        }
        plan
    }

    fn report(&self, _: &crate::Store, _: &ObjectName, _: &Write, _: &WriteOutcome) -> Option<Event> {
        None
    }
}

fn failure_condition(message: &str) -> mainstay_model::Condition {
    mainstay_model::Condition {
        kind: "ReplicaFailure".into(),
        status: "True".into(),
        last_transition: None,
        reason: String::new(),
        message: message.into(),
    }
}

fn create(owner: &ReplicationController, name: &str) -> Write {
    Write::CreatePod(CreatePod {
        pod: ObjectName::new(owner.meta.name.namespace.clone(), name),
        generate_name: "".into(),
        owner: ControllerReference {
            kind: Kind::ReplicationController,
            name: owner.meta.name.name.clone(),
            uid: owner.meta.uid,
        },
        template: Arc::new(PodTemplate::default()),
    })
}

/// A brain, and an apiserver's memory as far as the tests need one.
struct Bench {
    brain: Brain,
    now: Now,
    version: u64,
    next_uid: u128,
    /// Dispatched and not answered.
    writes: Vec<(WriteId, Write)>,
    reads: Vec<(ReadId, ObjectName)>,
    relists: Vec<Source>,
    newest_asked: Vec<Source>,
    audits: Vec<Source>,
    notices: Vec<Notice>,
    rivals: Vec<crate::RivalRequest>,
    events: Vec<EventRecord>,
}

const OWNER: Uid = Uid(7);

impl Bench {
    /// A standby with empty lists.
    fn standby(settings: BrainSettings) -> Bench {
        Bench::standby_with(settings, vec![PODS, OWNERS])
    }

    /// The same with other sources; those of pods and owners are listed.
    fn standby_with(settings: BrainSettings, sources: Vec<Source>) -> Bench {
        let brain = Brain::new(settings, vec![Box::new(Keeper)], sources, Box::new(NoMeter));
        let mut bench = Bench {
            brain,
            now: Now { moment: Moment(Duration::from_secs(1)), wall: Timestamp::from_seconds(1_000_000) },
            version: 100,
            next_uid: 1000,
            writes: vec![],
            reads: vec![],
            relists: vec![],
            newest_asked: vec![],
            audits: vec![],
            notices: vec![],
            rivals: vec![],
            events: vec![],
        };
        for source in [PODS, OWNERS] {
            bench.list(source, vec![]);
        }
        bench
    }

    /// A leader with empty, fresh lists.
    fn leader() -> Bench {
        Bench::leader_with(vec![PODS, OWNERS])
    }

    fn leader_with(sources: Vec<Source>) -> Bench {
        let settings = BrainSettings { audit_interval: None, ..Default::default() };
        let mut bench = Bench::standby_with(settings, sources);
        bench.input(Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
        for source in [PODS, OWNERS] {
            bench.newest(source, Some(ResourceVersion(100)));
        }
        bench
    }

    fn input(&mut self, input: Input) {
        self.brain.handle(self.now, input);
        self.run();
    }

    fn run(&mut self) {
        let mut effects = vec![];
        self.brain.run(self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Write { id, write, .. } => self.writes.push((id, write)),
                Effect::Read { id, read } => self.reads.push((id, read.object)),
                Effect::Relist(source) => self.relists.push(source),
                Effect::ReadNewestVersion { source, .. } => self.newest_asked.push(source),
                Effect::Audit(source) => self.audits.push(source),
                Effect::Notice(notice) => self.notices.push(notice),
                Effect::Rivals(request) => self.rivals.push(request),
                Effect::Event(record) => self.events.push(record),
            }
        }
    }

    /// The newest version, asked for just now.
    fn newest(&mut self, source: Source, version: Option<ResourceVersion>) {
        let asked = self.now.moment;
        self.input(Input::NewestVersion { source, asked, version });
    }

    fn pass(&mut self, time: Duration) {
        self.now.moment = self.now.moment.after(time);
        self.now.wall = self.now.wall.after(time);
        self.run();
    }

    fn next_version(&mut self) -> ResourceVersion {
        self.version += 1;
        ResourceVersion(self.version)
    }

    fn list(&mut self, source: Source, objects: Vec<Object>) {
        let listing = Listing {
            objects,
            unreadable: vec![],
            version: ResourceVersion(self.version),
            begun: self.now.moment,
        };
        self.input(Input::Source(source, SourceEvent::Listed(listing)));
    }

    fn apply(&mut self, source: Source, object: Object) {
        self.input(Input::Source(source, SourceEvent::Applied(object)));
    }

    /// The user writes the owner's spec; the watch delivers it.
    fn scale(&mut self, replicas: i32) {
        let version = self.next_version();
        let status = self.owner_status();
        self.apply(OWNERS, owner(replicas, version, status));
    }

    fn owner_status(&self) -> ReplicationControllerStatus {
        let name = ObjectName::new("shop", "web");
        self.brain
            .store()
            .replication_controllers()
            .get(&name)
            .map(|owner| owner.status.clone())
            .unwrap_or_default()
    }

    /// Names of what is dispatched and not answered, by verb.
    fn open(&self, verb: &str) -> Vec<String> {
        let of_verb = self.writes.iter().filter(|(_, write)| write.verb() == verb);
        of_verb.map(|(_, write)| write.object().name.to_string()).collect()
    }

    fn take(&mut self, verb: &str, name: &str) -> (WriteId, Write) {
        let position = self
            .writes
            .iter()
            .position(|(_, write)| write.verb() == verb && &*write.object().name == name)
            .unwrap_or_else(|| panic!("no open {verb} of {name} in {:?}", self.writes));
        self.writes.remove(position)
    }

    fn answer(&mut self, verb: &str, name: &str, outcome: WriteOutcome) -> Write {
        let (id, write) = self.take(verb, name);
        self.input(Input::Write { id, outcome, took: Duration::from_millis(5) });
        write
    }

    /// The server commits the write and says so; the watch is silent. Returns the version.
    fn acknowledge(&mut self, verb: &str, name: &str) -> ResourceVersion {
        let version = self.next_version();
        self.answer(verb, name, WriteOutcome::Acknowledged { version: Some(version) });
        version
    }

    fn lose_answer(&mut self, verb: &str, name: &str) -> Write {
        self.answer(verb, name, WriteOutcome::Unknown { message: "connection reset".into() })
    }

    fn refuse(&mut self, verb: &str, name: &str, refusal: mainstay_model::Refusal) {
        self.answer(verb, name, WriteOutcome::Refused(refusal));
    }

    fn answer_read(&mut self, outcome: ReadOutcome) {
        let (id, _) = self.reads.remove(0);
        self.input(Input::Read { id, outcome });
    }

    /// The watch delivers a pod of the owner at that version.
    fn pod_appears(&mut self, name: &str, version: ResourceVersion) -> Object {
        self.next_uid += 1;
        let pod = pod(name, Uid(self.next_uid), version, OWNER);
        self.apply(PODS, pod.clone());
        pod
    }

    /// Creates are answered and delivered, statuses too, until nothing is open.
    fn settle_all(&mut self) {
        while let Some((id, write)) = self.writes.pop() {
            let version = self.next_version();
            self.input(Input::Write {
                id,
                outcome: WriteOutcome::Acknowledged { version: Some(version) },
                took: Duration::from_millis(5),
            });
            match write {
                Write::CreatePod(create) => {
                    self.pod_appears(&create.pod.name, version);
                }
                Write::DeletePod(delete) => self.pod_gone(&delete.pod.name, delete.uid),
                Write::PatchReplicationControllerStatus(patch) => {
                    let name = ObjectName::new("shop", "web");
                    let replicas = self.brain.store().replication_controllers().get(&name).unwrap().replicas;
                    self.apply(OWNERS, owner(replicas, version, patch.status));
                }
                other => panic!("the keeper does not {} a {}", other.verb(), other.kind()),
            }
        }
    }

    /// As `settle_all`, but creates stay open.
    fn settle_all_but_creates(&mut self) {
        let creates: Vec<_> = self.writes.extract_if(.., |(_, write)| write.verb() == "create").collect();
        self.settle_all();
        self.writes.extend(creates);
    }

    fn pod_gone(&mut self, name: &str, uid: Uid) {
        let version = self.next_version();
        let name = ObjectName::new("shop", name);
        let tombstone = Tombstone { kind: Kind::Pod, name, uid, version };
        self.input(Input::Source(PODS, SourceEvent::Deleted(tombstone)));
    }

    /// Whether nothing is left of the past but the objects.
    fn is_at_rest(&self) -> bool {
        self.writes.is_empty()
            && self.brain.is_drained()
            && self.brain.report(self.now).controllers[0].at_work == 0
    }
}

fn owner(replicas: i32, version: ResourceVersion, status: ReplicationControllerStatus) -> Object {
    let mut meta = meta("web", OWNER, version);
    meta.generation = i64::from(replicas);
    Object::ReplicationController(Arc::new(ReplicationController {
        meta,
        replicas,
        min_ready_seconds: 0,
        selector: Default::default(),
        template: None,
        status,
    }))
}

fn pod(name: &str, uid: Uid, version: ResourceVersion, controller: Uid) -> Object {
    let mut meta = meta(name, uid, version);
    meta.owners = Box::new([OwnerReference {
        api_version: "v1".into(),
        kind: "ReplicationController".into(),
        name: "web".into(),
        uid: Some(controller),
        controller: true,
    }]);
    Object::Pod(Arc::new(Pod::new(meta)))
}

fn meta(name: &str, uid: Uid, version: ResourceVersion) -> Meta {
    Meta { version, ..Meta::new(ObjectName::new("shop", name), uid) }
}

fn found(version: ResourceVersion, uid: Uid, controller: Option<Uid>) -> ReadOutcome {
    ReadOutcome::Found(Found { uid, version, deleting: false, controller })
}
