//! CoreDNS, for clusters whose names are asked for: it reads Services and EndpointSlices and answers on loopback.
//!
//! It is a process of this machine and not a pod: who asks here are tests, and pods of this fixture have nobody to look for.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE};

use crate::cluster::Cluster;
use crate::programs::{self, Programs};
use crate::wait::wait_for;

/// The name of the process.
const COREDNS: &str = "coredns";
/// So long an answer may take; the process is on this machine.
const TIMEOUT: Duration = Duration::from_secs(2);

/// CoreDNS of a cluster. It ends with the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Dns<'a> {
    cluster: &'a Cluster,
}

/// Where a service's port is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceRecord {
    /// The name of who answers there.
    pub target: String,
    /// The port.
    pub port: u16,
}

impl<'a> Dns<'a> {
    /// Starts it, unless it runs, and waits until it answers.
    pub fn start(cluster: &'a Cluster) -> Result<Dns<'a>> {
        programs::ensure(&[Programs::CoreDns])?;
        let dns = Dns { cluster };
        let daemon = cluster.daemon(COREDNS);
        if daemon.pid().is_none() {
            let corefile = cluster.folder().join("Corefile");
            fs::write(&corefile, dns.corefile())
                .with_context(|| format!("cannot write {}", corefile.display()))?;
            let program = Programs::CoreDns.program(COREDNS)?.display().to_string();
            let words = [program, "-conf".to_owned(), corefile.display().to_string()];
            daemon.start(&cluster.control_plane_surroundings(), &words)?;
        }
        wait_for("CoreDNS to know the apiserver's service", Duration::from_secs(60), || {
            daemon.check()?;
            let known = dns.addresses("kubernetes.default.svc.cluster.local").unwrap_or_default();
            Ok((!known.is_empty()).then_some(()))
        })?;
        Ok(dns)
    }

    fn corefile(self) -> String {
        let port = self.cluster.addresses().dns_port();
        let kubeconfig = self.cluster.kubeconfig_path().display().to_string();
        format!(
            "cluster.local:{port} {{\n    bind 127.0.0.1\n    errors\n    kubernetes {{\n        kubeconfig {kubeconfig}\n    }}\n}}\n"
        )
    }

    /// The IPv4 addresses behind a name, in order; none where there is no such name.
    pub fn addresses(self, name: &str) -> Result<Vec<IpAddr>> {
        let mut found = Vec::new();
        self.ask(name, TYPE::A, |data| {
            if let RData::A(record) = data {
                found.push(IpAddr::V4(Ipv4Addr::from(record.address)));
            }
        })?;
        found.sort();
        Ok(found)
    }

    /// What stands behind a name of a port such as `_http._tcp.web.shop.svc.cluster.local`, in order.
    pub fn services(self, name: &str) -> Result<Vec<ServiceRecord>> {
        let mut found = Vec::new();
        self.ask(name, TYPE::SRV, |data| {
            if let RData::SRV(record) = data {
                found.push(ServiceRecord { target: record.target.to_string(), port: record.port });
            }
        })?;
        found.sort();
        Ok(found)
    }

    fn ask(self, name: &str, record: TYPE, mut take: impl FnMut(&RData<'_>)) -> Result<()> {
        let mut question = Packet::new_query(1);
        question.set_flags(PacketFlag::RECURSION_DESIRED);
        question.questions.push(Question::new(
            Name::new(name)?,
            QTYPE::TYPE(record),
            CLASS::IN.into(),
            false,
        ));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no socket")?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.connect((Ipv4Addr::LOCALHOST, self.cluster.addresses().dns_port()))?;
        socket.send(&question.build_bytes_vec()?).context("cannot ask CoreDNS")?;
        let mut buffer = [0; 65_535];
        let length = socket.recv(&mut buffer).context("CoreDNS does not answer")?;
        let answer = Packet::parse(buffer.get(..length).unwrap_or_default())?;
        match answer.rcode() {
            RCODE::NoError | RCODE::NameError => {}
            other => bail!("CoreDNS answers to {name}: {other:?}"),
        }
        // What is too long for one packet would have to be asked for otherwise.
        if answer.has_flags(PacketFlag::TRUNCATION) {
            bail!("the answer to {name} is too long");
        }
        answer.answers.iter().for_each(|answer| take(&answer.rdata));
        Ok(())
    }
}
