//! Whether somebody else does the same work, as a state machine: it says which request to send, is told the answers, and
//! says of each controller that is not plainly on whether it may act.
//!
//! Two writers are worse than none: both make the pods that are missing, and both delete those that are too many. So a
//! controller in the mode `auto` acts only while it is shown, again and again, that it is alone:
//! - no pod in kube-system that is labelled as a kube-controller-manager has it switched on;
//! - the lease of kube-controller-manager has run out, or there are such pods, which are its candidates, and all of them have it
//!   switched off. As in the election, a record counts as live until it was seen unchanged, on our own clock, for its duration;
//! - nobody follows the canary, a ReplicationController without replicas whose generation we raise and whose status we never
//!   write. That gives away those who show neither pod nor lease. It stays raised and unfollowed for as long as nobody
//!   else acts, so it also proves that nobody did while nothing could be read.
//!
//! Pods are judged for each controller by its own names. The lease and the canary say that somebody is there, not what he does: he counts
//! as a rival of all. Who shows neither pod nor lease and does not reconcile ReplicationControllers is not seen.
//!
//! What makes it safe:
//! - what cannot be read, or was read too long ago, is no proof: a permission ends by itself;
//! - one trace ends a permission at once, and the next one takes [`ABSENCE`] without any;
//! - each process looks for itself, a standby too: so a change of leader costs no minute.
//!
//! Another Mainstay in the same cluster is a rival like any other: it follows our canary as soon as it acts. That two of them
//! which started together do not wake and stop each other for ever, the wait is scattered.

mod command_line;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_model::{Canary, ControllerManagerPod, Evidence, LeaseRecord, ObjectName, Uid, Unreadable};

use crate::clock::Moment;
use crate::random::Random;
pub use standing::{Passivity, Standing, Trace};

/// For how long there must have been no trace of anybody else.
pub const ABSENCE: Duration = Duration::from_secs(60);
/// What is added to that at most, another time each time: more than the time in which one's first act is seen by the other.
const SCATTER: Duration = Duration::from_secs(6);
/// For how long a look proves anything, from when it was begun. With the time that a look may take, a rival that nothing of is
/// read is acted beside for less than ten seconds.
pub const PROOF: Duration = Duration::from_secs(8);
/// How long after a look began the next one does.
const PAUSE: Duration = Duration::from_secs(1);
/// The same while more writes wait than may be sent: then more is at stake.
const PAUSE_WHILE_BUSY: Duration = Duration::from_millis(200);
/// How often the canary is raised, or made, at most.
const RAISE_PAUSE: Duration = Duration::from_secs(10);
/// For how long a lease counts that does not say that itself.
const LEASE_DURATION: Duration = Duration::from_secs(15);

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RivalSettings {
    /// The canary.
    pub canary: ObjectName,
    /// The controllers that act only while nobody else does, by their names.
    pub controllers: BTreeSet<&'static str>,
}

/// A request of the search for rivals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RivalRequest {
    /// Read all evidence, each piece consistently; answered by [`RivalAnswer::Looked`].
    Look {
        /// The canary to look at.
        canary: ObjectName,
        /// When this is asked, to be told with the answer.
        asked: Moment,
    },
    /// Make the canary; answered by [`RivalAnswer::CanaryWritten`].
    MakeCanary {
        /// Its name.
        canary: ObjectName,
    },
    /// Raise the canary's generation; answered by [`RivalAnswer::CanaryWritten`].
    RaiseCanary {
        /// Its name.
        canary: ObjectName,
        /// Its identity, as precondition.
        uid: Uid,
        /// The new value of `spec.minReadySeconds`, which raises the generation since it is another one.
        min_ready_seconds: i32,
    },
}

