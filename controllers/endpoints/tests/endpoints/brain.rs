//! What answers and watch events make of plans: the controllers inside the engine's brain.

use std::time::Duration;

use mainstay_endpoints::{EndpointSliceMirroring, Endpoints};
use mainstay_engine::{
    Brain, BrainSettings, Controller, Effect, Input, Listing, Moment, NoMeter, Now, Source, SourceEvent,
    WriteId,
};
use mainstay_model::{
    Found, Kind, Object, ReadOutcome, Refusal, ResourceVersion, Tombstone, Write, WriteOutcome,
};

use crate::objects::{CREATED, address, endpoints, name, pod, service};
use crate::world::World;

const KINDS: [Kind; 4] = [Kind::Endpoints, Kind::EndpointSlice, Kind::Pod, Kind::Service];

/// How long each write takes, and so how long its key rests then.
const TOOK: Duration = Duration::from_millis(1);

/// A brain that leads, and a server whose watch says what it is told to say.
struct Bench {
    brain: Brain,
    now: Now,
    version: u64,
    /// Sent and not answered.
    open: Vec<(WriteId, Write)>,
}

impl Bench {
    fn of(objects: impl IntoIterator<Item = Object>) -> Bench {
        let mirroring = EndpointSliceMirroring::default();
        Bench::with(vec![Box::new(Endpoints::default()), Box::new(mirroring)], objects)
    }

