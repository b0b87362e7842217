//! What must hold in each state, and in those where nothing happens any more.

use mainstay_model::{ObjectName, Write};

use super::ReplicationWorld;
use super::manager::KINDS;
use super::steps::seen;

impl ReplicationWorld {
    pub(super) fn broken(&mut self, message: String) {
        self.broken.get_or_insert(message);
    }

    /// A write leaves only the manager that leads, and a delete is only for what it knows as its own.
    pub(super) fn check_dispatch(&mut self, index: usize, write: &Write) {
        if self.leader != Some(index) {
            self.broken(format!(
                "manager {index} does not lead and sends: {} {}",
                write.verb(),
                write.object()
            ));
        }
        let Write::DeletePod(delete) = write else { return };
        let Some(seat) = self.seats.get(index) else { return };
        let store = seat.manager.brain.store();
        let is_own = store.pods().get(&delete.pod).is_some_and(|pod| {
            let owner = pod.meta.controller().and_then(|owner| owner.uid);
            pod.meta.uid == delete.uid
                && store.replication_controllers().iter().any(|controller| owner == Some(controller.meta.uid))
        });
        if !is_own {
            self.broken(format!("manager {index} deletes {}, which is not its own", delete.pod));
        }
    }

    /// No create makes a pod too many, but that of a manager that has crashed since.
    pub(super) fn check_count(&mut self, made: &ObjectName) {
        let active = |name: &ObjectName| {
            let pods = self.server.pods().filter(|pod| pod.is_active() && !self.late.contains(&pod.meta.uid));
            pods.filter(|pod| pod.meta.name.namespace == name.namespace).count()
        };
        let wanted = [Some(self.budgets.replicas), self.budgets.scaled_to].into_iter().flatten().max();
        let (active, wanted) = (active(made), usize::try_from(wanted.unwrap_or(0)).unwrap_or(0));
        if active > wanted {
            self.broken(format!("there are {active} active pods of {wanted} after {made} was made"));
        }
    }

    /// Why the world must not stay as it is.
    pub(super) fn unfinished(&self) -> Option<String> {
        let Some(seat) = self.leader.and_then(|leader| self.seats.get(leader)) else {
            return Some("nobody leads in the end".to_owned());
        };
        for controller in self.server.controllers() {
            let own: Vec<_> =
                self.server.controlled_by(controller.meta.uid).filter(|pod| pod.is_active()).collect();
            let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
            let ready = count(own.iter().filter(|pod| pod.ready).count());
            if count(own.len()) != controller.replicas {
                return Some(format!("{} active pods of {} in the end", own.len(), controller.replicas));
            }
            let status = &controller.status;
            let said = (
                status.replicas,
                status.ready_replicas,
                status.available_replicas,
                status.observed_generation,
            );
            if said != (count(own.len()), ready, ready, controller.meta.generation)
                || !status.conditions.is_empty()
            {
                return Some(format!("the status is left as {status:?}"));
            }
        }
        for kind in KINDS {
            let there: Vec<_> = self.server.list(kind).into_iter().map(seen).collect();
            if seat.known(kind) != there {
                return Some(format!("the {} of the leader are not the server's in the end", kind.plural()));
            }
        }
        let report = seat.manager.brain.report(seat.manager.now());
        let is_idle =
            report.controllers.iter().all(|one| one.active && one.depth + one.at_work + one.timers == 0);
        (!is_idle || report.awaited > 0 || !seat.manager.brain.is_drained())
            .then(|| format!("the leader is not at rest: {:?}", report.controllers))
    }
}
