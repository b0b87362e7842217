//! Carrying out what a step says, through kubectl.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::observation::{Observation, Pod, observe};
use super::step::{Action, Named, Pick};
use crate::cluster::Cluster;
use crate::wait::wait_for;

/// Policies are read anew by the apiserver within seconds.
const POLICIES_TAKE: Duration = Duration::from_secs(60);

/// Who starts and stops the controller that is at work.
pub trait Switch {
    /// Starts it.
    fn start(&self) -> Result<()>;
    /// Stops it, and waits until it has ended.
    fn stop(&self) -> Result<()>;
    /// An error when it has ended by itself.
    fn check(&self) -> Result<()>;
}

/// The user of one side.
pub struct User<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The word in front of the rooms' names.
    pub side: &'a str,
    /// The room of the present chapter.
    pub room: &'a str,
    /// The controller.
    pub switch: &'a dyn Switch,
}

impl User<'_> {
    /// Carries out an action. Which pods it means is decided by what is there now.
    pub fn act(&self, action: &Action) -> Result<()> {
        match action {
            Action::Apply(objects) => self.apply(objects),
            Action::Scale(it, replicas) => {
                let replicas = format!("--replicas={replicas}");
                self.on(*it, &["scale", &controller(*it), &replicas])
            }
            Action::Patch(it, patch) => {
                self.on(*it, &["patch", &controller(*it), "--type=merge", "--patch", &patch.to_string()])
            }
            Action::PatchStatus(it, patch) => {
                let patch = patch.to_string();
                let words =
                    ["patch", &controller(*it), "--type=merge", "--subresource=status", "--patch", &patch];
                self.on(*it, &words)
            }
            Action::PatchPods(pick, patch) => {
                let observation = self.observe()?;
                let patch = with_uids(&patch.to_string(), &observation)?;
                self.on_pods(*pick, &observation, &["patch", "--type=merge", "--patch", &patch])
            }
            Action::PatchPodStatus(pick, patch) => {
                let patch = patch.to_string();
                let words = ["patch", "--type=strategic", "--subresource=status", "--patch", &patch];
                self.on_pods(*pick, &self.observe()?, &words)
            }
            Action::DeletePods(pick) => self.on_pods(*pick, &self.observe()?, &["delete", "--wait=false"]),
            Action::Delete(it, cascade) => {
                let cascade = format!("--cascade={}", cascade.word());
                self.on(*it, &["delete", &controller(*it), &cascade, "--wait=false"])
            }
            Action::DeleteRoom(room) => {
                self.cluster.kubectl(&["delete", "namespace", &self.namespace(room), "--wait=false"])?;
                Ok(())
            }
            Action::DeleteOther(kind, it) => self.on(*it, &["delete", kind, it.name]),
            Action::AwaitDeletesRefused(pick) => self.await_refusal(*pick),
            Action::StopController => self.switch.stop(),
            Action::StartController => self.switch.start(),
        }
    }

    /// What there is now.
    pub fn observe(&self) -> Result<Observation> {
        observe(self.cluster, self.side, self.room)
    }

    /// The namespace of a room.
    pub fn namespace(&self, room: &str) -> String {
        format!("{}-{room}", self.side)
    }

    fn on(&self, it: Named, words: &[&str]) -> Result<()> {
        let namespace = self.namespace(it.room);
        let mut all = words.to_vec();
        all.extend(["--namespace", &namespace]);
        self.cluster.kubectl(&all).map(|_answer| ())
    }

    fn on_pods(&self, pick: Pick, observation: &Observation, words: &[&str]) -> Result<()> {
        let (verb, flags) = words.split_first().context("no word for kubectl")?;
        let namespace = self.namespace(pick.room);
        let names: Vec<String> =
            chosen(pick, observation)?.iter().map(|pod| format!("pod/{}", pod.metadata.name)).collect();
        let mut all = vec![*verb];
        all.extend(names.iter().map(String::as_str));
        all.extend(flags);
        all.extend(["--namespace", &namespace]);
        self.cluster.kubectl(&all).map(|_answer| ())
    }

    fn apply(&self, objects: &[Value]) -> Result<()> {
        let items: Vec<Value> = objects.iter().map(|object| self.in_namespace(object)).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let list = if list.contains("UID(") { with_uids(&list, &self.observe()?)? } else { list };
        self.cluster.kubectl_apply(&list).map(|_answer| ())
    }

    fn in_namespace(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let is_namespace = object.get("kind").is_some_and(|kind| kind == "Namespace");
        let field = if is_namespace { "/metadata/name" } else { "/metadata/namespace" };
        if let Some(place) = object.pointer_mut(field) {
            *place = json!(self.namespace(place.as_str().unwrap_or_default()));
        }
        object
    }

    fn await_refusal(&self, pick: Pick) -> Result<()> {
        let try_it = ["delete", "--dry-run=server", "--wait=false"];
        wait_for("a policy to come into effect", POLICIES_TAKE, || {
            let answer = self.on_pods(pick, &self.observe()?, &try_it);
            Ok((answer.is_err()).then_some(()))
        })
    }
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
