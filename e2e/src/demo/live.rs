//! A live view of pods, and of the ReplicationController that they belong to: a line for each change.
//!
//! kubectl's own watches bring the changes, so nothing is missed between two looks.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::objects::{PodView, ReplicationControllerView};
use super::page;
use super::target::Target;
use crate::interrupt;

/// How often a wait looks whether Ctrl-C was pressed or time is up.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What there is, as far as the watches have told.
#[derive(Debug, Default)]
pub struct Scene {
    /// The pods by their names.
    pub pods: BTreeMap<String, PodView>,
    /// The ReplicationController, if one is watched and exists.
    pub controller: Option<ReplicationControllerView>,
    /// When each pod was seen first, by the clock of the view.
    pub appeared: BTreeMap<String, Duration>,
    /// When each pod was seen ready first.
    pub became_ready: BTreeMap<String, Duration>,
}

impl Scene {
    /// Whether the controller says that it has what it wants, and exactly these pods are there, ready.
    pub fn is_at_rest(&self) -> bool {
        let Some(controller) = &self.controller else { return false };
        let ready = self.pods.values().filter(|pod| pod.is_ready).count();
        controller.is_whole() && ready == self.pods.len() && ready as u64 == controller.wanted
    }

    /// Takes a change in, and gives the line that tells it; none when there is nothing to see in it.
    fn take(&mut self, event: &Value, now: Duration) -> Option<String> {
        let object = event.get("object")?;
        let deleted = event["type"] == "DELETED";
        match object["kind"].as_str()? {
            "Pod" => self.take_pod(PodView::of(object), deleted, now),
            "ReplicationController" => {
                let view = ReplicationControllerView::of(object);
                let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                let words = if deleted { "deleted".to_owned() } else { view.words() };
                let known = self.controller.take().map(|before| before.words());
                self.controller = (!deleted).then_some(view);
                (known.as_ref() != Some(&words)).then(|| line(now, &format!("rc/{name}"), &words))
            }
            _ => None,
        }
    }

    fn take_pod(&mut self, pod: PodView, deleted: bool, now: Duration) -> Option<String> {
        let name = format!("pod/{}", pod.name);
        if deleted {
            self.pods.remove(&pod.name);
            return Some(line(now, &name, "gone"));
        }
        self.appeared.entry(pod.name.clone()).or_insert(now);
        if pod.is_ready {
            self.became_ready.entry(pod.name.clone()).or_insert(now);
        }
        let words = pod_words(&pod);
        let known = self.pods.insert(pod.name.clone(), pod).map(|before| pod_words(&before));
        (known.as_ref() != Some(&words)).then(|| line(now, &name, &words))
    }
}

fn pod_words(pod: &PodView) -> String {
    format!("{:<17}  {:<5}  {}", pod.status, pod.ready, pod.node).trim_end().to_owned()
}

fn line(now: Duration, name: &str, words: &str) -> String {
    format!("{:>6.1} s  {name:<29}  {words}", now.as_secs_f64())
}

/// Watches that run, and what they have told so far.
#[derive(Debug)]
pub struct Live {
    scene: Scene,
    watches: Vec<Child>,
    events: Receiver<(Instant, Value)>,
    start: Instant,
}

impl Live {
    /// Watches the pods with these labels.
    pub fn pods(target: &Target, namespace: &str, labels: &str) -> Result<Self> {
        let (sender, events) = channel();
        let pods = ["get", "pods", "--selector", labels, "--show-managed-fields"];
        let watches = vec![watch(target, namespace, &pods, sender)?];
        Ok(Live { scene: Scene::default(), watches, events, start: Instant::now() })
    }

    /// Watches a ReplicationController too.
    pub fn with_controller(target: &Target, namespace: &str, name: &str, labels: &str) -> Result<Self> {
        let (sender, events) = channel();
        let pods = ["get", "pods", "--selector", labels, "--show-managed-fields"];
        let field = format!("metadata.name={name}");
        let controllers = ["get", "replicationcontrollers", "--field-selector", &field];
        // As they are started, so that none of them is lost when the next one cannot be started.
        let mut live = Live { scene: Scene::default(), watches: Vec::new(), events, start: Instant::now() };
        live.watches.push(watch(target, namespace, &controllers, sender.clone())?);
        live.watches.push(watch(target, namespace, &pods, sender)?);
        Ok(live)
    }

