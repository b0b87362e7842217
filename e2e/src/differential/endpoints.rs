//! Endpoints, EndpointSlices and their mirroring: what services say of their pods after each step.
//!
//! Pods run on nodes that nobody plays: the script says in their status what a kubelet would, so that both sides see the same
//! addresses and times, and a state lasts as long as it is looked at. So kube-controller-manager leaves nodes and what is on them alone.
//!
//! [`improvements`] is what may differ. The other modules are the parts of a [`Subject`]: `script` is made of the words of `step`, which
//! `acting` carries out; `observation` is what there is, `rest` says when nobody has anything to do, `view` what is compared.
#![allow(
    clippy::indexing_slicing,
    reason = "only objects in JSON are indexed, where what is missing reads as null"
)]

mod acting;
pub mod improvements;
mod observation;
mod rest;
mod script;
mod step;
mod view;

use std::time::Duration;

use anyhow::Result;

use super::comparison::Improvement;
use super::subject::{Subject, User, Who};
use crate::cluster::Cluster;
use crate::in_tree::{InTree, MAINSTAY_DOES_ALL};
use observation::Observation;
use step::{Action, Chapter, Step, Until};

/// What kube-controller-manager leaves alone on both sides: nodes without a kubelet, and pods on them.
const NODES_LEFT_ALONE: &str =
    "*,-node-lifecycle-controller,-taint-eviction-controller,-pod-garbage-collector-controller";
/// What it leaves to Mainstay.
const OURS: &str = "-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller,-replicationcontroller-controller";

/// The three controllers that lead services to their pods.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints;

impl Subject for Endpoints {
    type Action = Action;
    type Until = Until;
    type Observation = Observation;
    type History = view::History;

    /// The script makes its own, which nobody plays.
    const NODES: u32 = 0;
    const MAINSTAY: &'static str = MAINSTAY_DOES_ALL;
    /// Upstream answers a changed slice after a second.
    const REST: Duration = Duration::from_millis(1200);
    /// What fails, fails for a few seconds only.
    const PATIENCE: Duration = Duration::from_secs(60);
    const IMPROVEMENTS: &'static [Improvement] = improvements::IMPROVEMENTS;

    fn in_tree() -> InTree {
        list(&[NODES_LEFT_ALONE])
    }

    fn beside() -> InTree {
        list(&[NODES_LEFT_ALONE, OURS])
    }

    fn chapters() -> Vec<Chapter> {
        script::chapters()
    }

    fn prepare(cluster: &Cluster) -> Result<()> {
        acting::make_nodes(cluster, &script::nodes())
    }

    fn act(user: &User<'_>, action: &Action) -> Result<()> {
        acting::act(user, action)
    }

    fn observe(user: &User<'_>) -> Result<Observation> {
        observation::observe(user)
    }

    fn has_come(until: &Until, observation: &Observation) -> bool {
        rest::has_come(*until, observation)
    }

    fn unrest(who: Who, step: &Step, observation: &Observation) -> Vec<String> {
        rest::unrest(who, step, observation)
    }
}

fn list(parts: &[&str]) -> InTree {
    InTree::List(parts.iter().flat_map(|part| part.split(',')).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_tree::CONTROLLERS_OF_MAINSTAY;

    #[test]
    fn one_of_both_does_the_work() {
        for name in CONTROLLERS_OF_MAINSTAY {
            assert!(Endpoints::in_tree().runs(name), "{name}");
            assert!(!Endpoints::beside().runs(name), "{name}");
        }
        for name in ["serviceaccount-controller", "namespace-controller", "garbage-collector-controller"] {
            assert!(Endpoints::in_tree().runs(name) && Endpoints::beside().runs(name), "{name}");
        }
        assert!(!Endpoints::in_tree().runs("node-lifecycle-controller"));
    }
}
