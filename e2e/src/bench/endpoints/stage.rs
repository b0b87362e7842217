//! What stands while both managers take their turns: thousands of services with their pods, all ready.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::cost::wait_for_rest;
use super::start::{Start, Wait};
use super::{NODES, Options};
use crate::bench::etcd::Etcd;
use crate::bench::load::{Account, Load, figure};
use crate::bench::managers::{Manager, Managers};
use crate::bench::namespace;
use crate::cluster::Cluster;

/// The namespace of the many services.
pub(super) const MANY: &str = "many";

/// All that is needed to measure.
pub(super) struct Stage<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) managers: &'a Managers<'a>,
    pub(super) load: &'a Load<'a>,
    pub(super) options: Options,
    pub(super) etcd: Etcd,
    /// The namespace of the one service of the round before.
    pub(super) last_round: Option<String>,
}

impl<'a> Stage<'a> {
    pub(super) fn open(
        cluster: &'a Cluster,
        managers: &'a Managers<'a>,
        load: &'a Load<'a>,
        options: Options,
    ) -> Result<Self> {
        let etcd = Etcd::connect(cluster.addresses().etcd_port())?;
        Ok(Stage { cluster, managers, load, options, etcd, last_round: None })
    }

    /// Makes the services and their pods, by nobody's work but the load's.
    pub(super) fn set(&self) -> Result<()> {
        let Options { services, pods_per_service, .. } = self.options;
        eprintln!("{services} services with {pods_per_service} pods each are made");
        namespace::create(self.cluster, MANY)?;
        let (services, pods, nodes) = (services.to_string(), pods_per_service.to_string(), NODES.to_string());
        let words = ["services", "--services", &services, "--pods-per-service", &pods, "--nodes", &nodes];
        let made = self.load.measure(Account::Admin, MANY, &words)?;
        eprintln!("they stand after {:.0} s", figure(&made, "seconds")?);
        Ok(())
    }

    /// Lets a manager write all slices and Endpoints, of which there are none before.
    pub(super) fn build(&mut self, manager: Manager) -> Result<Start> {
        self.load.run(MANY, &["clear-written"])?;
        let start = self.start(manager, Wait::All)?;
        self.check_slices()?;
        self.managers.stop(manager)?;
        Ok(start)
    }

    /// How long a manager may take until it rests. The peer's default rate is 20 requests a second; and it holds each pod against each
    /// service of the namespace, twice, which takes about a microsecond.
    pub(super) fn patience(&self) -> Duration {
        let Options { services, pods_per_service, .. } = self.options;
        let looks = services * services * pods_per_service;
        Duration::from_secs(120 + services / 8) + Duration::from_micros(looks * 6)
    }

    /// Waits until the manager rests.
    pub(super) fn rest(&mut self, manager: Manager) -> Result<()> {
        let (pid, patience) = (self.managers.pid(manager)?, self.patience());
        wait_for_rest(&mut self.etcd, pid, patience).with_context(|| format!("the {}", manager.word()))
    }

    /// The service in the middle of all, of which a pod changes before a start.
    pub(super) fn changed_service(&self) -> String {
        format!("s-{}", self.options.services / 2)
    }

    /// Lets a pod of it become ready or unready.
    pub(super) fn change_a_pod(&self, ready: bool) -> Result<()> {
        let status = if ready { "True" } else { "False" };
        let patch = json!({"status": {"conditions": [{"type": "Ready", "status": status}]}}).to_string();
        let pod = format!("{}-0", self.changed_service());
        let words = ["--namespace", MANY, "patch", "pod", &pod, "--subresource=status", "--type=merge"];
        self.cluster.kubectl(&[&words[..], &["--patch", &patch]].concat()).map(|_answer| ())
    }

    /// Sees that the slices of the many services say what they are to say.
    pub(super) fn check_slices(&self) -> Result<()> {
        let pods = self.options.services * self.options.pods_per_service;
        self.load.run(MANY, &["check-slices", "--endpoints", &pods.to_string()])
    }
}
