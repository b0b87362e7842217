//! Carrying out what a step says, through kubectl.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::observation::{Observation, Pod, observe};
use super::step::{Action, Named, Pick};
use crate::differential::subject::User;
use crate::wait::wait_for;

/// Policies are read anew by the apiserver within seconds.
const POLICIES_TAKE: Duration = Duration::from_secs(60);

/// Carries out an action. Which pods it means is decided by what is there now.
pub fn act(user: &User<'_>, action: &Action) -> Result<()> {
    match action {
        Action::Apply(objects) => apply(user, objects),
        Action::Scale(it, replicas) => {
            let replicas = format!("--replicas={replicas}");
            user.kubectl(it.room, &["scale", &controller(*it), &replicas])
        }
        Action::Patch(it, patch) => {
            let patch = patch.to_string();
            user.kubectl(it.room, &["patch", &controller(*it), "--type=merge", "--patch", &patch])
        }
        Action::PatchStatus(it, patch) => {
            let patch = patch.to_string();
            let words =
                ["patch", &controller(*it), "--type=merge", "--subresource=status", "--patch", &patch];
            user.kubectl(it.room, &words)
        }
        Action::PatchPods(pick, patch) => {
            let observation = observe(user)?;
            let patch = with_uids(&patch.to_string(), &observation)?;
            on_pods(user, *pick, &observation, &["patch", "--type=merge", "--patch", &patch])
        }
        Action::PatchPodStatus(pick, patch) => {
            let patch = patch.to_string();
            let words = ["patch", "--type=strategic", "--subresource=status", "--patch", &patch];
            on_pods(user, *pick, &observe(user)?, &words)
        }
        Action::DeletePods(pick) => on_pods(user, *pick, &observe(user)?, &["delete", "--wait=false"]),
        Action::Delete(it, cascade) => {
            let cascade = format!("--cascade={}", cascade.word());
            user.kubectl(it.room, &["delete", &controller(*it), &cascade, "--wait=false"])
        }
        Action::DeleteRoom(room) => {
            user.cluster.kubectl(&["delete", "namespace", &user.namespace(room), "--wait=false"])?;
            Ok(())
        }
        Action::DeleteOther(kind, it) => user.kubectl(it.room, &["delete", kind, it.name]),
        Action::AwaitDeletesRefused(pick) => await_refusal(user, *pick),
        Action::StopController => user.switch.stop(),
        Action::StartController => user.switch.start(),
    }
}

fn on_pods(user: &User<'_>, pick: Pick, observation: &Observation, words: &[&str]) -> Result<()> {
    let (verb, flags) = words.split_first().context("no word for kubectl")?;
    let names: Vec<String> =
        chosen(pick, observation)?.iter().map(|pod| format!("pod/{}", pod.metadata.name)).collect();
    let mut all = vec![*verb];
    all.extend(names.iter().map(String::as_str));
    all.extend(flags);
    user.kubectl(pick.room, &all)
}

fn apply(user: &User<'_>, objects: &[Value]) -> Result<()> {
    let items: Vec<Value> = objects.iter().map(|object| in_namespace(user, object)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let list = if list.contains("UID(") { with_uids(&list, &observe(user)?)? } else { list };
    user.cluster.kubectl_apply(&list).map(|_answer| ())
}

fn in_namespace(user: &User<'_>, object: &Value) -> Value {
    let mut object = object.clone();
    let is_namespace = object.get("kind").is_some_and(|kind| kind == "Namespace");
    let field = if is_namespace { "/metadata/name" } else { "/metadata/namespace" };
    if let Some(place) = object.pointer_mut(field) {
        *place = json!(user.namespace(place.as_str().unwrap_or_default()));
    }
    object
}

fn await_refusal(user: &User<'_>, pick: Pick) -> Result<()> {
    let try_it = ["delete", "--dry-run=server", "--wait=false"];
    wait_for("a policy to come into effect", POLICIES_TAKE, || {
        let answer = on_pods(user, pick, &observe(user)?, &try_it);
        Ok((answer.is_err()).then_some(()))
    })
}

/// The pods that are meant: the same in two runs, as far as pods that differ can be told apart.
fn chosen(pick: Pick, observation: &Observation) -> Result<Vec<&Pod>> {
    let mut pods = observation.pods(pick);
    // The oldest come first, so that a pod of an earlier step is never mixed up with one of a later step.
    pods.sort_by_key(|pod| (pod.metadata.creation_timestamp.as_str(), pod.metadata.name.as_str()));
    match pick.number {
        Some(number) if pods.len() < number => bail!("there are only {} pods of {pick:?}", pods.len()),
        Some(number) => pods.truncate(number),
        None if pods.is_empty() => bail!("there are no pods of {pick:?}"),
        None => {}
    }
    Ok(pods)
}

fn controller(it: Named) -> String {
    format!("replicationcontroller/{}", it.name)
}

/// A text with UIDs in the place of `UID(room/name)`.
fn with_uids(text: &str, observation: &Observation) -> Result<String> {
    let mut text = text.to_owned();
    while let Some((before, after)) = text.split_once("UID(") {
        let (which, rest) = after.split_once(')').context("a UID without an end")?;
        let (room, name) = which.split_once('/').context("a UID without a room")?;
        let owner = observation.controller(room, name).with_context(|| format!("there is no {which}"))?;
        text = format!("{before}{}{rest}", owner.metadata.uid);
    }
    Ok(text)
}
