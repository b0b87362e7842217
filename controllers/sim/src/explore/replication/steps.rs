//! What may happen, and what it does.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Effect, Input, Listing, Moment, Notice, Source, SourceEvent};
use mainstay_model::{
    Kind, Object, ObjectName, Pod, PodPhase, ReadOutcome, ReplicationController, ResourceVersion, Write,
    WriteOutcome,
};

use super::manager::{KINDS, Manager, TERM};
use super::message::{Content, Message, Orphaned, unknown};
use super::{Choice, Content as ServerContent, PodLife, ReplicationWorld, Seat};
use crate::api::ApiServer;
use crate::api::changes::{Part, Replacement};
use crate::clock::Time;
use crate::explore::digest::{Digest, Shape, as_seen, as_stored};

/// After so long on its sender's clock a write that was given up does not arrive any more.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

impl ReplicationWorld {
    /// All that may happen now.
    pub(super) fn possible(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for (index, (_, message)) in self.on_the_way.iter().enumerate() {
            choices.push(Choice::Arrives(index));
            if self.budgets.lost_answers > 0
                && message.orphaned.is_none()
                && message.content.write().is_some()
            {
                choices.push(Choice::AnswerLost(index));
            }
        }
        for (index, seat) in self.seats.iter().enumerate().filter(|(_, seat)| seat.is_awake) {
            let mut has_all = !self
                .on_the_way
                .iter()
                .any(|(_, message)| message.manager == index && message.orphaned.is_none());
            for kind in KINDS {
                let Some(position) = seat.position(kind) else { continue };
                if self.server.history().next(kind, position).is_some() {
                    choices.push(Choice::Delivers(index, kind));
                    has_all = false;
                } else if position < self.server.revision().0
                    && self.leader == Some(index)
                    && !seat.is_fresh(kind)
                {
                    choices.push(Choice::Bookmark(index, kind));
                    has_all = false;
                }
            }
            if self.leader == Some(index)
                && seat.manager.brain.wake_at().is_some()
                && (has_all || self.budgets.early_timers > 0)
            {
                choices.push(Choice::Timer(index, !has_all));
            }
        }
        let living = self.server.pods().filter(|pod| lives_on(pod, self.budgets.pods));
        choices.extend(living.map(|pod| Choice::PodLives(pod.meta.name.clone())));
        match self.leader {
            None => choices.push(Choice::Leads(self.heir)),
            Some(_) if self.budgets.crashes > 0 => choices.push(Choice::Crashes),
            Some(_) => {}
        }
        if self.budgets.scaled_to.is_some() && !self.is_scaled && self.leader.is_some() {
            choices.push(Choice::UserScales);
        }
        choices
    }

    /// Whether it may also stay away for ever.
    pub(super) fn may_never_happen(&self, choice: &Choice) -> bool {
        match choice {
            Choice::Arrives(index) => {
                self.on_the_way.get(*index).is_some_and(|(_, message)| message.orphaned.is_some())
            }
            Choice::Crashes | Choice::UserScales => true,
            Choice::AnswerLost(_)
            | Choice::Delivers(..)
            | Choice::Bookmark(..)
            | Choice::PodLives(_)
            | Choice::Timer(..)
            | Choice::Leads(_) => false,
        }
    }

    /// Lets it happen.
    pub(super) fn happen(&mut self, choice: &Choice) {
        match choice {
            Choice::Arrives(index) => {
                let (shape, message) = self.on_the_way.remove(*index);
                self.arrives(&shape, &message);
            }
            Choice::AnswerLost(index) => self.answer_lost(*index),
            Choice::Delivers(index, kind) => self.deliver(*index, *kind),
            Choice::Bookmark(index, kind) => {
                let version = self.server.revision();
                self.set_position(*index, *kind, Some(version));
                let progress = SourceEvent::Progress(as_seen(*kind, version));
                let digest = Shape::of(&("bookmark", kind, &progress)).exact();
                self.tell(*index, digest, Input::Source(Source::everywhere(*kind), progress));
            }
            Choice::PodLives(name) => self.pod_lives(name),
            Choice::Timer(index, early) => {
                self.budgets.early_timers -= u32::from(*early);
                self.let_time_pass(*index);
            }
            Choice::Crashes => self.crash(),
            Choice::Leads(index) => {
                self.leader = Some(*index);
                let until = self.seats.get(*index).map(|seat| seat.manager.moment.after(TERM));
                if let Some(seat) = self.seats.get_mut(*index) {
                    seat.is_awake = true;
                }
                self.tell(*index, 1, Input::LeadingUntil(until.unwrap_or_default()));
            }
            Choice::UserScales => {
                self.is_scaled = true;
                if let Some(replicas) = self.budgets.scaled_to {
                    self.change_server(|server| {
                        // Nothing refuses a PUT that names no version.
                        let _ = server.replace_part(&Replacement {
                            kind: Kind::ReplicationController,
                            object: ObjectName::new("shop", "red"),
                            uid: None,
                            version: None,
                            part: Part::Replicas(replicas),
                        });
                    });
                }
            }
        }
        self.forget_what_is_void();
    }

