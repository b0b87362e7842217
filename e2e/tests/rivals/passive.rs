//! The default chart in a cluster whose in-tree manager does everything: while ReplicationControllers, pods, services and what leads
//! to them change all the time, ours writes nothing but its lease, events and the canary.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mainstay_e2e::in_tree::InTree;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, name_of, templates};
use mainstay_e2e::wait::wait_for;

use crate::audit::{AuditLog, IN_TREE, IN_TREE_SERVICES, OURS};
use crate::rival::{self, Rival};
use crate::standing;

/// A service of the pods, and one that leads elsewhere.
const SERVICES: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: busy}
spec: {selector: {app: busy}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: elsewhere}
subsets: [{addresses: [{ip: 192.0.2.1}], ports: [{port: 80}]}]
"#;

/// How long it goes on.
pub const CHURN: Duration = Duration::from_secs(90);
/// Says for how many seconds instead.
const CHURN_SECONDS: &str = "MAINSTAY_TESTS_CHURN";

pub fn beside_the_static_pod_of_kubeadm(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    beside(world, namespace, Rival::StaticPod, "pod")
}

pub fn beside_a_process_without_pod_and_lease(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    beside(world, namespace, Rival::WithoutLease, "canary")
}

fn beside(world: &World, namespace: &Namespace<'_>, rival: Rival, reason: &str) -> Result<()> {
    rival::end_the_rest(&world.cluster)?;
    rival.start(&world.cluster, &InTree::All)?;
    let log = AuditLog::from_now(world)?;
    world.install(&[])?;
    standing::wait_until(world, reason)?;
    let churn = match std::env::var(CHURN_SECONDS) {
        Ok(seconds) => Duration::from_secs(seconds.parse().context(CHURN_SECONDS)?),
        Err(_unset) => CHURN,
    };
    let changes = change_all_the_time(namespace, churn)?;

    let ours = log.writes_of(OURS)?;
    let count = |resource: &str| ours.iter().filter(|write| write.resource == resource).count();
    let pods = log.writes_of(IN_TREE)?.iter().filter(|write| write.made_pod(namespace.name())).count();
    eprintln!(
        "    {changes} changes in {} s: the in-tree controller made {pods} pods; ours wrote {} times: {} leases, {} events, {} \
         the canary",
        churn.as_secs(),
        ours.len(),
        count("leases"),
        count("events"),
        count("replicationcontrollers"),
    );
    assert!(pods >= changes / 4, "the other one did the work");
    for user in IN_TREE_SERVICES {
        let writes = log.writes_of(user)?.iter().filter(|write| write.namespace == namespace.name()).count();
        assert!(writes >= changes / 4, "{user} wrote {writes} times");
    }
    assert!(count("leases") > 0, "the log shows what ours writes");
    let others: Vec<_> = ours.iter().filter(|write| !write.is_of_the_passive()).collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(standing::leaders_reason(world)?, reason);
    Ok(())
}

/// Scales, deletes pods and relabels them, one after another, each time until the number of pods is as wanted, and has the address of
/// another service changed; says how often.
fn change_all_the_time(namespace: &Namespace<'_>, time: Duration) -> Result<usize> {
    const NAME: &str = "busy";
    let selector = format!("app={NAME}");
    let mut wanted = 5;
    namespace.apply(&templates::on_fake_nodes(NAME, wanted))?;
    namespace.apply(SERVICES)?;
    namespace.wait_until_ready(NAME, wanted, LATER)?;
    let (start, mut changes) = (Instant::now(), 0);
    while start.elapsed() < time {
        let pods = namespace.pods(&selector)?;
        let pod = name_of(pods.first().context("no pods")?);
        let address = format!(
            r#"[{{"op": "replace", "path": "/subsets/0/addresses/0/ip", "value": "192.0.2.{}"}}]"#,
            1 + changes % 200
        );
        namespace.kubectl(&["patch", "endpoints", "elsewhere", "--type=json", "--patch", &address])?;
        match changes % 4 {
            0 | 2 => {
                wanted = if wanted == 5 { 9 } else { 5 };
                let replicas = format!("--replicas={wanted}");
                namespace.kubectl(&["scale", "replicationcontroller", NAME, &replicas])?;
            }
            1 => {
                namespace.kubectl(&["delete", "pod", &pod])?;
            }
            _ => {
                namespace.kubectl(&["label", "pod", &pod, "app=released", "--overwrite"])?;
                wait_for("the pod to be released", SOON, || {
                    let found = namespace.json(&["get", "pod", &pod])?;
                    Ok(found["metadata"]["ownerReferences"].is_null().then_some(()))
                })?;
                namespace.kubectl(&["delete", "pod", &pod])?;
            }
        }
        namespace.wait_until_ready(NAME, wanted, LATER)?;
        wait_for("as many pods as wanted", SOON, || {
            Ok((namespace.pods(&selector)?.len() == wanted).then_some(()))
        })?;
        changes += 1;
    }
    Ok(changes)
}
