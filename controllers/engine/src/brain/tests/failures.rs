//! Failures: what is dropped, what waits, what goes on.

use mainstay_model::Refusal;

use super::*;

fn quota() -> Refusal {
    Refusal::Forbidden { message: "exceeded quota".into() }
}

#[test]
fn one_refused_create_stops_the_rest_of_its_batch_and_the_status_says_why() {
    let mut bench = Bench::leader();
    bench.scale(100);
    bench.refuse("create", "web-0", quota());
    assert_eq!(bench.open("create"), [""; 0], "not a hundred refusals");
    assert_eq!(bench.open("status"), ["web"]);
    bench.settle_all();
    assert_eq!(
        bench.owner_status().conditions.first().map(|condition| condition.message.as_str()),
        Some("exceeded quota")
    );
}

#[test]
fn tries_after_failures_become_rare_but_never_cease() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let mut tries = 0;
    for _ in 0..3600 {
        if !bench.open("create").is_empty() {
            tries += 1;
            bench.refuse("create", "web-0", quota());
        }
        bench.settle_all_but_creates();
        bench.pass(Duration::from_secs(1));
    }
    assert!((50..90).contains(&tries), "{tries} tries in an hour");
}

/// As without any rights.
#[test]
fn writes_of_two_kinds_that_fail_do_not_take_turns_without_a_pause() {
    let mut bench = Bench::leader();
    let refusal = || Refusal::Forbidden { message: "no rights".into() };
    bench.scale(1);
    let mut tries = 0;
    for _ in 0..600 {
        loop {
            if !bench.open("create").is_empty() {
                bench.refuse("create", "web-0", refusal());
            } else if !bench.open("status").is_empty() {
                bench.refuse("status", "web", refusal());
            } else {
                break;
            }
            tries += 1;
            assert!(tries < 100, "a pause after each try of both");
        }
        bench.pass(Duration::from_secs(1));
    }
    assert!(tries >= 20, "{tries} tries in ten minutes");
}

#[test]
fn a_new_spec_is_tried_at_once_and_drops_what_was_not_sent() {
    let mut bench = Bench::leader();
    bench.scale(500);
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    assert_eq!(bench.open("create").len(), 2);
    bench.scale(1);
    for name in bench.open("create") {
        let version = bench.acknowledge("create", &name);
        bench.pod_appears(&name, version);
    }
    assert_eq!(bench.open("create"), [""; 0]);
    assert_eq!(bench.open("delete").len(), 2, "what was in flight is too much now");
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn the_failure_is_forgotten_after_a_clean_pass() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.refuse("create", "web-0", quota());
    bench.settle_all();
    assert_eq!(bench.owner_status().conditions.len(), 1);
    bench.pass(Duration::from_secs(1));
    bench.settle_all();
    assert_eq!(bench.owner_status().conditions, []);
    assert!(bench.is_at_rest());
}

#[test]
fn the_failure_goes_when_nothing_needs_to_be_made_any_more() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.refuse("create", "web-0", quota());
    bench.settle_all();
    bench.scale(0);
    bench.settle_all();
    assert_eq!(bench.owner_status().conditions, []);
    bench.pass(Duration::from_secs(1));
    assert!(bench.is_at_rest());
}

#[test]
fn a_plan_that_panics_is_tried_again_later_and_other_keys_go_on() {
    let mut bench = Bench::leader();
    bench.scale(-1);
    assert!(
        matches!(&bench.notices[..], [Notice::PlanPanicked { message, .. }] if message == "a plan that panics")
    );
    let version = bench.next_version();
    let Object::ReplicationController(other) = owner(1, version, Default::default()) else {
        panic!("another kind")
    };
    let mut other = (*other).clone();
    other.meta.name = ObjectName::new("shop", "mail");
    other.meta.uid = Uid(8);
    bench.apply(OWNERS, Object::ReplicationController(Arc::new(other)));
    assert_eq!(bench.open("create"), ["mail-0"]);
    for _ in 0..100 {
        let version = bench.next_version();
        bench.apply(OWNERS, owner(-1, version, Default::default()));
    }
    assert_eq!(bench.notices.len(), 1, "changes do not break the pause");
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.notices.len(), 2);
    bench.scale(0);
    assert_eq!(bench.open("status"), [""; 0]);
    assert_eq!(bench.notices.len(), 2, "a new spec is planned at once");
}

