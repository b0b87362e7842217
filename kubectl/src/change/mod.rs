//! What the commands change: from an object that was read to a patch of one field, and what is told of it.
//!
//! Nothing is written but the field that the user has asked for. The template of a SidecarWorkload stays what it is in Git unless an image
//! is set, and `replicas` is never touched.

pub mod image;
pub mod ownership;
pub mod rollout;
pub mod undo;

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::objects::Workload;

/// What is to be sent, if anything, and what it means.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The patch; none where all is as it is wanted already.
    pub patch: Option<Patch>,
    /// What is told.
    pub outcome: Outcome,
}

/// A patch by its kind.
#[derive(Clone, PartialEq, Debug)]
pub enum Patch {
    /// A JSON merge patch.
    Merge(Value),
    /// A JSON patch: it is refused where what it tests is not so any more.
    Json(Value),
}

/// What a command has done.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The command.
    pub action: &'static str,
    /// The namespace.
    pub namespace: String,
    /// The SidecarWorkload.
    pub name: String,
    /// Whether anything was written.
    pub changed: bool,
    /// Whether the server was only asked what it would say.
    pub dry_run: bool,
    /// The generation of the spec afterwards, for `status`.
    pub generation: i64,
    /// What was changed.
    pub fields: Vec<FieldChange>,
    /// That in a sentence.
    pub message: String,
    /// What the user should know of it.
    pub warnings: Vec<String>,
    /// The command that takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
}

/// A field that was changed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FieldChange {
    /// Where it is.
    pub path: String,
    /// What it was.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

/// Why nothing is sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// There is no container of that name.
    #[error("there is no container {wanted:?} in {name}; its containers are: {known}")]
    UnknownContainer {
        /// The SidecarWorkload.
        name: String,
        /// The name that was given.
        wanted: String,
        /// Those that there are.
        known: String,
    },
    /// There is no such revision.
    #[error("{name} has no revision {wanted}; its revisions are: {known}")]
    UnknownRevision {
        /// The SidecarWorkload.
        name: String,
        /// The number or name that was given.
        wanted: String,
        /// Those that there are.
        known: String,
    },
    /// There is nothing to go back to.
    #[error(
        "no other revision of {name} was ever healthy, so there is none to go back to by itself; \
         --to-revision takes any of them: {known}"
    )]
    NoHealthyRevision {
        /// The SidecarWorkload.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// What is asked for now is not known yet.
    #[error(
        "Mainstay has not looked at the newest spec of {name} yet, so it is not known which revision that asks for: \
         try again in a moment, or say where to go with --to-revision"
    )]
    NotSeenYet {
        /// The SidecarWorkload.
        name: String,
    },
    /// All pods at one revision, and some of them at another one.
    #[error(
        "{name} has rollout.partition {partition}, which keeps some pods on the revision before, and a pin brings all pods \
         to one: set rollout.partition to 0 first"
    )]
    Partition {
        /// The SidecarWorkload.
        name: String,
        /// How many pods stay.
        partition: String,
    },
    /// A restart would do nothing.
    #[error(
        "{name} is pinned to revision {revision}, whose pods a restart does not replace: \
         `kubectl mainstay undo {name} --off` ends the pin"
    )]
    Pinned {
        /// The SidecarWorkload.
        name: String,
        /// The revision.
        revision: String,
    },
}

impl Outcome {
    fn new(action: &'static str, workload: &Workload, message: String) -> Outcome {
        Outcome {
            action,
            namespace: workload.metadata.namespace.clone(),
            name: workload.metadata.name.clone(),
            changed: false,
            dry_run: false,
            generation: workload.metadata.generation,
            fields: Vec::new(),
            message,
            warnings: Vec::new(),
            back: None,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let dry = if self.dry_run { " (dry run: nothing is written)" } else { "" };
        let mut text = format!("{}: {}{dry}\n", self.name, self.message);
        for warning in &self.warnings {
            text.push_str(&format!("  warning: {warning}\n"));
        }
        if let Some(back) = &self.back {
            text.push_str(&format!("  back: {back}\n"));
        }
        text
    }
}

impl Change {
    /// All is as it is wanted.
    fn none(action: &'static str, workload: &Workload, message: String) -> Change {
        Change { patch: None, outcome: Outcome::new(action, workload, message) }
    }
}

/// A field in words, for lists of what there is.
fn joined(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
