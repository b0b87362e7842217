//! The gate: no plan on a cache that is older than our own writes.

use mainstay_model::Refusal;

use super::*;

#[test]
fn creates_are_sent_by_a_window_that_doubles() {
    let mut bench = Bench::leader();
    bench.scale(7);
    let mut rounds = vec![];
    while !bench.open("create").is_empty() {
        let open = bench.open("create");
        rounds.push(open.len());
        for name in open {
            let version = bench.acknowledge("create", &name);
            bench.pod_appears(&name, version);
        }
    }
    assert_eq!(rounds, [1, 2, 4]);
    bench.settle_all();
    assert_eq!(bench.owner_status().replicas, 7);
    assert!(bench.is_at_rest());
}

#[test]
fn an_acknowledged_create_is_not_repeated_while_the_watch_is_late() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    assert_eq!(bench.open("create"), [""; 0]);
    bench.pass(Duration::from_secs(3600));
    let other = bench.next_version();
    bench.apply(OWNERS, owner(1, other, Default::default()));
    assert_eq!(bench.open("create"), [""; 0], "an hour changes nothing: no count expires");
    bench.pod_appears("web-0", version);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn a_bookmark_past_the_version_opens_the_gate() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(version.0 - 1))));
    assert_eq!(bench.open("create"), [""; 0]);
    bench.input(Input::Source(PODS, SourceEvent::Progress(version)));
    // Somebody deleted the pod at once, and the cache never saw it; the server confirms that.
    bench.answer_read(ReadOutcome::NotFound);
    assert_eq!(bench.open("create"), ["web-0"]);
}

#[test]
fn a_created_pod_whose_event_the_watch_has_lost_is_not_made_twice() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(version.0 + 5))));
    bench.answer_read(found(version, Uid(1001), Some(OWNER)));
    assert_eq!(bench.open("create"), [""; 0]);
    assert_eq!(bench.relists, [PODS]);
    bench.pass(Duration::from_millis(1));
    bench.version += 5;
    bench.list(PODS, vec![pod("web-0", Uid(1001), version, OWNER)]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn a_created_pod_of_which_the_watch_loses_one_event_after_the_other_is_not_created_twice() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    let (later, last) = (ResourceVersion(version.0 + 2), ResourceVersion(version.0 + 3));
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(version.0 + 1))));
    bench.answer_read(found(later, Uid(1001), Some(OWNER)));
    bench.input(Input::Source(PODS, SourceEvent::Progress(last)));
    assert_eq!(bench.open("create"), [""; 0]);
    bench.answer_read(found(later, Uid(1001), Some(OWNER)));
    assert_eq!(bench.relists, [PODS]);
    assert_eq!(bench.open("create"), [""; 0]);
}

#[test]
fn a_version_that_is_lower_after_an_interruption_calls_for_a_new_list() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    bench.newest_asked.clear();
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.newest(PODS, None);
    assert_eq!(bench.newest_asked, [PODS]);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.newest_asked, [PODS, PODS], "asked until there is an answer");
    bench.newest(PODS, Some(ResourceVersion(40)));
    assert_eq!(bench.relists, [PODS]);
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.newest_asked.len(), 2);
}

#[test]
fn a_version_that_goes_back_after_an_answer_is_noticed_while_the_source_is_silent() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    bench.newest_asked.clear();
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.newest(PODS, Some(ResourceVersion(bench.version)));
    assert_eq!(bench.relists, []);
    // The source waits to be connected again; a restore that comes before it is must not be missed.
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.newest_asked, [PODS, PODS]);
    bench.newest(PODS, Some(ResourceVersion(40)));
    assert_eq!(bench.relists, [PODS]);

    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.newest_asked.clear();
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(bench.version))));
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.newest_asked, [], "it speaks again");
}

#[test]
fn a_list_begun_after_the_acknowledgement_opens_the_gate_and_an_earlier_one_does_not() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let asked = bench.now.moment;
    bench.pass(Duration::from_secs(1));
    bench.acknowledge("create", "web-0");
    let listing = |begun, version| {
        Input::Source(
            PODS,
            SourceEvent::Listed(Listing {
                objects: vec![],
                unreadable: vec![],
                version: ResourceVersion(version),
                begun,
            }),
        )
    };
    bench.input(listing(asked, 101));
    assert_eq!(bench.open("create"), [""; 0]);
    bench.pass(Duration::from_secs(1));
    bench.input(listing(bench.now.moment, 101));
    bench.answer_read(ReadOutcome::NotFound);
    assert_eq!(bench.open("create"), ["web-0"]);
}

#[test]
fn a_delete_is_over_when_the_pod_is_going_or_gone() {
    for gone in [false, true] {
        let mut bench = Bench::leader();
        let version = bench.next_version();
        let Object::Pod(pod) = bench.pod_appears("web-0", version) else { panic!("another kind") };
        bench.scale(0);
        bench.answer("delete", "web-0", WriteOutcome::Acknowledged { version: None });
        bench.pass(Duration::from_secs(600));
        let other = bench.next_version();
        bench.apply(OWNERS, owner(0, other, Default::default()));
        assert_eq!(bench.open("delete"), [""; 0]);
        if gone {
            bench.pod_gone("web-0", pod.meta.uid);
        } else {
            let mut going = (*pod).clone();
            going.meta.deleting = Some(bench.now.wall);
            going.meta.version = bench.next_version();
            bench.apply(PODS, Object::Pod(Arc::new(going)));
        }
        bench.settle_all();
        assert!(bench.is_at_rest());
    }
}

