//! Leader election over a Lease, with client-go's semantics, as a state machine: it says which request to send or how
//! long to wait, and is told the answers.
//!
//! What makes it safe:
//! - another's record counts as live until it was seen unchanged, on our own clock, for its duration; no time that another
//!   process wrote is ever compared with a clock;
//! - this process leads only until the renew deadline after the moment at which it *sent* the last renewal that
//!   succeeded, while others count from when they *saw* it, which is later, and wait longer;
//! - every update names the version that it was made from, so a late one changes nothing that others have written.
//!
//! Beyond client-go: a term that has run out is over even if the lease could still be renewed; a follower looks again at
//! the very moment at which the leader's record runs out; a lease that is deleted does not end the term of the leader
//! that was seen in it.

#[cfg(test)]
mod race;
mod settings;
mod situation;
#[cfg(test)]
mod tests;

use std::time::Duration;

use mainstay_model::{LeaseRecord, ObservedLease, ResourceVersion};

use crate::clock::{Moment, Now};
use crate::random::Random;
pub use settings::{ElectionSettings, ElectionSettingsError};
pub use situation::Situation;

/// How often a release is tried before the lease is left to run out.
const RELEASE_TRIES: u32 = 2;

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Send this, and tell the answer.
    Send(LeaseRequest),
    /// Nothing before that moment.
    Wait {
        /// When to ask again.
        until: Moment,
    },
    /// Nothing ever again.
    Done,
}

/// A request about the lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaseRequest {
    /// Read it, consistently.
    Get,
    /// Make it.
    Create(LeaseRecord),
    /// Write it, if it still has this version.
    Update(LeaseRecord, ResourceVersion),
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaseAnswer {
    /// The lease as it was read, or as it is after the write.
    Lease(ObservedLease),
    /// There is no such lease.
    NotFound,
    /// Somebody else has written it (or made it) first.
    Conflict,
    /// No answer, or one that says nothing: a write may or may not have been committed.
    Failed,
}

/// Where this process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing<'a> {
    /// It does not lead, and tries to.
    Following {
        /// Who leads, as far as is known.
        holder: Option<&'a str>,
    },
    /// It leads.
    Leading {
        /// Until then, unless the lease is renewed before.
        until: Moment,
    },
    /// It has led and does not any more. For good: the process is to end.
    Lost,
    /// It has given the lease back, or never had it and does not want it any more.
    Released,
}

