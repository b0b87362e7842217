//! The decisions of a list and watch: what to ask the server next, and how long to wait before. No request is made here.
//!
//! The life of a source: one complete list (streamed by a watch where the server can do that), then watches, each from
//! where the last one ended, for ever. A watch that ends in order is followed by the next one at once; anything else is
//! waited out, longer each time in a row, and only what the server has forgotten (410) is listed again.

use std::time::Duration;

use mainstay_model::ResourceVersion;

use crate::back_off::BackOff;
use crate::random::Random;

/// The times that a source goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListWatchSettings {
    /// The shortest time after which the server is asked to end a watch. The real one is up to twice that, at random, so
    /// that the watches of many clients do not all end at once.
    pub watch_timeout: Duration,
    /// For how long a watch may say nothing before it counts as dead. The server sends a bookmark each minute.
    pub silence: Duration,
    /// How long a complete list may take.
    pub list_timeout: Duration,
    /// A watch that ended sooner than this counts as a failure, however it ended.
    pub short_watch: Duration,
    /// Waits after failures in a row.
    pub back_off: BackOff,
    /// Objects per page of a list.
    pub page: u32,
}

impl Default for ListWatchSettings {
    fn default() -> Self {
        ListWatchSettings {
            watch_timeout: Duration::from_secs(300),
            silence: Duration::from_secs(150),
            list_timeout: Duration::from_secs(180),
            short_watch: Duration::from_secs(5),
            back_off: BackOff { base: Duration::from_millis(100), cap: Duration::from_secs(30) },
            page: 1000,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Do nothing for so long; a requested relist ends that.
    Wait(Duration),
    /// Watch with the initial state, which ends in [`ListWatch::listed`], and go on watching on the same stream.
    WatchList {
        /// When the server is to end the stream.
        timeout: Duration,
        /// How long the initial state may take.
        complete_within: Duration,
        /// For how long the stream may be silent.
        silence: Duration,
    },
    /// List, newest version; ends in [`ListWatch::listed`].
    List {
        /// Objects per page; `None` for all in one.
        page: Option<u32>,
        /// How long all pages together may take.
        complete_within: Duration,
    },
    /// Watch what comes after `from`.
    Watch {
        /// What was delivered already.
        from: ResourceVersion,
        /// When the server is to end the stream.
        timeout: Duration,
        /// For how long the stream may be silent.
        silence: Duration,
    },
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The server ended the stream in order.
    Closed,
    /// The server said no, by status code or by an ERROR frame.
    Refused(ServerRefusal),
    /// No connection, or it broke.
    Lost,
    /// Nothing came for longer than it may.
    Silent,
    /// What came could not be understood.
    Garbled,
}

/// A refusal, as far as decisions go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerRefusal {
    /// HTTP status code.
    pub code: u16,
    /// The word for machines: `Expired`, `Forbidden`, ...
    pub reason: String,
    /// The reasons of its causes.
    pub cause_reasons: Vec<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

impl ServerRefusal {
    /// The server no longer has (410) or does not yet have (a cache behind, or an etcd set back) the version asked for.
    fn is_about_the_version(&self) -> bool {
        self.code == 410
            || matches!(self.reason.as_str(), "Expired" | "Gone")
            || self.cause_reasons.iter().any(|reason| reason == "ResourceVersionTooLarge")
    }

    /// The server does not know this kind of request.
    fn is_about_the_request(&self) -> bool {
        matches!(self.code, 400 | 404 | 405 | 406 | 415 | 422)
    }
}

/// The state of one source's list and watch.
#[derive(Clone, Debug)]
pub struct ListWatch {
    settings: ListWatchSettings,
    random: Random,
    /// Up to where everything has been delivered; `None` when a list is due.
    position: Option<ResourceVersion>,
    /// The request that runs now.
    running: Running,
    /// Failures in a row.
    failures: u32,
    /// To be waited before the next request.
    delay: Option<Duration>,
    /// Cleared for good once the server has refused a streamed list as such.
    can_stream_lists: bool,
    /// Streamed lists in a row that did not come to their end.
    unfinished_streams: u32,
    /// Paged lists in a row that expired between two pages.
    expired_pages: u32,
    /// Whether the source's owner has been told that the stream is interrupted.
    interrupted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Running {
    Nothing,
    StreamedList,
    PagedList,
    Watch,
}

impl ListWatch {
    /// A source that has delivered nothing yet. The seed scatters waits and timeouts.
    pub fn new(settings: ListWatchSettings, seed: u64) -> ListWatch {
        ListWatch {
            settings,
            random: Random::new(seed),
            position: None,
            running: Running::Nothing,
            failures: 0,
            delay: None,
            can_stream_lists: true,
            unfinished_streams: 0,
            expired_pages: 0,
            interrupted: false,
        }
    }

    /// What to do next. To be called when the step before has ended.
    pub fn next_step(&mut self) -> Step {
        if let Some(delay) = self.delay.take() {
            return Step::Wait(delay);
        }
        let complete_within = self.settings.list_timeout;
        if let Some(from) = self.position {
            self.running = Running::Watch;
            let timeout = self.watch_timeout();
            return Step::Watch { from, timeout, silence: self.settings.silence };
        }
        if self.can_stream_lists && self.unfinished_streams < 2 {
            self.running = Running::StreamedList;
            let timeout = self.watch_timeout();
            return Step::WatchList { timeout, complete_within, silence: self.settings.silence };
        }
        self.running = Running::PagedList;
        let page = (self.expired_pages < 2).then_some(self.settings.page);
        Step::List { page, complete_within }
    }

    /// A complete list at that version has been delivered. It may be older than what was delivered before (a restored
    /// etcd): that is the brain's to handle.
    pub fn listed(&mut self, version: ResourceVersion) {
        self.position = Some(version);
        self.interrupted = false;
        self.unfinished_streams = 0;
        self.expired_pages = 0;
        if self.running == Running::StreamedList {
            self.running = Running::Watch;
        }
    }

    /// Everything up to that version has been delivered by a watch.
    pub fn progressed(&mut self, version: ResourceVersion) {
        self.position = self.position.max(Some(version));
        self.interrupted = false;
    }

    /// The request that ran has ended, not by [`ListWatch::listed`] of a paged list. Answers whether the owner is to be told that the
    /// stream is interrupted: once per interruption, and not for a watch that ended in order.
    pub fn ended(&mut self, end: &End, lasted: Duration) -> bool {
        let running = std::mem::replace(&mut self.running, Running::Nothing);
        let was_watching = running == Running::Watch;
        if was_watching && lasted >= self.settings.short_watch {
            self.failures = 0;
        }
        if was_watching && *end == End::Closed && lasted >= self.settings.short_watch {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        let mut asked_to_wait = Duration::ZERO;
        let mut at_once = false;
        if let End::Refused(refusal) = end {
            asked_to_wait = refusal.retry_after.unwrap_or_default();
            if refusal.is_about_the_version() {
                self.position = None;
                at_once = self.failures == 1;
                if running == Running::PagedList {
                    self.expired_pages += 1;
                }
            } else if running == Running::StreamedList && refusal.is_about_the_request() {
                self.can_stream_lists = false;
                at_once = true;
            }
        }
        if running == Running::StreamedList {
            self.unfinished_streams += 1;
        } else if running == Running::PagedList {
            // The next try may be streamed again, unless the server has refused that as such.
            self.unfinished_streams = 0;
        }
        if !at_once {
            self.delay = Some(self.back_off().max(asked_to_wait));
        }
        let newly = !self.interrupted && (!was_watching || *end != End::Closed);
        self.interrupted |= newly;
        newly
    }

    /// The owner wants a new list: at once, whatever runs or is waited for. The request that runs is to be dropped.
    pub fn relist(&mut self) {
        self.position = None;
        self.delay = None;
        self.running = Running::Nothing;
    }

    /// Between one and two times the setting, in whole seconds as the API wants them.
    fn watch_timeout(&mut self) -> Duration {
        let base = self.settings.watch_timeout.as_secs().max(1);
        Duration::from_secs(base + self.random.below(base))
    }

    /// Between half and the whole of what the failures in a row call for.
    fn back_off(&mut self) -> Duration {
        let whole = self.settings.back_off.delay(self.failures);
        let half = whole / 2;
        let spread = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(self.random.below(spread.saturating_add(1)))
    }
}

#[cfg(test)]
#[path = "list_watch_tests.rs"]
mod tests;
