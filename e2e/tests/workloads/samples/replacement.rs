//! Sidecars of the samples get another image while clients ask: main runs on, and every request is answered.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use mainstay_e2e::testbed::traffic::{Tally, Traffic};
use mainstay_e2e::testbed::{LATER, Namespace, World, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};

use super::{Sample, container};

/// The condition that tells whether a pod with a drained sidecar may serve.
const SERVING: &str = "mainstay.dev/serving";

pub fn a_log_streamer(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "log-streamer.yaml", "logged")?;
    let tally = replace(world, &sample, "streamer", "docker.io/library/busybox:1.37", |_pods| ())?;
    // The file is streamed from its first line on, so what was written meanwhile is there, too. Only probes say who they are.
    let is_of_client = |line: &&str| line.contains("\"GET / HTTP/1.1\" 200") && line.ends_with("\"-\" \"-\"");
    let count = |text: &str| text.lines().filter(is_of_client).count();
    wait_for("every request to be in the logs", LATER, || {
        let mut lines = 0;
        for pod in sample.pods()? {
            lines += count(&sample.log(&name_of(&pod), "streamer")?);
        }
        Ok((lines >= tally.requests).then_some(()))
    })
}

pub fn a_monitoring_agent(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "monitoring-agent.yaml", "monitored")?;
    replace(world, &sample, "agent", "docker.io/nginx/nginx-prometheus-exporter:1.4.2", |_pods| ())?;
    let node = &world.cluster.nodes()[0];
    let is_up = |metrics: &str| metrics.lines().any(|line| line == "nginx_up 1");
    sample.ask_until(node, "metrics", "/metrics", is_up).map(|_metrics| ())
}

pub fn a_proxy_that_is_drained(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "proxy.yaml", "proxied")?;
    let before: BTreeMap<String, Value> = ids(&sample.pods()?, "nginx")?;
    let mut drained = BTreeSet::new();
    let image = "docker.io/nginxinc/nginx-unprivileged:1.29-alpine";
    replace(world, &sample, "nginx", image, |pods| {
        // Out of its services, and still with the nginx of before.
        for pod in pods {
            let is_as_before = container(pod, "nginx").is_ok_and(|nginx| {
                before.get(&name_of(pod)) == Some(&nginx["containerID"])
                    && !nginx["state"]["running"].is_null()
            });
            if condition(pod, SERVING) == "False" && condition(pod, "Ready") == "False" && is_as_before {
                drained.insert(name_of(pod));
            }
        }
    })?;
    assert_eq!(drained, before.into_keys().collect(), "each is drained before nginx is stopped in it");
    for pod in sample.pods()? {
        assert_eq!(condition(&pod, SERVING), "True", "it serves again");
    }
    Ok(())
}

/// Gives a sidecar another image while clients ask, and sees that they and main have noticed nothing. `look` is shown the pods again and again.
fn replace(
    world: &World,
    sample: &Sample<'_>,
    sidecar: &str,
    image: &str,
    mut look: impl FnMut(&[Value]),
) -> Result<Tally> {
    let pods = sample.pods()?;
    let mains = running(&pods)?;
    let sidecars = ids(&pods, sidecar)?;
    let ((), tally) = Traffic::during(&world.cluster.nodes(), sample.address("http")?, |traffic| {
        let different = if sample.name == "proxied" { pods.len() } else { 1 };
        traffic.wait_for_answers(different)?;
        // As the page of the samples says.
        let patch =
            json!([{"op": "replace", "path": "/spec/template/sidecars/0/image", "value": image}]).to_string();
        sample.namespace.kubectl(&["patch", "scw", sample.name, "--type=json", "--patch", &patch])?;
        wait_for("all pods to have the new sidecar", LATER, || {
            look(&sample.pods()?);
            let workload = sample.workload()?;
            let status = &workload["status"];
            let is_seen = status["observedGeneration"] == workload["metadata"]["generation"];
            let is = |field: &str| status[field] == workload["spec"]["replicas"];
            Ok((is_seen && is("updatedReplicas") && is("availableReplicas")).then_some(()))
        })?;
        traffic.wait_for_answers(different)
    })?;
    assert!(tally.failed.is_empty(), "{:#?}", tally.failed);
    assert!(tally.requests > 100, "{} requests show little", tally.requests);

    let pods = sample.pods()?;
    assert_eq!(running(&pods)?, mains, "main has neither been restarted nor moved");
    for pod in &pods {
        let status = container(pod, sidecar)?;
        assert_eq!(status["image"], image);
        assert_eq!(status["restartCount"], 1);
        assert_ne!(status["containerID"], sidecars[&name_of(pod)]);
    }
    Ok(tally)
}

/// The main container of each pod, by what a restart changes.
fn running(pods: &[Value]) -> Result<BTreeMap<String, Value>> {
    let main = |pod: &Value| {
        let status = &pod["status"]["containerStatuses"][0];
        let started = status["state"]["running"]["startedAt"].clone();
        assert!(started.is_string(), "main runs: {status}");
        Ok((name_of(pod), json!([started, status["containerID"], status["restartCount"]])))
    };
    pods.iter().map(main).collect()
}

fn ids(pods: &[Value], name: &str) -> Result<BTreeMap<String, Value>> {
    pods.iter().map(|pod| Ok((name_of(pod), container(pod, name)?["containerID"].clone()))).collect()
}

fn condition(pod: &Value, kind: &str) -> String {
    let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|condition| condition["type"] == kind);
    found.and_then(|condition| condition["status"].as_str()).unwrap_or("Unknown").to_owned()
}