impl RivalRequest {
    /// What is answered where there is no answer, for this reason.
    pub fn unanswered(&self, reason: &str) -> RivalAnswer {
        let fault = || Unreadable(reason.to_owned());
        match self {
            RivalRequest::Look { asked, .. } => RivalAnswer::Looked {
                asked: *asked,
                evidence: Evidence { pods: Err(fault()), lease: Err(fault()), canary: Err(fault()) },
            },
            RivalRequest::MakeCanary { .. } | RivalRequest::RaiseCanary { .. } => {
                RivalAnswer::CanaryWritten(Err(fault()))
            }
        }
    }
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RivalAnswer {
    /// What there is.
    Looked {
        /// When that was asked.
        asked: Moment,
        /// What was found.
        evidence: Evidence,
    },
    /// The canary was written, or why not, for people. What it is now, the next look shows.
    CanaryWritten(Result<(), Unreadable>),
}

/// The search for rivals of some controllers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rivals {
    canary_name: ObjectName,
    random: Random,
    contenders: Vec<Contender>,
    /// When the last look began; `None` before the first.
    asked: Option<Moment>,
    looking: bool,
    /// When the last look began that could read everything.
    read: Option<Moment>,
    /// What the last look could not read.
    unreadable: Option<String>,
    /// The lease's record, and since when it has been the same on our clock. Stays when the lease is deleted.
    lease: Option<(LeaseRecord, Moment)>,
    canary: Option<Canary>,
    /// When that was learnt.
    canary_seen: Moment,
    /// Whether the last that was read is that there is no canary.
    canary_absent: bool,
    /// Why the canary could not be written.
    canary_fault: Option<String>,
    writing_canary: bool,
    canary_written: Option<Moment>,
}

/// A controller that acts only while nobody else does.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Contender {
    name: &'static str,
    former_name: Option<&'static str>,
    trace: Option<Trace>,
    /// Whether the last look has found a trace without the canary's help.
    is_shown: bool,
    /// From when on it may act: a wait after the look that first found no trace. `None` while there is one.
    acts_from: Option<Moment>,
}

impl Rivals {
    /// A search that knows nothing yet, for controllers by their names and their former names.
    pub fn new(
        canary: ObjectName,
        controllers: impl IntoIterator<Item = (&'static str, Option<&'static str>)>,
        seed: u64,
    ) -> Rivals {
        let contender = |(name, former_name)| Contender {
            name,
            former_name,
            trace: None,
            is_shown: false,
            acts_from: None,
        };
        Rivals {
            canary_name: canary,
            random: Random::new(seed),
            contenders: controllers.into_iter().map(contender).collect(),
            asked: None,
            looking: false,
            read: None,
            unreadable: None,
            lease: None,
            canary: None,
            canary_seen: Moment::default(),
            canary_absent: false,
            canary_fault: None,
            writing_canary: false,
            canary_written: None,
        }
    }

    /// The canary, as it was seen last.
    pub fn canary(&self) -> (&ObjectName, Option<&Canary>) {
        (&self.canary_name, self.canary.as_ref())
    }

    /// What to send now, if anything. Only a leader raises the canary; anybody may make one, since the leader may be a process of before,
    /// which looks for nobody. `busy` says that more writes wait than may be sent.
    pub fn next(&mut self, now: Moment, leads: bool, busy: bool) -> Option<RivalRequest> {
        if let Some(request) = self.canary_write(now, leads) {
            self.writing_canary = true;
            self.canary_written = Some(now);
            return Some(request);
        }
        let pause = if busy { PAUSE_WHILE_BUSY } else { PAUSE };
        if self.looking || self.asked.is_some_and(|asked| now.since(asked) < pause) {
            return None;
        }
        self.looking = true;
        self.asked = Some(now);
        Some(RivalRequest::Look { canary: self.canary_name.clone(), asked: now })
    }

