//! Which event of a slice answers which change of a pod.
//!
//! A change is a pod that becomes ready or ceases to be; its answer is the first event of a slice that says so. Pods and slices come
//! on streams of their own, so the answer may be read before the change: then it took no time that can be seen.
//!
//! A change that is not answered before the next one of its pod is overtaken: it counts as having taken until then, which is less than it would have.
//! Where the pod is then as slices still show it, the next one needs no answer, and counts for nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mainstay_model::{EndpointSlice, Name, Pod};
use serde_json::{Value, json};

use crate::percentile::milliseconds;

/// A pod, and what slices say of it.
struct Known {
    is_ready: bool,
    /// What slices say, as far as was seen.
    shown: bool,
    /// Since when slices are to say something else.
    changed: Option<Instant>,
}

/// What has been seen.
pub struct Pairing {
    /// Whether pods are ready of which nothing was seen yet.
    ready_before: bool,
    pods: BTreeMap<Name, Known>,
    answered: Vec<Duration>,
    changes: usize,
    /// Changes that had no answer when the next one came, or at the end.
    late: usize,
    /// Changes that needed none, since they took back one that had none.
    moot: usize,
    waiting: usize,
    slices: usize,
    first: Option<Instant>,
    last: Option<Instant>,
    last_answer: Option<Instant>,
}

impl Pairing {
    /// Nothing was seen yet; pods are ready or not, and slices say so.
    pub fn new(ready_before: bool) -> Pairing {
        Pairing {
            ready_before,
            pods: BTreeMap::new(),
            answered: Vec::new(),
            changes: 0,
            late: 0,
            moot: 0,
            waiting: 0,
            slices: 0,
            first: None,
            last: None,
            last_answer: None,
        }
    }

    fn known(&mut self, pod: &Name) -> &mut Known {
        let is_ready = self.ready_before;
        self.pods.entry(pod.clone()).or_insert(Known { is_ready, shown: is_ready, changed: None })
    }

    /// A pod is as it is shown here. Of one that is on its way out nothing is expected.
    pub fn pod(&mut self, at: Instant, pod: &Pod) {
        if pod.meta.is_deleting() {
            return;
        }
        let known = self.known(&pod.meta.name.name);
        if known.is_ready == pod.ready {
            return;
        }
        known.is_ready = pod.ready;
        let is_shown = known.shown == pod.ready;
        let before = std::mem::replace(&mut known.changed, (!is_shown).then_some(at));
        self.changes += 1;
        self.first.get_or_insert(at);
        self.last = Some(at);
        self.waiting += usize::from(!is_shown);
        match before {
            None if is_shown => self.answered.push(Duration::ZERO),
            None => {}
            Some(before) => {
                self.waiting -= 1;
                self.late += 1;
                self.moot += usize::from(is_shown);
                self.answered.push(at.saturating_duration_since(before));
            }
        }
    }

    /// A slice was written.
    pub fn slice(&mut self, at: Instant, slice: &EndpointSlice) {
        self.slices += 1;
        for endpoint in slice.endpoints.iter() {
            let Some(target) = &endpoint.target else { continue };
            let is_ready = endpoint.conditions.ready.unwrap_or(true);
            let known = self.known(&target.name);
            known.shown = is_ready;
            if known.is_ready == is_ready
                && let Some(changed) = known.changed.take()
            {
                self.waiting -= 1;
                self.answered.push(at.saturating_duration_since(changed));
                self.last_answer = Some(at);
            }
        }
    }

    /// How many changes were seen.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Whether a change has no answer yet.
    pub fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// What was found by `now`.
    pub fn found(mut self, now: Instant) -> Value {
        let unanswered = self.pods.values().filter_map(|known| known.changed);
        let before = self.answered.len();
        self.answered.extend(unanswered.map(|changed| now.saturating_duration_since(changed)));
        let late = self.late + self.answered.len() - before;
        self.answered.sort();
        let between = |end: Option<Instant>| Some(end?.saturating_duration_since(self.first?).as_secs_f64());
        let rate = between(self.last).map(|seconds| self.changes.saturating_sub(1) as f64 / seconds);
        json!({
            "changes": self.changes,
            "changes_a_second": rate,
            "seconds": between(self.last_answer),
            "slices": self.slices,
            "late": late,
            "moot": self.moot,
            "p50_milliseconds": milliseconds(&self.answered, 0.5),
            "p99_milliseconds": milliseconds(&self.answered, 0.99),
        })
    }
}

