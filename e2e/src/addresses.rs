//! The ports, subnets and interface names of a cluster, all derived from one small number, its index.
//!
//! Clusters with different indexes share nothing, so any number of them (up to [`INDEXES`]) run side by side.

use std::net::{Ipv4Addr, TcpListener};

/// How many clusters fit into the ranges below.
pub const INDEXES: u8 = 90;

/// How many real nodes a cluster can have: the last part of a node's address, and of its pods' third part.
pub const MAX_NODES: u8 = 100;

/// The range of service addresses. It is the same in all clusters, as it means something only inside their nodes.
pub const SERVICE_RANGE: &str = "10.96.0.0/16";

/// The ranges of service addresses of both families: a service has one of the second only when it asks for that.
pub const SERVICE_RANGES: &str = "10.96.0.0/16,fd00:10:96::/112";

/// The first address of [`SERVICE_RANGE`], which the apiserver gives to its own service.
pub const APISERVER_SERVICE_ADDRESS: &str = "10.96.0.1";

/// The addresses of the cluster with this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    index: u8,
}

impl Addresses {
    /// The addresses of cluster `index`, which is less than [`INDEXES`].
    pub fn of(index: u8) -> Self {
        Addresses { index }
    }

    /// The port of etcd's clients, on loopback.
    pub fn etcd_port(self) -> u16 {
        self.port(0)
    }

    /// The port of etcd's other members, on loopback; there are none.
    pub fn etcd_peer_port(self) -> u16 {
        self.port(1)
    }

    /// The apiserver's port.
    pub fn apiserver_port(self) -> u16 {
        self.port(2)
    }

    /// The port of kube-controller-manager's health and metrics, when it runs as a process.
    pub fn controller_manager_port(self) -> u16 {
        self.port(3)
    }

    /// The port of kube-scheduler's health and metrics.
    pub fn scheduler_port(self) -> u16 {
        self.port(4)
    }

    /// The port of Mainstay's health and metrics, when it runs as a process beside fake nodes.
    pub fn mainstay_port(self) -> u16 {
        self.port(5)
    }

    /// The port of CoreDNS, where it runs.
    pub fn dns_port(self) -> u16 {
        self.port(6)
    }

    fn port(self, offset: u16) -> u16 {
        // Below the range from which the kernel takes the ports of outgoing connections.
        24_000 + u16::from(self.index) * 10 + offset
    }

    /// The address of the bridge that joins the nodes, and of the apiserver for them.
    pub fn bridge(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 200, self.index, 1)
    }

    /// The bridge's name. Names of interfaces have at most 15 letters.
    pub fn bridge_name(self) -> String {
        format!("mainstay{}", self.index)
    }

    /// The name of the host's end of the cable to a node.
    pub fn cable_name(self, node: u8) -> String {
        format!("mainstay{}n{node}", self.index)
    }

    /// The address of a node; nodes are counted from 1.
    pub fn node(self, node: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 200, self.index, 10 + node)
    }

    /// The range of the addresses of a node's pods.
    pub fn pods(self, node: u8) -> String {
        format!("10.{}.{node}.0/24", 100 + self.index)
    }

    /// Whether no other program uses these ports and no other network this subnet.
    pub fn are_free(self) -> bool {
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        // Binding succeeds only to an address that this machine has.
        let subnet_in_use = TcpListener::bind((self.bridge(), 0)).is_ok();
        (0..7).all(|offset| free(self.port(offset))) && !subnet_in_use
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn clusters_share_nothing() {
        let all = (0..INDEXES).map(Addresses::of);
        let ports: BTreeSet<u16> =
            all.clone().flat_map(|a| (0..7).map(move |offset| a.port(offset))).collect();
        assert_eq!(ports.len(), usize::from(INDEXES) * 7);
        let pods: BTreeSet<String> = all.clone().map(|a| a.pods(1)).collect();
        assert_eq!(pods.len(), usize::from(INDEXES));
        let bridges: BTreeSet<Ipv4Addr> = all.map(Addresses::bridge).collect();
        assert_eq!(bridges.len(), usize::from(INDEXES));
    }

    #[test]
    fn the_last_cluster_stays_within_all_limits() {
        let last = Addresses::of(INDEXES - 1);
        assert!(last.cable_name(MAX_NODES).len() <= 15, "{}", last.cable_name(MAX_NODES));
        assert!(last.port(9) < 32_768);
        assert_eq!(last.pods(MAX_NODES), "10.189.100.0/24");
        assert_eq!(last.node(MAX_NODES).octets(), [10, 200, INDEXES - 1, 110]);
    }
}
