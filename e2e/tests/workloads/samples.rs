//! The chart's samples of SidecarWorkloads, as users apply them: that each does what it is to show. [`replacement`] updates their sidecars.

pub mod replacement;

use std::net::SocketAddrV4;

use anyhow::{Context, Result, bail};
use mainstay_e2e::image::repository;
use mainstay_e2e::node::Node;
use mainstay_e2e::testbed::traffic::ask;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

/// A sample by the name of its SidecarWorkload, which its Service has too.
struct Sample<'a> {
    namespace: &'a Namespace<'a>,
    name: &'a str,
}

impl<'a> Sample<'a> {
    /// Applies a file of the samples, where only pods of the strictest of the Pod Security Standards are let in, and waits until all is ready.
    fn apply(namespace: &'a Namespace<'a>, file: &str, name: &'a str) -> Result<Sample<'a>> {
        let strictest = "pod-security.kubernetes.io/enforce=restricted";
        namespace.cluster().kubectl(&["label", "namespace", namespace.name(), strictest])?;
        let file = repository()?.join("charts/samples").join(file);
        namespace.kubectl(&["apply", "--filename", &file.display().to_string()])?;
        let sample = Sample { namespace, name };
        sample.wait_until_ready()?;
        Ok(sample)
    }

    /// As a user waits.
    fn wait_until_ready(&self) -> Result<()> {
        wait_for(&format!("{} to be seen", self.name), SOON, || {
            let workload = self.workload()?;
            let is_seen = workload["status"]["observedGeneration"] == workload["metadata"]["generation"];
            Ok(is_seen.then_some(()))
        })?;
        let timeout = format!("--timeout={}s", LATER.as_secs());
        let what = format!("sidecarworkload/{}", self.name);
        self.namespace.kubectl(&["wait", "--for=condition=Ready", &what, &timeout]).map(|_said| ())
    }

    fn workload(&self) -> Result<Value> {
        self.namespace.json(&["get", "sidecarworkload", self.name])
    }

    fn pods(&self) -> Result<Vec<Value>> {
        self.namespace.pods(&format!("mainstay.dev/workload={}", self.name))
    }

    /// Where a port of its Service is found.
    fn address(&self, port: &str) -> Result<SocketAddrV4> {
        let service = self.namespace.json(&["get", "service", self.name])?;
        let address = service["spec"]["clusterIP"].as_str().context("no address")?;
        let ports = service["spec"]["ports"].as_array().context("no ports")?;
        let port = ports.iter().find(|found| found["name"] == port).context("no such port")?;
        Ok(format!("{address}:{}", port["port"]).parse()?)
    }

    /// Asks a port of its Service until there is an answer of this kind.
    fn ask_until(
        &self,
        node: &Node<'_>,
        port: &str,
        path: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let address = self.address(port)?;
        let mut last = String::new();
        let found = wait_for(&format!("{}:{port}{path}", self.name), SOON, || {
            last = ask(node, address, path).unwrap_or_else(|error| format!("{error:#}"));
            Ok(is_wanted(&last).then(|| last.clone()))
        });
        found.with_context(|| format!("the last answer was: {last}"))
    }

    /// What a container of a pod has written.
    fn log(&self, pod: &str, container: &str) -> Result<String> {
        self.namespace.kubectl(&["logs", pod, "--container", container])
    }
}

/// A container of a pod as its status tells of it: by its name, wherever it stands.
fn container<'a>(pod: &'a Value, name: &str) -> Result<&'a Value> {
    for list in ["containerStatuses", "initContainerStatuses"] {
        let all = pod["status"][list].as_array().into_iter().flatten();
        if let Some(found) = all.into_iter().find(|status| status["name"] == name) {
            return Ok(found);
        }
    }
    bail!("{} has no container {name}", name_of(pod))
}

