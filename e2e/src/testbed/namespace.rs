//! A namespace, and what tests ask and do in it.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::SOON;
use crate::cluster::Cluster;
use crate::shell;
use crate::wait::wait_for;

/// A namespace. That of a test is used by nobody else.
#[derive(Clone)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Namespace<'a> {
    /// The one of this name.
    pub fn named(cluster: &'a Cluster, name: &str) -> Self {
        Namespace { cluster, name: name.to_owned() }
    }

    /// `group::some_test` becomes `group-some-test`, cut to what a name may be.
    pub fn named_after(cluster: &'a Cluster, test: &str) -> Self {
        let name: String = test.replace("::", "-").replace('_', "-").chars().take(60).collect();
        Namespace { cluster, name: name.trim_end_matches('-').to_owned() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cluster that it is in.
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// Makes it, and waits until pods are accepted.
    pub fn create(&self) -> Result<()> {
        self.cluster.kubectl(&["create", "namespace", &self.name])?;
        wait_for("the default account of the namespace", SOON, || {
            Ok(self.kubectl(&["get", "serviceaccount", "default"]).ok().map(|_account| ()))
        })
    }

    /// Has it removed; nobody waits for that.
    pub fn remove(&self) {
        if let Err(error) = self.cluster.kubectl(&["delete", "namespace", &self.name, "--wait=false"]) {
            eprintln!("{error:#}");
        }
    }

    /// kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.cluster.kubectl_command()?;
        shell::run_command(command.arg("--namespace").arg(&self.name).args(arguments), None)
    }

    /// kubectl in this namespace, with its output read as JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let mut words = vec!["--namespace", &self.name];
        words.extend_from_slice(arguments);
        self.cluster.kubectl_json(&words)
    }

    /// Applies objects, written in YAML or JSON.
    pub fn apply(&self, objects: &str) -> Result<()> {
        let mut command = self.cluster.kubectl_command()?;
        command.args(["--namespace", &self.name, "apply", "--server-side", "--filename", "-"]);
        shell::run_command(&mut command, Some(objects)).map(|_answer| ())
    }

    /// A ReplicationController.
    pub fn replication_controller(&self, name: &str) -> Result<Value> {
        self.json(&["get", "replicationcontroller", name])
    }

    /// Waits until a ReplicationController's status says so many pods, all of them ready, of the newest generation.
    pub fn wait_until_ready(&self, name: &str, count: usize, timeout: Duration) -> Result<Value> {
        let what = format!("{count} ready pods of {}/{name}", self.name);
        wait_for(&what, timeout, || {
            let found = self.replication_controller(name)?;
            let status = &found["status"];
            let is = |field: &str| status[field].as_u64().unwrap_or_default() == count as u64;
            let observed = status["observedGeneration"] == found["metadata"]["generation"];
            let ready = is("replicas") && is("readyReplicas") && is("availableReplicas");
            Ok((observed && ready).then_some(found))
        })
    }

    /// The pods with this label, those on their way out included.
    pub fn pods(&self, selector: &str) -> Result<Vec<Value>> {
        let list = self.json(&["get", "pods", "--selector", selector])?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until nothing more is heard of a pod.
    pub fn wait_until_gone(&self, kind: &str, name: &str) -> Result<()> {
        wait_for(&format!("{kind} {name} to be gone"), SOON, || {
            let found = self.kubectl(&["get", kind, name, "--ignore-not-found", "--output", "name"])?;
            Ok(found.trim().is_empty().then_some(()))
        })
    }

    /// Waits for an event with this reason about a ReplicationController, and gives its message.
    pub fn wait_for_event(&self, controller: &str, reason: &str, words: &str) -> Result<Value> {
        let fields = format!("involvedObject.name={controller},reason={reason}");
        wait_for(&format!("an event {reason} that says {words:?}"), SOON, || {
            let events = self.json(&["get", "events", "--field-selector", &fields])?;
            let all = events["items"].as_array().cloned().unwrap_or_default();
            let says = |event: &Value| event["message"].as_str().is_some_and(|text| text.contains(words));
            Ok(all.into_iter().find(says))
        })
    }
}

impl fmt::Display for Namespace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// The name of an object.
pub fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The UID of an object.
pub fn uid_of(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

/// Whether a pod is neither over nor on its way out, as controllers count.
pub fn is_active(pod: &Value) -> bool {
    let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    !over && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Whether a pod's condition Ready is True.
pub fn is_ready(pod: &Value) -> bool {
    condition_of(pod, "Ready").is_some_and(|condition| condition["status"] == "True")
}

/// The condition of this type in the status of an object.
pub fn condition_of(object: &Value, kind: &str) -> Option<Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind).cloned()
}

/// The UID of a pod's controller.
pub fn controller_of(pod: &Value) -> Option<&str> {
    let owners = pod["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}
