//! The apiserver goes and comes back.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay_e2e::interrupt;
use mainstay_e2e::testbed::{
    LATER, Manager, Managers, Namespace, SOON, Settled, Slowed, World, templates, uid_of,
};
use mainstay_e2e::wait::wait_for;

use crate::leadership::{MIDDLE, WANTED, at_rest, in_the_middle};

/// An outage shorter than that ends before the lease does: the renew deadline, less the time between two renewals.
const HARMLESS: Duration = Duration::from_secs(7);

pub fn the_apiserver_restarts_in_the_middle(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let before = managers.settled()?;
    let slowed = Slowed::slow(managers.pid(&before.leader.pod)?);
    let crowd = in_the_middle(namespace)?;
    drop(slowed);
    let start = Instant::now();
    // Without a chance to answer what it has already done.
    world.cluster.daemon("kube-apiserver").kill()?;
    let count = crowd.seen().active.len();
    eprintln!("    {count} of {WANTED} pods were seen when the apiserver had been killed");
    assert!(MIDDLE.contains(&count), "this test shows nothing unless it happens in the middle");
    world.cluster.start_apiserver()?;
    let away = start.elapsed();
    eprintln!("    the apiserver was away for {:.1} s", away.as_secs_f64());
    at_rest(namespace, &crowd)?;
    let after = managers.settled()?;
    only_a_lost_lease_restarts(managers, &before, &after, away)
}

pub fn the_apiserver_is_away_for_a_minute(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let before = managers.settled()?;
    namespace.apply(&templates::on_fake_nodes("steady", 20))?;
    namespace.wait_until_ready("steady", 20, SOON)?;
    let pods_before: BTreeSet<String> = namespace.pods("app=steady")?.iter().map(uid_of).collect();
    let start = Instant::now();
    // Killed and not stopped: that would take its address from its Service, and then the pauses of kube-proxy, which must learn
    // of the address again, decide when a pod finds the way back.
    world.cluster.daemon("kube-apiserver").kill()?;
    // The minute is what this test is about.
    while start.elapsed() < Duration::from_secs(60) {
        interrupt::check()?;
        sleep(Duration::from_millis(200));
    }
    world.cluster.start_apiserver()?;
    let away = start.elapsed();

    let since = |what: &str| {
        eprintln!(
            "    {what} {:.1} s after the apiserver had come back",
            (start.elapsed() - away).as_secs_f64()
        );
    };
    namespace.kubectl(&["scale", "replicationcontroller", "steady", "--replicas=25"])?;
    wait_for("more pods", LATER, || Ok((namespace.pods("app=steady")?.len() >= 25).then_some(())))?;
    since("a leader worked again");
    let after = managers.settled()?;
    since("both managers were well again");
    // That they are ready too is for those to bring about who run and place them, and who have pauses of their own.
    wait_for("the status to count them", SOON, || {
        Ok((namespace.replication_controller("steady")?["status"]["replicas"] == 25).then_some(()))
    })?;
    let pods_after: BTreeSet<String> = namespace.pods("app=steady")?.iter().map(uid_of).collect();
    assert!(pods_after.is_superset(&pods_before), "no pod was lost");
    only_a_lost_lease_restarts(managers, &before, &after, away)
}

/// A leader that cannot renew its lease ends, and is started again; nothing else ends a manager.
fn only_a_lost_lease_restarts(
    managers: Managers<'_>,
    before: &Settled,
    after: &Settled,
    away: Duration,
) -> Result<()> {
    for earlier in [&before.leader, &before.standby] {
        let now = [&after.leader, &after.standby].into_iter().find(|manager| manager.uid == earlier.uid);
        let Some(Manager { pod, restarts, .. }) = now else { panic!("{} was replaced", earlier.pod) };
        if *restarts == earlier.restarts {
            continue;
        }
        let log = managers.log_before_restart(pod)?;
        eprintln!("    {pod} was restarted: it had lost its lease");
        assert!(
            away > HARMLESS,
            "{pod} was restarted although the apiserver was away for {away:?} only:\n{log}"
        );
        assert!(log.contains("the lease is lost"), "{pod} was restarted for another reason:\n{log}");
        assert_eq!(*restarts, earlier.restarts + 1, "{pod} was restarted more than once");
        assert_eq!(earlier.uid, before.leader.uid, "the standby had no lease to lose");
    }
    Ok(())
}
