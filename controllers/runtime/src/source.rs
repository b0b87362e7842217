//! One source: the requests of a list and watch, as [`mainstay_engine::list_watch`] decides them, and what they deliver to the brain.

mod unreadable_log;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_engine::list_watch::{End, ListWatch, ListWatchSettings, ServerRefusal, Step};
use mainstay_engine::{Input, Listing, Moment, Source, SourceEvent};
use mainstay_model::{Kind, ResourceVersion};
use mainstay_wire::{Frame, FrameDecoder, ServerStatus, answer, list, request};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::connection::{AnswerStream, Channel, SendError};
use unreadable_log::UnreadableLog;

/// How long the first line of an answer, or the body of a refusal, may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Receives what sources count. Called from the tasks of all sources.
pub trait SourceObserver: Send + Sync {
    /// Objects that came and could not be read.
    fn objects_unreadable(&self, kind: Kind, count: u64);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSourceObserver;

impl SourceObserver for NoSourceObserver {
    fn objects_unreadable(&self, _kind: Kind, _count: u64) {}
}

/// A source, before it runs.
pub struct SourceTask {
    /// What is watched.
    pub source: Source,
    /// How the server is reached; of the lane `Watches`.
    pub channel: Channel,
    /// The brain, with the moment when each input arrived. A full channel slows the watch down, nothing more.
    pub inputs: mpsc::Sender<(Moment, Input)>,
    /// The clock of the moments in lists.
    pub clock: Clock,
    /// Times.
    pub settings: ListWatchSettings,
    /// Scatters waits and timeouts; different in each process and for each source.
    pub seed: u64,
    /// Who is told of what cannot be read.
    pub observer: Arc<dyn SourceObserver>,
}

/// What came of a step.
enum Performed {
    /// A wait is over, or a paged list is delivered.
    Done,
    /// A request has ended, and why for people.
    Ended(End, Duration, String),
    /// Nobody listens any more.
    BrainGone,
}

/// The brain's end of the channel is closed.
struct BrainGone;

/// Runs a source until `stop`, or until nobody listens. Each message in `relist` asks for a new list at once; several that wait
/// are one.
pub async fn run_source(task: SourceTask, mut relist: mpsc::Receiver<()>, stop: CancellationToken) {
    let mut machine = ListWatch::new(task.settings, task.seed);
    let mut running = Running {
        unreadable: UnreadableLog::new(task.source.kind),
        arrived: task.clock.moment(),
        kind_is_missing: false,
        task,
    };
    loop {
        let step = machine.next_step();
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Some(()) = relist.recv() => {
                while relist.try_recv().is_ok() {}
                machine.relist();
            }
            performed = running.perform(&mut machine, step) => {
                let told = match performed {
                    Performed::Done => Ok(()),
                    Performed::Ended(end, lasted, words) => {
                        running.ended(&mut machine, &end, lasted, &words).await
                    }
                    Performed::BrainGone => Err(BrainGone),
                };
                if told.is_err() {
                    return;
                }
            }
        }
    }
}

struct Running {
    task: SourceTask,
    /// When the last piece of an answer arrived.
    arrived: Moment,
    unreadable: UnreadableLog,
    /// Whether the log says that the server does not know the kind, and no list has come since.
    kind_is_missing: bool,
}

impl Running {
    async fn perform(&mut self, machine: &mut ListWatch, step: Step) -> Performed {
        let began = Instant::now();
        let performed = match step {
            Step::Wait(delay) => {
                tokio::time::sleep(delay).await;
                return Performed::Done;
            }
            Step::List { page, complete_within } => self.list(machine, page, began + complete_within).await,
            Step::WatchList { timeout, complete_within, silence } => {
                self.watch(machine, None, timeout, silence, began + complete_within).await
            }
            Step::Watch { from, timeout, silence } => {
                self.watch(machine, Some(from), timeout, silence, began + silence).await
            }
        };
        match performed {
            Ok(None) => Performed::Done,
            Ok(Some((end, words))) => Performed::Ended(end, began.elapsed(), words),
            Err(BrainGone) => Performed::BrainGone,
        }
    }

