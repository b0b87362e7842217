//! A node's kubelet goes in the middle of a rollout: for a moment, and for longer than the cluster believes in it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mainstay_e2e::interrupt;
use mainstay_e2e::node::{NEXT_SAMPLE_IMAGE, Node};
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, condition_of, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

use crate::template::Web;
use crate::trial::{Trial, restarts};

/// Longer than the deadline of that rollout, and than the cluster takes to give up a node.
const LOST_FOR: Duration = Duration::from_secs(100);

pub fn a_kubelet_is_killed_in_the_middle(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web::slowly(6);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    for round in 0..2 {
        trial.wait_until_updated(round)?;
        // The one that has just been told to replace a sidecar.
        let pod = wait_for("a pod in a step", SOON, || Ok(trial.pods_in_a_step()?.pop()))?;
        let node = node_of(world, &pod)?;
        node.daemon("kubelet").kill()?;
        let updated = trial.updated()?;
        eprintln!("    the kubelet of {} was killed when {updated} of 6 pods were updated", node.name());
        assert!(updated < 6, "this test shows nothing unless it happens in the middle");
        node.start_kubelet()?;
    }
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    for pod in trial.pods()? {
        assert_eq!(restarts(&pod, "agent"), 1, "{pod}");
    }
    trial.was_within(6, 0, 1);
    Ok(())
}

pub fn a_node_that_is_lost_is_no_fault_of_the_revision(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    // Two pods on each of three nodes: with three that may be unavailable one is left to go on with.
    let web = Web { unavailable: 3, deadline: 70, ..Web::slowly(6) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    // A revision begins with one pod, so those of other nodes have not been touched yet.
    let first = wait_for("the first pod in a step", SOON, || Ok(trial.pods_in_a_step()?.pop()))?;
    let node = other_node(world, &first)?;
    let start = Instant::now();
    node.daemon("kubelet").stop()?;
    let is_there = |pod: &Value| pod["spec"]["nodeName"] == *node.name();
    let lost: Vec<Value> = trial.pods()?.into_iter().filter(is_there).collect();
    eprintln!("    {} was lost with {} pods", node.name(), lost.len());
    assert!(!lost.is_empty(), "this test shows nothing without pods there");

    let others = 6 - lost.len() as u64;
    trial.wait_until("the others to be updated", |status| status["updatedReplicas"] == others)?;
    eprintln!("    the others were updated after {:.1} s", start.elapsed().as_secs_f64());
    wait_for("the node to be given up", LATER, || {
        let found = world.cluster.kubectl_json(&["get", "node", &node.name()])?;
        let ready = condition_of(&found, "Ready").unwrap_or_default();
        Ok((ready["status"] != "True").then_some(()))
    })?;
    eprintln!("    {} was given up after {:.1} s", node.name(), start.elapsed().as_secs_f64());
    // The deadline passes meanwhile, which is what this test is about.
    while start.elapsed() < LOST_FOR {
        interrupt::check()?;
        not_failed(&trial)?;
        sleep(Duration::from_millis(500));
    }
    assert_eq!(trial.updated()?, others, "those of the lost node are yet to come");

    node.start_kubelet()?;
    trial.ends_as_wanted(&next)?;
    eprintln!("    all was as wanted {:.1} s after the loss", start.elapsed().as_secs_f64());
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    trial.was_within(6, 0, 3);
    Ok(())
}

fn not_failed(trial: &Trial<'_>) -> Result<()> {
    let found = trial.found()?;
    assert!(found["status"]["failedRevision"].is_null(), "{}", found["status"]);
    let stalled = condition_of(&found, "Stalled").unwrap_or_default();
    assert_eq!(stalled["status"], "False", "{stalled}");
    Ok(())
}

/// The node that a pod is on.
fn node_of<'a>(world: &'a World, pod: &Value) -> Result<Node<'a>> {
    let nodes = world.cluster.nodes();
    let found = nodes.into_iter().find(|node| pod["spec"]["nodeName"] == *node.name());
    found.with_context(|| format!("{} is on no node", name_of(pod)))
}

/// A node that a pod is not on, and kube-controller-manager neither, which has to notice the loss.
fn other_node<'a>(world: &'a World, pod: &Value) -> Result<Node<'a>> {
    let mut others = world.cluster.nodes().into_iter().skip(1);
    others.find(|node| pod["spec"]["nodeName"] != *node.name()).context("no other node")
}
