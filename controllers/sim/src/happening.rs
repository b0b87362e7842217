//! What is going to happen, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_engine::election::{LeaseAnswer, LeaseRequest};
use mainstay_engine::list_watch::End;
use mainstay_engine::{Input, Moment, ReadId, RivalRequest, Source, WriteId};
use mainstay_model::{Kind, Name, Object, ObjectName, Read, ResourceVersion, Uid, Write};

use crate::clock::Time;
use crate::script::Step;

/// One life of one manager: what was meant for an earlier life of it reaches nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ProcessId {
    /// Which manager.
    pub index: usize,
    /// How often it has been started again.
    pub life: u64,
}

impl std::fmt::Display for ProcessId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "manager-{}.{}", self.index, self.life)
    }
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A process' request reaches the server.
    Arrives(ProcessId, Request),
    /// Something reaches a process; a frozen one takes it in when it thaws.
    Reaches(ProcessId, Signal),
    /// The scheduler, the kubelet or nobody does the next thing about a pod.
    PodLives(ObjectName, Uid),
    /// The kubelet of a node that has died comes back.
    NodeRestarts(Name),
    /// The kubelets say that their nodes are alive.
    NodesRenew,
    /// The quota controller counts.
    QuotasAreCounted,
    /// The disruption controller counts.
    BudgetsAreCounted,
    /// The controller of EndpointSlices publishes pods.
    SlicesAreWritten,
    /// The garbage collector looks around.
    GarbageIsCollected,
    /// It stands in the script.
    Script(Step),
    /// A user looks whether a ReplicationController that is being deleted has gone, to go on with what waits for that.
    UserLooks(ObjectName),
    /// Somebody else is seen to do the managers' work, for so long.
    RivalComes(Duration),
    /// A frozen process goes on.
    Thaws(ProcessId),
    /// A process that was told to stop has had its time.
    StopTakesTooLong(ProcessId),
    /// A manager is started again.
    Restarts(usize),
}

/// A request at the server.
#[derive(Clone, Debug)]
pub enum Request {
    /// A write.
    Write {
        /// Names it.
        id: WriteId,
        /// What is written.
        write: Write,
        /// When it was sent.
        sent: Time,
        /// Whether the answer will get through.
        answered: bool,
        /// Whether its sender may have given up meanwhile.
        late: bool,
    },
    /// A live read.
    Read(ReadId, Read),
    /// The question for the newest version.
    NewestVersion(Source, Moment),
    /// Something of the search for rivals.
    Rivals(RivalRequest),
    /// A list of metadata.
    Audit(Source),
    /// A complete list.
    List {
        /// Of what.
        kind: Kind,
        /// On which connection.
        connection: u64,
        /// When it was asked for, on the process' clock.
        begun: Moment,
        /// Whether a watch goes on from it.
        streamed: bool,
    },
    /// A watch.
    Watch {
        /// Of what.
        kind: Kind,
        /// On which connection.
        connection: u64,
        /// After which version.
        from: ResourceVersion,
    },
    /// A question whose answer will be late.
    AnsweredLate(Box<Request>),
    /// Something about the lease.
    Lease {
        /// Which turn of the election.
        turn: u64,
        /// What.
        request: LeaseRequest,
        /// Whether the answer will get through.
        answered: bool,
    },
}

/// What reaches a process.
#[derive(Clone, Debug)]
pub enum Signal {
    /// An answer for the brain.
    Input(Input),
    /// A complete list.
    Listed {
        /// Of what.
        kind: Kind,
        /// On which connection.
        connection: u64,
        /// When it was asked for.
        begun: Moment,
        /// Whether a watch goes on from it.
        streamed: bool,
        /// What is in it.
        objects: Vec<Object>,
        /// Its version.
        version: ResourceVersion,
    },
    /// A watch was accepted.
    Watching {
        /// Of what.
        kind: Kind,
        /// On which connection.
        connection: u64,
        /// After which version.
        from: ResourceVersion,
    },
    /// A watch has something to deliver.
    Delivery(Kind, u64),
    /// A watch has a bookmark to deliver.
    Bookmark(Kind, u64),
    /// A list or watch has ended.
    Ended(Kind, u64, End),
    /// A wait of a source is over.
    Continue(Kind, u64),
    /// The answer to a request about the lease.
    Lease(u64, LeaseAnswer),
    /// The election wanted to be asked again.
    Elect(u64),
    /// The brain wanted to be called again.
    Wake,
    /// The transport sends a write again by itself, which only a mutant's does.
    SentAgain(ProcessId, WriteId, Write),
}

/// What will happen, in order; at the same time, in the order in which it was decided.
#[derive(Debug, Default)]
pub struct Schedule {
    now: Time,
    entries: BTreeMap<(Time, u64), Happening>,
    last: u64,
}

impl Schedule {
    /// The time of what was taken last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// At that time, or now if it is over.
    pub fn at(&mut self, time: Time, happening: Happening) {
        self.last += 1;
        self.entries.insert((time.max(self.now), self.last), happening);
    }

    /// Takes what comes next, if that is before `end`.
    pub fn next(&mut self, end: Time) -> Option<Happening> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 < end)?;
        let ((time, _), happening) = entry.remove_entry();
        self.now = time;
        Some(happening)
    }
}
