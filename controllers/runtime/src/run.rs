//! From settings to a running controller-manager, and to its end.

mod hands;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::back_off::BackOff;
use mainstay_engine::brain::report::BrainReport;
use mainstay_engine::brain::{Brain, BrainSettings};
use mainstay_engine::list_watch::ListWatchSettings;
use mainstay_engine::random::Random;
use mainstay_engine::{Controller, Input, Moment, Source};
use mainstay_model::Kind;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::brain_loop::{BrainLoop, Ended, Finished};
use crate::clock::Clock;
use crate::connection::{ConnectionError, ConnectionSettings, Connections, Lane};
use crate::elector::{Elector, ElectorError, Leadership};
use crate::executor::{Executor, ExecutorSettings};
use crate::health::{self, HealthState};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::source::{SourceTask, run_source};
use crate::threads::Coalescing;
use hands::Hands;

/// Inputs from watches that wait for the brain; more slow the watches down.
const WAITING_INPUTS: usize = 8192;
/// For how long a server may go on with a request of which we no longer wait for the answer: kube-apiserver's own limit.
const SERVER_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// What is added to that, for clocks and queues on the way.
const SETTLE_MARGIN: Duration = Duration::from_secs(30);
/// The least time that events are given at the end.
const LEAST_FLUSH_TIME: Duration = Duration::from_millis(500);
/// How long giving back the lease may take.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the process cannot run, or cannot go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// Two metrics have the same name.
    #[error("cannot set up metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Metrics and health checks cannot be served.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not known how to reach the apiserver.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// No leader election.
    #[error(transparent)]
    Elector(#[from] ElectorError),
    /// No thread for the brain.
    #[error("cannot start the thread of the brain: {0}")]
    BrainThread(std::io::Error),
    /// The brain has panicked: what it knew is gone, and only a new process can go on.
    #[error("the brain has panicked")]
    BrainPanicked,
    /// A task that is to run for ever has ended.
    #[error("a watch or the health server has ended unexpectedly")]
    TaskEnded,
}

/// What runs beside the brain.
struct Surroundings {
    connections: Connections,
    clock: Clock,
    metrics: Metrics,
    /// Sources and the health server: none of them ends by itself.
    tasks: JoinSet<()>,
}

/// Who leads: an elector's finding, or this process without asking.
enum Election {
    Elected(Elector),
    /// Holds the sender, since a closed channel says that the elector has died.
    Unasked(
        #[expect(dead_code, reason = "kept open")] watch::Sender<Leadership>,
        watch::Receiver<Leadership>,
    ),
}

/// Runs these controllers until `stop`, or until leadership is lost. To be called inside a runtime that [`crate::threads::start`] has started
/// with the same `coalescing`.
pub async fn run(
    settings: Settings,
    controllers: Vec<Box<dyn Controller + Send>>,
    coalescing: Coalescing,
    stop: CancellationToken,
) -> Result<Ended, RunError> {
    let clock = Clock::start();
    let mut metrics = Metrics::new()?;
    for controller in &controllers {
        metrics.queue(controller.queue());
        metrics.declare(controller.metrics())?;
    }
    let address = settings.listen_address;
    let listening = |source| RunError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listening)?;
    let connections = Connections::open(&ConnectionSettings {
        kubeconfig: settings.kubeconfig.clone(),
        server: settings.server.clone(),
        observer: Arc::new(metrics.clone()),
        ..ConnectionSettings::default()
    })
    .await?;
    let mut random = Random::new(settings.seed);
    let election = start_election(&settings, &connections, clock, &metrics, random.next_number())?;
    let mut surroundings = Surroundings { connections, clock, metrics, tasks: JoinSet::new() };
    let report = surroundings.serve_health(listener, election.leadership());

    let (inputs, waiting_inputs) = mpsc::channel(WAITING_INPUTS);
    let (answers, waiting_answers) = mpsc::unbounded_channel();
    let sources = sources_of(&controllers);
    let relists = surroundings.start_sources(&sources, &inputs, &mut random);
    let executor = Executor::new(
        &surroundings.connections,
        answers,
        clock,
        ExecutorSettings { request_timeout: settings.request_timeout, ..ExecutorSettings::default() },
        Arc::new(surroundings.metrics.clone()),
    );
    let brain_settings = brain_settings(&settings, random.next_number());
    let meter = Box::new(surroundings.metrics.clone());
    let metrics = surroundings.metrics.clone();
    let end_of_brain = CancellationToken::new();
    let brain = BrainLoop {
        brain: Brain::new(brain_settings, controllers, sources, meter),
        clock,
        inputs: waiting_inputs,
        answers: waiting_answers,
        leadership: election.leadership(),
        stop: end_of_brain.clone(),
        drain_timeout: settings.shutdown_timeout,
        coalescing,
        hands: Hands { executor, relists },
        observe: move |found: &BrainReport| {
            for controller in &found.controllers {
                metrics.running(controller.name, controller.active);
            }
            report.send_replace(Some(found.clone()));
        },
    };
    let finished = start_brain(brain)?;
    surroundings.wait(finished, &stop, &end_of_brain).await?.end(&settings, election, surroundings).await
}

