//! The fixture that starts a real cluster, the tests against it, and the benchmarks beside the peer.
//!
//! The library and the `xtask` program are plain blocking code: they start programs, wait for them and read files.
//! Clients of the apiserver, with all that they bring, belong to the tests only, so that `cargo xtask` is built in seconds.
//!
//! # A cluster
//! [`cluster::Cluster`] is what tests use. Behind it, from the outside in:
//! - [`programs`]: builds etcd, Kubernetes, kwok, helm and CoreDNS into a cache; [`prerequisites`] says what the machine must have.
//! - [`control_plane`], [`controller_manager`], [`fake_nodes`], [`node`], [`dns`]: what is started with which arguments.
//! - [`certificates`], [`kubeconfig`], [`addresses`], [`in_tree`]: what those arguments are made of.
//! - [`process`], [`cgroups`]: starting programs so that each can be found and ended later.
//! - [`images`]: container images without a container engine; [`image`]: the manager's.
//! - [`mod@bench`]: benchmarks beside kube-controller-manager; [`differential`]: the same script by both, compared.
//! - [`testbed`]: what tests of a real cluster share.
//! - [`pod_fields`]: what `controllers/wire` knows of a pod spec, from Kubernetes' own types.
//! - [`demo`]: what a newcomer watches; [`commands`]: the command line of all this.
//! - [`wait`], [`interrupt`], [`shell`], [`folders`]: small things that all use.
//!
//! # What it does not do
//! It never sleeps and hopes, never signals a process that it has not started, and leaves nothing on the machine
//! but the cache.

#![allow(clippy::disallowed_methods, reason = "no product code: it starts programs and waits for them")]

pub mod addresses;
pub mod bench;
pub mod certificates;
pub mod cgroups;
pub mod cluster;
pub mod commands;
pub mod control_plane;
pub mod controller_manager;
pub mod demo;
pub mod differential;
pub mod dns;
pub mod fake_nodes;
pub mod folders;
pub mod hash;
pub mod image;
pub mod images;
pub mod in_tree;
pub mod interrupt;
pub mod kubeconfig;
pub mod node;
pub mod pod_fields;
pub mod prerequisites;
pub mod private_file;
pub mod process;
pub mod programs;
pub mod shell;
pub mod tar;
pub mod testbed;
pub mod wait;
