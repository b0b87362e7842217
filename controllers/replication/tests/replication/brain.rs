//! Upstream's scenarios in which time, answers and watch events take part: the controller inside the engine's brain.

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{
    Brain, BrainSettings, Effect, Input, Listing, Moment, NoMeter, Now, Source, SourceEvent, WriteId,
};
use mainstay_model::{
    Found, Kind, Object, Pod, PodPhase, ReadOutcome, Refusal, ReplicationController, ResourceVersion,
    Timestamp, Uid, Write, WriteOutcome,
};
use mainstay_replication::ReplicationControllers;

use crate::objects::{Controller, NOW, WEB, controller, pod};

const PODS: Source = Source::everywhere(Kind::Pod);
const CONTROLLERS: Source = Source::everywhere(Kind::ReplicationController);

/// A brain that leads, and the answers and watch events that a server would give, when the test says so.
struct Bench {
    brain: Brain,
    now: Now,
    version: u64,
    open: Vec<(WriteId, Write)>,
    /// What the server says when it refuses something.
    refusal: &'static str,
}

impl Bench {
    fn of(objects: impl IntoIterator<Item = Object>) -> Bench {
        let settings = BrainSettings { audit_interval: None, ..BrainSettings::default() };
        let controllers: Vec<Box<dyn mainstay_engine::Controller + Send>> =
            vec![Box::new(ReplicationControllers::default())];
        let brain = Brain::new(settings, controllers, vec![PODS, CONTROLLERS], Box::new(NoMeter));
        let now = Now { moment: Moment(Duration::from_secs(1)), wall: NOW };
        let mut bench = Bench { brain, now, version: 100, open: vec![], refusal: "fake error" };
        let (pods, others): (Vec<_>, Vec<_>) =
            objects.into_iter().partition(|object| object.kind() == Kind::Pod);
        for (source, objects) in [(PODS, pods), (CONTROLLERS, others)] {
            let version = ResourceVersion(100);
            let listing = Listing { objects, unreadable: vec![], version, begun: now.moment };
            bench.handle(Input::Source(source, SourceEvent::Listed(listing)));
        }
        bench.handle(Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
        for source in [PODS, CONTROLLERS] {
            let (asked, version) = (bench.now.moment, Some(ResourceVersion(100)));
            bench.handle(Input::NewestVersion { source, asked, version });
        }
        bench.run();
        bench
    }

    fn handle(&mut self, input: Input) {
        self.brain.handle(self.now, input);
    }

    /// Lets the brain act; its reads are answered truthfully by a server that has made no pod in doubt.
    fn run(&mut self) {
        loop {
            let mut effects = vec![];
            self.brain.run(self.now, &mut effects);
            let mut answered = false;
            for effect in effects {
                match effect {
                    Effect::Write { id, write, .. } => self.open.push((id, write)),
                    Effect::Read { id, read } => {
                        let found = |object: Object| {
                            let meta = object.meta();
                            let (uid, version, deleting) = (meta.uid, meta.version, meta.is_deleting());
                            ReadOutcome::Found(Found { uid, version, deleting, controller: None })
                        };
                        let object = self.brain.store().get(read.kind, &read.object);
                        let outcome = object.map_or(ReadOutcome::NotFound, found);
                        self.handle(Input::Read { id, outcome });
                        answered = true;
                    }
                    _ => {}
                }
            }
            if !answered {
                return;
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.moment = self.now.moment.after(time);
        self.now.wall = self.now.wall.after(time);
        self.run();
    }

    /// The verbs of the writes that are on their way.
    fn verbs(&self) -> Vec<&'static str> {
        self.open.iter().map(|(_, write)| write.verb()).collect()
    }

    /// Answers everything that is on its way, in one breath: an object for what is done, a refusal otherwise.
    fn answer(&mut self, mut done: impl FnMut(&Write) -> bool) -> Vec<Object> {
        let mut objects = vec![];
        self.now.moment = self.now.moment.after(Duration::from_millis(1));
        for (id, write) in std::mem::take(&mut self.open) {
            let outcome = if done(&write) {
                self.version += 1;
                objects.extend(self.result(&write));
                WriteOutcome::Acknowledged { version: Some(ResourceVersion(self.version)) }
            } else {
                WriteOutcome::Refused(Refusal::Forbidden { message: self.refusal.to_owned() })
            };
            self.handle(Input::Write { id, outcome, took: Duration::from_millis(1) });
        }
        self.run();
        objects
    }

    /// What the watch will say of a write that was done now.
    fn result(&self, write: &Write) -> Option<Object> {
        let version = ResourceVersion(self.version);
        match write {
            Write::CreatePod(create) => {
                let owner = &create.owner;
                let mut pod = pod(&create.pod.name).owner(owner.kind.name(), &owner.name, owner.uid.0, true);
                pod.0.meta.labels = create.template.labels.clone();
                pod.0.meta.version = version;
                Some(pod.object())
            }
            Write::DeletePod(delete) => {
                let mut pod = Pod::clone(self.brain.store().pods().get(&delete.pod)?);
                pod.meta.deleting = Some(NOW);
                pod.meta.version = version;
                Some(Object::Pod(Arc::new(pod)))
            }
            Write::PatchReplicationControllerStatus(patch) => {
                let controller = self.brain.store().replication_controllers().get(&patch.object)?;
                let mut controller = ReplicationController::clone(controller);
                controller.status = patch.status.clone();
                controller.meta.version = version;
                Some(Object::ReplicationController(Arc::new(controller)))
            }
            _ => None,
        }
    }

    /// The watch says so.
    fn observe(&mut self, objects: impl IntoIterator<Item = Object>) {
        for object in objects {
            self.handle(Input::Source(Source::everywhere(object.kind()), SourceEvent::Applied(object)));
        }
        self.run();
    }

    /// Answers and observes until nothing is on its way.
    fn settle(&mut self) {
        while !self.open.is_empty() {
            let objects = self.answer(|_| true);
            self.observe(objects);
        }
    }

    /// The same, with a server that lets nothing be created, until there is a pause.
    fn refuse_creates(&mut self) {
        while !self.open.is_empty() {
            let seen = self.answer(|write| !creates(write));
            self.observe(seen);
        }
    }

    fn change(&mut self, controller: Controller) {
        self.version += 1;
        let mut controller = controller.0;
        controller.meta.version = ResourceVersion(self.version);
        self.observe([Object::ReplicationController(Arc::new(controller))]);
    }

    /// The conditions: reason, message, and since when.
    fn conditions(&self) -> Vec<(String, String, Option<Timestamp>)> {
        let controller = self.brain.store().replication_controllers().iter().next().unwrap();
        let conditions = controller.status.conditions.iter();
        conditions
            .map(|condition| (condition.reason.clone(), condition.message.clone(), condition.last_transition))
            .collect()
    }

    fn active(&self) -> usize {
        self.brain.store().pods().iter().filter(|pod| pod.is_active()).count()
    }
}

fn creates(write: &Write) -> bool {
    matches!(write, Write::CreatePod(_))
}

/// Ten wanted, a server that stops after five: seven calls, as with upstream's batches of 1, 2 and 4.
#[test]
fn test_slow_start_batch() {
    for (limit, expected_calls) in [(0, 1), (1, 3), (2, 3), (3, 7), (5, 7), (7, 10), (10, 10)] {
        let mut bench = Bench::of([controller(10).object()]);
        let (mut calls, mut made) = (0, 0);
        while bench.verbs().contains(&"create") {
            bench.answer(|write| {
                calls += usize::from(creates(write));
                made += usize::from(creates(write) && made < limit);
                calls <= limit || !creates(write)
            });
        }
        assert_eq!((calls, made), (expected_calls, limit.min(10)), "limit {limit}");
    }
}

/// After a create nothing is made before the watch has shown it; after a failure it is tried again in a while.
#[test]
fn test_sync_replica_set_dormancy() {
    let mut bench = Bench::of([controller(2).status(1, 0, 0).object(), pod("pod").of_web().object()]);
    assert_eq!(bench.verbs(), ["create"]);
    let made = bench.answer(|_| true);
    bench.change(controller(2).status(0, 0, 0));
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.verbs(), [""; 0], "however long the watch takes");
    bench.observe(made);
    bench.settle();
    assert_eq!(bench.active(), 2);

    bench.change(controller(3).generation(2).status(2, 0, 0));
    let seen = bench.answer(|write| !creates(write));
    bench.observe(seen);
    assert!(!bench.verbs().contains(&"create"), "not at once");
    bench.refuse_creates();
    bench.pass(Duration::from_secs(1));
    assert!(bench.verbs().contains(&"create"));
    bench.settle();
    assert_eq!(bench.active(), 3);
}

/// The next burst waits for the last pod of this one.
#[test]
fn test_controller_burst_replicas() {
    let mut bench = Bench::of([controller(700).object()]);
    let mut made = vec![];
    while !bench.open.is_empty() {
        made.extend(bench.answer(|_| true));
    }
    assert_eq!(made.len(), 500);
    let last = made.pop();
    bench.observe(made);
    assert_eq!(bench.verbs(), [""; 0]);
    bench.observe(last);
    assert!(bench.verbs().contains(&"create"));
    bench.settle();
    assert_eq!(bench.active(), 700);
    bench.change(controller(0).generation(2).status(700, 0, 0));
    assert!(bench.verbs().iter().all(|verb| ["delete", "status"].contains(verb)));
    bench.settle();
    assert_eq!(bench.active(), 0);
}

/// One that is deleted and made again under its name, seen as one change, starts anew; the pods of the first stay.
#[test]
fn test_expectations_on_recreate() {
    let mut bench = Bench::of([controller(1).object()]);
    let of_the_first = bench.answer(|_| true);
    bench.change(controller(1).named("web", 0xb));
    bench.observe(of_the_first);
    bench.settle();
    let owned = |uid| bench.brain.store().pods().controlled_by(Uid(uid)).count();
    assert_eq!((owned(WEB.0), owned(0xb)), (1, 1));
}

/// Failure and recovery, as seen in the status.
#[test]
fn a_failure_shows_and_goes() {
    let mut bench = Bench::of([controller(3).object()]);
    for _ in 0..3 {
        bench.refuse_creates();
        assert_eq!(bench.conditions(), [("FailedCreate".to_owned(), "fake error".to_owned(), Some(NOW))]);
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.verbs(), ["create"], "and the status is not written again");
    }
    bench.settle();
    assert_eq!((bench.active(), bench.conditions()), (3, vec![]));
}

