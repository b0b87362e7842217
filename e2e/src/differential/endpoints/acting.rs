//! Carrying out what a step says, through kubectl.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::observation::{self, Observation};
use super::step::{Action, Pick, Which, the};
use crate::cluster::Cluster;
use crate::differential::subject::User;
use crate::shell;
use crate::wait::wait_for;

/// So many objects kubectl sends without a pause.
const AT_ONCE: usize = 250;
/// The service by which a manager that was started shows that it works.
const SENTINEL: &str = "sentinel";
/// So long it may take to show that.
const SIGN: Duration = Duration::from_secs(60);

/// Carries out an action.
pub fn act(user: &User<'_>, action: &Action) -> Result<()> {
    match action {
        Action::MakeRoom => {
            user.cluster.kubectl(&["create", "namespace", &user.namespace(user.room)]).map(|_answer| ())
        }
        Action::Apply(objects) => apply(user.cluster, &in_room(user, objects), &[]),
        Action::Status(objects) => apply(user.cluster, &in_room(user, objects), &["--subresource=status"]),
        Action::Patch(pick, patch) => {
            let patch = patch.to_string();
            for name in names(user, pick)? {
                let words = ["patch", pick.kind, &name, "--type=merge", "--patch", &patch];
                user.kubectl(user.room, &words)?;
            }
            Ok(())
        }
        Action::Delete(pick) if pick.kind == "pods" => {
            on(user, pick, &["--grace-period=0", "--force", "--wait=false"])
        }
        Action::Delete(pick) => on(user, pick, &["--wait=false"]),
        Action::AskToEnd(pick) => on(user, pick, &["--grace-period=3000", "--wait=false"]),
        Action::StopController => user.switch.stop(),
        Action::StartController => {
            user.switch.start()?;
            sign_of_work(user)
        }
    }
}

/// Waits until a service that comes is answered, and is as if it had never been when it goes.
fn sign_of_work(user: &User<'_>) -> Result<()> {
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SENTINEL},
        "spec": {"selector": {"app": SENTINEL}, "ports": [{"port": 80, "targetPort": 8080}]},
    });
    apply(user.cluster, &in_room(user, &[service]), &[])?;
    wait_for("the manager to answer a service", SIGN, || {
        let there = observation::observe(user)?;
        let has_endpoints = Observation::named(&there.endpoints, SENTINEL).is_some();
        Ok((has_endpoints && there.slices_of(SENTINEL).next().is_some()).then_some(()))
    })?;
    on(user, &the("service", SENTINEL), &[])?;
    wait_for("what answered a service to go with it", SIGN, || {
        let there = observation::observe(user)?;
        let has_endpoints = Observation::named(&there.endpoints, SENTINEL).is_some();
        Ok((!has_endpoints && there.slices_of(SENTINEL).next().is_none()).then_some(()))
    })
}

/// Makes these nodes the only ones.
pub fn make_nodes(cluster: &Cluster, nodes: &[Value]) -> Result<()> {
    cluster.kubectl(&["delete", "nodes", "--all"])?;
    apply(cluster, nodes, &[])?;
    apply(cluster, nodes, &["--subresource=status"])
}

fn on(user: &User<'_>, pick: &Pick, flags: &[&str]) -> Result<()> {
    let which = match &pick.which {
        Which::Named(name) => name.clone(),
        Which::Labelled(labels) => format!("--selector={labels}"),
    };
    let mut words = vec!["delete", pick.kind, &which];
    words.extend(flags);
    user.kubectl(user.room, &words)
}

fn names(user: &User<'_>, pick: &Pick) -> Result<Vec<String>> {
    let labels = match &pick.which {
        Which::Named(name) => return Ok(vec![name.clone()]),
        Which::Labelled(labels) => format!("--selector={labels}"),
    };
    let namespace = user.namespace(user.room);
    let words = ["get", pick.kind, &labels, "--namespace", &namespace, "--output", "name"];
    let names = user.cluster.kubectl(&words)?;
    let names: Vec<String> =
        names.lines().filter_map(|line| line.rsplit('/').next()).map(str::to_owned).collect();
    if names.is_empty() {
        bail!("there is nothing of {pick:?}");
    }
    Ok(names)
}

fn in_room(user: &User<'_>, objects: &[Value]) -> Vec<Value> {
    let namespace = user.namespace(user.room);
    let in_room = |object: &Value| {
        let mut object = object.clone();
        if object["kind"] != "Node" {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object
    };
    objects.iter().map(in_room).collect()
}

fn apply(cluster: &Cluster, objects: &[Value], flags: &[&str]) -> Result<()> {
    for objects in objects.chunks(AT_ONCE) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let mut command = cluster.kubectl_command()?;
        command.args(["apply", "--server-side", "--force-conflicts", "--filename", "-"]).args(flags);
        shell::run_command(&mut command, Some(&list.to_string()))?;
    }
    Ok(())
}
