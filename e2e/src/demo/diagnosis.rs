//! What to look at when the demonstration has failed. The cluster is left as it is.

use super::sample::{SAMPLE, SAMPLE_LABELS};
use super::target::{MANAGER_NAMESPACE, RELEASE, Target};
use super::{local_manager, page};

/// Shows the pods and the manager's last lines, and the commands that show more.
pub fn show(target: &Target) {
    page::heading("It has failed; the cluster is left as it is, to be looked at");
    show_answer(target, &["get", "pods", "--all-namespaces", "--output", "wide"]);
    let deployment = format!("deployment/{RELEASE}");
    let logs = ["logs", &deployment, "--namespace", MANAGER_NAMESPACE, "--all-pods", "--prefix", "--tail=15"];
    match target.cluster() {
        Some(cluster) if !target.runs_pods() => {
            page::say(&format!(
                "The manager's log, {}, ends with:",
                local_manager::daemon(cluster).log().display()
            ));
            page::answer(&local_manager::daemon(cluster).log_tail());
        }
        _ => show_answer(target, &logs),
    }
    page::say("To see more:");
    let describe = ["describe", "pods", "--namespace", MANAGER_NAMESPACE];
    page::suggestion(&target.kubectl_line(&describe), "why the manager's pods do not run");
    let describe = target.sample_line(&["describe", "replicationcontroller", SAMPLE]);
    page::suggestion(&describe, "the sample's status and events");
    let describe = target.sample_line(&["describe", "pods", "--selector", SAMPLE_LABELS]);
    page::suggestion(&describe, "why the sample's pods do not run");
    let events = ["get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"];
    page::suggestion(&target.kubectl_line(&events), "all that was told lately");
}

fn show_answer(target: &Target, words: &[&str]) {
    page::command(&target.kubectl_line(words));
    match target.ask(words) {
        Ok(text) => page::answer(&text),
        Err(error) => page::answer(&format!("{error:#}")),
    }
}
