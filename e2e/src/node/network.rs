//! The cables between the nodes and the machine: a bridge, a pair of interfaces per node, and routes to the pods.

use std::fs;

use anyhow::{Context, Result};

use super::Node;
use crate::cluster::Cluster;
use crate::shell;

/// Creates the bridge, with the address under which the nodes reach the apiserver.
pub fn create_bridge(cluster: &Cluster) -> Result<()> {
    let (bridge, address) = (cluster.addresses().bridge_name(), cluster.addresses().bridge());
    ip(&format!("link add {bridge} type bridge"))?;
    ip(&format!("address add {address}/24 dev {bridge}"))?;
    ip(&format!("link set {bridge} up"))?;
    if frames_may_be_dropped() {
        shell::run("iptables", firewall_rule("-I", &bridge))?;
    }
    Ok(())
}

/// Removes the bridge, the cables and the firewall rule. What does not exist is no error.
pub fn remove_links(cluster: &Cluster) {
    let bridge = cluster.addresses().bridge_name();
    for node in cluster.nodes() {
        let _gone = ip(&format!("link delete {}", cluster.addresses().cable_name(node.number)));
    }
    let _gone = ip(&format!("link delete {bridge}"));
    if has_firewall_rule(cluster) {
        let _gone = shell::run("iptables", firewall_rule("-D", &bridge));
    }
}

/// Whether the machine's firewall has a rule for this cluster.
pub fn has_firewall_rule(cluster: &Cluster) -> bool {
    let bridge = cluster.addresses().bridge_name();
    forward_rules().is_ok_and(|rules| rules.split_whitespace().any(|word| word == bridge))
}

/// Connects a node with the bridge and tells it the way to the pods of the others.
pub fn connect(node: &Node<'_>) -> Result<()> {
    let addresses = node.cluster.addresses();
    let (cable, bridge) = (addresses.cable_name(node.number), addresses.bridge_name());
    let holder = node.holder()?;
    ip(&format!("link add {cable} type veth peer name eth0 netns {holder}"))?;
    ip(&format!("link set {cable} master {bridge} up"))?;
    let mut script = vec![
        "set -e".to_owned(),
        "ip link set lo up".to_owned(),
        format!("ip address add {}/24 dev eth0", node.address()),
        "ip link set eth0 up".to_owned(),
        format!("ip route add default via {}", addresses.bridge()),
        "sysctl -qw net.ipv4.ip_forward=1".to_owned(),
    ];
    for other in node.cluster.nodes().iter().filter(|other| other.number != node.number) {
        script.push(format!("ip route add {} via {}", addresses.pods(other.number), other.address()));
    }
    node.run(&["sh", "-c", &script.join("\n")])?;
    // The apiserver, and whoever tests from the machine, reaches pods directly.
    ip(&format!("route add {} via {}", addresses.pods(node.number), node.address()))
}

/// Where a container engine has switched it on, bridged frames pass iptables, and many engines drop what is not theirs.
fn frames_may_be_dropped() -> bool {
    let switch = fs::read_to_string("/proc/sys/net/bridge/bridge-nf-call-iptables").unwrap_or_default();
    // Without rules there is nothing to make an exception from, and a rule would leave a table behind.
    switch.trim() == "1" && forward_rules().is_ok_and(|rules| rules.trim() != "-P FORWARD ACCEPT")
}

fn forward_rules() -> Result<String> {
    shell::run("iptables", ["--wait", "-S", "FORWARD"])
}

fn firewall_rule<'a>(verb: &'a str, bridge: &'a str) -> [&'a str; 9] {
    ["--wait", verb, "FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"]
}

fn ip(arguments: &str) -> Result<()> {
    shell::run("ip", arguments.split(' ')).map(|_answer| ()).context("cannot set up the network")
}