fn start_election(
    settings: &Settings,
    connections: &Connections,
    clock: Clock,
    metrics: &Metrics,
    seed: u64,
) -> Result<Election, RunError> {
    let Some(candidacy) = &settings.leader_election else {
        tracing::info!("leader election is off: this process leads");
        let for_ever = Leadership::Leading { until: Moment(Duration::MAX) };
        let (publish, leadership) = watch::channel(for_ever);
        return Ok(Election::Unasked(publish, leadership));
    };
    let channel = connections.channel(Lane::Lease);
    Ok(Election::Elected(Elector::start(candidacy, channel, clock, metrics.clone(), seed)?))
}

impl Election {
    fn leadership(&self) -> watch::Receiver<Leadership> {
        match self {
            Election::Elected(elector) => elector.leadership.clone(),
            Election::Unasked(_, leadership) => leadership.clone(),
        }
    }
}

/// The kinds that any controller needs or is helped by, each once.
fn sources_of(controllers: &[Box<dyn Controller + Send>]) -> Vec<Source> {
    let needed = controllers.iter().flat_map(|controller| controller.kinds());
    let helpful = controllers.iter().flat_map(|controller| controller.helpful_kinds());
    let kinds: BTreeSet<Kind> = needed.chain(helpful).copied().collect();
    kinds.into_iter().map(Source::everywhere).collect()
}

fn brain_settings(settings: &Settings, seed: u64) -> BrainSettings {
    let defaults = BrainSettings::default();
    let settle_time = settings.request_timeout.max(SERVER_REQUEST_TIMEOUT).saturating_add(SETTLE_MARGIN);
    BrainSettings {
        concurrent_writes: settings.concurrent_writes,
        back_off: BackOff { cap: settings.retry_cap, ..defaults.back_off },
        settle_time,
        audit_interval: settings.audit_interval,
        rivals: settings.rivals.clone(),
        seed,
        ..defaults
    }
}

/// Gives the brain a thread of its own: nothing that it does can delay a request, and no request can delay it.
fn start_brain<R>(brain: BrainLoop<Hands, R>) -> Result<oneshot::Receiver<Finished<Hands>>, RunError>
where
    R: FnMut(&BrainReport) + Send + 'static,
{
    let runtime = Handle::current();
    let (finish, finished) = oneshot::channel();
    let thread = std::thread::Builder::new().name("brain".to_owned());
    thread
        .spawn(move || {
            // Nobody waits for it where the process ends for another reason.
            let _ = finish.send(runtime.block_on(brain.run()));
        })
        .map_err(RunError::BrainThread)?;
    Ok(finished)
}

impl Surroundings {
    fn serve_health(
        &mut self,
        listener: TcpListener,
        leadership: watch::Receiver<Leadership>,
    ) -> watch::Sender<Option<BrainReport>> {
        let (publish, report) = watch::channel(None);
        let state = HealthState { clock: self.clock, metrics: self.metrics.clone(), report, leadership };
        self.tasks.spawn(health::serve(listener, state, health::Limits::default()));
        publish
    }

    /// Starts a task for each source; returns where each hears that it is to list again.
    fn start_sources(
        &mut self,
        sources: &[Source],
        inputs: &mpsc::Sender<(Moment, Input)>,
        random: &mut Random,
    ) -> Vec<(Source, mpsc::Sender<()>)> {
        let mut relists = Vec::new();
        for source in sources {
            let (relist, relist_requests) = mpsc::channel(1);
            let task = SourceTask {
                source: source.clone(),
                channel: self.connections.channel(Lane::Watches),
                inputs: inputs.clone(),
                clock: self.clock,
                settings: ListWatchSettings::default(),
                seed: random.next_number(),
                observer: Arc::new(self.metrics.clone()),
            };
            self.tasks.spawn(run_source(task, relist_requests, CancellationToken::new()));
            relists.push((source.clone(), relist));
        }
        relists
    }

    /// Waits for the end of the brain, and brings it about when it is time.
    async fn wait(
        &mut self,
        mut finished: oneshot::Receiver<Finished<Hands>>,
        stop: &CancellationToken,
        end_of_brain: &CancellationToken,
    ) -> Result<Finished<Hands>, RunError> {
        tokio::select! {
            biased;
            finished = &mut finished => return finished.map_err(|_| RunError::BrainPanicked),
            () = stop.cancelled() => tracing::info!("stopping"),
            Some(_) = self.tasks.join_next() => {
                end_of_brain.cancel();
                return Err(RunError::TaskEnded);
            }
        }
        end_of_brain.cancel();
        finished.await.map_err(|_| RunError::BrainPanicked)
    }
}

impl Finished<Hands> {
    /// Leaves in order: events first, then the lease, so that nobody else writes before we have ended.
    async fn end(
        self,
        settings: &Settings,
        election: Election,
        mut surroundings: Surroundings,
    ) -> Result<Ended, RunError> {
        let Finished { ended, drained, drain_time_left, hands, inputs: _inputs } = self;
        if ended == Ended::LeadershipLost {
            return Ok(ended);
        }
        hands.executor.flush_events(drain_time_left.max(LEAST_FLUSH_TIME)).await;
        match election {
            Election::Elected(elector) if drained => {
                let release = tokio::time::timeout(RELEASE_TIMEOUT, elector.release());
                if release.await.is_err() {
                    tracing::warn!("the lease could not be given back in time, and runs out");
                }
            }
            Election::Elected(_) => tracing::warn!(
                timeout = ?settings.shutdown_timeout,
                "writes are still unanswered: the lease is not given back, and runs out"
            ),
            Election::Unasked(..) => {}
        }
        surroundings.tasks.shutdown().await;
        tracing::info!("stopped");
        Ok(ended)
    }
}
