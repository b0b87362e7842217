//! How many pods may be beyond the replicas, missing, or left behind.

use mainstay_engine::Store;
use mainstay_model::{LabelSelector, Pod, PodDisruptionBudget, Share, SidecarWorkload};

use crate::step::Step;

/// The shares of a rollout as numbers of pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Budget {
    /// The replicas.
    pub(crate) replicas: usize,
    /// How many pods there may be beyond them.
    pub(crate) surge: usize,
    /// How many of them may be unavailable.
    pub(crate) unavailable: usize,
    /// How many of them stay with the revision before.
    pub(crate) partition: usize,
}

impl Budget {
    /// Of a SidecarWorkload: surge is rounded up, the others down. Where both surge and unavailability come to nothing, one
    /// pod may be unavailable: a rollout that can never move helps nobody (upstream does so for Deployments).
    pub(crate) fn of(workload: &SidecarWorkload) -> Budget {
        let rollout = &workload.rollout;
        let replicas = usize::try_from(workload.replicas).unwrap_or(0);
        let surge = resolve(rollout.max_surge, replicas, true);
        let unavailable = resolve(rollout.max_unavailable, replicas, false).min(replicas);
        let is_stuck = surge == 0 && unavailable == 0;
        Budget {
            replicas,
            surge,
            unavailable: if is_stuck { 1 } else { unavailable },
            partition: resolve(rollout.partition, replicas, false).min(replicas),
        }
    }

    /// How many pods must stay available.
    pub(crate) fn least_available(&self) -> usize {
        self.replicas.saturating_sub(self.unavailable)
    }

    /// How many pods there may be.
    pub(crate) fn most(&self) -> usize {
        self.replicas.saturating_add(self.surge)
    }
}

fn resolve(share: Share, replicas: usize, up: bool) -> usize {
    match share {
        Share::Count(count) => usize::try_from(count).unwrap_or(0),
        Share::Percent(percent) => {
            let percent = usize::try_from(percent).unwrap_or(0);
            let hundredths = replicas.saturating_mul(percent);
            if up { hundredths.div_ceil(100) } else { hundredths / 100 }
        }
    }
}

/// The PodDisruptionBudgets of a namespace, and how many more of their pods may be disrupted.
///
/// A patch is no eviction, so no server counts it. The status of a budget lags behind; how many of its pods are healthy now is
/// counted here, and only what must stay healthy is taken from it.
pub(crate) struct Disruptions<'a> {
    budgets: Vec<Disruptable<'a>>,
}

/// What one budget allows.
struct Disruptable<'a> {
    budget: &'a PodDisruptionBudget,
    selector: &'a LabelSelector,
    allowed: usize,
}

impl<'a> Disruptions<'a> {
    /// What the budgets of a namespace allow now.
    pub(crate) fn of(namespace: &str, store: &'a Store) -> Disruptions<'a> {
        let allowed = |budget: &'a PodDisruptionBudget| {
            let selector = budget.selector.as_ref()?;
            let is_open =
                budget.observed_generation >= budget.meta.generation && budget.disruptions_allowed >= 1;
            let healthy = || {
                let pods = store.pods().in_namespace(namespace);
                pods.filter(|pod| is_healthy(pod) && selector.matches(&pod.meta.labels)).count()
            };
            let desired = usize::try_from(budget.desired_healthy).unwrap_or(0);
            let allowed = if is_open { healthy().saturating_sub(desired) } else { 0 };
            Some(Disruptable { budget, selector, allowed })
        };
        let budgets = store.pod_disruption_budgets().in_namespace(namespace);
        Disruptions { budgets: budgets.filter_map(|budget| allowed(budget)).collect() }
    }

    /// The budget of the pod that does not let it be disrupted, if there is one.
    pub(crate) fn obstacle(&self, pod: &Pod) -> Option<&'a PodDisruptionBudget> {
        let mut closed = self.budgets.iter().filter(|found| found.allowed == 0);
        closed.find(|found| found.selector.matches(&pod.meta.labels)).map(|found| found.budget)
    }

    /// Counts a pod that is about to be disrupted.
    pub(crate) fn count(&mut self, pod: &Pod) {
        for found in &mut self.budgets {
            if is_healthy(pod) && found.selector.matches(&pod.meta.labels) {
                found.allowed = found.allowed.saturating_sub(1);
            }
        }
    }
}

/// Whether a budget counts a pod: those that are being disrupted already do not.
fn is_healthy(pod: &Pod) -> bool {
    pod.ready && pod.is_active() && Step::of(pod).is_none()
}
