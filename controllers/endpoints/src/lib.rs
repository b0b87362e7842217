//! Endpoints, EndpointSlices and their mirroring: services find their pods.
//!
//! Three controllers, each two pure functions behind [`mainstay_engine::Controller`]; their keys are names of services. Behaviour is
//! upstream's (Kubernetes 1.36) but for what the modules name.
//!
//! Invariants, as absences:
//! - no memory of its own: what was written before is compared as it is in the store, so what users change or delete heals, after a
//!   restart, too;
//! - no write that says nothing new, and none without the version that it was made from;
//! - no address that leads into the host of whoever uses it, and no pod of another namespace.
//!
//! `subsets` writes Endpoints, `slices` EndpointSlices, `mirroring` copies those that others write into slices. They share `members`, who a service's
//! pods are and how they are reached; `route`, which services a change concerns; `trigger_time`, what a write answers to; `pack`, the
//! canonical layout of subsets; `names` of new slices; `failure`, which ends of writes are told; `word`, what is asked before a delete; and `refused`, the word on addresses that are left out.

pub mod mirroring;
pub mod slices;
pub mod subsets;

mod failure;
mod members;
mod names;
mod pack;
mod refused;
mod route;
mod trigger_time;
mod word;

pub use mirroring::EndpointSliceMirroring;
pub use slices::EndpointSlices;
pub use subsets::Endpoints;
