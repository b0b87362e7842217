use mainstay_model::Timestamp;

use super::*;

fn at(milliseconds: u64) -> Now {
    let wall = Timestamp(1_000_000_000 + i64::try_from(milliseconds).unwrap() * 1000);
    Now { moment: Moment(Duration::from_millis(milliseconds)), wall }
}

fn election() -> Election {
    Election::new(ElectionSettings::default(), "us".to_owned(), 1)
}

fn record(holder: &str, renewed: u64, transitions: i32) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        duration_seconds: if holder.is_empty() { 1 } else { 15 },
        acquired: Some(at(0).wall),
        renewed: Some(at(renewed).wall),
        transitions,
    }
}

fn lease(record: LeaseRecord, version: u64) -> ObservedLease {
    ObservedLease { record, version: ResourceVersion(version) }
}

fn answer_of(record: &LeaseRecord, version: u64) -> LeaseAnswer {
    LeaseAnswer::Lease(lease(record.clone(), version))
}

/// Lets the election send its next request, which must be due at that time.
fn sent(election: &mut Election, milliseconds: u64) -> LeaseRequest {
    match election.next(at(milliseconds)) {
        Step::Send(request) => request,
        other => panic!("at {milliseconds} ms: {other:?} instead of a request"),
    }
}

fn waits_until(election: &mut Election, milliseconds: u64) -> u64 {
    match election.next(at(milliseconds)) {
        Step::Wait { until } => u64::try_from(until.0.as_micros().div_ceil(1000)).unwrap(),
        other => panic!("at {milliseconds} ms: {other:?} instead of a pause"),
    }
}

/// Leads since 0 ms, with the lease at version 1.
fn leader() -> Election {
    let mut election = election();
    assert_eq!(sent(&mut election, 0), LeaseRequest::Get);
    election.answered(at(0), LeaseAnswer::NotFound);
    let LeaseRequest::Create(record) = sent(&mut election, 0) else { panic!("no create") };
    election.answered(at(0), answer_of(&record, 1));
    election
}

fn leads_until(milliseconds: u64) -> Standing<'static> {
    Standing::Leading { until: at(milliseconds).moment }
}

#[test]
fn a_missing_lease_is_made() {
    let mut election = election();
    assert_eq!(election.standing(at(0).moment), Standing::Following { holder: None });
    assert_eq!(sent(&mut election, 0), LeaseRequest::Get);
    election.answered(at(10), LeaseAnswer::NotFound);
    let wanted = LeaseRecord {
        holder: "us".to_owned(),
        duration_seconds: 15,
        acquired: Some(at(10).wall),
        renewed: Some(at(10).wall),
        transitions: 0,
    };
    assert_eq!(sent(&mut election, 10), LeaseRequest::Create(wanted.clone()));
    election.answered(at(500), answer_of(&wanted, 7));
    assert_eq!(election.standing(at(500).moment), leads_until(10_010), "from when the request was sent");
    assert_eq!(waits_until(&mut election, 500), 2500);
}

#[test]
fn another_who_makes_it_first_is_followed() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), LeaseAnswer::NotFound);
    sent(&mut election, 0);
    election.answered(at(10), LeaseAnswer::Conflict);
    let again = waits_until(&mut election, 10);
    assert!((2010..4410).contains(&again), "{again}");
    assert_eq!(sent(&mut election, again), LeaseRequest::Get);
    election.answered(at(again), answer_of(&record("them", 0, 0), 3));
    assert_eq!(election.standing(at(again).moment), Standing::Following { holder: Some("them") });
}

#[test]
fn a_leader_renews_from_what_it_wrote_last() {
    let mut election = leader();
    let LeaseRequest::Update(renewal, version) = sent(&mut election, 2000) else { panic!("no update") };
    assert_eq!(version, ResourceVersion(1));
    assert_eq!(
        (renewal.acquired, renewal.renewed, renewal.transitions),
        (Some(at(0).wall), Some(at(2000).wall), 0)
    );
    election.answered(at(2100), answer_of(&renewal, 5));
    assert_eq!(election.standing(at(2100).moment), leads_until(12_000));
    assert_eq!(waits_until(&mut election, 2100), 4100);
    assert!(matches!(sent(&mut election, 4100), LeaseRequest::Update(_, ResourceVersion(5))));
}

#[test]
fn anothers_record_counts_until_it_was_the_same_for_its_duration_on_our_clock() {
    let mut election = election();
    let mut moment = 100;
    let ancient = record("them", 0, 4);
    let taken = loop {
        match election.next(at(moment)) {
            Step::Wait { until } => moment = u64::try_from(until.0.as_millis()).unwrap() + 1,
            Step::Send(LeaseRequest::Get) => election.answered(at(moment), answer_of(&ancient, 3)),
            Step::Send(LeaseRequest::Update(record, version)) => break (record, version),
            other => panic!("{other:?}"),
        }
        assert!(moment < 20_000);
    };
    assert!((15_100..15_110).contains(&moment), "at the moment it runs out, not at the next try: {moment}");
    assert_eq!((taken.0.holder.as_str(), taken.0.transitions, taken.1), ("us", 5, ResourceVersion(3)));
    assert_eq!(taken.0.acquired, Some(at(moment).wall));
}

