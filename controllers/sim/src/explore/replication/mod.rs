//! One ReplicationController with two managers, in every order.
//!
//! Real are the brains, the controller and the model of the apiserver. Sources are reduced to what reaches a brain: a list as it was
//! when the server read it, then each change in its order, and a bookmark while freshness waits for one. (Later bookmarks say
//! nothing: the version that a gate waits for is always that of a change, which is delivered before.) Who leads is decided by a
//! token: when the leader crashes, the other manager may get it at any time later, and never before. A crashed manager comes back
//! as a standby.
//!
//! Requests and answers take any time and overtake each other. A timer goes off when nothing is on its way to or from its process,
//! and beyond that as often as [`ReplicationBudgets`] says. Each process has a clock of its own, which moves on only with its
//! timers. A write that its sender has given up arrives within a minute of the sender's clock, as with a real server, or never.
//!
//! Map: [`ReplicationBudgets`] says how much may happen, [`message`] is what is on its way, [`manager`] a process, [`steps`] what
//! happens, [`promises`] what must hold.

mod manager;
mod memory;
mod message;
mod options;
mod promises;
mod steps;

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use mainstay_model::{
    Kind, LabelSet, Meta, Object, ObjectName, PodTemplate, ReplicationController,
    ReplicationControllerStatus, ResourceVersion, Selector, Uid,
};

use super::TinyWorld;
use super::digest::{FIRST_VERSION, Shape, as_seen, state_digest};
use crate::api::ApiServer;
use crate::api::record::Record;
use manager::{KINDS, Manager};
use memory::Reactions;
use message::Message;
pub use options::{PodLife, ReplicationBudgets};

/// The world.
pub struct ReplicationWorld {
    budgets: ReplicationBudgets,
    reactions: Rc<Reactions>,
    server: Rc<ApiServer>,
    /// The server's content.
    content: Rc<Shape>,
    /// Each change there was, by its version.
    changes: Rc<Vec<(Kind, u64, Shape)>>,
    seats: [Seat; 2],
    /// Who leads, by number.
    leader: Option<usize>,
    /// Who leads next when nobody does.
    heir: usize,
    on_the_way: Vec<(Shape, Rc<Message>)>,
    /// Pods that a crashed manager's create has made after the crash.
    late: BTreeSet<Uid>,
    /// Whether the user has scaled.
    is_scaled: bool,
    /// How many pods were made: the next one's UID depends on it.
    made: usize,
    /// The promise that was broken on the way here.
    broken: Option<String>,
}

/// A manager and its streams.
#[derive(Clone)]
struct Seat {
    manager: Rc<Manager>,
    /// Whether its lists and watches deliver.
    is_awake: bool,
    /// Up to where pods and ReplicationControllers were delivered, in the order of [`KINDS`]; `None` before a list.
    positions: [Option<u64>; 2],
}

/// What may happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// A request reaches the server, or an answer its manager.
    Arrives(usize),
    /// The sender of a write hears no answer.
    AnswerLost(usize),
    /// A watch delivers its next change to a manager.
    Delivers(usize, Kind),
    /// A watch delivers a bookmark to a manager.
    Bookmark(usize, Kind),
    /// The next thing in a pod's life.
    PodLives(ObjectName),
    /// A manager's next timer goes off.
    Timer(usize, bool),
    /// The leader crashes.
    Crashes,
    /// A manager begins to lead.
    Leads(usize),
    /// A user wants another number of pods.
    UserScales,
}

impl ReplicationWorld {
    /// The world before anything has happened: two managers that know nothing, of which the first is about to lead.
    pub fn new(budgets: ReplicationBudgets) -> ReplicationWorld {
        let mut server = ApiServer::at(FIRST_VERSION);
        let uid = server.new_uid();
        let controller = Arc::new(controller(uid, budgets.replicas));
        server.store(Record::new(Object::ReplicationController(controller)));
        let seat =
            || Seat { manager: Rc::new(Manager::new(budgets.mutant)), is_awake: false, positions: [None; 2] };
        let mut world = ReplicationWorld {
            budgets,
            reactions: Rc::default(),
            content: Rc::new(Shape::of(&Content(&server))),
            changes: Rc::default(),
            server: Rc::new(server),
            seats: [seat(), seat()],
            leader: None,
            heir: 0,
            on_the_way: Vec::new(),
            late: BTreeSet::new(),
            is_scaled: false,
            made: 0,
            broken: None,
        };
        world.wake_up(0);
        world.stand_by(1);
        world
    }
}

impl TinyWorld for ReplicationWorld {
    type Choice = Choice;

    const COMES_TO_REST: bool = true;

