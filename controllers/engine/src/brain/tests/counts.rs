//! Counts of events that are raised: few writes, and the same is stored in the end.

use mainstay_model::EventForm;

use super::*;

/// The owner says that it waits, and no more.
fn tell_and_fall_silent(bench: &mut Bench) {
    for held_back in [HELD_BACK, 0] {
        let version = bench.next_version();
        let mut changed = owner(held_back, version, Default::default());
        if let Object::ReplicationController(changed) = &mut changed {
            Arc::make_mut(changed).meta.created = (held_back == HELD_BACK).then_some(bench.now.wall);
        }
        bench.apply(OWNERS, changed);
    }
}

fn stored(bench: &mut Bench) -> Vec<(EventForm, i32)> {
    bench.events.drain(..).map(|record| (record.form, record.count)).collect()
}

#[test]
fn counts_that_are_raised_within_a_second_are_written_once_with_the_whole_count() {
    let mut bench = Bench::leader();
    for _ in 0..5 {
        tell_and_fall_silent(&mut bench);
        bench.pass(Duration::from_millis(100));
    }
    assert_eq!(stored(&mut bench), [(EventForm::Create, 1)], "what is new is told at once");
    bench.pass(Duration::from_millis(500));
    assert_eq!(stored(&mut bench), []);
    let until = bench.brain.wake_at().unwrap();
    bench.pass(until.since(bench.now.moment));
    assert_eq!(stored(&mut bench), [(EventForm::CountUp, 5)]);
    bench.pass(Duration::from_secs(10));
    assert_eq!(stored(&mut bench), []);
}

#[test]
fn a_stop_tells_what_has_gathered() {
    let mut bench = Bench::leader();
    tell_and_fall_silent(&mut bench);
    tell_and_fall_silent(&mut bench);
    bench.input(Input::Stop);
    assert_eq!(stored(&mut bench), [(EventForm::Create, 1), (EventForm::CountUp, 2)]);
}
