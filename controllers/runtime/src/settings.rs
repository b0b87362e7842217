//! Everything that can be set from outside.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use mainstay_engine::RivalSettings;
use mainstay_engine::election::ElectionSettings;
use mainstay_model::ObjectName;

/// How to run. Filled by whoever reads flags and files; nothing here is read from the environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The kubeconfig file; `None` for the service account of the pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The apiserver's address, instead of the one that the kubeconfig or the pod names.
    pub server: Option<String>,
    /// Where metrics and health checks are served.
    pub listen_address: SocketAddr,
    /// Leader election; `None` to lead at once and for ever.
    pub leader_election: Option<LeaderElection>,
    /// The ceiling on writes in flight.
    pub concurrent_writes: usize,
    /// The longest wait between two tries of a key.
    pub retry_cap: Duration,
    /// How long to wait for the answer to one request, other than watches.
    pub request_timeout: Duration,
    /// How long a stop may take before what is unanswered is given up.
    pub shutdown_timeout: Duration,
    /// How often each cache is compared with the server; `None` for never.
    pub audit_interval: Option<Duration>,
    /// Which controllers act only while nobody else does their work, and by which canary that is seen; `None` where all act.
    pub rivals: Option<RivalSettings>,
    /// Scatters retries and makes the names of events unique: a number that no other process has.
    pub seed: u64,
}

/// Who stands for election, and where.
#[derive(Clone, Debug)]
pub struct LeaderElection {
    /// The lease.
    pub lease: ObjectName,
    /// The candidate's name in the lease: new in each process.
    pub identity: String,
    /// The times of the election.
    pub times: ElectionSettings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            kubeconfig: None,
            server: None,
            listen_address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            leader_election: None,
            concurrent_writes: 512,
            retry_cap: Duration::from_secs(60),
            request_timeout: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(10),
            audit_interval: Some(Duration::from_secs(240)),
            rivals: None,
            seed: 0,
        }
    }
}