    fn double(&self) -> ReplicationWorld {
        ReplicationWorld {
            budgets: self.budgets,
            reactions: self.reactions.clone(),
            server: self.server.clone(),
            content: self.content.clone(),
            changes: self.changes.clone(),
            seats: self.seats.clone(),
            leader: self.leader,
            heir: self.heir,
            on_the_way: self.on_the_way.clone(),
            late: self.late.clone(),
            is_scaled: self.is_scaled,
            made: self.made,
            broken: self.broken.clone(),
        }
    }

    fn choices(&self) -> Vec<Choice> {
        self.possible()
    }

    fn take(&mut self, choice: &Choice) {
        self.happen(choice);
    }

    fn in_words(&self, choice: &Choice) -> String {
        let message = |index: &usize| {
            self.on_the_way.get(*index).map(|(_, message)| message.to_string()).unwrap_or_default()
        };
        match choice {
            Choice::Arrives(index) => message(index),
            Choice::AnswerLost(index) => format!("no answer to what is on its way, {}", message(index)),
            Choice::Delivers(index, kind) => {
                format!("manager {index} sees the next change of {}", kind.plural())
            }
            Choice::Bookmark(index, kind) => format!("manager {index} gets a bookmark for {}", kind.plural()),
            Choice::PodLives(name) => format!("the life of {name} goes on"),
            Choice::Timer(index, false) => format!("time passes for manager {index}"),
            Choice::Timer(index, true) => {
                format!("time passes for manager {index}, before all has reached it")
            }
            Choice::Crashes => "the leader crashes".to_owned(),
            Choice::Leads(index) => format!("manager {index} leads"),
            Choice::UserScales => "a user scales".to_owned(),
        }
    }

    fn digest(&self) -> u128 {
        let rest = self.rest();
        let mut shapes: Vec<&Shape> = vec![&rest, &self.content];
        shapes.extend(self.seats.iter().map(|seat| &seat.manager.shape));
        shapes.extend(self.on_the_way.iter().map(|(shape, _)| shape));
        for seat in &self.seats {
            for kind in KINDS {
                let Some(position) = seat.position(kind) else { continue };
                let is_open = |(of, version, _): &&(Kind, u64, Shape)| *of == kind && *version > position;
                shapes.extend(self.changes.iter().filter(is_open).map(|(_, _, shape)| shape));
                shapes.push(&self.content);
            }
        }
        state_digest(&shapes)
    }

    fn violation(&self) -> Option<String> {
        self.broken.clone()
    }

    fn is_at_rest(&self, choices: &[Choice]) -> bool {
        choices.iter().all(|choice| self.may_never_happen(choice))
    }

    fn violation_at_rest(&self) -> Option<String> {
        self.unfinished()
    }
}

impl ReplicationWorld {
    /// What of the world is in no manager, not at the server and not on its way.
    fn rest(&self) -> Shape {
        let ReplicationBudgets { crashes, lost_answers, early_timers, .. } = self.budgets;
        let is_there = |uid: &&Uid| self.server.pods().any(|pod| pod.meta.uid == **uid);
        let late: Vec<&Uid> = self.late.iter().filter(is_there).collect();
        let budgets = (crashes, lost_answers, early_timers, self.is_scaled);
        let states = (self.leader, self.heir, self.made, late, self.broken.is_some());
        let awake = [0, 1].map(|index: usize| self.seats.get(index).map(|seat| seat.is_awake));
        let positions = self.seats.each_ref().map(|seat| seat.positions.map(|position| position.is_some()));
        let versions = self.seats.iter().flat_map(|seat| {
            let position = |kind| Some(as_seen(kind, ResourceVersion(seat.position(kind)?)).0);
            KINDS.into_iter().filter_map(position)
        });
        Shape::plain(&(budgets, states, awake, positions), versions.collect())
    }
}

/// What the server has, as managers see it.
struct Content<'a>(&'a ApiServer);

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in KINDS {
            f.debug_list().entries(self.0.list(kind).into_iter().map(steps::seen)).finish()?;
            write!(f, " at {:?}", as_seen(kind, self.0.revision()))?;
        }
        Ok(())
    }
}

/// The ReplicationController that everything here is about.
fn controller(uid: Uid, replicas: i32) -> ReplicationController {
    let labels: LabelSet = [("app", "red")].into_iter().collect();
    let template = PodTemplate { labels: labels.clone(), ..PodTemplate::default() };
    ReplicationController {
        meta: Meta { generation: 1, ..Meta::new(ObjectName::new("shop", "red"), uid) },
        replicas,
        min_ready_seconds: 0,
        selector: Selector(labels),
        template: Some(Arc::new(template)),
        status: ReplicationControllerStatus::default(),
    }
}
