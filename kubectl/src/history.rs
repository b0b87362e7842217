//! The revisions of a SidecarWorkload: what there was, and what has changed from one to the next.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::age::age;
use crate::objects::{Revision, Workload};
use crate::table::table;
use crate::tree::marks;

/// How many changes of a revision are named.
const MOST_CHANGES: usize = 3;

/// All revisions, the newest last.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    /// The namespace.
    pub namespace: String,
    /// The SidecarWorkload.
    pub name: String,
    /// The revisions.
    pub revisions: Vec<Entry>,
}

/// A revision.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When all replicas were of it and available.
    pub healthy_at: Option<String>,
    /// What it is: update, current, failed, pinned, healthy.
    pub marks: Vec<&'static str>,
    /// What is different from the revision before.
    pub changes: Vec<String>,
}

impl History {
    /// Puts it together.
    pub fn of(workload: &Workload, revisions: &[Revision]) -> History {
        let sorted = sorted(revisions);
        let before = std::iter::once(None).chain(sorted.iter().map(|revision| Some(*revision)));
        let entries = sorted.iter().zip(before).map(|(revision, before)| Entry {
            number: revision.revision,
            name: revision.metadata.name.clone(),
            created: revision.metadata.creation_timestamp,
            healthy_at: revision.healthy_at().map(str::to_owned),
            marks: marks(workload, revision),
            changes: before
                .map_or_else(Vec::new, |before| changes(&before.data.template, &revision.data.template)),
        });
        History {
            namespace: workload.metadata.namespace.clone(),
            name: workload.metadata.name.clone(),
            revisions: entries.collect(),
        }
    }

    /// For people.
    pub fn text(&self, now: Timestamp) -> String {
        if self.revisions.is_empty() {
            return format!("{} has no revisions yet: Mainstay makes the first one.\n", self.name);
        }
        let rows: Vec<[String; 5]> = self
            .revisions
            .iter()
            .map(|entry| {
                let mut changes = entry.changes.clone();
                let others = changes.len().saturating_sub(MOST_CHANGES);
                changes.truncate(MOST_CHANGES);
                if others > 0 {
                    changes.push(format!("and {others} more"));
                }
                [
                    entry.number.to_string(),
                    entry.name.clone(),
                    age(entry.created, now),
                    entry.marks.join(","),
                    changes.join("; "),
                ]
            })
            .collect();
        table(["REVISION", "NAME", "AGE", "IS", "CHANGED"], &rows)
    }
}

/// Revisions by their number, the newest last.
pub fn sorted(revisions: &[Revision]) -> Vec<&Revision> {
    let mut sorted: Vec<&Revision> = revisions.iter().collect();
    sorted.sort_by_key(|revision| (revision.revision, &revision.metadata.name));
    sorted
}

/// The revision of that number or name.
pub fn find<'a>(revisions: &'a [Revision], wanted: &str) -> Option<&'a Revision> {
    let number = wanted.parse().ok();
    revisions.iter().find(|revision| revision.metadata.name == wanted || Some(revision.revision) == number)
}

/// What is different between two templates, by paths; containers go by their names, images are told in full.
pub fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut changes = Vec::new();
    let mut keys: BTreeSet<&String> = before.keys().collect();
    keys.extend(after.keys());
    for key in keys {
        compare(key.clone(), before.get(key), after.get(key), &mut changes);
    }
    changes
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<String>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut keys: BTreeSet<&String> = before.keys().collect();
            keys.extend(after.keys());
            for key in keys {
                compare(format!("{path}.{key}"), before.get(key), after.get(key), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if are_named(before) && are_named(after) => {
            let names = |list: &[Value]| list.iter().filter_map(name).map(str::to_owned).collect::<Vec<_>>();
            let mut all = names(before);
            all.extend(names(after).into_iter().filter(|name| !names(before).contains(name)));
            let of = |list: &'_ [Value], wanted: &str| {
                list.iter().find(|item| name(item) == Some(wanted)).cloned()
            };
            for item in all {
                let (before, after) = (of(before, &item), of(after, &item));
                compare(format!("{path}[{item}]"), before.as_ref(), after.as_ref(), changes);
            }
        }
        (Some(Value::String(before)), Some(Value::String(after))) => {
            changes.push(format!("{path}: {before} -> {after}"));
        }
        (None, Some(_)) => changes.push(format!("{path} added")),
        (Some(_), None) => changes.push(format!("{path} removed")),
        _ => changes.push(path),
    }
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

fn are_named(list: &[Value]) -> bool {
    list.iter().all(|item| name(item).is_some())
}
