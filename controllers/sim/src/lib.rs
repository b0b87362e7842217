//! A cluster in one process: a model of the apiserver, agents, users and faults around real managers, all drawn from a seed.
//!
//! The managers are production code, unchanged: [`mainstay_engine::Brain`], [`mainstay_engine::list_watch::ListWatch`] and
//! [`mainstay_engine::election::Election`] with the real ReplicationController or, on another [`stage`], those of Endpoints and EndpointSlices. Everything around them is made up, and
//! misbehaves on purpose. [`oracles`] look at each step; when the faults are over, the world must come to rest in the
//! state in which the same script ends without any fault.
//!
//! Invariants, as absences:
//! - no I/O, no clock, no thread: a run is a function of its [`Options`] and its seed, to the byte of its log;
//! - no knowledge of how a controller works, but of what it promises: the oracles know objects, requests, and what a plan must not do
//!   on its view.
//!
//! Map: [`stage`] says which controllers play, [`services`] what happens where these are those of services and [`workloads`] where it is the SidecarWorkload's, [`mod@run`] makes a run of a seed, [`script`] draws what users and faults do in it, [`world`] is the loop and all that happens,
//! [`api`] the apiserver, [`kubelet`] what runs of a pod, [`process`] one manager, [`fault`] what can go wrong, [`injection`] puts it at a place, [`coverage`] what did,
//! [`pattern`] strikes at each place in turn, [`mutant`] shows that what is wrong is caught. [`explore`] draws nothing: it tries
//! every order of events in worlds that are small enough.
//!
//! What the oracles allow, because the design does:
//! - a create that reaches the server after its sender gave up, froze, lost its lease or died may make a pod too many for a
//!   while. Only pods that came to be in that way are left out of the count;
//! - a pod may be too many for a minute and a half after somebody else has given or taken owner references or labels of pods;
//! - while two believe that they lead, what either of them writes counts as late;
//! - for two minutes after a restore of etcd, what was known before it may still be acted upon. How such a run ends is not compared with
//!   one without faults, since what a restore undoes users do not ask for again.
//!
//! A run of a seed has to rest within 15 minutes of virtual time after the last fault ([`run::REST_WITHIN`]): two audits, a list
//! and the longest back-off. [`oracles`] lists what must hold until then.
//!
//! [`api`] answers as a real kube-apiserver does; a test in `e2e/tests/conformance` holds one against the other.
//! What is not in the model: pages of lists, Events, patches other than ours, validation beyond what the writes here can violate.

pub mod api;
pub mod clock;
pub mod coverage;
pub mod dice;
pub mod explore;
pub mod fault;
pub mod happening;
pub mod injection;
pub mod kubelet;
pub mod mutant;
pub mod options;
pub mod oracles;
pub mod pattern;
pub mod process;
pub mod run;
pub mod script;
pub mod services;
pub mod stage;
pub mod workloads;
pub mod world;

pub use fault::{Fault, Faults};
pub use options::Options;
pub use run::{Outcome, run};
pub use stage::Stage;