pub fn a_proxy_answers_for_main(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "proxy.yaml", "proxied")?;
    let pods: Vec<String> = sample.pods()?.iter().map(name_of).collect();
    assert_eq!(pods.len(), 2);
    for node in world.cluster.nodes() {
        for pod in &pods {
            sample.ask_until(&node, "http", "/", |answer| answer == format!("Hello from {pod}"))?;
        }
    }
    // Each request has come by way of nginx, and main is at an address that nobody else gets to.
    let log = sample.log(&pods[0], "nginx")?;
    assert!(log.contains("\"GET / HTTP/1.1\" 200"), "{log}");
    let pod = &sample.pods()?[0];
    let main = format!("{}:5678", pod["status"]["podIP"].as_str().context("no address")?).parse()?;
    let refused = ask(&world.cluster.nodes()[0], main, "/");
    assert!(refused.is_err(), "{refused:?}");
    Ok(())
}

pub fn a_log_is_streamed(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "log-streamer.yaml", "logged")?;
    let node = &world.cluster.nodes()[0];
    let marks = ["first", "second", "third"];
    for mark in marks {
        sample.ask_until(node, "http", &format!("/{mark}"), |answer| answer == "Hello")?;
    }
    wait_for("all requests to be in the logs", SOON, || {
        let mut logs = String::new();
        for pod in sample.pods()? {
            logs += &sample.log(&name_of(&pod), "streamer")?;
        }
        let is_there = |mark: &&str| logs.contains(&format!("\"GET /{mark} HTTP/1.1\" 200"));
        Ok(marks.iter().all(is_there).then_some(()))
    })
}

pub fn migrations_run_before_main(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "migration.yaml", "migrated")?;
    let node = &world.cluster.nodes()[0];
    let people = sample.ask_until(node, "http", "/people.csv", |answer| answer.starts_with("name"))?;
    assert_eq!(people, "name,year\nAda,1843");
    let pod = &sample.pods()?[0];
    let (step, main) = (container(pod, "migrate")?, container(pod, "web")?);
    assert_eq!(step["state"]["terminated"]["exitCode"], 0, "{step}");
    let (ended, started) =
        (&step["state"]["terminated"]["finishedAt"], &main["state"]["running"]["startedAt"]);
    // As texts times are in order, too.
    assert!(ended.is_string() && ended.as_str() <= started.as_str(), "{ended} and {started}");
    assert_eq!(
        sample.log(&name_of(pod), "migrate")?,
        "applied 0001-make-the-table\napplied 0002-add-the-first\n"
    );

    // A step that changes is run: in another pod, as none runs twice.
    let image = serde_json::json!([{
        "op": "replace", "path": "/spec/template/init/0/image", "value": "docker.io/library/busybox:1.36",
    }]);
    let words = ["patch", "scw", sample.name, "--type=json", "--patch", &image.to_string()];
    namespace.kubectl(&words)?;
    sample.wait_until_ready()?;
    wait_for("the pod of before to be gone", LATER, || Ok((sample.pods()?.len() == 1).then_some(())))?;
    let next = &sample.pods()?[0];
    assert_ne!(name_of(next), name_of(pod));
    assert_eq!(container(next, "migrate")?["image"], "docker.io/library/busybox:1.36");
    Ok(())
}

pub fn an_agent_exports_what_main_tells(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let sample = Sample::apply(namespace, "monitoring-agent.yaml", "monitored")?;
    let node = &world.cluster.nodes()[0];
    sample.ask_until(node, "http", "/", |answer| answer == "Hello")?;
    let requests = |metrics: &str| -> Option<u64> {
        metrics.lines().find_map(|line| line.strip_prefix("nginx_http_requests_total "))?.parse().ok()
    };
    let metrics = sample.ask_until(node, "metrics", "/metrics", |metrics| {
        metrics.lines().any(|line| line == "nginx_up 1") && requests(metrics).is_some()
    })?;
    let before = requests(&metrics).unwrap_or_default();
    sample.ask_until(node, "metrics", "/metrics", |metrics| requests(metrics) > Some(before))?;
    // The status page itself is for the pod alone.
    let pod = &sample.pods()?[0];
    let status = format!("{}:8081", pod["status"]["podIP"].as_str().context("no address")?).parse()?;
    let refused = ask(node, status, "/status");
    assert!(refused.is_err(), "{refused:?}");
    Ok(())
}
