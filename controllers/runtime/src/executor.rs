//! Performs the brain's effects. What comes in is sent at once: whoever must wait, waits in the brain.
//!
//! Each request runs in a task of its own and is answered by exactly one input, even if the task panics or is cancelled.

mod audit;
mod event_sink;
mod owed_answer;
mod rivals;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_engine::{Effect, Input, Moment, ReadId, Source, WriteId};
use mainstay_model::{
    CreatePod, PodSpec, PodTemplate, Read, ReadOutcome, ResourceVersion, Write, WriteOutcome,
};
use mainstay_wire::{answer, pod_spec, request};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::connection::{Channel, Connections, Lane, SendError};
use event_sink::EventSink;
use owed_answer::OwedAnswer;

/// How requests are performed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorSettings {
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// Objects per page of an audit.
    pub audit_page: u32,
    /// The pause between two pages of an audit.
    pub audit_pause: Duration,
    /// Kubernetes events that wait to be sent, before the oldest are dropped.
    pub waiting_events: usize,
    /// Kubernetes events that are sent at a time.
    pub concurrent_events: usize,
    /// How often an event is tried.
    pub event_attempts: u32,
    /// The first pause between two tries of an event; doubled for each further one.
    pub event_pause: Duration,
}

impl Default for ExecutorSettings {
    fn default() -> Self {
        ExecutorSettings {
            request_timeout: Duration::from_secs(60),
            audit_page: 500,
            audit_pause: Duration::from_millis(50),
            waiting_events: 1024,
            concurrent_events: 4,
            event_attempts: 3,
            event_pause: Duration::from_secs(1),
        }
    }
}

/// Receives what the executor counts. Called from many tasks.
pub trait ExecutorObserver: Send + Sync {
    /// Kubernetes events that were given up, because too many waited or the server did not take them.
    fn events_dropped(&self, count: u64);
    /// A write has left that is the first answer to a change, so long after the change had arrived.
    fn change_answered(&self, after: Duration);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExecutorObserver;

impl ExecutorObserver for NoExecutorObserver {
    fn events_dropped(&self, _count: u64) {}
    fn change_answered(&self, _after: Duration) {}
}

/// Performs effects. To be made inside a runtime, whose threads then do the work.
pub struct Executor {
    runtime: Handle,
    performer: Performer,
    writes: Channel,
    reads: Channel,
    audits: Channel,
    events: EventSink,
    /// The template of the last pod whose spec was JSON, and the one that is sent in its place: of one, many pods are made in a row.
    encoded: Option<(Arc<PodTemplate>, Arc<PodTemplate>)>,
}

/// A write that is to be sent, as [`Effect::Write`] has it.
struct Dispatch {
    id: WriteId,
    write: Write,
    deadline: Moment,
    changed: Option<Moment>,
}

/// What every task needs.
#[derive(Clone)]
struct Performer {
    /// Not bounded: there are never more answers than requests, and those are bounded by the brain.
    answers: mpsc::UnboundedSender<Input>,
    clock: Clock,
    settings: ExecutorSettings,
    observer: Arc<dyn ExecutorObserver>,
}

impl Executor {
    /// An executor whose answers go to `answers`.
    pub fn new(
        connections: &Connections,
        answers: mpsc::UnboundedSender<Input>,
        clock: Clock,
        settings: ExecutorSettings,
        observer: Arc<dyn ExecutorObserver>,
    ) -> Executor {
        Executor {
            runtime: Handle::current(),
            performer: Performer { answers, clock, settings, observer: Arc::clone(&observer) },
            writes: connections.channel(Lane::Writes),
            reads: connections.channel(Lane::Reads),
            audits: connections.channel(Lane::Audits),
            events: EventSink::start(connections.channel(Lane::Events), settings, observer),
            encoded: None,
        }
    }

