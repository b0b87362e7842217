//! Leadership: a standby writes nothing, a new leader looks before it acts, a lost one stops.

use super::*;

const FAR: Moment = Moment(Duration::from_secs(1_000_000));

#[test]
fn a_standby_keeps_its_store_and_writes_nothing() {
    let mut bench = Bench::standby(BrainSettings::default());
    bench.scale(3);
    assert_eq!(bench.writes, []);
    assert_eq!(bench.brain.store().replication_controllers().len(), 1);
    assert_eq!(bench.brain.report(bench.now).controllers[0].depth, 1);
}

#[test]
fn a_new_leader_plans_once_each_source_has_reached_the_newest_version() {
    let mut bench = Bench::standby(BrainSettings::default());
    bench.scale(1);
    bench.input(Input::LeadingUntil(FAR));
    assert_eq!(bench.newest_asked, [PODS, OWNERS]);
    assert_eq!(bench.writes, []);
    bench.newest(OWNERS, Some(ResourceVersion(101)));
    bench.newest(PODS, Some(ResourceVersion(200)));
    assert_eq!(bench.writes, [], "the former leader's last pods are not in the store yet");
    bench.pod_appears("web-0", ResourceVersion(200));
    assert_eq!(bench.open("create"), [""; 0]);
    assert_eq!(bench.open("status"), ["web"]);
}

#[test]
fn a_source_that_does_not_get_there_is_listed_anew() {
    let mut bench = Bench::standby(BrainSettings::default());
    bench.scale(1);
    bench.input(Input::LeadingUntil(FAR));
    bench.newest(OWNERS, Some(ResourceVersion(101)));
    bench.newest(PODS, None);
    let wake = bench.brain.wake_at().unwrap();
    bench.pass(wake.since(bench.now.moment));
    assert_eq!(bench.relists, [PODS]);
    assert_eq!(bench.writes, []);
    bench.list(PODS, vec![]);
    assert_eq!(bench.open("create"), ["web-0"]);
}

#[test]
fn a_list_that_was_begun_before_the_leadership_does_not_prove_freshness() {
    let mut bench = Bench::standby(BrainSettings::default());
    bench.scale(1);
    let before = bench.now.moment;
    bench.pass(Duration::from_secs(1));
    bench.input(Input::LeadingUntil(FAR));
    bench.newest(OWNERS, Some(ResourceVersion(101)));
    let listing =
        Listing { objects: vec![], unreadable: vec![], version: ResourceVersion(101), begun: before };
    bench.input(Input::Source(PODS, SourceEvent::Listed(listing)));
    assert_eq!(bench.writes, []);
}

#[test]
fn past_the_deadline_nothing_is_sent_and_a_renewal_lets_it_go_on() {
    let mut bench = Bench::leader();
    bench.brain.leadership = super::super::leadership::Leadership::Leading {
        since: bench.now.moment,
        until: bench.now.moment.after(Duration::from_secs(10)),
    };
    bench.pass(Duration::from_secs(10));
    bench.scale(3);
    assert_eq!(bench.writes, []);
    bench.input(Input::LeadingUntil(bench.now.moment.after(Duration::from_secs(10))));
    assert_eq!(bench.open("create").len(), 1);
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    assert_eq!(bench.open("create").len(), 2);
}

#[test]
fn a_lost_leadership_drops_what_was_not_sent_for_ever() {
    let mut bench = Bench::leader();
    bench.scale(100);
    bench.input(Input::LeadershipLost);
    let version = bench.acknowledge("create", "web-0");
    bench.pod_appears("web-0", version);
    bench.input(Input::LeadingUntil(FAR));
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.writes, []);
    assert!(bench.brain.is_drained());
}

#[test]
fn a_stop_drains() {
    let mut bench = Bench::leader();
    bench.scale(100);
    bench.input(Input::Stop);
    assert!(!bench.brain.is_drained());
    bench.acknowledge("create", "web-0");
    assert!(bench.brain.is_drained());
    assert_eq!(bench.writes, []);
}

#[test]
fn nobody_spins_while_waiting() {
    let mut bench = Bench::leader();
    bench.scale(100);
    let ran = bench.now.moment;
    assert!(bench.brain.wake_at().is_none_or(|wake| wake > ran));
    bench.lose_answer("create", "web-0");
    assert!(bench.brain.wake_at().is_none_or(|wake| wake > ran));
}
