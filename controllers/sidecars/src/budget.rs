//! How many pods may be beyond the replicas, missing, or left behind.

use mainstay_engine::Store;
use mainstay_model::{Share, SidecarWorkload};

use crate::members::Member;

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

/// Whether every PodDisruptionBudget of the pod lets it be disrupted, with those that are being disrupted already.
///
/// A patch is no eviction, so no server counts it. The status of a budget lags behind; how many of its pods are healthy now is
/// counted here, and only what must stay healthy is taken from it.
pub(crate) fn may_disrupt(member: &Member<'_>, disrupted: &[&Member<'_>], store: &Store) -> bool {
    let pod = member.pod;
    store.pod_disruption_budgets().in_namespace(&pod.meta.name.namespace).all(|budget| {
        let Some(selector) = budget.selector.as_ref().filter(|selector| selector.matches(&pod.meta.labels))
        else {
            return true;
        };
        if budget.observed_generation < budget.meta.generation || budget.disruptions_allowed < 1 {
            return false;
        }
        let is_disrupted = |uid| disrupted.iter().any(|member| member.pod.meta.uid == uid);
        let healthy = store
            .pods()
            .in_namespace(&pod.meta.name.namespace)
            .filter(|other| selector.matches(&other.meta.labels))
            .filter(|other| other.ready && other.is_active() && !is_disrupted(other.meta.uid))
            .filter(|other| other.workload.as_ref().is_none_or(|state| state.in_place.is_none()))
            .count();
        healthy > usize::try_from(budget.desired_healthy).unwrap_or(0)
    })
}
