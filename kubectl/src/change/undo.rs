//! Undo: a pin to a stored revision. The template stays as it is, so that Git and the cluster do not fight, and the pin itself can be kept in Git.

use serde_json::{Value, json};

use super::ownership::{self, Step};
use super::{Change, FieldChange, Outcome, Patch, Refusal, joined};
use crate::history::{find, sorted};
use crate::objects::{Revision, Workload};

const REVISION: [Step<'static>; 2] = [Step::Field("spec"), Step::Field("revision")];

/// Pins the pods to a revision: the one of this number or name, or else the newest that was healthy and is not asked for now.
pub fn pin(workload: &Workload, revisions: &[Revision], to: Option<&str>) -> Result<Change, Refusal> {
    let name = &workload.metadata.name;
    let known = || {
        let all = sorted(revisions);
        joined(all.iter().map(|revision| format!("{} ({})", revision.revision, revision.metadata.name)))
    };
    let target = match to {
        Some(wanted) => find(revisions, wanted).ok_or_else(|| Refusal::UnknownRevision {
            name: name.clone(),
            wanted: wanted.to_owned(),
            known: known(),
        })?,
        None => previous(workload, revisions)?
            .ok_or_else(|| Refusal::NoHealthyRevision { name: name.clone(), known: known() })?,
    };
    let revision = &target.metadata.name;
    if workload.spec.revision.as_ref() == Some(revision) {
        return Ok(Change::none("undo", workload, format!("is pinned to revision {revision} already")));
    }
    let partition = &workload.spec.rollout.partition;
    if ![json!(0), json!("0"), json!("0%"), Value::Null].contains(partition) {
        return Err(Refusal::Partition { name: name.clone(), partition: partition.to_string() });
    }
    let mut warnings: Vec<String> = ownership::warning(workload, &REVISION).into_iter().collect();
    if target.healthy_at().is_none() {
        warnings.push(format!("revision {revision} was never healthy: it begins with one pod"));
    }
    if workload.spec.rollout.paused {
        warnings.push(format!("the rollout is paused: pods go back after `kubectl mainstay resume {name}`"));
    }
    let back = match &workload.spec.revision {
        Some(before) => format!("kubectl mainstay undo {name} --to-revision {before}"),
        None => format!("kubectl mainstay undo {name} --off"),
    };
    let message = format!(
        "all pods go to revision {revision} (number {}); spec.template stays as it is, and in Git this is spec.revision: {revision}",
        target.revision
    );
    Ok(Change {
        patch: Some(patch(workload, json!(revision))),
        outcome: Outcome {
            changed: true,
            fields: vec![field(workload, json!(revision))],
            warnings,
            back: Some(back),
            ..Outcome::new("undo", workload, message)
        },
    })
}

/// Ends the pin: pods follow the template again.
pub fn unpin(workload: &Workload) -> Change {
    let name = &workload.metadata.name;
    let Some(before) = &workload.spec.revision else {
        return Change::none("undo", workload, "is not pinned: its pods follow spec.template".to_owned());
    };
    Change {
        patch: Some(patch(workload, Value::Null)),
        outcome: Outcome {
            changed: true,
            fields: vec![field(workload, Value::Null)],
            warnings: ownership::warning(workload, &REVISION).into_iter().collect(),
            back: Some(format!("kubectl mainstay undo {name} --to-revision {before}")),
            ..Outcome::new(
                "undo",
                workload,
                format!("is no longer pinned to revision {before}: pods follow spec.template again"),
            )
        },
    }
}

/// The newest revision that was healthy, other than the one that is asked for now.
fn previous<'a>(workload: &Workload, revisions: &'a [Revision]) -> Result<Option<&'a Revision>, Refusal> {
    let asked = match &workload.spec.revision {
        Some(pinned) => Some(pinned),
        None if workload.status.observed_generation < workload.metadata.generation => {
            return Err(Refusal::NotSeenYet { name: workload.metadata.name.clone() });
        }
        None => workload.status.update_revision.as_ref(),
    };
    let is_other = |revision: &&Revision| Some(&revision.metadata.name) != asked;
    Ok(sorted(revisions).into_iter().rev().filter(is_other).find(|revision| revision.healthy_at().is_some()))
}

/// The revision belongs to this very object: one of its name that was made since has others.
fn patch(workload: &Workload, revision: Value) -> Patch {
    Patch::Merge(json!({"metadata": {"uid": workload.metadata.uid}, "spec": {"revision": revision}}))
}

fn field(workload: &Workload, to: Value) -> FieldChange {
    let from = workload.spec.revision.clone().map_or(Value::Null, Value::String);
    FieldChange { path: ownership::written(&REVISION), from, to }
}
