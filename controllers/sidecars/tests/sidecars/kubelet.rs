//! A kubelet that does as it is told for each image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mainstay_model::{ContainerRole, ContainerState, Name, Pod, PodPhase, Timestamp, Uid};

/// What becomes of a container with a certain image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It comes up.
    Up,
    /// The image cannot be pulled.
    NoImage,
    /// It ends again and again.
    Crash,
    /// It is up for a moment, and then the same.
    Brief,
    /// It runs, and its startup probe never succeeds; another image is taken at once.
    Hang,
    /// The same, and another image is not looked at.
    Trap,
    /// It has started, and is never ready.
    Unready,
}

/// A container as it runs.
#[derive(Clone, Default, Debug)]
struct Run {
    image: Name,
    id: Option<Name>,
    started: bool,
    ready: bool,
    restarts: i32,
    waiting: Option<Name>,
    /// How often it has crashed: after some times it is left alone, so that a world can come to rest.
    crashes: u32,
}

#[derive(Clone, Default, Debug)]
pub struct Kubelet {
    fates: BTreeMap<String, Fate>,
    /// Nodes of which nothing is heard any more.
    pub lost: BTreeSet<String>,
    /// Whether pods are bound to nodes.
    pub schedules_nothing: bool,
    /// Whether it lets no new pod live.
    pub rejects: bool,
    /// Whether it says which generation it has seen.
    pub is_silent: bool,
    /// Whether it leaves there what a newer one has said of generations.
    pub is_older: bool,
    runs: BTreeMap<Uid, BTreeMap<Name, Run>>,
    last_id: u64,
}

impl Kubelet {
    pub fn image(&mut self, image: &str, fate: Fate) {
        self.fates.insert(image.to_owned(), fate);
    }

    /// All images are good from now on.
    pub fn heal(&mut self) {
        self.fates.clear();
        self.lost.clear();
        self.schedules_nothing = false;
    }

    /// Brings a pod a step further.
    pub fn sync(&mut self, pod: &mut Pod, now: Timestamp) {
        if pod.node.is_none() {
            if !self.schedules_nothing {
                pod.node = Some("node".into());
            }
            return;
        }
        if pod.node.as_deref().is_some_and(|node| self.lost.contains(node)) {
            return;
        }
        if self.rejects && !self.runs.contains_key(&pod.meta.uid) {
            pod.phase = PodPhase::Failed;
            return;
        }
        let Some(state) = pod.workload.clone() else { return };
        let mut state = (*state).clone();
        let uid = pod.meta.uid;
        let has_begun = state
            .containers
            .iter()
            .any(|container| container.role == ContainerRole::Main && container.id.is_some());
        let mut is_blocked = false;
        let (mains, inits): (Vec<usize>, Vec<usize>) = (0..state.containers.len())
            .partition(|position| state.containers[*position].role == ContainerRole::Main);
        for position in inits.into_iter().chain(mains) {
            let container = &mut state.containers[position];
            if is_blocked && !has_begun {
                break;
            }
            self.run(uid, container, has_begun);
            is_blocked |= !container.started && container.role != ContainerRole::Main;
        }
        let is_main = |container: &&ContainerState| container.role == ContainerRole::Main;
        state.initialized = has_begun || !is_blocked;
        if !self.is_older {
            state.observed_generation = if self.is_silent { 0 } else { pod.meta.generation };
        }
        let runs = state.containers.iter().filter(is_main).any(|container| container.id.is_some());
        let lasting = state.containers.iter().filter(|container| container.role != ContainerRole::Init);
        let is_ready = lasting.clone().all(|container| container.ready)
            && (!state.has_serving_gate || state.serving == Some(true));
        let most = |role: ContainerRole| {
            let alike = state.containers.iter().filter(|container| container.role == role);
            alike.map(|container| container.restarts).max().unwrap_or(0)
        };
        pod.restarts = most(ContainerRole::Main);
        pod.sidecar_restarts = most(ContainerRole::Sidecar);
        if runs {
            pod.phase = PodPhase::Running;
        }
        if pod.ready != is_ready {
            pod.ready = is_ready;
            pod.ready_since = Some(now);
        }
        pod.workload = Some(Arc::new(state));
    }

    fn run(&mut self, uid: Uid, container: &mut ContainerState, has_begun: bool) {
        let run = self.runs.entry(uid).or_default().entry(container.name.clone()).or_default();
        let is_step = container.role == ContainerRole::Init;
        if is_step && run.id.is_some() && (has_begun || run.started) {
            return;
        }
        let fate = |image: &str| self.fates.get(image).copied().unwrap_or(Fate::Up);
        if fate(&run.image) == Fate::Trap && run.id.is_some() && !run.image.is_empty() {
            return;
        }
        let is_new = run.image != container.image;
        let mut start = |run: &mut Run| {
            self.last_id += 1;
            if run.id.is_some() {
                run.restarts += 1;
            }
            run.id = Some(format!("containerd://{}", self.last_id).into());
            run.waiting = None;
        };
        match fate(&container.image) {
            Fate::Up if is_new || !run.started || !run.ready => {
                start(run);
                (run.started, run.ready) = (true, !is_step);
            }
            Fate::Up => {}
            Fate::NoImage if is_new || !run.started => {
                (run.started, run.ready) = (false, false);
                run.waiting = Some("ErrImagePull".into());
            }
            Fate::NoImage => {}
            Fate::Brief if is_new => {
                start(run);
                (run.started, run.ready, run.crashes) = (true, true, 0);
            }
            Fate::Crash | Fate::Brief if !is_new && run.crashes >= 6 => {}
            Fate::Crash | Fate::Brief => {
                start(run);
                run.crashes = if is_new { 1 } else { run.crashes + 1 };
                (run.started, run.ready) = (false, false);
                run.waiting = Some("CrashLoopBackOff".into());
            }
            Fate::Hang | Fate::Trap if is_new => {
                start(run);
                (run.started, run.ready) = (false, false);
            }
            Fate::Hang | Fate::Trap => {}
            Fate::Unready if is_new => {
                start(run);
                (run.started, run.ready) = (true, false);
            }
            Fate::Unready => (run.started, run.ready) = (true, false),
        }
        run.image = container.image.clone();
        container.id = run.id.clone();
        container.started = run.started;
        container.ready = run.ready;
        container.restarts = run.restarts;
        container.waiting = run.waiting.clone();
    }
}
