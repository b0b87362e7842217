//! Installing the chart, and who leads then.

use std::path::Path;
use std::process::Command;
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use super::live::Live;
use super::objects::{PodView, list, text};
use super::target::{MANAGER_NAMESPACE, RELEASE, Target};
use super::{local_manager, page};
use crate::in_tree::MAINSTAY_ACTS;
use crate::shell::run_command;
use crate::wait::wait_for;

/// The labels of the manager's pods.
const LABELS: &str = "app.kubernetes.io/name=mainstay,app.kubernetes.io/component=manager";

/// Longer than helm waits.
const PATIENCE: Duration = Duration::from_secs(330);

/// Whether there is a release of ours, and whether it is to have pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// There is none.
    No,
    /// There is one.
    Yes {
        /// Whether it wants at least one pod.
        wants_pods: bool,
    },
}

/// Looks for Mainstay. One in another namespace is refused: two installs would write the same objects.
pub fn installed(target: &Target) -> Result<Installed> {
    let words = ["get", "deployments", "--all-namespaces", "--selector", LABELS];
    let found = target.ask_json(&words)?;
    let mut answer = Installed::No;
    for deployment in list(&found, "/items") {
        let namespace = text(deployment, "/metadata/namespace");
        let name = text(deployment, "/metadata/name");
        let wants_pods = deployment.pointer("/spec/replicas").and_then(Value::as_u64) != Some(0);
        if namespace == MANAGER_NAMESPACE && name == RELEASE {
            answer = Installed::Yes { wants_pods };
        } else {
            bail!(
                "Mainstay is installed there already, as {namespace}/{name}; two would write the same objects"
            );
        }
    }
    Ok(answer)
}

/// Installs the chart as pods of the cluster, and shows them come up.
pub fn as_pods(target: &Target) -> Result<()> {
    let before = installed(target)?;
    if target.cluster().is_none() && before != Installed::No {
        page::say("It is installed there already, and used as it is.");
        return Ok(());
    }
    page::say("Two pods: one leads, the other one is ready to take over. helm waits until both are ready.");
    page::say(
        "Of itself it would first see for a minute that nobody else acts; here it is on, and acts at once.",
    );
    let mut live = Live::pods(target, MANAGER_NAMESPACE, LABELS)?;
    while_showing(&mut live, helm(target, &[])?)?;
    if before != Installed::No {
        page::say(
            "It was installed by an earlier demonstration; its pods are replaced, as the image may be a newer one.",
        );
        let deployment = format!("deployment/{RELEASE}");
        target.kubectl(&["rollout", "restart", &deployment, "--namespace", MANAGER_NAMESPACE])?;
        let words = ["rollout", "status", &deployment, "--namespace", MANAGER_NAMESPACE, "--timeout=5m"];
        page::command(&target.kubectl_line(&words));
        let mut command = target.kubectl_command()?;
        command.args(words);
        while_showing(&mut live, command)?;
    }
    Ok(())
}

/// Installs the chart without pods, and starts the manager as a process of this machine.
pub fn as_a_process(target: &Target, program: &Path) -> Result<()> {
    let Some(cluster) = target.cluster() else { bail!("a process needs a cluster of the fixture") };
    page::say(
        "Fake nodes do not run the manager's pods. So the chart is installed without any, for its ServiceAccount",
    );
    page::say("and roles, and the manager runs as a process of this machine.");
    run_command(&mut helm(target, &["--set", "replicas=0"])?, None)?;
    local_manager::start(target, cluster, program)
}

/// Shows the Lease, and which of the pods its holder is.
pub fn show_leader(target: &Target) -> Result<()> {
    let lease = ["get", "lease", RELEASE, "--namespace", MANAGER_NAMESPACE];
    page::command(&target.kubectl_line(&lease));
    // Nobody holds it for a moment when a leader has just ended.
    let holder = wait_for("a leader", Duration::from_secs(60), || {
        let holder = target.ask_json(&lease).map(|lease| text(&lease, "/spec/holderIdentity"));
        Ok(holder.ok().filter(|holder| !holder.is_empty()))
    })?;
    page::answer(&format!("HOLDER  {holder}"));
    if !target.runs_pods() {
        page::say("The Lease is held by the process of this machine: it leads, and so it writes.");
        return Ok(());
    }
    let words = ["get", "pods", "--namespace", MANAGER_NAMESPACE, "--selector", LABELS];
    let pods = target.ask_json(&words)?;
    let mut rows = vec![page::row(["POD", "READY", "NODE", "ROLE"])];
    for pod in list(&pods, "/items") {
        let view = PodView::of(pod);
        if view.is_leaving {
            continue;
        }
        let role = if leads(&holder, &view.name) { "leads" } else { "stands by, with warm caches" };
        rows.push(page::row([&view.name, &view.ready, &view.node, role]));
    }
    page::show_table(&rows);
    Ok(())
}

/// A holder's identity is the pod's name and something that no other process of that name had.
fn leads(holder: &str, pod: &str) -> bool {
    holder.split_once('_').map_or(holder, |(name, _process)| name) == pod
}

/// An install that also works where an earlier demonstration has installed it.
fn helm(target: &Target, more: &[&str]) -> Result<Command> {
    let mut words =
        vec!["upgrade", "--install", RELEASE, "charts/mainstay", "--namespace", MANAGER_NAMESPACE];
    let controllers = format!("controllers={MAINSTAY_ACTS}");
    words.extend(["--create-namespace", "--set", &controllers, "--wait"]);
    words.extend_from_slice(more);
    page::command(&target.helm_line(&words));
    let mut command = target.helm_command()?;
    command.args(&words);
    Ok(command)
}

/// Runs a command and shows what happens until it has ended.
fn while_showing(live: &mut Live, mut command: Command) -> Result<()> {
    live.restart_clock();
    std::thread::scope(|scope| {
        let running = scope.spawn(move || run_command(&mut command, None));
        let shown = live.show_until("the command to end", PATIENCE, |_scene| running.is_finished());
        joined(running)?;
        shown.map(|_seconds| ())
    })
}

fn joined(thread: ScopedJoinHandle<'_, Result<String>>) -> Result<()> {
    match thread.join() {
        Ok(result) => result.map(|_output| ()),
        Err(_panic) => bail!("a thread of the demonstration panicked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_leads_when_the_lease_names_it() {
        assert!(leads("mainstay-a_1234", "mainstay-a"));
        assert!(leads("mainstay-a", "mainstay-a"));
        assert!(!leads("mainstay-a_1234", "mainstay-b"));
        assert!(!leads("mainstay-ab_1234", "mainstay-a"));
        assert!(!leads("", "mainstay-a"));
    }
}
