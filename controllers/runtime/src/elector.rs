//! Leader election: the state machine of the engine, driven over the lease's own connection.
//!
//! The elector lives on a thread of its own with a runtime of its own, so that no amount of other work delays a renewal.
//! What it finds is published as the newest state, not as a queue of messages: nobody can act on an old one.

use std::time::Instant;

use mainstay_engine::election::{Election, LeaseAnswer, LeaseRequest, Standing, Step};
use mainstay_engine::{Moment, Now};
use mainstay_model::ObjectName;
use mainstay_wire::{answer, request};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::connection::{Answer, Channel};
use crate::metrics::Metrics;
use crate::settings::LeaderElection;

/// Whether this process leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leadership {
    /// It does not, and may yet.
    Standby,
    /// It does.
    Leading {
        /// Until then, unless the lease is renewed before.
        until: Moment,
    },
    /// It did, and never will again.
    Lost,
}

impl Leadership {
    /// The same at a later moment: a term that was not renewed is lost, whether or not anybody has said so.
    pub fn at(self, moment: Moment) -> Leadership {
        match self {
            Leadership::Leading { until } if moment >= until => Leadership::Lost,
            same => same,
        }
    }
}

/// The lease in the apiserver.
pub(crate) trait Leases {
    /// Sends one request and waits for the answer until `answer_by`.
    async fn perform(&self, request: LeaseRequest, answer_by: Instant) -> LeaseAnswer;
}

/// The lease of that name, over that channel.
pub(crate) struct LeaseChannel {
    pub(crate) channel: Channel,
    pub(crate) lease: ObjectName,
}

/// The running elector.
#[derive(Debug)]
pub(crate) struct Elector {
    /// Whether this process leads.
    pub(crate) leadership: watch::Receiver<Leadership>,
    release: CancellationToken,
    ended: oneshot::Receiver<()>,
}

/// The elector could not be started.
#[derive(Debug, Error)]
#[error("cannot start the thread of the leader election: {0}")]
pub struct ElectorError(#[from] std::io::Error);

impl Elector {
    /// Starts to stand for election.
    pub(crate) fn start(
        settings: &LeaderElection,
        channel: Channel,
        clock: Clock,
        metrics: Metrics,
        seed: u64,
    ) -> Result<Elector, ElectorError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (publish, leadership) = watch::channel(Leadership::Standby);
        let (end, ended) = oneshot::channel();
        let release = CancellationToken::new();
        let released = release.clone();
        let election = Election::new(settings.times, settings.identity.clone(), seed);
        let leases = LeaseChannel { channel, lease: settings.lease.clone() };
        let lease_name = settings.lease.name.clone();
        let request_timeout = settings.times.request_timeout();
        std::thread::Builder::new().name("elector".to_owned()).spawn(move || {
            let mut observer = Observer { publish, metrics, lease_name, holder: None };
            let elect = Elect { election, leases, clock, request_timeout, release: released };
            runtime.block_on(elect.run(|standing, now| observer.see(standing, now)));
            // Nobody waits for it where the process ends for another reason.
            let _ = end.send(());
        })?;
        Ok(Elector { leadership, release, ended })
    }

    /// Gives the lease back, and waits until that is done or has failed.
    pub(crate) async fn release(self) {
        self.release.cancel();
        // An error says that the thread has ended already.
        let _ = self.ended.await;
    }
}

/// One candidate at work.
struct Elect<L> {
    election: Election,
    leases: L,
    clock: Clock,
    request_timeout: std::time::Duration,
    release: CancellationToken,
}