    /// Performs an effect; gives back those that are not for an executor ([`Effect::Relist`], [`Effect::Notice`]). Never waits.
    pub fn perform(&mut self, effect: Effect) -> Option<Effect> {
        let performer = self.performer.clone();
        match effect {
            Effect::Write { id, write, deadline, changed } => {
                let owed = performer.owed(Input::Write {
                    id,
                    outcome: WriteOutcome::Unknown {
                        message: "the task of the request has ended".to_owned(),
                    },
                    took: Duration::ZERO,
                });
                let channel = self.writes.clone();
                let write = self.encode(write);
                let dispatch = Dispatch { id, write, deadline, changed };
                self.runtime.spawn(performer.write(owed, channel, dispatch));
            }
            Effect::Read { id, read } => {
                let outcome = ReadOutcome::Failed { message: "the task of the request has ended".to_owned() };
                let owed = performer.owed(Input::Read { id, outcome });
                self.runtime.spawn(performer.read(owed, self.reads.clone(), id, read));
            }
            Effect::ReadNewestVersion { source, asked } => {
                let unknown = Input::NewestVersion { source: source.clone(), asked, version: None };
                let owed = performer.owed(unknown);
                self.runtime.spawn(performer.read_newest_version(owed, self.reads.clone(), source, asked));
            }
            Effect::Rivals(request) => {
                let unanswered = request.unanswered("the task of the request has ended");
                let owed = performer.owed(Input::Rivals(unanswered));
                self.runtime.spawn(rivals::run(owed, self.reads.clone(), request));
            }
            Effect::Audit(source) => {
                let owed = performer.owed(Input::AuditFailed(source.clone()));
                self.runtime.spawn(audit::run(owed, self.audits.clone(), performer.settings, source));
            }
            Effect::Event(record) => self.events.offer(record),
            other @ (Effect::Relist(_) | Effect::Notice(_)) => return Some(other),
        }
        None
    }

    /// A pod's template in protobuf, if it can be had; other writes as they are.
    fn encode(&mut self, mut write: Write) -> Write {
        if let Write::CreatePod(CreatePod { template, .. }) = &mut write
            && let PodSpec::Json(_) = &template.spec
        {
            let known = self.encoded.take().filter(|(plain, _)| Arc::ptr_eq(plain, template));
            let (_, encoded) = self.encoded.insert(known.unwrap_or_else(|| {
                let encoded = pod_spec::in_protobuf(template).map_or_else(|| Arc::clone(template), Arc::new);
                (Arc::clone(template), encoded)
            }));
            *template = Arc::clone(encoded);
        }
        write
    }

    /// Lets the events that wait be sent, for as long as that.
    pub async fn flush_events(self, within: Duration) {
        self.events.finish(within).await;
    }
}

impl Performer {
    fn owed(&self, otherwise: Input) -> OwedAnswer {
        OwedAnswer::new(self.answers.clone(), otherwise)
    }

    async fn write(self, owed: OwedAnswer, channel: Channel, dispatch: Dispatch) {
        let Dispatch { id, write, deadline, changed } = dispatch;
        let began = Instant::now();
        let request = request::write(&write);
        // The channel looks at the clock when the connection takes the request, which is later than now.
        let send_by = self.clock.instant(deadline);
        let sent = channel.send_before(request, send_by, began + self.settings.request_timeout).await;
        if let (Ok(answer), Some(changed)) = (&sent, changed)
            && let Some(left) = answer.request_left
        {
            self.observer.change_answered(left.saturating_duration_since(self.clock.instant(changed)));
        }
        let outcome = match sent {
            Ok(answer) => answer::outcome(&write, answer.code, answer.retry_after, &answer.body),
            Err(SendError::NotSent(message)) => WriteOutcome::NotSent { message },
            Err(SendError::Lost(message)) => WriteOutcome::Unknown { message },
        };
        owed.pay(Input::Write { id, outcome, took: began.elapsed() });
    }

    async fn read(self, owed: OwedAnswer, channel: Channel, id: ReadId, read: Read) {
        let answer_by = Instant::now() + self.settings.request_timeout;
        let outcome = match channel.send(request::read(&read), answer_by).await {
            Ok(answer) => answer::read(read.kind, answer.code, &answer.body),
            Err(error) => ReadOutcome::Failed { message: error.to_string() },
        };
        owed.pay(Input::Read { id, outcome });
    }

    async fn read_newest_version(self, owed: OwedAnswer, channel: Channel, source: Source, asked: Moment) {
        let answer_by = Instant::now() + self.settings.request_timeout;
        let request = request::newest_version(source.kind, source.namespace.as_deref());
        let version = match channel.send(request, answer_by).await {
            Ok(answer) if answer.code == 200 => newest_version(&answer.body),
            // The source has said that the kind is missing.
            Ok(answer) if answer.code == 404 && source.kind.is_custom() => None,
            Ok(answer) => {
                let status = answer::status(answer.code, &answer.body);
                tracing::warn!(kind = %source.kind, code = status.code, reason = status.message, "no newest version");
                None
            }
            // It is asked again each second, and the watch of the same server has said that it is interrupted.
            Err(error) => {
                tracing::debug!(kind = %source.kind, %error, "no newest version");
                None
            }
        };
        owed.pay(Input::NewestVersion { source, asked, version });
    }
}

fn newest_version(body: &[u8]) -> Option<ResourceVersion> {
    answer::newest_version(body)
        .inspect_err(|error| tracing::warn!(%error, "the newest version cannot be read"))
        .ok()
}
