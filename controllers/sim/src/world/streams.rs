//! Lists and watches: what a source asks, and what comes of it.

use std::time::Duration;

use mainstay_engine::list_watch::{End, ServerRefusal, Step};
use mainstay_engine::{Input, Listing, Source, SourceEvent};
use mainstay_model::{Kind, ResourceVersion};

use super::World;
use crate::clock::Time;
use crate::fault::Fault;
use crate::happening::{Happening, ProcessId, Request, Signal};
use crate::process::{Process, Stream};

/// How soon a front end that is behind may know more.
const LOOKS_AGAIN: Duration = Duration::from_millis(500);
const BOOKMARKS_EVERY: Duration = Duration::from_secs(60);

impl World {
    /// Does what the source's list and watch wants next, on a new connection.
    pub(super) fn next_request(&mut self, id: ProcessId, kind: Kind) {
        let (time, front_end) = (self.now(), self.dice.below(2));
        let Some(process) = self.live(id) else { return };
        let begun = process.clock.now(time).moment;
        let stream = process.stream(kind);
        stream.connection += 1;
        stream.is_open = false;
        stream.is_delivering = false;
        stream.is_silent = false;
        stream.since = time;
        stream.front_end = front_end;
        let connection = stream.connection;
        let step = stream.list_watch.next_step();
        let ends = |end| Signal::Ended(kind, connection, end);
        let (place, request) = match step {
            Step::Wait(delay) => {
                return self.after(delay, Happening::Reaches(id, Signal::Continue(kind, connection)));
            }
            Step::List { .. } => ("list", Request::List { kind, connection, begun, streamed: false }),
            Step::WatchList { .. } => ("list", Request::List { kind, connection, begun, streamed: true }),
            Step::Watch { from, .. } => ("watch", Request::Watch { kind, connection, from }),
        };
        if let Step::Watch { timeout, .. } | Step::WatchList { timeout, .. } = step {
            self.after(timeout, Happening::Reaches(id, ends(End::Closed)));
        }
        let refusal = ServerRefusal { code: 500, ..ServerRefusal::default() };
        let failed = if self.dice.percent(50) { End::Lost } else { End::Refused(refusal) };
        self.ask(id, place, request, ends(failed));
    }

    /// Drops what a source does, for a new list.
    pub(super) fn relist(&mut self, id: ProcessId, kind: Kind) {
        let Some(process) = self.live(id) else { return };
        process.stream(kind).list_watch.relist();
        self.say(|| format!("{id} lists {} anew", kind.plural()));
        self.next_request(id, kind);
    }

    pub(super) fn stream_signal(&mut self, id: ProcessId, signal: Signal) {
        match signal {
            Signal::Listed { kind, connection, begun, streamed, objects, version } => {
                let Some(stream) = self.stream(id, kind, connection) else { return };
                stream.list_watch.listed(version);
                self.open(id, kind, version, streamed);
                let listing = Listing { objects, unreadable: Vec::new(), version, begun };
                self.source_event(id, kind, SourceEvent::Listed(listing));
                // A paged list is over with that; a streamed one goes on as a watch.
                if !streamed && self.stream(id, kind, connection).is_some() {
                    self.next_request(id, kind);
                }
            }
            Signal::Watching { kind, connection, from } => {
                if self.stream(id, kind, connection).is_some() {
                    self.open(id, kind, from, true);
                }
            }
            Signal::Delivery(kind, connection) => self.deliver(id, kind, connection),
            Signal::Bookmark(kind, connection) => self.bookmark(id, kind, connection),
            Signal::Ended(kind, connection, end) => {
                if self.stream(id, kind, connection).is_some() {
                    self.ended(id, kind, &end);
                }
            }
            Signal::Continue(kind, connection) => {
                if self.stream(id, kind, connection).is_some() {
                    self.next_request(id, kind);
                }
            }
            Signal::Input(_)
            | Signal::Lease(..)
            | Signal::Elect(_)
            | Signal::Wake
            | Signal::SentAgain(..) => {}
        }
    }

    /// What is on that very connection, if it is still in use.
    fn stream(&mut self, id: ProcessId, kind: Kind, connection: u64) -> Option<&mut Stream> {
        let stream = self.live(id)?.stream(kind);
        (stream.connection == connection).then_some(stream)
    }

    fn open(&mut self, id: ProcessId, kind: Kind, position: ResourceVersion, is_open: bool) {
        let Some(stream) = self.live(id).map(|process| process.stream(kind)) else { return };
        stream.position = position.0;
        stream.is_open = is_open;
        let connection = stream.connection;
        if is_open {
            self.after(BOOKMARKS_EVERY, Happening::Reaches(id, Signal::Bookmark(kind, connection)));
            self.announce();
        }
    }

    /// Something may have changed: every watch that is idle gets something to deliver.
    pub(super) fn announce(&mut self) {
        let now = self.schedule.now();
        self.reached.entry(self.server.revision().0).or_insert(now);
        for process in &mut self.processes {
            let id = process.id;
            for kind in self.options.stage.kinds().iter().copied() {
                let Some(stream) = idle(process, kind) else { continue };
                stream.is_delivering = true;
                let is_slow = now < self.slow_until;
                let slow = Duration::from_secs(20);
                let delay = if is_slow { self.dice.up_to(slow) } else { self.dice.latency() };
                let delivery = Signal::Delivery(kind, stream.connection);
                self.schedule.at(now.after(delay), Happening::Reaches(id, delivery));
            }
        }
    }

