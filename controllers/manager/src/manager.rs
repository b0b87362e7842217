//! `mainstay manager`: from the configuration to the end of the process.

use std::io::stderr;
use std::process::ExitCode;

use mainstay_endpoints::{EndpointSliceMirroring, EndpointSlices, Endpoints, mirroring, slices, subsets};
use mainstay_engine::{Controller, RivalSettings};
use mainstay_model::ObjectName;
use mainstay_replication::ReplicationControllers;
use mainstay_runtime::threads::{self, Coalescing};
use mainstay_runtime::{Ended, RunError, Settings};
use mainstay_sidecars::SidecarWorkloads;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::command_line::Flags;
use crate::config::controller_list::{ControllerList, Mode};
use crate::config::controller_names::{
    ENDPOINT_SLICE_MIRRORING, ENDPOINT_SLICES, ENDPOINTS, REPLICATION_CONTROLLER, SIDECAR_WORKLOAD,
};
use crate::config::surroundings::Surroundings;
use crate::config::{self, Config, Loaded};
use crate::logs;
use crate::signals::Signals;

/// Exit code of a process whose configuration was refused.
const BAD_CONFIGURATION: u8 = 2;

/// Why the manager ends other than by a signal.
#[derive(Debug, Error)]
enum ManagerError {
    /// No threads.
    #[error("cannot start threads: {0}")]
    Threads(std::io::Error),
    /// Signals would end the process without a word.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// The runtime cannot start, or cannot go on.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Another process leads, or may lead.
    #[error("the lease is lost")]
    LeaseLost,
    /// Somebody does not want to wait for the graceful end.
    #[error("a second signal: ending at once")]
    Impatience,
}

