//! Benchmarks beside the peer: the same work by Mainstay and by kube-controller-manager, on the same apiserver, in turn.
//!
//! Absolute figures say more about the machine than about the programs, so the aims are ratios, taken within each round
//! and shown with their spread. What a benchmark looks at must not change what it measures: pods are counted in etcd,
//! processor time and memory are read from /proc.

pub mod endpoints;
mod etcd;
mod ground;
mod load;
pub(crate) mod managers;
mod metrics;
mod namespace;
pub mod replication;
pub mod report;
pub mod sidecars;
mod usage;
mod work;
