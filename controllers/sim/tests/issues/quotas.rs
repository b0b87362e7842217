//! Room in a quota.

use std::time::Duration;

use mainstay_model::ObjectName;
use mainstay_sim::clock::Time;
use mainstay_sim::script::{Script, Step, UserStep};
use mainstay_sim::world::World;
use mainstay_sim::{Faults, Options};

use crate::creates;

/// Several want more pods than their quota allows, for so long that they have come to try only once in a while. Then it
/// allows more, is lifted, or pods of others go.
#[test]
fn issue_98656_a_controller_that_met_a_full_quota_goes_on_as_soon_as_there_is_room() {
    let options = Options { faults: Faults::NONE, log: true, ..Options::default() };
    let raised_at = 130.0;
    for seed in 0..30 {
        let quota = |limit| Step::Quota("shop".into(), limit);
        let scale = |name, replicas| Step::User(ObjectName::new("shop", name), UserStep::Scale(replicas, 0));
        let step = match seed % 3 {
            0 => quota(Some(20)),
            1 => quota(None),
            _ => scale("others", 0),
        };
        let script = Script(vec![
            (Time::default(), scale("others", 12)),
            (Time::seconds(20), quota(Some(12))),
            (Time::seconds(30), scale("red", 4)),
            (Time::seconds(30), scale("blue", 4)),
            (Time::seconds(130), step),
        ]);
        let mut world = World::new(seed, &options, script);
        world.run_until(Time::default().after(Duration::from_secs(400)));
        let (violations, _, log) = world.into_findings();
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
        let log = log.unwrap();

        // Pods go at their leisure, and the quota controller counts every few seconds.
        let patience = if seed % 3 == 2 { 12.0 } else { 3.0 };
        for controller in ["red", "blue"] {
            let done = creates(&log, controller, "done");
            assert_eq!(done.len(), 4, "seed {seed}: {controller}");
            let is_in_time = |time: &f64| (raised_at..raised_at + patience).contains(time);
            assert!(done.iter().all(is_in_time), "seed {seed}: {controller} at {done:?}");

            // The back-off alone would have taken longer: no pause is shorter than the one before.
            let mut refused = creates(&log, controller, "Forbidden");
            refused.retain(|time| *time < raised_at);
            let [.., before, latest] = refused[..] else { panic!("seed {seed}: {refused:?}") };
            let next = latest + (latest - before);
            assert!(next > raised_at + patience, "seed {seed}: {controller} would try again at {next}");
        }
    }
}
