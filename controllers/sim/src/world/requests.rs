//! What processes send, and what befalls it on the way.

use std::time::Duration;

use mainstay_engine::election::Standing;
use mainstay_engine::{Effect, Input, Moment, WriteId};
use mainstay_model::{CreatePod, ObjectName, ReadOutcome, Refusal, Write, WriteOutcome};

use super::World;
use crate::clock::Time;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Request, Signal};
use crate::mutant::Mutant;
use crate::stage::Stage;

/// How long a request may take before its sender gives up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How late a question, or the answer to it, may be.
pub(super) const QUESTIONS_ARE_LATE: Duration = Duration::from_secs(30);
/// How long a mutant's transport waits at least before it sends a create again.
const TRANSPORT_WAITS: Duration = Duration::from_secs(10);

impl World {
    /// Carries out what a brain wants done over the network.
    pub(super) fn send(&mut self, id: ProcessId, effect: Effect) {
        match effect {
            Effect::Write { id: write_id, write, deadline, changed: _ } => {
                self.check_dispatch(id, write_id, &write, Some(deadline));
                let others = self.sent_with_it(id, &write);
                self.send_write(id, write_id, write);
                for (write_id, write) in others {
                    self.check_dispatch(id, write_id, &write, Some(deadline));
                    self.send_write(id, write_id, write);
                }
            }
            Effect::Read { id: read_id, read } => {
                self.oracles.asked(id, read_id, &read.object);
                let outcome = ReadOutcome::Failed { message: "no answer".to_owned() };
                let failed = Input::Read { id: read_id, outcome };
                self.ask(id, "read", Request::Read(read_id, read), Signal::Input(failed));
            }
            Effect::ReadNewestVersion { source, asked } => {
                let failed = Input::NewestVersion { source: source.clone(), asked, version: None };
                self.ask(id, "read", Request::NewestVersion(source, asked), Signal::Input(failed));
            }
            Effect::Audit(source) => {
                let failed = Signal::Input(Input::AuditFailed(source.clone()));
                self.ask(id, "list", Request::Audit(source), failed);
            }
            Effect::Rivals(request) => self.ask_for_rivals(id, request),
            Effect::Relist(_) | Effect::Notice(_) | Effect::Event(_) => {}
        }
    }

    /// Shows a write that leaves a process to the oracles.
    fn check_dispatch(&mut self, id: ProcessId, write_id: WriteId, write: &Write, deadline: Option<Moment>) {
        let (time, mutant) = (self.now(), self.options.mutant);
        let Some(process) = self.processes.get_mut(id.index) else { return };
        let moment = process.clock.now(time).moment;
        let leads = matches!(process.election.standing(moment), Standing::Leading { .. })
            || process.usurps_until.is_some();
        if mutant == Some(Mutant::GateByCount) {
            process.counting_gate.sent(write_id, write);
        }
        let store = process.brain.store();
        self.oracles.dispatched(time, (id, write_id), write, store, self.calm);
        if self.options.stage == Stage::Endpoints {
            self.publishing.sent(id, write_id, write, store);
        }
        if deadline.is_some_and(|deadline| moment >= deadline) || !leads {
            let message = format!("{id} writes {} and does not lead", write.object());
            self.oracles.report(time, "dispatch", message);
        }
        if self.is_beside_a_rival() {
            let message = format!("{id} writes {} beside somebody else", write.object());
            self.oracles.report(time, "rival", message);
        }
        if time > self.rest_from {
            let message = format!("{id} still writes: {} {}", write.verb(), write.object());
            self.oracles.report(time, "rest", message);
        }
    }

    /// What a mutant sends together with a create: all others of its plan.
    fn sent_with_it(&mut self, id: ProcessId, write: &Write) -> Vec<(WriteId, Write)> {
        let (Write::CreatePod(create), Some(Mutant::WindowNeverShrinks)) = (write, self.options.mutant)
        else {
            return Vec::new();
        };
        let key = ObjectName::new(create.pod.namespace.clone(), create.owner.name.clone());
        let Some(names) = self.live(id).and_then(|process| process.batches.remove(&key)) else {
            return Vec::new();
        };
        let others = names.into_iter().filter(|name| *name != create.pod);
        let steps = self.steps;
        let numbered = others.enumerate().map(|(number, pod)| {
            let write = Write::CreatePod(CreatePod { pod, ..create.clone() });
            // No brain counts as far as that.
            (WriteId(u64::MAX - steps * 1000 - number as u64), write)
        });
        numbered.collect()
    }

    /// A mutant's transport sends a create again, without asking anybody.
    pub(super) fn send_again(&mut self, id: ProcessId, write_id: WriteId, write: Write) {
        self.check_dispatch(id, write_id, &write, None);
        let request = Request::Write { id: write_id, write, sent: self.now(), answered: false, late: false };
        let latency = self.dice.latency();
        self.after(latency, Happening::Arrives(id, request));
    }