    fn deliver(&mut self, id: ProcessId, kind: Kind, connection: u64) {
        let Some(stream) = self.stream(id, kind, connection) else { return };
        stream.is_delivering = false;
        if stream.is_silent {
            return;
        }
        let (position, front_end) = (stream.position, stream.front_end);
        if position < self.server.history().compacted() {
            let gone = ServerRefusal { code: 410, ..ServerRefusal::default() };
            return self.ended(id, kind, &End::Refused(gone));
        }
        let Some((version, event)) = self.server.history().next(kind, position) else { return };
        if let Some(until) = self.held_back(front_end, version) {
            if let Some(stream) = self.stream(id, kind, connection) {
                stream.is_delivering = true;
            }
            return self.schedule.at(until, Happening::Reaches(id, Signal::Delivery(kind, connection)));
        }
        let event = event.clone();
        let fault = self.draw(3, Fault::OF_WATCHES, "watch");
        if let Some(fault) = fault {
            self.say(|| format!("{id}: {fault}, {} at {version}", kind.plural()));
        }
        match fault {
            Some(Fault::WatchClosed) => return self.ended(id, kind, &End::Closed),
            Some(Fault::WatchBroken) => return self.ended(id, kind, &End::Lost),
            Some(Fault::WatchSilent) => return self.silence(id, kind, connection),
            _ => {}
        }
        let Some(stream) = self.stream(id, kind, connection) else { return };
        stream.position = version.0;
        if fault != Some(Fault::EventLost) {
            stream.list_watch.progressed(version);
            self.source_event(id, kind, event);
        }
        self.announce();
    }

    /// The newest version that a front end knows, and when it will know more.
    pub(super) fn known_to(&self, front_end: u64) -> (ResourceVersion, Time) {
        let behind = self.behind.get(&front_end).copied().unwrap_or_default();
        let known = (ResourceVersion(self.server.revision().0.saturating_sub(behind)), self.now());
        let lag = self.lagging.get(&front_end).filter(|(at, until)| self.now() < *until && *at < known.0);
        lag.copied().unwrap_or((known.0, known.1.after(LOOKS_AGAIN)))
    }

    /// Until when a front end does not know that version.
    fn held_back(&self, front_end: u64, version: ResourceVersion) -> Option<Time> {
        let reached =
            self.reached.range(version.0..).next().map(|(_, reached)| reached.after(self.watch_delay));
        if let Some(until) = reached.filter(|until| *until > self.now()) {
            return Some(until);
        }
        let (known, until) = self.known_to(front_end);
        (version > known).then_some(until)
    }

    /// Nothing comes any more, and the client notices when it has waited for long enough.
    fn silence(&mut self, id: ProcessId, kind: Kind, connection: u64) {
        let Some(stream) = self.stream(id, kind, connection) else { return };
        stream.is_silent = true;
        let patience = mainstay_engine::list_watch::ListWatchSettings::default().silence;
        self.after(patience, Happening::Reaches(id, Signal::Ended(kind, connection, End::Silent)));
    }

    fn bookmark(&mut self, id: ProcessId, kind: Kind, connection: u64) {
        let Some(stream) = self.stream(id, kind, connection).filter(|stream| !stream.is_silent) else {
            return;
        };
        let (position, front_end) = (stream.position, stream.front_end);
        self.after(BOOKMARKS_EVERY, Happening::Reaches(id, Signal::Bookmark(kind, connection)));
        let (version, _) = self.known_to(front_end);
        let next = self.server.history().next(kind, position);
        if version.0 <= position || next.is_some_and(|(next, _)| next <= version) {
            return;
        }
        if let Some(stream) = self.stream(id, kind, connection) {
            stream.position = version.0;
            stream.list_watch.progressed(version);
        }
        self.source_event(id, kind, SourceEvent::Progress(version));
    }

    /// A list or watch has ended: the source decides what follows.
    pub(super) fn ended(&mut self, id: ProcessId, kind: Kind, end: &End) {
        let time = self.now();
        let Some(process) = self.live(id) else { return };
        let stream = process.stream(kind);
        let connection = stream.connection;
        if stream.list_watch.ended(end, time.since(stream.since)) {
            self.source_event(id, kind, SourceEvent::Interrupted);
        }
        // Unless the brain has asked for a new list at once.
        if self.stream(id, kind, connection).is_some() {
            self.next_request(id, kind);
        }
    }

    fn source_event(&mut self, id: ProcessId, kind: Kind, event: SourceEvent) {
        self.input(id, Input::Source(Source::everywhere(kind), event));
    }
}

/// A watch that could deliver something and has nothing on its way.
fn idle(process: &mut Process, kind: Kind) -> Option<&mut Stream> {
    let is_alive = process.is_alive;
    let stream = process.stream(kind);
    (is_alive && stream.is_open && !stream.is_delivering && !stream.is_silent).then_some(stream)
}

/// An input in a line of the log.
pub(super) fn summary(input: &Input) -> String {
    match input {
        Input::Source(source, event) => {
            let what = match event {
                SourceEvent::Listed(list) => format!("{} listed at {}", list.objects.len(), list.version),
                SourceEvent::Applied(object) => {
                    let meta = object.meta();
                    format!("{} applied at {}", meta.name, meta.version)
                }
                SourceEvent::Deleted(gone) => format!("{} deleted at {}", gone.name, gone.version),
                SourceEvent::Progress(version) => format!("progress to {version}"),
                SourceEvent::Interrupted => "interrupted".to_owned(),
            };
            format!("{}: {what}", source.kind.plural())
        }
        Input::Write { id, outcome, .. } => format!("write {}: {outcome:?}", id.0),
        Input::Read { id, outcome } => format!("read {}: {outcome:?}", id.0),
        Input::NewestVersion { source, version, .. } => {
            format!("{}: newest is {version:?}", source.kind.plural())
        }
        Input::Audited { source, entries, version } => {
            format!("{}: {} audited at {version}", source.kind.plural(), entries.len())
        }
        other => format!("{other:?}"),
    }
}
