//! Connections to the apiserver: three pools of HTTP/2 connections that never share a TCP connection, so that a lease is
//! renewed and a write answered however much a watch has to deliver.
//!
//! What this is not: it retries nothing that may have been sent, it knows no object and no kind, and it keeps no queue.
//! What is sent is sent at once; who must wait, waits in the brain.
//!
//! kube gives the configuration, TLS and authentication (token files are read again, exec plugins asked again); its own client
//! speaks HTTP/1.1 only and resends POSTs, so the connections are our own, over hyper. A server that does not agree on HTTP/2 gets HTTP/1.1.

mod body;
mod channel;
mod configuration;
mod connector;
mod host_resolver;
mod pool;
mod request_observer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, InvalidHeaderValue};
use thiserror::Error;

pub use channel::{Answer, AnswerStream, Channel, SendError};
pub use host_resolver::{ResolveHost, Resolved, SystemResolver};
pub use request_observer::{NoRequestObserver, ObservedRequest, RequestObserver};

use channel::Shared;
use connector::Connector;
use pool::Pool;

/// A lease has to be renewed within ten seconds: a dead connection must be noticed, and another one opened, with time to spare.
const LEASE_KEEP_ALIVE: Duration = Duration::from_secs(2);
const LEASE_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How to reach the apiserver.
#[derive(Clone)]
pub struct ConnectionSettings {
    /// The kubeconfig to use; `None` for the service account of the pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// Replaces the server's address, such as `https://10.0.0.1:6443`.
    pub server: Option<String>,
    /// What the requests say they come from.
    pub user_agent: String,
    /// How long it may take to connect, TLS included.
    pub connect_timeout: Duration,
    /// How often a connection is tested by a PING, and how long the answer may take; at most two seconds for the lease's.
    pub keep_alive: Duration,
    /// How many connections writes and reads may use side by side. Another one is opened when all before it carry as many
    /// requests as a server may be expected to take at once.
    pub object_connections: usize,
    /// How host names become addresses.
    pub resolver: Arc<dyn ResolveHost>,
    /// Who is told of each request.
    pub observer: Arc<dyn RequestObserver>,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        ConnectionSettings {
            kubeconfig: None,
            server: None,
            user_agent: concat!("mainstay/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(10),
            object_connections: 8,
            resolver: Arc::new(SystemResolver),
            observer: Arc::new(NoRequestObserver),
        }
    }
}

/// Why no connections can be configured. An apiserver that cannot be reached is no such error.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// The kubeconfig does not help.
    #[error("cannot use the kubeconfig {path:?}: {source}")]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<kube::config::KubeconfigError>,
    },
    /// No kubeconfig, and not in a pod either.
    #[error("no kubeconfig is given, and the service account of a pod cannot be used: {0}")]
    InCluster(#[source] Box<kube::config::InClusterError>),
    /// The address is no URL of a server.
    #[error("{0:?} is not the address of a server, such as https://10.0.0.1:6443")]
    Address(String),
    /// TLS or credentials cannot be set up.
    #[error("cannot set up TLS and credentials: {0}")]
    Client(#[source] Box<kube::Error>),
    /// The name that the server's certificate is to bear is none.
    #[error("{0:?} cannot be the name in a server's certificate")]
    ServerName(String),
    /// The kubeconfig wants a proxy.
    #[error("the kubeconfig wants the proxy {0}, and proxies are not supported")]
    Proxy(String),
    /// The user agent cannot be sent.
    #[error("the user agent cannot be sent: {0}")]
    UserAgent(#[source] InvalidHeaderValue),
}

/// What a request is for. Decides which connections it uses; shown in metrics.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// Lists and watches.
    Watches,
    /// Writes of controllers.
    Writes,
    /// Live reads of single objects and versions.
    Reads,
    /// Kubernetes events.
    Events,
    /// Passes over metadata.
    Audits,
    /// Leader election.
    Lease,
}

impl Lane {
    /// The lane's name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Lane::Watches => "watches",
            Lane::Writes => "writes",
            Lane::Reads => "reads",
            Lane::Events => "events",
            Lane::Audits => "audits",
            Lane::Lease => "lease",
        }
    }
}

/// The three pools. Connections are opened when they are first needed, and again when they are lost.
#[derive(Clone)]
pub struct Connections {
    watches: Arc<Shared>,
    objects: Arc<Shared>,
    lease: Arc<Shared>,
    namespace: String,
}

impl Connections {
    /// Reads the configuration and makes the pools. Does not connect yet.
    pub async fn open(settings: &ConnectionSettings) -> Result<Connections, ConnectionError> {
        let config = configuration::load(settings).await?;
        let pool = |connections: usize, settings: &ConnectionSettings| {
            let connector = Connector::new(&config, settings)?;
            let user_agent =
                HeaderValue::from_str(&settings.user_agent).map_err(ConnectionError::UserAgent)?;
            let observer = Arc::clone(&settings.observer);
            let shared = Shared::new(&config, Pool::new(connector, connections), user_agent, observer)?;
            Ok::<_, ConnectionError>(Arc::new(shared))
        };
        let impatient = ConnectionSettings {
            connect_timeout: settings.connect_timeout.min(LEASE_CONNECT_TIMEOUT),
            keep_alive: settings.keep_alive.min(LEASE_KEEP_ALIVE),
            ..settings.clone()
        };
        Ok(Connections {
            watches: pool(1, settings)?,
            objects: pool(settings.object_connections, settings)?,
            lease: pool(1, &impatient)?,
            namespace: config.default_namespace.clone(),
        })
    }

    /// The way to send requests of one lane.
    pub fn channel(&self, lane: Lane) -> Channel {
        let shared = match lane {
            Lane::Watches => &self.watches,
            Lane::Writes | Lane::Reads | Lane::Events | Lane::Audits => &self.objects,
            Lane::Lease => &self.lease,
        };
        Channel::new(lane, Arc::clone(shared))
    }

    /// The namespace of the pod, or that of the kubeconfig's context.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}
