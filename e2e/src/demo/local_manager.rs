//! The manager as a process of this machine, where nodes only play pods: with the rights of the chart's ServiceAccount.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::page;
use super::target::{MANAGER_NAMESPACE, RELEASE, Target};
use crate::cluster::Cluster;
use crate::in_tree::MAINSTAY_ACTS;
use crate::private_file;
use crate::process::{Daemon, Surroundings};
use crate::wait::wait_for;

/// How long its token is good: longer than anybody looks at a demonstration.
const TOKEN_LIFETIME: &str = "24h";

/// The process.
pub fn daemon(cluster: &Cluster) -> Daemon {
    cluster.daemon(RELEASE)
}

/// Where it says how it is.
pub fn address(cluster: &Cluster) -> String {
    format!("{}:{}", Ipv4Addr::LOCALHOST, cluster.addresses().mainstay_port())
}

/// Starts the program with a token of the ServiceAccount, and waits until it is ready.
pub fn start(target: &Target, cluster: &Cluster, program: &Path) -> Result<()> {
    page::say(
        "A token of the chart's ServiceAccount, so that the process has the rights of the chart and no more:",
    );
    let words = ["create", "token", RELEASE, "--namespace", MANAGER_NAMESPACE, "--duration", TOKEN_LIFETIME];
    page::command(&target.kubectl_line(&words));
    let kubeconfig = write_kubeconfig(cluster, target.ask(&words)?.trim())?;

    // One of an earlier demonstration may be another program.
    daemon(cluster).stop()?;
    let command = [
        program.display().to_string(),
        "manager".to_owned(),
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--leader-elect-resource-namespace={MANAGER_NAMESPACE}"),
        format!("--controllers={MAINSTAY_ACTS}"),
        format!("--listen-address={}", address(cluster)),
    ];
    page::say(&format!("The manager, as a process; its log is {}.", daemon(cluster).log().display()));
    page::command(&page::shell_line(&command.each_ref().map(String::as_str)));
    daemon(cluster).start(&Surroundings::default(), &command)?;
    wait_for("the manager to become ready", Duration::from_secs(60), || {
        daemon(cluster).check()?;
        Ok(is_ready(cluster).is_ok_and(|ready| ready).then_some(()))
    })
}

/// The fixture's own kubeconfig, with another user.
fn write_kubeconfig(cluster: &Cluster, token: &str) -> Result<PathBuf> {
    let admin = std::fs::read_to_string(cluster.kubeconfig_path()).context("cannot read the kubeconfig")?;
    let config = with_token(serde_json::from_str(&admin).context("the kubeconfig is no JSON")?, token);
    let path = cluster.kubeconfig_of(RELEASE);
    private_file::write(&path, &serde_json::to_string_pretty(&config)?)?;
    Ok(path)
}

fn with_token(mut kubeconfig: Value, token: &str) -> Value {
    for user in kubeconfig.get_mut("users").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = user.as_object_mut() {
            fields.insert("user".to_owned(), json!({"token": token}));
        }
    }
    kubeconfig
}

fn is_ready(cluster: &Cluster) -> Result<bool> {
    let address = (Ipv4Addr::LOCALHOST, cluster.addresses().mainstay_port()).into();
    let mut stream =
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).context("it does not listen")?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().is_some_and(|line| line.contains(" 200 ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_takes_the_place_of_the_certificate() {
        let admin = json!({
            "users": [{"name": "admin", "user": {"client-key-data": "secret"}}],
            "clusters": [{"name": "one"}],
        });
        let config = with_token(admin, "token");
        assert_eq!(config["users"], json!([{"name": "admin", "user": {"token": "token"}}]));
        assert_eq!(config["clusters"], json!([{"name": "one"}]));
    }
}
