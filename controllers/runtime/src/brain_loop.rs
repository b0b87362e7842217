//! The one thread of the brain: takes inputs, lets it plan, hands out what is to be done.

use std::time::Duration;

use mainstay_engine::brain::Brain;
use mainstay_engine::brain::report::BrainReport;
use mainstay_engine::{Effect, Input, Moment, Now};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::elector::Leadership;
use crate::threads::Coalescing;

/// How many inputs of each side are taken in before the brain plans again.
const BATCH: usize = 1024;
/// The longest sleep: health checks go by the last sign of life.
const TICK: Duration = Duration::from_secs(1);
/// How often a report is made at most.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// How the process ends, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was asked to stop, and has stopped.
    Stopped,
    /// It does not lead any more, and must end at once.
    LeadershipLost,
}

/// Does what the brain wants.
pub(crate) trait Perform {
    /// Begins it; must not wait.
    fn perform(&mut self, effect: Effect);
}

/// The end of the loop.
pub(crate) struct Finished<P> {
    /// Why.
    pub(crate) ended: Ended,
    /// Whether everything that was sent has been answered.
    pub(crate) drained: bool,
    /// What is left of the time for draining.
    pub(crate) drain_time_left: Duration,
    /// Given back for what comes after.
    pub(crate) hands: P,
    /// Kept open until the end is judged. Sources end when nobody takes what they say, and a source that ends is a reason of its own.
    pub(crate) inputs: mpsc::Receiver<(Moment, Input)>,
}

/// The brain and all that goes in and out.
pub(crate) struct BrainLoop<P, R> {
    pub(crate) brain: Brain,
    pub(crate) clock: Clock,
    /// What the sources say, and when it arrived.
    pub(crate) inputs: mpsc::Receiver<(Moment, Input)>,
    /// What became of requests.
    pub(crate) answers: mpsc::UnboundedReceiver<Input>,
    /// Whether this process leads.
    pub(crate) leadership: watch::Receiver<Leadership>,
    /// Asks for a stop.
    pub(crate) stop: CancellationToken,
    /// How long what was sent may stay unanswered after that.
    pub(crate) drain_timeout: Duration,
    /// Whether many writes are on their way; told by the loop.
    pub(crate) coalescing: Coalescing,
    /// Does what the brain wants.
    pub(crate) hands: P,
    /// Sees each report.
    pub(crate) observe: R,
}

/// What the loop itself remembers.
struct Turn {
    leadership: Leadership,
    drain_until: Option<Moment>,
    reported: Option<Moment>,
    /// False when no source is left.
    inputs_open: bool,
    /// False when no executor is left.
    answers_open: bool,
    /// What has happened, and since when it is here.
    batch: Vec<(Moment, Input)>,
    effects: Vec<Effect>,
}

impl<P: Perform, R: FnMut(&BrainReport)> BrainLoop<P, R> {
    /// Runs until a stop is complete or leadership is lost.
    pub(crate) async fn run(mut self) -> Finished<P> {
        let mut turn = Turn {
            leadership: Leadership::Standby,
            drain_until: None,
            reported: None,
            inputs_open: true,
            answers_open: true,
            batch: Vec::with_capacity(BATCH),
            effects: Vec::new(),
        };
        loop {
            // Each turn begins with the clock: a process that was frozen must learn of its lost term before it does anything.
            let now = self.clock.now();
            if self.take_leadership(now, &mut turn) == Leadership::Lost {
                self.brain.handle(now, Input::LeadershipLost);
                return self.finish(Ended::LeadershipLost, now, &turn);
            }
            if self.stop.is_cancelled() && turn.drain_until.is_none() {
                turn.drain_until = Some(now.moment.after(self.drain_timeout));
                self.brain.handle(now, Input::Stop);
            }
            self.take_waiting(now, &mut turn.batch);
            for (arrived, input) in turn.batch.drain(..) {
                self.brain.handle_arrived(now, arrived, input);
            }
            self.brain.run(now, &mut turn.effects);
            turn.effects.drain(..).for_each(|effect| self.hands.perform(effect));
            self.report(now, &mut turn);
            if let Some(until) = turn.drain_until
                && (self.brain.is_drained() || now.moment >= until)
            {
                return self.finish(Ended::Stopped, now, &turn);
            }
            let wake_at = self.wake_at(now, &turn);
            self.coalescing.set(self.brain.writes_in_flight());
            if let Some(period) = self.coalescing.period() {
                self.clock.sleep_until(now.moment.after(period)).await;
            }
            tokio::select! {
                biased;
                changed = self.leadership.changed() => {
                    if changed.is_err() {
                        // The elector is gone, and with it whoever could renew.
                        return self.finish(Ended::LeadershipLost, now, &turn);
                    }
                }
                () = self.stop.cancelled(), if turn.drain_until.is_none() => {}
                answer = self.answers.recv(), if turn.answers_open => {
                    turn.answers_open = answer.is_some();
                    turn.batch.extend(answer.map(|answer| (self.clock.moment(), answer)));
                }
                input = self.inputs.recv(), if turn.inputs_open => {
                    turn.inputs_open = input.is_some();
                    turn.batch.extend(input);
                }
                () = self.clock.sleep_until(wake_at) => {}
            }
        }
    }

    fn finish(self, ended: Ended, now: Now, turn: &Turn) -> Finished<P> {
        let drain_time_left = turn.drain_until.map(|until| until.since(now.moment)).unwrap_or_default();
        let drained = self.brain.is_drained();
        Finished { ended, drained, drain_time_left, hands: self.hands, inputs: self.inputs }
    }

    /// Tells the brain what has changed in leadership.
    fn take_leadership(&mut self, now: Now, turn: &mut Turn) -> Leadership {
        let leadership = self.leadership.borrow_and_update().at(now.moment);
        if leadership != turn.leadership
            && let Leadership::Leading { until } = leadership
        {
            self.brain.handle(now, Input::LeadingUntil(until));
        }
        turn.leadership = leadership;
        leadership
    }

    /// Takes what waits, from both sides alike, so that neither many answers nor a long list keeps the other waiting.
    fn take_waiting(&mut self, now: Now, batch: &mut Vec<(Moment, Input)>) {
        for _ in 0..BATCH {
            let (answer, input) = (self.answers.try_recv().ok(), self.inputs.try_recv().ok());
            if answer.is_none() && input.is_none() {
                return;
            }
            batch.extend(answer.map(|answer| (now.moment, answer)));
            batch.extend(input);
        }
    }

    fn report(&mut self, now: Now, turn: &mut Turn) {
        let due = turn.reported.is_none_or(|reported| now.moment.since(reported) >= REPORT_INTERVAL);
        if due {
            turn.reported = Some(now.moment);
            (self.observe)(&self.brain.report(now));
        }
    }

    fn wake_at(&self, now: Now, turn: &Turn) -> Moment {
        let term_ends = match turn.leadership {
            Leadership::Leading { until } => Some(until),
            Leadership::Standby | Leadership::Lost => None,
        };
        let earliest = [self.brain.wake_at(), turn.drain_until, term_ends].into_iter().flatten().min();
        let tick = now.moment.after(TICK);
        earliest.map_or(tick, |moment| moment.min(tick))
    }
}

#[cfg(test)]
#[path = "brain_loop_tests.rs"]
mod tests;
