//! Messages to the model.

pub(crate) mod metadata;
pub(crate) mod object;
pub(crate) mod pod;
pub(crate) mod replication_controller;
pub(crate) mod resource_quota;
