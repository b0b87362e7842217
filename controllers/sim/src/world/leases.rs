//! The elections: what each asks of the lease, and that no two win.

use std::time::Duration;

use mainstay_engine::election::{ElectionSettings, LeaseAnswer, Standing, Step};

use super::World;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Request, Signal};
use crate::process::Process;

/// How late a request about the lease may reach the server.
const LATEST: Duration = Duration::from_secs(30);

impl World {
    /// Asks a process' election what to do, and does it.
    pub(super) fn elect(&mut self, id: ProcessId) {
        let time = self.now();
        let Some(process) = self.live(id) else { return };
        let step = process.election.next(process.clock.now(time));
        if !self.follow_leadership(id) {
            return;
        }
        self.check_leaders(id);
        self.run_brain(id);
        let Some(process) = self.live(id) else { return };
        process.turn += 1;
        let turn = process.turn;
        match step {
            Step::Done => self.end_process(id, "the lease is given back"),
            Step::Wait { until } => {
                let until = process.clock.when(until);
                self.schedule.at(until, Happening::Reaches(id, Signal::Elect(turn)));
            }
            Step::Send(request) => {
                let patience = ElectionSettings::default().request_timeout();
                let timeout = process.clock.when(process.clock.now(time).moment.after(patience));
                let latency = self.dice.latency();
                let arrival = |answered| {
                    Happening::Arrives(id, Request::Lease { turn, request: request.clone(), answered })
                };
                let fault = self.draw(4, Fault::OF_THE_LEASE, "lease");
                if let Some(fault) = fault {
                    self.say(|| format!("{id}: {fault}, lease"));
                }
                // A time-out that comes after the answer belongs to a turn that is over.
                self.schedule.at(timeout, Happening::Reaches(id, Signal::Lease(turn, LeaseAnswer::Failed)));
                match fault {
                    None => self.after(latency, arrival(true)),
                    Some(Fault::CrashBeforeSend) => self.end_process(id, "crash before the lease is sent"),
                    Some(Fault::CrashAfterSend) => {
                        self.after(latency, arrival(false));
                        self.end_process(id, "crash after the lease was sent");
                    }
                    Some(Fault::AnswerLost) => self.after(latency, arrival(false)),
                    Some(Fault::RequestLate) => {
                        let late = self.dice.up_to(LATEST);
                        self.after(late, arrival(false));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    pub(super) fn elect_again(&mut self, id: ProcessId, turn: u64) {
        if self.live(id).is_some_and(|process| process.turn == turn) {
            self.elect(id);
        }
    }

    pub(super) fn lease_answered(&mut self, id: ProcessId, turn: u64, answer: LeaseAnswer) {
        let (time, mutant) = (self.now(), self.options.mutant);
        let Some(process) = self.live(id).filter(|process| process.turn == turn) else { return };
        let now = process.clock.now(time);
        let answer = match mutant {
            Some(mutant) => mutant.lease_answer(answer, now),
            None => answer,
        };
        process.election.answered(now, answer);
        self.elect(id);
    }

    /// If this process leads, nobody else may believe that it does, not even one that sleeps.
    fn check_leaders(&mut self, id: ProcessId) {
        let time = self.now();
        let leads = |process: &&Process| {
            let moment = process.clock.now(time).moment;
            process.is_alive && matches!(process.election.standing(moment), Standing::Leading { .. })
        };
        let leaders: Vec<ProcessId> = self.processes.iter().filter(leads).map(|process| process.id).collect();
        if leaders.len() > 1 && leaders.contains(&id) {
            let names: Vec<String> = leaders.iter().map(ProcessId::to_string).collect();
            self.oracles.report(time, "leader", format!("{} lead", names.join(" and ")));
        }
    }
}