/// Runs until there is a reason to end.
pub fn main(flags: &Flags) -> ExitCode {
    let Loaded { config, warnings } = match config::load(&flags.0, &Surroundings::look()) {
        Ok(loaded) => loaded,
        Err(error) => {
            return crate::print(stderr(), &format!("mainstay: {error}"), ExitCode::from(BAD_CONFIGURATION));
        }
    };
    if let Err(error) = logs::start(&config) {
        return crate::print(stderr(), &format!("mainstay: cannot log: {error}"), ExitCode::FAILURE);
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        controllers = %list(&config.controllers),
        identity = config.leader_election.as_ref().map(|election| election.identity.as_str()),
        "starting"
    );
    match start(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The controllers and their modes, as they could be given.
fn list(controllers: &ControllerList) -> String {
    let entry = |(name, mode): (&&str, &Mode)| match mode {
        Mode::Auto => format!("{name}=auto"),
        Mode::On => format!("{name}=on"),
    };
    controllers.modes.iter().map(entry).collect::<Vec<_>>().join(",")
}

/// What the controllers in the mode auto look for.
fn rivals(config: &Config) -> Option<RivalSettings> {
    let canary = config.canary.clone()?;
    let auto = config.controllers.modes.iter().filter(|(_, mode)| **mode == Mode::Auto);
    Some(RivalSettings { canary, controllers: auto.map(|(name, _)| *name).collect() })
}

fn start(config: Config) -> Result<(), ManagerError> {
    let coalescing = Coalescing::default();
    let runtime = threads::start(&coalescing).map_err(ManagerError::Threads)?;
    let result = runtime.block_on(run(config, coalescing));
    // What still runs is of no use any more, and must not hold the process.
    runtime.shutdown_background();
    result
}

/// The first signal asks for a graceful end, the second one does not wait for it.
async fn run(config: Config, coalescing: Coalescing) -> Result<(), ManagerError> {
    let mut signals = Signals::listen().map_err(ManagerError::Signals)?;
    let stop = CancellationToken::new();
    let controllers = controllers(&config);
    let running = mainstay_runtime::run(settings(config), controllers, coalescing, stop.clone());
    tokio::pin!(running);
    loop {
        tokio::select! {
            ended = &mut running => return match ended? {
                Ended::Stopped => Ok(()),
                Ended::LeadershipLost => Err(ManagerError::LeaseLost),
            },
            signal = signals.next() => {
                if stop.is_cancelled() {
                    return Err(ManagerError::Impatience);
                }
                tracing::info!(signal, "asked to stop");
                stop.cancel();
            }
        }
    }
}

/// What the runtime is told.
fn settings(config: Config) -> Settings {
    let rivals = rivals(&config);
    Settings {
        kubeconfig: config.kubeconfig,
        server: config.server,
        listen_address: config.listen_address,
        leader_election: config.leader_election.map(|election| mainstay_runtime::LeaderElection {
            lease: ObjectName::new(election.namespace, election.name),
            identity: election.identity,
            times: election.times,
        }),
        concurrent_writes: config.concurrent_writes,
        retry_cap: config.retry_cap,
        request_timeout: config.request_timeout,
        shutdown_timeout: config.shutdown_timeout,
        audit_interval: Some(config.audit_interval),
        rivals,
        seed: config.seed,
    }
}

/// The controllers that are not off. What none of them needs is not watched.
fn controllers(config: &Config) -> Vec<Box<dyn Controller + Send>> {
    config.controllers.modes.keys().filter_map(|name| controller(name, config)).collect()
}

/// The controller of that canonical name.
fn controller(name: &str, config: &Config) -> Option<Box<dyn Controller + Send>> {
    match name {
        ENDPOINTS => {
            let batch_period = config.endpoint_updates_batch_period;
            Some(Box::new(Endpoints::new(subsets::Settings { batch_period })))
        }
        ENDPOINT_SLICES => {
            let settings = slices::Settings {
                max_endpoints_per_slice: config.max_endpoints_per_slice,
                batch_period: config.endpointslice_updates_batch_period,
            };
            Some(Box::new(EndpointSlices::new(settings)))
        }
        ENDPOINT_SLICE_MIRRORING => {
            let settings = mirroring::Settings {
                max_endpoints_per_subset: config.mirroring_max_endpoints_per_subset,
                batch_period: config.mirroring_endpointslice_updates_batch_period,
            };
            Some(Box::new(EndpointSliceMirroring::new(settings)))
        }
        REPLICATION_CONTROLLER => {
            let burst = config.replication_burst;
            Some(Box::new(ReplicationControllers::new(mainstay_replication::Settings { burst })))
        }
        SIDECAR_WORKLOAD => Some(Box::new(SidecarWorkloads::default())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use mainstay_model::Kind;

    use super::*;

    fn config(controllers: &'static str) -> Config {
        let flags = BTreeMap::from([
            ("controllers", controllers.to_owned()),
            ("leader-elect-resource-namespace", "mainstay-system".to_owned()),
        ]);
        config::load(&flags, &Surroundings::default()).unwrap().config
    }

    #[test]
    fn every_controller_that_is_on_is_started_under_its_own_name() {
        for list in [
            "*",
            "replicationcontroller",
            "endpoint",
            "endpointslice,endpointslicemirroring",
            "*,-endpointslice",
            "-replicationcontroller",
        ] {
            let config = config(list);
            let started: Vec<&str> =
                controllers(&config).iter().map(|controller| controller.name()).collect();
            assert_eq!(started, config.controllers.modes.keys().copied().collect::<Vec<_>>(), "{list}");
        }
    }

    #[test]
    fn what_no_controller_needs_is_not_watched() {
        let kinds = |list| -> BTreeSet<Kind> {
            let mut kinds = BTreeSet::new();
            for controller in controllers(&config(list)) {
                kinds.extend(controller.kinds());
                kinds.extend(controller.helpful_kinds());
            }
            kinds
        };
        assert_eq!(
            kinds("replicationcontroller"),
            [Kind::Pod, Kind::ReplicationController, Kind::ResourceQuota].into()
        );
        assert_eq!(kinds("endpoint"), [Kind::Service, Kind::Pod, Kind::Endpoints].into());
        assert_eq!(
            kinds("endpointslice"),
            [Kind::Service, Kind::Pod, Kind::Node, Kind::EndpointSlice].into()
        );
        assert_eq!(
            kinds("endpointslicemirroring"),
            [Kind::Service, Kind::Endpoints, Kind::EndpointSlice].into()
        );
        assert_eq!(kinds("-replicationcontroller"), BTreeSet::new());
    }

    #[test]
    fn the_runtime_has_the_same_defaults() {
        let (ours, theirs) = (settings(config("*")), Settings::default());
        let common = |settings: &Settings| {
            (
                settings.listen_address,
                settings.concurrent_writes,
                settings.retry_cap,
                settings.request_timeout,
                settings.shutdown_timeout,
                settings.audit_interval,
            )
        };
        assert_eq!(common(&ours), common(&theirs));
        assert_eq!(ours.leader_election.unwrap().lease.to_string(), "mainstay-system/mainstay");
        let rivals = ours.rivals.unwrap();
        assert_eq!(rivals.canary.to_string(), "mainstay-system/mainstay-canary");
        assert_eq!(
            rivals.controllers,
            [ENDPOINTS, ENDPOINT_SLICES, ENDPOINT_SLICE_MIRRORING, REPLICATION_CONTROLLER].into()
        );
        assert_eq!(settings(config("replicationcontroller")).rivals, None);
        let config = config("*");
        assert_eq!(config.replication_burst, mainstay_replication::Settings::default().burst);
        assert_eq!(config.max_endpoints_per_slice, slices::Settings::default().max_endpoints_per_slice);
        assert_eq!(
            config.mirroring_max_endpoints_per_subset,
            mirroring::Settings::default().max_endpoints_per_subset
        );
    }
}
