//! kube-controller-managers beside ours, as they run in the field.

use anyhow::Result;
use mainstay_e2e::cluster::Cluster;
use mainstay_e2e::in_tree::InTree;

/// The process that does all but what ours does.
const THE_REST: &str = "in-tree-rest";
/// The process that is the rival.
const RIVAL: &str = "in-tree-rival";

/// How a rival runs, which is how it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// As with kubeadm and kind: a pod of kube-system shows its flags.
    StaticPod,
    /// As in managed clusters: only its lease is to be seen.
    WithLease,
    /// As in k3s: nothing is to be seen of it but what it does.
    WithoutLease,
}

impl Rival {
    /// Starts it with these controllers.
    pub fn start(self, cluster: &Cluster, controllers: &InTree) -> Result<()> {
        let elect = |elect: bool| [format!("--leader-elect={elect}")];
        match self {
            Rival::StaticPod => cluster.controller_manager_start(controllers, &[]),
            Rival::WithLease => cluster.controller_manager_process(RIVAL, controllers, &elect(true)),
            Rival::WithoutLease => cluster.controller_manager_process(RIVAL, controllers, &elect(false)),
        }
    }

    /// Stops it, and waits until it has ended.
    pub fn stop(self, cluster: &Cluster) -> Result<()> {
        match self {
            Rival::StaticPod => cluster.controller_manager_stop(),
            Rival::WithLease | Rival::WithoutLease => cluster.daemon(RIVAL).stop(),
        }
    }
}

/// Only the one whose pods are counted.
pub fn only_pods() -> InTree {
    InTree::List(vec!["replicationcontroller-controller".to_owned()])
}

/// Starts what does all that ours does not, unless it runs.
pub fn all_the_rest(cluster: &Cluster) -> Result<()> {
    if cluster.daemon(THE_REST).pid().is_some() {
        return Ok(());
    }
    cluster.controller_manager_process(THE_REST, &InTree::without_ours(), &[])
}

/// Stops what does all that ours does not: where a rival does everything.
pub fn end_the_rest(cluster: &Cluster) -> Result<()> {
    cluster.daemon(THE_REST).stop()
}

/// Stops every rival.
pub fn end_all(cluster: &Cluster) -> Result<()> {
    [Rival::StaticPod, Rival::WithLease].iter().try_for_each(|rival| rival.stop(cluster))
}
