//! The pods of a SidecarWorkload, as a rollout sees them.

use std::sync::Arc;

use mainstay_engine::Store;
use mainstay_model::sidecar_workload::REVISION_LABEL;
use mainstay_model::{
    ContainerRole, ContainerState, Node, ObjectName, Pod, SidecarWorkload, Timestamp, WorkloadPod,
};

use crate::history::{History, Revision};
use crate::pod_shape::Replaceable;
use crate::step::Step;

/// A pod that is active and ours.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// The pod.
    pub(crate) pod: &'a Arc<Pod>,
    /// The revision that its label names; empty without the label.
    pub(crate) revision: &'a str,
    /// The step of an update in place that it is in.
    pub(crate) step: Option<Step>,
    /// Whether it has been ready for long enough, and is not in a step: those are about to be unavailable, or have been.
    pub(crate) is_available: bool,
    /// Whether its label lies: it has an image of another revision and is in no step. Somebody has changed the label, or has taken the annotation off.
    pub(crate) is_astray: bool,
}

impl<'a> Member<'a> {
    /// Looks at a pod.
    pub(crate) fn new(
        pod: &'a Arc<Pod>,
        workload: &SidecarWorkload,
        history: &History<'_>,
        now: Timestamp,
    ) -> Member<'a> {
        let step = Step::of(pod);
        let revision = pod.meta.labels.get(REVISION_LABEL).map_or("", |revision| &**revision);
        let is_available = step.is_none()
            && pod
                .available_from(workload.rollout.min_ready_seconds)
                .is_some_and(|available| available <= now);
        let member = Member { pod, revision, step, is_available, is_astray: false };
        let is_astray = !member.is_in_step()
            && history.get(revision).is_some_and(|base| member.changed(base, base, history).next().is_some());
        Member { is_astray, ..member }
    }

    /// Whether it is of a revision, and not only said to be.
    pub(crate) fn is_of(&self, revision: &str) -> bool {
        self.revision == revision && !self.is_astray
    }

    /// The containers that are to be replaced for a goal, in the order in which that is done: those with another image than the goal's; `base` is the
    /// revision that the label names. An image that no revision has, where both revisions ask for the same, is left alone: somebody has put it there
    /// on the way to the apiserver, such as a webhook that names another registry, and no container is to be restarted for that.
    pub(crate) fn changed<'m>(
        &'m self,
        base: &'m Revision,
        goal: &'m Revision,
        history: &'m History<'_>,
    ) -> impl Iterator<Item = &'m Replaceable> {
        goal.replaceable.iter().filter(move |wanted| {
            let is_ours = |found: &ContainerState| {
                !base.replaceable.contains(wanted)
                    || self.step.as_ref().is_some_and(|step| step.container == *wanted.name)
                    || history.with_image(&found.name, &found.image).next().is_some()
            };
            self.container(&wanted.name).is_some_and(|found| found.image != wanted.image && is_ours(found))
        })
    }

    /// What is known of its containers.
    pub(crate) fn state(&self) -> Option<&'a WorkloadPod> {
        self.pod.workload.as_deref()
    }

    /// A container of it.
    pub(crate) fn container(&self, name: &str) -> Option<&'a ContainerState> {
        self.state()?.containers.iter().find(|container| *container.name == *name)
    }

    /// Whether an update leads from it or to it: it is in a step, whatever revision it is of.
    pub(crate) fn is_in_step(&self) -> bool {
        self.step.is_some()
    }

    /// Whether it has the gate of those that are drained, and is not said to serve.
    pub(crate) fn is_out_of_service(&self) -> bool {
        self.state().is_some_and(|state| state.has_serving_gate && state.serving != Some(true))
    }

    /// The node that it is on, if that is known.
    pub(crate) fn node<'s>(&self, store: &'s Store) -> Option<&'s Node> {
        store.nodes().get(&ObjectName::new("", self.pod.node.clone()?)).map(|node| &**node)
    }

    /// Whether it has a node that is well: what a lost one says of its pods is old.
    pub(crate) fn is_on_a_node_that_is_well(&self, store: &Store) -> bool {
        self.pod.node.is_some() && self.node(store).is_none_or(|node| node.ready)
    }

    /// The containers that are none of ours: there must be one main container.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &'a ContainerState> {
        let mains = self.state().into_iter().flat_map(|state| &*state.containers);
        mains.filter(|container| container.role == ContainerRole::Main).skip(1)
    }
}
