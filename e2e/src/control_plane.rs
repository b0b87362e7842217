//! etcd, kube-apiserver and kube-scheduler as processes of this machine.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::addresses::{APISERVER_SERVICE_ADDRESS, SERVICE_RANGES};
use crate::certificates::{APISERVER_TEST_NAME, CertificateFolder, Subject};
use crate::cluster::Cluster;
use crate::kubeconfig;
use crate::programs::Programs;
use crate::wait::wait_for;

/// The scheduler; a cluster without nodes has none.
pub const SCHEDULER: &str = "kube-scheduler";

/// The programs of the control plane that are processes in every cluster, in the order in which they start.
pub const CONTROL_PLANE: &[&str] = &["etcd", "kube-apiserver", SCHEDULER];

/// Makes all keys, certificates and kubeconfigs of the cluster, in the file names that kubeadm gives them.
pub fn write_credentials(cluster: &Cluster) -> Result<()> {
    let folder = CertificateFolder::create(cluster.folder().join("pki"))?;
    let authority = folder.authority("ca")?;
    let front_proxy = folder.authority("front-proxy-ca")?;
    folder.signing_key("sa")?;
    let mut names: Vec<String> = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        "127.0.0.1",
        APISERVER_SERVICE_ADDRESS,
        APISERVER_TEST_NAME,
    ]
    .map(String::from)
    .into();
    names.push(cluster.addresses().bridge().to_string());
    let issue = |file: &str, common_name: &str, organization: Option<&str>, names: &[String]| {
        folder.issue(&authority, &Subject { file, common_name, organization, alternative_names: names })
    };
    issue("apiserver", "kube-apiserver", None, &names)?;
    issue("apiserver-kubelet-client", "kube-apiserver-kubelet-client", Some("system:masters"), &[])?;
    issue("admin", "admin", Some("system:masters"), &[])?;
    for component in ["kube-controller-manager", "kube-scheduler", "kube-proxy"] {
        issue(component, &format!("system:{component}"), None, &[])?;
    }
    for node in cluster.nodes() {
        let (name, names) = (node.name(), [node.name(), node.address().to_string()]);
        issue(&name, &format!("system:node:{name}"), Some("system:nodes"), &names)?;
    }
    let front = Subject {
        file: "front-proxy-client",
        common_name: "front-proxy-client",
        organization: None,
        alternative_names: &[],
    };
    folder.issue(&front_proxy, &front)?;

    let mut users =
        ["admin", "kube-controller-manager", "kube-scheduler", "kube-proxy"].map(String::from).to_vec();
    users.extend(cluster.nodes().iter().map(|node| node.name()));
    for user in users {
        let file = cluster.kubeconfig_of(&user);
        kubeconfig::write(&file, &cluster.context(), &cluster.server(), &folder, &user)?;
    }
    Ok(())
}

/// Starts etcd. It keeps nothing over a crash of the machine, which makes it fast.
pub fn start_etcd(cluster: &Cluster) -> Result<()> {
    let client = format!("http://127.0.0.1:{}", cluster.addresses().etcd_port());
    let peer = format!("http://127.0.0.1:{}", cluster.addresses().etcd_peer_port());
    let flags = [
        ("name", "default".to_owned()),
        ("data-dir", cluster.folder().join("etcd").display().to_string()),
        ("listen-client-urls", client.clone()),
        ("advertise-client-urls", client),
        ("listen-peer-urls", peer.clone()),
        ("initial-advertise-peer-urls", peer.clone()),
        ("initial-cluster", format!("default={peer}")),
        ("unsafe-no-fsync", "true".to_owned()),
        // A cluster of a benchmark outgrows the 2 GiB that are allowed otherwise.
        ("quota-backend-bytes", (8_u64 << 30).to_string()),
        ("log-level", "warn".to_owned()),
    ];
    start(cluster, Programs::Etcd, "etcd", &flags)
}

