//! What is left when everything is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_engine::brain::report::ControllerReport;
use mainstay_model::{LabelSet, Name, ObjectName, Pod, ReplicationController};

use super::World;
use crate::coverage::Coverage;
use crate::oracles::{Violation, sidecars};
use crate::stage::Stage;

/// The state of the world up to names, UIDs, versions and times.
pub type EndState = BTreeMap<ObjectName, ControllerState>;

/// A ReplicationController and its pods, up to names, UIDs, versions and times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerState {
    /// What is wanted.
    pub replicas: i32,
    /// What the status says: replicas, fully labelled, ready, available, generation.
    pub status: (i32, i32, i32, i32, i64),
    /// The status' conditions, by type and reason.
    pub conditions: Vec<(String, String)>,
    /// Its active pods: labels, and the references to owners by kind and name.
    pub pods: Vec<(LabelSet, Vec<(Name, Name)>)>,
}

impl World {
    /// Looks at what is left. Only for a world in which nothing is going to happen any more but timers.
    pub fn check_end(&mut self) -> EndState {
        let end = self.end_state();
        for (name, state) in &end {
            let wanted = state.replicas;
            let active = i32::try_from(state.pods.len()).unwrap_or(i32::MAX);
            let (replicas, labelled, ready, available, _) = state.status;
            let is_settled = [active, replicas, labelled, ready, available].iter().all(|n| *n == wanted);
            if !is_settled || !state.conditions.is_empty() {
                self.oracles.report(self.schedule.now(), "end", format!("{name} is left as {state:?}"));
            }
        }
        for controller in self.server.controllers() {
            if controller.status.observed_generation != controller.meta.generation {
                let message = format!("the status of {} is out of date", controller.meta.name);
                self.oracles.report(self.schedule.now(), "end", message);
            }
        }
        for pod in self.server.pods().filter(|pod| pod.is_active()) {
            let claims = |controller: &&Arc<ReplicationController>| {
                controller.meta.name.namespace == pod.meta.name.namespace
                    && controller.selector.matches(&pod.meta.labels)
            };
            let is_left =
                pod.meta.controller().is_none() && self.server.controllers().any(|found| claims(&found));
            if is_left {
                let message = format!("{} matches, and nobody has adopted it", pod.meta.name);
                self.oracles.report(self.schedule.now(), "end", message);
            }
        }
        if self.options.stage == Stage::Endpoints {
            self.publishing.observe(&self.server, false);
            for message in self.publishing.wrong_at_rest() {
                self.oracles.report(self.schedule.now(), "end", message);
            }
        }
        if self.options.stage == Stage::Sidecars {
            for message in sidecars::wrong_at_rest(&self.server, self.now().wall()) {
                self.oracles.report(self.schedule.now(), "end", message);
            }
        }
        self.check_processes();
        end
    }

    fn check_processes(&mut self) {
        let time = self.now();
        let mut leaders = 0;
        let mut leaks = Vec::new();
        for process in self.processes.iter().filter(|process| process.is_alive) {
            let report = process.brain.report(process.clock.now(time));
            leaders += usize::from(report.leading);
            let is_at_rest = |controller: &ControllerReport| {
                controller.depth + controller.at_work + controller.timers == 0
            };
            let is_quiet = report.awaited == 0 && report.controllers.iter().all(is_at_rest);
            if report.leading && !(is_quiet && process.brain.is_drained()) {
                let (controllers, awaited) = (report.controllers, report.awaited);
                leaks.push(format!("{} is not at rest: {controllers:?}, {awaited} awaited", process.id));
            }
            for kind in self.options.stage.kinds().iter().copied() {
                if process.brain.store().all(kind) != self.server.list(kind) {
                    leaks.push(format!("the {} of {} are not the server's", kind.plural(), process.id));
                }
            }
        }
        for leak in leaks {
            self.oracles.report(time, "leak", leak);
        }
        if leaders != 1 {
            self.oracles.report(time, "leader", format!("{leaders} lead in the end"));
        }
    }

    /// How many pods of a ReplicationController are ready and stay.
    pub fn ready_pods(&self, controller: &ObjectName) -> usize {
        let owner = self.server.controller(controller).map(|found| found.meta.uid);
        let pods = owner.into_iter().flat_map(|owner| self.server.controlled_by(owner));
        pods.filter(|pod| pod.ready && pod.is_active()).count()
    }

    /// What was logged so far, if that is kept.
    pub fn log(&self) -> &str {
        self.log.as_deref().unwrap_or_default()
    }

    /// Takes the world apart: what was found, what happened, and the log.
    pub fn into_findings(self) -> (Vec<Violation>, Coverage, Option<String>) {
        (self.oracles.into_violations(), self.coverage, self.log)
    }

    fn end_state(&self) -> EndState {
        let pod_state = |pod: &Pod| {
            let owners = pod.meta.owners.iter().map(|owner| (owner.kind.clone(), owner.name.clone()));
            (pod.meta.labels.clone(), owners.collect())
        };
        let state = |controller: &ReplicationController| {
            let status = &controller.status;
            let conditions = status.conditions.iter();
            let pods = self.server.controlled_by(controller.meta.uid).filter(|pod| pod.is_active());
            ControllerState {
                replicas: controller.replicas,
                status: (
                    status.replicas,
                    status.fully_labeled_replicas,
                    status.ready_replicas,
                    status.available_replicas,
                    status.observed_generation,
                ),
                conditions: conditions.map(|found| (found.kind.clone(), found.reason.clone())).collect(),
                pods: pods.map(|pod| pod_state(pod)).collect(),
            }
        };
        self.server.controllers().map(|found| (found.meta.name.clone(), state(found))).collect()
    }
}
