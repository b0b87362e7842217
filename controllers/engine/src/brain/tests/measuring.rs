//! What is measured and decides nothing.

use super::*;

#[test]
fn the_first_write_of_a_plan_says_when_the_change_arrived_that_it_answers() {
    let mut bench = Bench::leader();
    let arrived = bench.now.moment;
    bench.now.moment = arrived.after(Duration::from_millis(20));
    let version = bench.next_version();
    let change = SourceEvent::Applied(owner(3, version, ReplicationControllerStatus::default()));
    bench.brain.handle_arrived(bench.now, arrived, Input::Source(OWNERS, change));
    assert_eq!(changed(&mut bench), [Some(arrived)]);

    // The window lets two more go, for the same change: only the first write answers it.
    let (id, _) = bench.take("create", "web-0");
    let version = Some(bench.next_version());
    let outcome = WriteOutcome::Acknowledged { version };
    bench.brain.handle(bench.now, Input::Write { id, outcome, took: Duration::from_millis(5) });
    assert_eq!(changed(&mut bench), [None, None]);
}

/// When the changes arrived that what is dispatched now answers.
fn changed(bench: &mut Bench) -> Vec<Option<Moment>> {
    let mut effects = vec![];
    bench.brain.run(bench.now, &mut effects);
    let mut changes = vec![];
    for effect in effects {
        if let Effect::Write { id, write, changed, .. } = effect {
            changes.push(changed);
            bench.writes.push((id, write));
        }
    }
    changes
}