    /// Lets the lists of a manager begin.
    pub(super) fn wake_up(&mut self, index: usize) {
        let Some(seat) = self.seats.get_mut(index).filter(|seat| !seat.is_awake) else { return };
        seat.is_awake = true;
        let begun = seat.manager.moment;
        for kind in KINDS {
            self.send(index, Content::AskList(kind, begun));
        }
    }

    /// Lets a standby begin: awake, or with the lists of this moment, so that its watches go on from here once it leads.
    pub(super) fn stand_by(&mut self, index: usize) {
        if self.budgets.standbys_watch {
            return self.wake_up(index);
        }
        for kind in KINDS {
            let listing = self.listing(kind, Moment::default());
            self.set_position(index, kind, Some(self.server.revision()));
            let digest = Shape::of(&("list", kind, &listing)).exact();
            self.tell(index, digest, Input::Source(Source::everywhere(kind), SourceEvent::Listed(listing)));
        }
    }

    /// A standby sees each change, but for the last few.
    fn keep_standbys_close(&mut self) {
        for index in 0..self.seats.len() {
            for kind in KINDS {
                while self.lags_too_much(index, kind) {
                    self.deliver(index, kind);
                }
            }
        }
    }

    fn lags_too_much(&self, index: usize, kind: Kind) -> bool {
        let Some(seat) = self.seats.get(index).filter(|seat| !seat.is_awake) else { return false };
        let history = self.server.history();
        let mut position = seat.position(kind);
        for _ in 0..=self.budgets.standby_lag {
            position = position.and_then(|at| history.next(kind, at)).map(|(version, _)| version.0);
        }
        position.is_some()
    }

    fn listing(&self, kind: Kind, begun: Moment) -> Listing {
        let objects = self.server.list(kind).into_iter().map(seen).collect();
        Listing { objects, unreadable: Vec::new(), version: as_seen(kind, self.server.revision()), begun }
    }

    fn arrives(&mut self, shape: &Shape, message: &Message) {
        let index = message.manager;
        let mut digest = Digest::default();
        digest.add(&(shape.exact(), message.content.number()));
        let digest = digest.finish();
        let zero = Duration::ZERO;
        match message.content.clone() {
            Content::Write { id, write, .. } => {
                let outcome = self.carry_out(message, &write);
                if message.orphaned.is_none() {
                    self.send(index, Content::Written { id, write, outcome });
                }
            }
            Content::Read(id, read) => {
                let mut outcome = self.server.read(&read);
                if let ReadOutcome::Found(found) = &mut outcome {
                    found.version = as_seen(read.kind, found.version);
                }
                self.send(index, Content::WasRead { id, read, outcome });
            }
            Content::AskNewest(kind, asked) => {
                let version = as_seen(kind, self.server.revision());
                self.send(index, Content::Newest(kind, asked, version));
            }
            Content::AskList(kind, begun) => {
                self.send(index, Content::Listed(kind, self.listing(kind, begun)));
            }
            Content::Written { id, outcome, .. } => {
                self.tell(index, digest, Input::Write { id, outcome, took: zero })
            }
            Content::WasRead { id, outcome, .. } => self.tell(index, digest, Input::Read { id, outcome }),
            Content::Newest(kind, asked, version) => {
                let (source, version) = (Source::everywhere(kind), Some(version));
                self.tell(index, digest, Input::NewestVersion { source, asked, version });
            }
            Content::Listed(kind, listing) => {
                self.set_position(index, kind, Some(as_stored(kind, listing.version)));
                self.tell(
                    index,
                    digest,
                    Input::Source(Source::everywhere(kind), SourceEvent::Listed(listing)),
                );
            }
        }
    }

    fn carry_out(&mut self, message: &Message, write: &Write) -> WriteOutcome {
        let mut outcome = WriteOutcome::NotSent { message: String::new() };
        self.change_server(|server| outcome = server.write(&stored(write), Time::default().wall()));
        if let WriteOutcome::Acknowledged { version: Some(version) } = &mut outcome {
            *version = as_seen(write.kind(), *version);
        }
        if let (Write::CreatePod(create), WriteOutcome::Acknowledged { .. }) = (write, &outcome) {
            self.made += 1;
            let uid = self.server.pod(&create.pod).map(|pod| pod.meta.uid);
            if message.orphaned == Some(Orphaned::Crashed) {
                self.late.extend(uid);
            }
            self.check_count(&create.pod);
        }
        outcome
    }