#[test]
fn each_change_of_the_record_counts_anew_and_one_beside_the_record_does_not() {
    for (second_renewal, free_at_16_s) in [(1, false), (0, true)] {
        let mut election = election();
        sent(&mut election, 0);
        election.answered(at(0), answer_of(&record("them", 0, 4), 3));
        sent(&mut election, 14_000);
        election.answered(at(14_000), answer_of(&record("them", second_renewal, 4), 4));
        let standing = election.standing(at(16_000).moment);
        assert_eq!(standing == Standing::Following { holder: None }, free_at_16_s);
    }
}

#[test]
fn a_lease_without_a_holder_is_taken_at_once() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), answer_of(&record("", 0, 4), 3));
    let LeaseRequest::Update(taken, ResourceVersion(3)) = sent(&mut election, 0) else { panic!("no update") };
    assert_eq!(taken.transitions, 5);
}

#[test]
fn a_deleted_lease_does_not_end_the_term_that_was_seen_in_it() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), answer_of(&record("them", 0, 4), 3));
    sent(&mut election, 5000);
    election.answered(at(5000), LeaseAnswer::NotFound);
    assert!(waits_until(&mut election, 5000) > 5000);
    sent(&mut election, 15_000);
    election.answered(at(15_000), LeaseAnswer::NotFound);
    let LeaseRequest::Create(made) = sent(&mut election, 15_000) else { panic!("no create") };
    assert_eq!(made.transitions, 5);
}

#[test]
fn a_leader_makes_a_deleted_lease_again() {
    let mut election = leader();
    sent(&mut election, 2000);
    election.answered(at(2000), LeaseAnswer::NotFound);
    assert_eq!(sent(&mut election, 2000), LeaseRequest::Get);
    election.answered(at(2000), LeaseAnswer::NotFound);
    let LeaseRequest::Create(made) = sent(&mut election, 2000) else { panic!("no create") };
    assert_eq!((made.acquired, made.transitions), (Some(at(0).wall), 0));
    election.answered(at(2001), answer_of(&made, 9));
    assert_eq!(election.standing(at(2001).moment), leads_until(12_000));
}

#[test]
fn a_leader_who_is_refused_looks_and_goes_on_or_is_lost() {
    for (holder, goes_on) in [("us", true), ("", true), ("them", false)] {
        let mut election = leader();
        sent(&mut election, 2000);
        election.answered(at(2000), LeaseAnswer::Conflict);
        assert_eq!(sent(&mut election, 2000), LeaseRequest::Get);
        election.answered(at(2000), answer_of(&record(holder, 1, 0), 8));
        if goes_on {
            assert!(matches!(sent(&mut election, 2000), LeaseRequest::Update(_, ResourceVersion(8))));
            assert_eq!(election.standing(at(2000).moment), leads_until(10_000));
        } else {
            assert_eq!(election.standing(at(2000).moment), Standing::Lost);
            assert_eq!(election.next(at(2000)), Step::Done);
        }
    }
}

#[test]
fn a_leader_tries_until_its_term_ends_and_not_longer() {
    let mut election = leader();
    let mut moment = 2000;
    let mut requests = 0;
    loop {
        match election.next(at(moment)) {
            Step::Send(_) => {
                requests += 1;
                election.answered(at(moment + 1), LeaseAnswer::Failed);
            }
            Step::Wait { until } => moment = u64::try_from(until.0.as_millis()).unwrap(),
            Step::Done => break,
        }
    }
    assert_eq!((moment, requests), (10_000, 5), "one renewal, then a look every two seconds");
    assert_eq!(election.standing(at(10_000).moment), Standing::Lost);
}

#[test]
fn a_leader_who_wakes_after_its_term_is_lost_whatever_it_hears() {
    let mut election = leader();
    let LeaseRequest::Update(renewal, _) = sent(&mut election, 2000) else { panic!("no update") };
    assert_eq!(election.standing(at(9_999).moment), leads_until(10_000));
    assert_eq!(election.standing(at(10_000).moment), Standing::Lost);
    election.answered(at(10_500), answer_of(&renewal, 2));
    assert_eq!(election.standing(at(10_500).moment), Standing::Lost);
    assert_eq!(election.next(at(10_500)), Step::Done);
}

