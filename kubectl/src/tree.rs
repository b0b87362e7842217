//! A SidecarWorkload as a tree: its revisions, their pods, and the containers of these.

use jiff::Timestamp;
use mainstay_model::sidecar_workload::IN_PLACE_ANNOTATION;
use serde::Serialize;
use serde_json::Value;

use crate::age::age;
use crate::containers::{ContainerView, Role, containers, faults};
use crate::objects::{Pod, Revision, Workload};
use crate::progress::{Progress, main_name};
use crate::table::table;

/// A SidecarWorkload and all that belongs to it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// The word for how it is.
    pub status: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its revisions that have pods, or are meant by its status; the newest first.
    pub revisions: Vec<RevisionView>,
}

/// A revision with its pods.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    /// Its number; none where it is gone.
    pub number: Option<i64>,
    /// Its name.
    pub name: String,
    /// What it is: update, current, failed, pinned, healthy.
    pub marks: Vec<&'static str>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its pods.
    pub pods: Vec<PodView>,
}

/// A pod with its containers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodView {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub node: Option<String>,
    /// How it is, in one word.
    pub status: String,
    /// Whether it is ready.
    pub ready: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The step of an update in place that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Its containers, in the order in which they start.
    pub containers: Vec<ContainerView>,
}

impl Tree {
    /// Puts them together.
    pub fn of(workload: &Workload, revisions: &[Revision], pods: &[Pod]) -> Tree {
        let main = main_name(workload);
        let is_shown = |revision: &&Revision| {
            let name = &revision.metadata.name;
            pods.iter().any(|pod| pod.revision() == name)
                || marks(workload, revision).iter().any(|mark| *mark != "healthy")
        };
        let mut shown: Vec<&Revision> = revisions.iter().filter(is_shown).collect();
        shown.sort_by_key(|revision| (std::cmp::Reverse(revision.revision), &revision.metadata.name));
        let of_pods = |name: &str| -> Vec<PodView> {
            let mut own: Vec<&Pod> = pods.iter().filter(|pod| pod.revision() == name).collect();
            own.sort_by_key(|pod| &pod.metadata.name);
            own.into_iter().map(|pod| PodView::of(pod, main)).collect()
        };
        let mut views: Vec<RevisionView> = shown
            .iter()
            .map(|revision| RevisionView {
                number: Some(revision.revision),
                name: revision.metadata.name.clone(),
                marks: marks(workload, revision),
                created: revision.metadata.creation_timestamp,
                pods: of_pods(&revision.metadata.name),
            })
            .collect();
        let mut gone: Vec<&str> = pods.iter().map(Pod::revision).collect();
        gone.retain(|name| !shown.iter().any(|revision| revision.metadata.name == *name));
        gone.sort_unstable();
        gone.dedup();
        views.extend(gone.into_iter().map(|name| RevisionView {
            number: None,
            name: name.to_owned(),
            marks: Vec::new(),
            created: None,
            pods: of_pods(name),
        }));
        let mut progress = Progress::of(workload, pods);
        progress.faults =
            pods.iter().filter(|pod| !pod.is_ready()).flat_map(|pod| faults(pod, main)).collect();
        Tree {
            progress,
            status: workload.word().to_owned(),
            created: workload.metadata.creation_timestamp,
            revisions: views,
        }
    }

    /// For people.
    pub fn text(&self, now: Timestamp) -> String {
        let progress = &self.progress;
        let mut rows = vec![[
            progress.name.clone(),
            format!("{}/{}", progress.ready, progress.desired),
            self.status.clone(),
            String::new(),
            age(self.created, now),
            String::new(),
        ]];
        for (revision, stem) in branches(&self.revisions, "") {
            rows.push(revision.row(&stem.line, now));
            for (pod, stem) in branches(&revision.pods, &stem.indent) {
                rows.push(pod.row(&stem.line, now));
                rows.extend(
                    branches(&pod.containers, &stem.indent).map(|(view, stem)| row(view, &stem.line)),
                );
            }
        }
        let mut text = table(["NAME", "READY", "STATUS", "RESTARTS", "AGE", "NODE OR IMAGE"], &rows);
        text.push_str(&format!("\n{}: {}\n", progress.state.word(), progress.message));
        for fault in &progress.faults {
            text.push_str(&format!("  {fault}\n"));
        }
        text
    }
}

impl RevisionView {
    fn row(&self, stem: &str, now: Timestamp) -> [String; 6] {
        let name = match self.number {
            Some(number) => format!("{stem}revision {number} {}", self.name),
            None if self.name.is_empty() => format!("{stem}no revision"),
            None => format!("{stem}revision {}", self.name),
        };
        let ready = self.pods.iter().filter(|pod| pod.ready).count();
        let created = self.number.map(|_| age(self.created, now)).unwrap_or_default();
        let ready = format!("{ready}/{}", self.pods.len());
        [name, ready, self.marks.join(","), String::new(), created, String::new()]
    }
}

