//! api/policy/v1: PodDisruptionBudget.

use prost::Message;

use super::meta::{LabelSelector, ObjectMeta};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodDisruptionBudget {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodDisruptionBudgetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<PodDisruptionBudgetStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodDisruptionBudgetSpec {
    #[prost(message, optional, tag = "2")]
    pub(crate) selector: Option<LabelSelector>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodDisruptionBudgetStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "3")]
    pub(crate) disruptions_allowed: i32,
    #[prost(int32, tag = "5")]
    pub(crate) desired_healthy: i32,
}
