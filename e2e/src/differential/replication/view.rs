//! What is compared: all that a person could see, as texts that two runs of the same script should share.
//!
//! Names that are made, UIDs, times and nodes differ from run to run. In their place a pod is known by the step in which it came and
//! by what it is, and pods that are alike are counted. So whose pods were deleted shows in those that are left.

use std::collections::{BTreeMap, BTreeSet};

use super::observation::{Controller, Event, Observation, Pod};
use crate::differential::subject::{self, View};
use crate::hash::sha256;

/// What a run has seen so far, by which the new is told from the old.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The number of the present step.
    step: usize,
    /// In which step each pod was first seen, by UID.
    pods: BTreeMap<String, usize>,
    /// In which step each ReplicationController was first seen, by UID.
    controllers: BTreeMap<String, (usize, String)>,
    /// How often each event had happened when the step began, by UID.
    events: BTreeMap<String, u64>,
}

impl subject::History<Observation> for History {
    fn begin(&mut self, step: usize, observation: &Observation) {
        self.see(observation);
        self.events =
            observation.events.iter().map(|event| (event.metadata.uid.clone(), event.count)).collect();
        self.step = step;
    }

    fn view(&mut self, side: &str, observation: &Observation) -> View {
        self.see(observation);
        let mut view = View::new();
        for room in &observation.rooms {
            let state = if room.deletion_timestamp.is_some() { "being deleted" } else { "there" };
            view.insert(format!("namespace {}", room.name), state.to_owned());
        }
        for controller in &observation.controllers {
            self.controller(side, controller, &mut view);
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for pod in &observation.pods {
            *counts.entry(self.pod(pod)).or_default() += 1;
        }
        for event in &observation.events {
            let what = self.event(side, event);
            if event.kind == "Warning" {
                // What fails is tried again and again: how often is a matter of time, that it was said is not.
                view.insert(what, "said so far".to_owned());
                continue;
            }
            let before = self.events.get(&event.metadata.uid).copied().unwrap_or(0);
            let said = event.count.saturating_sub(before);
            if said > 0 {
                view.insert(format!("{what}: reportingComponent"), event.reporting_component.clone());
                *counts.entry(what).or_default() += said;
            }
        }
        view.extend(counts.into_iter().map(|(what, count)| (what, count.to_string())));
        view
    }
}

impl History {
    /// Remembers what is new as come in the present step.
    fn see(&mut self, observation: &Observation) {
        for pod in &observation.pods {
            self.pods.entry(pod.metadata.uid.clone()).or_insert(self.step);
        }
        for controller in &observation.controllers {
            let name = controller.metadata.name.clone();
            self.controllers.entry(controller.metadata.uid.clone()).or_insert((self.step, name));
        }
    }

    fn controller(&self, side: &str, controller: &Controller, view: &mut View) {
        let Controller { metadata, status } = controller;
        let since = self.controllers.get(&metadata.uid).map_or(self.step, |(step, _name)| *step);
        let it = format!("ReplicationController {}/{} of step {since}", metadata.namespace, metadata.name);
        let seen = if status.observed_generation == metadata.generation {
            format!("{}, the present one", status.observed_generation)
        } else {
            format!("{} of {}", status.observed_generation, metadata.generation)
        };
        let mut facts = vec![
            ("replicas", status.replicas.to_string()),
            ("fullyLabeledReplicas", status.fully_labeled_replicas.to_string()),
            ("readyReplicas", status.ready_replicas.to_string()),
            ("availableReplicas", status.available_replicas.to_string()),
            ("observedGeneration", seen),
        ];
        if metadata.deletion_timestamp.is_some() {
            facts.push(("being deleted", format!("finalizers {}", metadata.finalizers.join(", "))));
        }
        view.extend(facts.into_iter().map(|(name, value)| (format!("{it}: {name}"), value)));
        for condition in &status.conditions {
            let kind = &condition.kind;
            view.insert(
                format!("{it}: condition {kind}"),
                format!("{} {}", condition.status, condition.reason),
            );
            let message = self.without_names(side, &condition.message);
            view.insert(format!("{it}: message of condition {kind}"), message);
        }
    }

