//! What a plan leaves for later on purpose, and what it tells of that.

use mainstay_model::{EventType, ObjectReference};

use super::*;
use crate::controller::HeldBack;

/// The generation from which on plans tell something and hold nothing back.
const TELLS_ONLY: i64 = 3;

/// Until a minute after the owner was made, each plan holds two pods back, and says so.
pub(super) fn plan(owner: &ReplicationController, now: Now) -> Plan {
    let until = owner.meta.created.unwrap_or_default().after(Duration::from_secs(60));
    if now.wall >= until {
        return Plan::default();
    }
    let regarding = ObjectReference {
        kind: Kind::ReplicationController,
        object: owner.meta.name.clone(),
        uid: owner.meta.uid,
        version: owner.meta.version,
    };
    let message = format!("generation {} waits", owner.meta.generation);
    let event =
        Event { regarding, event_type: EventType::Warning, reason: "Waits", message, component: "keeper" };
    let until = Some(until).filter(|_| owner.meta.generation < TELLS_ONLY);
    Plan {
        requeue_at: until,
        events: vec![event],
        held_back: until.map(|until| HeldBack { count: 2, until }),
        ..Plan::default()
    }
}

/// A change of the owner that is made now.
fn change(bench: &mut Bench, generation: i64) {
    let version = bench.next_version();
    let Object::ReplicationController(mut changed) = owner(HELD_BACK, version, Default::default()) else {
        panic!()
    };
    let meta = &mut Arc::make_mut(&mut changed).meta;
    meta.generation = generation;
    meta.created = Some(bench.now.wall);
    bench.apply(OWNERS, Object::ReplicationController(changed));
}

fn told(bench: &mut Bench) -> Vec<String> {
    bench.events.drain(..).map(|record| record.event.message).collect()
}

#[test]
fn what_each_plan_tells_is_told_once_until_there_is_nothing_to_tell() {
    let mut bench = Bench::leader();
    for _ in 0..3 {
        change(&mut bench, 1);
        bench.pass(Duration::from_secs(1));
    }
    assert_eq!(told(&mut bench), ["generation 1 waits"], "whatever the version");
    change(&mut bench, 2);
    assert_eq!(told(&mut bench), ["generation 2 waits"]);

    bench.pass(Duration::from_secs(60));
    assert!(bench.is_at_rest(), "what was told is forgotten with the key");
    change(&mut bench, 2);
    bench.pass(Duration::from_secs(1));
    assert_eq!(told(&mut bench), ["generation 2 waits"], "and told anew when it is true again");
}

#[test]
fn a_key_that_only_remembers_what_it_has_told_is_not_at_work() {
    let mut bench = Bench::leader();
    change(&mut bench, TELLS_ONLY);
    assert_eq!(told(&mut bench), ["generation 3 waits"]);
    assert!(bench.is_at_rest());
    change(&mut bench, TELLS_ONLY);
    assert_eq!(told(&mut bench), [""; 0], "it is remembered nevertheless");
}

#[test]
fn what_is_held_back_is_counted_as_long_as_it_is() {
    let counted = Counted::default();
    let mut bench = Bench::leader();
    bench.brain.meter = Box::new(counted.clone());
    change(&mut bench, 1);
    bench.pass(Duration::from_secs(10));
    assert_eq!(*counted.0.lock().unwrap(), (2, Duration::from_secs(50)));
    bench.pass(Duration::from_secs(50));
    assert_eq!(*counted.0.lock().unwrap(), (0, Duration::ZERO));
}

#[test]
fn a_plan_that_holds_back_is_no_proof_that_a_failure_is_over() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let forbidden = || mainstay_model::Refusal::Forbidden { message: "no".into() };
    bench.refuse("create", "web-0", forbidden());
    let remembers = |bench: &Bench| {
        let state = bench.brain.desks[0].keys.get(&ObjectName::new("shop", "web"));
        state.is_some_and(|state| state.memory.failure.is_some())
    };
    bench.settle_all();
    assert!(remembers(&bench));
    change(&mut bench, 1);
    bench.pass(Duration::from_secs(30));
    assert!(remembers(&bench), "nothing was tried");
    bench.pass(Duration::from_secs(30));
    assert!(!remembers(&bench));
}

/// What the meter has heard last.
#[derive(Clone, Default)]
struct Counted(Arc<std::sync::Mutex<(usize, Duration)>>);

impl crate::Meter for Counted {
    fn held_back(&self, _: &'static str, count: usize, longest: Duration) {
        *self.0.lock().unwrap() = (count, longest);
    }
}
