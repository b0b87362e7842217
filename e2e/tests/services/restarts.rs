//! The manager goes and comes back: what it has to finish, and what it has to leave alone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay_e2e::process;
use mainstay_e2e::testbed::{
    Crowd, LATER, Namespace, SOON, Slowed, World, is_active, name_of, templates, uid_of,
};
use mainstay_e2e::wait::wait_for;
use rustix::process::Signal;

use crate::objects::{endpoints, service};
use crate::wanted::{differences, wait_until_all_is_said};

const SERVICES: usize = 50;
const PODS_EACH: usize = 2;
/// With so many pods replaced the leader is killed.
const ENOUGH: usize = 20;
/// The lease's time in the chart's values, the longest wait between two looks at it, and time for the rest on a busy machine.
const FAIL_OVER: Duration = Duration::from_secs(15 + 5 + 25);

pub fn a_users_endpoints_without_a_service_survive(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(
        "
apiVersion: v1
kind: Endpoints
metadata: {name: lonely}
subsets: [{addresses: [{ip: 192.0.2.1}], ports: [{port: 80}]}]
",
    )?;
    let before = endpoints(namespace, "lonely")?.map(|found| uid_of(&found));
    let managers = world.managers();
    let killed = managers.settled()?;
    for manager in [&killed.leader, &killed.standby] {
        process::send(managers.pid(&manager.pod)?, Signal::KILL);
    }
    for manager in [&killed.leader, &killed.standby] {
        managers.wait_until_restarted(manager)?;
    }
    let leader = managers.settled()?.leader.pod;
    namespace.apply(&service("later"))?;
    wait_until_all_is_said(namespace, SOON)?;
    for queue in ["endpoint", "endpoint_slice", "endpoint_slice_mirroring"] {
        wait_for("all that there is to have been looked at", SOON, || {
            let depth = managers.metric(&leader, &format!("workqueue_depth{{name=\"{queue}\"}}"))?;
            Ok((depth == 0.0).then_some(()))
        })?;
    }
    assert_eq!(endpoints(namespace, "lonely")?.map(|found| uid_of(&found)), before);
    Ok(())
}

pub fn a_leader_that_is_killed_while_services_roll_leaves_nothing_wrong(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let names: Vec<String> = (1..=SERVICES).map(|number| format!("web-{number}")).collect();
    let objects: Vec<String> =
        names.iter().flat_map(|name| [templates::on_fake_nodes(name, PODS_EACH), service(name)]).collect();
    namespace.apply(&objects.join("---"))?;
    let pods = SERVICES * PODS_EACH;
    // All of the namespace.
    let crowd = Crowd::watch(namespace, "")?;
    wait_for("all pods to be ready", LATER, || Ok((ready(namespace)?.len() == pods).then_some(())))?;
    wait_until_all_is_said(namespace, SOON)?;
    let before = ready(namespace)?;

    let managers = world.managers();
    let leader = managers.settled()?.leader;
    let pid = managers.pid(&leader.pod)?;
    let holder = managers.holder()?;
    let slowed = Slowed::slow(pid);
    namespace.kubectl(&["delete", "pods", "--all", "--wait=false"])?;
    let replaced = |count: usize| {
        crowd.wait_until(&format!("{count} pods to be replaced"), SOON, |seen| {
            seen.active.keys().filter(|uid| !before.contains(*uid)).count() >= count
        })
    };
    replaced(ENOUGH)?;
    process::send(pid, Signal::KILL);
    let start = Instant::now();
    drop(slowed);
    let open = differences(namespace)?;
    eprintln!("    {} things were to be said when the leader had been killed", open.len());
    assert!(!open.is_empty(), "this test shows nothing unless it happens in the middle");

    // It may be the pod of before, with a new process.
    wait_for("another leader", SOON, || {
        let now = managers.holder()?;
        Ok((!now.is_empty() && now != holder).then_some(()))
    })?;
    eprintln!("    another one led after {:.1} s", start.elapsed().as_secs_f64());
    wait_for("all pods to be ready", LATER, || {
        let now = ready(namespace)?;
        Ok((now.len() == pods && now.is_disjoint(&before)).then_some(()))
    })?;
    wait_until_all_is_said(namespace, SOON)?;
    let took = start.elapsed();
    eprintln!("    all was said after {:.1} s", took.as_secs_f64());
    assert!(took < FAIL_OVER, "{took:?}");
    managers.wait_until_restarted(&leader)?;
    let owners: BTreeSet<String> = namespace.pods("")?.iter().map(name_of).collect();
    assert_eq!(owners.len(), pods, "no pod too many");
    managers.settled().map(|_all_well| ())
}

/// The ready pods of the namespace, by their UIDs.
fn ready(namespace: &Namespace<'_>) -> Result<BTreeSet<String>> {
    let pods = namespace.pods("")?;
    let is_ready = |pod: &&serde_json::Value| {
        let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
        is_active(pod) && ready
    };
    Ok(pods.iter().filter(is_ready).map(uid_of).collect())
}
