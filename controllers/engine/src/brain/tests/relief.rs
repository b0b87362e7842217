//! Room for what was forbidden, and kinds that only help.

use mainstay_model::Refusal;

use super::*;

fn forbidden() -> Refusal {
    Refusal::Forbidden { message: "exceeded quota".into() }
}

/// A leader that watches quotas, too.
fn leader() -> Bench {
    let mut bench = Bench::leader_with(vec![PODS, OWNERS, QUOTAS]);
    bench.list(QUOTAS, vec![]);
    bench
}

fn quota_changes(bench: &mut Bench) {
    let version = bench.next_version();
    let meta = meta("few", Uid(50), version);
    let quota = ResourceQuota { meta, hard: Box::new([]), used: Box::new([]) };
    bench.apply(QUOTAS, Object::ResourceQuota(Arc::new(quota)));
}

/// Lets a create fail so often that the back-off is at its longest.
fn fail_for_long(bench: &mut Bench, refusal: &Refusal) {
    for _ in 0..20 {
        bench.refuse("create", "web-0", refusal.clone());
        bench.settle_all();
        bench.pass(Duration::from_secs(60));
    }
    bench.refuse("create", "web-0", refusal.clone());
    bench.settle_all();
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.open("create"), [""; 0], "the back-off is long");
}

#[test]
fn what_was_forbidden_is_tried_again_as_soon_as_there_may_be_room() {
    let mut bench = leader();
    bench.scale(3);
    fail_for_long(&mut bench, &forbidden());
    quota_changes(&mut bench);
    assert_eq!(bench.open("create"), ["web-0"], "one, to see whether it fits");
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 3);
    assert_eq!(bench.owner_status().conditions, []);
    bench.pass(Duration::from_secs(60));
    assert!(bench.is_at_rest());
}

/// The server may hear of the room a little later than we do.
#[test]
fn if_there_is_no_room_after_all_the_back_off_begins_anew() {
    let mut bench = leader();
    bench.scale(1);
    fail_for_long(&mut bench, &forbidden());
    quota_changes(&mut bench);
    for milliseconds in [5, 10, 20, 40] {
        bench.refuse("create", "web-0", forbidden());
        bench.settle_all();
        assert_eq!(bench.open("create"), [""; 0]);
        bench.pass(Duration::from_millis(milliseconds));
    }
    assert_eq!(bench.open("create"), ["web-0"]);
}

#[test]
fn room_that_comes_while_a_create_is_on_its_way_is_not_missed() {
    let mut bench = leader();
    bench.scale(1);
    fail_for_long(&mut bench, &forbidden());
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.open("create"), ["web-0"]);
    quota_changes(&mut bench);
    bench.refuse("create", "web-0", forbidden());
    bench.settle_all();
    bench.pass(Duration::from_millis(5));
    assert_eq!(bench.open("create"), ["web-0"]);
}

#[test]
fn what_fails_for_another_reason_waits_as_before() {
    let mut bench = leader();
    bench.scale(1);
    fail_for_long(&mut bench, &Refusal::Other { code: 500, message: "a webhook is away".into() });
    quota_changes(&mut bench);
    assert_eq!(bench.open("create"), [""; 0]);
}

#[test]
fn a_kind_that_only_helps_holds_up_nothing_while_it_cannot_be_read() {
    let mut bench = Bench::leader_with(vec![PODS, OWNERS, QUOTAS]);
    bench.newest_asked.clear();
    bench.input(Input::Source(QUOTAS, SourceEvent::Interrupted));
    bench.input(Input::NewestVersion { source: QUOTAS, asked: bench.now.moment, version: None });
    bench.scale(1);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    bench.pass(Duration::from_secs(3600));
    assert_eq!((&bench.newest_asked[..], &bench.relists[..]), (&[][..], &[][..]), "nothing to ask for");
    let report = bench.brain.report(bench.now);
    let state = |source: &Source| {
        let of_source = report.sources.iter().find(|report| report.source == *source).unwrap();
        (of_source.needed, of_source.synced)
    };
    assert_eq!(
        [PODS, OWNERS, QUOTAS].map(|source| state(&source)),
        [(true, true), (true, true), (false, false)]
    );
    assert!(report.controllers[0].active);
}
