//! The threads that send requests and read what comes back, and when they look at it by the handful.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// The brain has its own thread. The threads beside it cost memory each, and time whenever one wakes another, while one of them
/// performs thousands of requests a second; so they are half as many as the processors, and at most this many.
const MOST_THREADS: usize = 4;
/// While so many writes are on their way, the server is the slower one: to wake a thread for each of thousands of answers and events would
/// cost more than to handle them, and would take from a server on the same machine what it needs to answer.
const MANY_WRITES: usize = 32;
/// For how long what arrives is then left lying.
const PERIOD: Duration = Duration::from_millis(4);

/// Whether what arrives is looked at by the handful, as network cards coalesce their interrupts. Clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Coalescing(Arc<AtomicBool>);

impl Coalescing {
    /// Goes by how many writes are on their way.
    pub(crate) fn set(&self, writes_in_flight: usize) {
        self.0.store(writes_in_flight >= MANY_WRITES, Ordering::Relaxed);
    }

    /// For how long to leave what arrives. `None`: a lone event is never kept waiting.
    pub(crate) fn period(&self) -> Option<Duration> {
        self.0.load(Ordering::Relaxed).then_some(PERIOD)
    }
}

/// Starts the threads for all of [`crate::run()`] but the brain and the elector, which have their own.
pub fn start(coalescing: &Coalescing) -> io::Result<Runtime> {
    let cores = available_parallelism().map_or(1, usize::from);
    build((cores / 2).clamp(1, MOST_THREADS), coalescing.clone())
}

fn build(threads: usize, coalescing: Coalescing) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        // A thread that is called so has nothing to do, and would be woken by the first thing to come.
        .on_thread_park(move || {
            if let Some(period) = coalescing.period() {
                sleep(period);
            }
        })
        .build()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn it_begins_with_many_writes_and_ends_with_them() {
        let coalescing = Coalescing::default();
        assert_eq!(coalescing.period(), None);
        let another = coalescing.clone();
        coalescing.set(MANY_WRITES);
        assert_eq!(another.period(), Some(PERIOD));
        coalescing.set(MANY_WRITES - 1);
        assert_eq!(another.period(), None);
    }

    #[test]
    fn nothing_is_lost_and_a_thread_wakes_once_a_period() {
        const MESSAGES: usize = 200;
        let coalescing = Coalescing::default();
        coalescing.set(MANY_WRITES);
        let runtime = build(1, coalescing).unwrap();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let received = runtime.spawn(async move {
            for _ in 0..MESSAGES {
                receiver.recv().await.unwrap();
            }
        });
        let (waits, began) = (|| runtime.metrics().worker_park_count(0), Instant::now());
        let before = waits();
        for _ in 0..MESSAGES {
            sender.send(()).unwrap();
            sleep(Duration::from_micros(200));
        }
        runtime.block_on(received).unwrap();
        let (waits, took) = (waits() - before, began.elapsed());
        let periods = took.as_micros() / PERIOD.as_micros();
        assert!(u128::from(waits) <= periods + 2, "{waits} waits in {periods} periods");
    }
}
