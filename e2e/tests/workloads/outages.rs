//! The apiserver is away for a minute in the middle of a rollout.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay_e2e::interrupt;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::testbed::{Namespace, World};

use crate::template::Web;
use crate::trial::{Trial, restarts};

/// That is longer than a lease, so whoever leads afterwards may be another one.
const AWAY: Duration = Duration::from_secs(60);

pub fn the_apiserver_is_away_for_a_minute(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web::slowly(6);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    let updated = trial.wait_until_updated(2)?;
    let start = Instant::now();
    world.cluster.daemon("kube-apiserver").kill()?;
    eprintln!("    the apiserver was killed when {updated} of 6 pods were updated");
    assert!(updated < 6, "this test shows nothing unless it happens in the middle");
    // The minute is what this test is about.
    while start.elapsed() < AWAY {
        interrupt::check()?;
        sleep(Duration::from_millis(200));
    }
    world.cluster.start_apiserver()?;
    let away = start.elapsed();
    trial.ends_as_wanted(&next)?;
    eprintln!("    all was as wanted {:.1} s after it had come back", (start.elapsed() - away).as_secs_f64());
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    for pod in trial.pods()? {
        assert_eq!(restarts(&pod, "agent"), 1, "{pod}");
    }
    trial.was_within(6, 0, 1);
    world.managers().settled().map(|_all_well| ())
}
