//! A controller that acts only while nobody else does its work.

use mainstay_model::{Canary, Evidence, ObservedLease};

use super::*;
use crate::rivals::{RivalAnswer, RivalRequest, RivalSettings};

const CANARY_VERSION: u64 = 90;

fn settings() -> BrainSettings {
    let canary = ObjectName::new("mainstay-system", "mainstay-canary");
    let rivals = RivalSettings { canary, controllers: BTreeSet::from(["keeper"]) };
    BrainSettings { audit_interval: None, rivals: Some(rivals), ..Default::default() }
}

/// A leader whose caches are fresh, before its first look has been answered.
fn leader() -> Bench {
    let mut bench = Bench::standby(settings());
    bench.input(Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
    bench.newest(PODS, Some(ResourceVersion(100)));
    bench.newest(OWNERS, Some(ResourceVersion(100)));
    bench
}

fn nobody() -> Evidence {
    let canary = Canary {
        uid: Uid(3),
        version: ResourceVersion(CANARY_VERSION),
        generation: 1,
        observed_generation: 0,
        min_ready_seconds: 0,
    };
    Evidence { pods: Ok(vec![]), lease: Ok(None), canary: Ok(Some(canary)) }
}

fn a_rival() -> Evidence {
    let record =
        mainstay_model::LeaseRecord { holder: "a_1".into(), duration_seconds: 15, ..Default::default() };
    Evidence { lease: Ok(Some(ObservedLease { record, version: ResourceVersion(80) })), ..nobody() }
}

impl Bench {
    /// Answers the open look.
    fn look(&mut self, evidence: Evidence) {
        let Some(RivalRequest::Look { asked, .. }) = self.rivals.pop() else { panic!("nobody looks") };
        self.input(Input::Rivals(RivalAnswer::Looked { asked, evidence }));
    }

    /// So much time with that evidence.
    fn live(&mut self, seconds: u64, evidence: &Evidence) {
        for _ in 0..seconds {
            self.pass(Duration::from_secs(1));
            self.look(evidence.clone());
        }
    }

    /// The caches are shown to be as new as what was asked.
    fn refresh(&mut self) {
        for source in std::mem::take(&mut self.newest_asked) {
            self.newest(source, Some(ResourceVersion(100)));
        }
    }

    fn standing(&self) -> &'static str {
        self.brain.report(self.now).controllers[0].standing.reason()
    }
}

fn reasons(bench: &Bench) -> Vec<&'static str> {
    bench.events.iter().map(|record| record.event.reason).collect()
}

#[test]
fn it_plans_nothing_before_a_minute_without_anybody_and_then_on_fresh_caches() {
    let mut bench = leader();
    bench.scale(3);
    assert!(bench.writes.is_empty());
    bench.newest_asked.clear();
    bench.live(60, &nobody());
    assert!(bench.writes.is_empty(), "{}", bench.standing());
    bench.live(7, &nobody());
    assert_eq!(bench.standing(), "alone");
    assert_eq!(bench.newest_asked, [PODS, OWNERS], "the caches must show what the other has left");
    assert!(bench.writes.is_empty());
    bench.refresh();
    assert_eq!(bench.open("create"), ["web-0"]);
    bench.settle_all();
    assert_eq!(reasons(&bench), ["ControllerPassive", "ControllerActive"]);
}

fn acting() -> Bench {
    let mut bench = leader();
    bench.live(67, &nobody());
    bench.refresh();
    bench
}

#[test]
fn a_rival_ends_it_at_once_and_what_was_not_sent_is_dropped() {
    let mut bench = acting();
    bench.scale(8);
    bench.acknowledge("create", "web-0");
    let open = bench.open("create");
    assert!(open.len() < 7, "some must be waiting: {open:?}");
    bench.pass(Duration::from_secs(1));
    bench.look(a_rival());
    assert_eq!(bench.standing(), "lease");
    // What is on its way is answered, by a server that will not take it yet for one.
    let (last, others) = open.split_last().unwrap();
    let busy = mainstay_model::Refusal::TooManyRequests { retry_after: None, message: "later".into() };
    bench.refuse("create", last, busy);
    for name in others {
        bench.acknowledge("create", name);
    }
    bench.scale(9);
    bench.pass(Duration::from_secs(120));
    assert!(bench.writes.is_empty(), "{:?}", bench.writes);
    assert_eq!(reasons(&bench), ["ControllerPassive", "ControllerActive", "ControllerPassive"]);
}

