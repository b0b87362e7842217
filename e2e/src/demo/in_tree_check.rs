//! Whether kube-controller-manager runs the controllers that Mainstay has. Two that do the same undo each other's work, and in the
//! demonstration Mainstay does not look by itself: it is on, so that nobody waits for the minute that it takes in the mode auto.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::objects::{list, text};
use super::page;
use super::target::Target;
use crate::in_tree::{InTree, OFF_BY_DEFAULT};
use crate::wait::wait_for;

/// What kubeadm gives, without what Mainstay has. Upstream takes this short name too.
const LIST_WITHOUT_OURS: &str = "*,bootstrapsigner,tokencleaner,-replicationcontroller";

/// How long a ReplicationController is left alone before we believe that nobody cares for it.
const PROBE: Duration = Duration::from_secs(10);

/// The ReplicationController that shows whether somebody cares for it. It wants no pods.
const PROBE_NAME: &str = "mainstay-demo-probe";

/// A pod of kube-controller-manager and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTreePod {
    /// Its name.
    pub name: String,
    /// Its argument `--controllers`; `*` when it has none.
    pub controllers: String,
    /// Those of ours that it runs.
    pub runs: Vec<&'static str>,
}

/// Refuses a cluster whose kube-controller-manager can be seen to do Mainstay's work. Without such a pod it is not known.
pub fn refuse_what_is_seen(target: &Target, context: &str) -> Result<bool> {
    page::say(
        "Is the in-tree replicationcontroller off there? Mainstay is to act at once, and two undo each other's work.",
    );
    let words =
        ["get", "pods", "--namespace", "kube-system", "--selector", "component=kube-controller-manager"];
    page::command(&target.kubectl_line(&words));
    let pods = read(&target.ask_json(&words)?);
    if pods.is_empty() {
        page::say("No pod of kube-controller-manager is to be seen, as in clusters that others manage.");
        return Ok(false);
    }
    for pod in &pods {
        page::answer(&format!("{}: --controllers={}", pod.name, pod.controllers));
    }
    match pods.iter().find(|pod| !pod.runs.is_empty()) {
        Some(pod) => bail!(
            "{} runs {}, and so would Mainstay.\n{}",
            pod.name,
            pod.runs.join(" and "),
            how_to_turn_it_off(context)
        ),
        None => {
            page::say("It is off.");
            Ok(true)
        }
    }
}

/// Reads the list of kube-controller-manager's pods.
pub fn read(pods: &Value) -> Vec<InTreePod> {
    let of_pod = |pod: &Value| {
        let words: Vec<&str> = list(pod, "/spec/containers")
            .flat_map(|container| list(container, "/command").chain(list(container, "/args")))
            .filter_map(Value::as_str)
            .collect();
        let controllers = controllers_argument(&words);
        let items = InTree::List(controllers.split(',').map(|item| item.trim().to_owned()).collect());
        let runs = OFF_BY_DEFAULT.iter().copied().filter(|name| items.runs(name)).collect();
        InTreePod { name: text(pod, "/metadata/name"), controllers, runs }
    };
    list(pods, "/items").map(of_pod).collect()
}

/// The value of `--controllers` among the words of a command line. Given several times, it is one list.
pub fn controllers_argument(words: &[&str]) -> String {
    let mut values = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        // Go's flags may be written with one dash or two, and their value behind `=` or as the next word.
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
        if flag == "controllers" {
            values.extend(rest.next().copied());
        } else if let Some(value) = flag.strip_prefix("controllers=") {
            values.push(value);
        }
    }
    if values.is_empty() { "*".to_owned() } else { values.join(",") }
}

/// Refuses a cluster where somebody can be seen to act: makes a ReplicationController of no pods in the sample's namespace,
/// and looks whether anybody writes its status.
pub fn refuse_what_acts(target: &Target, context: &str) -> Result<()> {
    page::say(&format!(
        "So: a ReplicationController of no pods; if nobody writes its status within {} s, nobody cares for them.",
        PROBE.as_secs()
    ));
    let line = target.sample_line(&["apply", "--filename", "-"]);
    page::command(&format!("{line}   # ReplicationController {PROBE_NAME}"));
    target.apply(&probe_object(target.sample_namespace()))?;
    let observed = wait_for("a status", PROBE, || {
        let found = target.ask_sample_json(&["get", "replicationcontroller", PROBE_NAME])?;
        Ok(found.pointer("/status/observedGeneration").map(|_generation| ()))
    });
    let deleted = target.sample(&["delete", "replicationcontroller", PROBE_NAME]);
    crate::interrupt::check()?;
    deleted?;
    match observed {
        Ok(()) => {
            bail!("somebody cares for ReplicationControllers there already.\n{}", how_to_turn_it_off(context))
        }
        Err(_nobody) => {
            page::say("Nobody does.");
            Ok(())
        }
    }
}