/// The message is that of the last failure, the time that of the first. Only pods that are made end it: not a plan that waits for its back-off,
/// nor one that waits for the watch, nor one that holds replicas back.
#[test]
fn a_failure_is_told_as_it_is_now_until_a_clean_pass() {
    let told = |message: &str| vec![("FailedCreate".to_owned(), message.to_owned(), Some(NOW))];
    let mut bench = Bench::of([controller(3).object(), pod("old").of_web().object()]);
    bench.refuse_creates();
    assert_eq!(bench.conditions(), told("fake error"));
    bench.pass(Duration::from_secs(1));
    bench.refusal = "exceeded quota";
    bench.refuse_creates();
    assert_eq!(bench.conditions(), told("exceeded quota"));

    // It waits, and is planned since a pod changes.
    bench.observe([pod("old").of_web().ready(NOW).object()]);
    assert_eq!(bench.verbs(), ["status"]);
    bench.settle();
    assert_eq!(bench.conditions(), told("exceeded quota"));

    // One pod is made and the next one is not; the watch does not show the first.
    bench.pass(Duration::from_secs(30));
    let mut calls = 0;
    let mut made = vec![];
    while bench.verbs().contains(&"create") {
        made.extend(bench.answer(|write| {
            calls += usize::from(creates(write));
            calls < 2
        }));
    }
    assert_eq!(made.len(), 1);
    bench.pass(Duration::from_secs(20));
    assert_eq!(bench.conditions(), told("exceeded quota"));

    // It is shown, and ends at once, as another has: both are held back when the back-off is over, and nothing shows that it would go well now.
    let Some(Object::Pod(mut rejected)) = made.pop() else { panic!() };
    let created = Some(bench.now.wall);
    Arc::make_mut(&mut rejected).phase = PodPhase::Failed;
    Arc::make_mut(&mut rejected).meta.created = created;
    let second = pod("second").of_web().phase(PodPhase::Failed).created(created);
    bench.observe([second.object(), Object::Pod(rejected)]);
    bench.pass(Duration::from_millis(900));
    assert_eq!(bench.verbs(), [""; 0]);
    assert_eq!(bench.conditions(), told("exceeded quota"));

    bench.pass(Duration::from_millis(100));
    bench.settle();
    assert_eq!((bench.active(), bench.conditions()), (3, vec![]));
}
