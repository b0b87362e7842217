//! The real controller, bent by a mutant.

use std::cell::{Cell, RefCell};

use mainstay_engine::{Change, Controller, Now, Plan, Store, View};
use mainstay_model::{Event, Kind, ObjectName, Write, WriteOutcome};
use mainstay_replication::ReplicationControllers;

use super::Mutant;
use super::wrong_controller::WrongController;

/// The real controller; with a mutant, made wrong in its way.
pub struct Bent {
    controller: ReplicationControllers,
    wrong: Option<RefCell<WrongController>>,
    made_up: Cell<bool>,
}

impl Bent {
    /// The controller of a process.
    pub fn new(mutant: Option<Mutant>) -> Bent {
        Bent {
            controller: ReplicationControllers::default(),
            wrong: mutant.map(|mutant| RefCell::new(WrongController::new(mutant))),
            made_up: Cell::new(false),
        }
    }

    /// Whether the last plan stands for one that a wrong engine would not have asked for.
    pub fn has_made_it_up(&self) -> bool {
        self.made_up.get()
    }
}

impl Controller for Bent {
    fn name(&self) -> &'static str {
        self.controller.name()
    }

    fn queue(&self) -> &'static str {
        self.controller.queue()
    }

    fn primary(&self) -> Kind {
        self.controller.primary()
    }

    fn kinds(&self) -> &'static [Kind] {
        self.controller.kinds()
    }

    fn helpful_kinds(&self) -> &'static [Kind] {
        self.controller.helpful_kinds()
    }

    fn route(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        let Some(wrong) = &self.wrong else { return self.controller.route(store, change, keys) };
        let mut wrong = wrong.borrow_mut();
        let mut change = change.clone();
        if wrong.change(&mut change) {
            let mut touched = Vec::new();
            self.controller.route(store, &change, &mut touched);
            wrong.route(&mut touched);
            keys.append(&mut touched);
        }
    }

    fn relieve(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        self.controller.relieve(store, change, keys);
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let Some(wrong) = &self.wrong else { return self.controller.plan(key, view, now) };
        let mut wrong = wrong.borrow_mut();
        let made_up = wrong.plan_instead(key, now);
        self.made_up.set(made_up.is_some());
        if let Some(plan) = made_up {
            return plan;
        }
        let mutant = wrong.mutant();
        let memory = mutant.memory(view.memory, key, view.store);
        let store = mutant.store(view.store);
        let view = View { store: store.as_ref().unwrap_or(view.store), memory: &memory };
        let mut plan = self.controller.plan(key, &view, now);
        mutant.plan(&mut plan, key, &view, now);
        wrong.planned(key, &plan);
        plan
    }

    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        self.controller.is_void(store, key, write)
    }

    fn report(
        &self,
        store: &Store,
        key: &ObjectName,
        write: &Write,
        outcome: &WriteOutcome,
    ) -> Option<Event> {
        if let Some(wrong) = &self.wrong {
            wrong.borrow_mut().ended(key, outcome);
        }
        self.controller.report(store, key, write, outcome)
    }
}