    /// What there is.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Begins to count seconds anew.
    pub fn restart_clock(&mut self) {
        self.start = Instant::now();
    }

    /// Shows what happens until the condition holds, or fails after `timeout`.
    pub fn show_until(
        &mut self,
        what: &str,
        timeout: Duration,
        mut condition: impl FnMut(&Scene) -> bool,
    ) -> Result<Duration> {
        let begin = Instant::now();
        while !condition(&self.scene) {
            interrupt::check()?;
            if begin.elapsed() > timeout {
                bail!("gave up waiting for {what} after {} s", timeout.as_secs());
            }
            match self.events.recv_timeout(LOOK_EVERY) {
                Ok((arrival, event)) => {
                    let seconds = arrival.saturating_duration_since(self.start);
                    if let Some(line) = self.scene.take(&event, seconds) {
                        page::happening(&line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the watches have ended before {what}"),
            }
        }
        Ok(self.start.elapsed())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for watch in &mut self.watches {
            // One that has ended by itself, because of Ctrl-C for example, cannot be killed; it is still waited for.
            let _has_ended = watch.kill();
            let _exit_status = watch.wait();
        }
    }
}

/// Starts kubectl to write every change, and a thread that passes them on. The thread ends with kubectl.
fn watch(
    target: &Target,
    namespace: &str,
    arguments: &[&str],
    events: Sender<(Instant, Value)>,
) -> Result<Child> {
    let mut command = target.kubectl_command()?;
    command.args(arguments).args(["--namespace", namespace]);
    command.args(["--watch", "--output-watch-events", "--output", "json"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What is wrong shows in what does not happen; a line about the end of a watch would only frighten.
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start kubectl")?;
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || pass_on(output, &events));
    }
    Ok(child)
}

/// Notes when each change arrives, as it may be looked at only after a command has ended.
fn pass_on(output: ChildStdout, events: &Sender<(Instant, Value)>) {
    let documents = serde_json::Deserializer::from_reader(BufReader::new(output)).into_iter::<Value>();
    for event in documents.map_while(Result::ok) {
        if events.send((Instant::now(), event)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECOND: Duration = Duration::from_secs(1);

    fn pod_event(kind: &str, phase: &str, ready: &str) -> Value {
        json!({"type": kind, "object": {
            "kind": "Pod",
            "metadata": {"name": "sample-1"},
            "spec": {"containers": [{"name": "main"}]},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
        }})
    }

    fn controller_event(wanted: u64, existing: u64) -> Value {
        json!({"type": "MODIFIED", "object": {
            "kind": "ReplicationController",
            "metadata": {"name": "sample", "generation": 1},
            "spec": {"replicas": wanted},
            "status": {"observedGeneration": 1, "replicas": existing, "readyReplicas": existing, "availableReplicas": existing},
        }})
    }

    #[test]
    fn a_change_that_nobody_sees_makes_no_line() {
        let mut scene = Scene::default();
        let first = scene.take(&pod_event("ADDED", "Pending", "False"), SECOND).unwrap();
        assert_eq!(first, "   1.0 s  pod/sample-1                   Pending            0/1");
        assert_eq!(scene.take(&pod_event("MODIFIED", "Pending", "False"), SECOND), None);
        assert!(scene.take(&controller_event(1, 0), SECOND).is_some());
        assert_eq!(scene.take(&controller_event(1, 0), SECOND), None);
    }

    #[test]
    fn times_are_those_of_the_first_sight() {
        let mut scene = Scene::default();
        scene.take(&pod_event("ADDED", "Pending", "False"), SECOND);
        scene.take(&pod_event("MODIFIED", "Running", "True"), 2 * SECOND);
        scene.take(&pod_event("MODIFIED", "Running", "True"), 3 * SECOND);
        assert_eq!((scene.appeared["sample-1"], scene.became_ready["sample-1"]), (SECOND, 2 * SECOND));
    }

    #[test]
    fn rest_is_when_the_controller_and_the_pods_say_so() {
        let mut scene = Scene::default();
        assert!(!scene.is_at_rest());
        scene.take(&controller_event(1, 1), SECOND);
        assert!(!scene.is_at_rest(), "the pod is not known yet");
        scene.take(&pod_event("ADDED", "Running", "True"), SECOND);
        assert!(scene.is_at_rest());
        assert!(scene.take(&pod_event("DELETED", "Running", "True"), SECOND).unwrap().ends_with("gone"));
        assert!(!scene.is_at_rest());
    }
}
