//! The real controller, bent by a mutant.

use std::cell::RefCell;

use mainstay_engine::{Change, Controller, Now, Plan, Store, View};
use mainstay_model::{Event, Kind, ObjectName, Write, WriteOutcome};
use mainstay_replication::ReplicationControllers;

use super::Mutant;
use super::wrong_controller::WrongController;

/// The real controller; with a mutant, made wrong in its way.
pub fn controller(mutant: Option<Mutant>) -> Box<dyn Controller + Send> {
    let controller = ReplicationControllers::default();
    match mutant {
        None => Box::new(controller),
        Some(mutant) => Box::new(Bent { controller, wrong: RefCell::new(WrongController::new(mutant)) }),
    }
}

/// The real controller, made wrong.
struct Bent {
    controller: ReplicationControllers,
    wrong: RefCell<WrongController>,
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
        let mut wrong = self.wrong.borrow_mut();
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
        let mut wrong = self.wrong.borrow_mut();
        if let Some(plan) = wrong.plan_instead(key, now) {
            return plan;
        }
        let mutant = wrong.mutant();
        let memory = mutant.memory(view.memory, key, view.store);
        let view = View { store: view.store, memory: &memory };
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
        self.wrong.borrow_mut().ended(key, outcome);
        self.controller.report(store, key, write, outcome)
    }
}
