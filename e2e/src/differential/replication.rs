//! ReplicationControllers: status, pods and events after each step.
//!
//! [`improvements`] is what may differ. The other modules are the parts of a [`Subject`]: `script` is made of the words of `step`, which
//! `acting` carries out; `observation` is what there is, `rest` says when nobody has anything to do, `view` what is compared.

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
use crate::in_tree::{InTree, MAINSTAY_ACTS};
use observation::Observation;
use step::{Action, Chapter, Step, Until};

/// The ReplicationController.
#[derive(Debug, Clone, Copy)]
pub struct Replication;

impl Subject for Replication {
    type Action = Action;
    type Until = Until;
    type Observation = Observation;
    type History = view::History;

    /// Enough for pods to be spread.
    const NODES: u32 = 3;
    const MAINSTAY: &'static str = MAINSTAY_ACTS;
    const REST: Duration = Duration::from_secs(1);
    /// Mainstay waits for at most two minutes before it tries again what has failed.
    const PATIENCE: Duration = Duration::from_secs(150);
    const IMPROVEMENTS: &'static [Improvement] = improvements::IMPROVEMENTS;

    fn in_tree() -> InTree {
        InTree::All
    }

    fn beside() -> InTree {
        InTree::Default
    }

    fn chapters() -> Vec<Chapter> {
        script::chapters()
    }

    fn prepare(_cluster: &Cluster) -> Result<()> {
        Ok(())
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

    fn unrest(_who: Who, _step: &Step, observation: &Observation) -> Vec<String> {
        rest::unrest(observation)
    }
}
