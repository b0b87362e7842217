//! The configuration: where its values come from, what they may be, and the one value that comes out.
//!
//! A setting is looked for among the flags, in the environment, in the file and among the defaults, in this order.
//! Whatever is wrong is reported at once. Behind this module nobody looks at flags or environment again.

pub mod controller_list;
pub mod controller_names;
pub mod duration;
pub mod layers;
pub mod problem;
pub mod setting;
pub mod surroundings;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use mainstay_engine::election::ElectionSettings;
use mainstay_model::ObjectName;

use crate::config::controller_list::{ControllerList, Mode};
use crate::config::layers::Layers;
use crate::config::problem::{ConfigError, Problem};
use crate::config::setting::Setting;
use crate::config::surroundings::Surroundings;

/// All that can be chosen, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The kubeconfig file; none means the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// The apiserver's address, in place of the configured one.
    pub server: Option<String>,
    /// The longest wait for an answer.
    pub request_timeout: Duration,
    /// Which controllers run.
    pub controllers: ControllerList,
    /// The ceiling of writes under way.
    pub concurrent_writes: usize,
    /// The ceiling of pods under way for one ReplicationController.
    pub replication_burst: usize,
    /// The most endpoints of one EndpointSlice.
    pub max_endpoints_per_slice: usize,
    /// The most addresses of a subset that are mirrored.
    pub mirroring_max_endpoints_per_subset: usize,
    /// For how long a change of a pod waits before Endpoints are written.
    pub endpoint_updates_batch_period: Duration,
    /// For how long a change of a pod waits before EndpointSlices are written.
    pub endpointslice_updates_batch_period: Duration,
    /// For how long a change of an Endpoints waits before it is mirrored.
    pub mirroring_endpointslice_updates_batch_period: Duration,
    /// The longest wait between attempts.
    pub retry_cap: Duration,
    /// How long one audit of all caches takes.
    pub audit_interval: Duration,
    /// The ReplicationController by which rivals are seen; `None` when no controller looks for any.
    pub canary: Option<ObjectName>,
    /// How the leader is elected; `None` when this process leads without asking.
    pub leader_election: Option<LeaderElection>,
    /// Where metrics and health are served.
    pub listen_address: SocketAddr,
    /// The longest wait for writes under way at the end.
    pub shutdown_timeout: Duration,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged, a filter that was checked.
    pub log_level: String,
    /// Where all randomness of this process comes from.
    pub seed: u64,
}

/// How the leader is elected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaderElection {
    /// The Lease's namespace.
    pub namespace: String,
    /// The Lease's name.
    pub name: String,
    /// This process's name in the Lease, another one at each start.
    pub identity: String,
    /// Its times, which fit together.
    pub times: ElectionSettings,
}

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A configuration, and what is to be said about it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What the user may not have meant.
    pub warnings: Vec<String>,
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// The most of anything that may be under way.
const MOST_AT_ONCE: usize = 65_536;
/// The most endpoints that the API allows in a slice.
const LARGEST_SLICE: usize = 1_000;

/// Puts the configuration together.
pub fn load(
    flags: &BTreeMap<&'static str, String>,
    surroundings: &Surroundings,
) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::new(flags, &surroundings.environment);
    let config = read(&mut layers, surroundings);
    let (problems, warnings) = layers.into_findings();
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, warnings }),
        _ => Err(ConfigError(problems)),
    }
}

/// Reads everything before it gives up on anything, so that all problems are found.
fn read(layers: &mut Layers, surroundings: &Surroundings) -> Option<Config> {
    let kubeconfig = layers.read_optional(&setting::KUBECONFIG, |value| Ok(PathBuf::from(value)));
    let server = layers.read_optional(&setting::SERVER, value::server);
    let request_timeout = duration(layers, &setting::REQUEST_TIMEOUT, 100 * MILLISECOND..=HOUR);
    let controllers = layers.read(&setting::CONTROLLERS, controller_list::parse);
    let concurrent_writes = number(layers, &setting::CONCURRENT_WRITES, MOST_AT_ONCE);
    let replication_burst = number(layers, &setting::REPLICATION_BURST, MOST_AT_ONCE);
    let max_endpoints_per_slice = number(layers, &setting::MAX_ENDPOINTS_PER_SLICE, LARGEST_SLICE);
    let mirroring_max_endpoints_per_subset =
        number(layers, &setting::MIRRORING_MAX_ENDPOINTS_PER_SUBSET, LARGEST_SLICE);
    let endpoint_updates_batch_period =
        duration(layers, &setting::ENDPOINT_UPDATES_BATCH_PERIOD, Duration::ZERO..=HOUR);
    let endpointslice_updates_batch_period =
        duration(layers, &setting::ENDPOINT_SLICE_UPDATES_BATCH_PERIOD, Duration::ZERO..=HOUR);
    let mirroring_endpointslice_updates_batch_period =
        duration(layers, &setting::MIRRORING_UPDATES_BATCH_PERIOD, Duration::ZERO..=HOUR);
    let retry_cap = duration(layers, &setting::RETRY_CAP, 5 * MILLISECOND..=HOUR);
    let audit_interval = duration(layers, &setting::AUDIT_INTERVAL, SECOND..=24 * HOUR);
    let namespace = layers
        .read_optional(&setting::LEASE_NAMESPACE, value::namespace)
        .or_else(|| surroundings.namespace.clone());
    let leader_election = read_leader_election(layers, surroundings, namespace.clone());
    // Where the election misses its namespace, that has been said.
    let canary = read_canary(layers, controllers.as_ref(), namespace, leader_election == Some(None));
    let listen_address = layers.read(&setting::LISTEN_ADDRESS, value::listen_address);
    let shutdown_timeout = duration(layers, &setting::SHUTDOWN_TIMEOUT, Duration::ZERO..=HOUR);
    let log_format = layers.read(&setting::LOG_FORMAT, value::log_format);
    let log_level = layers.read(&setting::LOG_LEVEL, value::log_level);
    if let Some(controllers) = &controllers {
        warn_of_controllers(layers, controllers);
    }
    Some(Config {
        kubeconfig,
        server,
        request_timeout: request_timeout?,
        controllers: controllers?,
        concurrent_writes: concurrent_writes?,
        replication_burst: replication_burst?,
        max_endpoints_per_slice: max_endpoints_per_slice?,
        mirroring_max_endpoints_per_subset: mirroring_max_endpoints_per_subset?,
        endpoint_updates_batch_period: endpoint_updates_batch_period?,
        endpointslice_updates_batch_period: endpointslice_updates_batch_period?,
        mirroring_endpointslice_updates_batch_period: mirroring_endpointslice_updates_batch_period?,
        retry_cap: retry_cap?,
        audit_interval: audit_interval?,
        canary: canary?,
        leader_election: leader_election?,
        listen_address: listen_address?,
        shutdown_timeout: shutdown_timeout?,
        log_format: log_format?,
        log_level: log_level?,
        seed: surroundings.seed,
    })
}

