//! PodDisruptionBudgets: how many pods may be missing.

use crate::labels::LabelSelector;
use crate::meta::Meta;

/// A policy/v1 PodDisruptionBudget.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodDisruptionBudget {
    /// Metadata.
    pub meta: Meta,
    /// Which pods it protects; `None` protects none, an empty one all of the namespace.
    pub selector: Option<LabelSelector>,
    /// `status.disruptionsAllowed`: how many more pods may be taken down.
    pub disruptions_allowed: i32,
    /// `status.desiredHealthy`: how many pods must stay healthy.
    pub desired_healthy: i32,
    /// `status.observedGeneration`: a status of an older generation allows nothing, as with evictions.
    pub observed_generation: i64,
}
