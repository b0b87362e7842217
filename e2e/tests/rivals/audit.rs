//! The apiserver's own account of who has written what, and when.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use mainstay_e2e::testbed::{RELEASE, SYSTEM, World};
use serde_json::Value;

/// The user of the chart.
pub const OURS: &str = "system:serviceaccount:mainstay-system:mainstay";
/// The user of the in-tree ReplicationController.
pub const IN_TREE: &str = "system:serviceaccount:kube-system:replication-controller";
/// The users of the in-tree controllers of services.
pub const IN_TREE_SERVICES: [&str; 3] = [
    "system:serviceaccount:kube-system:endpoint-controller",
    "system:serviceaccount:kube-system:endpointslice-controller",
    "system:serviceaccount:kube-system:endpointslicemirroring-controller",
];

/// The log from some moment on.
pub struct AuditLog {
    path: PathBuf,
    start: u64,
}

/// A write that the apiserver has answered.
#[derive(Debug, Clone)]
pub struct Write {
    /// When it came.
    pub at: Timestamp,
    pub user: String,
    pub verb: String,
    /// Its kind in the plural, and the subresource behind a slash.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    /// The status of the answer.
    pub code: u64,
}

impl AuditLog {
    /// What comes from now on.
    pub fn from_now(world: &World) -> Result<AuditLog> {
        let path = world.cluster.audit_log();
        let start = path.metadata().context("the apiserver keeps no audit log")?.len();
        Ok(AuditLog { path, start })
    }

    /// What has come since, in that order.
    pub fn writes(&self) -> Result<Vec<Write>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.start))?;
        let mut writes = Vec::new();
        for line in BufReader::new(file).lines() {
            // The last line may not be written to its end.
            if let Ok(entry) = serde_json::from_str::<Value>(&line?) {
                writes.push(write(&entry)?);
            }
        }
        // They are logged as they are answered.
        writes.sort_by_key(|write| write.at);
        Ok(writes)
    }

    /// What a user has written since.
    pub fn writes_of(&self, user: &str) -> Result<Vec<Write>> {
        Ok(self.writes()?.into_iter().filter(|write| write.user == user).collect())
    }
}

impl Write {
    /// Whether this is what a manager of ours may write while its controllers are passive.
    pub fn is_of_the_passive(&self) -> bool {
        self.namespace == SYSTEM
            && match self.resource.as_str() {
                "leases" => self.name == RELEASE,
                "replicationcontrollers" => self.name == canary(),
                "events" => true,
                _ => false,
            }
    }

    /// Whether it has made a pod in this namespace.
    pub fn made_pod(&self, namespace: &str) -> bool {
        self.is("create", "pods", namespace) && self.code == 201
    }

    /// Whether it has deleted a pod in this namespace.
    pub fn deleted_pod(&self, namespace: &str) -> bool {
        self.is("delete", "pods", namespace) && self.code == 200
    }

    /// Whether it is a request with this verb for this resource.
    pub fn is(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        self.verb == verb && self.resource == resource && self.namespace == namespace
    }
}

/// The name of the chart's canary.
pub fn canary() -> String {
    format!("{RELEASE}-canary")
}

/// From one moment to a later one, in seconds.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn write(entry: &Value) -> Result<Write> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &entry["objectRef"];
    let subresource = object["subresource"].as_str().map(|name| format!("/{name}")).unwrap_or_default();
    let at = entry["requestReceivedTimestamp"].as_str().context("an entry without time")?;
    Ok(Write {
        at: at.parse().context("the time of an entry")?,
        user: text(&entry["user"]["username"]),
        verb: text(&entry["verb"]),
        resource: text(&object["resource"]) + &subresource,
        namespace: text(&object["namespace"]),
        name: text(&object["name"]),
        code: entry["responseStatus"]["code"].as_u64().unwrap_or_default(),
    })
}
