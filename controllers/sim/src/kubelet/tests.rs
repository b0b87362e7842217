//! How pods come up on a node, and what a new image does to them.

use mainstay_model::{ContainerRole, ContainerState, Name, PodSpec, WorkloadPod};

use super::{Sandbox, Wanted, is_ready};
use crate::api::pod_spec::containers;
use crate::clock::Time;
use crate::dice::Dice;

const NEW: (u16, u16) = (1, 36);
const SPEC: &str = r#"{"containers": [{"name": "main", "image": "app:1"}],
    "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
        {"name": "migrate", "image": "migrate:1"}, {"name": "logs", "image": "logs:1", "restartPolicy": "Always"}]}"#;

/// A pod on a node whose kubelet has that version.
struct Node {
    sandbox: Sandbox,
    pod: WorkloadPod,
    kubelet: (u16, u16),
    generation: i64,
    now: Time,
    dice: Dice,
    /// What could be seen of the containers, in the order in which it could.
    seen: Vec<(Name, Option<Name>, Option<Name>)>,
}

impl Node {
    fn new(seed: u64, kubelet: (u16, u16)) -> Node {
        let pod = containers(&PodSpec::Json(SPEC.into())).unwrap().unwrap();
        let (sandbox, now) = (Sandbox::default(), Time::default());
        let mut node =
            Node { sandbox, pod, kubelet, generation: 1, now, dice: Dice::new(seed), seen: Vec::new() };
        node.run();
        node
    }

    /// One sync; answers when the next one is due.
    fn sync(&mut self) -> Option<Time> {
        let wanted = Wanted { pod: &self.pod, generation: self.generation, kubelet: self.kubelet };
        let due = self.sandbox.sync(&wanted, self.now, &mut self.dice);
        self.sandbox.tell(&mut self.pod, self.kubelet);
        for container in &self.pod.containers {
            let state = (container.name.clone(), container.id.clone(), container.waiting.clone());
            if !self.seen.contains(&state) {
                self.seen.push(state);
            }
        }
        due
    }

    /// Until nothing is due any more.
    fn run(&mut self) {
        for _ in 0..1000 {
            let Some(due) = self.sync() else { return };
            self.now = due.max(Time(self.now.0 + 1));
        }
        panic!("it does not come to rest: {:?}", self.pod);
    }

    fn set(&mut self, container: &str, image: &str) {
        let found = self.pod.containers.iter_mut().find(|found| *found.name == *container);
        found.unwrap().image = image.into();
        self.generation += 1;
    }

    fn state(&self, container: &str) -> ContainerState {
        self.pod.containers.iter().find(|found| *found.name == *container).unwrap().clone()
    }

    fn ids(&self) -> Vec<Option<Name>> {
        self.pod.containers.iter().map(|container| container.id.clone()).collect()
    }

    /// What a container was seen to wait for, each once.
    fn waited(&self, container: &str) -> Vec<Name> {
        let of_it = self.seen.iter().filter(|(name, ..)| **name == *container);
        let mut reasons: Vec<Name> = of_it.filter_map(|(_, _, reason)| reason.clone()).collect();
        reasons.dedup();
        reasons
    }
}

fn each_seed(check: impl Fn(u64)) {
    (0..50).for_each(check);
}

#[test]
fn a_pod_comes_up_in_the_order_of_its_spec() {
    each_seed(|seed| {
        let node = Node::new(seed, NEW);
        assert!(is_ready(&node.pod) && node.pod.initialized && node.sandbox.has_run());
        assert_eq!(node.pod.observed_generation, 1);
        let first = |name: &str| node.seen.iter().position(|(found, id, _)| **found == *name && id.is_some());
        let order = ["proxy", "migrate", "logs", "main"].map(first);
        assert!(order.is_sorted(), "{order:?}");
        let mut ids = node.ids();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4, "each has an ID of its own");
    });
}

#[test]
fn a_new_image_replaces_that_container_alone() {
    each_seed(|seed| {
        for (container, place) in [("main", 0), ("proxy", 1), ("logs", 3)] {
            let mut node = Node::new(seed, NEW);
            let before = node.ids();
            node.set(container, "other:2");
            node.sync();
            assert!(!is_ready(&node.pod), "it is ended before the new one is pulled");
            node.run();
            let changed: Vec<usize> = (0..4).filter(|at| node.ids()[*at] != before[*at]).collect();
            assert_eq!(changed, [place]);
            assert!(is_ready(&node.pod));
            assert_eq!((node.pod.observed_generation, node.state(container).restarts), (2, 1));
        }
    });
}

#[test]
fn an_init_step_is_not_run_again() {
    let mut node = Node::new(1, NEW);
    let before = node.ids();
    node.set("migrate", "migrate:2");
    node.run();
    assert_eq!(node.ids(), before);
}

