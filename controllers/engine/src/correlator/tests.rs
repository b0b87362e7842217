use std::collections::BTreeSet;

use mainstay_model::{Kind, ResourceVersion, Uid};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Now {
    let moment = Moment(Duration::from_secs(seconds));
    Now { moment, wall: Timestamp::from_seconds(1_000_000 + i64::try_from(seconds).unwrap()) }
}

fn event(object: &str, message: &str) -> Event {
    Event {
        regarding: ObjectReference {
            kind: Kind::ReplicationController,
            object: ObjectName::new("shop", object),
            uid: Uid(7),
            version: ResourceVersion(1),
        },
        event_type: EventType::Normal,
        reason: "SuccessfulCreate",
        message: message.to_owned(),
        component: "replication-controller",
    }
}

fn correlator() -> Correlator {
    Correlator::new(CorrelatorSettings::default(), 1)
}

/// What becomes of a row of events about one object: form, count and message, or nothing if dropped.
fn check(said: &[(u64, &str)], stored: &[Option<(EventForm, i32, &str)>]) {
    let mut correlator = correlator();
    let found: Vec<Option<EventRecord>> = said
        .iter()
        .map(|(second, message)| correlator.correlate(event("web", message), at(*second)))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|record| record.as_ref().map(|r| (r.form, r.count, r.event.message.as_str())))
        .collect();
    assert_eq!(found, stored);
}

#[test]
fn equal_events_are_counted_up_under_the_first_name_and_time() {
    use EventForm::{CountUp, Create};
    check(
        &[(0, "a"), (1, "a"), (2, "b"), (3, "a")],
        &[Some((Create, 1, "a")), Some((CountUp, 2, "a")), Some((Create, 1, "b")), Some((CountUp, 3, "a"))],
    );
    let mut correlator = correlator();
    let first = correlator.correlate(event("web", "a"), at(5)).unwrap();
    let second = correlator.correlate(event("web", "a"), at(9)).unwrap();
    assert_eq!((&first.name, first.first, first.last), (&second.name, second.first, at(5).wall));
    assert_eq!(second.last, at(9).wall);
}

#[test]
fn the_tenth_similar_event_is_combined_and_known_ones_stay_themselves() {
    let messages: Vec<String> = (1..=12).map(|number| format!("pod {number}")).collect();
    let mut correlator = correlator();
    let records: Vec<EventRecord> =
        messages.iter().map(|message| correlator.correlate(event("web", message), at(1)).unwrap()).collect();
    let summary: Vec<_> =
        records.iter().skip(8).map(|r| (r.form, r.count, r.event.message.as_str())).collect();
    assert_eq!(
        summary,
        [
            (EventForm::Create, 1, "pod 9"),
            (EventForm::Create, 1, "(combined from similar events): pod 10"),
            (EventForm::CountUp, 2, "(combined from similar events): pod 11"),
            (EventForm::CountUp, 3, "(combined from similar events): pod 12"),
        ]
    );
    assert_eq!(records[9].name, records[11].name);
    let known = correlator.correlate(event("web", "pod 3"), at(2)).unwrap();
    assert_eq!((known.form, known.count, known.event.message.as_str()), (EventForm::CountUp, 2, "pod 3"));
}

#[test]
fn similar_means_same_object_type_reason_and_component() {
    let variations: [fn(&mut Event); 5] = [
        |event| event.regarding.object = ObjectName::new("shop", "other"),
        |event| event.regarding.uid = Uid(8),
        |event| event.event_type = EventType::Warning,
        |event| event.reason = "FailedCreate",
        |event| event.component = "endpoint-controller",
    ];
    for vary in variations {
        let mut correlator = correlator();
        for number in 0..9 {
            correlator.correlate(event("web", &number.to_string()), at(0)).unwrap();
        }
        let mut other = event("web", "9");
        vary(&mut other);
        assert_eq!(correlator.correlate(other, at(0)).unwrap().event.message, "9");
        let similar = correlator.correlate(event("web", "9"), at(0)).unwrap();
        assert!(similar.event.message.starts_with(COMBINED_PREFIX));
    }
}

#[test]
fn after_a_silence_similar_events_stand_for_themselves_again() {
    for (pause, combined) in [(600, true), (601, false)] {
        let mut correlator = correlator();
        for number in 0..11 {
            correlator.correlate(event("web", &number.to_string()), at(0)).unwrap();
        }
        let record = correlator.correlate(event("web", "new"), at(pause)).unwrap();
        assert_eq!(record.event.message.starts_with(COMBINED_PREFIX), combined, "after {pause} s");
    }
}

