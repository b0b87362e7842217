//! One manager: the real brain and the real controller, on a clock that moves on only when one of its timers goes off.

use std::time::Duration;

use mainstay_engine::{Brain, BrainSettings, Controller, Effect, Input, Moment, NoMeter, Now, Source};
use mainstay_model::Kind;
use mainstay_replication::ReplicationControllers;

use crate::clock::Time;
use crate::explore::digest::Shape;
use crate::mutant::{Bent, Mutant};

/// The kinds that are watched. There are no quotas in worlds as small as these.
pub(super) const KINDS: [Kind; 2] = [Kind::Pod, Kind::ReplicationController];

/// For how long a manager is told that it leads: longer than any timer of its brain.
pub(super) const TERM: Duration = Duration::from_secs(86_400);

/// A manager, and how it is shown.
pub(super) struct Manager {
    pub brain: Brain,
    pub moment: Moment,
    pub shape: Shape,
    /// The digest of that, with its versions.
    pub exact: u128,
    mutant: Option<Mutant>,
}

impl Manager {
    /// A manager that knows nothing.
    pub fn new(mutant: Option<Mutant>) -> Manager {
        let mut settings = BrainSettings { audit_interval: None, ..BrainSettings::default() };
        if let Some(mutant) = mutant {
            mutant.settings(&mut settings);
        }
        let sources = KINDS.iter().map(|kind| Source::everywhere(*kind)).collect();
        let brain = Brain::new(settings, controllers(mutant), sources, Box::new(NoMeter));
        let shape = Shape::of(&brain);
        Manager { brain, moment: Moment::default(), exact: shape.exact(), shape, mutant }
    }

    /// A second one in the same state.
    pub fn double(&self) -> Manager {
        Manager {
            brain: self.brain.double(controllers(self.mutant), Box::new(NoMeter)),
            moment: self.moment,
            shape: self.shape.clone(),
            exact: self.exact,
            mutant: self.mutant,
        }
    }

    /// Tells the brain, and answers what it wants done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let input = match self.mutant {
            Some(mutant) => mutant.input(input, self.brain.store()),
            None => input,
        };
        let mut effects = Vec::new();
        self.brain.handle(self.now(), input);
        self.brain.run(self.now(), &mut effects);
        self.shape = Shape::of(&self.brain);
        self.exact = self.shape.exact();
        effects
    }

    /// Lets time pass until the next timer goes off.
    pub fn let_time_pass(&mut self) -> Vec<Effect> {
        self.moment = self.brain.wake_at().unwrap_or(self.moment);
        self.handle(Input::Tick)
    }

    /// The wall clock stands still: how old a pod is plays no role here.
    pub fn now(&self) -> Now {
        Now { moment: self.moment, wall: Time::default().wall() }
    }
}

fn controllers(mutant: Option<Mutant>) -> Vec<Box<dyn Controller + Send>> {
    vec![Bent::new(ReplicationControllers::default(), mutant).boxed()]
}
