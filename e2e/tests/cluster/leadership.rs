//! The leader goes while it creates pods: asked to stop, killed, or frozen until another leads.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::CONCURRENT_WRITES;
use anyhow::{Result, bail};
use mainstay_e2e::process;
use mainstay_e2e::testbed::{
    Crowd, Frozen, LATER, Namespace, SOON, Seen, Slowed, World, is_active, templates,
};
use mainstay_e2e::wait::wait_for;
use rustix::process::Signal;

/// How many pods are wanted.
pub const WANTED: usize = 200;
/// The leader must go while so many are there.
pub const MIDDLE: RangeInclusive<usize> = 20..=180;
/// With so many it is time.
const ENOUGH: usize = 50;

/// The lease's duration in the chart's values.
const LEASE: Duration = Duration::from_secs(15);

pub fn asked_to_stop(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let leader = managers.settled()?.leader;
    let slowed = Slowed::slow(managers.pid(&leader.pod)?);
    let crowd = in_the_middle(namespace)?;
    drop(slowed);
    let start = Instant::now();
    // Without --wait, for kubectl would wait until the pod is gone.
    world.system().kubectl(&["delete", "pod", &leader.pod, "--wait=false"])?;
    let holder = wait_for("another leader", SOON, || {
        let holder = managers.holder()?;
        Ok((!holder.is_empty() && !holder.starts_with(&format!("{}_", leader.pod))).then_some(holder))
    })?;
    let took = start.elapsed();
    eprintln!("    {holder} leads {:.1} s after the old leader was asked to stop", took.as_secs_f64());
    assert!(took < LEASE * 2 / 3, "the lease was not given back: {took:?}");
    at_rest(namespace, &crowd)?;
    managers.settled().map(|_all_well| ())
}

pub fn killed(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let leader = managers.settled()?.leader;
    let pid = managers.pid(&leader.pod)?;
    let slowed = Slowed::slow(pid);
    let crowd = in_the_middle(namespace)?;
    drop(slowed);
    process::send(pid, Signal::KILL);
    assert_in_the_middle(namespace, "when the leader had been killed")?;
    at_rest(namespace, &crowd)?;
    let restarted = managers.wait_until_restarted(&leader)?;
    assert_eq!(restarted.restarts, leader.restarts + 1, "nothing else ended it");
    assert_eq!(managers.last_exit_code(&leader.pod)?, Some(128 + 9));
    managers.settled().map(|_all_well| ())
}

pub fn frozen(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let leader = managers.settled()?.leader;
    let pid = managers.pid(&leader.pod)?;
    let slowed = Slowed::slow(pid);
    let crowd = in_the_middle(namespace)?;
    drop(slowed);
    let frozen = Frozen::freeze(pid);
    let start = Instant::now();
    assert_in_the_middle(namespace, "when the leader had been frozen")?;
    wait_for("the standby to lead", SOON, || {
        let holder = managers.holder()?;
        Ok((!holder.starts_with(&format!("{}_", leader.pod))).then_some(()))
    })?;
    eprintln!("    the standby leads {:.1} s after the leader froze", start.elapsed().as_secs_f64());
    crowd.wait_until("the standby to finish", LATER, |seen| seen.active.len() >= WANTED)?;
    let before_thaw = crowd.seen();
    let frozen_for = start.elapsed();
    // Its liveness probe would take a minute.
    assert!(frozen_for > LEASE && frozen_for < Duration::from_secs(50), "frozen for {frozen_for:?}");
    drop(frozen);

    let restarted = managers.wait_until_restarted(&leader)?;
    assert_eq!(restarted.restarts, leader.restarts + 1, "nothing else ended it");
    assert_eq!(managers.last_exit_code(&leader.pod)?, Some(1), "it has ended by itself");
    let log = managers.log_before_restart(&leader.pod)?;
    assert!(log.contains("the lease is lost"), "{log}");
    let seen = at_rest(namespace, &crowd)?;
    let late: Vec<&String> = seen.ever.difference(&before_thaw.ever).collect();
    eprintln!("    {} pods came after the thaw", late.len());
    assert!(late.len() <= CONCURRENT_WRITES, "only what was on its way may land: {late:?}");
    managers.settled().map(|_all_well| ())
}

/// Has 200 pods made, and returns in the middle of that.
pub fn in_the_middle(namespace: &Namespace<'_>) -> Result<Crowd> {
    let crowd = Crowd::watch(namespace, "app=crowd")?;
    namespace.apply(&templates::on_fake_nodes("crowd", WANTED))?;
    crowd.wait_until("the first pods", SOON, |seen| seen.active.len() >= ENOUGH)?;
    Ok(crowd)
}

/// Asks the apiserver, since the watch may be late.
fn assert_in_the_middle(namespace: &Namespace<'_>, when: &str) -> Result<()> {
    let count = namespace.pods("app=crowd")?.iter().filter(|pod| is_active(pod)).count();
    eprintln!("    there were {count} of {WANTED} pods {when}");
    if !MIDDLE.contains(&count) {
        bail!("{count} pods {when}: this test shows nothing unless it happens in the middle");
    }
    Ok(())
}

/// Waits for the end, and checks that there never were too many.
pub fn at_rest(namespace: &Namespace<'_>, crowd: &Crowd) -> Result<Seen> {
    namespace.wait_until_ready("crowd", WANTED, LATER)?;
    let seen = crowd.wait_until("the watch to have seen all", SOON, |seen| seen.active.len() == WANTED)?;
    eprintln!(
        "    at the most {} of {WANTED} pods were active at once; {} were ever made; {} events, {} breaks of the watch",
        seen.most,
        seen.ever.len(),
        seen.events,
        seen.restarts
    );
    let pods = namespace.pods("app=crowd")?;
    assert_eq!(pods.iter().filter(|pod| is_active(pod)).count(), WANTED, "at rest");
    let window = WANTED + CONCURRENT_WRITES;
    assert!(seen.most <= window, "{} pods were active at once, more than {window}", seen.most);
    assert!(seen.ever.len() <= window, "{} pods were made, more than {window}", seen.ever.len());
    Ok(seen)
}