    /// A pod in a line.
    fn pod(&self, pod: &Pod) -> String {
        let metadata = &pod.metadata;
        let name = metadata.generate_name.as_ref().map_or(metadata.name.clone(), |start| format!("{start}*"));
        let since = self.pods.get(&metadata.uid).copied().unwrap_or(self.step);
        let pairs = |pairs: &BTreeMap<String, String>| {
            pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
        };
        let mut facts = vec![
            format!("of step {since}"),
            pod.status.phase.clone(),
            if pod.is_ready() { "ready" } else { "not ready" }.to_owned(),
            format!("labels {}", pairs(&metadata.labels)),
        ];
        if !metadata.annotations.is_empty() {
            facts.push(format!("annotations {}", pairs(&metadata.annotations)));
        }
        if !metadata.finalizers.is_empty() {
            facts.push(format!("finalizers {}", metadata.finalizers.join(",")));
        }
        if metadata.deletion_timestamp.is_some() {
            facts.push("being deleted".to_owned());
        }
        if pod.spec_text("/nodeName").is_empty() {
            facts.push("on no node".to_owned());
        }
        for owner in &metadata.owner_references {
            let since = match self.controllers.get(&owner.uid) {
                Some((step, _name)) => format!(" of step {step}"),
                None => String::new(),
            };
            facts.push(format!(
                "owner {} {}{since} controller={:?} blockOwnerDeletion={:?}",
                owner.kind, owner.name, owner.controller, owner.block_owner_deletion
            ));
        }
        let image = pod.spec_text("/containers/0/image");
        facts.push(format!("image {image}, spec {}", spec_digest(pod)));
        format!("pod {}/{name}: {}", metadata.namespace, facts.join("; "))
    }

    fn event(&self, side: &str, event: &Event) -> String {
        // What was said once too often is said in short.
        let message = event.message.trim_start_matches("(combined from similar events): ");
        format!(
            "event of {}/{} by {}: {} {}: {}",
            event.metadata.namespace,
            event.involved_object.name,
            event.source.component,
            event.kind,
            event.reason,
            self.without_names(side, message)
        )
    }

    /// A text with stars in the place of the made parts of pods' names, and rooms in that of namespaces.
    fn without_names(&self, side: &str, text: &str) -> String {
        let mut text = text.replace(&format!("{side}-"), "");
        let names: BTreeSet<&String> = self.controllers.values().map(|(_step, name)| name).collect();
        for name in names {
            text = with_stars(&text, &format!("{name}-"));
        }
        text
    }
}

/// A text with a star behind each word that begins so.
fn with_stars(text: &str, start: &str) -> String {
    let is_of_a_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(start) {
        let (before, after) = rest.split_at(at);
        let word = after.strip_prefix(start).unwrap_or_default();
        result.push_str(before);
        result.push_str(start);
        if before.ends_with(is_of_a_word) {
            rest = word;
            continue;
        }
        result.push('*');
        rest = word.trim_start_matches(is_of_a_word);
    }
    result + rest
}

/// A short hash of the spec, but for its node and the volume of its token, whose name is made.
fn spec_digest(pod: &Pod) -> String {
    let mut spec = pod.spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("nodeName");
        fields.remove("volumes");
    }
    for container in spec.get_mut("containers").and_then(|it| it.as_array_mut()).into_iter().flatten() {
        if let Some(fields) = container.as_object_mut() {
            fields.remove("volumeMounts");
        }
    }
    sha256(&[spec.to_string().as_bytes()]).get(..8).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::observation::parse;
    use super::*;
    use crate::differential::subject::History as _;
    use serde_json::{Value, json};

    fn controller(uid: &str, message: &str) -> Value {
        json!({
            "kind": "ReplicationController",
            "metadata": {"name": "web", "namespace": "ours-room", "uid": uid, "generation": 2},
            "status": {
                "replicas": 1, "readyReplicas": 1, "observedGeneration": 2,
                "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}],
            },
        })
    }

