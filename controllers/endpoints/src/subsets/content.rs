//! All of an Endpoints that is written, and whether the object that is there says it already.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_model::service::HEADLESS;
use mainstay_model::{EndpointSubset, Endpoints, EndpointsContent, LabelSet, Name, Pod, Service, Uid};

use super::truncate::{OVER_CAPACITY, TRUNCATED};
use crate::members::Member;
use crate::pack::{known_by, say_the_same};
use crate::trigger_time;

/// The label on what this controller has written.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
/// Its value.
const MANAGER: &str = "endpoint-controller";

/// What is to be said, and what it comes from.
pub(super) struct Wanted<'a> {
    pub service: &'a Service,
    pub members: &'a [Member<'a>],
    pub subsets: Vec<EndpointSubset>,
    pub truncated: bool,
}

/// Whether the label says that the object is this controller's.
pub(super) fn is_ours(endpoints: &Endpoints) -> bool {
    endpoints.meta.labels.get(MANAGED_BY).is_some_and(|manager| **manager == *MANAGER)
}

impl Wanted<'_> {
    /// Whether the object says all this already, in whatever layout. Annotations that are others' do not count.
    pub(super) fn is_said_by(&self, stored: &Endpoints) -> bool {
        let over_capacity = stored.annotations.get(OVER_CAPACITY).map(|value| &**value);
        over_capacity == self.truncated.then_some(TRUNCATED)
            && stored.meta.labels == self.labels()
            && say_the_same(&stored.subsets, &self.subsets)
    }

    /// What is to be written over what is stored. Annotations of others stay.
    pub(super) fn content(&self, stored: Option<&Endpoints>) -> EndpointsContent {
        let time = match stored {
            None => trigger_time::of_first_write(self.service),
            Some(stored) => trigger_time::of_changes(self.changed(stored)),
        };
        let annotations = stored.map(|stored| stored.annotations.clone()).unwrap_or_default();
        let annotations = trigger_time::annotate(&annotations, time);
        let others = annotations.iter().filter(|(key, _)| ***key != *OVER_CAPACITY);
        let own = self.truncated.then(|| (Name::from(OVER_CAPACITY), Name::from(TRUNCATED)));
        EndpointsContent {
            labels: self.labels(),
            annotations: LabelSet::new(others.map(|(key, value)| (key.clone(), value.clone())).chain(own)),
            subsets: self.subsets.as_slice().into(),
        }
    }

    /// The service's labels and ours, of which those in the service's own set say nothing.
    fn labels(&self) -> LabelSet {
        let labels = self.service.meta.labels.iter().filter(|(key, _)| ***key != *HEADLESS);
        let headless = self.service.is_headless().then(|| (Name::from(HEADLESS), Name::from("")));
        let own = [(Name::from(MANAGED_BY), Name::from(MANAGER))];
        LabelSet::new(labels.map(|(key, value)| (key.clone(), value.clone())).chain(own).chain(headless))
    }

    /// The pods that are to be published anew or with another readiness than they are.
    fn changed<'a>(&'a self, stored: &Endpoints) -> impl Iterator<Item = &'a Pod> {
        let (before, after) = (readiness(&stored.subsets), readiness(&self.subsets));
        let changed = after.into_iter().filter(|(identity, state)| before.get(identity) != Some(state));
        let uids: BTreeSet<Uid> = changed.filter_map(|((_ip, uid), _state)| Uid::parse(uid).ok()).collect();
        let members = self.members.iter().filter(move |member| uids.contains(&member.pod.meta.uid));
        members.map(|member| &**member.pod)
    }
}

/// What addresses are known by, and whether all that is said of one is that it is ready.
fn readiness(subsets: &[EndpointSubset]) -> BTreeMap<(&str, &str), bool> {
    let mut readiness = BTreeMap::new();
    for subset in subsets {
        readiness.extend(subset.ready.iter().map(|address| (known_by(address), true)));
    }
    for subset in subsets {
        readiness.extend(subset.not_ready.iter().map(|address| (known_by(address), false)));
    }
    readiness
}