/// One candidate's view of the election.
#[derive(Clone, Debug)]
pub struct Election {
    settings: ElectionSettings,
    identity: String,
    random: Random,
    /// The lease as last seen, and since when its record has been the same on our clock. Stays when the lease is deleted.
    seen: Option<(ObservedLease, Moment)>,
    /// Whether the last that was heard is that there is no lease.
    absent: bool,
    /// Whether a write may have been committed without our knowing.
    uncertain: bool,
    phase: Phase,
    next: Action,
    /// When to do it.
    at: Moment,
    /// The request that has no answer yet, and when it was sent.
    sent: Option<(Action, Moment)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum Phase {
    Following,
    Leading { until: Moment },
    Lost,
    Releasing { tries_left: u32 },
    Released,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum Action {
    /// Read the lease.
    Look,
    /// Write it from what was just read.
    Write,
    /// Write it from what is known from the last write: the short way of a leader.
    Renew,
}

impl Election {
    /// A candidate that knows nothing yet. The identity must be new in each process; the seed scatters the tries.
    pub fn new(settings: ElectionSettings, identity: String, seed: u64) -> Election {
        Election {
            settings,
            identity,
            random: Random::new(seed),
            seen: None,
            absent: false,
            uncertain: false,
            phase: Phase::Following,
            next: Action::Look,
            at: Moment::default(),
            sent: None,
        }
    }

    /// What to do now. Asking while a request has no answer means that none will be waited for.
    pub fn next(&mut self, now: Now) -> Step {
        if self.sent.is_some() {
            self.answered(now, LeaseAnswer::Failed);
        }
        self.end_term(now.moment);
        match self.phase {
            Phase::Lost | Phase::Released => return Step::Done,
            Phase::Leading { until } if now.moment < self.at => {
                return Step::Wait { until: self.at.min(until) };
            }
            Phase::Following | Phase::Releasing { .. } if now.moment < self.at => {
                return Step::Wait { until: self.at };
            }
            Phase::Following | Phase::Leading { .. } | Phase::Releasing { .. } => {}
        }
        self.sent = Some((self.next, now.moment));
        Step::Send(match self.next {
            Action::Look => LeaseRequest::Get,
            Action::Write | Action::Renew => self.write(now),
        })
    }

    /// Takes in the answer to the request that [`Election::next`] returned last.
    pub fn answered(&mut self, now: Now, answer: LeaseAnswer) {
        let Some((action, sent_at)) = self.sent.take() else { return };
        self.end_term(now.moment);
        match (action, answer) {
            (Action::Look, LeaseAnswer::Lease(lease)) => self.found(lease, now.moment),
            (Action::Look, LeaseAnswer::NotFound) => self.not_found(now.moment),
            (Action::Look, LeaseAnswer::Conflict | LeaseAnswer::Failed) => self.pause(now.moment),
            (Action::Write | Action::Renew, LeaseAnswer::Lease(lease)) => {
                self.written(lease, sent_at, now.moment);
            }
            (_, LeaseAnswer::NotFound | LeaseAnswer::Conflict) => self.not_written(action, now.moment),
            (_, LeaseAnswer::Failed) => {
                self.uncertain = true;
                self.not_written(action, now.moment);
            }
        }
    }

    /// Gives the lease back, if this process has it: it leads no more from now on. Follow [`Election::next`] until it is done.
    pub fn release(&mut self, now: Now) {
        let unanswered = matches!(self.sent.take(), Some((Action::Write | Action::Renew, _)));
        self.uncertain |= unanswered;
        self.end_term(now.moment);
        self.phase = match self.phase {
            Phase::Leading { .. } if self.absent && !self.uncertain => Phase::Released,
            Phase::Leading { .. } => Phase::Releasing { tries_left: RELEASE_TRIES },
            Phase::Following if self.uncertain => Phase::Releasing { tries_left: RELEASE_TRIES },
            Phase::Following | Phase::Released => Phase::Released,
            Phase::Releasing { tries_left } => Phase::Releasing { tries_left },
            Phase::Lost => Phase::Lost,
        };
        self.next = if self.uncertain { Action::Look } else { Action::Write };
        self.at = now.moment;
    }

    /// Where this process stands at that moment.
    pub fn standing(&self, moment: Moment) -> Standing<'_> {
        match self.phase {
            Phase::Following => Standing::Following { holder: self.live_holder(moment) },
            Phase::Leading { until } if moment < until => Standing::Leading { until },
            Phase::Leading { .. } | Phase::Lost => Standing::Lost,
            Phase::Releasing { .. } | Phase::Released => Standing::Released,
        }
    }

    fn end_term(&mut self, moment: Moment) {
        if let Phase::Leading { until } = self.phase
            && moment >= until
        {
            self.phase = Phase::Lost;
        }
    }

    fn found(&mut self, lease: ObservedLease, moment: Moment) {
        let ours = lease.record.holder == self.identity;
        let free = lease.record.holder.is_empty();
        self.observe(lease, moment);
        match self.phase {
            Phase::Releasing { .. } if !ours => self.phase = Phase::Released,
            Phase::Leading { .. } if !ours && !free => self.phase = Phase::Lost,
            Phase::Following if self.live_holder(moment).is_some_and(|holder| holder != self.identity) => {
                self.pause(moment);
            }
            Phase::Releasing { .. } | Phase::Leading { .. } | Phase::Following => {
                self.go(Action::Write, moment);
            }
            Phase::Lost | Phase::Released => {}
        }
    }

    fn not_found(&mut self, moment: Moment) {
        self.absent = true;
        self.uncertain = false;
        match self.phase {
            Phase::Releasing { .. } => self.phase = Phase::Released,
            Phase::Following if self.live_holder(moment).is_some_and(|holder| holder != self.identity) => {
                self.pause(moment);
            }
            Phase::Following | Phase::Leading { .. } => self.go(Action::Write, moment),
            Phase::Lost | Phase::Released => {}
        }
    }

    fn written(&mut self, lease: ObservedLease, sent_at: Moment, moment: Moment) {
        self.observe(lease, moment);
        let until = sent_at.after(self.settings.renew_deadline());
        match self.phase {
            Phase::Following | Phase::Leading { .. } if moment < until => {
                self.phase = Phase::Leading { until };
                self.go(Action::Renew, moment.after(self.settings.retry_period()));
            }
            // The answer took so long that the term which it begins is over: look, and renew first.
            Phase::Following | Phase::Leading { .. } => self.go(Action::Look, moment),
            Phase::Releasing { .. } => self.phase = Phase::Released,
            Phase::Lost | Phase::Released => {}
        }
    }

    fn not_written(&mut self, action: Action, moment: Moment) {
        match self.phase {
            Phase::Leading { .. } if action == Action::Renew => self.go(Action::Look, moment),
            _ => self.pause(moment),
        }
    }

    /// Looks again after a while.
    fn pause(&mut self, moment: Moment) {
        let retry_period = self.settings.retry_period();
        match self.phase {
            Phase::Leading { .. } => self.go(Action::Look, moment.after(retry_period)),
            Phase::Following => {
                let spread = retry_period.saturating_mul(settings::JITTER_PERCENT) / 100;
                let spread = self.random.below(u64::try_from(spread.as_nanos()).unwrap_or(u64::MAX));
                let again = moment.after(retry_period).after(Duration::from_nanos(spread));
                let runs_out = self.runs_out().filter(|end| *end > moment);
                self.go(Action::Look, runs_out.map_or(again, |end| end.min(again)));
            }
            Phase::Releasing { tries_left } => {
                match tries_left.saturating_sub(1) {
                    0 => self.phase = Phase::Released,
                    tries_left => self.phase = Phase::Releasing { tries_left },
                }
                self.go(Action::Look, moment);
            }
            Phase::Lost | Phase::Released => {}
        }
    }

    fn go(&mut self, next: Action, at: Moment) {
        self.next = next;
        self.at = at;
    }

    /// Remembers a lease; the time since when it is the same counts on only if the record is.
    fn observe(&mut self, lease: ObservedLease, moment: Moment) {
        self.absent = false;
        self.uncertain = false;
        let since = match &self.seen {
            Some((known, since)) if known.record == lease.record => *since,
            _ => moment,
        };
        self.seen = Some((lease, since));
    }

    /// Who holds the lease, if its record has not run out.
    fn live_holder(&self, moment: Moment) -> Option<&str> {
        let (lease, _) = self.seen.as_ref()?;
        let live = self.runs_out().is_some_and(|end| moment < end);
        (live && !lease.record.holder.is_empty()).then_some(lease.record.holder.as_str())
    }

    /// When the record that was seen last runs out. One that does not say how long it counts is given our own duration.
    fn runs_out(&self) -> Option<Moment> {
        let (lease, since) = self.seen.as_ref()?;
        let duration = match u64::try_from(lease.record.duration_seconds) {
            Ok(seconds) if seconds > 0 => Duration::from_secs(seconds),
            _ => self.settings.lease_duration(),
        };
        Some(since.after(duration))
    }

    /// The write that takes, keeps or gives back the lease.
    fn write(&self, now: Now) -> LeaseRequest {
        let known = self.seen.as_ref().map(|(lease, _)| lease);
        let record = match self.phase {
            Phase::Releasing { .. } => LeaseRecord {
                holder: String::new(),
                duration_seconds: 1,
                acquired: Some(now.wall),
                renewed: Some(now.wall),
                transitions: known.map_or(0, |lease| lease.record.transitions),
            },
            _ => self.claim(known.map(|lease| &lease.record), now),
        };
        match known {
            Some(lease) if !self.absent => LeaseRequest::Update(record, lease.version),
            _ => LeaseRequest::Create(record),
        }
    }

    /// The record that says that this process leads. A change of holder begins a term and is counted.
    fn claim(&self, known: Option<&LeaseRecord>, now: Now) -> LeaseRecord {
        let (acquired, transitions) = match known {
            None => (Some(now.wall), 0),
            Some(record) if record.holder == self.identity => (record.acquired, record.transitions),
            Some(record) => (Some(now.wall), record.transitions.saturating_add(1)),
        };
        LeaseRecord {
            holder: self.identity.clone(),
            duration_seconds: self.settings.duration_seconds(),
            acquired,
            renewed: Some(now.wall),
            transitions,
        }
    }
}
