//! What comes of a template: pods that a server would refuse, and what is written and has no effect.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Severity;

/// Something about a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Where.
    pub path: String,
    /// How bad it is.
    pub severity: Severity,
    /// What.
    pub message: String,
}

/// All that is to be said of a template in `spec.template`.
pub fn notes(template: &Map<String, Value>) -> Vec<Note> {
    let mut notes = Vec::new();
    let pod = mainstay_sidecars::pod_spec(template);
    volumes(&pod, template, &mut notes);
    for (place, sidecar) in placed(template, "sidecars") {
        policy(&place, sidecar, template.get("main").unwrap_or(&Value::Null), &mut notes);
    }
    for (place, container) in containers(template) {
        if let Some(image) = container.get("image").and_then(Value::as_str).filter(|image| moves(image)) {
            notes.push(Note {
                path: format!("{place}.image"),
                severity: Severity::Warning,
                message: format!(
                    "{image} has no tag of its own: what is pushed under it later is no new revision, and a way back \
                     leads to whatever it is then"
                ),
            });
        }
    }
    let mut seen = BTreeSet::new();
    notes.retain(|note| seen.insert((note.path.clone(), note.message.clone())));
    notes
}

/// Mounts whose volumes there are not, and two mounts at one place: the server would refuse each pod.
fn volumes(pod: &Map<String, Value>, template: &Map<String, Value>, notes: &mut Vec<Note>) {
    let claims = list(pod.get("volumes"));
    let names: BTreeSet<&str> = claims.iter().filter_map(|volume| text(volume, "name")).collect();
    for container in list(pod.get("initContainers")).iter().chain(list(pod.get("containers"))) {
        let name = text(container, "name").unwrap_or_default();
        let place = containers(template)
            .into_iter()
            .find(|(_, written)| text(written, "name") == Some(name))
            .map_or_else(|| "spec.template".to_owned(), |(place, _)| place);
        let mut paths = BTreeSet::new();
        for mount in list(container.get("volumeMounts")) {
            let volume = text(mount, "name").unwrap_or_default();
            if !names.contains(volume) {
                notes.push(Note {
                    path: format!("{place}.volumeMounts"),
                    severity: Severity::Error,
                    message: format!(
                        "container {name} mounts volume {volume:?}, which template.pod.volumes does not have: \
                         every pod would be refused"
                    ),
                });
            }
            let path = text(mount, "mountPath").unwrap_or_default();
            if !paths.insert(path) {
                notes.push(Note {
                    path: format!("{place}.volumeMounts"),
                    severity: Severity::Error,
                    message: format!(
                        "container {name} mounts two volumes at {path}: every pod would be refused"
                    ),
                });
            }
        }
    }
}

/// What a sidecar's policy asks for in vain.
fn policy(place: &str, sidecar: &Value, main: &Value, notes: &mut Vec<Note>) {
    let Some(policy) = sidecar.get("policy") else { return };
    let name = text(sidecar, "name").unwrap_or_default();
    let mut warn = |field: &str, message: String| {
        notes.push(Note { path: format!("{place}.policy.{field}"), severity: Severity::Warning, message });
    };
    let has =
        |variable: &str| list(main.get("env")).iter().any(|entry| text(entry, "name") == Some(variable));
    for variable in list(policy.get("envFromMain")).iter().filter_map(Value::as_str) {
        if !has(variable) {
            warn("envFromMain", format!("main has no variable {variable} in its env: {name} gets none"));
        }
    }
    let shares = text(policy, "shareMounts").is_some_and(|share| share != "None");
    if shares && list(main.get("volumeMounts")).is_empty() {
        warn("shareMounts", format!("main has no volumeMounts: there are none for {name} to share"));
    }
    if policy.get("drain") == Some(&Value::Bool(true)) && sidecar.get("readinessProbe").is_none() {
        warn(
            "drain",
            format!(
                "{name} has no readinessProbe: the pod is put back as soon as {name} runs, whether it serves or not"
            ),
        );
    }
    if text(policy, "update") == Some("Recreate") && policy.get("drain") == Some(&Value::Bool(true)) {
        warn(
            "drain",
            format!("update is Recreate: {name} is never replaced in a running pod, so nothing is drained"),
        );
    }
}

/// Whether an image may be another one tomorrow under the same name.
fn moves(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"))
}

/// Every container as it is written, with its path.
fn containers(template: &Map<String, Value>) -> Vec<(String, &Value)> {
    let main = template.get("main").map(|main| ("spec.template.main".to_owned(), main));
    main.into_iter().chain(placed(template, "sidecars")).chain(placed(template, "init")).collect()
}

fn placed<'a>(
    template: &'a Map<String, Value>,
    field: &'static str,
) -> impl Iterator<Item = (String, &'a Value)> {
    let items = list(template.get(field)).iter().enumerate();
    items.map(move |(index, item)| (format!("spec.template.{field}[{index}]"), item))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}
