//! The work queue of one controller: three lanes, each key once, and timers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use mainstay_model::ObjectName;

use crate::clock::Moment;

/// Where a key stands in line. What happens now goes before what failed, and that before what was there at the start, so
/// that a restart among many objects does not delay the few that change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// Something has just changed.
    Change,
    /// A failure is tried again, or time has come.
    Retry,
    /// The key came with the first list.
    Initial,
}

/// Keys that want to be planned. First in, first out in each lane; a key is in at most one.
#[derive(Clone, Default)]
pub struct Queue {
    lanes: [VecDeque<ObjectName>; 3],
    /// What is ready, in which lane and since when. An entry in a lane that this map does not confirm has moved on.
    ready: BTreeMap<ObjectName, (Lane, Moment)>,
    timers: BTreeSet<(Moment, ObjectName)>,
    timer_of: BTreeMap<ObjectName, Moment>,
}

impl Queue {
    /// Makes a key ready. One that is ready already keeps its time, and moves up if this lane is better. Says whether the key is new.
    pub fn add(&mut self, key: &ObjectName, lane: Lane, now: Moment) -> bool {
        let since = match self.ready.get(key) {
            Some((current, _)) if *current <= lane => return false,
            Some((_, since)) => Some(*since),
            None => None,
        };
        self.ready.insert(key.clone(), (lane, since.unwrap_or(now)));
        if let Some(line) = self.lanes.get_mut(lane as usize) {
            line.push_back(key.clone());
        }
        since.is_none()
    }

    /// Makes a key ready at that moment; takes the place of its earlier timer. `None` takes the timer away.
    pub fn set_timer(&mut self, key: &ObjectName, moment: Option<Moment>) {
        let old = match moment {
            Some(moment) => self.timer_of.insert(key.clone(), moment),
            None => self.timer_of.remove(key),
        };
        if let Some(old) = old {
            self.timers.remove(&(old, key.clone()));
        }
        if let Some(moment) = moment {
            self.timers.insert((moment, key.clone()));
        }
    }

    /// Makes a key ready at that moment at the latest: an earlier timer stays.
    pub fn wake_by(&mut self, key: &ObjectName, moment: Moment) {
        if self.timer_of.get(key).is_none_or(|earlier| moment < *earlier) {
            self.set_timer(key, Some(moment));
        }
    }

    /// Takes out the keys whose time has come.
    pub fn due(&mut self, now: Moment) -> Vec<ObjectName> {
        let mut due = Vec::new();
        while let Some((moment, _)) = self.timers.first()
            && *moment <= now
            && let Some((_, key)) = self.timers.pop_first()
        {
            self.timer_of.remove(&key);
            due.push(key);
        }
        due
    }

    /// The next key to plan, in which lane it stood and since when it was ready.
    pub fn pop(&mut self) -> Option<(ObjectName, Lane, Moment)> {
        for (position, lane) in [Lane::Change, Lane::Retry, Lane::Initial].into_iter().enumerate() {
            let Some(line) = self.lanes.get_mut(position) else { continue };
            while let Some(key) = line.pop_front() {
                if let Some((current, since)) = self.ready.get(&key).copied()
                    && current == lane
                {
                    self.ready.remove(&key);
                    return Some((key, lane, since));
                }
            }
        }
        None
    }

    /// How many keys are ready.
    pub fn depth(&self) -> usize {
        self.ready.len()
    }

    /// When the next timer ends.
    pub fn next_timer(&self) -> Option<Moment> {
        self.timers.first().map(|(moment, _)| *moment)
    }

    /// How many keys have a timer.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }
}

/// What comes in which order, and the timers. Since when a key is ready is measured and decides nothing.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes = [Lane::Change, Lane::Retry, Lane::Initial].into_iter().zip(&self.lanes);
        let confirmed = lanes.flat_map(|(lane, line)| {
            let is_confirmed =
                move |key: &&ObjectName| self.ready.get(*key).is_some_and(|(current, _)| *current == lane);
            line.iter().filter(is_confirmed).map(move |key| (lane, key))
        });
        f.debug_list().entries(confirmed).entries(&self.timers).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(name: &str) -> ObjectName {
        ObjectName::new("shop", name)
    }

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    fn drain(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop()).map(|(key, ..)| key.name.to_string()).collect()
    }

    #[test]
    fn the_earlier_of_two_timers_stays() {
        let mut queue = Queue::default();
        queue.wake_by(&key("a"), at(20));
        queue.wake_by(&key("a"), at(30));
        assert_eq!(queue.next_timer(), Some(at(20)));
        queue.wake_by(&key("a"), at(10));
        assert_eq!((queue.next_timer(), queue.timers()), (Some(at(10)), 1));
    }

    #[test]
    fn changes_go_before_retries_and_those_before_the_first_list() {
        let mut queue = Queue::default();
        queue.add(&key("initial-1"), Lane::Initial, at(0));
        queue.add(&key("initial-2"), Lane::Initial, at(0));
        queue.add(&key("retry"), Lane::Retry, at(0));
        queue.add(&key("change"), Lane::Change, at(0));
        assert_eq!(drain(&mut queue), ["change", "retry", "initial-1", "initial-2"]);
    }

    #[test]
    fn a_key_is_in_line_once_and_moves_up() {
        let mut queue = Queue::default();
        assert!(queue.add(&key("a"), Lane::Initial, at(0)));
        assert!(queue.add(&key("b"), Lane::Initial, at(0)));
        assert!(!queue.add(&key("b"), Lane::Change, at(1)));
        assert!(!queue.add(&key("b"), Lane::Initial, at(1)));
        assert_eq!(queue.depth(), 2);
        assert_eq!(drain(&mut queue), ["b", "a"]);
        assert_eq!(queue.depth(), 0);
    }

    #[test]
    fn the_time_in_line_counts_from_the_first_add() {
        let mut queue = Queue::default();
        queue.add(&key("a"), Lane::Initial, at(2));
        queue.add(&key("a"), Lane::Change, at(5));
        assert_eq!(queue.pop(), Some((key("a"), Lane::Change, at(2))));
    }

    #[test]
    fn a_key_has_one_timer() {
        let mut queue = Queue::default();
        queue.set_timer(&key("a"), Some(at(5)));
        queue.set_timer(&key("b"), Some(at(6)));
        queue.set_timer(&key("a"), Some(at(8)));
        assert_eq!(queue.next_timer(), Some(at(6)));
        assert_eq!(queue.due(at(7)), [key("b")]);
        queue.set_timer(&key("a"), None);
        assert_eq!(queue.due(at(100)), []);
        assert_eq!(queue.timers(), 0);
    }
}
