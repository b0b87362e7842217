//! How a cluster is.

use super::Cluster;
use crate::control_plane::{CONTROL_PLANE, SCHEDULER};
use crate::controller_manager::CONTROLLER_MANAGER;
use crate::fake_nodes::KWOK;
use crate::node::NODE_PROGRAMS;
use crate::process::Daemon;

/// A program or node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentStatus {
    /// What it is called.
    pub name: String,
    /// Its process id, when it is a process that runs.
    pub pid: Option<i32>,
    /// What is wrong with it; none when it is well.
    pub problem: Option<String>,
}

pub fn status(cluster: &Cluster) -> Vec<ComponentStatus> {
    let nodes_asked_for = cluster.options.nodes;
    let runs = |name: &&&str| nodes_asked_for.count() > 0 || **name != SCHEDULER;
    let control_plane = CONTROL_PLANE.iter().filter(runs);
    let mut all: Vec<ComponentStatus> =
        control_plane.map(|name| process(*name, &cluster.daemon(name))).collect();
    if nodes_asked_for.fake() > 0 {
        all.push(process(KWOK, &cluster.daemon(KWOK)));
    }
    if nodes_asked_for.real() == 0 && cluster.options.in_tree.controllers_flag().is_some() {
        all.push(process(CONTROLLER_MANAGER, &cluster.daemon(CONTROLLER_MANAGER)));
    }
    for node in cluster.nodes() {
        let programs = NODE_PROGRAMS.iter();
        all.extend(programs.map(|name| process(format!("{}: {name}", node.name()), &node.daemon(name))));
    }
    // Asked only when the processes are there: it would wait for an apiserver that is not.
    if all.iter().all(|component| component.problem.is_none()) {
        all.push(nodes(cluster));
    }
    all
}

fn process(name: impl Into<String>, daemon: &Daemon) -> ComponentStatus {
    let pid = daemon.pid();
    let problem = pid.is_none().then(|| format!("does not run; its log is {}", daemon.log().display()));
    ComponentStatus { name: name.into(), pid, problem }
}

fn nodes(cluster: &Cluster) -> ComponentStatus {
    let expected = cluster.options.nodes.count();
    let problem = match cluster.ready_nodes() {
        Ok(ready) if ready.len() >= expected as usize => None,
        Ok(ready) => Some(format!("{} of {expected} are ready", ready.len())),
        Err(error) => Some(error.to_string()),
    };
    ComponentStatus { name: "nodes".to_owned(), pid: None, problem }
}
