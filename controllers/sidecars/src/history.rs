//! The revisions of a SidecarWorkload: which there are, which one the spec asks for, and which may go.
//!
//! A revision is kept as a ControllerRevision with the template that the user wrote and the pod that was rendered from it. An equal template
//! is the same revision whatever is rendered from it today: a new version of this program replaces no pod.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_engine::{Store, View};
use mainstay_model::{
    ControllerRevision, CreateControllerRevision, DeleteObject, Kind, Name, ObjectName,
    PatchControllerRevision, SidecarWorkload, Timestamp, Write,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pod_shape::PodShape;
use crate::reference;
use crate::render::{drains, is_recreated, objects, render};

/// The content of a ControllerRevision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Data {
    /// `spec.template` as the user wrote it.
    template: Map<String, Value>,
    /// What was rendered from it.
    pod: PodShape,
}

impl Data {
    /// The content as the apiserver would write it itself. A patch of a revision makes it read and write the data anew, and then it compares the
    /// bytes: had we written other ones that mean the same, it would say that data is immutable, and refuse each patch.
    fn bytes(&self) -> Bytes {
        // Through a value, whose keys are sorted. Go writes these letters in their escaped form, wherever they stand.
        let mut text = serde_json::to_value(self).unwrap_or_default().to_string();
        for letter in ['&', '<', '>', '\u{2028}', '\u{2029}'] {
            text = text.replace(letter, &format!("\\u{:04x}", u32::from(letter)));
        }
        Bytes::from(text)
    }
}

/// What a sidecar's policies say of its replacement.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Policies {
    /// Sidecars that are never replaced in a running pod.
    pub(crate) recreated: BTreeSet<String>,
    /// Sidecars that are taken out of their services first.
    pub(crate) drained: BTreeSet<String>,
}

impl Policies {
    fn of(template: &Map<String, Value>) -> Policies {
        let names = |which: fn(&Map<String, Value>) -> bool| {
            objects(template.get("sidecars"))
                .filter(which)
                .filter_map(|sidecar| sidecar.get("name").and_then(Value::as_str).map(str::to_owned))
                .collect()
        };
        Policies { recreated: names(is_recreated), drained: names(drains) }
    }
}

/// A revision that could be read.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    /// Its name.
    pub(crate) name: Name,
    /// Its pods.
    pub(crate) pod: PodShape,
    /// How its sidecars are replaced.
    pub(crate) policies: Policies,
    /// When all replicas were of it and available.
    pub(crate) healthy_at: Option<Timestamp>,
    template: Map<String, Value>,
    object: Arc<ControllerRevision>,
}

impl Revision {
    /// When it was made.
    pub(crate) fn created(&self) -> Option<Timestamp> {
        self.object.meta.created
    }
}

/// All revisions of a SidecarWorkload, the newest last.
pub(crate) struct History<'a> {
    workload: &'a SidecarWorkload,
    revisions: Vec<Revision>,
}

/// The revision that the spec asks for.
pub(crate) enum Wanted {
    /// It is there, under this name.
    Revision(Name),
    /// It has to be made first.
    Missing(Box<Write>),
    /// It cannot be had, in words for the user.
    Unknown(String),
}

impl<'a> History<'a> {
    /// What is kept of a SidecarWorkload: what it controls, and what nobody does, such as what is left of an earlier one of its name whose
    /// pods were orphaned.
    pub(crate) fn new(workload: &'a SidecarWorkload, store: &Store) -> History<'a> {
        let revisions = store.controller_revisions();
        let mut revisions: Vec<Revision> = revisions
            .controlled_by(workload.meta.uid)
            .chain(revisions.uncontrolled(&workload.meta.name))
            .filter(|revision| !revision.meta.is_deleting())
            .filter_map(read)
            .collect();
        revisions
            .sort_by(|left, right| (left.object.number, &left.name).cmp(&(right.object.number, &right.name)));
        History { workload, revisions }
    }

    /// The revision of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| *revision.name == *name)
    }

    /// The revision that was healthy and wanted last, other than this one: only what was healthy may a rollback lead to.
    pub(crate) fn newest_healthy(&self, other_than: &str) -> Option<&Revision> {
        self.revisions
            .iter()
            .filter(|revision| *revision.name != *other_than)
            .filter(|revision| revision.healthy_at.is_some())
            .max_by_key(|revision| revision.object.number)
    }