#[test]
fn once_the_rival_is_gone_all_is_planned_anew_on_what_he_has_left() {
    let mut bench = acting();
    bench.scale(4);
    bench.look(a_rival());
    bench.settle_all();
    // He makes what is missing, under names of his own.
    let known = bench.brain.store().pods().len();
    for number in known..4 {
        let version = bench.next_version();
        bench.pod_appears(&format!("his-{number}"), version);
    }
    bench.newest_asked.clear();
    bench.live(60, &nobody());
    while bench.newest_asked.is_empty() {
        bench.live(1, &nobody());
    }
    let version = ResourceVersion(bench.version);
    for source in [PODS, OWNERS] {
        bench.input(Input::Source(source.clone(), SourceEvent::Progress(version)));
        bench.newest(source, Some(version));
    }
    assert_eq!(bench.open("create"), [""; 0]);
    assert_eq!(bench.open("delete"), [""; 0]);
    assert_eq!(bench.open("status"), ["web"]);
}

#[test]
fn without_word_from_the_apiserver_the_permission_ends_by_itself() {
    let mut bench = acting();
    bench.pass(Duration::from_secs(1));
    bench.pass(Duration::from_secs(9));
    bench.scale(3);
    assert!(bench.writes.is_empty());
    assert_eq!(bench.standing(), "unreadable");
    assert!(!bench.brain.report(bench.now).controllers[0].active);
}

#[test]
fn no_write_is_to_be_sent_after_the_permission_has_ended() {
    let mut bench = acting();
    let version = bench.next_version();
    let mut effects = vec![];
    let event = SourceEvent::Applied(owner(3, version, Default::default()));
    bench.brain.handle(bench.now, Input::Source(OWNERS, event));
    bench.brain.run(bench.now, &mut effects);
    let deadlines: Vec<Moment> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Write { deadline, .. } => Some(*deadline),
            _ => None,
        })
        .collect();
    assert!(!deadlines.is_empty());
    assert!(deadlines.iter().all(|deadline| deadline.since(bench.now.moment) <= crate::rivals::PROOF));
}

/// The canary, as the watch shows it.
fn canary(generation: i64, observed_generation: i64, version: ResourceVersion) -> Object {
    let status = ReplicationControllerStatus { observed_generation, ..Default::default() };
    let Object::ReplicationController(mut object) = owner(0, version, status) else { panic!("an owner") };
    let canary = Arc::make_mut(&mut object);
    canary.meta.name = ObjectName::new("mainstay-system", "mainstay-canary");
    canary.meta.uid = Uid(3);
    canary.meta.generation = generation;
    Object::ReplicationController(object)
}

#[test]
fn the_canary_is_never_reconciled_and_ends_the_permission_as_soon_as_the_watch_shows_it_followed() {
    let mut bench = acting();
    let version = bench.next_version();
    bench.apply(OWNERS, canary(1, 0, version));
    assert!(bench.writes.is_empty(), "the canary is there to be left alone: {:?}", bench.writes);
    assert_eq!(bench.standing(), "alone");
    let version = bench.next_version();
    bench.apply(OWNERS, canary(1, 1, version));
    assert_eq!(bench.standing(), "canary");
    bench.scale(3);
    assert!(bench.writes.is_empty());
}

#[test]
fn a_status_that_nobody_here_has_written_begins_the_wait_anew() {
    let mut bench = leader();
    bench.scale(3);
    bench.live(50, &nobody());
    let version = bench.next_version();
    let status = ReplicationControllerStatus { replicas: 1, ..Default::default() };
    bench.apply(OWNERS, owner(3, version, status));
    assert_eq!(bench.standing(), "status");
    bench.live(60, &nobody());
    assert!(bench.writes.is_empty());
}

