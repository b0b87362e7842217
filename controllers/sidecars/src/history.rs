//! The revisions of a SidecarWorkload: which there are, which one the spec asks for, and which may go.
//!
//! A revision is kept as a ControllerRevision with the template that the user wrote and the pod that was rendered from it. An equal template
//! is the same revision whatever is rendered from it today: a new version of this program replaces no pod.

use std::cell::OnceCell;
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

use crate::pod_shape::{PodShape, Replaceable};
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
    /// Their containers whose images can be changed, in the order in which they are replaced.
    pub(crate) replaceable: Vec<Replaceable>,
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
    /// `spec.template`, or why it cannot be read.
    template: serde_json::Result<Map<String, Value>>,
    entries: Vec<Entry>,
}

/// A ControllerRevision that is read when somebody asks for it: each plan goes by one or two of them, however many are kept.
struct Entry {
    object: Arc<ControllerRevision>,
    revision: OnceCell<Option<Revision>>,
}

impl Entry {
    fn new(object: &Arc<ControllerRevision>) -> Entry {
        Entry { object: object.clone(), revision: OnceCell::new() }
    }

    /// Nothing where it is none that we have written.
    fn read(&self) -> Option<&Revision> {
        self.revision.get_or_init(|| read(&self.object)).as_ref()
    }

    fn name(&self) -> &Name {
        &self.object.meta.name.name
    }
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
        let mut entries: Vec<Entry> = revisions
            .controlled_by(workload.meta.uid)
            .chain(revisions.uncontrolled(&workload.meta.name))
            .filter(|revision| !revision.meta.is_deleting())
            .map(Entry::new)
            .collect();
        entries.sort_by(|left, right| {
            (left.object.number, left.name()).cmp(&(right.object.number, right.name()))
        });
        History { workload, template: serde_json::from_slice(&workload.template), entries }
    }

    /// The revision of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Revision> {
        self.entries.iter().find(|entry| **entry.name() == *name)?.read()
    }

    /// Those that could be read, the newest first.
    fn newest_first(&self) -> impl Iterator<Item = &Revision> {
        self.entries.iter().rev().filter_map(Entry::read)
    }

    /// The revisions that have this image in that container, the newest first.
    pub(crate) fn with_image(&self, container: &str, image: &str) -> impl Iterator<Item = &Revision> {
        self.newest_first().filter(move |revision| {
            let mut replaceable = revision.replaceable.iter();
            replaceable.any(|found| *found.name == *container && *found.image == *image)
        })
    }

    /// The revision that was healthy and wanted last, other than this one: only what was healthy may a rollback lead to.
    pub(crate) fn newest_healthy(&self, other_than: &str) -> Option<&Revision> {
        self.entries
            .iter()
            .rev()
            .filter(|entry| **entry.name() != *other_than && entry.object.healthy_at.is_some())
            .find_map(Entry::read)
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
        let template = match &self.template {
            Ok(template) if template.contains_key("main") => template,
            Ok(_) => return Wanted::Unknown("spec.template.main is missing".to_owned()),
            Err(error) => return Wanted::Unknown(format!("spec.template cannot be read: {error}")),
        };
        // Of several the newest: a template that came back has been given a new number.
        if let Some(revision) = self.newest_first().find(|revision| self.is_template_of(revision)) {
            return Wanted::Revision(revision.name.clone());
        }
        let pod = render(template, self.workload.restarted_at.as_deref());
        if let Some(revision) = self.newest_first().find(|revision| revision.pod == pod) {
            return Wanted::Revision(revision.name.clone());
        }
        Wanted::Missing(Box::new(self.creation(template.clone(), pod, view)))
    }

    /// Whether a revision was made from what the spec says.
    fn is_template_of(&self, revision: &Revision) -> bool {
        self.template.as_ref().is_ok_and(|template| *template == revision.template)
            && self.workload.restarted_at.as_deref() == revision.pod.restarted_at.as_deref()
    }

    /// How the sidecars of a revision are replaced. Policies are not part of a pod: those of the present template count for the revision that
    /// it leads to, however old that is.
    pub(crate) fn policies(&self, revision: &Revision) -> Policies {
        match &self.template {
            Ok(template)
                if self.workload.revision.is_none()
                    && !self.is_template_of(revision)
                    && render(template, self.workload.restarted_at.as_deref()) == revision.pod =>
            {
                Policies::of(template)
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
        self.newest_first().next().map_or(0, |revision| revision.object.number)
    }

    /// What must be written so that the history says what is: the wanted revision is the newest, those that nobody controls are ours, and a
    /// revision under which all replicas are available is marked.
    pub(crate) fn upkeep(&self, wanted: &str, healthy: Option<&str>, now: Timestamp) -> Vec<Write> {
        let newest = self.newest_number();
        // Two leaders may have given one number twice.
        let is_newest = |wanted: &Entry| {
            let mut others = self.entries.iter().filter(|other| other.name() != wanted.name());
            others.all(|other| other.object.number < wanted.object.number)
        };
        let patch = |entry: &Entry| {
            let object = &entry.object;
            let is_outnumbered = **entry.name() == *wanted && !is_newest(entry);
            let is_healthy = healthy == Some(&**entry.name()) && object.healthy_at.is_none();
            let is_orphan = object.meta.controller().is_none();
            let is_due = is_outnumbered || is_healthy || is_orphan;
            (is_due && entry.read().is_some()).then(|| {
                Write::PatchControllerRevision(PatchControllerRevision {
                    revision: object.meta.name.clone(),
                    uid: object.meta.uid,
                    version: object.meta.version,
                    number: is_outnumbered.then(|| newest.saturating_add(1)),
                    owner: is_orphan.then(|| reference(self.workload)),
                    healthy_at: is_healthy.then(|| Timestamp::from_seconds(now.seconds())),
                })
            })
        };
        self.entries.iter().filter_map(patch).collect()
    }

    /// Deletes for what is beyond the limit, the oldest first. What is in use stays: `kept`, what a pod carries, and the newest healthy one. Where
    /// there are no more than the limit, nobody is asked what is kept.
    pub(crate) fn surplus(&self, kept: impl FnOnce() -> BTreeSet<Name>) -> Vec<Write> {
        let limit = usize::try_from(self.workload.revision_history_limit).unwrap_or(0);
        if self.entries.len() <= limit {
            return Vec::new();
        }
        let kept = kept();
        let healthy = self.newest_healthy("").map(|revision| &revision.name);
        let unused: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| !kept.contains(entry.name()) && Some(entry.name()) != healthy)
            .filter(|entry| entry.read().is_some())
            .collect();
        let surplus = unused.len().saturating_sub(limit);
        let delete = |entry: &Entry| {
            Write::DeleteObject(DeleteObject::of(Kind::ControllerRevision, &entry.object.meta))
        };
        unused.into_iter().take(surplus).map(delete).collect()
    }
}

fn read(object: &Arc<ControllerRevision>) -> Option<Revision> {
    let data: Data = serde_json::from_slice(&object.data).ok()?;
    Some(Revision {
        name: object.meta.name.name.clone(),
        policies: Policies::of(&data.template),
        replaceable: data.pod.replaceable(),
        pod: data.pod,
        healthy_at: object.healthy_at,
        template: data.template,
        object: object.clone(),
    })
}