#[test]
fn a_429_is_no_failure_and_the_same_write_goes_out_after_the_pause() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let retry_after = Some(Duration::from_secs(3));
    bench.refuse("create", "web-0", Refusal::TooManyRequests { retry_after, message: "later".into() });
    assert_eq!(bench.open("create"), [""; 0]);
    let wake = bench.brain.wake_at().unwrap();
    assert_eq!(wake.since(bench.now.moment), Duration::from_secs(3));
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.open("create"), ["web-0"]);
    assert_eq!(bench.open("status"), [""; 0]);
}

#[test]
fn an_apiserver_that_is_away_is_no_failure_of_the_owner() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.answer("create", "web-0", WriteOutcome::NotSent { message: "connection refused".into() });
    assert_eq!(bench.owner_status().conditions, []);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.open("create"), ["web-0"]);
    assert_eq!(bench.open("status"), [""; 0]);
}

#[test]
fn many_keys_share_what_may_be_in_flight() {
    let mut bench = Bench::leader();
    for number in 0..40_u128 {
        let version = bench.next_version();
        let Object::ReplicationController(owner) = owner(100, version, Default::default()) else {
            panic!("another kind")
        };
        let mut owner = (*owner).clone();
        owner.meta.name = ObjectName::new("shop", format!("rc{number:02}"));
        owner.meta.uid = Uid(100 + number);
        bench.apply(OWNERS, Object::ReplicationController(Arc::new(owner)));
    }
    assert_eq!(bench.writes.len(), 16);
    let first = bench.open("create").first().cloned().unwrap();
    bench.acknowledge("create", &first);
    let owners: BTreeSet<String> = bench.open("create").iter().map(|name| name[..4].to_owned()).collect();
    assert_eq!(owners.len(), bench.writes.len(), "each owner has its turn before one has its second");
}

#[test]
fn a_fault_that_came_of_a_read_does_not_cost_a_read_with_every_change() {
    let mut bench = Bench::leader();
    bench.scale(NEEDS_A_READ);
    let mut reads = 0;
    for _ in 0..60 {
        while !bench.reads.is_empty() {
            reads += 1;
            bench.answer_read(ReadOutcome::NotFound);
        }
        for _ in 0..10 {
            let version = bench.next_version();
            bench.apply(OWNERS, owner(NEEDS_A_READ, version, Default::default()));
        }
        bench.pass(Duration::from_secs(1));
    }
    assert!((3..20).contains(&reads), "{reads} reads in a minute of 600 changes");
}

#[test]
fn conflicts_without_end_say_that_the_cache_has_lost_something() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all_but_creates();
    let (id, create) = bench.take("create", "web-0");
    let version = bench.next_version();
    let outcome = WriteOutcome::Acknowledged { version: Some(version) };
    bench.input(Input::Write { id, outcome, took: Duration::from_millis(5) });
    bench.pod_appears(&create.object().name, version);
    let mut conflicts = 0;
    while bench.relists.is_empty() {
        bench.refuse("status", "web", Refusal::Conflict { message: "the object has been modified".into() });
        conflicts += 1;
        bench.pass(Duration::from_secs(60));
    }
    assert!((5..20).contains(&conflicts), "{conflicts}");
    assert_eq!(bench.relists, [OWNERS]);
}

#[test]
fn a_namespace_that_goes_is_asked_for_less_each_time() {
    let mut bench = Bench::leader();
    bench.scale(4);
    // The window has grown to four by the time at which the namespace goes.
    for name in ["web-0", "web-1", "web-2"] {
        let version = bench.acknowledge("create", name);
        bench.pod_appears(name, version);
    }
    bench.settle_all();
    bench.scale(20);
    let mut rounds = vec![];
    for _ in 0..4 {
        let open = bench.open("create");
        rounds.push(open.len());
        for name in open {
            let message = "the namespace is being terminated".to_owned();
            bench.refuse("create", &name, Refusal::NamespaceTerminating { message });
        }
        bench.settle_all_but_creates();
        bench.pass(Duration::from_secs(60));
    }
    assert!(rounds.is_sorted_by(|before, after| before >= after), "{rounds:?}");
    assert_eq!(rounds.last(), Some(&1), "{rounds:?}");
}
