//! Requests at the server, and their answers.

use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::election::Standing;
use mainstay_engine::list_watch::{End, ServerRefusal};
use mainstay_engine::{Input, WriteId};
use mainstay_model::{Kind, Meta, Object, Pod, ResourceVersion, Write, WriteOutcome};

use super::{World, requests};
use crate::api::record::Record;
use crate::api::selection::Selection;
use crate::happening::{Happening, ProcessId, Request, Signal};
use crate::mutant::Mutant;
use crate::process::Process;
use crate::stage::Stage;

/// How soon a kubelet hears of what has changed in a pod.
const KUBELETS_HEAR_WITHIN: Duration = Duration::from_secs(2);

impl World {
    pub(super) fn arrives(&mut self, sender: ProcessId, request: Request) {
        let back = match &request {
            Request::AnsweredLate(_) => self.dice.up_to(requests::QUESTIONS_ARE_LATE),
            _ => self.dice.latency(),
        };
        let request = match request {
            Request::AnsweredLate(question) => *question,
            request => request,
        };
        let server = &self.server;
        let signal = match request {
            Request::Write { id, write, sent, answered, late } => {
                let outcome = self.carry_out((sender, id), &write, late);
                if answered {
                    let answer = requests::answer(id, outcome, sent, self.now().after(back));
                    self.after(back, Happening::Reaches(sender, Signal::Input(answer)));
                }
                return;
            }
            Request::Lease { turn, request, answered } => {
                let newest = self.server.lease_version();
                let mutant = self.options.mutant;
                let request = match mutant {
                    Some(mutant) => mutant.lease_request(request, newest),
                    None => request,
                };
                let answer = self.server.lease(request);
                if !answered {
                    return;
                }
                Signal::Lease(turn, answer)
            }
            Request::Read(id, read) => Signal::Input(Input::Read { id, outcome: server.read(&read) }),
            Request::NewestVersion(source, asked) => {
                let version = Some(server.revision());
                Signal::Input(Input::NewestVersion { source, asked, version })
            }
            Request::Rivals(request) => {
                let answer = self.rivals_answer(request);
                return self.after(back, Happening::Reaches(sender, Signal::Input(Input::Rivals(answer))));
            }
            Request::Audit(source) => Signal::Input(Input::Audited {
                entries: server.list_metadata(source.kind),
                version: server.revision(),
                source,
            }),
            Request::List { kind, connection, begun, streamed } => {
                let (objects, version) = self.listing(sender, kind);
                Signal::Listed { kind, connection, begun, streamed, objects, version }
            }
            Request::Watch { kind, connection, from } => self.watch(kind, connection, from),
            // Taken apart above.
            Request::AnsweredLate(_) => return,
        };
        self.after(back, Happening::Reaches(sender, signal));
    }

    /// A consistent list, as all of ours are; a mutant's is what its front end knows.
    fn listing(&mut self, sender: ProcessId, kind: Kind) -> (Vec<Object>, ResourceVersion) {
        let newest = (self.server.list(kind), self.server.revision());
        if self.options.mutant != Some(Mutant::ListsFromCache) {
            return newest;
        }
        let front_end = self.live(sender).map_or(0, |process| process.stream(kind).front_end);
        let (known, _) = self.known_to(front_end);
        let objects = self.server.list_selected(kind, &Selection::default(), Some(known));
        objects.map_or(newest, |objects| (objects, known))
    }

    /// A watch from what is forgotten is refused. One from what a front end has not heard of yet, or what a restore has undone, is
    /// accepted, and silent until then.
    fn watch(&self, kind: Kind, connection: u64, from: ResourceVersion) -> Signal {
        if from.0 < self.server.history().compacted() {
            let gone = ServerRefusal { code: 410, reason: "Expired".to_owned(), ..Default::default() };
            return Signal::Ended(kind, connection, End::Refused(gone));
        }
        Signal::Watching { kind, connection, from }
    }

