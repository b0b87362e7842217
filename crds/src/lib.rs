//! The custom resources of Mainstay, and the CustomResourceDefinitions that are made from them.
//!
//! What a user may write is said here once, as types: their schemas, bounds, defaults and CEL rules become `crds/yaml` and a template
//! of the chart (`cargo xtask crds` writes both). The controller does not use these types, since it reads with slim views of its own;
//! tools and tests do.
//!
//! Three things hold for every schema:
//! - a list or a text that a rule looks at has a bound, because the apiserver estimates what a rule may cost at most;
//! - a rule asks `has()` before it looks at anything optional, because it is tried on defaults that are not filled in yet;
//! - nothing below `template` has a default, so that a newer definition changes no template and restarts no pod.
//!
//! Map: [`sidecar_workload`] is the object, [`template`] what its pods are, [`rollout`] how they change, [`status`] what is known of them.
//! `embedded` has the schemas of Kubernetes' own types, [`definition`] puts the finishing touches.

pub mod definition;
mod embedded;
pub mod rollout;
pub mod sidecar_workload;
pub mod status;
pub mod template;

pub use definition::definitions;
pub use rollout::{InPlace, OnFailure, Rollout, RolloutType};
pub use sidecar_workload::{SidecarWorkload, SidecarWorkloadSpec};
pub use status::{SidecarStatus, SidecarWorkloadStatus};
pub use template::{Policy, ShareMounts, Sidecar, Start, Template, TemplateMetadata, Update};

/// The definition of SidecarWorkloads as it is installed, for those who have no use for the types.
pub const SIDECAR_WORKLOADS_YAML: &str = include_str!("../yaml/sidecarworkloads.yaml");