#[test]
fn an_image_that_is_not_there_leaves_its_container_down_and_main_alone() {
    each_seed(|seed| {
        let mut node = Node::new(seed, NEW);
        let before = node.ids();
        node.set("proxy", "bad:2");
        node.run();
        // Where the one before has ended with code 0, nothing is said about why.
        let waited = node.waited("proxy");
        let said = ["ContainerCreating", "ErrImagePull", "ImagePullBackOff"].map(Name::from);
        assert!(waited == said || waited == said[..1], "{waited:?}");
        assert_eq!(node.ids(), before, "the IDs of what ran last stay");
        assert!(!is_ready(&node.pod) && node.state("main").ready);
        node.set("proxy", "proxy:1");
        node.run();
        assert!(is_ready(&node.pod) && node.ids()[1] != before[1]);
    });
}

#[test]
fn why_a_sidecar_waits_is_said_unless_the_one_before_has_ended_well_and_of_main_always() {
    let is_said = |container, seed| {
        let mut node = Node::new(seed, NEW);
        node.set(container, "bad:2");
        node.run();
        node.state(container).waiting.is_some()
    };
    for (container, says_always) in [("main", true), ("logs", false)] {
        let said = (0..50).filter(|seed| is_said(container, *seed)).count();
        assert_eq!(said == 50, says_always, "{container}: {said}");
        assert!(said > 0);
    }
}

#[test]
fn what_crashes_is_restarted_more_and_more_rarely() {
    let mut node = Node::new(2, NEW);
    node.set("logs", "crash:2");
    node.run();
    let state = node.state("logs");
    assert_eq!(state.waiting, Some("CrashLoopBackOff".into()));
    assert!(state.restarts > 3 && !state.ready && node.state("main").ready);
    assert_eq!((node.sandbox.crashes("logs"), node.sandbox.crashes("main")), (5, 0));
    node.set("logs", "logs:3");
    node.run();
    assert!(is_ready(&node.pod));
}

#[test]
fn a_sidecar_in_its_startup_window_ignores_a_new_image_and_main_does_not() {
    each_seed(|seed| {
        for (container, waits) in [("proxy", true), ("main", false)] {
            let mut node = Node::new(seed, NEW);
            node.set(container, "hang:2");
            let mut due = node.sync();
            while node.state(container).restarts == 0 {
                node.now = due.unwrap();
                due = node.sync();
            }
            let hanging = node.state(container).id;
            node.set(container, "good:3");
            let begun = node.now;
            while node.state(container).id == hanging {
                node.now = node.sync().unwrap();
            }
            let took = node.now.since(begun).as_secs();
            assert_eq!(took >= 15, waits, "{container} took {took} s");
            node.run();
            assert!(is_ready(&node.pod));
        }
    });
}

#[test]
fn old_kubelets_do_not_replace_sidecars_and_tell_no_generation() {
    let mut node = Node::new(3, (1, 31));
    let before = node.ids();
    node.set("proxy", "proxy:2");
    node.run();
    assert_eq!(node.ids(), before);
    assert_eq!(node.pod.observed_generation, 0);
    node.set("main", "app:2");
    node.run();
    assert!(node.ids()[0] != before[0] && node.ids()[1..] == before[1..]);
}

#[test]
fn what_is_sick_runs_and_is_not_ready_and_a_gate_must_be_served() {
    let mut node = Node::new(4, NEW);
    node.set("main", "sick:2");
    node.run();
    let state = node.state("main");
    assert!(state.started && !state.ready && state.waiting.is_none());
    node.set("main", "app:3");
    node.run();
    node.pod.has_serving_gate = true;
    for (serving, ready) in [(None, false), (Some(false), false), (Some(true), true)] {
        node.pod.serving = serving;
        assert_eq!(is_ready(&node.pod), ready);
    }
}

#[test]
fn after_a_reboot_all_is_started_anew_in_order() {
    let mut node = Node::new(5, NEW);
    let before = node.ids();
    node.sandbox.reboot();
    node.sandbox.tell(&mut node.pod, NEW);
    assert!(!node.pod.initialized && !is_ready(&node.pod));
    node.run();
    assert!(is_ready(&node.pod));
    assert!(node.ids().iter().zip(&before).all(|(after, before)| after != before));
    assert!(node.pod.containers.iter().all(|container| container.restarts == 1));
}

#[test]
fn main_that_ends_by_itself_is_started_again() {
    let mut node = Node::new(6, NEW);
    let before = node.ids();
    node.sandbox.crash("main", node.now, &mut node.dice);
    node.sync();
    assert_eq!(node.state("main").waiting, Some("CrashLoopBackOff".into()));
    node.run();
    assert!(is_ready(&node.pod) && node.ids()[0] != before[0] && node.ids()[1..] == before[1..]);
    assert_eq!((node.state("main").role, node.sandbox.crashes("main")), (ContainerRole::Main, 1));
}
