//! A rival comes while ours scales up from 0 to 200, and goes again.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::testbed::{Crowd, LATER, Namespace, SOON, Slowed, World, is_active, name_of, templates};
use mainstay_e2e::wait::wait_for;

use crate::audit::{AuditLog, IN_TREE, OURS, Write, canary, seconds};
use crate::rival::Rival;
use crate::standing;

/// How many pods are wanted.
const WANTED: usize = 200;
/// With so many the rival is started, which takes it some seconds.
const BEGUN: usize = 5;
/// The ceiling of concurrent writes.
const CONCURRENT_WRITES: usize = 4;
/// How long our leader runs and rests in turn, so that it is at work for as long as a rival takes to start.
const RUN_AND_REST: (Duration, Duration) = (Duration::from_millis(15), Duration::from_millis(185));
/// After a change of pod, lease or canary ours writes for no longer than that.
const REACTION: f64 = 10.0;
/// The cache of a rival that has just started is no older than that.
const WATCH_DELAY: SignedDuration = SignedDuration::from_secs(1);
/// For so long nobody else must have been seen before ours acts.
const ABSENCE: f64 = 60.0;

pub fn of_a_static_pod(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    arrival(world, namespace, Rival::StaticPod, |write| {
        write.is("create", "pods", "kube-system") && write.name.starts_with("kube-controller-manager-")
    })
}

pub fn of_a_process_with_a_lease(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    arrival(world, namespace, Rival::WithLease, |write| {
        write.resource == "leases" && write.name == "kube-controller-manager"
    })
}

pub fn of_a_process_without_a_lease(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    arrival(world, namespace, Rival::WithoutLease, |write| write.user == IN_TREE && write.name == canary())
}

/// `shows` says which write is the first that can give the rival away.
fn arrival(world: &World, namespace: &Namespace<'_>, rival: Rival, shows: fn(&Write) -> bool) -> Result<()> {
    world.install(&[format!("concurrentWrites={CONCURRENT_WRITES}")])?;
    standing::wait_until(world, "alone")?;
    let log = AuditLog::from_now(world)?;
    let managers = world.managers();
    // Else it would have to run out before a rival may take it.
    world.cluster.kubectl(&[
        "delete",
        "lease",
        "kube-controller-manager",
        "--namespace=kube-system",
        "--ignore-not-found",
    ])?;
    let (run, rest) = RUN_AND_REST;
    let slowed = Slowed::pulsing(managers.pid(&managers.settled()?.leader.pod)?, run, rest);
    let crowd = Crowd::watch(namespace, "app=crowd")?;
    namespace.apply(&templates::on_fake_nodes("crowd", WANTED))?;
    crowd.wait_until("the first pods", SOON, |seen| seen.active.len() >= BEGUN)?;
    let started = Timestamp::now();
    rival.start(&world.cluster, &InTree::ours())?;
    namespace.wait_until_ready("crowd", WANTED, LATER)?;
    let seen = crowd.wait_until("the watch to have seen all", SOON, |seen| seen.active.len() == WANTED)?;
    drop(slowed);

    let writes = log.writes()?;
    let shown = writes.iter().find(|write| shows(write)).context("nothing shows the rival")?.at;
    // Events are told when there is time.
    let is_work =
        |write: &&Write| write.user == OURS && !write.is_of_the_passive() && write.resource != "events";
    let made = |user: &str| {
        writes.iter().filter(|write| write.user == user && write.made_pod(namespace.name())).count()
    };
    let last = writes.iter().rfind(is_work).context("ours has done nothing")?.at;
    let first = writes.iter().find(|write| write.user == IN_TREE).context("the rival has done nothing")?.at;
    let first_pod = writes.iter().find(|write| write.user == IN_TREE && write.made_pod(namespace.name()));
    let first_pod = first_pod.context("the rival has made no pod")?.at;
    let made_after = |time: Timestamp| {
        let made = writes.iter().filter(|write| is_work(write) && write.made_pod(namespace.name()));
        made.filter(|write| write.at > time).count()
    };
    eprintln!(
        "    {rival:?}: ours made {} pods and the rival {}; at the most {} were active at once. The rival showed {:.3} s after it \
         was started. Seen from there ours wrote last after {:.3} s and made {} more pods till then; the rival wrote first after \
         {:.3} s and made its first pod after {:.3} s, when ours still made {}",
        made(OURS),
        made(IN_TREE),
        seen.most,
        seconds(started, shown),
        seconds(shown, last),
        made_after(shown),
        seconds(shown, first),
        seconds(shown, first_pod),
        made_after(first_pod),
    );
    assert!(made(OURS) > 0 && made(IN_TREE) > 0, "this shows nothing unless the rival comes in the middle");
    assert!(seconds(shown, last) < REACTION, "a write {:.1} s after the change", seconds(shown, last));
    let pods = namespace.pods("app=crowd")?;
    assert_eq!(pods.iter().filter(|pod| is_active(pod)).count(), WANTED, "at rest");
    // The rival makes as many at once as are missing in its cache. Too many are those that were on their way then: from ours to the
    // apiserver, or from there to the rival.
    let on_the_way = made_after(first_pod - WATCH_DELAY);
    assert!(seen.most <= WANTED + on_the_way, "{} pods at once, {on_the_way} on the way", seen.most);

    departure(world, namespace, rival)
}

/// The rival goes, and a pod does: ours replaces that after a minute without any trace.
fn departure(world: &World, namespace: &Namespace<'_>, rival: Rival) -> Result<()> {
    let log = AuditLog::from_now(world)?;
    let gone: Timestamp = Timestamp::now();
    rival.stop(&world.cluster)?;
    let pods = namespace.pods("app=crowd")?;
    namespace.kubectl(&["delete", "pod", &name_of(pods.first().context("no pods")?)])?;
    standing::wait_until(world, "alone")?;
    let first = wait_for("ours to do something", SOON, || {
        let ours = log.writes_of(OURS)?;
        Ok(ours.iter().find(|write| !write.is_of_the_passive()).map(|write| write.at))
    })?;
    eprintln!("    ours acted {:.1} s after the rival was told to stop", seconds(gone, first));
    assert!(seconds(gone, first) >= ABSENCE, "{:.1} s", seconds(gone, first));
    Ok(())
}