impl PodView {
    fn of(pod: &Pod, main: Option<&str>) -> PodView {
        let containers = containers(pod, main);
        PodView {
            name: pod.metadata.name.clone(),
            node: pod.spec.node_name.clone(),
            status: status(pod, &containers),
            ready: pod.is_ready(),
            created: pod.metadata.creation_timestamp,
            step: step(pod),
            containers,
        }
    }

    fn row(&self, stem: &str, now: Timestamp) -> [String; 6] {
        let staying = || self.containers.iter().filter(|container| container.role != Role::Init);
        let ready = staying().filter(|container| container.ready).count();
        let restarts: i64 = self.containers.iter().map(|container| container.restarts).sum();
        let status = match &self.step {
            Some(step) => format!("{}, {step}", self.status),
            None => self.status.clone(),
        };
        [
            format!("{stem}pod {}", self.name),
            format!("{ready}/{}", staying().count()),
            status,
            restarts.to_string(),
            age(self.created, now),
            self.node.clone().unwrap_or_default(),
        ]
    }
}

fn row(container: &ContainerView, stem: &str) -> [String; 6] {
    let ready = match (container.role, container.ready) {
        (Role::Init, _) => "",
        (_, true) => "yes",
        (_, false) => "no",
    };
    [
        format!("{stem}{} {}", container.role.name(), container.name),
        ready.to_owned(),
        container.state.clone(),
        container.restarts.to_string(),
        String::new(),
        container.image.clone(),
    ]
}

/// What a revision is.
pub(crate) fn marks(workload: &Workload, revision: &Revision) -> Vec<&'static str> {
    let (spec, status) = (&workload.spec, &workload.status);
    let is = |name: &Option<String>| name.as_deref() == Some(revision.metadata.name.as_str());
    [
        ("update", is(&status.update_revision)),
        ("current", is(&status.current_revision)),
        ("failed", is(&status.failed_revision)),
        ("pinned", is(&spec.revision)),
        ("healthy", revision.healthy_at().is_some()),
    ]
    .into_iter()
    .filter_map(|(mark, is_so)| is_so.then_some(mark))
    .collect()
}

/// How a pod is, as kubectl would put it: what is wrong comes before what is on its way.
fn status(pod: &Pod, containers: &[ContainerView]) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "Terminating".to_owned();
    }
    if matches!(pod.status.phase.as_str(), "Failed" | "Succeeded") {
        let words = [&pod.status.reason, &pod.status.phase];
        return words.into_iter().find(|word| !word.is_empty()).cloned().unwrap_or_default();
    }
    if let Some(container) = containers.iter().find(|container| container.faulty) {
        return container.state.clone();
    }
    if pod.condition("PodScheduled").is_some_and(|condition| condition.status == "False") {
        return "Unschedulable".to_owned();
    }
    let steps = || containers.iter().filter(|container| container.role == Role::Init);
    let done = steps().filter(|container| container.ready).count();
    if pod.spec.node_name.is_some() && done < steps().count() {
        return format!("Init:{done}/{}", steps().count());
    }
    let staying = |container: &&ContainerView| container.role != Role::Init;
    if pod.spec.node_name.is_some()
        && let Some(waiting) =
            containers.iter().filter(staying).find(|container| container.state != "Running")
    {
        return waiting.state.clone();
    }
    pod.status.phase.clone()
}

/// The step of an update in place that a pod is in, in words.
fn step(pod: &Pod) -> Option<String> {
    let text = pod.metadata.annotations.get(IN_PLACE_ANNOTATION)?;
    let step: Value = serde_json::from_str(text).ok()?;
    let word = |field: &str| step.get(field)?.as_str();
    let container = word("container")?;
    Some(match word("phase")? {
        "Drain" => format!("leaves its Services before {container} is replaced"),
        "Replace" => format!("{container} is replaced"),
        "Revert" => format!("{container} gets its image back"),
        _ => return None,
    })
}

/// What is printed before a node of the tree, and before what is below it.
struct Stem {
    line: String,
    indent: String,
}

/// The items of a level, each with its stem.
fn branches<'a, T>(items: &'a [T], indent: &'a str) -> impl Iterator<Item = (&'a T, Stem)> {
    items.iter().enumerate().map(move |(index, item)| {
        let is_last = index + 1 == items.len();
        let (line, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        (item, Stem { line: format!("{indent}{line}"), indent: format!("{indent}{below}") })
    })
}
