//! The real controller, bent by a mutant.

use std::cell::RefCell;

use mainstay_engine::{Change, Controller, Now, Plan, Store, View};
use mainstay_model::{Event, Kind, ObjectName, Write, WriteOutcome};
use mainstay_replication::ReplicationControllers;

use super::Mutant;
use super::wrong_controller::WrongController;

/// Who is told of each plan that the engine asked for.
type Observe = dyn Fn(&ObjectName, &View<'_>, &Plan, Now) + Send;

/// The real controller; with a mutant, made wrong in its way.
pub struct Bent {
    controller: ReplicationControllers,
    wrong: Option<RefCell<WrongController>>,
    observe: Option<Box<Observe>>,
}

impl Bent {
    /// The controller of a process.
    pub fn new(mutant: Option<Mutant>) -> Bent {
        Bent {
            controller: ReplicationControllers::default(),
            wrong: mutant.map(|mutant| RefCell::new(WrongController::new(mutant))),
            observe: None,
        }
    }

    /// The same, with a word to somebody each time that it plans. What stands for a plan that a wrong engine would not have asked for is
    /// no plan.
    pub fn observed_by(
        mut self,
        observe: impl Fn(&ObjectName, &View<'_>, &Plan, Now) + Send + 'static,
    ) -> Bent {
        self.observe = Some(Box::new(observe));
        self
    }

    /// A plan that was made, by a controller that is wrong perhaps.
    fn planned(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let Some(wrong) = &self.wrong else { return self.controller.plan(key, view, now) };
        let mut wrong = wrong.borrow_mut();
        let mutant = wrong.mutant();
        let memory = mutant.memory(view.memory, key, view.store);
        let store = mutant.store(view.store);
        let view = View { store: store.as_ref().unwrap_or(view.store), memory: &memory };
        let mut plan = self.controller.plan(key, &view, now);
        mutant.plan(&mut plan, key, &view, now);
        wrong.planned(key, &plan);
        plan
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
        let made_up = self.wrong.as_ref().and_then(|wrong| wrong.borrow_mut().plan_instead(key, now));
        if let Some(plan) = made_up {
            return plan;
        }
        let plan = self.planned(key, view, now);
        if let Some(observe) = &self.observe {
            observe(key, view, &plan, now);
        }
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
