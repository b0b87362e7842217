//! What every benchmark stands on: a cluster of its own with etcd and an apiserver and nothing else that works, both managers, and the load.

use anyhow::Result;

use super::load::Load;
use super::managers::Managers;
use crate::cluster::{Cluster, ClusterOptions, Nodes};
use crate::fake_nodes::KWOK;
use crate::in_tree::InTree;
use crate::{image, interrupt};

/// What is measured on, and who does the work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    /// The name of the cluster, so that the benchmark needs none and disturbs none.
    pub(super) cluster: &'static str,
    /// Nodes, which nobody plays.
    pub(super) nodes: u32,
    /// The controllers of Mainstay, as `--controllers` takes them.
    pub(super) ours: &'static str,
    /// Those of kube-controller-manager.
    pub(super) peer: &'static [&'static str],
    /// Values of the chart, as `helm --set` takes them.
    pub(super) values: &'static [&'static str],
    /// Whether the peer keeps to the rate of requests that it has by default.
    pub(super) peer_defaults: bool,
}

impl Ground {
    /// Measures on it, and takes it down.
    pub(super) fn measure<T>(
        self,
        work: impl FnOnce(&Cluster, &Managers<'_>, &Load<'_>) -> Result<T>,
    ) -> Result<T> {
        // Before there is a cluster that would stand and wait.
        let program = image::build()?.program;
        let load = image::build_example("load")?;
        let cluster = Cluster::up(&ClusterOptions {
            name: self.cluster.to_owned(),
            nodes: Nodes::Fake(self.nodes),
            in_tree: InTree::None,
            audit: false,
        })?;
        let in_tree = InTree::List(self.peer.iter().map(|name| (*name).to_owned()).collect());
        let prepared = Managers::prepare(&cluster, program, in_tree, self.values);
        let measured = prepared.and_then(|managers| {
            let managers = managers.with_controllers(self.ours);
            let managers = if self.peer_defaults { managers.with_default_rate() } else { managers };
            for idle in [KWOK, "kube-scheduler"] {
                cluster.daemon(idle).stop()?;
            }
            work(&cluster, &managers, &Load::new(&cluster, load))
        });
        let down = interrupt::hold_back(|| cluster.down());
        let measured = measured?;
        down?;
        Ok(measured)
    }
}
