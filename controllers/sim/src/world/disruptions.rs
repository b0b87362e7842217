//! PodDisruptionBudgets, and those who keep them: the disruption controller, and evictions (upstream: pkg/controller/disruption).

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{Kind, LabelSelector, Meta, Object, ObjectName, Pod, PodDisruptionBudget, Uid};

use super::World;
use crate::api::deletion::Deletion;
use crate::happening::Happening;

/// How often budgets are worked out. A real controller hears of pods; this one is as late as that may make it.
const BUDGETS_ARE_COUNTED_EVERY: Duration = Duration::from_secs(3);

impl World {
    /// Somebody wants so many pods of a SidecarWorkload to stay healthy, or does not any more.
    pub(super) fn set_budget(&mut self, workload: &ObjectName, stay_healthy: Option<i32>) {
        let Some(wanted) = stay_healthy else {
            self.budgets.remove(workload);
            return self.delete_any(Kind::PodDisruptionBudget, workload);
        };
        let is_other = self.budgets.insert(workload.clone(), wanted) != Some(wanted);
        if self.server.record(Kind::PodDisruptionBudget, workload).is_some() {
            let raise = i64::from(is_other);
            return self.server.change(Kind::PodDisruptionBudget, workload, |record| {
                record.change_meta(|meta| meta.generation += raise);
            });
        }
        let labels = [(WORKLOAD_LABEL, workload.name.clone())].into_iter().collect();
        let budget = PodDisruptionBudget {
            meta: Meta::new(workload.clone(), Uid(0)),
            selector: Some(LabelSelector { labels, ..LabelSelector::default() }),
            disruptions_allowed: 0,
            desired_healthy: 0,
            observed_generation: 0,
        };
        self.make(Object::PodDisruptionBudget(Arc::new(budget)));
    }

    /// Writes into each budget how many pods may be taken down.
    pub(super) fn count_budgets(&mut self) {
        let budgets: Vec<Arc<PodDisruptionBudget>> = self.server.disruption_budgets().cloned().collect();
        let mut has_changed = false;
        for before in budgets {
            let wanted = self.budgets.get(&before.meta.name).copied().unwrap_or_default();
            let is_healthy = |pod: &&Arc<Pod>| protects(&before, pod) && pod.ready && !pod.meta.is_deleting();
            let healthy = self.server.pods().filter(is_healthy).count();
            let healthy = i32::try_from(healthy).unwrap_or(i32::MAX);
            let after = PodDisruptionBudget {
                disruptions_allowed: (healthy - wanted).max(0),
                desired_healthy: wanted,
                observed_generation: before.meta.generation,
                ..PodDisruptionBudget::clone(&before)
            };
            if after != *before {
                has_changed = true;
                self.write_budget(after);
            }
        }
        if has_changed {
            self.announce();
        }
        self.after(BUDGETS_ARE_COUNTED_EVERY, Happening::BudgetsAreCounted);
    }

    /// Deletes a pod if all budgets that protect it allow that; answers whether they do.
    pub(super) fn evict(&mut self, name: &ObjectName) -> bool {
        let Some(pod) = self.server.pod(name).cloned() else { return false };
        let protecting = self.server.disruption_budgets().filter(|budget| protects(budget, &pod));
        let protecting: Vec<Arc<PodDisruptionBudget>> = protecting.cloned().collect();
        if protecting.iter().any(|budget| budget.disruptions_allowed <= 0) {
            return false;
        }
        for budget in protecting {
            let disruptions_allowed = budget.disruptions_allowed - 1;
            self.write_budget(PodDisruptionBudget {
                disruptions_allowed,
                ..PodDisruptionBudget::clone(&budget)
            });
        }
        self.server.delete(&Deletion::of(Kind::Pod, name), self.schedule.now().wall()).is_ok()
    }

    fn write_budget(&mut self, budget: PodDisruptionBudget) {
        let name = budget.meta.name.clone();
        self.server.change(Kind::PodDisruptionBudget, &name, |record| {
            record.object = Object::PodDisruptionBudget(Arc::new(budget));
        });
    }
}

/// Whether a budget is for that pod.
fn protects(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    budget.meta.name.namespace == pod.meta.name.namespace
        && budget.selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels))
}