impl<L: Leases> Elect<L> {
    /// Runs until leadership is lost or given back.
    async fn run(mut self, mut see: impl FnMut(Standing<'_>, Now)) {
        let mut released = false;
        loop {
            let now = self.clock.now();
            let step = self.election.next(now);
            let standing = self.election.standing(now.moment);
            see(standing, now);
            let release = self.release.cancelled();
            match step {
                Step::Done => return,
                Step::Wait { until } => tokio::select! {
                    biased;
                    () = release, if !released => {
                        released = true;
                        self.election.release(self.clock.now());
                    }
                    () = self.clock.sleep_until(until) => {}
                },
                Step::Send(request) => {
                    let answer_by = now.moment.after(self.request_timeout);
                    let answer_by = match standing {
                        Standing::Leading { until } => answer_by.min(until),
                        Standing::Following { .. } | Standing::Lost | Standing::Released => answer_by,
                    };
                    tokio::select! {
                        biased;
                        () = release, if !released => {
                            released = true;
                            self.election.release(self.clock.now());
                        }
                        answer = self.leases.perform(request, self.clock.instant(answer_by)) => {
                            self.election.answered(self.clock.now(), answer);
                        }
                    }
                }
            }
        }
    }
}

/// Tells the rest of the process, the metrics and the log.
struct Observer {
    publish: watch::Sender<Leadership>,
    metrics: Metrics,
    lease_name: mainstay_model::Name,
    holder: Option<String>,
}

impl Observer {
    fn see(&mut self, standing: Standing<'_>, now: Now) {
        let leadership = match standing {
            Standing::Following { .. } | Standing::Released => Leadership::Standby,
            Standing::Leading { until } => Leadership::Leading { until },
            Standing::Lost => Leadership::Lost,
        };
        if let Standing::Following { holder: Some(holder) } = standing
            && self.holder.as_deref() != Some(holder)
        {
            self.holder = Some(holder.to_owned());
            tracing::info!(holder, "another process leads");
        }
        let before = self.publish.send_replace(leadership);
        let leads = |leadership| matches!(leadership, Leadership::Leading { .. });
        self.metrics.leading(&self.lease_name, leads(leadership));
        match (leads(before), leadership) {
            (false, Leadership::Leading { until }) => {
                tracing::info!(term = ?until.since(now.moment), "this process leads");
            }
            (_, Leadership::Lost) => tracing::error!("leadership is lost"),
            _ => {}
        }
    }
}

impl Leases for LeaseChannel {
    async fn perform(&self, request: LeaseRequest, answer_by: Instant) -> LeaseAnswer {
        let (sent, verb) = match &request {
            LeaseRequest::Get => (request::lease_get(&self.lease), "get"),
            LeaseRequest::Create(record) => (request::lease_create(&self.lease, record), "create"),
            LeaseRequest::Update(record, version) => {
                (request::lease_update(&self.lease, record, *version), "update")
            }
        };
        match self.channel.send(sent, answer_by).await {
            Ok(answer) => read_answer(&request, &answer).unwrap_or_else(|message| {
                tracing::warn!(lease = %self.lease, verb, error = message, "the server refuses the lease");
                LeaseAnswer::Failed
            }),
            Err(error) => {
                tracing::warn!(lease = %self.lease, verb, %error, "no answer about the lease");
                LeaseAnswer::Failed
            }
        }
    }
}

/// What an answer says; a text for people where it says nothing.
fn read_answer(request: &LeaseRequest, found: &Answer) -> Result<LeaseAnswer, String> {
    if (200..300).contains(&found.code) {
        return answer::lease(&found.body).map(LeaseAnswer::Lease).map_err(|error| error.to_string());
    }
    let status = answer::status(found.code, &found.body);
    match (found.code, request) {
        (409, LeaseRequest::Create(_) | LeaseRequest::Update(..)) => Ok(LeaseAnswer::Conflict),
        // A create is answered so where its namespace is missing, and a proxy where it knows no better.
        (404, LeaseRequest::Get | LeaseRequest::Update(..)) if status.reason == "NotFound" => {
            Ok(LeaseAnswer::NotFound)
        }
        _ => Err(format!("{} {}", found.code, status.message)),
    }
}

#[cfg(test)]
#[path = "elector_tests.rs"]
mod tests;