    /// When time alone calls for something, after the last time that it was asked.
    pub fn wake_at(&self, ran_at: Moment) -> Option<Moment> {
        let look = (!self.looking).then(|| self.asked.map(|asked| asked.after(PAUSE))).flatten();
        let proof_ends = self.read.map(|read| read.after(PROOF));
        let first = self.contenders.iter().filter_map(|contender| contender.acts_from);
        let raise = self.canary_written.map(|written| written.after(RAISE_PAUSE));
        [look, proof_ends, raise].into_iter().flatten().chain(first).filter(|at| *at > ran_at).min()
    }

    /// The canary is made where there is none, since events are told at it, and raised where somebody has followed it and nothing
    /// else gives him away: else it would be written for nothing, for as long as he is there.
    fn canary_write(&self, now: Moment, leads: bool) -> Option<RivalRequest> {
        let rests = self.canary_written.is_some_and(|written| now.since(written) < RAISE_PAUSE);
        if self.writing_canary || rests || self.contenders.is_empty() {
            return None;
        }
        let is_shown = self.contenders.iter().all(|contender| contender.is_shown);
        let canary = self.canary_name.clone();
        match &self.canary {
            None if self.canary_absent => Some(RivalRequest::MakeCanary { canary }),
            Some(found) if leads && found.is_followed() && !is_shown => Some(RivalRequest::RaiseCanary {
                canary,
                uid: found.uid,
                min_ready_seconds: i32::from(found.min_ready_seconds == 0),
            }),
            Some(_) | None => None,
        }
    }

    /// Takes in an answer.
    pub fn answered(&mut self, now: Moment, answer: RivalAnswer) {
        match answer {
            RivalAnswer::CanaryWritten(result) => {
                self.writing_canary = false;
                self.canary_fault = result.err().map(|Unreadable(message)| message);
            }
            RivalAnswer::Looked { asked, evidence } => {
                self.looking = false;
                self.looked(now, asked, evidence);
            }
        }
    }

    fn looked(&mut self, now: Moment, asked: Moment, evidence: Evidence) {
        let Evidence { pods, lease, canary } = evidence;
        let mut unreadable = Vec::new();
        let pods = pods.map_err(|Unreadable(fault)| unreadable.push(fault)).ok();
        match lease {
            Ok(Some(found)) if self.lease.as_ref().is_none_or(|(known, _)| *known != found.record) => {
                self.lease = Some((found.record, now));
            }
            Ok(_) => {}
            Err(Unreadable(fault)) => unreadable.push(fault),
        }
        match canary {
            Ok(Some(found)) => {
                self.canary_seen(now, asked, found);
            }
            Ok(None) => {
                self.canary = None;
                self.canary_absent = true;
                // What it has proved is gone with it.
                self.contenders.iter_mut().for_each(|contender| contender.acts_from = None);
                let fault = self.canary_fault.as_deref().unwrap_or("one is being made");
                unreadable.push(format!("there is no canary {}: {fault}", self.canary_name));
            }
            Err(Unreadable(fault)) => unreadable.push(fault),
        }
        for index in 0..self.contenders.len() {
            let trace =
                self.contenders.get(index).and_then(|contender| self.trace(contender, pods.as_deref(), now));
            let Some(contender) = self.contenders.get_mut(index) else { continue };
            contender.is_shown = matches!(trace, Some(Trace::Pod(_) | Trace::Lease { .. }));
            match trace {
                Some(trace) => {
                    contender.trace = Some(trace);
                    contender.acts_from = None;
                }
                // What was seen before may still be there.
                None if !unreadable.is_empty() => {}
                None => {
                    contender.trace = None;
                    let random = &mut self.random;
                    contender.acts_from.get_or_insert_with(|| now.after(ABSENCE).after(scatter(random)));
                }
            }
        }
        if unreadable.is_empty() {
            self.read = Some(asked);
        }
        self.unreadable = (!unreadable.is_empty()).then(|| unreadable.join("; "));
    }