    fn carry_out(&mut self, sender: (ProcessId, WriteId), write: &Write, late: bool) -> WriteOutcome {
        let time = self.now();
        let mut write = write.clone();
        if let Write::DeletePod(delete) = &mut write
            && let Some(found) = self.server.pod(&delete.pod).map(|pod| pod.meta.uid)
        {
            if self.options.mutant == Some(Mutant::DeleteWithoutUid) {
                delete.uid = found;
            }
            if found == delete.uid {
                let late = self.is_in_the_window(sender.0, late);
                self.oracles.deleting(time, sender, &delete.pod, late, &self.server);
            }
        }
        if self.options.mutant == Some(Mutant::NoVersions) {
            self.take_newest_version(&mut write);
        }
        let write = &write;
        let before = self.version_of(write);
        if self.options.stage == Stage::Endpoints {
            self.publishing.observe(&self.server, false);
        }
        let published = self.publishing.before(write);
        let too_early = match write {
            Write::PatchPod(patch) => self.not_there_yet(patch),
            _ => None,
        };
        let outcome = self.server.write(write, time.wall());
        self.say(|| format!("server: {} {}: {}", write.verb(), write.object(), name(&outcome)));
        if !matches!(outcome, WriteOutcome::Acknowledged { .. }) {
            return outcome;
        }
        if let Some(what) = too_early {
            self.oracles.report(time, "step", format!("{}: {what}", sender.0));
        }
        match write {
            Write::CreatePod(create) => {
                let is_copy = late && self.oracles.was_made_before(&create.pod);
                let late = self.is_in_the_window(sender.0, is_copy);
                let what = (&create.pod, create.owner.uid);
                self.oracles.created(time, sender, what, late, &self.server);
                if self.live(sender.0).is_some_and(|process| process.clock.step == 0) {
                    self.oracles.paced(time, create.owner.uid, &self.server);
                }
                self.kick(&create.pod, Duration::from_secs(2));
            }
            Write::DeletePod(delete) => self.kick(&delete.pod, Duration::from_secs(3)),
            Write::AdoptPod(adopt) => {
                let late = self.is_in_the_window(sender.0, late);
                self.oracles.adopted(time, sender.0, (&adopt.pod, adopt.uid), adopt.owner.uid, late);
            }
            Write::PatchReplicationControllerStatus(_)
            | Write::PatchSidecarWorkloadStatus(_)
            | Write::PatchControllerRevision(_)
            | Write::PatchPod(_) => {
                let after = self.version_of(write);
                self.oracles.published(time, sender.0, write, before, after);
                self.kick(write.object(), KUBELETS_HEAR_WITHIN);
            }
            // What was sent without an answer may be sent again, and says nothing new then.
            Write::PatchPodCondition(patch) => self.kick(&patch.pod, KUBELETS_HEAR_WITHIN),
            Write::CreateControllerRevision(create) => {
                let made = self.server.record(Kind::ControllerRevision, &create.revision);
                if let Some(uid) = made.map(|record| record.meta().uid) {
                    self.oracles.born(sender, uid);
                }
            }
            Write::ReleasePod(_) => {}
            Write::DeleteObject(_) if self.options.stage != Stage::Endpoints => {}
            Write::CreateEndpoints(_)
            | Write::UpdateEndpoints(_)
            | Write::CreateEndpointSlice(_)
            | Write::UpdateEndpointSlice(_)
            | Write::DeleteObject(_) => {
                let excused = self.is_in_the_window(sender.0, late);
                self.publishing.observe(&self.server, true);
                let found = self.publishing.written(time, sender.0, write, &published, excused);
                found.into_iter().for_each(|violation| self.oracles.add(violation));
            }
        }
        self.announce();
        outcome
    }

    /// A mutant wants whatever is there under the name.
    fn take_newest_version(&self, write: &mut Write) {
        let Some(newest) = self.version_of(write) else { return };
        match write {
            Write::UpdateEndpoints(update) => update.version = newest,
            Write::UpdateEndpointSlice(update) => update.version = newest,
            Write::DeleteObject(delete) => delete.version = newest,
            _ => {}
        }
    }

    fn version_of(&self, write: &Write) -> Option<ResourceVersion> {
        Some(self.server.record(write.kind(), write.object())?.meta().version)
    }

    /// Whether a write belongs to the window that Kubernetes leaves open, since it has no fencing: its sender may have given up,
    /// sleeps, leads no more or not alone.
    fn is_in_the_window(&mut self, sender: ProcessId, late: bool) -> bool {
        late || !self.knows_that_it_leads(sender) || self.two_lead()
    }

    /// Whether somebody believes that it leads whatever the lease says.
    fn two_lead(&self) -> bool {
        let now = self.now();
        let usurps = |process: &Process| process.usurps_until.is_some_and(|until| now < until);
        self.processes.iter().any(|process| process.is_alive && usurps(process))
    }

    /// Whether a sender is awake and leads.
    fn knows_that_it_leads(&mut self, id: ProcessId) -> bool {
        let time = self.now();
        self.live(id).is_some_and(|process| {
            let moment = process.clock.now(time).moment;
            process.frozen.is_none() && matches!(process.election.standing(moment), Standing::Leading { .. })
        })
    }

    /// Somebody else changes the object that a write is for.
    pub(super) fn touch(&mut self, write: &Write) {
        let revision = self.server.revision().to_string();
        match write.kind() {
            // For a create, somebody else has a pod of that name.
            Kind::Pod if self.server.pod(write.object()).is_none() => {
                let uid = self.server.new_uid();
                let pod = Pod::new(Meta::new(write.object().clone(), uid));
                self.server.store(Record::new(Object::Pod(Arc::new(pod))));
                self.kick(write.object(), Duration::from_secs(2));
            }
            Kind::Pod => self.server.change(Kind::Pod, write.object(), |record| {
                record.change_pod(|pod| pod.restarts += 1);
            }),
            Kind::EndpointSlice => self.touch_slice(write.object()),
            Kind::Endpoints => self.touch_labels(Kind::Endpoints, write.object()),
            kind => self.server.change(kind, write.object(), |record| {
                record.change_meta(|meta| {
                    meta.labels = [("touched-after", revision)].into_iter().collect();
                });
            }),
        }
        self.announce();
    }
}

fn name(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Acknowledged { version: Some(version) } => format!("done at {version}"),
        WriteOutcome::Acknowledged { version: None } => "done".to_owned(),
        WriteOutcome::Refused(refusal) => format!("refused, {}", refusal.message()),
        WriteOutcome::Unknown { message } | WriteOutcome::NotSent { message } => message.clone(),
    }
}
