//! Messages to the model, and back where whole objects are written.

pub(crate) mod address;
pub(crate) mod controller_revision;
pub(crate) mod endpoint_slice;
pub(crate) mod endpoints;
pub(crate) mod json_metadata;
pub(crate) mod metadata;
pub(crate) mod node;
pub(crate) mod object;
pub(crate) mod pod;
pub(crate) mod pod_disruption_budget;
pub(crate) mod replication_controller;
pub(crate) mod resource_quota;
pub(crate) mod service;
pub(crate) mod sidecar_workload;
pub(crate) mod target;
pub(crate) mod workload_pod;