    fn pod(name: &str, owner: &str) -> Value {
        json!({
            "kind": "Pod",
            "metadata": {
                "name": name, "generateName": "web-", "namespace": "ours-room", "uid": name, "labels": {"app": "web"},
                "ownerReferences": [{
                    "kind": "ReplicationController", "name": "web", "uid": owner,
                    "controller": true, "blockOwnerDeletion": true,
                }],
            },
            "spec": {"nodeName": "node-1", "containers": [{"image": "one"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    }

    fn event(kind: &str, message: &str, count: u64) -> Value {
        json!({
            "kind": "Event",
            "metadata": {"namespace": "ours-room", "uid": message},
            "involvedObject": {"kind": "ReplicationController", "name": "web"},
            "type": kind, "reason": "Because", "message": message, "count": count,
            "source": {"component": "replication-controller"}, "reportingComponent": "replication-controller",
        })
    }

    fn observation(items: &[Value]) -> Observation {
        parse(&json!({"items": items}).to_string(), "ours", "room").unwrap()
    }

    fn lines(view: &View) -> Vec<String> {
        view.iter().map(|(what, value)| format!("{what} = {value}")).collect()
    }

    #[test]
    fn pods_that_are_alike_are_counted_and_their_names_do_not_matter() {
        let view = |names: [&str; 2]| {
            let pods = names.map(|name| pod(name, "a"));
            History::default().view("ours", &observation(&pods))
        };
        assert_eq!(view(["web-xxxxx", "web-yyyyy"]), view(["web-zzzzz", "web-vvvvv"]));
        let lines = lines(&view(["web-xxxxx", "web-yyyyy"]));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("pod room/web-*: of step 0; Running; ready; labels app=web;"),
            "{lines:?}"
        );
        assert!(lines[0].ends_with(" = 2"), "{lines:?}");
    }

    #[test]
    fn pods_of_another_step_or_owner_are_others() {
        let mut history = History::default();
        let before = observation(&[controller("a", ""), pod("web-xxxxx", "a")]);
        history.begin(1, &before);
        let after = observation(&[controller("b", ""), pod("web-xxxxx", "a"), pod("web-yyyyy", "b")]);
        let pods: Vec<String> =
            lines(&history.view("ours", &after)).into_iter().filter(|line| line.starts_with("pod")).collect();
        assert_eq!(pods.len(), 2, "{pods:?}");
        assert!(pods[0].contains("of step 0; ") && pods[0].contains("web of step 0 controller=Some(true)"));
        assert!(pods[1].contains("of step 1; ") && pods[1].contains("web of step 1 controller=Some(true)"));
    }

    #[test]
    fn names_in_messages_are_made_equal() {
        let message = "Error creating: pods \"web-xxxxx\" is forbidden in ours-room: web-1, not my-web-1";
        let view = History::default().view("ours", &observation(&[controller("a", message)]));
        let key = "ReplicationController room/web of step 0: message of condition ReplicaFailure";
        assert_eq!(view[key], "Error creating: pods \"web-*\" is forbidden in room: web-*, not my-web-1");
    }

    #[test]
    fn what_happened_before_the_step_is_not_counted_again() {
        let mut history = History::default();
        let normal = |count| observation(&[event("Normal", "Created pod", count)]);
        history.begin(1, &normal(2));
        assert_eq!(lines(&history.view("ours", &normal(2))), Vec::<String>::new());
        let after = lines(&history.view("ours", &normal(5)));
        let event = "event of room/web by replication-controller: Normal Because: Created pod";
        let reported = format!("{event}: reportingComponent = replication-controller");
        assert_eq!(after, [format!("{event} = 3"), reported]);
    }

    #[test]
    fn how_often_something_failed_does_not_matter() {
        let view = |count| History::default().view("ours", &observation(&[event("Warning", "No", count)]));
        assert_eq!(view(1), view(7));
        assert!(lines(&view(1))[0].ends_with("Warning Because: No = said so far"));
    }

    #[test]
    fn other_namespaces_are_not_seen() {
        let mut other = pod("web-xxxxx", "a");
        other["metadata"]["namespace"] = json!("peer-room");
        assert_eq!(History::default().view("ours", &observation(&[other])), View::new());
    }
}