    /// The revision that the spec asks for.
    pub(crate) fn wanted(&self, view: &View<'_>) -> Wanted {
        if let Some(pinned) = &self.workload.revision {
            return match self.get(pinned) {
                Some(revision) => Wanted::Revision(revision.name.clone()),
                None => Wanted::Unknown(format!(
                    "spec.revision names {pinned:?}, which is no revision of this SidecarWorkload: \
                     `kubectl mainstay history {}` lists them",
                    self.workload.meta.name.name
                )),
            };
        }
        let template = match serde_json::from_slice::<Map<String, Value>>(&self.workload.template) {
            Ok(template) if template.contains_key("main") => template,
            Ok(_) => return Wanted::Unknown("spec.template.main is missing".to_owned()),
            Err(error) => return Wanted::Unknown(format!("spec.template cannot be read: {error}")),
        };
        let restarted_at = self.workload.restarted_at.as_deref();
        let is_same = |revision: &&Revision| {
            revision.template == template && revision.pod.restarted_at.as_deref() == restarted_at
        };
        // Of several the newest: a template that came back has been given a new number.
        if let Some(revision) = self.revisions.iter().rev().find(is_same) {
            return Wanted::Revision(revision.name.clone());
        }
        let pod = render(&template, restarted_at);
        if let Some(revision) = self.revisions.iter().rev().find(|revision| revision.pod == pod) {
            return Wanted::Revision(revision.name.clone());
        }
        Wanted::Missing(Box::new(self.creation(template, pod, view)))
    }

    /// How the sidecars of a revision are replaced. Policies are not part of a pod: those of the present template count for the revision that
    /// it leads to, however old that is.
    pub(crate) fn policies(&self, revision: &Revision) -> Policies {
        let template = serde_json::from_slice::<Map<String, Value>>(&self.workload.template);
        match template {
            Ok(template)
                if self.workload.revision.is_none()
                    && render(&template, self.workload.restarted_at.as_deref()) == revision.pod =>
            {
                Policies::of(&template)
            }
            _ => revision.policies.clone(),
        }
    }

    fn creation(&self, template: Map<String, Value>, pod: PodShape, view: &View<'_>) -> Write {
        let own = &self.workload.meta.name;
        let is_free = |revision: &ObjectName| {
            !view.memory.taken.contains(&revision.name)
                && view.store.controller_revisions().get(revision).is_none()
        };
        let named = |collisions| {
            let name = format!("{}-{}", own.name, pod.hash(collisions));
            ObjectName { namespace: own.namespace.clone(), name: name.into() }
        };
        let revision = (0..).map(named).find(is_free).unwrap_or_else(|| named(0));
        Write::CreateControllerRevision(CreateControllerRevision {
            revision,
            owner: reference(self.workload),
            number: self.newest_number().saturating_add(1),
            data: Data { template, pod }.bytes(),
        })
    }

    fn newest_number(&self) -> i64 {
        self.revisions.iter().map(|revision| revision.object.number).max().unwrap_or(0)
    }

    /// What must be written so that the history says what is: the wanted revision is the newest, those that nobody controls are ours, and a
    /// revision under which all replicas are available is marked.
    pub(crate) fn upkeep(&self, wanted: &str, healthy: Option<&str>, now: Timestamp) -> Vec<Write> {
        let newest = self.newest_number();
        let patch = |revision: &Revision| {
            let is_outnumbered = *revision.name == *wanted && revision.object.number < newest;
            let is_healthy = healthy == Some(&*revision.name) && revision.healthy_at.is_none();
            let is_orphan = revision.object.meta.controller().is_none();
            (is_outnumbered || is_healthy || is_orphan).then(|| {
                Write::PatchControllerRevision(PatchControllerRevision {
                    revision: revision.object.meta.name.clone(),
                    uid: revision.object.meta.uid,
                    version: revision.object.meta.version,
                    number: is_outnumbered.then(|| newest.saturating_add(1)),
                    owner: is_orphan.then(|| reference(self.workload)),
                    healthy_at: is_healthy.then(|| Timestamp::from_seconds(now.seconds())),
                })
            })
        };
        self.revisions.iter().filter_map(patch).collect()
    }

    /// Deletes for what is beyond the limit, the oldest first. What is in use stays: `kept`, what a pod carries, and the newest healthy one.
    pub(crate) fn surplus(&self, kept: &BTreeSet<Name>) -> Vec<Write> {
        let limit = usize::try_from(self.workload.revision_history_limit).unwrap_or(0);
        let healthy = self.newest_healthy("").map(|revision| revision.name.clone());
        let unused: Vec<&Revision> = self
            .revisions
            .iter()
            .filter(|revision| !kept.contains(&revision.name) && Some(&revision.name) != healthy.as_ref())
            .collect();
        let surplus = unused.len().saturating_sub(limit);
        let delete = |revision: &Revision| {
            Write::DeleteObject(DeleteObject::of(Kind::ControllerRevision, &revision.object.meta))
        };
        unused.into_iter().take(surplus).map(delete).collect()
    }
}

/// Reads a revision; nothing where it is none that we have written.
fn read(object: &Arc<ControllerRevision>) -> Option<Revision> {
    let data: Data = serde_json::from_slice(&object.data).ok()?;
    Some(Revision {
        name: object.meta.name.name.clone(),
        policies: Policies::of(&data.template),
        pod: data.pod,
        healthy_at: object.healthy_at,
        template: data.template,
        object: object.clone(),
    })
}