#[test]
fn an_answer_that_is_lost_after_the_commit_is_found_by_looking() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), LeaseAnswer::NotFound);
    let LeaseRequest::Create(made) = sent(&mut election, 0) else { panic!("no create") };
    election.answered(at(5000), LeaseAnswer::Failed);
    let again = waits_until(&mut election, 5000);
    assert_eq!(sent(&mut election, again), LeaseRequest::Get);
    election.answered(at(again), answer_of(&made, 4));
    let standing = election.standing(at(again).moment);
    assert_eq!(standing, Standing::Following { holder: Some("us") }, "not before a renewal has succeeded");
    let LeaseRequest::Update(renewal, ResourceVersion(4)) = sent(&mut election, again) else {
        panic!("no update")
    };
    assert_eq!((renewal.transitions, renewal.acquired), (0, made.acquired));
    election.answered(at(again), answer_of(&renewal, 5));
    assert_eq!(election.standing(at(again).moment), leads_until(again + 10_000));
}

#[test]
fn an_answer_that_comes_after_its_own_term_begins_none() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), LeaseAnswer::NotFound);
    let LeaseRequest::Create(made) = sent(&mut election, 0) else { panic!("no create") };
    election.answered(at(10_000), answer_of(&made, 4));
    assert!(matches!(election.standing(at(10_000).moment), Standing::Following { .. }));
    assert_eq!(sent(&mut election, 10_000), LeaseRequest::Get);
}

#[test]
fn a_request_without_an_answer_has_failed_when_the_next_is_asked_for() {
    let mut election = leader();
    sent(&mut election, 2000);
    assert_eq!(sent(&mut election, 7000), LeaseRequest::Get);
}

#[test]
fn a_release_clears_the_holder_and_counts_no_transition() {
    let mut election = leader();
    election.release(at(3000));
    assert_eq!(election.standing(at(3000).moment), Standing::Released, "the gate closes first");
    let LeaseRequest::Update(cleared, ResourceVersion(1)) = sent(&mut election, 3000) else {
        panic!("no update")
    };
    assert_eq!((cleared.holder.as_str(), cleared.duration_seconds, cleared.transitions), ("", 1, 0));
    election.answered(at(3001), answer_of(&cleared, 2));
    assert_eq!(election.next(at(3001)), Step::Done);
}

#[test]
fn a_release_whose_renewal_is_still_out_looks_first() {
    for (holder, gives_back) in [("us", true), ("them", false)] {
        let mut election = leader();
        sent(&mut election, 2000);
        election.release(at(2001));
        assert_eq!(sent(&mut election, 2001), LeaseRequest::Get);
        election.answered(at(2001), answer_of(&record(holder, 2000, 0), 6));
        if gives_back {
            assert!(matches!(sent(&mut election, 2001), LeaseRequest::Update(_, ResourceVersion(6))));
        } else {
            assert_eq!(election.next(at(2001)), Step::Done);
        }
    }
}

#[test]
fn a_release_does_not_try_for_ever() {
    let mut election = leader();
    election.release(at(3000));
    let mut requests = 0;
    while let Step::Send(_) = election.next(at(3000)) {
        requests += 1;
        election.answered(at(3000), LeaseAnswer::Failed);
    }
    assert_eq!((requests, election.next(at(3000))), (2, Step::Done));
}

#[test]
fn a_follower_has_nothing_to_release() {
    let mut election = election();
    sent(&mut election, 0);
    election.answered(at(0), answer_of(&record("them", 0, 4), 3));
    election.release(at(10));
    assert_eq!(election.next(at(10)), Step::Done);
    assert_eq!(election.standing(at(10).moment), Standing::Released);
}

#[test]
fn times_that_cannot_work_name_their_flags() {
    let seconds = Duration::from_secs;
    let table = [
        (
            10,
            10,
            2,
            "--leader-elect-lease-duration (10s) must be longer than --leader-elect-renew-deadline (10s)",
        ),
        (
            15,
            6,
            5,
            "--leader-elect-renew-deadline (6s) must be longer than 1.2 times --leader-elect-retry-period (5s)",
        ),
        (15, 10, 0, "--leader-elect-retry-period must be longer than zero"),
        (3_000_000_000, 10, 2, "--leader-elect-lease-duration (3000000000s) is too long"),
    ];
    for (lease_duration, renew_deadline, retry_period, wanted) in table {
        let error =
            ElectionSettings::new(seconds(lease_duration), seconds(renew_deadline), seconds(retry_period))
                .unwrap_err();
        assert_eq!(error.to_string(), wanted);
    }
    let defaults = ElectionSettings::new(seconds(15), seconds(10), seconds(2));
    assert_eq!(defaults, Ok(ElectionSettings::default()));
    let odd = ElectionSettings::new(
        Duration::from_millis(1500),
        Duration::from_millis(900),
        Duration::from_millis(300),
    );
    assert_eq!(odd.unwrap().duration_seconds(), 2, "rounded up");
}
