//! Kubernetes events on their way out: best effort, in a lane of their own, never in the way of a write.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_model::{EventForm, EventRecord};
use mainstay_wire::{answer, request};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::{ExecutorObserver, ExecutorSettings};
use crate::connection::Channel;

/// No event is worth waiting longer for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A few queues, each with one task that sends one event at a time. An event and its later counts share a queue, so that
/// they arrive in their order.
pub(super) struct EventSink {
    /// Broadcast channels with one receiver each, for what they do when they are full: they drop the oldest and say how many.
    queues: Vec<broadcast::Sender<EventRecord>>,
    tasks: JoinSet<()>,
}

impl EventSink {
    pub(super) fn start(
        channel: Channel,
        settings: ExecutorSettings,
        observer: Arc<dyn ExecutorObserver>,
    ) -> EventSink {
        let count = settings.concurrent_events.max(1);
        let capacity = (settings.waiting_events / count).max(1);
        let mut tasks = JoinSet::new();
        let queues = (0..count)
            .map(|_| {
                let (queue, waiting) = broadcast::channel(capacity);
                let delivery =
                    Delivery { channel: channel.clone(), settings, observer: Arc::clone(&observer) };
                tasks.spawn(delivery.run(waiting));
                queue
            })
            .collect();
        EventSink { queues, tasks }
    }

    /// Takes an event; if its queue is full, the oldest one in it is dropped.
    pub(super) fn offer(&self, record: EventRecord) {
        let mut hasher = DefaultHasher::new();
        record.name.hash(&mut hasher);
        let position = hasher.finish() % (self.queues.len().max(1) as u64);
        if let Some(queue) = usize::try_from(position).ok().and_then(|position| self.queues.get(position)) {
            // Fails only when the queue's task is gone, at the end of the process.
            let _ = queue.send(record);
        }
    }

    /// Sends what waits, for as long as that, and ends.
    pub(super) async fn finish(self, within: Duration) {
        let EventSink { queues, mut tasks } = self;
        drop(queues);
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::info!("not all events could be sent before the end");
        }
    }
}

/// What the task of a queue needs.
struct Delivery {
    channel: Channel,
    settings: ExecutorSettings,
    observer: Arc<dyn ExecutorObserver>,
}

impl Delivery {
    async fn run(self, mut waiting: broadcast::Receiver<EventRecord>) {
        loop {
            match waiting.recv().await {
                Ok(record) => {
                    if !self.deliver(record).await {
                        self.observer.events_dropped(1);
                    }
                }
                Err(RecvError::Lagged(count)) => self.observer.events_dropped(count),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Stores an event, with a few tries. Each may be repeated: an event's name is fixed and its count is a total.
    async fn deliver(&self, mut record: EventRecord) -> bool {
        let mut pause = self.settings.event_pause;
        for attempt in 1..=self.settings.event_attempts {
            let mut wait = pause;
            match self.channel.send(request::event(&record), Instant::now() + ANSWER_TIMEOUT).await {
                Ok(answer) => match (answer.code, record.form) {
                    (200..300, _) | (409, EventForm::Create) => return true,
                    (404, EventForm::CountUp) => {
                        // It has expired; its successor bears the same name and the whole count.
                        record.form = EventForm::Create;
                        continue;
                    }
                    (408 | 409 | 429 | 500.., _) => wait = answer.retry_after.unwrap_or(pause).max(pause),
                    (code, _) => {
                        let status = answer::status(code, &answer.body);
                        tracing::debug!(code, reason = status.message, "the server does not take an event");
                        return false;
                    }
                },
                Err(error) => tracing::debug!(%error, "an event has not arrived"),
            }
            if attempt < self.settings.event_attempts {
                tokio::time::sleep(wait).await;
                pause = pause.saturating_mul(2);
            }
        }
        false
    }
}