    fn answer_lost(&mut self, place: usize) {
        let (_, message) = self.on_the_way.remove(place);
        self.budgets.lost_answers -= 1;
        let Some((id, write)) = message.content.write() else { return };
        if let Content::Write { sent, .. } = &message.content {
            let content = Content::Write { id, write: write.clone(), sent: *sent };
            let orphaned = Some(Orphaned::GivenUp(*sent));
            self.put(Message { manager: message.manager, orphaned, content });
        }
        let mut digest = Digest::default();
        digest.add(&("lost", id));
        self.tell(message.manager, digest.finish(), unknown(id));
    }

    fn deliver(&mut self, index: usize, kind: Kind) {
        let position = self.seats.get(index).and_then(|seat| seat.position(kind));
        let next = position.and_then(|at| self.server.history().next(kind, at));
        let Some((version, event)) = next.map(|(version, event)| (version, event.clone())) else { return };
        self.set_position(index, kind, Some(version));
        let same = |(of, at, _): &&(Kind, u64, Shape)| *of == kind && *at == version.0;
        let digest = self.changes.iter().find(same).map(|(_, _, shape)| shape.exact()).unwrap_or_default();
        self.tell(index, digest, Input::Source(Source::everywhere(kind), event_seen(kind, event)));
    }

    fn pod_lives(&mut self, name: &ObjectName) {
        let at_once = self.budgets.pods == PodLife::StartsAtOnce;
        self.change_server(|server| {
            let Some(pod) = server.pod(name) else { return };
            let (is_deleting, is_bound) = (pod.meta.is_deleting(), pod.node.is_some());
            if is_deleting {
                return server.remove(Kind::Pod, name);
            }
            server.change(Kind::Pod, name, |record| {
                record.change_pod(|pod| {
                    pod.node = Some("north".into());
                    if is_bound || at_once {
                        pod.phase = PodPhase::Running;
                        pod.ready = true;
                        pod.ready_since = Some(Time::default().wall());
                    }
                });
            });
        });
    }

    /// The manager that leads is gone, and what it has sent is not. It comes back and knows nothing.
    fn crash(&mut self) {
        let Some(index) = self.leader.take() else { return };
        self.budgets.crashes -= 1;
        self.heir = 1 - index.min(1);
        let own: Vec<_> = self.on_the_way.extract_if(.., |(_, message)| message.manager == index).collect();
        for (_, message) in own {
            if let (Content::Write { .. }, content) = (&message.content, message.content.clone()) {
                self.put(Message { manager: index, orphaned: Some(Orphaned::Crashed), content });
            }
        }
        let manager = Rc::new(Manager::new(self.budgets.mutant));
        if let Some(seat) = self.seats.get_mut(index) {
            *seat = Seat { manager, is_awake: false, positions: [None; 2] };
        }
        self.stand_by(index);
    }

    fn let_time_pass(&mut self, index: usize) {
        self.react(index, 0, Manager::let_time_pass);
        let moment = self.seats.get(index).map(|seat| seat.manager.moment).unwrap_or_default();
        self.on_the_way.retain(|(_, message)| match message.orphaned {
            Some(Orphaned::GivenUp(sent)) if message.manager == index => moment.since(sent) < REQUEST_TIMEOUT,
            _ => true,
        });
    }

    fn tell(&mut self, index: usize, digest: u128, input: Input) {
        self.react(index, digest, |manager| manager.handle(input));
    }

    /// Lets a manager take something in, of which this is the digest, and does what it wants done.
    fn react(&mut self, index: usize, digest: u128, take_in: impl FnOnce(&mut Manager) -> Vec<Effect>) {
        let Some(seat) = self.seats.get_mut(index) else { return };
        let mut known = Digest::default();
        known.add(&(seat.manager.exact, digest));
        // A manager is shown without the numbers of its requests: here they must be the same.
        for (_, message) in &self.on_the_way {
            if message.manager == index && message.orphaned.is_none() {
                known.add(&message.content.number());
            }
        }
        let (manager, effects) = self.reactions.get(known.finish(), || {
            let mut manager = seat.manager.double();
            let effects = take_in(&mut manager);
            (Rc::new(manager), effects.into())
        });
        seat.manager = manager;
        self.carry(index, &effects);
    }

