//! What decides how an election goes on, with times told from now: for those who try every order of events, so that equal
//! situations at different times are known as such.

use std::time::Duration;

use mainstay_model::ObservedLease;

use super::{Action, Election, Phase};
use crate::clock::Moment;

/// Where an election stands. Two elections of the same settings and equal situations go on in the same way, but for the
/// identities, versions and times in the leases that they write, and for how their tries scatter.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// What it is, and for how much longer if it leads.
    phase: Phase,
    next: Action,
    /// How long until it does the next thing; zero if that is due.
    pub due_in: Duration,
    absent: bool,
    uncertain: bool,
    sent: Option<Action>,
    /// How long ago the request without an answer was sent, up to where its answer cannot begin a term any more.
    pub waits_for: Option<Duration>,
    /// The lease as it was seen last, and for how long its record is the same, up to where it has run out.
    pub seen: Option<(&'a ObservedLease, Duration)>,
}

impl Situation<'_> {
    /// What of it is neither a lease nor a time.
    pub fn stance(&self) -> impl std::hash::Hash + use<> {
        (self.phase, self.next, self.absent, self.uncertain, self.sent)
    }
}

impl Election {
    /// Where it stands at that moment.
    pub fn situation(&self, moment: Moment) -> Situation<'_> {
        let phase = match self.phase {
            // Whatever is done with it first, it notices that its term is over.
            Phase::Leading { until } if until <= moment => Phase::Lost,
            Phase::Leading { until } => Phase::Leading { until: Moment(until.since(moment)) },
            phase => phase,
        };
        let lasts = self.runs_out().zip(self.seen.as_ref()).map(|(end, (_, since))| end.since(*since));
        let age = |since: Moment| moment.since(since).min(lasts.unwrap_or_default());
        Situation {
            phase,
            next: self.next,
            due_in: self.at.since(moment),
            absent: self.absent,
            uncertain: self.uncertain,
            sent: self.sent.map(|(action, _)| action),
            waits_for: self
                .sent
                .map(|(_, sent_at)| moment.since(sent_at).min(self.settings.renew_deadline())),
            seen: self.seen.as_ref().map(|(lease, since)| (lease, age(*since))),
        }
    }
}
