//! Audits: what a watch lost is found.

use super::*;
use crate::input::AuditEntry;

fn audited(bench: &mut Bench, entries: &[(u128, u64)], version: u64) {
    let entries = entries
        .iter()
        .map(|(uid, version)| AuditEntry { uid: Uid(*uid), version: ResourceVersion(*version) })
        .collect();
    bench.input(Input::Audited { source: PODS, entries, version: ResourceVersion(version) });
}

fn with_pod() -> Bench {
    let mut bench = Bench::standby(BrainSettings::default());
    bench.apply(PODS, pod("a", Uid(1), ResourceVersion(110), OWNER));
    bench.input(Input::Source(PODS, SourceEvent::Progress(ResourceVersion(120))));
    bench
}

#[test]
fn audits_come_at_intervals() {
    let mut bench = with_pod();
    let interval = BrainSettings::default().audit_interval.unwrap();
    bench.pass(interval);
    assert_eq!(bench.audits, [PODS, OWNERS]);
    bench.pass(interval);
    assert_eq!(bench.audits.len(), 2, "one at a time");
    bench.input(Input::AuditFailed(PODS));
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.audits.len(), 3);
}

#[test]
fn agreement_is_silent() {
    let mut bench = with_pod();
    audited(&mut bench, &[(1, 110)], 120);
    assert_eq!(bench.relists, []);
}

#[test]
fn a_lost_deletion_is_found_at_once() {
    let mut bench = with_pod();
    audited(&mut bench, &[], 120);
    assert_eq!(bench.relists, [PODS]);
}

#[test]
fn a_lost_deletion_is_found_at_the_second_sight_where_other_kinds_drive_the_version_on() {
    let mut bench = with_pod();
    audited(&mut bench, &[], 500);
    assert_eq!(bench.relists, [], "the deletion may be on its way");
    audited(&mut bench, &[], 900);
    assert_eq!(bench.relists, [PODS]);
}

#[test]
fn a_lost_change_is_found_at_once() {
    let mut bench = with_pod();
    audited(&mut bench, &[(1, 115)], 120);
    assert_eq!(bench.relists, [PODS]);
    assert!(matches!(bench.notices.last(), Some(Notice::EventsLost { objects: 1, .. })));
}

#[test]
fn a_lost_creation_is_found_at_the_second_sight_and_pursued_once() {
    let mut bench = with_pod();
    audited(&mut bench, &[(1, 110), (2, 112)], 120);
    assert_eq!(bench.relists, [], "it may have been deleted since");
    audited(&mut bench, &[(1, 110), (2, 112)], 120);
    assert_eq!(bench.relists, [PODS]);
    let listed = vec![pod("a", Uid(1), ResourceVersion(110), OWNER)];
    bench.version = 120;
    bench.list(PODS, listed);
    for _ in 0..3 {
        audited(&mut bench, &[(1, 110), (2, 112)], 120);
    }
    assert_eq!(bench.relists, [PODS], "what a list did not bring cannot be read; that is known");
}

#[test]
fn what_the_watch_has_yet_to_deliver_is_not_lost() {
    let mut bench = with_pod();
    audited(&mut bench, &[(1, 125), (2, 130)], 130);
    audited(&mut bench, &[(2, 130)], 130);
    assert_eq!(bench.relists, []);
}