    /// All pages of a list, delivered as one; `None` when that has worked.
    async fn list(
        &mut self,
        machine: &mut ListWatch,
        page_size: Option<u32>,
        complete_by: Instant,
    ) -> Result<Option<(End, String)>, BrainGone> {
        let Source { kind, namespace } = self.task.source.clone();
        let mut listing = self.empty_listing();
        let mut token: Option<String> = None;
        loop {
            let request = request::list(kind, namespace.as_deref(), page_size, token.as_deref());
            let answer = match self.task.channel.send(request, complete_by).await {
                Ok(answer) => answer,
                Err(error) => return Ok(Some((End::Lost, error.to_string()))),
            };
            self.arrived = self.task.clock.moment();
            if answer.code != 200 {
                return Ok(Some(refused(answer::status(answer.code, &answer.body), answer.retry_after)));
            }
            let page = match list::decode(kind, &answer.body) {
                Ok(page) => page,
                Err(error) => return Ok(Some((End::Garbled, error.to_string()))),
            };
            listing.objects.extend(page.objects);
            for (object, error) in page.unreadable {
                self.log_unreadable(object.as_ref(), &error);
                listing.unreadable.extend(object);
            }
            listing.version = page.version;
            token = page.continue_token;
            if token.is_none() {
                let version = listing.version;
                self.tell(SourceEvent::Listed(listing)).await?;
                machine.listed(version);
                return Ok(None);
            }
        }
    }

    /// A watch until it ends, with the initial state where it does not start from a version.
    async fn watch(
        &mut self,
        machine: &mut ListWatch,
        from: Option<ResourceVersion>,
        timeout: Duration,
        silence: Duration,
        complete_by: Instant,
    ) -> Result<Option<(End, String)>, BrainGone> {
        let Source { kind, namespace } = self.task.source.clone();
        let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
        let mut listing = from.is_none().then(|| self.empty_listing());
        let request = match from {
            Some(version) => request::watch(kind, namespace.as_deref(), version, seconds),
            None => request::watch_list(kind, namespace.as_deref(), seconds),
        };
        let answer_by = complete_by.min(Instant::now() + ANSWER_TIMEOUT);
        let mut stream = match self.task.channel.stream(request, answer_by).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Some((End::Lost, error.to_string()))),
        };
        if stream.code() != 200 {
            return Ok(Some(refusal_of(stream).await));
        }
        let mut decoder = FrameDecoder::new(kind);
        loop {
            loop {
                match decoder.next() {
                    Ok(Some(Frame::Error(status))) => return Ok(Some(refused(status, None))),
                    Ok(Some(frame)) => self.take(machine, &mut listing, frame).await?,
                    Ok(None) => break,
                    Err(error) => return Ok(Some((End::Garbled, error.to_string()))),
                }
            }
            let silent_at = Instant::now() + silence;
            let limit = if listing.is_some() { silent_at.min(complete_by) } else { silent_at };
            let end = match tokio::time::timeout_at(limit.into(), stream.next()).await {
                Ok(Ok(Some(bytes))) => {
                    self.arrived = self.task.clock.moment();
                    decoder.push(bytes);
                    continue;
                }
                Ok(Ok(None)) if decoder.is_inside_frame() => (End::Lost, "cut off inside a frame".to_owned()),
                Ok(Ok(None)) => (End::Closed, "closed by the server".to_owned()),
                Ok(Err(error)) => (End::Lost, error.to_string()),
                Err(_) if listing.is_some() => {
                    (End::Silent, "the initial state is not complete in time".to_owned())
                }
                Err(_) => (End::Silent, format!("nothing was heard for {silence:?}")),
            };
            return Ok(Some(end));
        }
    }

    /// One frame: into the list as long as there is one, else to the brain.
    async fn take(
        &mut self,
        machine: &mut ListWatch,
        listing: &mut Option<Listing>,
        frame: Frame,
    ) -> Result<(), BrainGone> {
        if let Frame::Unreadable { object, error, .. } = &frame {
            self.log_unreadable(object.as_ref(), error);
        }
        let Some(initial) = listing else {
            let (version, event) = match frame {
                Frame::Applied(object) => (object.meta().version, SourceEvent::Applied(object)),
                Frame::Deleted(tombstone) => (tombstone.version, SourceEvent::Deleted(tombstone)),
                // What could not be read is skipped, and the versions go on: gates must not wait for it for ever.
                Frame::Bookmark { version, .. } | Frame::Unreadable { version: Some(version), .. } => {
                    (version, SourceEvent::Progress(version))
                }
                Frame::Unreadable { version: None, .. } | Frame::Error(_) => return Ok(()),
            };
            self.tell(event).await?;
            machine.progressed(version);
            return Ok(());
        };
        match frame {
            Frame::Applied(object) => initial.objects.push(object),
            Frame::Deleted(tombstone) => {
                initial.objects.retain(|object| object.meta().uid != tombstone.uid);
            }
            Frame::Unreadable { object, .. } => initial.unreadable.extend(object),
            Frame::Bookmark { version, initial_events_end: true } => {
                if let Some(mut complete) = listing.take() {
                    complete.version = version;
                    self.tell(SourceEvent::Listed(complete)).await?;
                    machine.listed(version);
                }
            }
            Frame::Bookmark { initial_events_end: false, .. } | Frame::Error(_) => {}
        }
        Ok(())
    }

    async fn ended(
        &mut self,
        machine: &mut ListWatch,
        end: &End,
        lasted: Duration,
        words: &str,
    ) -> Result<(), BrainGone> {
        let newly_interrupted = machine.ended(end, lasted);
        let source = name(&self.task.source);
        match end {
            End::Refused(ServerRefusal { code: code @ (401 | 403), .. }) => {
                tracing::error!(source, code, reason = words, "not allowed to list and watch; trying again");
            }
            End::Refused(ServerRefusal { code: 404, .. })
                if self.task.source.kind.is_custom() && !self.kind_is_missing =>
            {
                self.kind_is_missing = true;
                tracing::error!(source, "{}", missing_kind(self.task.source.kind));
            }
            End::Closed => tracing::debug!(source, ?lasted, "a watch has ended"),
            _ if newly_interrupted => {
                tracing::warn!(source, reason = words, "a list or watch is interrupted")
            }
            _ => tracing::debug!(source, reason = words, "a list or watch is still interrupted"),
        }
        if newly_interrupted { self.tell(SourceEvent::Interrupted).await } else { Ok(()) }
    }

    async fn tell(&mut self, event: SourceEvent) -> Result<(), BrainGone> {
        self.kind_is_missing &= !matches!(event, SourceEvent::Listed(_));
        let input = Input::Source(self.task.source.clone(), event);
        self.task.inputs.send((self.arrived, input)).await.map_err(|_| BrainGone)
    }

    fn empty_listing(&self) -> Listing {
        let begun: Moment = self.task.clock.now().moment;
        Listing { objects: Vec::new(), unreadable: Vec::new(), version: ResourceVersion::default(), begun }
    }

    fn log_unreadable(
        &mut self,
        object: Option<&mainstay_model::ObjectName>,
        error: &mainstay_wire::DecodeError,
    ) {
        self.task.observer.objects_unreadable(self.task.source.kind, 1);
        self.unreadable.log(Instant::now(), object, error);
    }
}