/// Starts kube-apiserver, with the same flags and port each time.
pub fn start_apiserver(cluster: &Cluster) -> Result<()> {
    let pki = CertificateFolder::open(cluster.folder().join("pki"));
    let certificate = |name: &str| pki.certificate(name).display().to_string();
    let key = |name: &str| pki.key(name).display().to_string();
    let mut flags = vec![
        ("advertise-address", cluster.addresses().bridge().to_string()),
        ("bind-address", cluster.apiserver_address().to_string()),
        ("secure-port", cluster.addresses().apiserver_port().to_string()),
        ("etcd-servers", format!("http://127.0.0.1:{}", cluster.addresses().etcd_port())),
        ("authorization-mode", "Node,RBAC".to_owned()),
        ("allow-privileged", "true".to_owned()),
        ("enable-admission-plugins", "NodeRestriction".to_owned()),
        ("service-cluster-ip-range", SERVICE_RANGES.to_owned()),
        ("client-ca-file", certificate("ca")),
        ("tls-cert-file", certificate("apiserver")),
        ("tls-private-key-file", key("apiserver")),
        ("service-account-issuer", "https://kubernetes.default.svc.cluster.local".to_owned()),
        ("service-account-key-file", pki.public_key("sa").display().to_string()),
        ("service-account-signing-key-file", key("sa")),
        ("kubelet-certificate-authority", certificate("ca")),
        ("kubelet-client-certificate", certificate("apiserver-kubelet-client")),
        ("kubelet-client-key", key("apiserver-kubelet-client")),
        ("kubelet-preferred-address-types", "InternalIP,Hostname".to_owned()),
        ("requestheader-client-ca-file", certificate("front-proxy-ca")),
        ("requestheader-allowed-names", "front-proxy-client".to_owned()),
        ("requestheader-extra-headers-prefix", "X-Remote-Extra-".to_owned()),
        ("requestheader-group-headers", "X-Remote-Group".to_owned()),
        ("requestheader-username-headers", "X-Remote-User".to_owned()),
        ("proxy-client-cert-file", certificate("front-proxy-client")),
        ("proxy-client-key-file", key("front-proxy-client")),
    ];
    if cluster.options().audit {
        let policy = cluster.folder().join("audit-policy.json");
        fs::write(&policy, audit_policy().to_string()).context("cannot write the policy of the audit log")?;
        flags.push(("audit-policy-file", policy.display().to_string()));
        flags.push(("audit-log-path", cluster.audit_log().display().to_string()));
        // In megabytes: one file for all, since whoever reads it reads one.
        flags.push(("audit-log-maxsize", "100000".to_owned()));
    }
    start(cluster, Programs::Kubernetes, "kube-apiserver", &flags)
}

/// All writes once they are answered, but those of the person, of the tests and of kwok, which have the same user.
fn audit_policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": ["admin"]},
            {"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]},
        ],
    })
}

/// Waits until the apiserver says that it is ready.
pub fn wait_for_apiserver(cluster: &Cluster) -> Result<()> {
    let address = (cluster.apiserver_address(), cluster.addresses().apiserver_port()).into();
    wait_for("kube-apiserver to become ready", Duration::from_secs(120), || {
        cluster.daemon("etcd").check()?;
        cluster.daemon("kube-apiserver").check()?;
        // Cheap, while kubectl costs a twentieth of a second of the processor that the apiserver starts on.
        if std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            return Ok(None);
        }
        Ok(cluster.kubectl(&["get", "--raw", "/readyz"]).ok().map(|_answer| ()))
    })
}

/// Starts kube-scheduler.
pub fn start_scheduler(cluster: &Cluster) -> Result<()> {
    let flags = [
        ("kubeconfig", cluster.kubeconfig_of("kube-scheduler").display().to_string()),
        ("leader-elect", "false".to_owned()),
        ("secure-port", "0".to_owned()),
        // The default of 50 bindings a second would hide how fast pods are created.
        ("kube-api-qps", "1000".to_owned()),
        ("kube-api-burst", "1000".to_owned()),
    ];
    start(cluster, Programs::Kubernetes, SCHEDULER, &flags)
}

fn start(cluster: &Cluster, programs: Programs, name: &str, flags: &[(&str, String)]) -> Result<()> {
    let mut words = vec![programs.program(name)?.display().to_string()];
    words.extend(flags.iter().map(|(flag, value)| format!("--{flag}={value}")));
    let daemon = cluster.daemon(name);
    daemon
        .start(&cluster.control_plane_surroundings(), &words)
        .with_context(|| format!("cannot start {name}"))
}
