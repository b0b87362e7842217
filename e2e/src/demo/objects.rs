//! What the demonstration reads out of pods and ReplicationControllers.

use serde_json::Value;

/// A pod, as far as a person who watches wants to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodView {
    /// Its name.
    pub name: String,
    /// What it does just now, in the words of `kubectl get pods`.
    pub status: String,
    /// Ready containers and all containers, sidecars included.
    pub ready: String,
    /// Whether its condition Ready is true.
    pub is_ready: bool,
    /// Whether it was deleted and has not ended yet.
    pub is_leaving: bool,
    /// Where it was put; empty until then.
    pub node: String,
    /// The client that has created it; empty when nobody has said.
    pub created_by: String,
}

impl PodView {
    /// Reads a Pod object.
    pub fn of(pod: &Value) -> Self {
        let ready =
            conditions(pod).any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        let is_leaving = pod.pointer("/metadata/deletionTimestamp").is_some();
        PodView {
            name: text(pod, "/metadata/name"),
            status: status(pod),
            ready: ready_containers(pod),
            is_ready: ready && !is_leaving,
            is_leaving,
            node: text(pod, "/spec/nodeName"),
            created_by: created_by(pod),
        }
    }
}

/// A ReplicationController, as far as a person who watches wants to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicationControllerView {
    /// How many pods it is to have.
    pub wanted: u64,
    /// How many it has.
    pub existing: u64,
    /// How many of them are ready.
    pub ready: u64,
    /// How many of them have been ready for long enough.
    pub available: u64,
    /// Whether its status is about its newest spec.
    pub observed: bool,
    /// The reasons and messages of its conditions that are true: what is wrong.
    pub problems: Vec<String>,
}

impl ReplicationControllerView {
    /// Reads a ReplicationController object.
    pub fn of(controller: &Value) -> Self {
        let count = |path: &str| controller.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        let holding = conditions(controller).filter(|condition| condition["status"] == "True");
        ReplicationControllerView {
            wanted: controller.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1),
            existing: count("/status/replicas"),
            ready: count("/status/readyReplicas"),
            available: count("/status/availableReplicas"),
            observed: count("/status/observedGeneration") >= count("/metadata/generation"),
            problems: holding
                .map(|condition| format!("{}: {}", text(condition, "/reason"), text(condition, "/message")))
                .collect(),
        }
    }

    /// Whether it has what it wants, and says so.
    pub fn is_whole(&self) -> bool {
        let counts = [self.existing, self.ready, self.available];
        self.observed && counts.iter().all(|count| *count == self.wanted)
    }

    /// The status in words.
    pub fn words(&self) -> String {
        let Self { wanted, existing, ready, available, .. } = self;
        let mut words = format!("{wanted} wanted: {existing} exist, {ready} ready, {available} available");
        for problem in &self.problems {
            words.push_str(&format!("; {problem}"));
        }
        words
    }
}

/// The text at this path; empty when there is none.
pub fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The elements of the list at this path; none when there is no list.
pub fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    list(object, "/status/conditions")
}

/// The init containers that go on beside the main containers.
fn sidecars(pod: &Value) -> Vec<&str> {
    let restarted =
        list(pod, "/spec/initContainers").filter(|container| container["restartPolicy"] == "Always");
    restarted.filter_map(|container| container["name"].as_str()).collect()
}

fn ready_containers(pod: &Value) -> String {
    let sidecars = sidecars(pod);
    let all = list(pod, "/spec/containers").count() + sidecars.len();
    let of_sidecars = list(pod, "/status/initContainerStatuses")
        .filter(|status| status["name"].as_str().is_some_and(|name| sidecars.contains(&name)));
    let ready =
        list(pod, "/status/containerStatuses").chain(of_sidecars).filter(|status| status["ready"] == true);
    format!("{}/{all}", ready.count())
}

fn status(pod: &Value) -> String {
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating".to_owned();
    }
    let phase = text(pod, "/status/phase");
    let reason = text(pod, "/status/reason");
    if !reason.is_empty() {
        return reason;
    }
    if phase != "Pending" && phase != "Running" {
        return phase;
    }
    // Nobody has looked at the containers before the pod has a node.
    if list(pod, "/status/initContainerStatuses").next().is_some()
        && let Some(status) = initialization(pod)
    {
        return status;
    }
    let states = list(pod, "/status/containerStatuses");
    let reasons = states.map(|status| match text(status, "/state/waiting/reason") {
        waiting if waiting.is_empty() => text(status, "/state/terminated/reason"),
        waiting => waiting,
    });
    reasons.filter(|reason| !reason.is_empty()).last().unwrap_or(phase)
}

/// Where the init containers are; none when they are through.
fn initialization(pod: &Value) -> Option<String> {
    let sidecars = sidecars(pod);
    let all = list(pod, "/spec/initContainers").count();
    for (position, status) in list(pod, "/status/initContainerStatuses").enumerate() {
        let is_sidecar = status["name"].as_str().is_some_and(|name| sidecars.contains(&name));
        let has_ended = status.pointer("/state/terminated/exitCode").and_then(Value::as_i64);
        if has_ended == Some(0) || is_sidecar && status["started"] == true {
            continue;
        }
        let reasons = ["/state/terminated/reason", "/state/waiting/reason"].map(|path| text(status, path));
        let trouble = reasons.into_iter().find(|reason| !reason.is_empty() && reason != "PodInitializing");
        return Some(match trouble {
            Some(reason) => format!("Init:{reason}"),
            None => format!("Init:{position}/{all}"),
        });
    }
    None
}