#[cfg(test)]
mod tests {
    use mainstay_model::{
        AddressType, Endpoint, EndpointConditions, IpFamily, LabelSet, ObjectName, PodPhase, ResourceVersion,
        TargetReference, Timestamp, Uid,
    };

    use super::*;

    fn meta(name: &str) -> mainstay_model::Meta {
        mainstay_model::Meta {
            version: ResourceVersion(1),
            generation: 1,
            ..mainstay_model::Meta::new(ObjectName::new("shop", name), Uid(1))
        }
    }

    fn pod(name: &str, ready: bool) -> Pod {
        Pod { phase: PodPhase::Running, ready, ..Pod::new(meta(name)) }
    }

    fn slice(pods: &[(&str, bool)]) -> EndpointSlice {
        let endpoint = |(name, ready): &(&str, bool)| Endpoint {
            addresses: Box::default(),
            conditions: EndpointConditions { ready: Some(*ready), serving: None, terminating: None },
            hostname: None,
            node: None,
            zone: None,
            target: Some(TargetReference::pod("shop".into(), (*name).into(), Uid(1))),
            zone_hints: Box::default(),
            node_hints: Box::default(),
        };
        EndpointSlice {
            meta: meta("slice"),
            annotations: LabelSet::default(),
            address_type: AddressType::Ip(IpFamily::V4),
            endpoints: pods.iter().map(endpoint).collect(),
            ports: Vec::new().into(),
            kept: Default::default(),
        }
    }

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_change_is_answered_by_the_first_slice_that_says_so() {
        let start = Instant::now();
        let mut pairing = Pairing::new(true);
        pairing.pod(start, &pod("a", false));
        pairing.slice(after(start, 3), &slice(&[("a", true), ("b", true)]));
        assert!(pairing.is_waiting(), "that one was written before");
        pairing.slice(after(start, 5), &slice(&[("a", false), ("b", true)]));
        pairing.slice(after(start, 9), &slice(&[("a", false), ("b", true)]));
        assert!(!pairing.is_waiting());
        let found = pairing.found(after(start, 20));
        assert_eq!(found["p50_milliseconds"], 5.0);
        assert_eq!((&found["changes"], &found["slices"], &found["late"]), (&json!(1), &json!(3), &json!(0)));
    }

    #[test]
    fn an_answer_that_is_read_first_took_no_time() {
        let start = Instant::now();
        let mut pairing = Pairing::new(false);
        pairing.slice(start, &slice(&[("a", true)]));
        pairing.pod(after(start, 1), &pod("a", true));
        assert!(!pairing.is_waiting());
        assert_eq!(pairing.found(after(start, 20))["p99_milliseconds"], 0.0);
    }

    #[test]
    fn what_is_not_answered_before_the_next_change_or_the_end_is_late() {
        let start = Instant::now();
        let mut pairing = Pairing::new(true);
        pairing.pod(start, &pod("a", false));
        pairing.slice(after(start, 1), &slice(&[("a", false)]));
        pairing.pod(after(start, 2), &pod("a", true));
        pairing.pod(after(start, 5), &pod("a", false));
        pairing.pod(after(start, 9), &pod("a", true));
        let found = pairing.found(after(start, 20));
        assert_eq!((&found["changes"], &found["late"], &found["moot"]), (&json!(4), &json!(2), &json!(1)));
        assert_eq!(found["p99_milliseconds"], 11.0, "1, 3 until it is taken back, and 11 until the end");
    }

    #[test]
    fn what_takes_back_a_change_that_was_not_answered_needs_no_answer() {
        let start = Instant::now();
        let mut pairing = Pairing::new(true);
        pairing.pod(start, &pod("a", false));
        pairing.pod(after(start, 4), &pod("a", true));
        assert!(!pairing.is_waiting());
        let found = pairing.found(after(start, 10));
        assert_eq!((&found["late"], &found["moot"]), (&json!(1), &json!(1)));
        assert_eq!(found["p50_milliseconds"], 4.0, "and not how long the end took to come");
    }

    #[test]
    fn what_says_nothing_of_readiness_is_no_change() {
        let start = Instant::now();
        let mut pairing = Pairing::new(false);
        pairing.pod(start, &pod("a", false));
        let mut going = pod("b", true);
        going.meta.deleting = going.meta.created.or(Some(Timestamp::default()));
        pairing.pod(start, &going);
        assert_eq!((pairing.changes(), pairing.is_waiting()), (0, false));
        assert_eq!(pairing.found(start)["p50_milliseconds"], Value::Null);
    }
}