#[test]
fn it_has_found_out_who_is_to_act_once_it_acts_or_has_seen_somebody() {
    let settled = |bench: &Bench| bench.brain.report(bench.now).controllers[0].settled;
    let mut bench = Bench::standby(settings());
    bench.live(60, &nobody());
    assert!(!settled(&bench), "{}", bench.standing());
    bench.live(7, &nobody());
    assert!(settled(&bench));
    bench.live(1, &a_rival());
    bench.live(20, &nobody());
    assert_eq!((bench.standing(), settled(&bench)), ("waiting", true), "it does not begin anew");

    let mut bench = Bench::standby(settings());
    bench.live(1, &a_rival());
    assert!(settled(&bench));
}

#[test]
fn a_standby_that_has_looked_acts_as_soon_as_it_leads() {
    let mut bench = Bench::standby(settings());
    bench.scale(3);
    // The leader of the same installation writes statuses, which says nothing of anybody else.
    bench.live(30, &nobody());
    let version = bench.next_version();
    bench.apply(OWNERS, owner(3, version, ReplicationControllerStatus { replicas: 1, ..Default::default() }));
    bench.live(37, &nobody());
    assert_eq!(bench.standing(), "alone");
    assert!(bench.writes.is_empty() && bench.events.is_empty());
    bench.newest_asked.clear();
    bench.input(Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
    let version = ResourceVersion(bench.version);
    for source in [PODS, OWNERS] {
        bench.input(Input::Source(source.clone(), SourceEvent::Progress(version)));
        bench.newest(source, Some(version));
    }
    assert_eq!(bench.open("create"), ["web-0"]);
    assert_eq!(reasons(&bench), ["ControllerActive"]);
}

#[test]
fn a_controller_that_is_on_does_not_wait_for_what_is_found() {
    let mut with_rivals = settings();
    with_rivals.rivals.as_mut().unwrap().controllers.clear();
    let mut bench = Bench::standby(with_rivals);
    bench.input(Input::LeadingUntil(Moment(Duration::from_secs(1_000_000))));
    bench.newest(PODS, Some(ResourceVersion(100)));
    bench.newest(OWNERS, Some(ResourceVersion(100)));
    bench.look(a_rival());
    bench.scale(3);
    assert_eq!(bench.open("create"), ["web-0"]);
    assert_eq!(bench.standing(), "on");
}

#[test]
fn our_own_status_that_comes_late_is_no_trace() {
    let mut bench = acting();
    bench.live(1, &nobody());
    bench.scale(1);
    bench.acknowledge("create", "web-0");
    let version = bench.next_version();
    bench.pod_appears("web-0", version);
    let (id, _write) = bench.take("status", "web");
    // The apiserver is away for ten seconds.
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.standing(), "unreadable");
    let version = bench.next_version();
    bench.input(Input::Write {
        id,
        outcome: WriteOutcome::Acknowledged { version: Some(version) },
        took: Duration::from_secs(9),
    });
    bench.apply(OWNERS, owner(1, version, ReplicationControllerStatus { replicas: 1, ..Default::default() }));
    bench.rivals.truncate(1);
    bench.look(nobody());
    bench.live(1, &nobody());
    assert_eq!(bench.standing(), "alone");
}

#[test]
fn freshness_is_asked_for_although_the_term_is_just_being_renewed() {
    let mut bench = Bench::standby(settings());
    bench.input(Input::LeadingUntil(Moment(Duration::from_secs(63))));
    bench.newest(PODS, Some(ResourceVersion(100)));
    bench.newest(OWNERS, Some(ResourceVersion(100)));
    bench.live(61, &nobody());
    bench.newest_asked.clear();
    bench.live(8, &nobody());
    assert_eq!(bench.standing(), "alone");
    bench.input(Input::LeadingUntil(Moment(Duration::from_secs(1000))));
    bench.scale(2);
    assert_eq!(bench.newest_asked, [PODS, OWNERS]);
    assert!(bench.writes.is_empty());
}
