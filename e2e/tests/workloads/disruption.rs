//! PodDisruptionBudgets: what they count, which steps wait for them, and pods that are evicted.

use anyhow::Result;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::shell;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};

use crate::template::{LABEL, NAME, Web};
use crate::trial::Trial;

pub fn steps_in_place_keep_to_a_budget(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    // The rollout alone would take three at a time.
    let web = Web { surge: 0, unavailable: 3, ..Web::of(4) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    budget(namespace, &json!({"minAvailable": "100%"}))?;
    counts(namespace, 4, 0)?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    trial.wait_for_words("Progressing", "lets no other one be updated now")?;
    assert_eq!(trial.updated()?, 0);
    assert!(trial.pods_in_a_step()?.is_empty(), "no pod is touched against the budget");

    budget(namespace, &json!({"minAvailable": "75%"}))?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    // As the budget says, and not as the rollout would allow.
    trial.was_within(4, 0, 1);
    Ok(())
}

pub fn evictions_are_refused_and_allowed_as_a_budget_says(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::of(4);
    let trial = Trial::begin(namespace, &web)?;
    budget(namespace, &json!({"maxUnavailable": "0%"}))?;
    counts(namespace, 4, 0)?;
    let pods = trial.pods()?;
    let pod = &pods[0];
    let Err(error) = evict(namespace, pod) else { panic!("{} was evicted against the budget", name_of(pod)) };
    assert!(format!("{error:#}").contains("violate the pod's disruption budget"), "{error:#}");

    // A quarter of the four: only the scale subresource says that there are four.
    budget(namespace, &json!({"maxUnavailable": "25%"}))?;
    counts(namespace, 4, 1)?;
    evict(namespace, pod)?;
    wait_for("another pod in its place", LATER, || {
        let names: Vec<String> = trial.pods()?.iter().map(name_of).collect();
        Ok((names.len() == 4 && !names.contains(&name_of(pod))).then_some(()))
    })?;
    counts(namespace, 4, 1)?;

    // Everything leaves a node, a pod at a time.
    let node = pods[1]["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    drain(world, namespace, &node)?;
    trial.ends_as_wanted(&web)?;
    assert!(trial.pods()?.iter().all(|pod| pod["spec"]["nodeName"] != *node), "they come back elsewhere");
    trial.no_main_was_restarted()?;
    trial.was_within(4, 0, 1);
    world.cluster.kubectl(&["uncordon", &node]).map(|_said| ())
}

pub fn a_drain_in_the_middle_is_no_fault_of_the_revision(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::slowly(6);
    let trial = Trial::begin(namespace, &web)?;
    budget(namespace, &json!({"maxUnavailable": 1}))?;
    counts(namespace, 6, 1)?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    let in_step = wait_for("a pod in a step", SOON, || Ok(trial.pods_in_a_step()?.pop()))?;
    let node = in_step["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    let updated = trial.updated()?;
    eprintln!("    {node} is drained when {updated} of 6 pods are updated");
    assert!(updated < 6, "this test shows nothing unless it happens in the middle");
    drain(world, namespace, &node)?;
    trial.ends_as_wanted(&next)?;
    assert!(trial.pods()?.iter().all(|pod| pod["spec"]["nodeName"] != *node), "they come back elsewhere");
    trial.no_main_was_restarted()?;
    // An eviction may be allowed in the moment between our step and the next look of whoever counts for the budget.
    trial.was_within(6, 0, 2);
    world.cluster.kubectl(&["uncordon", &node]).map(|_said| ())
}

/// Makes the budget of the workload, or changes it.
fn budget(namespace: &Namespace<'_>, spec: &Value) -> Result<()> {
    let mut object = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": NAME},
        "spec": {"selector": {"matchLabels": {"mainstay.dev/workload": NAME}}},
    });
    for (field, value) in spec.as_object().into_iter().flatten() {
        object["spec"][field] = value.clone();
    }
    namespace.apply(&object.to_string())
}

/// Waits until whoever counts has counted so many pods that are expected, and allows so many to go.
fn counts(namespace: &Namespace<'_>, expected: u64, allowed: u64) -> Result<()> {
    wait_for(&format!("the budget to count {expected} pods and allow {allowed} to go"), LATER, || {
        let found = namespace.json(&["get", "poddisruptionbudget", NAME])?;
        let status = &found["status"];
        let is_present = status["observedGeneration"] == found["metadata"]["generation"];
        let is_so = status["expectedPods"] == expected && status["disruptionsAllowed"] == allowed;
        Ok((is_present && is_so).then_some(()))
    })
}

/// Asks for the eviction of a pod, once.
fn evict(namespace: &Namespace<'_>, pod: &Value) -> Result<()> {
    let name = name_of(pod);
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace.name()},
    });
    let mut command = namespace.cluster().kubectl_command()?;
    command.args(["create", "--raw", &path, "--filename", "-"]);
    shell::run_command(&mut command, Some(&eviction.to_string())).map(|_answer| ())
}

/// Has the pods of the workload leave a node, which takes no more then.
fn drain(world: &World, namespace: &Namespace<'_>, node: &str) -> Result<()> {
    let own = format!("--pod-selector={LABEL}");
    let said = world.cluster.kubectl(&["drain", node, &own, "--timeout=150s"])?;
    let evicted = said.lines().filter(|line| line.contains("evicted")).count();
    eprintln!("    {evicted} pods of {namespace} were evicted from {node}");
    assert!(evicted > 0, "{said}");
    Ok(())
}
