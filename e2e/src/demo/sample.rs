//! What there is to see: a ReplicationController comes up, loses a pod, grows and shrinks.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::live::{Live, Scene};
use super::objects::{list, text};
use super::page;
use super::target::Target;

/// What is applied.
const SAMPLE_FILE: &str = "charts/samples/replicationcontroller.yaml";
/// The name of the ReplicationController.
pub const SAMPLE: &str = "sample";
/// The labels of its pods.
pub const SAMPLE_LABELS: &str = "app=sample";

/// How long pods may take to start. A real cluster may have to pull their image first.
const PATIENCE: Duration = Duration::from_secs(180);

/// Applies the sample, and shows its pods come up.
pub fn bring_up(target: &Target) -> Result<Live> {
    // The watches first, so that they run when something happens.
    let mut live = Live::with_controller(target, target.sample_namespace(), SAMPLE, SAMPLE_LABELS)?;
    remove_an_earlier_one(target, &mut live)?;
    page::say(
        "A ReplicationController of three pods. Mainstay makes the pods, the scheduler puts them on nodes, kubelets run them.",
    );
    live.restart_clock();
    target.sample(&["apply", "--filename", SAMPLE_FILE])?;
    let seconds = live.show_until("the sample's pods", PATIENCE, Scene::is_at_rest)?.as_secs_f64();
    page::say(&format!("All there after {seconds:.1} s."));
    Ok(live)
}

/// Shows who has done what: the writers that the apiserver has noted in the pods, and the controller's events.
pub fn show_who_did_what(target: &Target, live: &Live) -> Result<()> {
    page::say("Who did what? The apiserver notes in each object who writes it:");
    let mut rows = vec![page::row(["POD", "CREATED BY", "RUNS ON"])];
    for pod in live.scene().pods.values() {
        rows.push(page::row([&pod.name, &pod.created_by, &pod.node]));
    }
    page::show_table(&rows);
    page::say("and the controller tells what it does in events:");
    show_events(target)
}

/// Deletes a pod, and shows that another one takes its place.
pub fn kill_a_pod(target: &Target, live: &mut Live) -> Result<()> {
    let victim = live.scene().pods.keys().next().cloned().context("there is no pod to delete")?;
    let before: BTreeSet<String> = live.scene().pods.keys().cloned().collect();
    page::say(&format!("{victim} has to go:"));
    live.restart_clock();
    target.sample(&["delete", "pod", &victim, "--wait=false"])?;
    let whole = live.show_until("another pod in its place", PATIENCE, |scene| {
        !scene.pods.contains_key(&victim) && scene.is_at_rest()
    })?;
    for (name, appeared) in live.scene().appeared.iter().filter(|(name, _)| !before.contains(*name)) {
        let ready = live.scene().became_ready.get(name).copied().unwrap_or(whole);
        page::say(&format!(
            "{victim} is dead; {name} took its place after {:.1} s and was ready after {:.1} s.",
            appeared.as_secs_f64(),
            ready.as_secs_f64()
        ));
    }
    Ok(())
}

/// Scales the sample, and shows which pods come or go.
pub fn scale(target: &Target, live: &mut Live, replicas: u64) -> Result<()> {
    let before: BTreeSet<String> = live.scene().pods.keys().cloned().collect();
    live.restart_clock();
    target.sample(&["scale", "replicationcontroller", SAMPLE, &format!("--replicas={replicas}")])?;
    let seconds = live
        .show_until("the new number of pods", PATIENCE, |scene| {
            scene.is_at_rest() && scene.pods.len() as u64 == replicas
        })?
        .as_secs_f64();
    let after: BTreeSet<String> = live.scene().pods.keys().cloned().collect();
    let names = |set: BTreeSet<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let (new, gone) =
        (names(after.difference(&before).collect()), names(before.difference(&after).collect()));
    let changes = [("new", new), ("gone", gone)].map(|(what, names)| match names.is_empty() {
        true => String::new(),
        false => format!(" {what}: {names}."),
    });
    page::say(&format!("{} pods after {seconds:.1} s.{}", after.len(), changes.concat()));
    Ok(())
}

/// Shows the events about the sample.
pub fn show_events(target: &Target) -> Result<()> {
    let field = format!("involvedObject.kind=ReplicationController,involvedObject.name={SAMPLE}");
    let words = ["get", "events", "--field-selector", &field];
    page::command(&target.sample_line(&words));
    page::show_table(&event_rows(&target.ask_sample_json(&words)?));
    Ok(())
}

fn event_rows(events: &Value) -> Vec<Vec<String>> {
    let mut found: Vec<&Value> = list(events, "/items").collect();
    found.sort_by_key(|event| (text(event, "/lastTimestamp"), text(event, "/metadata/name")));
    let row = |event: &&Value| {
        let count = event["count"].as_u64().unwrap_or(1).to_string();
        page::row([
            &text(event, "/source/component"),
            &text(event, "/reason"),
            &count,
            &text(event, "/message"),
        ])
    };
    let mut rows = vec![page::row(["WHO", "REASON", "COUNT", "MESSAGE"])];
    rows.extend(found.iter().map(row));
    rows
}

/// So that there is something to see when an earlier demonstration has left its pods.
fn remove_an_earlier_one(target: &Target, live: &mut Live) -> Result<()> {
    let found = target.ask_sample_json(&["get", "replicationcontrollers"])?;
    if list(&found, "/items").all(|item| text(item, "/metadata/name") != SAMPLE) {
        return Ok(());
    }
    page::say("An earlier demonstration has left its pods; they go first.");
    live.show_until("the earlier pods to be seen", PATIENCE, |scene| {
        scene.controller.as_ref().is_some_and(|controller| scene.pods.len() as u64 >= controller.existing)
    })?;
    target.sample(&["delete", "replicationcontroller", SAMPLE, "--cascade=foreground"])?;
    live.show_until("the end of the earlier pods", PATIENCE, |scene| {
        scene.pods.is_empty() && scene.controller.is_none()
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_told_in_their_order() {
        let event = |time: &str, name: &str, message: &str| {
            json!({
                "metadata": {"name": name},
                "lastTimestamp": time,
                "source": {"component": "replication-controller"},
                "reason": "SuccessfulCreate",
                "message": message,
            })
        };
        let events = json!({"items": [
            event("2026-01-01T00:00:02Z", "c", "third"),
            event("2026-01-01T00:00:01Z", "b", "second"),
            event("2026-01-01T00:00:01Z", "a", "first"),
        ]});
        let rows = event_rows(&events);
        let messages: Vec<&str> = rows.iter().skip(1).map(|row| row[3].as_str()).collect();
        assert_eq!(messages, ["first", "second", "third"]);
        assert_eq!(rows[1], ["replication-controller", "SuccessfulCreate", "1", "first"]);
    }
}