#[test]
fn an_object_has_25_events_and_then_one_in_300_seconds() {
    let mut correlator = correlator();
    let mut passed = |second: u64, events: usize| {
        (0..events).filter(|_| correlator.correlate(event("web", "a"), at(second)).is_some()).count()
    };
    assert_eq!(passed(0, 100), 25);
    assert_eq!(passed(299, 10), 0);
    assert_eq!(passed(300, 10), 1);
    assert_eq!(passed(1500, 10), 4);
    assert_eq!(passed(1_000_000, 100), 25);
    assert_eq!(correlator.dropped(), 75 + 10 + 9 + 6 + 75);
    let other = correlator.correlate(event("other", "a"), at(0));
    assert!(other.is_some(), "another object has its own bucket");
}

#[test]
fn dropped_events_are_counted_in_the_next_record_that_passes() {
    let mut correlator = correlator();
    for _ in 0..30 {
        correlator.correlate(event("web", "a"), at(0));
    }
    let record = correlator.correlate(event("web", "a"), at(300)).unwrap();
    assert_eq!((record.form, record.count), (EventForm::CountUp, 31));
}

#[test]
fn a_record_of_which_nothing_was_sent_is_created() {
    let mut correlator = correlator();
    for _ in 0..25 {
        correlator.correlate(event("web", "a"), at(0));
    }
    assert_eq!(correlator.correlate(event("web", "b"), at(0)), None);
    let record = correlator.correlate(event("web", "b"), at(300)).unwrap();
    assert_eq!((record.form, record.count, record.first), (EventForm::Create, 2, at(0).wall));
}

#[test]
fn the_past_that_is_remembered_has_a_bound() {
    let settings = CorrelatorSettings { capacity: 10, ..CorrelatorSettings::default() };
    let mut correlator = Correlator::new(settings, 1);
    let mut names = BTreeSet::new();
    for round in 0..2 {
        for number in 0..11 {
            let record = correlator.correlate(event(&format!("web-{number}"), "a"), at(round)).unwrap();
            assert_eq!((record.form, record.count), (EventForm::Create, 1));
            assert!(names.insert(record.name));
        }
    }
}

#[test]
fn names_are_valid_and_differ_between_processes() {
    let name_of = |object: &str, seed: u64| {
        let mut correlator = Correlator::new(CorrelatorSettings::default(), seed);
        correlator.correlate(event(object, "a"), at(0)).unwrap().name.name
    };
    assert_eq!(name_of("web", 1), name_of("web", 1));
    assert_ne!(name_of("web", 1), name_of("web", 2));
    let suffix = name_of("web", 1).strip_prefix("web.").unwrap().to_owned();
    assert!(suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let long = name_of(&"web.".repeat(63), 1);
    assert!(long.len() <= 253 && !long.contains(".."), "{long}");
    assert!(name_of(&"é".repeat(200), 1).len() <= 253);
}

#[test]
fn events_about_objects_without_a_namespace_go_to_default() {
    let mut correlator = correlator();
    let mut said = event("web", "a");
    said.regarding.object = ObjectName::new("", "node-1");
    assert_eq!(&*correlator.correlate(said, at(0)).unwrap().name.namespace, "default");
}

#[test]
fn the_defaults_are_client_gos() {
    let CorrelatorSettings { burst, refill, combine_from, combine_within, capacity } =
        CorrelatorSettings::default();
    assert_eq!((burst, refill, combine_from), (25, 300 * SECOND, 10));
    assert_eq!((combine_within, capacity), (600 * SECOND, 4096));
}

#[test]
fn warnings_do_not_use_up_what_normal_events_may_say() {
    let mut correlator = correlator();
    let warning = |number: u32| Event {
        event_type: EventType::Warning,
        reason: "FailedDelete",
        ..event("web", &format!("pod {number}"))
    };
    let stored = (0..100).filter(|number| correlator.correlate(warning(*number), at(1)).is_some()).count();
    assert!(stored < 100, "warnings are held back");
    assert!(correlator.correlate(event("web", "it goes well"), at(1)).is_some());
}

#[test]
fn what_combines_similar_events_is_made_once_with_the_count_of_all() {
    let (mut correlator, mut gathering) = (correlator(), Gathering::default());
    let mut at_once = 0;
    for number in 1..=20 {
        let record = correlator.correlate(event("web", &format!("pod {number}")), at(1)).unwrap();
        at_once += usize::from(gathering.hold(record, at(1).moment).is_some());
    }
    assert_eq!(at_once, 9, "those that stand for themselves");
    assert_eq!(gathering.wake_at(), Some(at(2).moment));
    let gathered = gathering.due(at(2).moment);
    let summary: Vec<_> = gathered.iter().map(|record| (record.form, record.count)).collect();
    assert_eq!(summary, [(EventForm::Create, 11)], "the whole count, although nothing was made yet");

    let next = correlator.correlate(event("web", "pod 21"), at(3)).unwrap();
    assert_eq!(gathering.hold(next, at(3).moment), None);
    let summary: Vec<_> = gathering.rest().iter().map(|record| (record.form, record.count)).collect();
    assert_eq!(summary, [(EventForm::CountUp, 12)]);
    assert_eq!(gathering.wake_at(), None);
}
