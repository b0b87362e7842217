//! Settling: a create whose outcome is unknown makes one pod, whatever became of it.

use mainstay_model::Refusal;

use super::*;

const STRANGER: Uid = Uid(99);

fn quota() -> Refusal {
    Refusal::Forbidden { message: "exceeded quota".into() }
}

#[test]
fn a_lost_answer_is_looked_up_and_our_own_pod_recognised() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.lose_answer("create", "web-0");
    assert_eq!(bench.reads.len(), 1);
    let version = bench.next_version();
    bench.answer_read(found(version, Uid(1001), Some(OWNER)));
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.open("create"), [""; 0], "gated on the version that was found");
    bench.pod_appears("web-0", version);
    bench.settle_all();
    bench.pass(Duration::from_secs(600));
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn a_create_that_was_not_committed_is_sent_again_under_the_same_name() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.lose_answer("create", "web-0");
    bench.answer_read(ReadOutcome::NotFound);
    bench.settle_all_but_creates();
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.open("create"), ["web-0"]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn no_new_name_is_chosen_while_an_old_create_may_still_land() {
    let mut bench = Bench::leader();
    bench.scale(3);
    bench.acknowledge("create", "web-0");
    bench.lose_answer("create", "web-1");
    bench.lose_answer("create", "web-2");
    bench.answer_read(ReadOutcome::NotFound);
    bench.answer_read(ReadOutcome::Failed { message: "no route".into() });
    let version = ResourceVersion(bench.version);
    bench.pod_appears("web-0", version);
    bench.pass(Duration::from_secs(1));
    bench.settle_all();
    bench.pass(Duration::from_secs(1));
    bench.settle_all();
    let names: Vec<_> = bench.brain.store().pods().iter().map(|pod| pod.meta.name.name.to_string()).collect();
    assert_eq!(names, ["web-0", "web-1", "web-2"]);
}

#[test]
fn an_unsettled_create_that_is_not_wanted_any_more_is_kept_in_mind_until_it_cannot_land() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.lose_answer("create", "web-0");
    bench.answer_read(ReadOutcome::NotFound);
    bench.settle_all_but_creates();
    bench.scale(0);
    bench.settle_all_but_creates();
    assert_eq!(bench.open("create"), [""; 0]);
    assert!(!bench.is_at_rest());
    bench.scale(1);
    assert_eq!(bench.open("create"), ["web-0"], "wanted again: the same name");
    bench.lose_answer("create", "web-0");
    bench.answer_read(ReadOutcome::NotFound);
    bench.scale(0);
    bench.settle_all_but_creates();
    bench.pass(Duration::from_secs(91));
    bench.settle_all();
    assert!(bench.is_at_rest(), "past the server's time-out it is forgotten");
}

#[test]
fn a_name_that_belongs_to_another_is_given_up() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.refuse("create", "web-0", Refusal::AlreadyExists);
    let version = bench.next_version();
    bench.answer_read(found(version, Uid(5), Some(STRANGER)));
    assert_eq!(bench.open("create"), ["web-1"]);
}

#[test]
fn a_create_that_exists_already_is_our_own_from_before_a_restart() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.refuse("create", "web-0", Refusal::AlreadyExists);
    let version = bench.next_version();
    bench.answer_read(found(version, Uid(1001), Some(OWNER)));
    bench.pod_appears("web-0", version);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn forbidden_after_a_resend_is_looked_up_since_quota_is_checked_before_the_name() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.lose_answer("create", "web-0");
    bench.answer_read(ReadOutcome::Failed { message: "no route".into() });
    bench.settle_all_but_creates();
    bench.pass(Duration::from_secs(1));
    bench.refuse("create", "web-0", quota());
    assert_eq!(bench.reads.len(), 1);
    let version = bench.next_version();
    bench.answer_read(found(version, Uid(1001), Some(OWNER)));
    bench.pod_appears("web-0", version);
    bench.pass(Duration::from_secs(1));
    bench.settle_all();
    bench.pass(Duration::from_secs(1));
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
}

#[test]
fn a_pod_of_ours_that_the_cache_should_have_and_has_not_calls_for_a_new_list() {
    let mut bench = Bench::leader();
    bench.scale(1);
    bench.refuse("create", "web-0", Refusal::AlreadyExists);
    bench.answer_read(found(ResourceVersion(50), Uid(1001), Some(OWNER)));
    assert_eq!(bench.relists, [PODS]);
    assert_eq!(bench.open("create"), [""; 0], "nothing is planned before the list has come");
    bench.pass(Duration::from_millis(1));
    bench.list(PODS, vec![pod("web-0", Uid(1001), ResourceVersion(50), OWNER)]);
    bench.settle_all();
    assert_eq!(bench.brain.store().pods().len(), 1);
    assert!(bench.is_at_rest());
}

#[test]
fn a_delete_with_an_unknown_outcome_is_repeated_on_the_same_pod() {
    let mut bench = Bench::leader();
    let version = bench.next_version();
    bench.pod_appears("web-0", version);
    let version = bench.next_version();
    bench.pod_appears("web-1", version);
    bench.scale(1);
    let Write::DeletePod(first) = bench.lose_answer("delete", "web-1") else { panic!("another kind") };
    // Now another pod would be the better victim.
    let version = bench.next_version();
    bench.pod_appears("web-2", version);
    bench.settle_all_but_creates();
    bench.pass(Duration::from_secs(1));
    let deletes: Vec<_> = bench.writes.iter().filter(|(_, write)| write.verb() == "delete").collect();
    assert!(deletes.iter().any(|(_, write)| *write == Write::DeletePod(first.clone())), "{deletes:?}");
    assert_eq!(deletes.len(), 2);
}

#[test]
fn an_unknown_delete_that_is_not_wanted_any_more_is_forgotten_when_it_cannot_take_effect() {
    let mut bench = Bench::leader();
    let version = bench.next_version();
    bench.pod_appears("web-0", version);
    bench.scale(0);
    bench.lose_answer("delete", "web-0");
    bench.scale(1);
    bench.settle_all();
    bench.pass(Duration::from_secs(1));
    assert!(!bench.is_at_rest());
    let wake = bench.brain.wake_at().unwrap();
    bench.pass(wake.since(bench.now.moment));
    bench.settle_all();
    assert!(bench.is_at_rest());
}
