//! The manager's pods: who leads, what they say, and their processes.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{LATER, Namespace, RELEASE, SYSTEM, is_active, name_of, uid_of};
use crate::cluster::Cluster;
use crate::wait::wait_for;

/// How many replicas the chart has.
const REPLICAS: usize = 2;

/// The managers of the release.
#[derive(Clone)]
pub struct Managers<'a> {
    system: Namespace<'a>,
}

/// A manager's pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// Its name.
    pub pod: String,
    /// Its identity.
    pub uid: String,
    /// Whether it is ready.
    pub ready: bool,
    /// How often its process was started again.
    pub restarts: u64,
}

/// Two ready managers, one of which leads.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The one that leads.
    pub leader: Manager,
    /// The other one.
    pub standby: Manager,
}

impl<'a> Managers<'a> {
    /// Those of this cluster.
    pub fn new(cluster: &'a Cluster) -> Self {
        Managers { system: Namespace::named(cluster, SYSTEM) }
    }

    /// The managers that are not on their way out.
    pub fn all(&self) -> Result<Vec<Manager>> {
        let selector = format!("app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component=manager");
        let pods = self.system.json(&["get", "pods", "--selector", &selector])?;
        let pods = pods["items"].as_array().cloned().unwrap_or_default();
        Ok(pods.iter().filter(|pod| is_active(pod)).map(manager).collect())
    }

    /// The manager of this name, whatever has become of it since.
    pub fn named(&self, pod: &str) -> Result<Option<Manager>> {
        Ok(self.all()?.into_iter().find(|manager| manager.pod == pod))
    }

    /// Who holds the lease; empty when nobody does.
    pub fn holder(&self) -> Result<String> {
        let lease = ["get", "lease", RELEASE, "--output", "jsonpath={.spec.holderIdentity}"];
        self.system.kubectl(&lease)
    }

    /// Waits until all are ready and one leads.
    pub fn settled(&self) -> Result<Settled> {
        wait_for("two ready managers, one of which leads", LATER, || {
            let (managers, holder) = (self.all()?, self.holder().unwrap_or_default());
            let ready = managers.len() == REPLICAS && managers.iter().all(|manager| manager.ready);
            let (leaders, standbys): (Vec<_>, Vec<_>) =
                managers.into_iter().partition(|manager| holder.starts_with(&format!("{}_", manager.pod)));
            let (Some(leader), Some(standby)) = (leaders.first(), standbys.first()) else { return Ok(None) };
            // A process that has just been killed may still be called ready, and holder.
            let says_so = self.master_status(&leader.pod).is_ok_and(|status| status == 1.0);
            Ok((ready && says_so).then(|| Settled { leader: leader.clone(), standby: standby.clone() }))
        })
    }

    /// The process of a manager on its node.
    pub fn pid(&self, pod: &str) -> Result<i32> {
        let processes = self.system.cluster().processes_of_pod(SYSTEM, pod)?;
        let found = processes.iter().find(|(_, line)| line.starts_with("/mainstay "));
        Ok(found.with_context(|| format!("no process of {pod}: {processes:?}"))?.0)
    }

    /// What a manager answers at this path.
    pub fn ask(&self, pod: &str, path: &str) -> Result<String> {
        let url = format!("/api/v1/namespaces/{SYSTEM}/pods/{pod}:8080/proxy/{path}");
        self.system.cluster().kubectl(&["get", "--raw", &url])
    }

    /// The value of a metric with these labels.
    pub fn metric(&self, pod: &str, name_and_labels: &str) -> Result<f64> {
        let metrics = self.ask(pod, "metrics")?;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        let Some(value) = line else { bail!("{pod} has no metric {name_and_labels}:\n{metrics}") };
        Ok(value.trim().parse()?)
    }

    /// Whether a manager says of itself that it leads.
    pub fn master_status(&self, pod: &str) -> Result<f64> {
        self.metric(pod, &format!("leader_election_master_status{{name=\"{RELEASE}\"}}"))
    }

    /// The log of a manager.
    pub fn log(&self, pod: &str) -> Result<String> {
        self.system.kubectl(&["logs", pod])
    }

    /// The log of a manager's process before its last restart.
    pub fn log_before_restart(&self, pod: &str) -> Result<String> {
        self.system.kubectl(&["logs", pod, "--previous"])
    }

    /// How a manager's last process ended.
    pub fn last_exit_code(&self, pod: &str) -> Result<Option<i64>> {
        let found = self.system.json(&["get", "pod", pod])?;
        Ok(found["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"].as_i64())
    }

    /// Waits until a manager's process has been started again, and is ready.
    pub fn wait_until_restarted(&self, before: &Manager) -> Result<Manager> {
        wait_for(&format!("{} to be restarted and ready", before.pod), LATER, || {
            let Some(now) = self.named(&before.pod)? else { bail!("{} is gone", before.pod) };
            Ok((now.restarts > before.restarts && now.ready).then_some(now))
        })
    }
}

fn manager(pod: &Value) -> Manager {
    let status = &pod["status"]["containerStatuses"][0];
    Manager {
        pod: name_of(pod),
        uid: uid_of(pod),
        ready: status["ready"] == true,
        restarts: status["restartCount"].as_u64().unwrap_or_default(),
    }
}