fn probe_object(namespace: &str) -> Value {
    let labels = json!({"app": PROBE_NAME});
    json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": PROBE_NAME, "namespace": namespace},
        "spec": {
            "replicas": 0,
            "selector": labels,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "none", "image": "none"}]},
            },
        },
    })
}

/// What to do about it, first for the kind of cluster that the context's name speaks of.
fn how_to_turn_it_off(context: &str) -> String {
    let kind = context.strip_prefix("kind-").unwrap_or("kind");
    let profile = if context.starts_with("kind-") { "minikube" } else { context };
    let manifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml";
    format!(
        "In this demonstration Mainstay is on; with the chart's own values it would stay passive there.\n\
         To turn the other one off, give kube-controller-manager --controllers={LIST_WITHOUT_OURS}:\n\
         \x20 kind      docker exec {kind}-control-plane sed -i 's/--controllers=[^ ]*/--controllers={LIST_WITHOUT_OURS}/' {manifest}\n\
         \x20 minikube  minikube start --profile {profile} --extra-config='controller-manager.controllers={LIST_WITHOUT_OURS}'   # a new profile\n\
         \x20 kubeadm   the same change to {manifest} on each control plane node\n\
         While it is off and Mainstay does not run, nobody cares for ReplicationControllers.\n\
         If you know better, --allow-in-tree goes on all the same."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_is_found_however_it_is_written() {
        for (words, expected) in [
            (vec!["kube-controller-manager", "--controllers=*,-job"], "*,-job"),
            (vec!["kube-controller-manager", "-controllers=*"], "*"),
            (vec!["--controllers", "*,-job", "--v=2"], "*,-job"),
            (vec!["--controllers=*", "--controllers=-job"], "*,-job"),
            (vec!["--controllers-of-others=-job"], "*"),
            (vec!["--controllers"], "*"),
            (vec![], "*"),
        ] {
            assert_eq!(controllers_argument(&words), expected, "{words:?}");
        }
    }

    fn pod(words: &[&str]) -> Value {
        json!({"items": [{"metadata": {"name": "kcm"}, "spec": {"containers": [{"command": words}]}}]})
    }

    fn runs_ours(list: &str) -> bool {
        let pods = read(&pod(&["kube-controller-manager", &format!("--controllers={list}")]));
        assert_eq!(pods.len(), 1);
        pods.iter().any(|pod| !pod.runs.is_empty())
    }

    #[test]
    fn a_list_says_whether_ours_run() {
        assert!(runs_ours("*,bootstrapsigner,tokencleaner"));
        assert!(runs_ours("*, -job"));
        assert!(runs_ours("replicationcontroller"));
        assert!(!runs_ours("*,bootstrapsigner,tokencleaner,-replicationcontroller"));
        assert!(!runs_ours("*, -replicationcontroller-controller"));
        assert!(!runs_ours("job,cronjob"));
        assert!(!runs_ours(LIST_WITHOUT_OURS));
    }

    #[test]
    fn no_list_means_all_and_no_pod_means_nothing() {
        let pods = read(&pod(&["kube-controller-manager", "--leader-elect=true"]));
        assert_eq!(pods[0].runs, OFF_BY_DEFAULT);
        assert!(read(&json!({"items": []})).is_empty());
    }

    #[test]
    fn arguments_beside_the_command_count() {
        let pods = json!({"items": [{"spec": {"containers": [
            {"command": ["kube-controller-manager"], "args": ["--controllers=-replicationcontroller,*"]},
        ]}}]});
        assert!(read(&pods)[0].runs.is_empty());
    }

    #[test]
    fn the_advice_fits_the_context() {
        assert!(how_to_turn_it_off("kind-one").contains("docker exec one-control-plane"));
        assert!(how_to_turn_it_off("minikube").contains("--profile minikube"));
    }
}
