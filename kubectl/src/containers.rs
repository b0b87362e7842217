//! The containers of a pod in the order in which they start: what each is for, and how it is.

use serde::Serialize;

use crate::objects::{Container, ContainerStatus, Pod, Terminated};

/// What a container is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It ends before main starts.
    Init,
    /// It runs beside main.
    Sidecar,
    /// It does the work.
    Main,
    /// Somebody else has put it there.
    Foreign,
}

impl Role {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Init => "init",
            Role::Sidecar => "sidecar",
            Role::Main => "main",
            Role::Foreign => "foreign",
        }
    }
}

/// A container of a pod.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerView {
    /// What it is for.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// The image that the pod wants it to have.
    pub image: String,
    /// Running, or why it does not run, in one word.
    pub state: String,
    /// That in a sentence, where the kubelet has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether it is ready; of an init step, whether it has ended well.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: i64,
    /// How it ended the last time, where it was started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_end: Option<String>,
    /// Whether what it says is a fault rather than a state on the way.
    pub faulty: bool,
}

/// What a kubelet says of a container that is on its way.
const ON_THE_WAY: [&str; 3] = ["ContainerCreating", "PodInitializing", "Waiting"];

/// The containers of a pod in the order in which they start; `main` is the name of the one that does the work.
pub fn containers(pod: &Pod, main: Option<&str>) -> Vec<ContainerView> {
    let named = main.filter(|main| pod.spec.containers.iter().any(|container| container.name == *main));
    let main = named.or_else(|| pod.spec.containers.first().map(|container| container.name.as_str()));
    let init = pod.spec.init_containers.iter().map(|container| {
        let is_sidecar = container.restart_policy.as_deref() == Some("Always");
        let role = if is_sidecar { Role::Sidecar } else { Role::Init };
        view(role, container, &pod.status.init_container_statuses)
    });
    let others = pod.spec.containers.iter().map(|container| {
        let role = if Some(container.name.as_str()) == main { Role::Main } else { Role::Foreign };
        view(role, container, &pod.status.container_statuses)
    });
    init.chain(others).collect()
}

fn view(role: Role, container: &Container, statuses: &[ContainerStatus]) -> ContainerView {
    let status = statuses.iter().find(|status| status.name == container.name).cloned().unwrap_or_default();
    let (state, message, has_failed) = match (&status.state.waiting, &status.state.terminated) {
        (Some(waiting), _) => (or(&waiting.reason, "Waiting"), waiting.message.clone(), false),
        (None, Some(ended)) => (or(&ended.reason, "Ended"), ended.message.clone(), has_failed(role, ended)),
        (None, None) if status.state.running.is_some() => ("Running".to_owned(), String::new(), false),
        (None, None) => ("Waiting".to_owned(), String::new(), false),
    };
    let is_hopeless = status.state.waiting.is_some() && !ON_THE_WAY.contains(&state.as_str());
    let ended =
        |ended: &Terminated| format!("{} (exit code {})", or(&ended.reason, "Ended"), ended.exit_code);
    ContainerView {
        role,
        name: container.name.clone(),
        image: container.image.clone(),
        state,
        message,
        ready: status.ready,
        restarts: status.restart_count,
        last_end: status.last_state.terminated.as_ref().map(ended),
        faulty: is_hopeless || has_failed,
    }
}

/// A container that stays should not end at all; a step that ends well has done what it is for.
fn has_failed(role: Role, ended: &Terminated) -> bool {
    ended.exit_code != 0 || role != Role::Init
}

fn or(text: &str, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text.to_owned() }
}

impl ContainerView {
    /// What is wrong with it, in words, if anything is.
    pub fn fault(&self) -> Option<String> {
        let is_restarted = !self.ready && self.restarts > 0 && self.role != Role::Init;
        if !self.faulty && !is_restarted {
            return None;
        }
        let mut words =
            format!("{} {} with image {}: {}", self.role.name(), self.name, self.image, self.state);
        if !self.message.is_empty() {
            words.push_str(": ");
            words.push_str(self.message.trim());
        }
        if let Some(last) = &self.last_end {
            words.push_str(&format!("; it ended before with {last}, {} restarts", self.restarts));
        }
        Some(words)
    }
}

/// What is wrong with a pod, in words: its containers, or that it fits nowhere.
pub fn faults(pod: &Pod, main: Option<&str>) -> Vec<String> {
    let name = &pod.metadata.name;
    let unscheduled = pod
        .condition("PodScheduled")
        .filter(|condition| condition.status == "False")
        .map(|condition| format!("pod {name}: {}: {}", condition.reason, condition.message));
    let over = (pod.status.phase == "Failed").then(|| {
        format!("pod {name}: {}: {}", or(&pod.status.reason, "Failed"), pod.status.message)
            .trim_end_matches([':', ' '])
            .to_owned()
    });
    let broken = containers(pod, main)
        .into_iter()
        .filter_map(|container| Some(format!("pod {name}: {}", container.fault()?)));
    unscheduled.into_iter().chain(over).chain(broken).collect()
}