/// What to say of a kind that nobody has installed, and what helps.
fn missing_kind(kind: Kind) -> String {
    let (kind, plural, api_version) = (kind.name(), kind.plural(), kind.api_version());
    let group = api_version.split('/').next().unwrap_or(api_version);
    format!(
        "the cluster has no CustomResourceDefinition {plural}.{group}, so that no {kind} can be made and none is \
         looked after; install it with the chart, or with `kubectl apply -f` of Mainstay's CRDs. Other controllers \
         go on; this is tried again, and works as soon as the definition is there"
    )
}

fn refused(status: ServerStatus, retry_after: Option<Duration>) -> (End, String) {
    let words = format!("{} {}: {}", status.code, status.reason, status.message);
    let refusal = ServerRefusal {
        code: status.code,
        reason: status.reason,
        cause_reasons: status.cause_reasons,
        retry_after: retry_after.or(status.retry_after),
    };
    (End::Refused(refusal), words)
}

async fn refusal_of(stream: AnswerStream) -> (End, String) {
    let (code, retry_after) = (stream.code(), stream.retry_after());
    let body = match stream.collect(Instant::now() + ANSWER_TIMEOUT).await {
        Ok(answer) => answer.body,
        // The code says enough to decide on.
        Err(SendError::NotSent(_) | SendError::Lost(_)) => bytes::Bytes::new(),
    };
    refused(answer::status(code, &body), retry_after)
}

fn name(source: &Source) -> String {
    match &source.namespace {
        None => source.kind.plural().to_owned(),
        Some(namespace) => format!("{} in {namespace}", source.kind.plural()),
    }
}