    /// Sends a question; `failed` is what the process hears if it gets no answer.
    pub(super) fn ask(&mut self, id: ProcessId, place: &'static str, request: Request, failed: Signal) {
        let latency = self.dice.latency();
        if self.is_down() {
            return self.after(latency, Happening::Reaches(id, failed));
        }
        match self.draw(7, Fault::OF_READS, place) {
            None => self.after(latency, Happening::Arrives(id, request)),
            Some(Fault::RequestLate) => {
                let late = self.dice.up_to(QUESTIONS_ARE_LATE);
                self.after(late, Happening::Arrives(id, request));
            }
            Some(Fault::AnswerLate) => {
                self.after(latency, Happening::Arrives(id, Request::AnsweredLate(Box::new(request))));
            }
            Some(fault @ (Fault::CrashBeforeSend | Fault::CrashAfterSend)) => {
                self.end_process(id, &format!("{fault}, {place}"));
            }
            Some(fault) => {
                self.say(|| format!("{id}: {fault}, {place}"));
                self.after(latency, Happening::Reaches(id, failed));
            }
        }
    }

    fn send_write(&mut self, id: ProcessId, write_id: WriteId, write: Write) {
        let fault = match self.is_down() {
            true => Some(Fault::NotConnected),
            false => self.draw(18, Fault::OF_WRITES, write.verb()),
        };
        self.say(|| {
            let befallen = fault.map_or(String::new(), |fault| format!(": {fault}"));
            format!("{id} -> {} {}{befallen}", write.verb(), write.object())
        });
        let sent = self.now();
        let latency = self.dice.latency();
        let back = latency + self.dice.latency();
        let outcome = |outcome| Signal::Input(answer(write_id, outcome, sent, sent.after(back)));
        let arrival = |answered, late| {
            Happening::Arrives(
                id,
                Request::Write { id: write_id, write: write.clone(), sent, answered, late },
            )
        };
        if self.options.mutant == Some(Mutant::TransportRetries)
            && matches!(fault, Some(Fault::RequestLost | Fault::ServerError | Fault::Throttled))
            && matches!(write, Write::CreatePod(_))
        {
            let later = TRANSPORT_WAITS + self.dice.up_to(TRANSPORT_WAITS);
            self.after(later, Happening::Reaches(id, Signal::SentAgain(id, write_id, write.clone())));
        }
        match fault {
            None => self.after(latency, arrival(true, false)),
            Some(Fault::RequestLost) => {
                self.after(back, Happening::Reaches(id, outcome(unknown("no answer"))))
            }
            Some(Fault::AnswerLost) => {
                self.after(latency, arrival(false, false));
                let wait = if self.dice.percent(50) { back } else { back + self.dice.up_to(REQUEST_TIMEOUT) };
                self.after(wait, Happening::Reaches(id, outcome(unknown("no answer"))));
            }
            Some(Fault::RequestLate) => {
                let late = self.dice.up_to(REQUEST_TIMEOUT);
                self.after(late, arrival(false, true));
                let wait = self.dice.up_to(REQUEST_TIMEOUT);
                self.after(wait, Happening::Reaches(id, outcome(unknown("no answer"))));
            }
            Some(Fault::ServerError) => {
                let code = if self.dice.percent(50) { "500" } else { "504" };
                self.after(back, Happening::Reaches(id, outcome(unknown(code))));
            }
            Some(Fault::Throttled) => {
                let retry_after = Some(Duration::from_secs(self.dice.below(3)));
                let refusal = Refusal::TooManyRequests { retry_after, message: "come back later".to_owned() };
                self.after(back, Happening::Reaches(id, outcome(WriteOutcome::Refused(refusal))));
            }
            Some(Fault::Forbidden) => {
                let refusal = Refusal::Forbidden { message: "a webhook says no".to_owned() };
                self.after(back, Happening::Reaches(id, outcome(WriteOutcome::Refused(refusal))));
            }
            Some(Fault::Conflict) => {
                self.touch(&write);
                self.after(latency, arrival(true, false));
            }
            Some(Fault::CrashBeforeSend) => self.end_process(id, "crash before a write is sent"),
            Some(Fault::CrashAfterSend) => {
                self.after(latency, arrival(false, false));
                self.end_process(id, "crash after a write was sent");
            }
            // Of the faults that befall writes, only that there is no connection is left.
            Some(_) => {
                let message = "connection refused".to_owned();
                self.after(latency, Happening::Reaches(id, outcome(WriteOutcome::NotSent { message })));
            }
        }
    }
}

/// What a brain hears of a write.
pub(super) fn answer(id: WriteId, outcome: WriteOutcome, sent: Time, now: Time) -> Input {
    Input::Write { id, outcome, took: now.since(sent) }
}

fn unknown(message: &str) -> WriteOutcome {
    WriteOutcome::Unknown { message: message.to_owned() }
}
