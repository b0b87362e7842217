//! The rival is upgraded as kubeadm does it: its static pod is gone for half a minute. Ours stays passive.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::interrupt;
use mainstay_e2e::testbed::{LATER, Namespace, World, templates};

use crate::audit::{AuditLog, IN_TREE, OURS};
use crate::rival::Rival;
use crate::standing;

/// For how long the static pod is gone.
const GONE: Duration = Duration::from_secs(30);

/// Nobody renews the lease meanwhile.
pub fn of_a_static_pod(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    upgrade(world, namespace, false)
}

/// As with a second node of the control plane, one of whose pods nothing is to be seen.
pub fn whose_lease_another_one_takes(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    upgrade(world, namespace, true)
}

fn upgrade(world: &World, namespace: &Namespace<'_>, another: bool) -> Result<()> {
    let cluster = &world.cluster;
    Rival::StaticPod.start(cluster, &InTree::ours())?;
    if another {
        Rival::WithLease.start(cluster, &InTree::ours())?;
    }
    world.install(&[])?;
    standing::wait_until(world, "pod")?;
    namespace.apply(&templates::on_fake_nodes("kept", 5))?;
    namespace.wait_until_ready("kept", 5, LATER)?;

    let log = AuditLog::from_now(world)?;
    let leader = world.managers().settled()?.leader.pod;
    let start = Instant::now();
    Rival::StaticPod.stop(cluster)?;
    // There is work: whoever acts would write.
    namespace.kubectl(&["scale", "replicationcontroller", "kept", "--replicas=8"])?;
    let mut seen: Vec<(f32, String)> = Vec::new();
    // The half minute is what this test is about.
    while start.elapsed() < GONE {
        interrupt::check()?;
        let reason = standing::reason(world, &leader)?;
        assert_ne!(reason, "alone");
        if seen.last().is_none_or(|(_, last)| *last != reason) {
            seen.push((start.elapsed().as_secs_f32(), reason));
        }
        sleep(Duration::from_millis(200));
    }
    Rival::StaticPod.start(cluster, &InTree::ours())?;
    standing::wait_until(world, "pod")?;
    namespace.wait_until_ready("kept", 8, LATER)?;
    let reasons: Vec<String> =
        seen.iter().map(|(seconds, reason)| format!("{reason} after {seconds:.1} s")).collect();
    eprintln!("    ours was passive because of: {}", reasons.join(", "));

    let others: Vec<_> =
        log.writes_of(OURS)?.into_iter().filter(|write| !write.is_of_the_passive()).collect();
    assert!(others.is_empty(), "{others:?}");
    let made = log.writes_of(IN_TREE)?.iter().filter(|write| write.made_pod(namespace.name())).count();
    assert_eq!(made, 3, "the other one has made what was missing");
    Ok(())
}
