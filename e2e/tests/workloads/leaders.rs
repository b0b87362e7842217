//! The leading manager is killed in the middle of a rollout, again and again.

use anyhow::{Context, Result};
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::process;
use mainstay_e2e::testbed::{LATER, Namespace, World};
use mainstay_e2e::wait::wait_for;
use rustix::process::Signal;

use crate::template::Web;
use crate::trial::{Trial, restarts};

/// How often in one rollout.
const KILLS: usize = 3;

pub fn killed_while_sidecars_are_replaced(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web::slowly(6);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    kill_leaders(world, &trial, 6)?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    for pod in trial.pods()? {
        assert_eq!(restarts(&pod, "agent"), 1, "the next leader has begun nothing anew: {pod}");
        assert_eq!(restarts(&pod, "log"), 0, "{pod}");
    }
    trial.was_within(6, 0, 1);
    world.managers().settled().map(|_all_well| ())
}

pub fn killed_while_pods_are_replaced(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web { surge: 1, in_place: "Never", ..Web::slowly(8) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    kill_leaders(world, &trial, 8)?;
    trial.ends_as_wanted(&next)?;
    assert!(trial.mains()?.keys().all(|pod| !before.contains_key(pod)), "every pod is another one");
    trial.no_main_was_restarted()?;
    assert_eq!(trial.ever(), 16, "the next leader has made no pod twice");
    trial.was_within(8, 1, 1);
    world.managers().settled().map(|_all_well| ())
}

/// Kills who leads, each time when the rollout has come further and is not at its end.
fn kill_leaders(world: &World, trial: &Trial<'_>, replicas: u64) -> Result<()> {
    let managers = world.managers();
    let (mut updated, mut killed) = (0, String::new());
    for _ in 0..KILLS {
        updated = trial.wait_until_updated(updated + 1)?;
        let holder = wait_for("another leader", LATER, || {
            let holder = managers.holder()?;
            Ok((!holder.is_empty() && holder != killed).then_some(holder))
        })?;
        let (pod, _) = holder.split_once('_').context("the holder is a pod")?;
        process::send(managers.pid(pod)?, Signal::KILL);
        let at_its_death = trial.updated()?;
        eprintln!("    {pod} was killed when {at_its_death} of {replicas} pods were updated");
        assert!(at_its_death < replicas, "this test shows nothing unless it happens in the middle");
        killed = holder;
    }
    Ok(())
}
