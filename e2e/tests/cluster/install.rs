//! What whoever has installed the chart sees.

use anyhow::Result;
use mainstay_e2e::testbed::{Namespace, RELEASE, SOON, SYSTEM, World};
use mainstay_e2e::wait::wait_for;

pub fn a_helm_test_passes(world: &World, _namespace: &Namespace<'_>) -> Result<()> {
    let said = world.cluster.helm(&["test", RELEASE, "--namespace", SYSTEM, "--logs", "--timeout", "90s"])?;
    assert!(said.contains("Succeeded"), "{said}");
    // What the pod of the test has printed: the answer of a manager, through the Service.
    assert!(said.contains("[+]cache/pods ok"), "{said}");
    Ok(())
}

pub fn both_replicas_are_ready_and_say_why(world: &World, _namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let settled = managers.settled()?;
    for (manager, election, mode) in [
        (&settled.leader, "[+]leader-election ok: leading", "active"),
        (&settled.standby, "[+]leader-election ok: standby", "standby"),
    ] {
        // A leader that has just begun waits for fresh caches, and says so.
        let said = wait_for("the controller's mode", SOON, || {
            let said = managers.ask(&manager.pod, "readyz?verbose")?;
            let line = format!("[+]controller/replicationcontroller-controller ok: on; {mode}, ");
            // What only helps is not waited for before a manager is ready.
            let has_quotas = !said.contains("[+]cache/resourcequotas ok: not there");
            Ok((said.contains(&line) && has_quotas).then_some(said))
        })?;
        let caches =
            ["pods", "replicationcontrollers", "resourcequotas"].map(|kind| format!("[+]cache/{kind} ok"));
        for line in ["[+]brain ok", election].into_iter().chain(caches.iter().map(String::as_str)) {
            assert!(said.lines().any(|found| found.starts_with(line)), "no {line:?} in:\n{said}");
        }
        assert!(managers.ask(&manager.pod, "healthz")?.contains("ok"));
    }
    Ok(())
}

pub fn metrics_have_the_names_of_upstream(world: &World, _namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let settled = managers.settled()?;
    assert_eq!(managers.master_status(&settled.leader.pod)?, 1.0);
    assert_eq!(managers.master_status(&settled.standby.pod)?, 0.0, "a ready standby");
    for manager in [&settled.leader, &settled.standby] {
        let metrics = managers.ask(&manager.pod, "metrics")?;
        for name in [
            "workqueue_adds_total{",
            "workqueue_depth{",
            "workqueue_queue_duration_seconds_bucket{",
            "workqueue_work_duration_seconds_bucket{",
            "rest_client_requests_total{",
            "rest_client_request_duration_seconds_bucket{",
            "leader_election_master_status{",
            "running_managed_controllers{",
            "process_resident_memory_bytes",
            "mainstay_cache_objects{",
        ] {
            assert!(metrics.lines().any(|line| line.starts_with(name)), "no {name} in:\n{metrics}");
        }
    }
    Ok(())
}
