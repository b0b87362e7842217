//! The one list of settings, from which the flags, the environment variables, the keys of the file and the help come.

/// A setting of `mainstay manager`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The flag without its dashes, and the key in the file.
    pub name: &'static str,
    /// What stands for its value in the help.
    pub value: &'static str,
    /// What it is when nobody says otherwise.
    pub default: Fallback,
    /// What it does.
    pub help: &'static str,
    /// What to look for in kube-controller-manager; `None` when that has nothing of the kind.
    pub upstream: Option<&'static str>,
    /// The part of the help that it stands in.
    pub section: &'static str,
}

/// What holds when a setting is not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fallback {
    /// This value, as it could be given.
    Value(&'static str),
    /// Something that is found at the start, in words.
    Found(&'static str),
}

impl Setting {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("{ENVIRONMENT_PREFIX}{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// Whether the file may hold it: everything but the file's own name.
    pub fn is_in_file(&self) -> bool {
        *self != CONFIG
    }

    /// Whether its flag may stand without a value.
    pub fn is_switch(&self) -> bool {
        self.value == SWITCH
    }
}

/// What the names of all environment variables begin with.
pub const ENVIRONMENT_PREFIX: &str = "MAINSTAY_";

const SWITCH: &str = "BOOL";

const CLUSTER: &str = "Configuration and cluster";
const CONTROL: &str = "Controllers and their writes";
const ELECTION: &str = "Leader election";
const PROCESS: &str = "Process and logs";

pub const CONFIG: Setting = Setting {
    name: "config",
    value: "FILE",
    default: Fallback::Found("no file"),
    help: "A YAML file with settings: one per line, by the names of the flags without their dashes. \
           Flags win over environment variables, and these over the file.",
    upstream: None,
    section: CLUSTER,
};

pub const KUBECONFIG: Setting = Setting {
    name: "kubeconfig",
    value: "FILE",
    default: Fallback::Found("the service account of the pod"),
    help: "The kubeconfig file with the apiserver's address and the credentials.",
    upstream: Some("--kubeconfig"),
    section: CLUSTER,
};

pub const SERVER: Setting = Setting {
    name: "server",
    value: "URL",
    default: Fallback::Found("the address in the kubeconfig, or the one that the pod was given"),
    help: "The address of the apiserver, in place of the one that is configured.",
    upstream: Some("--master"),
    section: CLUSTER,
};

pub const REQUEST_TIMEOUT: Setting = Setting {
    name: "request-timeout",
    value: "DURATION",
    default: Fallback::Value("60s"),
    help: "How long to wait for the answer to a request. A write that is not answered by then has an unknown outcome, \
           which is looked up before the write is repeated.",
    upstream: None,
    section: CLUSTER,
};

pub const CONTROLLERS: Setting = Setting {
    name: "controllers",
    value: "LIST",
    default: Fallback::Value("*"),
    help: "Which controllers run, with commas between them: * for all in the mode auto, foo=auto, foo or foo=on, -foo or \
           foo=off. In the mode auto a controller acts only while nobody else is seen to do its work. The first mention of a \
           controller wins. Names of controllers that only kube-controller-manager has are accepted.",
    upstream: Some("--controllers"),
    section: CONTROL,
};

pub const CANARY_NAME: Setting = Setting {
    name: "canary-name",
    value: "NAME",
    default: Fallback::Value("mainstay-canary"),
    help: "The name of a ReplicationController without replicas, in the namespace of the Lease, by which controllers in the mode \
           auto see whether somebody else reconciles ReplicationControllers.",
    upstream: None,
    section: CONTROL,
};

pub const CONCURRENT_WRITES: Setting = Setting {
    name: "concurrent-writes",
    value: "NUMBER",
    default: Fallback::Value("512"),
    help: "The ceiling of writes that are under way at once. Below it the pace follows what the apiserver can take; \
           there is no fixed rate.",
    upstream: Some(
        "--kube-api-qps, --kube-api-burst, --concurrent-rc-syncs, --concurrent-endpoint-syncs, \
         --concurrent-service-endpoint-syncs, --mirroring-concurrent-service-endpoint-syncs",
    ),
    section: CONTROL,
};

pub const REPLICATION_BURST: Setting = Setting {
    name: "replication-burst",
    value: "NUMBER",
    default: Fallback::Value("500"),
    help: "How many pods of one ReplicationController may be under way at once, being created or deleted.",
    upstream: None,
    section: CONTROL,
};

pub const MAX_ENDPOINTS_PER_SLICE: Setting = Setting {
    name: "max-endpoints-per-slice",
    value: "NUMBER",
    default: Fallback::Value("100"),
    help: "The most endpoints that are put into one EndpointSlice, 1 to 1000. Slices that are fuller already stay as they are.",
    upstream: Some("--max-endpoints-per-slice"),
    section: CONTROL,
};

pub const MIRRORING_MAX_ENDPOINTS_PER_SUBSET: Setting = Setting {
    name: "mirroring-max-endpoints-per-subset",
    value: "NUMBER",
    default: Fallback::Value("1000"),
    help: "The most addresses of one subset of an Endpoints that are mirrored into EndpointSlices, 1 to 1000. An event tells of those \
           that are left out.",
    upstream: Some("--mirroring-max-endpoints-per-subset"),
    section: CONTROL,
};

pub const ENDPOINT_UPDATES_BATCH_PERIOD: Setting = Setting {
    name: "endpoint-updates-batch-period",
    value: "DURATION",
    default: Fallback::Value("0s"),
    help: "For how long a change of a pod waits for others before the Endpoints of its services are written. Without it a lone change is written at \
           once, and changes that keep coming are gathered while the writes before them are carried out.",
    upstream: Some("--endpoint-updates-batch-period"),
    section: CONTROL,
};

pub const ENDPOINT_SLICE_UPDATES_BATCH_PERIOD: Setting = Setting {
    name: "endpointslice-updates-batch-period",
    value: "DURATION",
    default: Fallback::Value("0s"),
    help: "The same for EndpointSlices.",
    upstream: Some("--endpointslice-updates-batch-period"),
    section: CONTROL,
};

pub const MIRRORING_UPDATES_BATCH_PERIOD: Setting = Setting {
    name: "mirroring-endpointslice-updates-batch-period",
    value: "DURATION",
    default: Fallback::Value("0s"),
    help: "For how long a change of an Endpoints waits for others before it is mirrored.",
    upstream: Some("--mirroring-endpointslice-updates-batch-period"),
    section: CONTROL,
};

pub const RETRY_CAP: Setting = Setting {
    name: "retry-cap",
    value: "DURATION",
    default: Fallback::Value("1m"),
    help: "The longest wait before an object whose writes keep failing is tried again.",
    upstream: None,
    section: CONTROL,
};

pub const AUDIT_INTERVAL: Setting = Setting {
    name: "audit-interval",
    value: "DURATION",
    default: Fallback::Value("4m"),
    help: "How often the cached objects are compared with those of the apiserver, to find what a watch has lost; what \
           was lost is found by the second comparison at the latest.",
    upstream: None,
    section: CONTROL,
};

pub const LEADER_ELECT: Setting = Setting {
    name: "leader-elect",
    value: SWITCH,
    default: Fallback::Value("true"),
    help: "Whether one of several processes is elected to write. Without it, more than one process does damage.",
    upstream: Some("--leader-elect"),
    section: ELECTION,
};

pub const LEASE_DURATION: Setting = Setting {
    name: "leader-elect-lease-duration",
    value: "DURATION",
    default: Fallback::Value("15s"),
    help: "How long the other processes wait after the leader's last renewal; whole seconds.",
    upstream: Some("--leader-elect-lease-duration"),
    section: ELECTION,
};

pub const RENEW_DEADLINE: Setting = Setting {
    name: "leader-elect-renew-deadline",
    value: "DURATION",
    default: Fallback::Value("10s"),
    help: "How long a leader that cannot renew its lease keeps writing; less than the lease duration.",
    upstream: Some("--leader-elect-renew-deadline"),
    section: ELECTION,
};

pub const RETRY_PERIOD: Setting = Setting {
    name: "leader-elect-retry-period",
    value: "DURATION",
    default: Fallback::Value("2s"),
    help: "How long to wait between attempts to acquire or renew the lease; 1.2 times this is less than the renew \
           deadline.",
    upstream: Some("--leader-elect-retry-period"),
    section: ELECTION,
};

pub const LEASE_NAME: Setting = Setting {
    name: "leader-elect-resource-name",
    value: "NAME",
    default: Fallback::Value("mainstay"),
    help: "The name of the Lease.",
    upstream: Some("--leader-elect-resource-name"),
    section: ELECTION,
};

pub const LEASE_NAMESPACE: Setting = Setting {
    name: "leader-elect-resource-namespace",
    value: "NAMESPACE",
    default: Fallback::Found("the namespace of the pod"),
    help: "The namespace of the Lease.",
    upstream: Some("--leader-elect-resource-namespace"),
    section: ELECTION,
};

pub const LISTEN_ADDRESS: Setting = Setting {
    name: "listen-address",
    value: "ADDRESS",
    default: Fallback::Value("0.0.0.0:8080"),
    help: "Where /metrics, /healthz and /readyz are served, by plain HTTP: an IP address and a port.",
    upstream: Some("--bind-address, --secure-port"),
    section: PROCESS,
};

pub const SHUTDOWN_TIMEOUT: Setting = Setting {
    name: "shutdown-timeout",
    value: "DURATION",
    default: Fallback::Value("10s"),
    help: "How long to wait at the end for writes that are under way.",
    upstream: Some("--controller-shutdown-timeout"),
    section: PROCESS,
};

pub const LOG_FORMAT: Setting = Setting {
    name: "log-format",
    value: "text|json",
    default: Fallback::Value("text"),
    help: "How log lines are written.",
    upstream: Some("--logging-format"),
    section: PROCESS,
};

pub const LOG_LEVEL: Setting = Setting {
    name: "log-level",
    value: "FILTER",
    default: Fallback::Value("info"),
    help: "What is logged: off, error, warn, info, debug or trace, and exceptions by module, as in \
           info,mainstay_runtime=debug.",
    upstream: Some("--v, --vmodule"),
    section: PROCESS,
};

/// All settings, in the order of the help.
pub const ALL: [Setting; 25] = [
    CONFIG,
    KUBECONFIG,
    SERVER,
    REQUEST_TIMEOUT,
    CONTROLLERS,
    CANARY_NAME,
    CONCURRENT_WRITES,
    REPLICATION_BURST,
    MAX_ENDPOINTS_PER_SLICE,
    MIRRORING_MAX_ENDPOINTS_PER_SUBSET,
    ENDPOINT_UPDATES_BATCH_PERIOD,
    ENDPOINT_SLICE_UPDATES_BATCH_PERIOD,
    MIRRORING_UPDATES_BATCH_PERIOD,
    RETRY_CAP,
    AUDIT_INTERVAL,
    LEADER_ELECT,
    LEASE_DURATION,
    RENEW_DEADLINE,
    RETRY_PERIOD,
    LEASE_NAME,
    LEASE_NAMESPACE,
    LISTEN_ADDRESS,
    SHUTDOWN_TIMEOUT,
    LOG_FORMAT,
    LOG_LEVEL,
];