/// The outer `None` means that something is wrong, the inner one that nobody looks for rivals.
fn read_canary(
    layers: &mut Layers,
    controllers: Option<&ControllerList>,
    namespace: Option<String>,
    tells: bool,
) -> Option<Option<ObjectName>> {
    let name = layers.read(&setting::CANARY_NAME, value::canary_name);
    if !controllers?.modes.values().any(|mode| *mode == Mode::Auto) {
        return Some(None);
    }
    if namespace.is_none() && tells {
        layers.refuse(Problem::Missing {
            setting: setting::LEASE_NAMESPACE.name,
            reason: "the canary of a controller in the mode auto lives in the pod's namespace, and outside a pod there is none: \
                     give one, or switch the controller on by name, as in --controllers=replicationcontroller",
        });
    }
    Some(Some(ObjectName::new(namespace?, name?)))
}

/// The outer `None` means that something is wrong, the inner one that no leader is to be elected.
fn read_leader_election(
    layers: &mut Layers,
    surroundings: &Surroundings,
    namespace: Option<String>,
) -> Option<Option<LeaderElection>> {
    let wanted = layers.read(&setting::LEADER_ELECT, value::switch);
    let lease_duration = layers.read(&setting::LEASE_DURATION, value::lease_duration);
    let renew_deadline = duration(layers, &setting::RENEW_DEADLINE, MILLISECOND..=HOUR);
    let retry_period = duration(layers, &setting::RETRY_PERIOD, MILLISECOND..=HOUR);
    let name = layers.read(&setting::LEASE_NAME, value::object_name);
    if wanted == Some(false) {
        return Some(None);
    }
    let times = lease_times(layers, lease_duration, renew_deadline, retry_period);
    if namespace.is_none() {
        layers.refuse(Problem::Missing {
            setting: setting::LEASE_NAMESPACE.name,
            reason: "outside a pod there is no namespace of its own: give one, or --leader-elect=false if no other \
                     process runs",
        });
    }
    wanted?;
    Some(Some(LeaderElection {
        namespace: namespace?,
        name: name?,
        identity: surroundings.identity.clone(),
        times: times?,
    }))
}

fn lease_times(
    layers: &mut Layers,
    lease_duration: Option<Duration>,
    renew_deadline: Option<Duration>,
    retry_period: Option<Duration>,
) -> Option<ElectionSettings> {
    match ElectionSettings::new(lease_duration?, renew_deadline?, retry_period?) {
        Ok(times) => Some(times),
        Err(error) => {
            layers.refuse(Problem::Contradiction(error.to_string()));
            None
        }
    }
}

fn warn_of_controllers(layers: &mut Layers, controllers: &ControllerList) {
    if !controllers.elsewhere.is_empty() {
        layers.warn(format!(
            "this version does not have these controllers, their entries mean nothing here: {}; \
             kube-controller-manager has them",
            controllers.elsewhere.join(", ")
        ));
    }
    if controllers.modes.is_empty() {
        layers.warn("no controller is switched on: nothing will be written".to_owned());
    }
}

fn duration(layers: &mut Layers, setting: &Setting, range: RangeInclusive<Duration>) -> Option<Duration> {
    layers.read(setting, |text| value::duration(text, &range))
}

fn number(layers: &mut Layers, setting: &Setting, most: usize) -> Option<usize> {
    layers.read(setting, |text| value::number(text, &(1..=most)))
}

#[cfg(test)]
mod tests;
