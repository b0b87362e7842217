//! SidecarWorkloads in a list.

use jiff::Timestamp;
use serde::Serialize;

use crate::age::age;
use crate::objects::Workload;
use crate::progress::{Progress, State};
use crate::table::table;

/// Many SidecarWorkloads.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// They.
    pub items: Vec<Item>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// How far it is; the faults of its pods are not looked at here.
    #[serde(flatten)]
    pub progress: Progress,
    /// The word for how it is.
    pub status: String,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl Listing {
    /// Puts them together, by namespace and name.
    pub fn of(workloads: &[Workload]) -> Listing {
        let mut items: Vec<Item> = workloads
            .iter()
            .map(|workload| Item {
                progress: Progress::of(workload, &[]),
                status: workload.word().to_owned(),
                created: workload.metadata.creation_timestamp,
            })
            .collect();
        items.sort_by(|left, right| {
            let key = |item: &Item| (item.progress.namespace.clone(), item.progress.name.clone());
            key(left).cmp(&key(right))
        });
        Listing { items }
    }

    /// For people; `namespace` is the one that was looked at, none where it was all of them.
    pub fn text(&self, namespace: Option<&str>, now: Timestamp) -> String {
        if self.items.is_empty() {
            return match namespace {
                Some(namespace) => format!(
                    "There are no SidecarWorkloads in namespace {namespace}; \
                     --all-namespaces looks everywhere.\n"
                ),
                None => "There are no SidecarWorkloads.\n".to_owned(),
            };
        }
        let cells = |item: &Item| {
            let progress = &item.progress;
            [
                progress.name.clone(),
                format!("{}/{}", progress.ready, progress.desired),
                progress.updated.to_string(),
                progress.available.to_string(),
                progress.revision.clone().unwrap_or_default(),
                word(item),
                age(item.created, now),
            ]
        };
        let head = ["NAME", "READY", "UPDATED", "AVAILABLE", "REVISION", "STATUS", "AGE"];
        if namespace.is_some() {
            return table(head, &self.items.iter().map(cells).collect::<Vec<_>>());
        }
        let [name, ready, updated, available, revision, status, age] = head;
        let head = ["NAMESPACE", name, ready, updated, available, revision, status, age];
        let rows: Vec<[String; 8]> = self
            .items
            .iter()
            .map(|item| {
                let [name, ready, updated, available, revision, status, age] = cells(item);
                let namespace = item.progress.namespace.clone();
                [namespace, name, ready, updated, available, revision, status, age]
            })
            .collect();
        table(head, &rows)
    }
}

/// A status of an older generation says nothing of what is wanted now.
fn word(item: &Item) -> String {
    let progress = &item.progress;
    if progress.state == State::Underway && progress.observed_generation < progress.generation {
        return "NotSeenYet".to_owned();
    }
    item.status.clone()
}
