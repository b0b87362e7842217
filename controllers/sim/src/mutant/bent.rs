//! The real controllers, bent by a mutant.

use std::cell::RefCell;
use std::time::Duration;

use mainstay_engine::{Change, Controller, Metric, Now, Plan, Store, View};
use mainstay_model::{Event, Kind, ObjectName, Write, WriteOutcome};

use super::Mutant;
use super::wrong_controller::WrongController;

/// Who is told of each plan that the engine asked for: the name of the controller, and all that the plan is made of.
type Observe = dyn Fn(&'static str, &ObjectName, &View<'_>, &Plan, Now) + Send;

/// A real controller; with a mutant, made wrong in its way. What the mutant is not about is forwarded, all of it: what is left
/// out here never happens in a simulated cluster.
pub struct Bent {
    controller: Box<dyn Controller + Send>,
    wrong: Option<RefCell<WrongController>>,
    observe: Option<Box<Observe>>,
}

impl Bent {
    /// A controller of a process.
    pub fn new(controller: impl Controller + Send + 'static, mutant: Option<Mutant>) -> Bent {
        Bent {
            controller: Box::new(controller),
            wrong: mutant.map(|mutant| RefCell::new(WrongController::new(mutant))),
            observe: None,
        }
    }

    /// The same, with a word to somebody each time that it plans. What stands for a plan that a wrong engine would not have asked for is
    /// no plan.
    pub fn observed_by(
        mut self,
        observe: impl Fn(&'static str, &ObjectName, &View<'_>, &Plan, Now) + Send + 'static,
    ) -> Bent {
        self.observe = Some(Box::new(observe));
        self
    }

    /// The same, as an engine takes it.
    pub fn boxed(self) -> Box<dyn Controller + Send> {
        Box::new(self)
    }

    /// A plan that is made by a controller that is wrong perhaps.
    fn planned(&self, wrong: &mut WrongController, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let mutant = wrong.mutant();
        let memory = mutant.memory(view.memory, key, view.store);
        let store = wrong.store(key, view.store, now);
        let bent = View { store: store.as_ref().unwrap_or(view.store), memory: &memory };
        let mut plan = self.controller.plan(key, &bent, now);
        if mutant.is_behind_the_plan() {
            self.tell(key, view, &plan, now);
        }
        mutant.plan(self.controller.name(), &mut plan, key, &bent, now);
        wrong.planned(key, &plan, now);
        if !mutant.is_behind_the_plan() {
            self.tell(key, view, &plan, now);
        }
        plan
    }

    fn tell(&self, key: &ObjectName, view: &View<'_>, plan: &Plan, now: Now) {
        if let Some(observe) = &self.observe {
            observe(self.controller.name(), key, view, plan, now);
        }
    }
}

impl Controller for Bent {
    fn name(&self) -> &'static str {
        self.controller.name()
    }

    fn former_name(&self) -> Option<&'static str> {
        self.controller.former_name()
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

    fn metrics(&self) -> &'static [Metric] {
        self.controller.metrics()
    }

    fn rests(&self) -> bool {
        self.controller.rests()
    }

    fn batch_period(&self, change: &Change) -> Duration {
        self.controller.batch_period(change)
    }

    fn relieve(&self, store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        self.controller.relieve(store, change, keys);
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, now: Now) -> Plan {
        let Some(wrong) = &self.wrong else {
            let plan = self.controller.plan(key, view, now);
            self.tell(key, view, &plan, now);
            return plan;
        };
        let mut wrong = wrong.borrow_mut();
        let made_up = wrong.plan_instead(key, now);
        made_up.unwrap_or_else(|| self.planned(&mut wrong, key, view, now))
    }

    fn is_void(&self, store: &Store, key: &ObjectName, write: &Write) -> bool {
        self.controller.is_void(store, key, write)
    }

    fn accepted(&self, write: &Write) -> Option<(&'static str, &'static str)> {
        self.controller.accepted(write)
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

#[cfg(test)]
mod tests {
    /// A method with a default would be forgotten without a word of the compiler's.
    #[test]
    fn all_that_a_controller_is_asked_is_forwarded() {
        let (asked, wrapper) = (include_str!("../../../engine/src/controller.rs"), include_str!("bent.rs"));
        let asked: Vec<&str> = asked.lines().filter_map(|line| line.strip_prefix("    fn ")).collect();
        let names = asked.iter().filter_map(|line| line.split_once('(')).map(|(name, _)| name);
        let forgotten: Vec<&str> =
            names.filter(|name| !wrapper.contains(&format!("self.controller.{name}("))).collect();
        assert!(asked.len() > 10 && forgotten.is_empty(), "{forgotten:?}");
    }
}