/// The apiserver notes who has set which fields; who came first with something beside a status has created it.
fn created_by(pod: &Value) -> String {
    let writers = list(pod, "/metadata/managedFields").filter(|entry| entry.get("subresource").is_none());
    let first = writers.min_by_key(|entry| text(entry, "/time"));
    first.map(|entry| text(entry, "/manager")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(status: Value) -> Value {
        json!({
            "metadata": {"name": "sample-1"},
            "spec": {
                "nodeName": "node-1",
                "initContainers": [{"name": "prepare"}, {"name": "sidecar", "restartPolicy": "Always"}],
                "containers": [{"name": "main"}],
            },
            "status": status,
        })
    }

    fn status_of(status: Value) -> (String, String) {
        let view = PodView::of(&pod(status));
        (view.status, view.ready)
    }

    fn is(status: &str, ready: &str) -> (String, String) {
        (status.to_owned(), ready.to_owned())
    }

    #[test]
    fn a_pod_goes_from_pending_to_running() {
        let main_waits = json!([{"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}]);
        let waits = json!({"waiting": {"reason": "PodInitializing"}});
        let done =
            json!({"name": "prepare", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
        let sidecar = json!({"name": "sidecar", "started": true, "ready": true, "state": {"running": {}}});
        assert_eq!(status_of(json!({"phase": "Pending"})), is("Pending", "0/2"));
        assert_eq!(
            status_of(json!({"phase": "Pending", "containerStatuses": main_waits, "initContainerStatuses": [
                {"name": "prepare", "state": waits}, {"name": "sidecar", "state": waits},
            ]})),
            is("Init:0/2", "0/2")
        );
        assert_eq!(
            status_of(json!({"phase": "Pending", "containerStatuses": main_waits, "initContainerStatuses": [
                done, {"name": "sidecar", "state": waits},
            ]})),
            is("Init:1/2", "0/2")
        );
        assert_eq!(
            status_of(json!({"phase": "Pending", "containerStatuses": main_waits, "initContainerStatuses": [
                done, sidecar,
            ]})),
            is("PodInitializing", "1/2")
        );
        let main = json!([{"name": "main", "ready": true, "state": {"running": {}}}]);
        assert_eq!(
            status_of(
                json!({"phase": "Running", "containerStatuses": main, "initContainerStatuses": [done, sidecar]})
            ),
            is("Running", "2/2")
        );
    }

    #[test]
    fn trouble_is_named() {
        let no_image = json!({"waiting": {"reason": "ErrImagePull"}});
        assert_eq!(
            status_of(
                json!({"phase": "Pending", "initContainerStatuses": [{"name": "prepare", "state": no_image}]})
            )
            .0,
            "Init:ErrImagePull"
        );
        let main = json!([{"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
        assert_eq!(status_of(json!({"phase": "Running", "containerStatuses": main})).0, "CrashLoopBackOff");
        assert_eq!(status_of(json!({"phase": "Failed", "reason": "Evicted"})).0, "Evicted");
        assert_eq!(status_of(json!({"phase": "Failed"})).0, "Failed");
    }

    #[test]
    fn a_pod_that_was_deleted_is_terminating_and_not_ready() {
        let mut pod = pod(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}));
        assert!(PodView::of(&pod).is_ready);
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let view = PodView::of(&pod);
        assert_eq!((view.status.as_str(), view.is_ready), ("Terminating", false));
    }

    #[test]
    fn the_first_writer_has_created_it() {
        let mut pod = pod(json!({}));
        pod["metadata"]["managedFields"] = json!([
            {"manager": "kubelet", "subresource": "status", "time": "2026-01-01T00:00:00Z"},
            {"manager": "kubectl", "time": "2026-01-01T00:00:02Z"},
            {"manager": "mainstay", "time": "2026-01-01T00:00:01Z"},
        ]);
        assert_eq!(PodView::of(&pod).created_by, "mainstay");
    }

    #[test]
    fn a_replication_controller_is_whole_when_its_status_says_so() {
        let mut controller = json!({
            "metadata": {"generation": 2},
            "spec": {"replicas": 3},
            "status": {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3},
        });
        assert!(ReplicationControllerView::of(&controller).is_whole());
        controller["status"]["availableReplicas"] = json!(2);
        assert!(!ReplicationControllerView::of(&controller).is_whole());
        controller["status"]["availableReplicas"] = json!(3);
        controller["metadata"]["generation"] = json!(3);
        assert!(!ReplicationControllerView::of(&controller).is_whole(), "its status is about an older spec");
        controller["status"]["availableReplicas"] = json!(2);
        let words = ReplicationControllerView::of(&controller).words();
        assert_eq!(words, "3 wanted: 3 exist, 3 ready, 2 available");
    }

    #[test]
    fn what_is_missing_is_nothing() {
        let view = ReplicationControllerView::of(&json!({}));
        assert_eq!(view.words(), "1 wanted: 0 exist, 0 ready, 0 available");
        assert_eq!(PodView::of(&json!({})).ready, "0/0");
    }

    #[test]
    fn conditions_that_hold_are_problems() {
        let controller = json!({
            "spec": {"replicas": 3},
            "status": {"conditions": [
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota"},
                {"type": "Other", "status": "False", "reason": "No", "message": "no"},
            ]},
        });
        let words = ReplicationControllerView::of(&controller).words();
        assert!(words.ends_with("; FailedCreate: quota"), "{words}");
    }
}