#[test]
fn a_watch_that_stands_still_is_replaced_by_a_list_and_nothing_is_made_twice() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    let wake = bench.brain.wake_at().unwrap();
    bench.pass(wake.since(bench.now.moment));
    assert_eq!(bench.relists, [PODS]);
    assert_eq!(bench.open("create"), [""; 0]);
    bench.list(PODS, vec![pod("web-0", Uid(1001), version, OWNER)]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn a_deletion_that_stays_invisible_is_asked_for() {
    for outcome in [
        found(ResourceVersion(101), Uid(1001), Some(OWNER)),
        found(ResourceVersion(150), Uid(1002), Some(OWNER)),
        ReadOutcome::NotFound,
    ] {
        let mut bench = Bench::leader();
        let version = bench.next_version();
        bench.pod_appears("web-0", version);
        bench.scale(0);
        bench.answer("delete", "web-0", WriteOutcome::Acknowledged { version: None });
        bench.settle_all();
        let wake = bench.brain.wake_at().unwrap();
        bench.pass(wake.since(bench.now.moment));
        let is_alive = outcome == found(ResourceVersion(101), Uid(1001), Some(OWNER));
        bench.answer_read(outcome);
        if is_alive {
            assert_eq!(bench.open("delete"), ["web-0"], "a restored etcd forgot the deletion: again");
        } else {
            assert_eq!(bench.relists, [PODS], "the watch has lost the deletion");
            bench.list(PODS, vec![]);
        }
        bench.settle_all();
        assert!(bench.is_at_rest());
    }
}

#[test]
fn an_etcd_that_went_back_in_time_opens_gates_and_everything_is_planned_anew() {
    let mut bench = Bench::leader();
    bench.scale(2);
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    bench.acknowledge("create", "web-1");
    assert_eq!(bench.open("create"), [""; 0]);
    // The restored store knows neither pod; versions start lower and will never reach the acknowledged one soon.
    bench.pass(Duration::from_secs(1));
    bench.version = 40;
    bench.list(PODS, vec![]);
    assert!(matches!(bench.notices.last(), Some(Notice::VersionWentBack { .. })));
    // Both pods were acknowledged and are not in the list: the server confirms that they are gone.
    while !bench.reads.is_empty() {
        bench.answer_read(ReadOutcome::NotFound);
    }
    assert_eq!(bench.open("create"), ["web-0", "web-1"]);
    bench.list(OWNERS, vec![owner(2, ResourceVersion(39), Default::default())]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 2);
    assert!(bench.is_at_rest());
}

#[test]
fn what_a_restored_etcd_wrote_at_a_version_that_was_known_is_taken_in_although_the_list_is_beyond_it() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    let known = bench.brain.store().all(Kind::Pod).remove(0);
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.newest(PODS, Some(ResourceVersion(40)));
    assert_eq!(bench.relists, [PODS]);
    // The list comes late: by then the same pod has been written at the same version, with another content.
    bench.pass(Duration::from_secs(60));
    bench.version += 50;
    let Object::Pod(pod) = &known else { panic!("another kind") };
    let mut other = Pod::clone(pod);
    other.ready = true;
    bench.list(PODS, vec![Object::Pod(Arc::new(other.clone()))]);
    assert_eq!(bench.brain.store().all(Kind::Pod), [Object::Pod(Arc::new(other))]);
    assert!(matches!(bench.notices.last(), Some(Notice::VersionWentBack { .. })));
}

#[test]
fn a_bookmark_from_before_what_was_seen_calls_for_a_new_list() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(40))));
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(41))));
    assert_eq!(bench.relists, [PODS]);
}

#[test]
fn what_vanished_during_a_relist_is_replaced() {
    let mut bench = Bench::leader();
    bench.scale(2);
    bench.settle_all();
    let kept: Vec<Object> = bench.brain.store().all(Kind::Pod).into_iter().take(1).collect();
    bench.next_version();
    bench.list(PODS, kept);
    assert_eq!(bench.open("create").len(), 1);
}

#[test]
fn an_object_that_cannot_be_read_stays_as_it_was() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    let listing = Listing {
        objects: vec![],
        unreadable: vec![ObjectName::new("shop", "web-0")],
        version: bench.next_version(),
        begun: bench.now.moment,
    };
    bench.input(Input::Source(PODS, SourceEvent::Listed(listing)));
    assert_eq!(bench.open("create"), [""; 0]);
    assert_eq!(bench.brain.store().pods().len(), 1);
}

