//! How many writes may be on their way at once, all keys together.

use std::time::Duration;

use crate::clock::Moment;

/// Additive increase and multiplicative decrease, as TCP does it, under a ceiling. There is no fixed rate: the apiserver's
/// priority and fairness says what it can bear, by 429, Retry-After and latency. Where answers begin to take longer, requests
/// wait at the server: more of them at once would be no faster, and would cost both sides memory.
#[derive(Clone, Debug)]
pub struct Concurrency {
    limit: f64,
    ceiling: f64,
    in_flight: usize,
    /// Whether nothing has gone wrong yet, so that the limit still doubles with each round trip.
    probing: bool,
    /// Nothing is sent before then: the server asked for that.
    paused_until: Moment,
    /// One round of losses counts once: no further decrease before then.
    decreased_until: Moment,
    /// The quickest answer of late: what the server takes when nothing waits.
    quickest: Duration,
    /// Servers change: it is found anew then.
    quickest_until: Moment,
}

/// Where the limit starts.
const INITIAL_LIMIT: f64 = 16.0;
/// An answer slower than this says that the server is behind.
const SLOW_ANSWER: Duration = Duration::from_secs(2);
/// An answer that takes this much longer than twice the quickest has waited at the server: no reason to send more at once.
const TOLERATED_WAIT: Duration = Duration::from_millis(40);
/// For how long the quickest answer is remembered.
const QUICKEST_HOLDS: Duration = Duration::from_secs(600);
/// The pause after a 429 without Retry-After.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a server can impose.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Concurrency {
    /// At most `ceiling` writes at once.
    pub fn new(ceiling: usize) -> Concurrency {
        let ceiling = ceiling.max(1) as f64;
        Concurrency {
            limit: INITIAL_LIMIT.min(ceiling),
            ceiling,
            in_flight: 0,
            probing: true,
            paused_until: Moment::default(),
            decreased_until: Moment::default(),
            quickest: Duration::MAX,
            quickest_until: Moment::default(),
        }
    }

    /// Whether one more may be sent.
    pub fn allows(&self, now: Moment) -> bool {
        now >= self.paused_until && self.in_flight < self.limit()
    }

    /// One was sent.
    pub fn sent(&mut self) {
        self.in_flight += 1;
    }

    /// One was answered in good order, after that time.
    pub fn answered(&mut self, now: Moment, took: Duration) {
        let was_full = self.in_flight >= self.limit();
        self.in_flight = self.in_flight.saturating_sub(1);
        let waited = self.has_waited(now, took);
        if took > SLOW_ANSWER {
            self.decrease(now, took);
        } else if was_full && !waited {
            let step = if self.probing { 1.0 } else { 1.0 / self.limit };
            self.limit = (self.limit + step).min(self.ceiling);
        }
    }

    /// One was refused with 429.
    pub fn refused(&mut self, now: Moment, retry_after: Option<Duration>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let pause = retry_after.unwrap_or(DEFAULT_PAUSE).min(LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(now.after(pause));
        self.decrease(now, pause);
    }

    /// One was lost on the way, or the server failed.
    pub fn failed(&mut self, now: Moment) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.decrease(now, DEFAULT_PAUSE);
    }

    /// How many may be in flight.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// How many are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// When sending may go on, if it is paused.
    pub fn paused_until(&self, now: Moment) -> Option<Moment> {
        (self.paused_until > now).then_some(self.paused_until)
    }

    fn has_waited(&mut self, now: Moment, took: Duration) -> bool {
        if took < self.quickest || now >= self.quickest_until {
            self.quickest = took;
            self.quickest_until = now.after(QUICKEST_HOLDS);
        }
        took > self.quickest.saturating_mul(2).saturating_add(TOLERATED_WAIT)
    }

    fn decrease(&mut self, now: Moment, round: Duration) {
        self.probing = false;
        if now >= self.decreased_until {
            self.limit = (self.limit / 2.0).max(1.0);
            self.decreased_until = now.after(round);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    const QUICK: Duration = Duration::from_millis(10);

    fn fill(concurrency: &mut Concurrency, now: Moment) -> usize {
        let mut sent = 0;
        while concurrency.allows(now) {
            concurrency.sent();
            sent += 1;
        }
        sent
    }

    #[test]
    fn it_doubles_until_something_goes_wrong_and_never_passes_the_ceiling() {
        let mut concurrency = Concurrency::new(100);
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let sent = fill(&mut concurrency, at(0));
            rounds.push(sent);
            for _ in 0..sent {
                concurrency.answered(at(0), QUICK);
                fill(&mut concurrency, at(0));
            }
            for _ in 0..concurrency.in_flight() {
                concurrency.answered(at(0), QUICK);
            }
        }
        assert_eq!(rounds.first(), Some(&16));
        assert_eq!(concurrency.limit(), 100);
    }

    #[test]
    fn it_does_not_grow_where_answers_wait_at_the_server() {
        let mut concurrency = Concurrency::new(512);
        let round = |concurrency: &mut Concurrency, second: u64, took| {
            for _ in 0..concurrency.limit() {
                fill(concurrency, at(second * 1000));
                concurrency.answered(at(second * 1000), took);
            }
            concurrency.limit()
        };
        assert_eq!(round(&mut concurrency, 0, QUICK), 32);
        assert_eq!(round(&mut concurrency, 1, QUICK * 10), 32);
        assert_eq!(round(&mut concurrency, 2, QUICK * 2), 64);
        // A server whose every answer takes that long is no longer slow.
        assert!(round(&mut concurrency, 700, QUICK * 10) > 64);
    }

    #[test]
    fn a_429_pauses_for_as_long_as_the_server_asks_and_halves_once_a_round() {
        let mut concurrency = Concurrency::new(64);
        let sent = fill(&mut concurrency, at(0));
        for _ in 0..sent {
            concurrency.refused(at(1), Some(Duration::from_secs(3)));
        }
        assert_eq!(concurrency.limit(), 8);
        assert!(!concurrency.allows(at(3000)));
        assert!(concurrency.allows(at(3001)));
        assert_eq!(concurrency.in_flight(), 0);
    }

    #[test]
    fn slow_answers_and_failures_lower_the_limit_but_one_is_always_allowed() {
        let mut concurrency = Concurrency::new(64);
        for second in 0..20 {
            concurrency.sent();
            concurrency.answered(at(second * 10_000), Duration::from_secs(5));
            concurrency.sent();
            concurrency.failed(at(second * 10_000 + 7000));
        }
        assert_eq!(concurrency.limit(), 1);
        assert!(concurrency.allows(at(1_000_000)));
    }
}