    /// What gives a rival of that controller away.
    fn trace(
        &self,
        contender: &Contender,
        pods: Option<&[ControllerManagerPod]>,
        now: Moment,
    ) -> Option<Trace> {
        let runs = |pod: &&ControllerManagerPod| {
            let lines = &pod.command_lines;
            let runs = |line: &Vec<String>| command_line::runs(line, contender.name, contender.former_name);
            lines.is_empty() || lines.iter().any(runs)
        };
        if let Some(pod) = pods.unwrap_or_default().iter().find(runs) {
            return Some(Trace::Pod(pod.name.clone()));
        }
        // The holder is named after a host, which need not have its node's name. But whoever has pods has no other candidates, and
        // one that there were nevertheless would follow the canary.
        if let Some(holder) = self.live_holder(now).filter(|_| pods.is_some_and(<[_]>::is_empty)) {
            return Some(Trace::Lease { holder: holder.to_owned() });
        }
        self.canary.as_ref().is_some_and(Canary::is_followed).then_some(Trace::Canary)
    }

    /// Who holds the lease, unless it has run out.
    fn live_holder(&self, now: Moment) -> Option<&str> {
        let (record, since) = self.lease.as_ref()?;
        let said = u64::try_from(record.duration_seconds).ok().filter(|seconds| *seconds > 0);
        let duration = said.map_or(LEASE_DURATION, Duration::from_secs);
        (!record.holder.is_empty() && now.since(*since) < duration).then_some(record.holder.as_str())
    }

    /// The canary as a look or the watch has shown it; answers whether that is news. A canary that is another one, or was raised by
    /// whomever, has proved nothing yet.
    fn canary_seen(&mut self, now: Moment, asked: Moment, found: Canary) -> bool {
        if let Some(known) = &self.canary {
            // Older, unless it was asked for since: then etcd was restored.
            if known.uid == found.uid && known.version > found.version && asked <= self.canary_seen {
                return false;
            }
            if (known.uid, known.generation) != (found.uid, found.generation) {
                self.contenders.iter_mut().for_each(|contender| contender.acts_from = None);
            }
        }
        self.canary = Some(found);
        self.canary_seen = now;
        self.canary_absent = false;
        true
    }

    /// The watch shows the canary, which may be long before the next look does.
    pub fn canary_watched(&mut self, now: Moment, found: Canary) {
        let is_followed = found.is_followed();
        if self.canary_seen(now, Moment::default(), found) && is_followed {
            self.contenders.iter_mut().for_each(|contender| contender.sighted(Trace::Canary));
        }
    }

    /// Somebody else has written the status of objects that are the controller's, while it was passive.
    pub fn status_written(&mut self, name: &str) {
        let contenders = self.contenders.iter_mut().filter(|contender| contender.name == name);
        contenders.for_each(|contender| contender.sighted(Trace::Status));
    }

    /// Whether a controller acts at that moment, and why; `None` for a controller that is not looked after here.
    pub fn standing(&self, now: Moment, name: &str) -> Option<Standing> {
        let contender = self.contenders.iter().find(|contender| contender.name == name)?;
        if let Some(trace) = &contender.trace {
            return Some(Standing::Passive(Passivity::Rival(trace.clone())));
        }
        let proof_ends = self.read.map(|read| read.after(PROOF)).filter(|ends| now < *ends);
        let (Some(until), Some(acts_from)) = (proof_ends, contender.acts_from) else {
            let fault = self.unreadable.as_deref().unwrap_or("nothing has been read lately");
            return Some(Standing::Passive(Passivity::Unreadable(fault.to_owned())));
        };
        Some(match now < acts_from {
            true => Standing::Passive(Passivity::Waiting { until: acts_from }),
            false => Standing::Alone { until },
        })
    }
}

fn scatter(random: &mut Random) -> Duration {
    Duration::from_millis(random.below(u64::try_from(SCATTER.as_millis()).unwrap_or(u64::MAX)))
}

impl Contender {
    /// A trace that came between two looks. The next look that finds none begins a new wait.
    fn sighted(&mut self, trace: Trace) {
        self.acts_from = None;
        self.trace.get_or_insert(trace);
    }
}
