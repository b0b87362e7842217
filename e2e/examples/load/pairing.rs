//! Which event of a slice answers which change of a pod.
//!
//! A change is a pod that becomes ready or ceases to be; its answer is the first event of a slice that says so. Pods and slices come
//! on streams of their own, so the answer may be read before the change: then it took no time that can be seen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mainstay_model::{EndpointSlice, Name, Pod};
use serde_json::{Value, json};

use crate::percentile::milliseconds;

/// A pod, and what slices say of it.
struct Known {
    is_ready: bool,
    /// What was last seen in a slice.
    shown: Option<bool>,
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
    /// Changes whose answer was not there when the next change came, or at the end. They count as answered then.
    late: usize,
    waiting: usize,
    slices: usize,
    first: Option<Instant>,
    last: Option<Instant>,
    last_answer: Option<Instant>,
}

impl Pairing {
    /// Nothing was seen yet; pods are ready or not.
    pub fn new(ready_before: bool) -> Pairing {
        Pairing {
            ready_before,
            pods: BTreeMap::new(),
            answered: Vec::new(),
            changes: 0,
            late: 0,
            waiting: 0,
            slices: 0,
            first: None,
            last: None,
            last_answer: None,
        }
    }

    fn known(&mut self, pod: &Name) -> &mut Known {
        let is_ready = self.ready_before;
        self.pods.entry(pod.clone()).or_insert(Known { is_ready, shown: None, changed: None })
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
        let is_shown = known.shown == Some(pod.ready);
        let before = std::mem::replace(&mut known.changed, (!is_shown).then_some(at));
        self.changes += 1;
        self.first.get_or_insert(at);
        self.last = Some(at);
        self.waiting += usize::from(!is_shown);
        if is_shown {
            self.answered.push(Duration::ZERO);
        }
        if let Some(before) = before {
            self.waiting -= 1;
            self.late += 1;
            self.answered.push(at.saturating_duration_since(before));
        }
    }

    /// A slice was written.
    pub fn slice(&mut self, at: Instant, slice: &EndpointSlice) {
        self.slices += 1;
        for endpoint in slice.endpoints.iter() {
            let Some(target) = &endpoint.target else { continue };
            let is_ready = endpoint.conditions.ready.unwrap_or(true);
            let known = self.known(&target.name);
            known.shown = Some(is_ready);
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
            name: ObjectName::new("shop", name),
            uid: Uid(1),
            version: ResourceVersion(1),
            generation: 1,
            labels: LabelSet::default(),
            owners: Box::default(),
            created: None,
            deleting: None,
        }
    }

    fn pod(name: &str, ready: bool) -> Pod {
        Pod {
            meta: meta(name),
            phase: PodPhase::Running,
            end_reason: None,
            node: None,
            ips: Box::default(),
            hostname: None,
            subdomain: None,
            named_ports: Vec::new().into(),
            ready,
            ready_since: None,
            deletion_cost: 0,
            restarts: 0,
            sidecar_restarts: 0,
        }
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
        pairing.pod(after(start, 4), &pod("a", true));
        assert_eq!(pairing.changes(), 2);
        let found = pairing.found(after(start, 10));
        assert_eq!(found["late"], 2);
        assert_eq!(found["p50_milliseconds"], 6.0, "after 4 and after 6");
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