    /// Does what a brain wants done.
    fn carry(&mut self, index: usize, effects: &[Effect]) {
        for effect in effects {
            match effect.clone() {
                Effect::Write { id, write, .. } => {
                    self.check_dispatch(index, &write);
                    let sent = self.seats.get(index).map(|seat| seat.manager.moment).unwrap_or_default();
                    self.send(index, Content::Write { id, write, sent });
                }
                Effect::Read { id, read } => self.send(index, Content::Read(id, read)),
                Effect::ReadNewestVersion { source, asked } => {
                    self.send(index, Content::AskNewest(source.kind, asked));
                }
                Effect::Relist(source) => {
                    let kind = source.kind;
                    self.on_the_way.retain(|(_, message)| {
                        message.manager != index || message.content.list() != Some(kind)
                    });
                    self.set_position(index, kind, None);
                    let begun = self.seats.get(index).map(|seat| seat.manager.moment).unwrap_or_default();
                    self.send(index, Content::AskList(kind, begun));
                }
                Effect::Notice(Notice::PlanPanicked { message, .. }) => {
                    self.broken(format!("a plan panicked: {message}"))
                }
                Effect::Notice(_) | Effect::Event(_) | Effect::Audit(_) | Effect::Rivals(_) => {}
            }
        }
    }

    fn send(&mut self, manager: usize, content: Content) {
        self.put(Message { manager, orphaned: None, content });
    }

    fn put(&mut self, message: Message) {
        let shape = Shape::of(&message);
        // In which order things were sent makes no difference.
        let place = self.on_the_way.partition_point(|(other, _)| *other < shape);
        self.on_the_way.insert(place, (shape, Rc::new(message)));
    }

    fn change_server(&mut self, change: impl FnOnce(&mut ApiServer)) {
        let before = self.server.revision();
        let server = Rc::make_mut(&mut self.server);
        change(server);
        self.content = Rc::new(Shape::of(&ServerContent(server)));
        for kind in KINDS {
            let mut position = before.0;
            while let Some((version, event)) = server.history().next(kind, position) {
                position = version.0;
                let shape = Shape::of(&event_seen(kind, event.clone()));
                Rc::make_mut(&mut self.changes).push((kind, version.0, shape));
            }
        }
        self.keep_standbys_close();
    }

    fn set_position(&mut self, index: usize, kind: Kind, version: Option<ResourceVersion>) {
        let Some(seat) = self.seats.get_mut(index) else { return };
        for (of, position) in KINDS.into_iter().zip(&mut seat.positions) {
            if of == kind {
                *position = version.map(|version| version.0);
            }
        }
    }

    /// A late write that the server could only refuse makes no difference any more.
    fn forget_what_is_void(&mut self) {
        let server = &self.server;
        self.on_the_way.retain(|(_, message)| match (&message.content, message.orphaned) {
            (Content::Write { write: Write::PatchReplicationControllerStatus(patch), .. }, Some(_)) => {
                server.controller(&patch.object).is_some_and(|found| {
                    found.meta.version == as_stored(Kind::ReplicationController, patch.version)
                })
            }
            (Content::Write { write: Write::DeletePod(delete), .. }, Some(_)) => {
                server.pod(&delete.pod).is_some_and(|found| found.meta.uid == delete.uid)
            }
            _ => true,
        });
    }
}

impl Seat {
    pub(super) fn position(&self, kind: Kind) -> Option<u64> {
        KINDS.into_iter().zip(self.positions).find(|(of, _)| *of == kind)?.1
    }

    fn is_fresh(&self, kind: Kind) -> bool {
        let report = self.manager.brain.report(self.manager.now());
        report.sources.iter().any(|source| source.source.kind == kind && source.fresh)
    }

    /// What the manager knows of a kind.
    pub(super) fn known(&self, kind: Kind) -> Vec<Object> {
        self.manager.brain.store().all(kind)
    }
}

/// Whether something is still to happen to the pod.
fn lives_on(pod: &Pod, life: PodLife) -> bool {
    pod.meta.is_deleting() || life != PodLife::Stays && pod.phase == PodPhase::Pending
}

/// An object as a manager sees it.
pub(super) fn seen(object: Object) -> Object {
    match object {
        Object::ReplicationController(controller) => {
            let mut controller = ReplicationController::clone(&controller);
            controller.meta.version = as_seen(Kind::ReplicationController, controller.meta.version);
            Object::ReplicationController(Arc::new(controller))
        }
        other => other,
    }
}

/// A change as a manager sees it.
pub(super) fn event_seen(kind: Kind, event: SourceEvent) -> SourceEvent {
    match event {
        SourceEvent::Applied(object) => SourceEvent::Applied(seen(object)),
        SourceEvent::Deleted(mut tombstone) => {
            tombstone.version = as_seen(kind, tombstone.version);
            SourceEvent::Deleted(tombstone)
        }
        event => event,
    }
}

/// A write as the server understands it.
fn stored(write: &Write) -> Write {
    let mut write = write.clone();
    if let Write::PatchReplicationControllerStatus(patch) = &mut write {
        patch.version = as_stored(Kind::ReplicationController, patch.version);
    }
    write
}
