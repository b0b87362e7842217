//! What runs of a pod on its node: init steps, sidecars and the main container, as a kubelet starts, replaces and restarts them
//! (upstream: `SyncPod` in pkg/kubelet/kuberuntime/kuberuntime_manager.go and `computeInitContainerActions` beside it).
//!
//! A [`Sandbox`] is asked to go on with a spec at a time, and says when it wants to be asked again; what it does takes as long as the
//! dice say. What an image does is in its name: see [`image`].

mod container;
pub mod image;

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_model::{ContainerRole, ContainerState, Name, WorkloadPod};

use crate::clock::Time;
use crate::dice::Dice;
use container::Container;

/// The first version that replaces a native sidecar whose image was changed.
pub const REPLACES_SIDECARS: (u16, u16) = (1, 32);
/// The first version that says which generation of the spec it has seen.
pub const TELLS_GENERATION: (u16, u16) = (1, 34);

/// For how long a startup probe that never succeeds tries: its failures times its period. It may have begun a while ago.
pub const PROBE_TRIES: Duration = Duration::from_secs(60);

/// A pod on its node.
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    containers: BTreeMap<Name, Container>,
    /// Whether the init steps are over, and the sidecars that come before them have started.
    is_initialized: bool,
    /// Whether main has ever started.
    has_run: bool,
    /// The newest generation of the spec that was seen.
    seen: i64,
    /// How many containers were ever started here: what makes their IDs different.
    started: u64,
    /// When it wants to be asked again; in the past if it does not.
    pub wakes: Time,
}

/// A spec, as a kubelet is told of it.
pub struct Wanted<'a> {
    /// The containers.
    pub pod: &'a WorkloadPod,
    /// Which generation of the spec that is.
    pub generation: i64,
    /// Major and minor version of the kubelet.
    pub kubelet: (u16, u16),
}

impl Sandbox {
    /// Does what is due; says when there is more to do.
    pub fn sync(&mut self, wanted: &Wanted<'_>, now: Time, dice: &mut Dice) -> Option<Time> {
        self.seen = wanted.generation;
        for spec in &wanted.pod.containers {
            let container = self.containers.entry(spec.name.clone()).or_default();
            if container.is_outdated(spec, wanted.kubelet, now) {
                container.pull(&spec.image, now, dice);
            }
        }
        let mut is_waiting = false;
        for spec in wanted.pod.containers.iter().filter(|spec| spec.role != ContainerRole::Main) {
            is_waiting |= !self.go_on(spec, now, dice);
            if is_waiting && !self.is_initialized {
                break;
            }
        }
        self.is_initialized |= !is_waiting;
        if self.is_initialized {
            for spec in wanted.pod.containers.iter().filter(|spec| spec.role == ContainerRole::Main) {
                self.has_run |= self.go_on(spec, now, dice);
            }
        }
        self.containers.values().filter_map(Container::due).min()
    }

    /// Does what is due about one container; answers whether it has started, or has ended where that is its purpose.
    fn go_on(&mut self, spec: &ContainerState, now: Time, dice: &mut Dice) -> bool {
        let container = self.containers.entry(spec.name.clone()).or_default();
        if container.go_on(spec, now, dice) {
            self.started += 1;
            container.id =
                Some(format!("containerd://{:08x}{:04x}", dice.below(1 << 32), self.started).into());
        }
        container.has_started()
    }

    /// Says in a pod's status how it is.
    pub fn tell(&self, pod: &mut WorkloadPod, kubelet: (u16, u16)) {
        if kubelet >= TELLS_GENERATION {
            pod.observed_generation = self.seen;
        }
        pod.initialized = self.is_initialized;
        for state in &mut pod.containers {
            if let Some(container) = self.containers.get(&state.name) {
                container.tell(state);
            }
        }
    }

    /// Whether main has ever started, so that the pod counts as running.
    pub fn has_run(&self) -> bool {
        self.has_run
    }

    /// The node has died and come back: everything is started anew, init steps, too.
    pub fn reboot(&mut self) {
        self.is_initialized = false;
        self.containers.values_mut().for_each(Container::lose);
    }

    /// The process of a container ends by itself, and is started anew after a while.
    pub fn crash(&mut self, container: &str, now: Time, dice: &mut Dice) {
        if let Some(container) = self.containers.get_mut(container) {
            container.crash(now, dice);
        }
    }

    /// What it runs in a container, or is about to; `None` before it has heard of that.
    pub fn image(&self, container: &str) -> Option<&Name> {
        self.containers.get(container).map(|container| &container.image)
    }

    /// The ID of what was started last in a container, if anything was.
    pub fn id(&self, container: &str) -> Option<&Name> {
        self.containers.get(container).and_then(|container| container.id.as_ref())
    }

    /// How often the process of a container has ended by itself, or with its node.
    pub fn crashes(&self, container: &str) -> u32 {
        self.containers.get(container).map_or(0, |container| container.crashes)
    }
}

/// A pod is ready once all that keeps running in it is, and the condition of its gate is True.
pub fn is_ready(pod: &WorkloadPod) -> bool {
    let mut running = pod.containers.iter().filter(|container| container.role != ContainerRole::Init);
    let is_serving = !pod.has_serving_gate || pod.serving == Some(true);
    is_serving && running.all(|container| container.ready)
}

/// A time that the dice choose, from `least` to a second `most`.
fn between(least: Duration, most: Duration, dice: &mut Dice) -> Duration {
    least + dice.up_to(most.saturating_sub(least))
}

#[cfg(test)]
mod tests;
