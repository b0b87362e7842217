//! What was worked out before: a manager in a certain state makes the same of the same input, in however many states of the
//! world that happens.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use mainstay_engine::Effect;

use super::manager::Manager;

/// What a manager has become, and what it wants done.
pub(super) type Reaction = (Rc<Manager>, Rc<[Effect]>);

/// So many are remembered; then all are forgotten, since the next ones are mostly new anyway.
const MOST: usize = 10_000;

/// Reactions by the digest of state and input.
#[derive(Default)]
pub(super) struct Reactions(RefCell<HashMap<u128, Reaction, FixedState>>);

impl Reactions {
    /// The reaction that is known under this digest, or else the one that is worked out now.
    pub fn get(&self, digest: u128, work_out: impl FnOnce() -> Reaction) -> Reaction {
        if let Some(known) = self.0.borrow().get(&digest) {
            return known.clone();
        }
        let reaction = work_out();
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest, reaction.clone());
        reaction
    }
}