#[test]
fn an_owner_that_is_gone_although_the_watch_has_lost_that_gets_no_more_pods() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    bench.pod_gone("web-0", Uid(bench.next_uid));
    bench.refuse("status", "web", Refusal::NotFound { message: "not found".into() });
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    // The garbage collector deletes it, and that is no reason to make another one.
    bench.pod_gone("web-0", Uid(bench.next_uid));
    assert_eq!((bench.open("create"), bench.open("status")), (vec![], vec![]));
    let wake = bench.brain.wake_at().unwrap();
    bench.pass(wake.since(bench.now.moment));
    bench.pass(Duration::from_secs(30));
    bench.answer_read(ReadOutcome::NotFound);
    assert_eq!(bench.relists, [OWNERS]);
    bench.pass(Duration::from_millis(1));
    bench.list(OWNERS, vec![]);
    // Why the pod that it made last is not there either.
    bench.answer_read(ReadOutcome::NotFound);
    assert!(bench.is_at_rest());
}

#[test]
fn an_owner_that_was_not_found_and_is_there_is_planned_again() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    let version = bench.next_version();
    bench.apply(OWNERS, owner(1, version, Default::default()));
    bench.refuse("status", "web", Refusal::NotFound { message: "not found".into() });
    bench.pass(Duration::from_secs(31));
    bench.answer_read(found(version, OWNER, None));
    bench.pass(Duration::from_secs(1));
    assert_eq!((bench.open("status"), bench.relists.clone()), (vec!["web".to_owned()], vec![]));
    bench.settle_all();
    assert!(bench.is_at_rest());
}

#[test]
fn an_answer_to_an_earlier_question_is_no_sign_of_a_restore() {
    let mut bench = Bench::leader();
    bench.scale(2);
    bench.settle_all();
    let asked = bench.now.moment;
    let old = ResourceVersion(bench.version);
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    // The watch goes on, and is interrupted once more, before the first question is answered.
    bench.pass(Duration::from_secs(1));
    let later = bench.next_version();
    bench.input(Input::Source(PODS, SourceEvent::Progress(later)));
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.input(Input::NewestVersion { source: PODS, asked, version: Some(old) });
    assert_eq!(bench.relists, []);
    bench.newest(PODS, Some(old));
    assert_eq!(bench.relists, [PODS], "asked since, it is one");
}

#[test]
fn what_was_acknowledged_after_a_restored_list_was_asked_for_is_still_waited_for() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.settle_all();
    bench.input(Input::Source(PODS, SourceEvent::Interrupted));
    bench.newest(PODS, Some(ResourceVersion(40)));
    assert_eq!(bench.relists, [PODS]);
    let begun = bench.now.moment;
    bench.pass(Duration::from_secs(1));
    bench.scale(2);
    let version = bench.acknowledge("create", "web-1");
    let pods = bench.brain.store().all(Kind::Pod);
    let listing = Listing { objects: pods, unreadable: vec![], version: ResourceVersion(60), begun };
    bench.input(Input::Source(PODS, SourceEvent::Listed(listing)));
    assert!(matches!(bench.notices.last(), Some(Notice::VersionWentBack { .. })));
    assert_eq!(bench.open("create"), [""; 0]);
    bench.pod_appears("web-1", version);
    bench.settle_all();
    assert!(bench.is_at_rest());
}

#[test]
fn a_deletion_that_a_restore_has_undone_is_not_waited_for() {
    let mut bench = Bench::leader();
    let version = bench.next_version();
    let pod = bench.pod_appears("web-0", version);
    bench.scale(0);
    bench.answer("delete", "web-0", WriteOutcome::Acknowledged { version: None });
    bench.settle_all();
    bench.pass(Duration::from_secs(1));
    bench.version = 40;
    bench.list(PODS, vec![pod]);
    assert_eq!(bench.open("delete"), ["web-0"]);
    assert_eq!(bench.brain.report(bench.now).awaited, 0);
}

#[test]
fn an_acknowledged_change_whose_event_the_watch_has_lost_is_listed_and_not_written_again() {
    let mut bench = Bench::leader();
    bench.scale(1);
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    let version = bench.acknowledge("status", "web");
    // The watch has come past that version, and the owner is as it was.
    bench.input(Input::Source(OWNERS, SourceEvent::Progress(ResourceVersion(version.0 + 1))));
    assert_eq!((bench.open("status"), bench.relists.clone()), (vec![], vec![OWNERS]));
    bench.pass(Duration::from_millis(1));
    bench.version += 1;
    let status = ReplicationControllerStatus { replicas: 1, ..Default::default() };
    bench.list(OWNERS, vec![owner(1, version, status)]);
    bench.settle_all();
    assert!(bench.is_at_rest());
}

#[test]
fn what_the_server_would_not_take_yet_is_not_sent_for_a_spec_that_is_no_more() {
    let mut bench = Bench::leader();
    let version = bench.next_version();
    bench.pod_appears("web-0", version);
    bench.scale(0);
    let status = bench.take("status", "web");
    bench.writes.push(status);
    bench.scale(1);
    let refusal =
        Refusal::TooManyRequests { retry_after: Some(Duration::from_secs(1)), message: "wait".into() };
    bench.refuse("delete", "web-0", refusal);
    bench.settle_all();
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.open("delete"), [""; 0]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}
