//! What can be compared: whose work it is, what the script does, and what a person can see of it.
//!
//! The frame around it plays the script by both sides and compares: it knows steps and facts, and nothing of what they are about.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::comparison::Improvement;
use crate::cluster::Cluster;
use crate::in_tree::InTree;

/// Facts by what they are about. What is not there has no fact.
pub type View = BTreeMap<String, String>;

/// Whose work is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// kube-controller-manager's.
    InTree,
    /// Mainstay's.
    Mainstay,
}

/// Controllers whose work is compared.
pub trait Subject {
    /// What a user does in a step.
    type Action: Debug;
    /// What must have come of a step.
    type Until: Debug;
    /// What there is at a moment.
    type Observation;
    /// What a run has seen so far.
    type History: History<Self::Observation>;

    /// The number of nodes that kwok plays.
    const NODES: u32;
    /// What Mainstay is told by `--controllers`.
    const MAINSTAY: &'static str;
    /// So long nothing may have changed at the end of a step.
    const REST: Duration;
    /// A step that is not over then has failed.
    const PATIENCE: Duration;
    /// All differences that are no faults.
    const IMPROVEMENTS: &'static [Improvement];

    /// What kube-controller-manager runs where it does everything.
    fn in_tree() -> InTree;
    /// What it runs beside Mainstay.
    fn beside() -> InTree;
    /// The whole script.
    fn chapters() -> Vec<Chapter<Self::Action, Self::Until>>;
    /// Makes the cluster what the script expects, before each side.
    fn prepare(cluster: &Cluster) -> Result<()>;
    /// Carries out an action.
    fn act(user: &User<'_>, action: &Self::Action) -> Result<()>;
    /// What there is now in the room of the present chapter.
    fn observe(user: &User<'_>) -> Result<Self::Observation>;
    /// Whether this has come.
    fn has_come(until: &Self::Until, observation: &Self::Observation) -> bool;
    /// What shows that somebody still has something to do.
    fn unrest(
        who: Who,
        step: &Step<Self::Action, Self::Until>,
        observation: &Self::Observation,
    ) -> Vec<String>;
}

/// What a run has seen so far, by which the new is told from the old.
pub trait History<Observation>: Default {
    /// A step begins; what is there belongs to those before it.
    fn begin(&mut self, step: usize, observation: &Observation);
    /// The facts of an observation.
    fn view(&mut self, side: &str, observation: &Observation) -> View;
}

/// Steps about one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter<Action, Until> {
    /// A word for the command line, and the room.
    pub name: &'static str,
    /// The steps, the first of which makes the room.
    pub steps: Vec<Step<Action, Until>>,
}

/// One thing that a user does, or that happens to pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<Action, Until> {
    /// A sentence that a person understands.
    pub name: &'static str,
    /// What is done, in this order.
    pub actions: Vec<Action>,
    /// What must have come of it, beside that all is at rest.
    pub until: Vec<Until>,
}

/// Who starts and stops the manager that is at work.
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
    /// Who is at work.
    pub who: Who,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The word in front of the rooms' names.
    pub side: &'a str,
    /// The room of the present chapter.
    pub room: &'a str,
    /// The manager.
    pub switch: &'a dyn Switch,
}

impl User<'_> {
    /// The namespace of a room.
    pub fn namespace(&self, room: &str) -> String {
        format!("{}-{room}", self.side)
    }

    /// Runs kubectl in a room.
    pub fn kubectl(&self, room: &str, words: &[&str]) -> Result<()> {
        let namespace = self.namespace(room);
        let mut all = words.to_vec();
        all.extend(["--namespace", &namespace]);
        self.cluster.kubectl(&all).map(|_answer| ())
    }
}

/// A step with these actions, which is over when this has come.
pub fn step<Action, Until, const UNTIL: usize>(
    name: &'static str,
    actions: impl Into<Vec<Action>>,
    until: [Until; UNTIL],
) -> Step<Action, Until> {
    Step { name, actions: actions.into(), until: until.into() }
}

/// An object with a field set, as a merge patch would.
pub fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    if let Some(fields) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.insert(field.to_owned(), value);
    }
    object
}