    fn with(
        controllers: Vec<Box<dyn Controller + Send>>,
        objects: impl IntoIterator<Item = Object>,
    ) -> Bench {
        let settings = BrainSettings { audit_interval: None, ..BrainSettings::default() };
        let sources = KINDS.map(Source::everywhere);
        let brain = Brain::new(settings, controllers, sources.to_vec(), Box::new(NoMeter));
        let now = Now { moment: Moment(Duration::from_secs(1)), wall: CREATED };
        let mut bench = Bench { brain, now, version: 100, open: vec![] };
        let objects: Vec<Object> = objects.into_iter().collect();
        let (begun, version) = (now.moment, ResourceVersion(100));
        for source in KINDS.map(Source::everywhere) {
            let objects = objects.iter().filter(|object| source.covers(object.kind(), &object.meta().name));
            let listing = Listing { objects: objects.cloned().collect(), unreadable: vec![], version, begun };
            bench.brain.handle(now, Input::Source(source, SourceEvent::Listed(listing)));
        }
        bench.brain.handle(now, Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
        for source in KINDS.map(Source::everywhere) {
            let newest = Input::NewestVersion { source, asked: now.moment, version: Some(version) };
            bench.brain.handle(now, newest);
        }
        bench.run();
        bench
    }

    /// Lets the brain act; its reads are answered from its own store.
    fn run(&mut self) {
        let mut is_answered = true;
        while std::mem::take(&mut is_answered) {
            let mut effects = vec![];
            self.brain.run(self.now, &mut effects);
            for effect in effects {
                match effect {
                    Effect::Write { id, write, .. } => self.open.push((id, write)),
                    Effect::Read { id, read } => {
                        let object = self.brain.store().get(read.kind, &read.object);
                        let outcome = object.map_or(ReadOutcome::NotFound, |object| {
                            let meta = object.meta();
                            let controller = meta.controller().and_then(|owner| owner.uid);
                            let (uid, version) = (meta.uid, meta.version);
                            ReadOutcome::Found(Found { uid, version, deleting: false, controller })
                        });
                        self.brain.handle(self.now, Input::Read { id, outcome });
                        is_answered = true;
                    }
                    _ => {}
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.moment = self.now.moment.after(time);
        self.now.wall = self.now.wall.after(time);
        self.brain.handle(self.now, Input::Tick);
        self.run();
    }

    /// The watch says that an object is so now.
    fn show(&mut self, object: Object) {
        let source = Source::everywhere(object.kind());
        self.brain.handle(self.now, Input::Source(source, SourceEvent::Applied(object)));
        self.run();
    }

    /// A user changes the Endpoints of `web`.
    fn edit(&mut self, edit: impl FnOnce(&mut mainstay_model::Endpoints)) {
        let mut stored = (**self.brain.store().endpoints().get(&name("web")).unwrap()).clone();
        self.version += 1;
        stored.meta.version = ResourceVersion(self.version);
        edit(&mut stored);
        self.show(Object::Endpoints(stored.into()));
    }

    /// The only write that is on its way.
    fn only_open(&mut self) -> (WriteId, Write) {
        assert_eq!(self.open.len(), 1, "{:#?}", self.open);
        self.open.remove(0)
    }

    fn answer(&mut self, id: WriteId, outcome: WriteOutcome) {
        self.now.moment = self.now.moment.after(TOOK);
        self.brain.handle(self.now, Input::Write { id, outcome, took: TOOK });
        self.run();
    }

    /// Does the only write that is on its way; gives what the watch will say of it.
    fn carry_out(&mut self) -> SourceEvent {
        let (id, write) = self.only_open();
        let mut world = World::of(self.brain.store().all(write.kind()));
        world.write(&write);
        self.version += 1;
        let version = ResourceVersion(self.version);
        let event = match world.store.get(write.kind(), write.object()) {
            Some(object) => SourceEvent::Applied(at_version(object, version)),
            None => {
                let (kind, name) = (write.kind(), write.object().clone());
                SourceEvent::Deleted(Tombstone { kind, name, uid: write.uid().unwrap(), version })
            }
        };
        self.answer(id, WriteOutcome::Acknowledged { version: Some(version) });
        event
    }

    /// Carries out one write after the other, each shown at once, until there is none.
    fn settle(&mut self) -> usize {
        let mut count = 0;
        while let Some((_, write)) = self.open.first() {
            let source = Source::everywhere(write.kind());
            let event = self.carry_out();
            self.brain.handle(self.now, Input::Source(source, event));
            self.run();
            self.pass(TOOK * 8);
            count += 1;
            assert!(count < 10, "no end in sight");
        }
        count
    }
}

fn at_version(object: Object, version: ResourceVersion) -> Object {
    match object {
        Object::Endpoints(endpoints) => {
            let mut endpoints = (*endpoints).clone();
            endpoints.meta.version = version;
            Object::Endpoints(endpoints.into())
        }
        Object::EndpointSlice(slice) => {
            let mut slice = (*slice).clone();
            slice.meta.version = version;
            Object::EndpointSlice(slice.into())
        }
        other => panic!("no such write: {other:?}"),
    }
}

fn of_web() -> Bench {
    let mut bench = Bench::of([service("web").object(), pod("a", "10.0.0.1").ready(5).object()]);
    assert_eq!(bench.settle(), 1);
    bench
}

/// Upstream compares with a cache that may be older than its own write.
#[test]
fn issue_108077_nothing_is_compared_with_a_cache_that_is_older_than_our_own_write() {
    let mut bench = of_web();
    bench.show(pod("b", "10.0.0.2").ready(6).object());
    let event = bench.carry_out();
    bench.show(pod("c", "10.0.0.3").ready(7).object());
    assert_eq!(bench.open, [], "the watch is late");
    bench.brain.handle(bench.now, Input::Source(Source::everywhere(Kind::Endpoints), event));
    bench.pass(TOOK);
    let (_, Write::UpdateEndpoints(update)) = bench.only_open() else { panic!("no update") };
    assert_eq!(update.content.subsets[0].ready.len(), 3);
}

#[test]
fn issue_85353_an_edit_is_reverted_and_that_is_all() {
    let mut bench = of_web();
    bench.edit(|stored| stored.subsets = [].into());
    assert_eq!(bench.settle(), 1);
    bench.edit(|stored| stored.annotations = [("note", "mine")].into_iter().collect());
    assert_eq!(bench.settle(), 0);
}

#[test]
fn many_changes_while_a_write_is_on_its_way_are_one_write_after_it() {
    let mut bench = of_web();
    for number in 2..50 {
        bench.show(pod(&format!("p{number}"), &format!("10.0.0.{number}")).ready(6).object());
    }
    assert_eq!(bench.settle(), 2);
    assert_eq!(bench.brain.store().endpoints().get(&name("web")).unwrap().subsets[0].ready.len(), 49);
}

/// The adaptive batching, which is always on.
#[test]
fn a_lone_change_waits_for_nothing_and_those_that_keep_coming_take_half_of_the_time() {
    let mut bench = of_web();
    bench.pass(Duration::from_secs(1));
    bench.show(pod("b", "10.0.0.2").ready(6).object());
    let (id, write) = bench.only_open();
    bench.open.push((id, write));
    bench.now.moment = bench.now.moment.after(Duration::from_millis(200));
    let event = bench.carry_out();
    bench.brain.handle(bench.now, Input::Source(Source::everywhere(Kind::Endpoints), event));
    for number in 3..20 {
        bench.show(pod(&format!("p{number}"), &format!("10.0.0.{number}")).ready(6).object());
        bench.pass(Duration::from_millis(10));
    }
    assert_eq!(bench.open, [], "it rests for as long as the write took");
    bench.pass(Duration::from_millis(40));
    assert_eq!(bench.settle(), 1);
    assert_eq!(bench.brain.store().endpoints().get(&name("web")).unwrap().subsets[0].ready.len(), 19);
}

/// How long each of `count` rests in a row is, in times that the write before it took, while changes keep coming.
fn rests(bench: &mut Bench, count: usize) -> Vec<u32> {
    let mut lengths = Vec::new();
    for number in 0..count {
        let event = bench.carry_out();
        bench.brain.handle(bench.now, Input::Source(Source::everywhere(Kind::Endpoints), event));
        let ip = format!("10.0.{}.1", bench.version);
        bench.show(pod(&format!("p{}-{number}", bench.version), &ip).ready(6).object());
        let mut length = 0;
        while bench.open.is_empty() {
            bench.pass(TOOK);
            length += 1;
        }
        lengths.push(length);
    }
    lengths
}

#[test]
fn in_a_storm_rests_grow_up_to_eight_times_the_writes_and_a_pause_ends_that() {
    let mut bench = of_web();
    bench.pass(Duration::from_secs(1));
    bench.show(pod("first", "10.1.0.1").ready(6).object());
    assert_eq!(rests(&mut bench, 6), [1, 2, 4, 8, 8, 8]);
    bench.settle();
    bench.pass(Duration::from_secs(1));
    bench.show(pod("later", "10.1.0.2").ready(6).object());
    assert_eq!(bench.open.len(), 1, "a lone change waits for nothing");
    assert_eq!(rests(&mut bench, 2), [1, 2]);
}

/// Upstream's `--endpoint-updates-batch-period`: only changes of pods wait.
#[test]
fn a_batch_period_gathers_changes_of_pods() {
    let batch_period = Duration::from_secs(5);
    let controller = Endpoints::new(mainstay_endpoints::subsets::Settings { batch_period });
    let mut bench = Bench::with(vec![Box::new(controller)], [service("web").object()]);
    assert_eq!(bench.settle(), 1);
    bench.pass(Duration::from_secs(1));
    for number in 1..5 {
        bench.show(pod(&format!("p{number}"), &format!("10.0.0.{number}")).ready(6).object());
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.open, []);
    }
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.settle(), 1);
    assert_eq!(bench.brain.store().endpoints().get(&name("web")).unwrap().subsets[0].ready.len(), 4);
    bench.edit(|stored| stored.subsets = [].into());
    assert_eq!(bench.settle(), 1, "what users do is put right at once");
}

/// The server says that somebody else was faster: the next try waits for what the watch says of that.
#[test]
fn a_conflict_is_followed_by_a_write_from_the_newer_state() {
    let mut bench = of_web();
    bench.show(pod("b", "10.0.0.2").ready(6).object());
    let (id, _) = bench.only_open();
    bench.answer(id, WriteOutcome::Refused(Refusal::Conflict { message: "changed".to_owned() }));
    bench.edit(|stored| stored.annotations = [("note", "mine")].into_iter().collect());
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.settle(), 1);
    let stored = bench.brain.store().endpoints().get(&name("web")).unwrap();
    assert_eq!((stored.subsets[0].ready.len(), stored.annotations.get("note").is_some()), (2, true));
}

/// A namespace that goes takes no new objects: no word of it, and no hurry.
#[test]
fn a_namespace_that_terminates_gets_few_tries() {
    let mut bench = Bench::of([service("web").object()]);
    let mut tries = 0;
    for _ in 0..60 {
        while let Some((id, _)) = bench.open.pop() {
            tries += 1;
            assert!(tries < 100, "without a pause");
            let message = "is being terminated".to_owned();
            bench.answer(id, WriteOutcome::Refused(Refusal::NamespaceTerminating { message }));
        }
        bench.pass(Duration::from_secs(1));
    }
    assert!(tries < 30, "{tries} tries in a minute");
}

#[test]
fn what_a_user_writes_is_mirrored_and_goes_with_it() {
    let of_user = endpoints("web").of_user(&["10.0.0.1"]);
    let mut bench = Bench::of([service("web").selectorless().object(), of_user.object()]);
    assert_eq!(bench.settle(), 1);
    bench.edit(|stored| {
        let mut subset = stored.subsets[0].clone();
        subset.ready = [address("10.0.0.9")].into();
        stored.subsets = [subset].into();
    });
    assert_eq!(bench.settle(), 1);
    let slice = bench.brain.store().endpoint_slices().iter().next().unwrap();
    assert_eq!(&*slice.endpoints[0].addresses[0], "10.0.0.9");
    let gone = Tombstone {
        kind: Kind::Endpoints,
        name: name("web"),
        uid: of_user.0.meta.uid,
        version: ResourceVersion(900),
    };
    let source = Source::everywhere(Kind::Endpoints);
    bench.brain.handle(bench.now, Input::Source(source, SourceEvent::Deleted(gone)));
    bench.run();
    assert_eq!(bench.settle(), 1);
    assert!(bench.brain.store().endpoint_slices().is_empty());
}

/// Something on the way to the server, a webhook say, makes of what we write what is there already. That is no reason to send it again,
/// until there is something else to say.
#[test]
fn issue_127370_what_the_server_does_not_change_is_sent_once() {
    let mut bench = of_web();
    bench.edit(|stored| stored.meta.labels = [("from", "a-webhook")].into_iter().collect());
    let (id, Write::UpdateEndpoints(update)) = bench.only_open() else { panic!("no update") };
    bench.answer(id, WriteOutcome::Acknowledged { version: Some(update.version) });
    assert_eq!(bench.open, []);
    bench.pass(Duration::from_secs(600));
    bench.show(pod("a", "10.0.0.1").ready(5).label("more", "labels").object());
    assert_eq!(bench.open, []);
    bench.show(pod("b", "10.0.0.2").ready(6).object());
    let (_, Write::UpdateEndpoints(update)) = bench.only_open() else { panic!("no update") };
    assert_eq!(update.content.subsets[0].ready.len(), 2);
}
